"""What is owed, as the dialler and the wallboard need it: counts, what is under way, and what may be dialled next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.flows.dialling import errands
from callcenter.hotline.flows.dialling.errands import UnderWay
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.dialling import Pending
from callcenter.hotline.rules.numbers import normalised
from callcenter.hotline.tables import OPEN_STATES, Call, Callback, CallbackAttempt

#: Callbacks that are looked at for one that may be dialled.
_SOME = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """What is owed now."""

    open: int = 0
    dialling: int = 0
    overdue: int = 0
    escalated: int = 0
    held: int = 0
    next_due: datetime | None = None


async def count(session: AsyncSession, now: datetime) -> Figures:
    """Count what is owed."""
    query = select(
        func.count(),
        func.count().filter(Callback.state == "dialling"),
        func.count().filter(Callback.due_at < now),
        func.count(Callback.escalated_at),
        func.count(Callback.held),
        func.min(Callback.due_at),
    ).where(Callback.state.in_(OPEN_STATES))
    return Figures(*(await session.execute(query)).one())


async def under_way(session: AsyncSession, node: str) -> list[UnderWay]:
    """Return the attempts of `node` that are ordered, ring, or talk."""
    calling = await errands.stages(session, node, "callback")
    query = (
        select(
            CallbackAttempt.id,
            CallbackAttempt.callback_id,
            CallbackAttempt.agent,
            Callback.caller,
            CallbackAttempt.number,
        )
        .join(Callback, Callback.id == CallbackAttempt.callback_id)
        .where(
            CallbackAttempt.node == node,
            or_(
                CallbackAttempt.id.in_(calling), (Callback.state == "dialling") & (CallbackAttempt.result == "dialling")
            ),
        )
    )
    return [UnderWay("callback", *row, calling.get(row[0], "ringing")) for row in await session.execute(query)]


async def on_calls(session: AsyncSession, area_code: str) -> set[str]:
    """Return the numbers of citizens who have a call that is not over, in their one spelling."""
    query = select(Call.caller).where(
        Call.progress.is_not(None), Call.ended_at.is_(None), Call.direction.in_(("inbound", "outbound"))
    )
    return {normalised(caller, area_code) for caller in await session.scalars(query)} - {""}


async def pending(
    session: AsyncSession, now: datetime, agents: Collection[str], busy: Collection[str]
) -> list[Pending]:
    """Return what may be dialled `now` and by one of `agents`, first come first; `busy` are numbers on the line."""
    query = (
        select(Callback)
        .where(
            Callback.state.in_(("waiting", "retry")),
            Callback.next_at <= now,
            Callback.held.is_(None),
            or_(Callback.assigned.is_(None), Callback.assigned.in_(sorted(agents))),
        )
        .order_by(Callback.priority.desc(), Callback.called_at, Callback.id)
        .limit(_SOME + len(busy))
    )
    return [as_pending(row) for row in await session.scalars(query)]


def as_pending(row: Callback) -> Pending:
    """Return a stored callback as the rules of dialling see it."""
    return Pending(
        row.id,
        row.caller,
        row.number or row.caller,
        row.called_at,
        row.next_at,
        priority=row.priority,
        assigned=row.assigned,
        held=row.held,
    )


async def find(session: AsyncSession, callback: int) -> Pending:
    """Return one that is owed. Raises LookupError when there is none of this id, Refused when it cannot be dialled."""
    row = await session.get(Callback, callback)
    if row is None:
        raise LookupError(f"there is no callback {callback}")
    if row.state == "dialling":
        raise Refused(N_("the callback is being dialled already"))
    if row.state not in OPEN_STATES:
        raise Refused(N_("the callback is over already"))
    return as_pending(row)
