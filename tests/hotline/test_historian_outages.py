"""A database that is away, locked, full or hung: the records wait on disk, and are stored once, in order."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import structlog
from database import migrated_postgresql, migrated_sqlite
from historian_scene import Alarms, abandoned, catch_up, count, historian, outcomes, write
from sqlalchemy import text

from callcenter.hotline import events
from callcenter.hotline.tables import Call, Callback
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn
from callcenter.tickets.flows.moving import missed as tickets
from callcenter.tickets.tables import Ticket

Troubles = list[str | None]


@pytest.fixture(autouse=True)
def logs_as_the_controller_writes_them() -> Iterator[None]:
    """What structlog does by itself draws every variable of every frame, which takes seconds."""
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
    yield
    structlog.configure(**before)


async def until(happened: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def following(database: Database, cel: Path, troubles: Troubles, **more: object) -> AsyncIterator[list[str]]:
    """A historian that follows the file; yields the linkedids of calls that ended, in the order stored."""
    ended: list[str] = []

    def committed(batch: Sequence[events.HotlineEvent]) -> None:
        ended.extend(event.linkedid for event in batch if isinstance(event, events.CallEnded))

    scribe = historian(database, cel, on_trouble=troubles.append, on_committed=committed, **more)
    task = spawn(scribe.run(), name="historian")
    try:
        yield ended
    finally:
        await cancel(task)


@pytest.fixture
async def sqlite_file(tmp_path: Path) -> AsyncIterator[tuple[Database, Path]]:
    path = tmp_path / "hotline.db"
    database = Database(await migrated_sqlite(path))
    yield database, path
    await database.close()


async def once_and_in_order(database: Database, ended: list[str], n: int) -> None:
    assert ended == [f"node1-1.{place}" for place in range(n)]
    assert await outcomes(database) == dict.fromkeys(ended, "abandoned_queue")
    assert await count(database, Callback) == await count(database, Ticket) == n


def miss(cel: Path, first: int, last: int) -> None:
    for n in range(first, last):
        write(cel, abandoned(f"node1-1.{n}", f"139{n:08}", start=n))


async def test_a_locked_database_is_waited_for_and_the_floor_does_not_stall(
    sqlite_file: tuple[Database, Path], cel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, path = sqlite_file
    troubles: Troubles = []
    alarms = Alarms()
    monkeypatch.setattr("callcenter.hotline.history_alarms.BEHIND_SECONDS", 4.0)
    async with following(database, cel, troubles, on_alarm=alarms) as ended:
        miss(cel, 0, 3)
        await until(lambda: len(ended) == 3)
        locker = sqlite3.connect(path, isolation_level=None)
        locker.execute("BEGIN EXCLUSIVE")
        miss(cel, 3, 6)
        longest = 0.0
        # SQLite itself waits 5 s for the other before it gives up.
        while not troubles:
            begin = asyncio.get_running_loop().time()
            await asyncio.sleep(0.01)
            longest = max(longest, asyncio.get_running_loop().time() - begin)
        assert longest < 1, "whoever waits for a lock waits in a thread"
        miss(cel, 6, 9)
        await until(lambda: alarms.now)
        assert alarms.now["history_behind"]["bytes"] > 0
        assert "locked" in alarms.now["history_behind"]["reason"]
        locker.execute("ROLLBACK")
        locker.close()
        await until(lambda: len(ended) == 9)
        await until(lambda: not alarms.now)
    assert "locked" in str(troubles[0])
    assert troubles[1:] == [None]
    await once_and_in_order(database, ended, 9)


async def test_a_database_without_room_is_waited_for_until_it_has_some(
    sqlite_file: tuple[Database, Path], cel: Path
) -> None:
    database, _ = sqlite_file
    troubles: Troubles = []
    async with database.begin() as session:
        # One connection writes, and the limit is its own: the file cannot grow.
        pages = (await session.execute(text("PRAGMA page_count"))).scalar_one()
        await session.execute(text(f"PRAGMA max_page_count={pages}"))
    async with following(database, cel, troubles) as ended:
        miss(cel, 0, 200)
        await until(lambda: troubles)
        assert "full" in str(troubles[0])
        assert ended == []
        assert await count(database, Call) == 0, "all of a batch or nothing"
        async with database.begin() as session:
            await session.execute(text("PRAGMA max_page_count=1000000"))
        await until(lambda: len(ended) == 200)
    assert troubles[1:] == [None]
    await once_and_in_order(database, ended, 200)


@pytest.fixture
async def postgresql_url(postgresql_server: str) -> str:
    return await migrated_postgresql(postgresql_server)


async def backends(admin: asyncpg.Connection) -> list[int]:
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return [row["pid"] for row in await admin.fetch(query)]


@pytest.mark.postgresql
async def test_connections_that_die_at_any_instant_lose_and_double_nothing(
    postgresql_url: str, cel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.hotline.cel_batches.BATCH_BYTES", 20_000)
    monkeypatch.setattr("callcenter.asterisk.cel_follower.PIECE_BYTES", 8_000)
    database = Database(postgresql_url)
    admin = await asyncpg.connect(postgresql_url)
    troubles: Troubles = []
    killed = 0
    miss(cel, 0, 400)
    async with following(database, cel, troubles) as ended, asyncio.timeout(60):
        while await admin.fetchval("SELECT count(*) FROM calls") < 400:
            if killed < 12:
                killed += len(
                    [await admin.execute(f"SELECT pg_terminate_backend({pid})") for pid in await backends(admin)]
                )
            await asyncio.sleep(0.05)
    await admin.close()
    assert killed >= 3
    assert len(set(ended)) == len(ended), "what was committed was told once at most"
    assert await count(database, Call) == await count(database, Callback) == await count(database, Ticket) == 400
    await database.close()


@pytest.mark.postgresql
async def test_a_server_that_hangs_is_left_and_all_is_stored_once(
    postgresql_url: str, cel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP of the server's process: the connection lives, and nothing answers any more."""
    monkeypatch.setattr("callcenter.storage.engine.ANSWER_SECONDS", 1.0)
    database = Database(postgresql_url)
    admin = await asyncpg.connect(postgresql_url)
    troubles: Troubles = []
    stopped: list[int] = []
    async with following(database, cel, troubles) as ended:
        try:
            miss(cel, 0, 3)
            await until(lambda: len(ended) == 3)
            stopped = await backends(admin)
            assert stopped
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            miss(cel, 3, 6)
            await until(lambda: len(ended) == 6)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
    assert "Timeout" in str(troubles[0])
    assert troubles[-1] is None
    await admin.close()
    await once_and_in_order(database, ended, 6)
    await database.close()


async def test_a_database_that_is_away_loses_nothing_and_says_so(database: Database, cel: Path) -> None:
    troubles: list[str | None] = []
    failing = 3

    async def breaks(_session: object, _event: object) -> None:
        nonlocal failing
        failing -= 1
        if failing >= 0:
            raise OSError("the database went away")

    write(cel, abandoned("node1-1.1"))
    committed: list[Sequence[events.HotlineEvent]] = []
    scribe = historian(
        database,
        cel,
        subscribers={events.CallMissed: [tickets.open_for_missed_calls, breaks]},
        on_trouble=troubles.append,
        on_committed=committed.append,
    )
    await asyncio.wait_for(catch_up(scribe), 20)
    assert len(troubles) == 2
    assert "went away" in str(troubles[0])
    assert troubles[1] is None
    assert await count(database, Call) == await count(database, Callback) == await count(database, Ticket) == 1
    assert [type(event) for batch in committed for event in batch] == [
        events.CallEnded,
        events.CallMissed,
        events.CallbackOpened,
    ]
