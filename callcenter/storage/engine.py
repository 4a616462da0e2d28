"""Transactions on SQLite or PostgreSQL, with the same promises on both.

`begin` writes: two of them never lose each other's work. `read` sees one consistent state and cannot write.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

#: How long a SQLite transaction waits for another process's before it fails.
BUSY_TIMEOUT_MS = 5000
#: How long PostgreSQL may take to answer one statement, and to take a new connection, before it counts as away. Without
#: it a server that hangs, or a network that swallows everything, would hold its caller for a quarter of an hour.
ANSWER_SECONDS = 30.0
CONNECT_SECONDS = 10.0
#: Bytes of its file that a SQLite reader maps into memory, where pages need not be copied: a full-text search over a
#: million requests takes half the time. The most that SQLite is built for; a writer maps nothing.
MAPPED = 0x7FFF0000


def async_url(url: str) -> URL:
    """Return `url` with the driver we use: `sqlite:///path` and `postgresql://...` in any spelling of driver.

    Raises ValueError for any other database.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise ValueError("a SQLite database needs a file: reader and writer must see the same one")
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise ValueError(f"{other}: only SQLite and PostgreSQL are supported")


class Database:
    """A database named by `url`; connects when first used. Close it when done."""

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        #: What every writing session carries along, as its `info`.
        self.info: dict[str, Any] = {}
        if self.is_sqlite:
            # One writer at a time is SQLite's own rule: a pool of one makes our writers queue in order, not poll.
            self._writer = _sqlite(self.url, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
            self._reader = _sqlite(self.url, begin="BEGIN", query_only=True)
        else:
            # Compiling a question (jit) takes longer than to answer any of ours.
            connect: dict[str, Any] = {"command_timeout": ANSWER_SECONDS, "timeout": CONNECT_SECONDS}
            connect["server_settings"] = {"jit": "off"}
            self._writer = create_async_engine(self.url, pool_pre_ping=True, connect_args=connect)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._write = async_sessionmaker(self._writer, expire_on_commit=False, info=self.info)
        self._read = async_sessionmaker(self._reader, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a local file."""
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One write transaction: commits at the end of the block, rolls back when the block raises.

        Never open a second one inside: on SQLite it would wait for the first.
        """
        async with self._write.begin() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent view of the database, for any number of statements; a write inside it fails."""
        async with self._read() as session:
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _sqlite(url: URL, *, begin: str, query_only: bool = False, **pool: int) -> AsyncEngine:
    engine = create_async_engine(url, **pool)

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # Python's sqlite3 would begin late and by itself, which loses concurrent updates; `begin` below does it.
        raw: Any = connection
        raw.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
            f"mmap_size={MAPPED if query_only else 0}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", began)
    return engine
