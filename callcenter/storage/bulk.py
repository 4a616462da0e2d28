"""Thousands of rows or values at once, by the drivers' own fast ways.

The usual way builds a dictionary for each row and converts each value in Python, which costs several times what the
database does with it. Here rows are tuples, and SQLAlchemy only spells the statement.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Insert, Update, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

#: Characters of a time as SQLAlchemy keeps it in SQLite: to the microsecond, without a zone.
_TIME_CHARACTERS = 26


async def execute_many(
    session: AsyncSession, statement: Insert | Update, names: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Execute `statement` once for each of `rows`, whose values stand in the order of `names`.

    `names` are the columns of an INSERT, or the bindparams of an UPDATE without `values`. Values are text, numbers,
    booleans, None and times; a JSON column takes its text. The session's transaction holds it all. Raises ValueError
    for a time without a zone.
    """
    if not rows:
        return
    connection = await session.connection()
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    order = [names.index(name) for name in compiled.positiontup or ()]
    if order != list(range(len(names))):
        rows = [[row[place] for place in order] for row in rows]
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if connection.dialect.name == "sqlite":
        # Converted in the driver's thread, row by row.
        await (await driver.executemany(str(compiled), _as_sqlite_keeps(rows))).close()
    else:
        if not driver.is_in_transaction():
            # The dialect begins with the first statement that it sees, and it sees none of ours.
            await connection.exec_driver_sql("SELECT 1")
        await driver.executemany(str(compiled), _as_postgresql_takes(rows))


def among(session: AsyncSession, column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that what is in `column`, text or whole numbers, is one of `values`, however many.

    They travel as one parameter. An IN list would be spelled and prepared anew for each number of values, and has a
    limit.
    """
    if session.get_bind().dialect.name == "sqlite":
        every = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(every.c.value))
    # As a condition on a set, not `= ANY`: that is compared value by value, row by row, while statistics are young.
    return column.in_(select(func.unnest(bindparam(None, list(values), type_=ARRAY(column.type)))))


def _as_sqlite_keeps(rows: Sequence[Sequence[object]]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield tuple([_time(value) if type(value) is datetime else value for value in row])


def _as_postgresql_takes(rows: Sequence[Sequence[object]]) -> Iterator[Sequence[object]]:
    for row in rows:
        for value in row:
            if type(value) is datetime and value.tzinfo is None:
                raise ValueError(f"{value!r} has no time zone")
        yield row


def _time(value: datetime) -> str:
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:_TIME_CHARACTERS]
