"""Calls and callbacks as the contract shows them: `callcenter calls --json`, `/api/v1/calls`, and the like.

Times are ISO 8601 with zone. Newest first.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.hotline.masking import Phone
from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.hotline.tables import OPEN_STATES, Call, Callback, CallbackAttempt, CallbackCall

Row = dict[str, Any]
Entity = TypeVar("Entity")
#: Rows of a listing when nothing else is asked for.
LIMIT = 200
#: The zone whose midnight begins a day.
ZONE = "Asia/Shanghai"


class PartyRow(BaseModel):
    """A third who was called into a talk."""

    kind: str
    #: A seat, or a number, which may be a private person's.
    who: Phone
    mode: Literal["consult", "transfer", "three_way"]
    at: str
    answered_at: str | None
    #: As of a callback's attempt; null while it is under way.
    result: str | None


class CallRow(BaseModel):
    """A call 来电."""

    id: int
    linkedid: str
    caller: Phone
    #: `test` is a test dial 拨测, which no figure counts.
    direction: Literal["inbound", "outbound", "internal", "test"]
    started_at: str
    queued_at: str | None
    answered_at: str | None
    ended_at: str | None
    agent: str | None
    seat: str | None
    outcome: str
    recording: str | None
    rating: int | None
    #: Whether it ended because Asterisk died.
    cut: bool
    #: Whoever else was called into the talk, in order.
    parties: list[PartyRow]
    #: Quality of the line 线路质量, 1.0 to 4.4 (MOS) for each side, and the worst of both: percent lost,
    #: milliseconds. Null where nothing was measured.
    mos_citizen: float | None
    mos_agent: float | None
    line_loss: float | None
    line_jitter_ms: float | None
    line_rtt_ms: float | None
    ticket: str | None


class AttemptRow(BaseModel):
    """One try to reach a citizen: `result` is `dialling` while it is under way (`rules.retries.Result` afterwards)."""

    at: str
    agent: str
    #: What was dialled.
    number: Phone
    result: str
    ended_at: str | None
    #: What the agent noted of it.
    note: str | None
    #: Id of the call that carried it out.
    call: int | None


class CallbackRow(BaseModel):
    """What is owed to a citizen 漏接回拨."""

    id: int
    caller: Phone
    state: Literal["waiting", "dialling", "retry", "settled", "unreachable"]
    #: Outcome of the missed call that opened it, or `requested`.
    reason: str
    #: What is dialled: the number that the citizen keyed, or their own.
    number: Phone
    #: When the citizen first called: the order in which they are called back.
    called_at: str
    opened_at: str
    due_at: str
    #: Not dialled by itself before this.
    next_at: str
    #: Higher is sooner.
    priority: int
    #: Why it is not dialled without a supervisor.
    held: Literal["emergency", "premium", "foreign", "unknown"] | None
    #: The agent it is kept for.
    assigned: str | None
    #: When the supervisor was told that it is about to be overdue.
    escalated_at: str | None
    settled_by: Literal["callback", "redial", "supervisor"] | None
    settled_at: str | None
    #: Id of the redial or callback that settled it.
    settled_call: int | None
    #: Why a supervisor settled it.
    note: str | None
    attempts: list[AttemptRow]
    #: Ids of the missed calls.
    calls: list[int]
    ticket: str | None


def iso(at: datetime | None) -> str | None:
    """Return ISO 8601 with zone."""
    return at.isoformat() if at else None


def day_bounds(first: date, last: date, time_zone: str = ZONE) -> tuple[datetime, datetime]:
    """Return when `first` begins and when `last` is over, in the floor's zone."""
    zone = ZoneInfo(time_zone)
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def within(  # noqa: PLR0917  # each is one word of the sentence
    query: Select[Entity],
    column: InstrumentedAttribute[datetime],
    day: date | None,
    since: datetime | None,
    until: datetime | None,
    time_zone: str,
) -> Select[Entity]:
    """Return `query` with `column` on `day`, or from `since` until before `until`; None asks for nothing."""
    if day is not None:
        since, until = day_bounds(day, day, time_zone)
    if since is not None:
        query = query.where(column >= since)
    if until is not None:
        query = query.where(column < until)
    return query


async def calls(
    session: AsyncSession,
    *,
    day: date | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    outcome: str | None = None,
    agent: str | None = None,
    caller: str | None = None,
    callback: int | None = None,
    limit: int = LIMIT,
    time_zone: str = ZONE,
) -> list[Row]:
    """Return calls that began on `day`, or from `since` until before `until`, with the other filters.

    `callback` is the id of one: the calls of whom it is owed to.
    """
    if callback is not None:
        caller = await session.scalar(select(Callback.caller).where(Callback.id == callback))
        if caller is None:
            return []
    query = select(Call).order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)
    query = within(query, Call.started_at, day, since, until, time_zone)
    for column, wanted in ((Call.outcome, outcome), (Call.agent, agent)):
        if wanted is not None:
            query = query.where(column == wanted)
    if caller is not None:
        # However it is asked for, and however the network delivered it.
        query = query.where(Call.caller.in_({caller, *variants(normalised(caller))}))
    return [call_row(call) for call in await session.scalars(query)]


async def callbacks(
    session: AsyncSession,
    *,
    day: date | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    state: str | None = None,
    caller: str | None = None,
    callback: int | None = None,
    limit: int = LIMIT,
    time_zone: str = ZONE,
    area_code: str = "",
) -> list[Row]:
    """Return callbacks opened on `day`, or from `since` until before `until`; `state` `open` means still owed.

    `caller` is found in whichever spelling it is asked for; `callback` is the id of one.
    """
    query = select(Callback).order_by(Callback.opened_at.desc(), Callback.id.desc()).limit(limit)
    query = within(query, Callback.opened_at, day, since, until, time_zone)
    if state is not None:
        query = query.where(Callback.state.in_(OPEN_STATES) if state == "open" else Callback.state == state)
    if caller is not None:
        query = query.where(Callback.caller == normalised(caller, area_code))
    if callback is not None:
        query = query.where(Callback.id == callback)
    found = (await session.scalars(query)).all()
    ids = [callback.id for callback in found]
    attempts, missed = await _attempts(session, ids), await _missed(session, ids)
    return [_callback(callback, attempts[callback.id], missed[callback.id]) for callback in found]


async def _attempts(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[Row]]:
    query = select(CallbackAttempt).where(CallbackAttempt.callback_id.in_(ids)).order_by(CallbackAttempt.id)
    attempts: dict[int, list[Row]] = defaultdict(list)
    for attempt in await session.scalars(query):
        attempts[attempt.callback_id].append(
            {
                "at": iso(attempt.at),
                "agent": attempt.agent,
                "number": attempt.number,
                "result": attempt.result,
                "ended_at": iso(attempt.ended_at),
                "note": attempt.note,
                "call": attempt.call_id,
            }
        )
    return attempts


async def _missed(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[int]]:
    query = select(CallbackCall).where(CallbackCall.callback_id.in_(ids)).order_by(CallbackCall.call_id)
    missed: dict[int, list[int]] = defaultdict(list)
    for link in await session.scalars(query):
        missed[link.callback_id].append(link.call_id)
    return missed


def call_row(call: Call) -> Row:
    """Return a call as the contract shows it."""
    return {
        "id": call.id,
        "linkedid": call.linkedid,
        "caller": call.caller,
        "direction": call.direction,
        "started_at": iso(call.started_at),
        "queued_at": iso(call.queued_at),
        "answered_at": iso(call.answered_at),
        "ended_at": iso(call.ended_at),
        "agent": call.agent,
        "seat": call.seat,
        "outcome": call.outcome,
        "recording": call.recording,
        "rating": call.rating,
        "cut": call.cut,
        "parties": call.parties or [],
        "mos_citizen": call.mos_citizen,
        "mos_agent": call.mos_agent,
        "line_loss": call.line_loss,
        "line_jitter_ms": call.line_jitter_ms,
        "line_rtt_ms": call.line_rtt_ms,
        "ticket": call.ticket,
    }


def _callback(callback: Callback, attempts: list[Row], missed: list[int]) -> Row:
    return {
        "id": callback.id,
        "caller": callback.caller,
        "state": callback.state,
        "reason": callback.reason,
        "number": callback.number or callback.caller,
        "called_at": iso(callback.called_at),
        "opened_at": iso(callback.opened_at),
        "due_at": iso(callback.due_at),
        "next_at": iso(callback.next_at),
        "priority": callback.priority,
        "held": callback.held,
        "assigned": callback.assigned,
        "escalated_at": iso(callback.escalated_at),
        "settled_by": callback.settled_by,
        "settled_at": iso(callback.settled_at),
        "settled_call": callback.settled_call_id,
        "note": callback.note,
        "attempts": attempts,
        "calls": missed,
        "ticket": callback.ticket,
    }
