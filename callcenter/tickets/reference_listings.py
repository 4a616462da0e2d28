"""Units, categories and places as listed: `/api/v1/units`, `/categories`, `/places`."""

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row, iso
from callcenter.tickets.tables import Category, MemberUnit, Place


class UnitRow(BaseModel):
    """A member unit 成员单位."""

    code: str
    name: str
    phone: str | None
    email: str | None
    #: Working days by kind or urgency where they differ from the settings'.
    terms: dict[str, int]
    active: bool


class CategoryRow(BaseModel):
    """A version of a category 分类."""

    code: str
    version: int
    name: str
    parent: str | None
    rank: int
    #: Code of the unit that usually handles it.
    unit: str | None
    since: str
    until: str | None


class PlaceRow(BaseModel):
    """A town, street or village 镇街."""

    code: str
    name: str
    parent: str | None
    active: bool


async def units(session: AsyncSession) -> list[Row]:
    """Return every unit, active ones first."""
    found = await session.scalars(select(MemberUnit).order_by(MemberUnit.active.desc(), MemberUnit.id))
    return [unit_row(unit) for unit in found]


async def categories(session: AsyncSession, *, code: str | None = None, retired: bool = False) -> list[Row]:
    """Return the categories that can be chosen, by rank; with `retired` all versions, or all of `code`."""
    query = (
        select(Category, MemberUnit.code)
        .outerjoin(MemberUnit, MemberUnit.id == Category.unit_id)
        .order_by(Category.rank, Category.code, Category.version.desc())
    )
    if code is not None:
        query = query.where(Category.code == code)
    elif not retired:
        query = query.where(Category.until.is_(None))
    return [category_row(category, unit) for category, unit in await session.execute(query)]


async def places(session: AsyncSession) -> list[Row]:
    """Return every place, active ones first."""
    found = await session.scalars(select(Place).order_by(Place.active.desc(), Place.id))
    return [place_row(place) for place in found]


def unit_row(unit: MemberUnit) -> Row:
    """Return a unit as listed."""
    return {
        "code": unit.code,
        "name": unit.name,
        "phone": unit.phone,
        "email": unit.email,
        "terms": unit.terms or {},
        "active": unit.active,
    }


def place_row(place: Place) -> Row:
    """Return a place as listed."""
    return {"code": place.code, "name": place.name, "parent": place.parent, "active": place.active}


def category_row(category: Category, unit: str | None) -> Row:
    """Return a version of a category as listed; `unit` is the code of its unit."""
    return {
        "code": category.code,
        "version": category.version,
        "name": category.name,
        "parent": category.parent,
        "rank": category.rank,
        "unit": unit,
        "since": iso(category.since),
        "until": iso(category.until),
    }
