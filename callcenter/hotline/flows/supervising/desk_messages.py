"""The line between supervisors and desks 座席消息: short texts, kept, with marks for what nobody has read yet.

A thread belongs to an agent; every supervisor reads all of them and writes as themselves. What a supervisor did to an
agent's state stands in it too, as a message with the `deed`, which the agent acknowledges.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.tables import DeskMessage
from callcenter.hotline.wallboard import iso
from callcenter.panel.sessions import Identity

Row = dict[str, Any]
#: Characters of a message.
LONGEST = 500
#: Characters that turn the direction of what follows; no text holds them, nor control characters but the line break.
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def harmless(text: str) -> str:
    """Return `text` without what no keyboard types."""
    typed = (sign for sign in text if sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs", "Co"})
    return "".join(sign for sign in typed if sign not in _DIRECTIONS).strip()[:LONGEST]


def cleaned(text: str) -> str:
    """Return `text` as it is kept. Raises Refused when nothing is left of it."""
    kept = harmless(text)
    if not kept:
        raise Refused(N_("there is nothing to say"))
    return kept


def write(
    session: AsyncSession,
    node: str,
    at: datetime,
    *,
    agent: str,
    seat: str | None,
    by: Identity,
    to_desk: bool,
    text: str,
    deed: str | None = None,
) -> DeskMessage:
    """Add a message to the thread of `agent`; it has its id once the session is flushed."""
    message = DeskMessage(
        node=node, at=at, agent=agent, seat=seat, by=by.login, by_name=by.name, to_desk=to_desk, text=text, deed=deed
    )
    session.add(message)
    return message


async def thread(session: AsyncSession, agent: str, *, before: int | None = None, limit: int = 50) -> list[Row]:
    """Return the newest messages of an agent's thread, or those before message `before`, in their order."""
    query = select(DeskMessage).where(DeskMessage.agent == agent).order_by(DeskMessage.id.desc()).limit(limit)
    if before is not None:
        query = query.where(DeskMessage.id < before)
    return [row_of(message) for message in reversed((await session.scalars(query)).all())]


async def unread(session: AsyncSession) -> dict[str, int]:
    """Return how many messages of each agent no supervisor has read."""
    query = (
        select(DeskMessage.agent, func.count())
        .where(DeskMessage.to_desk.is_(False), DeskMessage.read_at.is_(None))
        .group_by(DeskMessage.agent)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def mark_read(
    session: AsyncSession, agent: str, *, to_desk: bool, until: int, by: str, at: datetime, deeds: bool
) -> Sequence[int]:
    """Mark what came before `until`, and it, as read by whom it is for; returns the messages that were not.

    `deeds`: what was done to an agent's state counts too, which the agent acknowledges and does not only see.
    """
    query = select(DeskMessage.id).where(
        DeskMessage.agent == agent,
        DeskMessage.to_desk.is_(to_desk),
        DeskMessage.read_at.is_(None),
        DeskMessage.id <= until,
    )
    if not deeds:
        query = query.where(DeskMessage.deed.is_(None))
    ids = (await session.scalars(query)).all()
    if ids:
        await session.execute(update(DeskMessage).where(DeskMessage.id.in_(ids)).values(read_at=at, read_by=by))
    return ids


def row_of(message: DeskMessage) -> Row:
    """Return a message as the API and the live stream tell it."""
    return {
        "id": message.id,
        "at": iso(message.at),
        "agent": message.agent,
        "seat": message.seat,
        "by": message.by,
        "by_name": message.by_name,
        "to_desk": message.to_desk,
        "text": message.text,
        "deed": message.deed,
        "read_at": iso(message.read_at),
    }


def concerns(agent: str) -> Callable[[Any], bool]:
    """Return whether somebody is a party to the thread of `agent`: the agent, and every supervisor."""
    return lambda who: (
        isinstance(who, Identity) and who.has("chat.write") and (who.agent == agent or who.has("floor.supervise"))
    )


def supervises(who: Any) -> bool:  # noqa: ANN401  # whoever reads the stream
    """Whether somebody steers the floor."""
    return isinstance(who, Identity) and who.has("floor.supervise")
