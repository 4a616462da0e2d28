"""What time alone makes of callbacks: an escalation before the deadline, and orders that Asterisk never got."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.flows.callbacks import attempts
from callcenter.hotline.flows.callbacks.obligations import as_owed
from callcenter.hotline.flows.dialling.errands import Errand, name_of
from callcenter.hotline.rules.callbacks import Policy, in_vain
from callcenter.hotline.tables import OPEN_STATES, Callback, CallbackAttempt
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: So long after the last moment at which Asterisk could have dialled for it, an attempt that has no record never began.
MARGIN = timedelta(seconds=30)


async def escalate(database: Database, policy: Policy, now: datetime) -> None:
    """Mark what is about to be overdue, once: the supervisor is to be told. Raises what the database raises."""
    soon = (
        Callback.state.in_(OPEN_STATES),
        Callback.escalated_at.is_(None),
        Callback.due_at <= now + policy.escalate,
    )
    async with database.read() as session:
        if (await session.scalars(select(Callback.id).where(*soon).limit(1))).first() is None:
            return
    async with database.begin() as session:
        await session.execute(update(Callback).where(*soon).values(escalated_at=now))


async def give_back(
    database: Database,
    node: str,
    errand: Errand,
    in_progress: Callable[[], Awaitable[set[str]]],
    history_is_current: Callable[[], bool],
    *,
    before: datetime,
    now: datetime,
) -> None:
    """Give back errands whose attempt, begun before `before`, Asterisk never carried out.

    Certain in this order: Asterisk has no such call now, all that it wrote until now is stored, and there is no such
    call among it. Raises what the database and `in_progress` raise.
    """
    async with database.read() as session:
        if not await errand.never_began(session, before):
            return
    calls = await in_progress()
    if not history_is_current():
        return
    async with database.begin() as session:
        for attempt in await errand.never_began(session, before):
            if name_of(node, errand.kind, attempt) not in calls:
                _log.warning("never_dialled", errand=errand.kind, attempt=attempt)
                await errand.not_dialled(session, attempt, now, "Asterisk never got the order")


async def not_dialled(session: AsyncSession, attempt_id: int, policy: Policy, now: datetime, why: str) -> None:
    """Note that an attempt was never carried out, and give its callback back; what a record told meanwhile stays."""
    of = select(CallbackAttempt.callback_id).where(CallbackAttempt.id == attempt_id)
    # The callback first, as everybody does: so two of them never wait for each other.
    callback = await session.get(Callback, (await session.scalars(of)).one(), with_for_update=True)
    attempt = await session.get(CallbackAttempt, attempt_id, with_for_update=True)
    if attempt is None or attempt.result != "dialling":
        return
    attempt.result, attempt.ended_at, attempt.note = "not_dialled", now, why[:500]
    await session.flush()
    if callback is None or callback.state != "dialling":
        return
    rows = await session.scalars(select(CallbackAttempt).where(CallbackAttempt.callback_id == callback.id))
    owed = as_owed(callback, {row.id: attempts.as_attempt(row) for row in rows})
    after = in_vain(owed, "not_dialled", now, policy)
    callback.state, callback.next_at = after.state, after.next_at
