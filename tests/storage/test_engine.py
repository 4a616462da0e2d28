"""Transactions that lose nothing, times that have a zone, and a schema that is what the tables say."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from database import new_postgresql
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import create_async_engine

import callcenter.hotline.tables
import callcenter.panel.tables
import callcenter.tickets.tables
import callcenter.workforce.tables  # noqa: F401
from callcenter.hotline.tables import Switch
from callcenter.paths import ROOT
from callcenter.storage.base import Base
from callcenter.storage.engine import Database, async_url
from callcenter.storage.fulltext import declared
from callcenter.storage.migrate import upgrade
from callcenter.tickets.tables import TicketCounter

NOW = datetime(2026, 11, 23, 2, 0, 0, 123456, tzinfo=UTC)


def switch(changed_at: datetime = NOW) -> Switch:
    return Switch(name="announcement", on=True, changed_at=changed_at, changed_by="test")


async def test_two_hundred_increments_at_once_lose_none(database: Database) -> None:
    async with database.begin() as session:
        session.add(TicketCounter(day=NOW.date(), last=0))

    async def increment() -> None:
        async with database.begin() as session:
            counter = await session.get(TicketCounter, NOW.date(), with_for_update=True)
            assert counter is not None
            counter.last += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(200):
            group.create_task(increment())
    async with database.read() as session:
        assert (await session.scalars(select(TicketCounter.last))).one() == 200


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    async def fails() -> None:
        async with database.begin() as session:
            session.add(switch())
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with database.read() as session:
        assert (await session.scalars(select(Switch))).all() == []


async def test_a_read_cannot_write(database: Database) -> None:
    async with database.read() as session:
        with pytest.raises(DBAPIError):
            await session.execute(update(Switch).values(on=False))


async def test_a_read_sees_one_state_throughout(database: Database) -> None:
    async with database.read() as reading:
        assert (await reading.scalars(select(Switch))).all() == []
        async with database.begin() as session:
            session.add(switch())
        assert (await reading.scalars(select(Switch))).all() == []
    async with database.read() as later:
        assert len((await later.scalars(select(Switch))).all()) == 1


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    async with database.begin() as session:
        session.add(switch(NOW.astimezone(timezone(timedelta(hours=8)))))
    async with database.read() as session:
        (found,) = (await session.scalars(select(Switch))).all()
    assert found.changed_at == NOW
    assert found.changed_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        async with database.begin() as session:
            session.add(switch(NOW.replace(tzinfo=None)))


async def test_migrations_make_what_the_tables_say_and_can_be_run_again(database_url: str) -> None:
    await upgrade(database_url)
    engine = create_async_engine(async_url(database_url))

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_name": declared})
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.mark.postgresql
async def test_two_machines_may_migrate_at_once(postgresql_server: str) -> None:
    url = await new_postgresql(postgresql_server)
    program = f"import asyncio; from callcenter.storage.migrate import upgrade; asyncio.run(upgrade({url!r}))"
    machines = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT) for _ in range(2)]
    assert [await machine.wait() for machine in machines] == [0, 0]
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        assert len((await connection.execute(text("SELECT * FROM alembic_version"))).all()) == 1
    await engine.dispose()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("postgresql://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_any_spelling_of_a_url_uses_our_driver(given: str, used: str) -> None:
    assert async_url(given).render_as_string() == used


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u@h/d"])
def test_a_database_that_cannot_keep_our_promises_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite"):
        async_url(url)
