"""Units, categories and places of generated requests: rows that are there already are used, missing ones are made."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.demo.requests.subjects import PLACES, SUBJECTS, TOPICS, TOWN
from callcenter.demo.requests.texts import town, unit_name
from callcenter.demo.requests.world import Ids
from callcenter.tickets.flows.reference.samples import UNITS
from callcenter.tickets.tables import Category, MemberUnit, Place


async def settle(session: AsyncSession, since: datetime) -> Ids:
    """Return the rows that generated requests refer to; categories are valid from `since`."""
    codes = [*UNITS, *(town(place) for place in range(len(PLACES)))]
    units = await _there(session, MemberUnit, {code: unit_name(code) for code in codes})
    places = await _there(session, Place, {f"town-{n + 1:02}": name for n, name in enumerate(PLACES)})
    nodes: list[tuple[str, str | None, str, int | None]] = [(code, None, name, None) for code, name in TOPICS.items()]
    nodes += [(one.code, one.topic, one.category, None if one.unit == TOWN else units[one.unit]) for one in SUBJECTS]
    now = {one.code: one.id for one in await session.scalars(select(Category).where(Category.until.is_(None)))}
    fresh = [
        Category(code=code, version=1, parent=parent, name=name, rank=rank, unit_id=unit, since=since)
        for rank, (code, parent, name, unit) in enumerate(nodes)
        if code not in now
    ]
    session.add_all(fresh)
    await session.flush()
    return Ids(units, now | {one.code: one.id for one in fresh}, tuple(places.values()))


async def _there(
    session: AsyncSession,
    table: Any,  # noqa: ANN401  # units or places
    wanted: Mapping[str, str],
) -> dict[str, int]:
    """Return code -> id, found by code or by name, else made."""
    known: Iterable[Any] = await session.scalars(select(table))
    ids: dict[str, int] = {}
    for one in known:
        ids[one.name] = ids[one.code] = one.id
    missing = {code: name for code, name in wanted.items() if code not in ids and name not in ids}
    made = [table(code=code, name=name, active=True) for code, name in missing.items()]
    session.add_all(made)
    await session.flush()
    ids |= {one.code: one.id for one in made}
    return {code: ids.get(code) or ids[name] for code, name in wanted.items()}
