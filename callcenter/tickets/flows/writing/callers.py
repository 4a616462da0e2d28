"""All that is known of a caller 来电弹屏: read at once, while the phone rings.

A citizen is found in every spelling in which the network may deliver their number. Every question goes through an index
on the caller, and each list has an end, so that it stays quick for whoever has called a thousand times.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import CallbackRow, Row, callbacks, iso
from callcenter.hotline.rules.blocked import Entry, Level
from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.hotline.rules.records import MISSED
from callcenter.hotline.tables import OPEN_STATES, BlockedCaller, Call, Callback, CallbackCall
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.access import visible
from callcenter.tickets.flows.time.remaining import left_of, shown
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.shapes import TimeLeft
from callcenter.tickets.tables import MemberUnit, Ticket

#: Earlier calls, missed calls and tickets that are shown.
CALLS, MISSED_CALLS, RECENT, OPEN = 10, 5, 10, 20
#: Counts end here: whoever has called more often than this has called often.
MOST_COUNTED = 1000


class EarlierCall(BaseModel):
    """A call to or from the citizen."""

    id: int
    at: str
    direction: str
    outcome: str
    agent: str | None
    ticket: str | None


class MissedCall(BaseModel):
    """A call that nobody got to; `owed` while they are still to be called back for it."""

    id: int
    at: str
    outcome: str
    owed: bool


class TicketBrief(BaseModel):
    """A request 工单 in a line."""

    number: str
    title: str
    kind: str
    state: str
    urgency: str
    unit: str | None
    opened_at: str
    due_at: str | None
    #: Null without a deadline, on a closed one, and when the calendar does not know the year.
    left: TimeLeft | None
    version: int


class CallersTickets(BaseModel):
    """Those that still need something, and the newest others."""

    open: list[TicketBrief]
    recent: list[TicketBrief]


class CallerCounts(BaseModel):
    """How often they called and asked; counted to 1,000."""

    calls: int
    missed: int
    tickets: int
    open: int


class CallerCard(BaseModel):
    """What an agent sees of whoever calls."""

    #: In its one spelling; empty when it was withheld.
    caller: str
    #: How they were called in their newest request that says so.
    name: str | None
    calls: list[EarlierCall]
    missed: list[MissedCall]
    tickets: CallersTickets
    #: What is owed to them.
    callback: CallbackRow | None
    counts: CallerCounts
    #: What the list of abusive callers says of them.
    blocked: Level | None


async def card(
    session: AsyncSession, identity: Identity, number: str, *, countdown: Countdown, area_code: str = ""
) -> Row:
    """Return the `CallerCard` of `number` as `identity` may see it; an empty one for a withheld number."""
    caller = normalised(number, area_code)
    if not caller:
        return _empty()
    spellings = {number, *variants(caller, area_code)}
    callback = next(iter(await callbacks(session, caller=caller, state="open", limit=1, area_code=area_code)), None)
    open_, recent, counts, name = await _tickets(session, identity, spellings, countdown)
    calls, missed, of_calls = await _calls(session, identity, spellings, set(callback["calls"]) if callback else set())
    return {
        "caller": caller,
        "name": name,
        "calls": calls,
        "missed": missed,
        "tickets": {"open": open_, "recent": recent},
        "callback": callback,
        "counts": counts | of_calls,
        "blocked": await _blocked(session, caller, countdown.now),
    }


def _empty() -> Row:
    nothing: Row = {"open": [], "recent": []}
    counts = {"calls": 0, "missed": 0, "tickets": 0, "open": 0}
    empty: Row = {"caller": "", "name": None, "calls": [], "missed": [], "tickets": nothing, "callback": None}
    return {**empty, "counts": counts, "blocked": None}


async def _calls(
    session: AsyncSession, identity: Identity, spellings: Collection[str], owed: Collection[int]
) -> tuple[list[Row], list[Row], Row]:
    """Return the newest calls, the newest missed ones and all that are still owed, and how many there were."""
    theirs = _apart(
        select(Call.id, Call.started_at.label("at"), Call.outcome, Call.direction).where(
            Call.caller.in_(spellings),
            Call.direction.in_(("inbound", "outbound")),
            # The one that rings now is no earlier call.
            Call.outcome != "in_progress",
        )
    )
    light = (await session.execute(theirs)).all()
    missed = [call.id for call in light if call.direction == "inbound" and call.outcome in MISSED]
    newest = [call.id for call in light[:CALLS]]
    wanted = {*newest, *missed[:MISSED_CALLS], *owed}
    counts = {"calls": len(light), "missed": len(missed)}
    if not wanted:
        return [], [], counts
    still_owed = exists().where(
        CallbackCall.call_id == Call.id, CallbackCall.callback_id == Callback.id, Callback.state.in_(OPEN_STATES)
    )
    query = (
        select(Call, Ticket.number, still_owed)
        .outerjoin(Ticket, and_(Ticket.number == Call.ticket, visible(identity)))
        .where(Call.id.in_(wanted))
        .order_by(Call.started_at.desc(), Call.id.desc())
    )
    found = (await session.execute(query)).all()
    shown_missed = {*missed[:MISSED_CALLS], *owed}
    return (
        [_call(call, ticket) for call, ticket, _ in found if call.id in newest],
        [_missed(call, still) for call, _, still in found if call.id in shown_missed],
        counts,
    )


async def _tickets(
    session: AsyncSession, identity: Identity, spellings: Collection[str], countdown: Countdown
) -> tuple[list[Row], list[Row], Row, str | None]:
    """Return open and recent tickets, how many there are, and the caller's name."""
    theirs = _apart(
        select(Ticket.id, Ticket.opened_at.label("at"), Ticket.state, Ticket.contact_name).where(
            Ticket.caller.in_(spellings), visible(identity)
        )
    )
    light = (await session.execute(theirs)).all()
    unfinished = [ticket.id for ticket in light if ticket.state not in CLOSED_STATES]
    finished = [ticket.id for ticket in light if ticket.state in CLOSED_STATES]
    name = next((ticket.contact_name for ticket in light if ticket.contact_name), None)
    counts = {"tickets": len(light), "open": len(unfinished)}
    wanted = {*unfinished[:OPEN], *finished[:RECENT]}
    if not wanted:
        return [], [], counts, name
    query = (
        select(Ticket, MemberUnit.name)
        .outerjoin(MemberUnit, MemberUnit.id == Ticket.unit_id)
        .where(Ticket.id.in_(wanted))
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    )
    rows = (await session.execute(query)).all()
    left = await left_of(session, [ticket for ticket, _ in rows], countdown)
    found = [
        (ticket.state, _brief(ticket, unit) | {"left": shown(left.get(ticket.id), countdown)}) for ticket, unit in rows
    ]
    return (
        [row for state, row in found if state not in CLOSED_STATES],
        [row for state, row in found if state in CLOSED_STATES],
        counts,
        name,
    )


def _apart(theirs: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return the newest `MOST_COUNTED` of `theirs`, which has the columns id and at.

    Picked apart from the sorting, so that no planner walks the rows of everybody, newest first, until it has met enough
    of this caller's.
    """
    picked = theirs.cte("theirs").prefix_with("MATERIALIZED")
    return select(picked).order_by(picked.c.at.desc(), picked.c.id.desc()).limit(MOST_COUNTED)


async def _blocked(session: AsyncSession, caller: str, now: datetime) -> Level | None:
    row = await session.get(BlockedCaller, caller)
    if row is None:
        return None
    level: Any = row.level
    return level if Entry(row.number, level, row.per_hour, row.until).active(now) else None


def _call(call: Call, ticket: str | None) -> Row:
    return {
        "id": call.id,
        "at": iso(call.started_at),
        "direction": call.direction,
        "outcome": call.outcome,
        "agent": call.agent,
        "ticket": ticket,
    }


def _missed(call: Call, owed: object) -> Row:
    return {"id": call.id, "at": iso(call.started_at), "outcome": call.outcome, "owed": bool(owed)}


def _brief(ticket: Ticket, unit: str | None) -> Row:
    return {
        "number": ticket.number,
        "title": ticket.title,
        "kind": ticket.kind,
        "state": ticket.state,
        "urgency": ticket.urgency,
        "unit": unit,
        "opened_at": iso(ticket.opened_at),
        "due_at": iso(ticket.due_at),
        "version": ticket.version,
    }
