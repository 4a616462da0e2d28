"""Generated requests 工单 into an empty database, by bulk: processes make the rows while the database takes them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateIndex, DropIndex

from callcenter.demo.requests import columns
from callcenter.demo.requests.blocks import Block, Rows, make, plan
from callcenter.demo.requests.reference import settle
from callcenter.demo.requests.world import World
from callcenter.settings import Settings
from callcenter.storage.bulk import execute_many
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding.search_index import rebuild
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.tables import (
    FollowUp,
    FollowUpAttempt,
    Ticket,
    TicketClock,
    TicketCounter,
    TicketEntry,
    TicketUnit,
    TouchedMoment,
)

#: Attribute of `Rows`, its table and its columns; in the order in which they refer to one another.
_TABLES: tuple[tuple[str, Any, Sequence[str]], ...] = (
    ("tickets", Ticket, columns.TICKET),
    ("entries", TicketEntry, columns.ENTRY),
    ("units", TicketUnit, columns.UNIT),
    ("clocks", TicketClock, columns.CLOCK),
    ("follow_ups", FollowUp, columns.FOLLOW_UP),
    ("attempts", FollowUpAttempt, columns.ATTEMPT),
)
_NAMED: list[tuple[Any, str]] = [(Ticket, "tickets"), (FollowUp, "follow_ups")]
#: Building an index over millions of rows takes longer than a statement may while people wait.
_PATIENCE = 3600
#: Pages that SQLite keeps in memory meanwhile, in KiB.
_CACHE = 400_000


class NotEmpty(Exception):
    """The database has tickets already: generated ones are never mixed with others."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How many requests 工单, from which seed, over which days up to `now`."""

    tickets: int
    seed: int
    days: int
    now: datetime


async def generate(
    database: Database,
    settings: Settings,
    calendar: WorkCalendar,
    wish: Wish,
    *,
    processes: int = 1,
    search: bool = True,
    told: Callable[[str, int], object] = lambda _what, _count: None,
) -> None:
    """Fill the migrated, empty `database`; `told` of what is being done, and how far it is.

    Raises NotEmpty when there are tickets. What was begun and not finished is to be thrown away.
    """
    async with database.begin() as session:
        if await session.scalar(select(Ticket.id).limit(1)) is not None:
            raise NotEmpty("there are tickets in this database: generate into an empty one (--into URL)")
        ids = await settle(session, wish.now - timedelta(days=wish.days + 1))
    terms = settings.tickets.terms.model_dump()
    archive = timedelta(days=settings.tickets.archive_after_days)
    world = World(wish.now, settings.node, ids, terms, archive, calendar)
    today = wish.now.astimezone(calendar.zone).date()
    blocks = plan(wish.seed, wish.tickets, today - timedelta(days=wish.days - 1), today, 1)
    await _without_indexes(database)
    done = 0
    async for rows in _made(world, blocks, processes):
        async with database.begin() as session:
            if database.is_sqlite:
                await (await session.connection()).exec_driver_sql(f"PRAGMA cache_size = -{_CACHE}")
            await _store(session, rows)
        done += len(rows.tickets)
        told("tickets", done)
    told("indexes", done)
    await _finish(database, {day: count for block in blocks for day, count in block.days if count})
    if search:
        await rebuild(database, lambda count: told("search", count))


async def _made(world: World, blocks: Sequence[Block], processes: int) -> AsyncIterator[Rows]:
    """Yield the rows of `blocks` in order, a few made ahead."""
    if processes == 0:
        for block in blocks:
            yield make(world, block)
        return
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(processes) as pool:
        waiting = iter(blocks)
        ahead = deque(loop.run_in_executor(pool, make, world, block) for block in islice(waiting, processes + 1))
        while ahead:
            rows = await ahead.popleft()
            ahead.extend(loop.run_in_executor(pool, make, world, block) for block in islice(waiting, 1))
            yield rows


async def _store(session: AsyncSession, rows: Rows) -> None:
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        for name, table, order in _TABLES:
            await execute_many(session, insert(table.__table__), order, getattr(rows, name))
        return
    await connection.exec_driver_sql("SELECT 1")  # begins the transaction, which the driver's own calls then share
    driver: Any = (await connection.get_raw_connection()).driver_connection
    for name, table, order in _TABLES:
        records = getattr(rows, name)
        await driver.copy_records_to_table(table.__tablename__, records=records, columns=order, timeout=_PATIENCE)


async def _without_indexes(database: Database) -> None:
    """Take away what only speeds up reading: built at the end it costs a fraction."""
    async with database.begin() as session:
        connection = await session.connection()
        for table in _tables():
            for index in table.indexes:
                await connection.execute(DropIndex(index))


async def _finish(database: Database, counts: Mapping[date, int]) -> None:
    """Put indexes, counters and sequences in order, and let the database learn what is in it."""
    for table in _tables():
        for index in table.indexes:
            async with database.begin() as session:
                await _execute(session, str(CreateIndex(index).compile(dialect=session.get_bind().dialect)))
    async with database.begin() as session:
        await session.execute(delete(TouchedMoment))  # nothing was counted before
        await session.execute(insert(TicketCounter), [{"day": day, "last": last} for day, last in counts.items()])
        if not database.is_sqlite:
            for entity, name in _NAMED:
                most = select(func.coalesce(func.max(entity.id), 0) + 1).scalar_subquery()
                await session.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), most, False)))  # noqa: FBT003
    if database.is_sqlite:
        async with database.begin() as session:
            await _execute(session, "ANALYZE")
        return
    async with database.begin() as session:
        raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
        for table in _tables():
            # Outside a transaction, and with a visibility map: what an index holds need not be looked up.
            await raw.execute(f"VACUUM (ANALYZE) {table.name}", timeout=_PATIENCE)


async def _execute(session: AsyncSession, statement: str) -> None:
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(statement)
        return
    await connection.exec_driver_sql("SELECT 1")
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute(statement, timeout=_PATIENCE)


def _tables() -> list[Table]:
    return [table.__table__ for _, table, _ in _TABLES]
