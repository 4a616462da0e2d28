"""Deadlines that could not be told when their clock started, because the year was not known: told once it is."""

from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.engine import Database
from callcenter.tickets.flows.time.clocks import clock_of
from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar
from callcenter.tickets.rules.clocks import deadline
from callcenter.tickets.rules.reminders import CALENDAR, calendar_words
from callcenter.tickets.tables import Ticket, TicketClock, TicketNotice

#: Clocks that one transaction looks at.
_BATCH = 500


async def work_out(database: Database, calendar: WorkCalendar, now: datetime) -> set[int]:
    """Give every clock without a deadline its own, as far as `calendar` goes, and the ticket that of its total clock.

    Returns the years that are missing; supervisors are told of each once. Safe to run twice, and at once.
    """
    missing: set[int] = set()
    last = 0
    while True:
        async with database.begin() as session:
            rows = (
                await session.scalars(
                    select(TicketClock)
                    .where(TicketClock.due_at.is_(None), TicketClock.stopped_at.is_(None), TicketClock.id > last)
                    .order_by(TicketClock.id)
                    .limit(_BATCH)
                    .with_for_update(skip_locked=True)
                )
            ).all()
            for row in rows:
                last = row.id
                try:
                    row.due_at = deadline(clock_of(row), calendar)
                except UnknownYear as unknown:
                    if unknown.year not in missing:
                        await _tell(session, row, unknown.year, now)
                    missing.add(unknown.year)
                    continue
                if row.name == "total":
                    await session.execute(update(Ticket).where(Ticket.id == row.ticket_id).values(due_at=row.due_at))
        if len(rows) < _BATCH:
            return missing


async def _tell(session: AsyncSession, row: TicketClock, year: int, now: datetime) -> None:
    """Tell supervisors, unless they were told of that year."""
    about = datetime(year, 1, 1, tzinfo=UTC)
    known = select(TicketNotice.id).where(TicketNotice.kind == CALENDAR, TicketNotice.about == about).limit(1)
    if await session.scalar(known) is None:
        await session.execute(
            insert(TicketNotice).values(
                ticket_id=row.ticket_id,
                clock_id=row.id,
                kind=CALENDAR,
                audience="supervisor",
                words=calendar_words(year),
                about=about,
                made_at=now,
            )
        )
