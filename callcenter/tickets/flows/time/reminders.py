"""Reminders 时限提醒: a sweep that goes by what is in the database and by nothing else.

What was told stands in the notices, and their unique constraint lets nobody be told twice: so a restart, a crash in the
middle, two sweeps at once, a clock that is set back or a machine that slept lose nothing and double nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.bulk import execute_many
from callcenter.storage.engine import Database
from callcenter.tickets.rules import clocks
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.reminders import words
from callcenter.tickets.tables import Ticket, TicketClock, TicketNotice

#: Clocks that one transaction tells of.
BATCH = 200
#: Before every deadline.
_START = (datetime(1970, 1, 1, tzinfo=UTC), 0)


async def remind(
    database: Database, calendar: WorkCalendar, now: datetime, *, before_hours: float, after_hours: float
) -> int:
    """Tell the unit, the agent and supervisors of every deadline that comes, came or is long over.

    Returns how many deadlines were told of. Hours are working hours. What is told together is told in its order.
    """
    count = 0
    last = clocks.cutoffs(now, calendar, before_hours, after_hours)
    for kind in clocks.REMINDERS:
        until = last[kind]
        after = _START
        while until is not None:
            async with database.begin() as session:
                due = await _due(session, kind, until, after)
                await _tell(session, [row for one in due for row in _notices(kind, one, calendar, now)])
            count += len(due)
            if len(due) < BATCH:
                break
            after = (due[-1].due_at, due[-1].id)
    return count


async def _due(
    session: AsyncSession, kind: clocks.Reminder, until: datetime, after: tuple[datetime, int] = _START
) -> Sequence[Any]:
    """Return running clocks due by `until` that nobody was told of, with their tickets; locked where rows are.

    They come in the order of deadline and id, from those beyond `after` on.
    """
    told = exists().where(
        TicketNotice.clock_id == TicketClock.id,
        TicketNotice.kind == kind,
        # Supervisors are told of every one, so they stand for all.
        TicketNotice.audience == "supervisor",
        TicketNotice.about == TicketClock.due_at,
    )
    query = (
        select(
            TicketClock.id,
            TicketClock.name,
            TicketClock.due_at,
            TicketClock.ticket_id,
            TicketClock.unit_id,
            Ticket.unit_id.label("ticket_unit_id"),
            Ticket.accepted_by,
        )
        .join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(
            TicketClock.stopped_at.is_(None),
            TicketClock.paused_at.is_(None),
            TicketClock.due_at <= until,
            TicketClock.due_at >= after[0],
            or_(TicketClock.due_at > after[0], TicketClock.id > after[1]),
            ~told,
        )
        .order_by(TicketClock.due_at, TicketClock.id)
        .limit(BATCH)
        # What a move or another sweep holds is looked at again in a minute.
        .with_for_update(of=TicketClock, skip_locked=True)
    )
    return (await session.execute(query)).all()


def _notices(kind: clocks.Reminder, due: Any, calendar: WorkCalendar, now: datetime) -> Iterator[dict[str, Any]]:  # noqa: ANN401  # a row
    notice = {
        "ticket_id": due.ticket_id,
        "clock_id": due.id,
        "kind": kind,
        "audience": "supervisor",
        "unit_id": None,
        "who": None,
        "words": words(kind, due.name, due.due_at, calendar.zone),
        "about": due.due_at,
        "made_at": now,
    }
    unit = due.unit_id if due.unit_id is not None else due.ticket_unit_id
    if unit is not None:
        yield notice | {"audience": "unit", "unit_id": unit}
    if due.accepted_by:
        yield notice | {"audience": "agent", "who": due.accepted_by}
    yield notice


async def _tell(session: AsyncSession, notices: Sequence[Mapping[str, Any]]) -> None:
    if notices:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        statement = dialect.insert(TicketNotice).on_conflict_do_nothing()
        names = list(notices[0])
        await execute_many(session, statement, names, [[notice[name] for name in names] for notice in notices])
