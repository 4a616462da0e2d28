"""Closed tickets to learn from, the newest first: what was said, what it was about, and who closed it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.engine import Database
from callcenter.tickets.suggestions.words import LONGEST_DESCRIPTION
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket

#: Ids that one statement looks at.
_SPAN = 5000


@dataclass(frozen=True, slots=True)
class Example:
    """A closed ticket, by codes; `unit` is the one that closed it, None when it was answered on the call."""

    number: str
    title: str
    description: str
    kind: str
    place: str | None
    category: str
    unit: str | None


async def closed_tickets(session: AsyncSession, most: int) -> int:
    """Return how many closed tickets there are to learn from, counted to `most`."""
    some = select(Ticket.id).where(Ticket.state.in_(("closed", "archived")), Ticket.kind != "missed_call").limit(most)
    return await session.scalar(select(func.count()).select_from(some.subquery())) or 0


async def examples(database: Database, most: int) -> AsyncIterator[Example]:
    """Yield the newest `most` closed tickets with a category; confidential ones teach nothing.

    Categories that were retired and units that get nothing new are left out: nobody may choose them.
    """
    categories = select(Category.code).where(Category.until.is_(None))
    query = (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.title,
            func.substr(Ticket.description, 1, LONGEST_DESCRIPTION),
            Ticket.kind,
            Place.code,
            Category.code,
            select(MemberUnit.code).where(MemberUnit.id == Ticket.closing_unit_id, MemberUnit.active).scalar_subquery(),
        )
        .join(Category, Category.id == Ticket.category_id)
        .outerjoin(Place, Place.id == Ticket.place_id)
        .where(
            Ticket.state.in_(("closed", "archived")),
            Ticket.confidential.is_(False),
            Ticket.kind != "missed_call",
            Category.code.in_(categories),
        )
        .order_by(Ticket.id.desc())
    )
    async with database.read() as session:
        newest = await session.scalar(select(func.max(Ticket.id))) or 0
    found, last = 0, newest + 1
    while found < most and last > 1:
        span = query.where(Ticket.id < last, Ticket.id >= last - _SPAN)
        last -= _SPAN
        # A transaction each: cutting them into words takes minutes, in which nobody else shall be held up.
        async with database.read() as session:
            rows = (await session.execute(span.limit(most - found))).all()
        for row in rows:
            found += 1
            yield Example(*row[1:])
