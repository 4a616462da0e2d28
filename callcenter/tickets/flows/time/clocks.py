"""Clocks of tickets as rows: read one as the rules know it, write back what they made of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.rules.clocks import Clock
from callcenter.tickets.tables import TicketClock


def clock_of(row: TicketClock) -> Clock:
    """Return `row` as the rules know it."""
    pauses = tuple((datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in row.pauses or ())
    return Clock(row.name, row.started_at, row.days, row.due_at, row.paused_at, row.stopped_at, pauses)


def write(row: TicketClock, clock: Clock) -> None:
    """Set `row` to `clock`."""
    row.name = clock.name
    row.started_at = clock.started_at
    row.days = clock.days
    row.due_at = clock.due_at
    row.paused_at = clock.paused_at
    row.stopped_at = clock.stopped_at
    row.pauses = [[since.isoformat(), until.isoformat()] for since, until in clock.pauses] or None


def row_of(ticket_id: int, unit_id: int | None, clock: Clock) -> TicketClock:
    """Return a new row for `clock`."""
    row = TicketClock(ticket_id=ticket_id, unit_id=unit_id)
    write(row, clock)
    return row


async def standing_since(session: AsyncSession, tickets: Collection[int]) -> dict[int, datetime]:
    """Return since when the deadline of each of `tickets` (ids) stands still; those whose runs are left out."""
    query = select(TicketClock.ticket_id, TicketClock.paused_at).where(
        TicketClock.ticket_id.in_(tickets),
        TicketClock.name == "total",
        TicketClock.stopped_at.is_(None),
        TicketClock.paused_at.is_not(None),
    )
    return {ticket: since for ticket, since in await session.execute(query) if since}
