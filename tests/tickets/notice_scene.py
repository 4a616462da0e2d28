"""Units, tickets and clocks for tests of deadlines, reminders and mail."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callcenter.storage.engine import Database
from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.flows.time.clocks import row_of
from callcenter.tickets.rules import clocks
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.tables import MemberUnit, Ticket, TicketNotice, TicketUnit

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(published(), SHANGHAI)


def at(text: str) -> datetime:
    """A minute in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


async def unit(database: Database, code: str = "housing", **columns: Any) -> int:  # noqa: ANN401  # columns
    """Add a member unit; return its id."""
    async with database.begin() as session:
        added = MemberUnit(code=code, name=f"{code}单位", **columns)
        session.add(added)
        await session.flush()
        return added.id


async def ticket(database: Database, number: str, unit_id: int | None = None, **columns: Any) -> int:  # noqa: ANN401
    """Add a ticket that `unit_id` handles; return its id."""
    common = {
        "node": "node1",
        "kind": "help",
        "state": "handling",
        "caller": "13800000001",
        "title": "路灯不亮",
        "description": "说明",
        "opened_at": at("2026-11-20T09:00"),
        "accepted_by": "zhang",
    }
    async with database.begin() as session:
        added = Ticket(number=number, unit_id=unit_id, **(common | columns))
        session.add(added)
        await session.flush()
        if unit_id is not None:
            session.add(TicketUnit(ticket_id=added.id, unit_id=unit_id, part="lead", since=added.opened_at))
        return added.id


async def clock(
    database: Database, ticket_id: int, start: str, days: int, name: str = "total", *, calendar: WorkCalendar = CALENDAR
) -> int:
    """Add a clock that runs from `start`; return its id."""
    async with database.begin() as session:
        row = row_of(ticket_id, None, clocks.start(name, days, at(start), calendar))
        session.add(row)
        await session.flush()
        return row.id


async def told(database: Database) -> list[tuple[str, str]]:
    """(kind, audience) of every notice, in the order in which they were made."""
    async with database.read() as session:
        rows = await session.scalars(select(TicketNotice).order_by(TicketNotice.id))
        return [(row.kind, row.audience) for row in rows]
