"""Requests 工单 as the panel and other parts of the hotline ask for them: one transaction for each order."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Identity
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows import access
from callcenter.tickets.flows.moving import detail, opening
from callcenter.tickets.flows.moving.detail import Aside, Shown
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.decisions import Doer


@dataclass(frozen=True)
class TicketDesk:
    """What people do with tickets."""

    database: Database
    mover: Mover
    #: Member of the ticket as shown, such as `follow_up` -> who knows it.
    asides: dict[str, Aside] = field(default_factory=dict)

    async def open(self, new: New, doer: Doer) -> tuple[str, bool]:
        """Open a ticket and return its number, and whether it is new: the same form twice is one ticket.

        Raises Refused that names each faulty field.
        """
        try:
            async with self.database.begin() as session:
                if number := await opening.number_of_form(session, new.request_id):
                    return number, False
                ticket = await opening.open_ticket(session, self.mover, new, doer, now=clock.now())
        except IntegrityError:
            # The same form at the same moment: the other one was first.
            async with self.database.read() as session:
                if number := await opening.number_of_form(session, new.request_id):
                    return number, False
            raise
        return ticket.number, True

    async def move_as(self, number: str, move: str, identity: Identity, order: Order) -> Shown:
        """Make a move for somebody signed in, and return the ticket as it then is. Raises as `Mover.move` does."""

        async def sees(session: AsyncSession, ticket: int) -> bool:
            return await access.may_see(session, identity, ticket)

        async with self.database.begin() as session:
            doer = await access.doer_of(session, identity)
            await self.mover.move(session, number, move, doer, order, now=clock.now(), sees=sees)
            return await self.show_in(session, number, identity)

    async def show_in(self, session: AsyncSession, number: str, identity: Identity) -> Shown:
        """Return the ticket as `identity` may see it. Raises NoSuchTicket."""
        return await detail.show(
            session,
            identity,
            number,
            limits=self.mover.limits,
            countdown=self.countdown(clock.now()),
            asides=self.asides,
        )

    def countdown(self, now: datetime) -> Countdown:
        """Return what tells how much working time is left at `now`."""
        return Countdown(self.mover.calendar(), now, self.mover.warn_hours)
