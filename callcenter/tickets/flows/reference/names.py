"""Names for what a request 工单 refers to by row."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.tables import User
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket

Name = dict[str, str]
#: Levels of a tree that are named at most.
_DEEPEST = 10


async def of_units(session: AsyncSession, *ids: Iterable[int | None]) -> Mapping[int | None, Name]:
    """Return code and name of each unit."""
    wanted = {one for some in ids for one in some if one is not None}
    if not wanted:
        return {}
    query = select(MemberUnit.id, MemberUnit.code, MemberUnit.name).where(MemberUnit.id.in_(wanted))
    return {id_: {"code": code, "name": name} for id_, code, name in await session.execute(query)}


async def of_categories(session: AsyncSession, ids: Iterable[int]) -> Mapping[int, str]:
    """Return the name that each version of a category has."""
    query = select(Category.id, Category.name).where(Category.id.in_(set(ids)))
    return {row[0]: row[1] for row in await session.execute(query)}


async def of_places(session: AsyncSession, ids: Iterable[int]) -> Mapping[int, str]:
    """Return the name of each place."""
    query = select(Place.id, Place.name).where(Place.id.in_(set(ids)))
    return {row[0]: row[1] for row in await session.execute(query)}


async def of_staff(session: AsyncSession, logins: Iterable[str]) -> Mapping[str, str]:
    """Return the name of each user of the panel; who has none there, such as the hotline itself, is left out."""
    query = select(User.login, User.name).where(User.login.in_(set(logins)))
    return {row[0]: row[1] for row in await session.execute(query)}


async def category(session: AsyncSession, row: int | None, at: datetime) -> Name | None:
    """Return the category in `row`, with the path to it as the tree was `at` that time."""
    found = await session.get(Category, row) if row is not None else None
    if found is None:
        return None
    path, above = [found.name], found.parent
    while above and len(path) < _DEEPEST:
        versions = select(Category).where(Category.code == above).order_by(Category.version.desc())
        node = await session.scalar(versions.where(Category.since <= at).limit(1)) or await session.scalar(
            versions.limit(1)
        )
        if node is None:
            break
        path, above = [node.name, *path], node.parent
    return {"code": found.code, "name": found.name, "path": " / ".join(path)}


async def place(session: AsyncSession, row: int | None) -> Name | None:
    """Return the place in `row`, with the path to it."""
    found = await session.get(Place, row) if row is not None else None
    if found is None:
        return None
    path, above = [found.name], found.parent
    while above and len(path) < _DEEPEST:
        node = await session.scalar(select(Place).where(Place.code == above))
        if node is None:
            break
        path, above = [node.name, *path], node.parent
    return {"code": found.code, "name": found.name, "path": " / ".join(path)}


async def number(session: AsyncSession, row: int | None) -> str | None:
    """Return the number of the ticket in `row`."""
    if row is None:
        return None
    found: str | None = await session.scalar(select(Ticket.number).where(Ticket.id == row))
    return found


async def numbers(session: AsyncSession, ids: Iterable[int]) -> Mapping[int, str]:
    """Return the number of each ticket."""
    query = select(Ticket.id, Ticket.number).where(Ticket.id.in_(set(ids)))
    return {row[0]: row[1] for row in await session.execute(query)}
