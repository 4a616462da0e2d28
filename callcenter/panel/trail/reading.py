"""Reading the audit trail: a page of it, newest first, by who, deed, thing and time; keyset paging by row number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.tables import Audit, User

_COLUMNS = (Audit.number, Audit.at, Audit.who, Audit.action, Audit.target, Audit.address, Audit.node, Audit.detail)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None asks for everything."""

    #: A login, as it stands in the trail.
    who: str | None = None
    action: str | None = None
    #: A part of what it was done to.
    target: str | None = None
    #: Moments: from, and until before.
    since: datetime | None = None
    until: datetime | None = None


async def page(
    session: AsyncSession, filters: Filters, *, before: int | None = None, limit: int
) -> tuple[Sequence[Mapping[str, Any]], int | None]:
    """Return `limit` rows, newest first, below the row number `before`, and the `before` of the next page or None."""
    query = _asked(filters)
    if before is not None:
        query = query.where(Audit.number < before)
    query = query.order_by(Audit.number.desc()).limit(limit + 1)
    rows = [dict(row) for row in (await session.execute(query)).mappings()]
    return rows[:limit], rows[limit - 1]["number"] if len(rows) > limit else None


async def names(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return login -> name of those who did what stands in `rows`."""
    logins = {row["who"] for row in rows}
    found = await session.execute(select(User.login, User.name).where(User.login.in_(logins)))
    return {row.login: row.name for row in found}


async def newest(session: AsyncSession, action: str) -> Mapping[str, Any] | None:
    """Return the last row of the deed `action`."""
    rows, _ = await page(session, Filters(action=action), limit=1)
    return rows[0] if rows else None


def _asked(filters: Filters) -> Select[Any]:
    query = select(*_COLUMNS)
    if filters.who:
        query = query.where(Audit.who == filters.who)
    if filters.action:
        query = query.where(Audit.action == filters.action)
    if filters.target:
        query = query.where(Audit.target.contains(filters.target, autoescape=True))
    if filters.since:
        query = query.where(Audit.at >= filters.since)
    if filters.until:
        query = query.where(Audit.at < filters.until)
    return query
