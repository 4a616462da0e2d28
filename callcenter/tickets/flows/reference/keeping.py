"""Units, categories and places as administrators look after them. A change never rewrites an old ticket.

A unit or a place is changed in its row, for it stays the same unit; a category becomes a new version, for a renamed
category is another answer to "what was it about", and old tickets keep the one they were given.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row
from callcenter.panel import audit
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.tickets.reference_listings import category_row, place_row, unit_row
from callcenter.tickets.rules import reference as rules
from callcenter.tickets.rules.reference import Faulty, Kind
from callcenter.tickets.tables import Category, MemberUnit, Place

_NONE = {
    "units": N_("There is no such unit."),
    "categories": N_("There is no such category."),
    "places": N_("There is no such place."),
}


async def add(session: AsyncSession, kind: Kind, fields: Mapping[str, Any], *, actor: Actor, now: datetime) -> Row:
    """Add a unit, category or place; return it as listed.

    Raises Problem 400 with what is wrong, 409 for a code or a unit's name that is taken.
    """
    _check(fields)
    if await _known(session, kind, fields["code"]):
        reason = N_("This code is taken, and codes are never used again.")
        raise Problem(409, reason, fields={"code": reason})
    if kind == "units":
        await _name_is_free(session, fields["name"])
        row: MemberUnit | Category | Place = MemberUnit(**{"terms": {}} | dict(fields), active=True)
    elif kind == "places":
        row = Place(**fields, active=True)
        await _fits(session, kind, fields["code"], fields.get("parent"))
    else:
        await _fits(session, kind, fields["code"], fields.get("parent"))
        row = await _version(session, None, fields, now)
    session.add(row)
    await session.flush()
    audit.record(session, actor, f"{_word(kind)}_added", at=now, target=fields["code"], **_said(fields))
    return await _listed(session, row)


async def change(
    session: AsyncSession, kind: Kind, code: str, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> tuple[Row, bool]:
    """Change what `changes` names, `active` among it; return it as listed, and whether it was not all so already.

    Raises Problem 404 when there is none of that code, 400 with what is wrong, and 409 for a name that is taken and for
    what others still lie below.
    """
    _check(changes)
    row = await _newest(session, kind, code)
    if row is None:
        raise Problem(404, _NONE[kind])
    before = await _listed(session, row)
    before["active"] = _is_active(row)
    news = {name: value for name, value in changes.items() if before[name] != value}
    if not news:
        return await _listed(session, row), False
    if kind == "units" and "name" in news:
        await _name_is_free(session, news["name"])
    if kind != "units":
        if news.get("active") is False:
            await _nothing_below(session, kind, code)
        elif {"parent", "active"} & news.keys():
            await _fits(
                session, kind, code, news.get("parent", row.parent if not isinstance(row, MemberUnit) else None)
            )
    if isinstance(row, Category):
        row = await _next_version(session, row, news, now)
    else:
        for name, value in news.items():
            setattr(row, name, value)
    await session.flush()
    told = {name: [before[name], value] for name, value in news.items()}
    audit.record(session, actor, f"{_word(kind)}_changed", at=now, target=code, changes=told)
    return await _listed(session, row), True


def _check(fields: Mapping[str, Any]) -> None:
    try:
        rules.check(fields)
    except Faulty as faulty:
        raise Problem(400, N_("Some fields are wrong."), fields=faulty.fields) from None


async def _known(session: AsyncSession, kind: Kind, code: str) -> bool:
    return await _newest(session, kind, code) is not None


async def _newest(session: AsyncSession, kind: Kind, code: str) -> MemberUnit | Category | Place | None:
    found: MemberUnit | Category | Place | None
    if kind == "categories":
        newest = select(Category).where(Category.code == code).order_by(Category.version.desc()).limit(1)
        found = await session.scalar(newest.with_for_update())
    else:
        table = MemberUnit if kind == "units" else Place
        found = await session.scalar(select(table).where(table.code == code).with_for_update())
    return found


async def _name_is_free(session: AsyncSession, name: str) -> None:
    if await session.scalar(select(MemberUnit.id).where(MemberUnit.name == name)):
        reason = N_("Another unit has this name.")
        raise Problem(409, reason, fields={"name": reason})


async def _parents(session: AsyncSession, kind: Kind) -> dict[str, str | None]:
    """Return code -> parent of what can be chosen now."""
    if kind == "categories":
        query: Any = select(Category.code, Category.parent).where(Category.until.is_(None))
    else:
        query = select(Place.code, Place.parent).where(Place.active)
    # Locked where rows are: two who move branches at once would close a circle between them.
    return {row[0]: row[1] for row in await session.execute(query.with_for_update())}


async def _fits(session: AsyncSession, kind: Kind, code: str, parent: str | None) -> None:
    try:
        rules.must_fit(code, {**await _parents(session, kind), code: parent})
    except Faulty as faulty:
        raise Problem(400, N_("Some fields are wrong."), fields=faulty.fields) from None


async def _nothing_below(session: AsyncSession, kind: Kind, code: str) -> None:
    if code in (await _parents(session, kind)).values():
        reason = N_("Others lie below it: move or retire them first.")
        raise Problem(409, reason, fields={"active": reason})


async def _version(session: AsyncSession, old: Category | None, fields: Mapping[str, Any], now: datetime) -> Category:
    """Return a new row for `fields`, and for what they leave out what the version `old` says."""
    unit_id = old.unit_id if old else None
    if "unit" in fields:
        unit_id = None
        if fields["unit"] is not None:
            unit_id = await session.scalar(
                select(MemberUnit.id).where(MemberUnit.code == fields["unit"], MemberUnit.active)
            )
            if unit_id is None:
                reason = N_("There is no such unit.")
                raise Problem(400, N_("Some fields are wrong."), fields={"unit": reason})
    return Category(
        code=old.code if old else fields["code"],
        version=old.version + 1 if old else 1,
        parent=fields.get("parent", old.parent if old else None),
        name=fields.get("name") or (old.name if old else ""),
        rank=fields.get("rank", old.rank if old else 0),
        unit_id=unit_id,
        since=now,
    )


async def _next_version(session: AsyncSession, old: Category, news: Mapping[str, Any], now: datetime) -> Category:
    """End the version `old`, and begin the next; one that is retired ends as well, at once."""
    active = news.get("active", old.until is None)
    if old.until is None:
        old.until = now
        if news.keys() == {"active"}:
            return old
    row = await _version(session, old, news, now)
    row.until = None if active else now
    session.add(row)
    return row


def _is_active(row: MemberUnit | Category | Place) -> bool:
    return row.until is None if isinstance(row, Category) else row.active


async def _listed(session: AsyncSession, row: MemberUnit | Category | Place) -> Row:
    if isinstance(row, MemberUnit):
        return unit_row(row)
    if isinstance(row, Place):
        return place_row(row)
    unit = await session.get(MemberUnit, row.unit_id) if row.unit_id is not None else None
    return category_row(row, unit.code if unit else None)


def _word(kind: Kind) -> str:
    return {"units": "unit", "categories": "category", "places": "place"}[kind]


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "code"}
