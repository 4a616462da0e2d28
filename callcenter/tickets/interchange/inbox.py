"""A message of the city is carried out, once: in one transaction with the row that remembers it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving import opening
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.interchange.messages import CityTicket, FromCity, ToldCity
from callcenter.tickets.interchange.signing import SKEW
from callcenter.tickets.rules.decisions import CITY
from callcenter.tickets.rules.refusals import N_, Refused, faulty
from callcenter.tickets.rules.words import CLOSED_STATES, UNIT_STATES
from callcenter.tickets.tables import CityMessage, CityNonce, Ticket, TicketNotice

_UNKNOWN = N_("is the number of no ticket")


class Replayed(Exception):
    """The nonce of a message was used before."""


class NameTaken(Exception):
    """Another message has this `message_id`."""


@dataclass(frozen=True)
class Inbox:
    """Takes messages of the city platform."""

    database: Database
    mover: Mover

    async def first_time(self, nonce: str) -> None:
        """Remember a nonce, for as long as its message would be believed. Raises Replayed when it was used."""
        now = clock.now()
        try:
            async with self.database.begin() as session:
                await session.execute(delete(CityNonce).where(CityNonce.seen_at < now - timedelta(seconds=3 * SKEW)))
                await session.execute(insert(CityNonce).values(nonce=nonce, seen_at=now))
        except IntegrityError:
            raise Replayed(nonce) from None

    async def take(self, message: FromCity, body: bytes) -> ToldCity:
        """Carry a message out and return what is answered; the same message again gets the same answer.

        Raises NameTaken, and Refused that names each faulty field: nothing is remembered then.
        """
        digest = hashlib.sha256(body).hexdigest()
        try:
            async with self.database.begin() as session:
                if known := await _known(session, message.message_id, digest):
                    return known
                return await self._carry_out(session, message, digest, clock.now())
        except IntegrityError:
            # The same message, or the same city number, at the same moment: the other one was first.
            async with self.database.begin() as session:
                if known := await _known(session, message.message_id, digest):
                    return known
                return await self._carry_out(session, message, digest, clock.now())

    async def _carry_out(self, session: AsyncSession, message: FromCity, digest: str, now: datetime) -> ToldCity:
        ticket = await self._deed(session, message, now)
        answer = ToldCity(message_id=message.message_id, result="ok", number=ticket.number)
        session.add(
            CityMessage(
                node=self.mover.node,
                message_id=message.message_id,
                digest=digest,
                kind=message.kind,
                ticket_id=ticket.id,
                received_at=now,
                answer=answer.model_dump_json(),
            )
        )
        return answer

    async def _deed(self, session: AsyncSession, message: FromCity, now: datetime) -> Ticket:
        ticket = await _ticket(session, message)
        if message.kind == "ticket":
            assert message.ticket is not None  # noqa: S101  # the message's own check
            if ticket is None:
                return await self._open(session, message, message.ticket, now)
            # Known by its number: what they send anew is added to it, and opens no second one.
            order = Order(words=_told_anew(message.ticket), request_id=message.message_id)
            await self._add(session, ticket, "comment", order, now)
            return ticket
        if ticket is None:
            raise faulty(number=_UNKNOWN) if message.number else faulty(city_number=_UNKNOWN)
        if message.kind == "result":
            assert message.result is not None  # noqa: S101
            words = message.result.words
            done = message.result.outcome == "done"
            order = Order(answer=words if done else None, words=None if done else words, request_id=message.message_id)
            await self.mover.move(session, ticket.number, "from_city", CITY, order, now=now)
            if ticket.city_number is None:
                ticket.city_number = message.city_number
            return ticket
        move = "remind" if message.kind == "remind" and ticket.state in UNIT_STATES else "comment"
        words = ("市级平台撤回：" if message.kind == "withdraw" else "市级平台催办：") + (message.words or "")
        await self._add(session, ticket, move, Order(words=words[:5000], request_id=message.message_id), now)
        session.add(
            TicketNotice(
                ticket_id=ticket.id,
                kind=f"city_{message.kind}",
                audience="supervisor",
                words=words[:500],
                made_at=now,
            )
        )
        return ticket

    async def _open(self, session: AsyncSession, message: FromCity, wanted: CityTicket, now: datetime) -> Ticket:
        given = wanted.model_dump(exclude={"caller"})
        new = New(
            **given,
            caller=wanted.caller or "",
            source="city",
            request_id=f"city-{hashlib.sha256(message.city_number.encode()).hexdigest()[:40]}",
            city_number=message.city_number,
        )
        return await opening.open_ticket(session, self.mover, new, CITY, now=now)

    async def _add(self, session: AsyncSession, ticket: Ticket, move: str, order: Order, now: datetime) -> None:
        if ticket.state in CLOSED_STATES:
            raise Refused(N_("The ticket is over; send a new one."))
        await self.mover.move(session, ticket.number, move, CITY, order, now=now)


async def _known(session: AsyncSession, message_id: str, digest: str) -> ToldCity | None:
    found = await session.get(CityMessage, message_id)
    if found is None:
        return None
    if found.digest != digest:
        raise NameTaken(message_id)
    return ToldCity.model_validate_json(found.answer)


async def _ticket(session: AsyncSession, message: FromCity) -> Ticket | None:
    query = select(Ticket).where(Ticket.city_number == message.city_number)
    if message.number:
        query = select(Ticket).where(Ticket.number == message.number)
    found: Ticket | None = await session.scalar(query)
    if found is not None and message.number and found.city_number not in {None, message.city_number}:
        raise faulty(city_number=N_("is not the number of this ticket"))
    return found


def _told_anew(ticket: CityTicket) -> str:
    return f"市级平台再次转来：{ticket.title}\n{ticket.description}"[:5000]
