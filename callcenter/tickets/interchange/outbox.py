"""What the city is told: written in the transaction of the move, read by the sender, listed for supervisors."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row, iso
from callcenter.settings.requests import Interchange
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.interchange.messages import FromUs
from callcenter.tickets.tables import Category, CityOutbox, MemberUnit, Place, Ticket

#: Moves of a city-level ticket that the city is told of.
TOLD = frozenset(
    {"open", "dispatch", "redispatch", "sign", "reply", "approve_reply", "reject_reply", "return", "uphold_return"}
    | {"ask_extension", "grant_extension", "follow_up", "follow_up_unreached", "redo", "close", "reopen", "refuse"}
    | {"merge", "unmerge", "comment"}
)
_ERROR = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that is due."""

    id: int
    message_id: str
    ticket_id: int
    body: str
    attempts: int


@dataclass(frozen=True)
class Outbox:
    """Puts messages into the outbox; subscribe `hears` to the mover."""

    wanted: Interchange
    node: str

    async def hears(self, session: AsyncSession, event: TicketMoved) -> None:
        """Write the message that a move calls for, if any."""
        if not self.wanted.url:
            return
        if event.move == "to_city":
            kind = "ticket"
        elif event.move in TOLD and event.role != "city":
            kind = "progress"
        else:
            return
        ticket = await session.get_one(Ticket, event.ticket_id)
        if kind == "progress" and ticket.source != "city":
            return
        message = await _message(session, ticket, event, kind)
        session.add(
            CityOutbox(
                node=self.node,
                message_id=message.message_id,
                ticket_id=ticket.id,
                kind=kind,
                body=message.model_dump_json(exclude_none=True),
                made_at=event.at,
                next_at=event.at,
            )
        )


async def due(session: AsyncSession, now: datetime, limit: int) -> list[Letter]:
    """Return what is to be sent now: of each ticket the oldest that is open, so that they arrive in order."""
    first = select(func.min(CityOutbox.id)).where(_open()).group_by(CityOutbox.ticket_id)
    query = (
        select(CityOutbox.id, CityOutbox.message_id, CityOutbox.ticket_id, CityOutbox.body, CityOutbox.attempts)
        .where(CityOutbox.id.in_(first), CityOutbox.next_at <= now, CityOutbox.refused.is_(False))
        .order_by(CityOutbox.next_at)
        .limit(limit)
    )
    return [Letter(*row) for row in await session.execute(query)]


async def confirmed(session: AsyncSession, letter: Letter, city_number: str | None, now: datetime) -> None:
    """They have it; a ticket that was handed up has their number from now on."""
    await session.execute(
        update(CityOutbox)
        .where(CityOutbox.id == letter.id, CityOutbox.sent_at.is_(None))
        .values(sent_at=now, attempts=letter.attempts + 1, error=None)
    )
    if city_number:
        await session.execute(
            update(Ticket)
            .where(Ticket.id == letter.ticket_id, Ticket.city_number.is_(None))
            .values(city_number=city_number)
        )


async def failed(
    session: AsyncSession, letter: Letter, error: str, wait: timedelta, now: datetime, *, refused: bool
) -> None:
    """Note why it was not confirmed, and when it is tried again."""
    await session.execute(
        update(CityOutbox)
        .where(CityOutbox.id == letter.id, CityOutbox.sent_at.is_(None))
        .values(attempts=letter.attempts + 1, error=error[:_ERROR], next_at=now + wait, refused=refused)
    )


async def count_stuck(session: AsyncSession, after: int) -> int:
    """Return how many messages need a person."""
    return await session.scalar(select(func.count()).select_from(CityOutbox).where(_stuck(after))) or 0


async def listing(session: AsyncSession, after: int, *, which: str, limit: int) -> list[Row]:
    """Return messages of ours, newest first: `stuck`, `open`, or all of them (`all`)."""
    query = (
        select(CityOutbox, Ticket.number, Ticket.title, Ticket.confidential)
        .join(Ticket, Ticket.id == CityOutbox.ticket_id)
        .order_by(CityOutbox.id.desc())
        .limit(limit)
    )
    if which != "all":
        query = query.where(_stuck(after) if which == "stuck" else _open())
    return [
        _row(letter, number, "" if confidential else title, after)
        for letter, number, title, confidential in await session.execute(query)
    ]


async def retry(session: AsyncSession, id_: int, now: datetime) -> None:
    """Send a message again now. Raises LookupError when it is not open."""
    values = {"next_at": now, "refused": False}
    await _change(session, id_, values)


async def give_up(session: AsyncSession, id_: int, who: str, reason: str, now: datetime) -> None:
    """Send a message never again; those behind it go on. Raises LookupError when it is not open."""
    await _change(session, id_, {"given_up_at": now, "given_up_by": who, "reason": reason})


async def _change(session: AsyncSession, id_: int, values: dict[str, Any]) -> None:
    found: Sequence[Any] = (
        await session.execute(
            update(CityOutbox).where(CityOutbox.id == id_, _open()).values(values).returning(CityOutbox.id)
        )
    ).all()
    if not found:
        raise LookupError(id_)


def _open() -> ColumnElement[bool]:
    return and_(CityOutbox.sent_at.is_(None), CityOutbox.given_up_at.is_(None))


def _stuck(after: int) -> ColumnElement[bool]:
    return and_(_open(), or_(CityOutbox.attempts >= after, CityOutbox.refused))


def _row(letter: CityOutbox, number: str, title: str, after: int) -> Row:
    is_open = letter.sent_at is None and letter.given_up_at is None
    return {
        "id": letter.id,
        "message_id": letter.message_id,
        "kind": letter.kind,
        "number": number,
        "title": title,
        "made_at": iso(letter.made_at),
        "next_at": iso(letter.next_at) if is_open and not letter.refused else None,
        "attempts": letter.attempts,
        "error": letter.error,
        "refused": letter.refused,
        "stuck": is_open and (letter.refused or letter.attempts >= after),
        "sent_at": iso(letter.sent_at),
        "given_up_at": iso(letter.given_up_at),
        "given_up_by": letter.given_up_by,
        "reason": letter.reason,
    }


async def _message(session: AsyncSession, ticket: Ticket, event: TicketMoved, kind: str) -> FromUs:
    message = FromUs(
        message_id=str(uuid.uuid4()),
        kind="ticket" if kind == "ticket" else "progress",
        number=ticket.number,
        city_number=ticket.city_number,
        at=event.at.isoformat(),
    )
    if kind == "ticket":
        category = await session.get(Category, ticket.category_id) if ticket.category_id else None
        place = await session.get(Place, ticket.place_id) if ticket.place_id else None
        message.ticket = {
            "kind": ticket.kind,
            "title": ticket.title,
            "description": ticket.description,
            "urgency": ticket.urgency,
            "category": category.name if category else None,
            "place": place.name if place else None,
            "address": ticket.address,
            "caller": None if ticket.anonymous else ticket.caller,
            "contact_name": None if ticket.anonymous else ticket.contact_name,
            "contact_phone": None if ticket.anonymous else ticket.contact_phone,
            "anonymous": ticket.anonymous,
            "confidential": ticket.confidential,
        }
        message.words = event.words
        return message
    unit = await session.get(MemberUnit, ticket.unit_id) if ticket.unit_id else None
    message.state, message.move, message.words = event.to_state, event.move, event.words
    message.unit = unit.name if unit else None
    if event.to_state in {"follow_up", "to_close", "closed"}:
        message.answer, message.satisfaction = ticket.answer, ticket.satisfaction
    elif event.move == "follow_up":  # of one that was merged here
        message.satisfaction = ticket.satisfaction
    return message
