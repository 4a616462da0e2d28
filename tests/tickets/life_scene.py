"""Requests that really live: a database with units and categories, the mover, and people to move them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callcenter.panel.sessions import Identity
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.flows.moving import opening
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover, Subscriber
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.decisions import CITIZEN, CITY, SYSTEM, Doer
from callcenter.tickets.tables import (
    Category,
    MemberUnit,
    Place,
    Ticket,
    TicketClock,
    TicketEntry,
    TicketNotice,
    TicketUnit,
)

#: A Monday morning on the floor's clock.
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CALENDAR = WorkCalendar(published(), ZoneInfo("Asia/Shanghai"))
UNITS = ("housing", "roads", "water")

AGENT = Identity("li", "李敏", "agent", agent="1001")
OTHER = Identity("wang", "王芳", "agent", agent="1002")
BOSS = Identity("boss", "班长", "supervisor")
UNIT_PEOPLE = {code: Identity(f"{code}-desk", code, "unit", unit=code) for code in UNITS}


@dataclass
class Life:
    """Tickets on one database."""

    database: Database
    mover: Mover
    units: dict[str, int] = field(default_factory=dict)
    heard: list[TicketMoved] = field(default_factory=list)
    now: datetime = MONDAY

    def doer(self, who: str) -> Doer:
        """`li`, `boss`, a unit's code, `citizen`, `city` or `system`."""
        if who in self.units:
            return Doer(f"{who}-desk", "unit", self.units[who], who)
        known = {"citizen": CITIZEN, "city": CITY, "system": SYSTEM, "boss": Doer("boss", "supervisor")}
        return known.get(who) or Doer(who, "agent")

    async def open(self, who: str = "li", **fields: Any) -> str:  # noqa: ANN401  # of New
        wanted = {
            "request_id": str(uuid.uuid4()),
            "kind": "complaint",
            "title": "路灯不亮",
            "description": "小区门口的路灯三天不亮。",
            "category": "roads.lamp",
            "caller": "13800000001",
        }
        async with self.database.begin() as session:
            new = New(**(wanted | fields))
            return (await opening.open_ticket(session, self.mover, new, self.doer(who), now=self.now)).number

    async def move(self, number: str, move: str, who: str, **order: Any) -> TicketMoved | None:  # noqa: ANN401  # of Order
        async with self.database.begin() as session:
            return await self.mover.move(session, number, move, self.doer(who), Order(**order), now=self.now)

    async def go(self, number: str, *steps: tuple[str, str] | tuple[str, str, dict[str, Any]]) -> None:
        """Make several moves: (move, who, order)."""
        for move, who, *order in steps:
            await self.move(number, move, who, **(order[0] if order else {}))

    async def ticket(self, number: str) -> Ticket:
        async with self.database.read() as session:
            return (await session.scalars(select(Ticket).where(Ticket.number == number))).one()

    async def rows(self, table: Any, number: str) -> Sequence[Any]:  # noqa: ANN401  # a table
        async with self.database.read() as session:
            its = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
            return (await session.scalars(select(table).where(table.ticket_id == its).order_by(table.id))).all()

    async def entries(self, number: str) -> Sequence[TicketEntry]:
        return await self.rows(TicketEntry, number)

    async def clocks(self, number: str) -> Sequence[TicketClock]:
        return await self.rows(TicketClock, number)

    async def notices(self, number: str) -> Sequence[TicketNotice]:
        return await self.rows(TicketNotice, number)

    async def parts(self, number: str) -> Sequence[TicketUnit]:
        return await self.rows(TicketUnit, number)


#: From the desk to the unit that has signed for it.
TO_REVIEW = (("submit", "li"),)
TO_UNIT = (*TO_REVIEW, ("dispatch", "boss", {"unit": "roads"}))
TO_HANDLING = (*TO_UNIT, ("sign", "roads"))
TO_FOLLOW_UP = (*TO_HANDLING, ("reply", "roads", {"words": "已更换灯泡。"}), ("approve_reply", "boss"))
TO_CLOSED = (*TO_FOLLOW_UP, ("follow_up", "li", {"satisfaction": "satisfied"}), ("close", "boss"))


async def living(database: Database, folder: Path, subscribers: Sequence[Subscriber] = ()) -> Life:
    """Return tickets on `database`, with three units, a small tree of categories and a place."""
    settings = Settings(data=folder / "var")
    life = Life(database, Mover(settings, lambda: CALENDAR, subscribers))

    async def hear(_session: Any, event: TicketMoved) -> None:  # noqa: ANN401  # a session
        life.heard.append(event)

    life.mover.subscribers.append(hear)
    async with database.begin() as session:
        units = [MemberUnit(code=code, name=f"{code}局", terms={}, active=True) for code in UNITS]
        session.add_all([*units, MemberUnit(code="gone", name="已撤销单位", terms={}, active=False)])
        await session.flush()
        life.units = {unit.code: unit.id for unit in units}
        common = {"version": 1, "rank": 0, "since": MONDAY.replace(year=2020), "until": None}
        session.add_all(
            [
                Category(code="roads", name="道路", parent=None, unit_id=None, **common),
                Category(code="roads.lamp", name="路灯", parent="roads", unit_id=life.units["roads"], **common),
                Category(code="water", name="供水", parent=None, unit_id=None, **common),
                Place(code="east", name="东城街道", parent=None, active=True),
            ]
        )
    return life
