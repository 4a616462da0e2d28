"""Pages of tickets by their keys: each costs the same however far down it is, and what comes or goes shifts nothing."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.tables import Ticket

#: Of the last row of a page: its id, then the key that it is sorted by.
Cursor = list[Any]
_LONGEST = 200


class BadCursor(Exception):
    """The cursor is none that a page gave."""


async def by_id(
    session: AsyncSession, query: Select[Any], column: ColumnElement[int], at: Cursor | None, limit: int
) -> list[Any]:
    """Return the newest by id: (id)."""
    if at is not None:
        query = query.where(column < int_of(at, 0))
    return list(await session.execute(query.order_by(column.desc()).limit(limit + 1)))


async def by_age(session: AsyncSession, query: Select[Any], at: Cursor | None, limit: int) -> list[Any]:
    """Return those opened last: (id, opened_at)."""
    query = query.add_columns(Ticket.opened_at)
    if at is not None:
        id_, opened = int_of(at, 0), time_of(at, 1)
        query = query.where(Ticket.opened_at <= opened, or_(Ticket.opened_at < opened, Ticket.id < id_))
    return list(await session.execute(query.order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(limit + 1)))


async def by_due(session: AsyncSession, query: Select[Any], at: Cursor | None, limit: int) -> list[Any]:
    """Return the next due ones, those without a deadline last: (id, due_at)."""
    query = query.add_columns(Ticket.due_at)
    if at is not None:
        id_ = int_of(at, 0)
        if at[1:] == [None]:
            query = query.where(Ticket.due_at.is_(None), Ticket.id > id_)
        else:
            due = time_of(at, 1)
            later = and_(Ticket.due_at >= due, or_(Ticket.due_at > due, Ticket.id > id_))
            query = query.where(or_(later, Ticket.due_at.is_(None)))
    return list(await session.execute(query.order_by(Ticket.due_at.asc().nulls_last(), Ticket.id).limit(limit + 1)))


def cursor(values: Sequence[object]) -> str:
    """Return the cursor that stands for `values`; a browser hands it back as it is."""
    return base64.urlsafe_b64encode(json.dumps(list(values), separators=(",", ":")).encode()).decode().rstrip("=")


def parsed(text: str | None) -> Cursor | None:
    """Return what stands in a cursor. Raises BadCursor."""
    if not text:
        return None
    try:
        if len(text) > _LONGEST:
            raise ValueError(text)  # noqa: TRY301
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list):
            raise TypeError  # noqa: TRY301
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursor from None
    return values


def int_of(values: Cursor, place: int) -> int:
    """Return the whole number at `place`. Raises BadCursor."""
    value = values[place] if place < len(values) else None
    if type(value) is not int or not 0 <= value < 2**31:
        raise BadCursor
    return value


def time_of(values: Cursor, place: int) -> datetime:
    """Return the time at `place`. Raises BadCursor."""
    try:
        at = datetime.fromisoformat(values[place])
    except (ValueError, TypeError, IndexError):
        raise BadCursor from None
    if at.tzinfo is None:
        raise BadCursor
    return at
