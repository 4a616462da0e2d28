"""A SQLite file is read once at the start, takes no lock from anybody, and what cannot be read is no trouble."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from database import migrated_sqlite
from sqlalchemy import text

from callcenter.storage import read_ahead as module
from callcenter.storage.engine import Database
from callcenter.storage.read_ahead import read_ahead

#: Another program that wants to write.
WRITER = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"


async def test_whoever_writes_keeps_the_lock_while_the_file_is_read(tmp_path: Path) -> None:
    database = Database(await migrated_sqlite(tmp_path / "a.db"))
    async with database.begin() as session:
        await session.execute(text("DELETE FROM tickets"))
        assert await read_ahead(database)
        other = subprocess.run(  # noqa: ASYNC221  # nothing else goes on here
            [sys.executable, "-c", WRITER, tmp_path / "a.db"], check=False, capture_output=True, text=True
        )
        assert sqlite3.OperationalError.__name__ in other.stderr
        assert "locked" in other.stderr
    await database.close()


async def test_a_file_that_would_fill_the_memory_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await migrated_sqlite(tmp_path / "a.db")
    monkeypatch.setattr(module, "_SHARE", 1e-9)
    assert not await read_ahead(Database(url))


async def test_a_file_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert not await read_ahead(Database(f"sqlite:///{tmp_path}/none.db"))


async def test_another_database_reads_for_itself() -> None:
    assert not await read_ahead(Database("postgresql://u@127.0.0.1:1/x"))
