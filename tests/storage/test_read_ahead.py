"""A SQLite file is read once at the start, and what cannot be read is no trouble."""

import mmap
from pathlib import Path

import pytest
from database import migrated_sqlite

from callcenter.storage import read_ahead as module
from callcenter.storage.engine import Database
from callcenter.storage.read_ahead import read_ahead


async def test_the_whole_file_is_read(tmp_path: Path) -> None:
    url = await migrated_sqlite(tmp_path / "a.db")
    assert await read_ahead(Database(url)) == (tmp_path / "a.db").stat().st_size > mmap.PAGESIZE


async def test_a_file_that_would_fill_the_memory_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await migrated_sqlite(tmp_path / "a.db")
    monkeypatch.setattr(module, "_SHARE", 1e-9)
    assert await read_ahead(Database(url)) == 0


async def test_a_file_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert await read_ahead(Database(f"sqlite:///{tmp_path}/none.db")) == 0


async def test_another_database_reads_for_itself() -> None:
    assert await read_ahead(Database("postgresql://u@127.0.0.1:1/x")) == 0
