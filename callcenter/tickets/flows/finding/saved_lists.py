"""Lists of tickets that people keep under names of their own; a supervisor may share one with everybody."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.finding.filters import Filters
from callcenter.tickets.flows.finding.search import Sort
from callcenter.tickets.tables import SavedList

#: Of one person.
MOST_LISTS = 50


class Choice(Filters):
    """What a kept list asks for."""

    sort: Sort = "newest"


class SavedRow(BaseModel):
    """A kept list."""

    id: int
    name: str
    filters: dict[str, Any]
    shared: bool
    #: Whether whoever asks may change it.
    mine: bool
    who: str


async def listing(session: AsyncSession, asker: Identity) -> list[Row]:
    """Return the lists of `asker` and, for the hotline's own people, those that are shared."""
    whose = SavedList.who == asker.login
    if asker.has("tickets.see_all"):
        whose = or_(whose, SavedList.shared)
    found = await session.scalars(select(SavedList).where(whose).order_by(SavedList.name, SavedList.id))
    return [row_of(one, asker) for one in found]


async def add(
    session: AsyncSession, asker: Identity, name: str, choice: Choice, *, shared: bool, now: datetime
) -> SavedList:
    """Keep `choice` under `name`. Raises Problem."""
    many = await session.scalar(select(func.count()).select_from(SavedList).where(SavedList.who == asker.login))
    if (many or 0) >= MOST_LISTS:
        raise Problem(409, N_("You keep as many lists as there may be; delete one first."))
    await _free(session, asker.login, name)
    kept = SavedList(who=asker.login, name=name, filters=stored(choice), shared=_shared(asker, shared), made_at=now)
    session.add(kept)
    await session.flush()
    return kept


async def change(session: AsyncSession, asker: Identity, id_: int, changes: dict[str, Any]) -> SavedList:
    """Change name, filters or sharing of a list. Raises Problem."""
    kept = await _own(session, asker, id_)
    if "name" in changes and changes["name"] != kept.name:
        await _free(session, kept.who, changes["name"])
        kept.name = changes["name"]
    if "filters" in changes:
        kept.filters = stored(changes["filters"])
    if "shared" in changes:
        kept.shared = _shared(asker, changes["shared"])
    await session.flush()
    return kept


async def remove(session: AsyncSession, asker: Identity, id_: int) -> None:
    """Keep a list no longer. Raises Problem."""
    await session.delete(await _own(session, asker, id_))


def row_of(kept: SavedList, asker: Identity) -> Row:
    """Return `kept` as `asker` sees it."""
    names = ("id", "name", "filters", "shared", "who")
    return {**{name: getattr(kept, name) for name in names}, "mine": _may_change(kept, asker)}


def stored(choice: Choice) -> dict[str, Any]:
    """Return the JSON of `choice`, without what it does not ask for."""
    return choice.model_dump(mode="json", exclude_defaults=True)


def _may_change(kept: SavedList, asker: Identity) -> bool:
    return kept.who == asker.login or (kept.shared and asker.has("tickets.share_lists"))


def _shared(asker: Identity, shared: bool) -> bool:  # noqa: FBT001  # shared or not
    if shared and not asker.has("tickets.share_lists"):
        raise Problem(403, N_("Only a supervisor shares a list."), fields={"shared": N_("only a supervisor may")})
    return shared


async def _own(session: AsyncSession, asker: Identity, id_: int) -> SavedList:
    kept = await session.get(SavedList, id_, with_for_update=True)
    if kept is None or not (_may_change(kept, asker) or (kept.shared and asker.has("tickets.see_all"))):
        raise Problem(404, N_("There is no such list."))
    if not _may_change(kept, asker):
        raise Problem(403, N_("You may not do this."))
    return kept


async def _free(session: AsyncSession, who: str, name: str) -> None:
    taken = select(SavedList.id).where(SavedList.who == who, SavedList.name == name)
    if await session.scalar(taken) is not None:
        raise Problem(409, N_("You have a list of this name."), fields={"name": N_("is taken")})
