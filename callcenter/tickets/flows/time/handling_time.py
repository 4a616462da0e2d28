"""Handling time 处理时长: the working time from the start of the talk until the submission, kept for indicator 7.

It is worked out when a ticket is submitted; what needs a year that the calendar does not know waits for the sweep.
"""

from collections.abc import Callable

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.engine import Database
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar
from callcenter.tickets.tables import Ticket

_MOVES = frozenset({"submit", "answer"})
#: Tickets of one transaction of the sweep.
_BATCH = 1000


class HandlingTime:
    """Works out handling times by the calendar that is in force."""

    def __init__(self, database: Database, calendar: Callable[[], WorkCalendar]) -> None:
        self._database = database
        self._calendar = calendar

    async def heard(self, session: AsyncSession, event: TicketMoved) -> None:
        """A ticket moved: a subscriber of `flows.mover`."""
        if event.move in _MOVES:
            ticket = await session.get_one(Ticket, event.ticket_id)
            if ticket.handled_seconds is None:
                ticket.handled_seconds = handled_seconds(ticket, self._calendar())

    async def sweep(self) -> None:
        """Work out what is missing: a year that was not known, tickets of an older version of the program."""
        await self.work_out()

    async def work_out(self) -> int:
        """Work out what is missing, and return how many there were."""
        done = last = 0
        while True:
            async with self._database.begin() as session:
                query = (
                    select(Ticket)
                    .where(Ticket.submitted_at.is_not(None), Ticket.handled_seconds.is_(None), Ticket.id > last)
                    .order_by(Ticket.id)
                    .limit(_BATCH)
                )
                tickets = (await session.scalars(query)).all()
                found = [(ticket.id, handled_seconds(ticket, self._calendar())) for ticket in tickets]
                known = [{"of": id_, "seconds": seconds} for id_, seconds in found if seconds is not None]
                if known:
                    statement = update(Ticket.__table__).where(Ticket.id == bindparam("of"))  # type: ignore[arg-type]  # a Table
                    await session.execute(statement.values(handled_seconds=bindparam("seconds")), known)
            done += len(known)
            if len(tickets) < _BATCH:
                return done
            last = tickets[-1].id


def handled_seconds(ticket: Ticket, calendar: WorkCalendar) -> int | None:
    """Return the working seconds of a submitted ticket; None when they need an unknown year."""
    if ticket.submitted_at is None:
        return None
    try:
        passed = calendar.between(ticket.work_started_at or ticket.opened_at, ticket.submitted_at)
    except UnknownYear:
        return None
    return round(passed.total_seconds())
