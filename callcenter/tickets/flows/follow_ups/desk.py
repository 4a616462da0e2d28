"""Follow-up work 回访 as panel and link ask for it: what the citizen said moves the ticket, in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.listings import Row
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.panel import audit
from callcenter.panel.sessions import Actor, Identity
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets import follow_up_listings as listings
from callcenter.tickets.flows import access
from callcenter.tickets.flows.follow_ups.visits import FollowUps, NoSuchFollowUp
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import MovedMeanwhile, Mover, NoSuchTicket
from callcenter.tickets.rules import follow_ups as rules
from callcenter.tickets.rules.decisions import SYSTEM, Doer
from callcenter.tickets.rules.follow_ups import OPEN, Result
from callcenter.tickets.rules.refusals import Refused as MoveRefused
from callcenter.tickets.rules.words import SATISFACTIONS, Satisfaction
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, Ticket

_log = structlog.get_logger()
#: Tickets that one sweep moves on.
_SOME = 100


@dataclass(frozen=True, slots=True)
class Noted:
    """What an agent notes of a talk."""

    result: Result
    words: str = ""


@dataclass(frozen=True)
class FollowUpDesk:
    """What people do with follow-ups; every method for people returns the follow-up as listed afterwards.

    Raises NoSuchFollowUp, `hotline.rules.agents.Refused` for what is not possible now, and what the mover raises.
    """

    database: Database
    dialler: Dialler
    mover: Mover
    follow_ups: FollowUps

    async def dial(self, identity: Identity, actor: Actor, follow_up: int, agent: str) -> Row:
        """Ring `agent`, and then the citizen, now."""
        async with self.database.read() as session:
            await self._seen(session, identity, follow_up)
        attempt = await self.dialler.dial(follow_up, agent, "follow-up")

        async def begun(_session: AsyncSession, _now: datetime) -> None:
            """It is on disk already."""

        return await self._do(identity, actor, follow_up, "follow_up_dialled", begun, attempt=attempt, agent=agent)

    async def note(self, identity: Identity, actor: Actor, follow_up: int, noted: Noted) -> Row:
        """Note what the citizen said, or that they did not say it; for the agent who spoke, or a supervisor."""

        async def deed(session: AsyncSession, now: datetime) -> None:
            owed = await self._seen(session, identity, follow_up)
            attempt = await _last_attempt(session, follow_up)
            picked_up = attempt is not None and attempt.result == "answered"
            mine = picked_up and attempt is not None and attempt.agent == identity.agent
            if not mine and not identity.has("follow_ups.manage"):
                raise Refused(N_("nobody has picked up a call of yours yet; look again when they have"))
            doer = await access.doer_of(session, identity)
            if noted.result in SATISFACTIONS:
                await self.said(session, owed, doer, noted.result, noted.words, now)  # type: ignore[arg-type]
            else:
                await self._in_vain(session, follow_up, noted, now)

        return await self._do(identity, actor, follow_up, "follow_up_result_noted", deed, result=noted.result)

    async def said(  # noqa: PLR0917  # what whom about what
        self, session: AsyncSession, owed: FollowUp, doer: Doer, said: Satisfaction, words: str, now: datetime
    ) -> None:
        """Let the ticket go on as the citizen's word wants it: the subscriber closes the follow-up with the move.

        Where an unhappy citizen's ticket has been redone as often as it may, their word is kept for a supervisor.
        """
        ticket = await session.get_one(Ticket, owed.ticket_id)
        name = f"follow-up-{owed.id}"
        if ticket.state == "merged":
            if said == "unhappy" and not doer.supervises:  # each such word is kept, until a supervisor decides
                last = None if doer.role == "citizen" else await _last_attempt(session, owed.id)
                name = f"{name}-unhappy-{last.id if last else 0}"
            order = Order(request_id=name, words=words or None, satisfaction=said)
            await self.mover.move(session, ticket.number, "follow_up", doer, order, now=now)
            return
        exhausted = said == "unhappy" and ticket.redone >= self.mover.limits.most_redos
        if exhausted and not doer.supervises:
            order = Order(request_id=f"{name}-unhappy", words=words or SATISFACTIONS[said])
            await self.mover.move(session, ticket.number, "comment", doer, order, now=now)
            row = await session.get_one(FollowUp, owed.id, with_for_update=True, populate_existing=True)
            if row.state not in OPEN:
                raise Refused(N_("the follow-up is over already"))
            row.satisfaction, row.words, row.said_to, row.said_at = said, words, doer.who, now
            row.state, row.needs_supervisor = "answered", True
            return
        move = "follow_up" if exhausted else rules.move_for(said)
        order = Order(request_id=name, words=words or None, satisfaction=said)
        await self.mover.move(session, ticket.number, move, doer, order, now=now)

    async def give_up(self) -> int:
        """Move on the tickets whose citizen no attempt reached; returns how many. Safe to repeat, whatever dies."""
        unreached = exists().where(FollowUp.ticket_id == Ticket.id, FollowUp.state == "unreached")
        still_owed = exists().where(FollowUp.ticket_id == Ticket.id, FollowUp.state.in_(OPEN))
        query = select(Ticket.number).where(Ticket.state == "follow_up", unreached, ~still_owed).limit(_SOME)
        async with self.database.read() as session:
            numbers = list(await session.scalars(query))
        for number in numbers:
            try:
                async with self.database.begin() as session:
                    await self.mover.move(session, number, "follow_up_unreached", SYSTEM, Order(), now=clock.now())
            except (MoveRefused, NoSuchTicket, MovedMeanwhile) as error:
                _log.warning("follow_up_not_given_up", ticket=number, reason=str(error))
        return len(numbers)

    async def _in_vain(self, session: AsyncSession, follow_up: int, noted: Noted, now: datetime) -> None:
        owed = await session.get_one(FollowUp, follow_up, with_for_update=True, populate_existing=True)
        attempt = await _last_attempt(session, follow_up)
        if owed.state not in OPEN:
            raise Refused(N_("the follow-up is over already"))
        if attempt is None or attempt.result != "answered":
            raise Refused(N_("nobody has picked up yet; Asterisk itself tells how such a call ended"))
        attempt.result, attempt.note = noted.result, noted.words[:500] or None
        await session.flush()
        await self.follow_ups.in_vain(session, owed, noted.result, now)

    @staticmethod
    async def _seen(session: AsyncSession, identity: Identity, follow_up: int) -> FollowUp:
        owed = await session.get(FollowUp, follow_up)
        if owed is None or not await access.may_see(session, identity, owed.ticket_id):
            raise NoSuchFollowUp(follow_up)
        return owed

    async def _do(
        self,
        identity: Identity,
        actor: Actor,
        follow_up: int,
        what: str,
        deed: Callable[[AsyncSession, datetime], Awaitable[None]],
        **detail: object,
    ) -> Row:
        now = clock.now()
        async with self.database.begin() as session:
            await deed(session, now)
            audit.record(session, actor, what, at=now, target=f"follow-up {follow_up}", **detail)
            await session.flush()
            rows = await listings.follow_ups(session, identity, view="all", follow_up=follow_up, now=now)
        self.dialler.look()
        return rows[0]


async def _last_attempt(session: AsyncSession, follow_up: int) -> FollowUpAttempt | None:
    query = select(FollowUpAttempt).where(FollowUpAttempt.follow_up_id == follow_up)
    return (await session.scalars(query.order_by(FollowUpAttempt.id.desc()).limit(1))).first()
