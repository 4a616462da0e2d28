"""What calls do to the callbacks 回拨: ended ones open them, answered ones and attempts settle them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import (
    CallbackJoined,
    CallbackOpened,
    CallbackSettled,
    CallbackTried,
    CallbackUnreachable,
    CallMissed,
    HotlineEvent,
)
from callcenter.hotline.flows.callbacks import attempts
from callcenter.hotline.rules import callbacks as rules
from callcenter.hotline.rules.callbacks import Answered, Attempt, Missed, Owed, Policy, Tried
from callcenter.hotline.rules.numbers import variants
from callcenter.hotline.tables import OPEN_STATES, Call, Callback, CallbackCall
from callcenter.settings import Settings

#: Rows of one IN list.
_CHUNK = 500
#: Fields of a callback that calls and attempts change.
_CHANGING = ("state", "called_at", "due_at", "next_at", "number", "held", "escalated_at", "settled_by", "settled_at")


def policy_of(settings: Settings) -> Policy:
    """Return what the settings say of callbacks, as the rules take it."""
    wanted = settings.callbacks
    return Policy(
        due=timedelta(minutes=wanted.due_minutes),
        greeting=timedelta(seconds=wanted.greeting_seconds),
        retries=tuple(timedelta(minutes=minutes) for minutes in wanted.retry_minutes),
        retry_from=wanted.retry_from,
        retry_until=wanted.retry_until,
        zone=ZoneInfo(settings.time_zone),
        escalate=timedelta(minutes=wanted.escalate_minutes),
        area_code=wanted.area_code,
    )


async def open_of(session: AsyncSession, callers: Iterable[str]) -> dict[str, Owed]:
    """Return the open callback of each of `callers` that has one; nobody else changes them until the commit."""
    found: dict[str, Owed] = {}
    for chunk in _chunks(callers):
        query = select(Callback).where(Callback.caller.in_(chunk), Callback.state.in_(OPEN_STATES))
        for row in await session.scalars(query.with_for_update()):
            found[row.caller] = as_owed(row)
    return found


def as_owed(row: Callback, tries: Mapping[int, Attempt] | None = None) -> Owed:
    """Return a stored callback as the rules see it."""
    return Owed(
        row.caller,
        rules.as_state(row.state),
        row.reason,
        called_at=row.called_at,
        opened_at=row.opened_at,
        due_at=row.due_at,
        next_at=row.next_at,
        number=row.number,
        held=row.held,
        escalated_at=row.escalated_at,
        id=row.id,
        attempts=tries or {},
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        settled_call=row.settled_call_id,
    )


async def apply_calls(
    session: AsyncSession, node: str, happened: Sequence[Missed | Answered | Tried], policy: Policy
) -> list[HotlineEvent]:
    """Open, join, settle and bring back callbacks for a batch of calls that are stored already.

    Returns what happened: each missed call first, then what became of the callbacks, in order.
    """
    missed = [call for call in happened if isinstance(call, Missed)]
    tried = [call for call in happened if isinstance(call, Tried)]
    callers = {call.caller for call in happened if not isinstance(call, Tried)} | {call.number for call in tried}
    known = await attempts.callbacks_of(session, tried) if tried else {}
    tries = {attempt: as_owed(row, of) for attempt, (row, of) in known.items()}
    owed = await open_of(session, callers - {""})
    redials = await _latest_answers(session, missed, policy)
    decision = rules.settle(happened, owed, redials, policy, tries)
    await _update(session, [changed for changed in decision.changed if changed.id is not None])
    ids = await _insert(session, node, [changed for changed in decision.changed if changed.id is None])
    events: list[HotlineEvent] = []
    links: dict[int, int] = {}
    states = {one.id: one.state for one in (*owed.values(), *tries.values())}
    before = {id_: attempt for one in tries.values() for id_, attempt in one.attempts.items()}
    for changed in decision.changed:
        callback = changed.id if changed.id is not None else ids.pop(0)
        links |= dict.fromkeys(changed.calls, callback)
        news = [one for one in changed.attempts.values() if before.get(one.id) != one]
        await attempts.store(session, node, callback, news, before.keys())
        told = [one for one in news if one.id not in before or before[one.id].result != one.result]
        events += _events(node, changed, callback, told, over=changed.state != states.get(changed.id))
    attempts.complain(node, decision.orphans)
    if links:
        await session.execute(
            insert(CallbackCall), [{"call_id": call, "callback_id": callback} for call, callback in links.items()]
        )
    return [
        *(
            CallMissed(node, call.at, call.call, call.caller, call.outcome, links.get(call.call), number=call.number)
            for call in missed
        ),
        *events,
    ]


async def _latest_answers(
    session: AsyncSession, missed: Sequence[Missed], policy: Policy
) -> Mapping[str, tuple[int, datetime]]:
    """Return the latest answered call of each missed caller, if any came after the first of their missed calls."""
    latest: dict[str, tuple[int, datetime]] = {}
    if not missed:
        return latest
    earliest = min(call.at for call in missed)
    citizens = {
        spelling: call.caller for call in missed if call.caller for spelling in variants(call.caller, policy.area_code)
    }
    for chunk in _chunks(citizens):
        query = (
            select(Call.caller, Call.id, Call.answered_at)
            .where(Call.caller.in_(chunk), Call.direction == "inbound", Call.answered_at >= earliest)
            .order_by(Call.answered_at)
        )
        for caller, call, at in await session.execute(query):
            citizen = citizens[caller]
            if at and (citizen not in latest or latest[citizen][1] <= at):
                latest[citizen] = (call, at)
    return latest


async def _update(session: AsyncSession, changed: Sequence[Owed]) -> None:
    if not changed:
        return
    statement = (
        update(Callback)
        .where(Callback.id == bindparam("of"))
        .values({name: bindparam(f"its_{name}") for name in _CHANGING} | {"settled_call_id": bindparam("its_call")})
    )
    rows: list[dict[str, Any]] = [
        {f"its_{name}": getattr(owed, name) for name in _CHANGING} | {"of": owed.id, "its_call": owed.settled_call}
        for owed in changed
    ]
    # Those that are over first: a citizen's next one may only then be open.
    rows.sort(key=lambda row: row["its_state"] in OPEN_STATES)
    await (await session.connection()).execute(statement, rows)


async def _insert(session: AsyncSession, node: str, opened: Sequence[Owed]) -> list[int]:
    if not opened:
        return []
    rows = [
        {name: getattr(owed, name) for name in _CHANGING}
        | {
            "node": node,
            "caller": owed.caller,
            "reason": owed.reason,
            "priority": 0,
            "opened_at": owed.opened_at,
            "settled_call_id": owed.settled_call,
        }
        for owed in opened
    ]
    connection = await session.connection()
    await connection.execute(insert(Callback), rows)
    # RETURNING would insert one row at a time on SQLite. A citizen cannot be missed twice in the same microsecond.
    ids: dict[tuple[str, datetime], int] = {}
    earliest = min(owed.opened_at for owed in opened)
    for chunk in _chunks({owed.caller for owed in opened}):
        query = select(Callback.caller, Callback.opened_at, Callback.id).where(
            Callback.caller.in_(chunk), Callback.opened_at >= earliest
        )
        ids |= {(caller, opened_at): id_ for caller, opened_at, id_ in await connection.execute(query)}
    return [ids[owed.caller, owed.opened_at] for owed in opened]


def _events(node: str, owed: Owed, callback: int, tried: Sequence[Attempt], *, over: bool) -> list[HotlineEvent]:
    """Return what happened to a callback; `over` when its state is not the one that it was in."""
    events: list[HotlineEvent] = []
    joined = owed.calls
    if owed.id is None:
        events.append(CallbackOpened(node, owed.opened_at, callback, joined[0], owed.caller, owed.reason, owed.due_at))
        joined = joined[1:]
    events += [CallbackJoined(node, owed.opened_at, callback, call, owed.caller) for call in joined]
    events += [
        CallbackTried(node, one.ended_at or one.at, callback, one.id, owed.caller, one.agent, one.result)
        for one in tried
    ]
    if over and owed.settled_at and owed.settled_by:
        events.append(CallbackSettled(node, owed.settled_at, callback, owed.caller, owed.settled_by))
    elif over and owed.state == "unreachable" and tried:
        ended = max(one.ended_at or one.at for one in tried)
        events.append(CallbackUnreachable(node, ended, callback, owed.caller, owed.tried))
    return events


def _chunks(values: Iterable[str]) -> list[list[str]]:
    every = sorted(values)
    return [every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK)]
