"""What somebody was told about tickets: their own list, and how much of it they have not seen."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row, iso
from callcenter.panel.sessions import Identity
from callcenter.tickets.rules.moves import MOVES
from callcenter.tickets.tables import MemberUnit, Ticket, TicketClock, TicketNotice

#: Older ones are no news any more.
FRESH = timedelta(days=30)


class NoticeTicket(BaseModel):
    """The ticket that a notice is about; its title is null for who may not read it."""

    number: str
    title: str | None
    state: str


class NoticeRow(BaseModel):
    """A notice 提醒."""

    id: int
    #: `before`, `at`, `after` a deadline, `calendar`, or the name of a move.
    kind: str
    #: What that move is called, in the language of whoever asks; null for a deadline.
    label: str | None
    #: `unit`, `agent` or `supervisor`.
    audience: str
    #: The clock that it is about: `sign`, `total`, `handle`; null for a move.
    clock: str | None
    ticket: NoticeTicket
    words: str | None
    #: The deadline that it is about.
    about: str | None
    made_at: str
    seen_at: str | None


async def unit_of(session: AsyncSession, user: Identity) -> int | None:
    """Return the row of the member unit 成员单位 that `user` works for, or None."""
    if user.unit is None:
        return None
    found: int | None = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == user.unit))
    return found


def addressed_to(user: Identity, unit_id: int | None) -> ColumnElement[bool]:
    """Return the condition that a notice is for `user`: their unit's, their own, or all supervisors'."""
    if user.role == "unit":
        return and_(TicketNotice.audience == "unit", TicketNotice.unit_id == unit_id) if unit_id else false()
    own = and_(TicketNotice.audience == "agent", TicketNotice.who == user.login)
    return or_(own, TicketNotice.audience == "supervisor") if user.has("notices.see_shift") else own


async def notices(
    session: AsyncSession, user: Identity, now: datetime, *, seen: bool | None = None, limit: int = 100
) -> list[Row]:
    """Return the notices for `user` of the last 30 days, newest first; `seen` leaves out the others."""
    unit_id = await unit_of(session, user)
    query: Any = (
        select(TicketNotice, Ticket, TicketClock.name)
        .join(Ticket, Ticket.id == TicketNotice.ticket_id)
        .outerjoin(TicketClock, TicketClock.id == TicketNotice.clock_id)
        .where(addressed_to(user, unit_id), TicketNotice.made_at >= now - FRESH)
        .order_by(TicketNotice.made_at.desc(), TicketNotice.id.desc())
        .limit(limit)
    )
    if seen is not None:
        query = query.where(TicketNotice.seen_at.is_not(None) if seen else TicketNotice.seen_at.is_(None))
    return [_row(notice, ticket, clock, unit_id) for notice, ticket, clock in await session.execute(query)]


async def see(session: AsyncSession, user: Identity, ids: Collection[int], now: datetime) -> int:
    """Note that `user` has seen the notices `ids`; others' are left alone. Returns how many are theirs."""
    mine = and_(TicketNotice.id.in_(ids), addressed_to(user, await unit_of(session, user)))
    found = len((await session.scalars(select(TicketNotice.id).where(mine))).all())
    await session.execute(update(TicketNotice).where(mine, TicketNotice.seen_at.is_(None)).values(seen_at=now))
    return found


async def unseen(session: AsyncSession, now: datetime) -> dict[str, Any]:
    """Return how many fresh notices nobody has seen: all supervisors', and each agent's by login."""
    query = (
        select(TicketNotice.audience, TicketNotice.who, func.count())
        .where(
            TicketNotice.audience.in_(("agent", "supervisor")),
            TicketNotice.seen_at.is_(None),
            TicketNotice.made_at >= now - FRESH,
        )
        .group_by(TicketNotice.audience, TicketNotice.who)
    )
    counts: dict[str, Any] = {"supervisor": 0, "people": {}}
    for audience, who, count in await session.execute(query):
        if audience == "supervisor":
            counts["supervisor"] += count
        elif who:
            counts["people"][who] = count
    return counts


def _row(notice: TicketNotice, ticket: Ticket, clock: str | None, unit_id: int | None) -> Row:
    hidden = ticket.confidential and notice.audience == "unit" and ticket.unit_id != unit_id
    return {
        "id": notice.id,
        "kind": notice.kind,
        "label": MOVES[notice.kind].label if notice.kind in MOVES else None,
        "audience": notice.audience,
        "clock": clock,
        "ticket": {"number": ticket.number, "title": None if hidden else ticket.title, "state": ticket.state},
        "words": notice.words,
        "about": iso(notice.about),
        "made_at": iso(notice.made_at),
        "seen_at": iso(notice.seen_at),
    }
