"""Attempts to call a citizen back: on disk before Asterisk is asked to dial; what came of them is told by its record.

An attempt is carried out by the call that the order named (`errands.name_of`). Never is one ordered twice.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.flows.dialling import errands
from callcenter.hotline.rules.callbacks import Attempt, Tried
from callcenter.hotline.rules.dialling import Dial
from callcenter.hotline.rules.records import CallRecord
from callcenter.hotline.rules.retries import Result
from callcenter.hotline.tables import OPEN_STATES, Callback, CallbackAttempt

_log = structlog.get_logger()
#: An attempt and the record that bears its name began at most so far apart; else a database was put back, and the
#: record is of another life.
_SAME = timedelta(minutes=10)
#: Attempts that are looked at for one that never began; there is no index but the id.
_RECENT = 2000
_RESULTS: Mapping[str, Result] = {
    "answered": "answered",
    "busy": "busy",
    "no_answer": "no_answer",
    "refused": "refused",
    "wrong_number": "wrong_number",
    "cancelled": "cancelled",
    "expired": "expired",
    "failed": "failed",
}


def name_of(node: str, attempt: int) -> str:
    """Return the name that Asterisk is told to give to the call of an attempt."""
    return errands.name_of(node, "callback", attempt)


def result_of(call: CallRecord) -> Result:
    """Return what the call of an attempt came to, by Asterisk's record of it."""
    if call.answered_at:
        return "answered"
    if call.dial_result:
        # Answered without a bridge: a record was lost, and who was reached must not be dialled again.
        return _RESULTS.get(call.dial_result, "failed")
    return "failed" if call.cut or call.agent else "agent_no_answer"


async def callbacks_of(session: AsyncSession, tried: Sequence[Tried]) -> dict[int, tuple[Callback, dict[int, Attempt]]]:
    """Return for each attempt its callback and all attempts of that; locked until the commit.

    For an attempt that is not stored, as when history is built anew, it is the newest callback that names the number.
    """
    query = select(CallbackAttempt.id, CallbackAttempt.callback_id, CallbackAttempt.number, CallbackAttempt.at)
    stored = {
        id_: (callback, number, at)
        for id_, callback, number, at in await session.execute(
            query.where(CallbackAttempt.id.in_([one.attempt for one in tried]))
        )
    }
    of: dict[int, int] = {}
    for one in tried:
        if one.attempt in stored:
            callback, number, at = stored[one.attempt]
            if one.number in {"", number} and abs(at - one.began_at) <= _SAME:
                of[one.attempt] = callback
        elif one.number and (named := await _naming(session, one.number)):
            of[one.attempt] = named
    rows = await session.scalars(select(Callback).where(Callback.id.in_(set(of.values()))).with_for_update())
    callbacks = {row.id: row for row in rows}
    tries: dict[int, dict[int, Attempt]] = {id_: {} for id_ in callbacks}
    for row in await session.scalars(select(CallbackAttempt).where(CallbackAttempt.callback_id.in_(callbacks))):
        tries[row.callback_id][row.id] = as_attempt(row)
    return {attempt: (callbacks[callback], tries[callback]) for attempt, callback in of.items()}


def as_attempt(row: CallbackAttempt) -> Attempt:
    """Return a stored attempt as the rules see it."""
    return Attempt(row.id, row.at, row.agent, row.number, row.result, row.ended_at, row.call_id)


async def _naming(session: AsyncSession, number: str) -> int | None:
    """Return the newest callback on which `number` is dialled, one that is still owed before all others."""
    query = (
        select(Callback.id)
        .where(or_(Callback.number == number, (Callback.caller == number) & Callback.number.is_(None)))
        .order_by(Callback.state.in_(OPEN_STATES).desc(), Callback.opened_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def store(
    session: AsyncSession, node: str, callback: int, news: Sequence[Attempt], stored: Collection[int]
) -> None:
    """Write attempts of `callback` as the record tells them; `stored` are the ids that are there already."""
    if not news:
        return
    connection = await session.connection()
    known = [one for one in news if one.id in stored]
    if known:
        statement = (
            update(CallbackAttempt)
            .where(CallbackAttempt.id == bindparam("of"))
            .values(result=bindparam("its_result"), ended_at=bindparam("its_end"), call_id=bindparam("its_call"))
        )
        await connection.execute(
            statement,
            [{"of": one.id, "its_result": one.result, "its_end": one.ended_at, "its_call": one.call} for one in known],
        )
    made = [one for one in news if one.id not in stored]
    if made:
        await connection.execute(insert(CallbackAttempt), [_row(node, callback, one) for one in made])
        await errands.count_on(session, "callback_attempts")


def _row(node: str, callback: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "node": node,
        "id": attempt.id,
        "callback_id": callback,
        "at": attempt.at,
        "agent": attempt.agent,
        "number": attempt.number,
        "result": attempt.result,
        "ended_at": attempt.ended_at,
        "call_id": attempt.call,
    }


def complain(node: str, orphans: Sequence[Tried]) -> None:
    """Log attempts of which no callback is known: what Asterisk did is in the calls, but nobody was owed it."""
    for one in orphans:
        _log.warning("attempt_without_callback", node=node, attempt=one.attempt, call=one.call, result=one.result)


async def begin(session: AsyncSession, node: str, dial: Dial, now: datetime) -> int | None:
    """Take the callback to be dialled, and return the attempt; None when another took it, or it is owed no more.

    Commit before Asterisk is asked: whatever dies then, the record of what Asterisk did belongs to this row.
    """
    taken = await session.execute(
        update(Callback)
        .where(
            Callback.id == dial.errand,
            Callback.state.in_(("waiting", "retry")),
            Callback.held.is_(None),
            func.coalesce(Callback.number, Callback.caller) == dial.number,
        )
        .values(state="dialling")
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE returns a CursorResult
        return None
    row = CallbackAttempt(
        node=node, callback_id=dial.errand, at=now, agent=dial.agent, number=dial.number, result="dialling"
    )
    session.add(row)
    await session.flush()
    free = await errands.free_id(session, node, "callback", row.id)
    if free != row.id:
        await session.execute(update(CallbackAttempt).where(CallbackAttempt.id == row.id).values(id=free))
        await errands.count_on(session, "callback_attempts")
    return free


async def never_began(session: AsyncSession, node: str, before: datetime) -> list[int]:
    """Return attempts of `node` older than `before` that are `dialling` though no call of theirs is stored."""
    newest = (await session.scalars(select(func.max(CallbackAttempt.id)))).one() or 0
    query = select(CallbackAttempt.id).where(
        CallbackAttempt.id > newest - _RECENT,
        CallbackAttempt.node == node,
        CallbackAttempt.result == "dialling",
        CallbackAttempt.at < before,
    )
    return await errands.unheard(session, node, "callback", await session.scalars(query))
