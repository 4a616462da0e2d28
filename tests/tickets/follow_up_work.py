"""A ticket whose reply is about to be approved, and what moves it: the real mover on a real database."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules.floor import empty
from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.settings.requests import FollowUps as Wanted
from callcenter.settings.sections import Trunk
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.follow_ups.desk import FollowUpDesk
from callcenter.tickets.flows.follow_ups.errand import FollowUpErrand
from callcenter.tickets.flows.follow_ups.links import FollowUpLinks
from callcenter.tickets.flows.follow_ups.merged import MergedFollowUps
from callcenter.tickets.flows.follow_ups.visits import FollowUps, policy_of
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.moving.numbers import next_numbers
from callcenter.tickets.flows.time import calendar
from callcenter.tickets.messages import FileMessenger
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, MemberUnit, Ticket, TicketUnit

#: Ten in the morning in Shanghai.
T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "13800000001"
BOSS = Doer("boss", "supervisor")
AGENT = Doer("li", "agent")


def at(hours: float) -> datetime:
    """Return a moment so many hours after T0."""
    return T0 + timedelta(hours=hours)


class Work:
    """The parts that follow-ups need, wired as in the application."""

    def __init__(self, database: Database, folder: Path, **wanted: Any) -> None:  # noqa: ANN401  # settings
        self.database = database
        self.folder = folder / "messages"
        self.settings = Settings(
            data=folder / "var",
            trunks=(Trunk(name="carrier", host="127.0.0.1"),),
            follow_ups=Wanted(**wanted),
        )
        live = LiveState()
        keeper = FloorKeeper(
            empty(self.settings.seats.numbers, timedelta(0)),
            queue="hotline",
            clock=clock.now,
            on_change=lambda *_: None,
        )
        self.policy = policy_of(self.settings)
        self.errand = FollowUpErrand("node1", self.policy, self.settings.follow_ups.mode)
        dialler = Dialler(database, keeper, self.settings, live, Alarms(live), lambda: True, lesser=[self.errand])
        self.follow_ups = FollowUps("node1", self.policy)
        heard = [self.follow_ups.heard, MergedFollowUps(self.follow_ups).heard]
        self.mover = Mover(self.settings, calendar.KeptCalendar(self.settings), heard)
        self.desk = FollowUpDesk(database, dialler, self.mover, self.follow_ups)
        self.links = FollowUpLinks(database, self.desk, "https://rate.example", FileMessenger(self.folder))

    async def answered(self, **fields: Any) -> str:  # noqa: ANN401  # columns
        """Store a ticket whose unit has replied, and return its number."""
        async with self.database.begin() as session:
            unit = (await session.scalars(select(MemberUnit).where(MemberUnit.code == "water"))).first()
            if unit is None:
                unit = MemberUnit(code="water", name="水务局", terms={}, active=True)
                session.add(unit)
                await session.flush()
            (number,) = await next_numbers(session, date(2026, 11, 23), 1)
            wanted = {
                "node": "node1",
                "number": number,
                "kind": "complaint",
                "state": "replied",
                "caller": NUMBER,
                "title": "停水",
                "description": "停水三天",
                "unit_id": unit.id,
                "opened_at": T0,
                "answer": "已修复",
            }
            ticket = Ticket(**wanted | fields)
            session.add(ticket)
            await session.flush()
            session.add(TicketUnit(ticket_id=ticket.id, unit_id=unit.id, part="lead", since=T0))
        return number

    async def move(self, number: str, move: str, doer: Doer = BOSS, when: datetime = T0, **order: Any) -> None:  # noqa: ANN401
        """Make a move."""
        async with self.database.begin() as session:
            await self.mover.move(session, number, move, doer, Order(**order), now=when)

    async def to_follow_up(self, when: datetime = T0, **fields: Any) -> tuple[str, int]:  # noqa: ANN401  # columns
        """Store a ticket whose reply is approved; return its number and its follow-up's id."""
        number = await self.answered(**fields)
        await self.move(number, "approve_reply", when=when, answer="已修复")
        return number, (await self.all_of(number))[-1].id

    async def unit(self) -> Doer:
        """Return somebody of the unit that replies."""
        async with self.database.read() as session:
            unit = (await session.scalars(select(MemberUnit).where(MemberUnit.code == "water"))).one()
        return Doer("water-desk", "unit", unit.id, "water")

    async def ticket(self, number: str) -> Ticket:
        """Return a ticket as it is."""
        async with self.database.read() as session:
            return (await session.scalars(select(Ticket).where(Ticket.number == number))).one()

    async def all_of(self, number: str) -> list[FollowUp]:
        """Return the follow-ups of a ticket, the oldest first."""
        async with self.database.read() as session:
            query = select(FollowUp).join(Ticket, Ticket.id == FollowUp.ticket_id).where(Ticket.number == number)
            return list(await session.scalars(query.order_by(FollowUp.id)))

    async def tries_of(self, follow_up: int) -> list[FollowUpAttempt]:
        """Return the attempts of a follow-up."""
        async with self.database.read() as session:
            query = select(FollowUpAttempt).where(FollowUpAttempt.follow_up_id == follow_up)
            return list(await session.scalars(query.order_by(FollowUpAttempt.id)))
