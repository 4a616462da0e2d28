"""Numbers of tickets, given out so that no two tickets ever share one."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.rules import numbers
from callcenter.tickets.tables import TicketCounter

#: The zone whose date stands in a ticket's number.
ZONE = ZoneInfo("Asia/Shanghai")


async def next_numbers(session: AsyncSession, day: date, count: int) -> list[str]:
    """Return `count` ticket numbers of `day` that no other transaction has or gets."""
    connection = await session.connection()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(TicketCounter)
        .values(day=day, last=count)
        .on_conflict_do_update(index_elements=["day"], set_={"last": TicketCounter.last + count})
        .returning(TicketCounter.last)
    )
    last = (await connection.execute(statement)).scalar_one()
    return [numbers.number(day, place) for place in range(last - count + 1, last + 1)]
