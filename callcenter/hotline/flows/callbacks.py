"""What ended and answered calls do to the callbacks 回拨, and what agents and supervisors do with one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallbackJoined, CallbackOpened, CallbackSettled, CallMissed, HotlineEvent
from callcenter.hotline.rules import callbacks as rules
from callcenter.hotline.rules.callbacks import Answered, Missed, Owed, Policy
from callcenter.hotline.tables import OPEN_STATES, Call, Callback, CallbackAttempt, CallbackCall

#: Rows of one IN list.
_CHUNK = 500


class NoSuchCallback(LookupError):
    """No callback has this id."""


async def open_of(session: AsyncSession, callers: Iterable[str]) -> dict[str, Owed]:
    """Return the open callback of each of `callers` that has one; nobody else changes them until the commit."""
    found: dict[str, Owed] = {}
    for chunk in _chunks(callers):
        query = select(Callback).where(Callback.caller.in_(chunk), Callback.state.in_(OPEN_STATES))
        for row in await session.scalars(query.with_for_update()):
            state = rules.as_state(row.state)
            found[row.caller] = Owed(row.caller, state, row.reason, row.opened_at, row.due_at, id=row.id)
    return found


async def apply_calls(
    session: AsyncSession, node: str, missed: Sequence[Missed], answered: Sequence[Answered], policy: Policy
) -> list[HotlineEvent]:
    """Open, join and settle callbacks for a batch of calls that are stored already; return what happened, in order."""
    callers = ({call.caller for call in missed} | {call.caller for call in answered}) - {""}
    owed = await open_of(session, callers)
    redials = await _latest_answers(session, missed)
    decision = rules.settle([*missed, *answered], owed, redials, policy)
    known = {owed.id for owed in owed.values()}
    for changed in decision.changed:
        if changed.id in known and not changed.open:
            await _store_settled(session, changed)
    ids = await _insert(session, node, [changed for changed in decision.changed if changed.id is None])
    events: list[HotlineEvent] = []
    links: dict[int, int] = {}
    for changed in decision.changed:
        callback = changed.id if changed.id is not None else ids.pop(0)
        links |= dict.fromkeys(changed.calls, callback)
        events += _events(node, changed, callback)
    if links:
        await session.execute(
            insert(CallbackCall), [{"call_id": call, "callback_id": callback} for call, callback in links.items()]
        )
    return [
        *(CallMissed(node, call.at, call.call, call.caller, call.outcome, links.get(call.call)) for call in missed),
        *events,
    ]


async def claim(session: AsyncSession, callback_id: int) -> None:
    """An agent is about to dial the citizen. Raises NoSuchCallback, ValueError when it cannot be dialled now."""
    callback = await _get(session, callback_id)
    callback.state = rules.claim(rules.as_state(callback.state))


async def attempted(
    session: AsyncSession, callback_id: int, *, agent: str, result: rules.Result, policy: Policy, now: datetime
) -> CallbackSettled | None:
    """Note an attempt and what follows from it; returns the event when it settled the callback.

    Raises NoSuchCallback, ValueError when it is settled already.
    """
    callback = await _get(session, callback_id)
    if callback.state not in OPEN_STATES:
        raise ValueError(f"the callback is {callback.state} already")
    session.add(CallbackAttempt(callback_id=callback_id, at=now, agent=agent, result=result))
    await session.flush()
    tried = select(func.count()).where(CallbackAttempt.callback_id == callback_id)
    callback.state = rules.attempted(result, (await session.scalars(tried)).one(), policy)
    if callback.state == "retry":
        callback.due_at = now + policy.retry_after
    if callback.state != "settled":
        return None
    return _settle(callback, "callback", now)


async def settle(session: AsyncSession, callback_id: int, note: str, now: datetime) -> CallbackSettled:
    """A supervisor declares it settled, `note` says why. Raises NoSuchCallback; ValueError when it is not open."""
    callback = await _get(session, callback_id)
    if callback.state not in OPEN_STATES:
        raise ValueError(f"the callback is {callback.state} already")
    callback.note = note[:500]
    return _settle(callback, "supervisor", now)


def _settle(callback: Callback, by: str, now: datetime) -> CallbackSettled:
    callback.state, callback.settled_by, callback.settled_at = "settled", by, now
    return CallbackSettled(callback.node, now, callback.id, callback.caller, by)


async def _get(session: AsyncSession, callback_id: int) -> Callback:
    callback = await session.get(Callback, callback_id, with_for_update=True)
    if callback is None:
        raise NoSuchCallback(f"there is no callback {callback_id}")
    return callback


async def _latest_answers(session: AsyncSession, missed: Sequence[Missed]) -> Mapping[str, tuple[int, datetime]]:
    """Return the latest answered call of each missed caller, if any came after the first of their missed calls."""
    latest: dict[str, tuple[int, datetime]] = {}
    if not missed:
        return latest
    earliest = min(call.at for call in missed)
    for chunk in _chunks({call.caller for call in missed} - {""}):
        query = (
            select(Call.caller, Call.id, Call.answered_at)
            .where(Call.caller.in_(chunk), Call.direction == "inbound", Call.answered_at >= earliest)
            .order_by(Call.answered_at)
        )
        latest.update({caller: (call, at) for caller, call, at in await session.execute(query) if at})
    return latest


async def _store_settled(session: AsyncSession, owed: Owed) -> None:
    await session.execute(
        update(Callback)
        .where(Callback.id == owed.id)
        .values(
            state=owed.state,
            settled_by=owed.settled_by,
            settled_at=owed.settled_at,
            settled_call_id=owed.settled_call,
        )
    )


async def _insert(session: AsyncSession, node: str, opened: Sequence[Owed]) -> list[int]:
    if not opened:
        return []
    rows = [
        {
            "node": node,
            "caller": owed.caller,
            "state": owed.state,
            "reason": owed.reason,
            "called_at": owed.opened_at,
            "next_at": owed.opened_at,
            "priority": 0,
            "opened_at": owed.opened_at,
            "due_at": owed.due_at,
            "settled_by": owed.settled_by,
            "settled_at": owed.settled_at,
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


def _events(node: str, owed: Owed, callback: int) -> list[HotlineEvent]:
    events: list[HotlineEvent] = []
    joined = owed.calls
    if owed.id is None:
        events.append(CallbackOpened(node, owed.opened_at, callback, joined[0], owed.caller, owed.reason, owed.due_at))
        joined = joined[1:]
    events += [CallbackJoined(node, owed.opened_at, callback, call, owed.caller) for call in joined]
    if owed.settled_at and owed.settled_by:
        events.append(CallbackSettled(node, owed.settled_at, callback, owed.caller, owed.settled_by))
    return events


def _chunks(values: Iterable[str]) -> list[list[str]]:
    every = sorted(values)
    return [every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK)]
