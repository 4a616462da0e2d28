"""Rows written by the drivers' fast ways are those that the usual way would have written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, insert, select, text

from callcenter.hotline.tables import Call
from callcenter.storage import bulk
from callcenter.storage.engine import Database

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
NAMES = (
    "linkedid",
    "direction",
    "caller",
    "started_at",
    "outcome",
    "wants_callback",
    "cut",
    "rating",
    "node",
    "progress",
)
ROW = ("n-1", "inbound", "漏接'\"%s:x", AT, "answered", True, False, 5, "node1", '{"first": "漏"}')


def row(**more: object) -> tuple[object, ...]:
    return tuple((dict(zip(NAMES, ROW, strict=True)) | more).values())


async def write(database: Database, *rows: tuple[object, ...]) -> None:
    async with database.begin() as session:
        await bulk.execute_many(session, insert(Call), NAMES, rows)


async def stored(database: Database) -> list[tuple[object, ...]]:
    async with database.read() as session:
        every = await session.scalars(select(Call).order_by(Call.linkedid))
        return [tuple(getattr(call, name) for name in NAMES) for call in every]


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    later = AT + timedelta(microseconds=120)
    elsewhere = later.astimezone(timezone(timedelta(hours=8)))
    await write(database, ROW, row(linkedid="n-2", started_at=elsewhere, rating=None, progress=None))
    assert await stored(database) == [
        row(progress={"first": "漏"}),
        row(linkedid="n-2", started_at=later, rating=None, progress=None),
    ]


async def test_the_file_holds_what_the_usual_way_writes(database: Database) -> None:
    """Times are compared as text on SQLite, and no JSON is NULL: one character apart would be another order."""
    await write(database, row(progress=None))
    async with database.begin() as session:
        session.add(Call(**dict(zip(NAMES, row(linkedid="n-2", progress=None), strict=True))))
    kept = "SELECT CAST(started_at AS TEXT), CAST(cut AS TEXT), progress IS NULL FROM calls ORDER BY linkedid"
    async with database.read() as session:
        first, second = (await session.execute(text(kept))).all()
    assert first == second


async def test_it_stands_or_falls_with_the_transaction(database: Database) -> None:
    async def fails() -> None:
        async with database.begin() as session:
            await bulk.execute_many(session, insert(Call), NAMES, [ROW])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await stored(database) == []


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await write(database, row(started_at=AT.replace(tzinfo=None)))
    assert await stored(database) == []


async def test_nothing_to_write_is_no_statement(database: Database) -> None:
    await write(database)
    assert await stored(database) == []


async def test_any_number_of_values_travels_as_one_parameter(database: Database) -> None:
    names = ["n'1", 'n"2', "漏", "n\\4", "%s", "$1"]
    await write(database, *(row(linkedid=name) for name in [*names, "other"]))
    async with database.read() as session:
        many = [f"x{n}" for n in range(60_000)]
        for wanted, expected in (([], 0), (names, len(names)), (["漏"], 1), ([*many, "other"], 1), (many, 0)):
            query = select(func.count()).where(bulk.among(session, Call.linkedid, wanted))
            assert (await session.execute(query)).scalar_one() == expected
