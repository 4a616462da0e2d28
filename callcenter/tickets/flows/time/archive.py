"""Closed requests 工单 are archived 归档 by themselves, some days after their closing."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.rules.decisions import SYSTEM
from callcenter.tickets.tables import Ticket

#: Tickets of one transaction, and of one sweep: whoever works meanwhile waits for the one, the rest for the next sweep.
BATCH = 50
MOST = 5_000


def sweep(database: Database, mover: Mover, after_days: int) -> Callable[[], Awaitable[None]]:
    """Return the job that archives what has been closed for `after_days`."""

    async def work() -> None:
        await archive(database, mover, clock.now() - timedelta(days=after_days))

    return work


async def archive(database: Database, mover: Mover, before: datetime) -> int:
    """Archive tickets that were closed before that time, the oldest first; returns how many."""
    done = 0
    due = select(Ticket.number).where(Ticket.state == "closed", Ticket.closed_at < before).order_by(Ticket.closed_at)
    while done < MOST:
        async with database.begin() as session:
            # Whatever somebody holds just now is left to the next sweep.
            numbers = list(await session.scalars(due.limit(BATCH).with_for_update(skip_locked=True)))
            for number in numbers:
                await mover.move(session, number, "archive", SYSTEM, Order(), now=clock.now())
        done += len(numbers)
        if len(numbers) < BATCH:
            break
    return done
