"""Bans as rows: what is in force, what is remembered, and what the API shows."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.ban_tables import SipBan
from callcenter.hotline.listings import iso


class BanRow(BaseModel):
    """A ban 封禁."""

    id: int
    #: An address, or a network with its length.
    address: str
    #: `names`: many names were guessed; `wrong`: one, again and again; `flood`: too many requests; `manual`: a person.
    reason: str
    #: Requests that ended in nothing before it, and the name tried last.
    tried: int
    account: str
    note: str
    since: str
    until: str
    #: Who pronounced it; empty for the hotline itself.
    by: str
    lifted_at: str | None
    lifted_by: str | None
    #: False once its time is over, or it was lifted.
    active: bool


def shown(network: str) -> str:
    """Return a network as people write it: an address alone where it is one."""
    return network.removesuffix("/32").removesuffix("/128")


def row_of(ban: SipBan, now: datetime) -> BanRow:
    """Return a ban as it is shown."""
    return BanRow(
        id=ban.id,
        address=shown(ban.network),
        reason=ban.reason,
        tried=ban.tried,
        account=ban.account,
        note=ban.note,
        since=iso(ban.since) or "",
        until=iso(ban.until) or "",
        by=ban.by,
        lifted_at=iso(ban.lifted_at),
        lifted_by=ban.lifted_by,
        active=ban.lifted_at is None and now < ban.until,
    )


async def listed(session: AsyncSession, now: datetime, *, every: bool, limit: int) -> list[BanRow]:
    """Return the bans, those in force first and of those the newest; those that are over only with `every`."""
    active = SipBan.lifted_at.is_(None) & (SipBan.until > now)
    question = select(SipBan).order_by(active.desc(), SipBan.since.desc(), SipBan.id.desc()).limit(limit)
    return [row_of(ban, now) for ban in await session.scalars(question if every else question.where(active))]


async def in_force(session: AsyncSession, now: datetime) -> dict[str, datetime]:
    """Return the networks that are banned now, and until when."""
    question = (
        select(SipBan.network, func.max(SipBan.until))
        .where(SipBan.lifted_at.is_(None), SipBan.until > now)
        .group_by(SipBan.network)
    )
    return {row[0]: row[1] for row in await session.execute(question)}


async def remembered(session: AsyncSession, now: datetime, memory: timedelta) -> Mapping[str, int]:
    """Return how often each network was banned by the hotline itself within `memory`; a lifted ban was a mistake."""
    question = (
        select(SipBan.network, func.count())
        .where(or_(SipBan.since > now - memory, SipBan.until > now - memory))
        .where(SipBan.lifted_at.is_(None), SipBan.reason != "manual")
        .group_by(SipBan.network)
    )
    return {row[0]: row[1] for row in await session.execute(question)}
