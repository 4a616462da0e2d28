"""Handling time: worked out when a request is submitted, and later for what needed a year that nobody knew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.flows.time.handling_time import HandlingTime
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.tables import Category, Ticket

#: A Friday, 17:00 in Shanghai: half an hour before the close.
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AGENT = Doer("li", "agent")


@pytest.fixture
def calendar(tmp_path: Path) -> KeptCalendar:
    return KeptCalendar(Settings(data=tmp_path))


async def opened(database: Database, number: str, **more: object) -> None:
    async with database.begin() as session:
        category = await session.scalar(select(Category)) or Category(
            code="c", version=1, name="路灯", rank=0, since=FRIDAY
        )
        session.add(category)
        await session.flush()
        fields: dict[str, object] = {
            "node": "node1",
            "number": number,
            "kind": "help",
            "state": "accepted",
            "caller": "",
            "title": "路灯不亮",
            "description": "路灯不亮",
            "category_id": category.id,
            "opened_at": FRIDAY,
            "work_started_at": FRIDAY,
            "redone": 0,
            "extended": 0,
        }
        session.add(Ticket(**(fields | more)))


async def seconds(database: Database, number: str) -> int | None:
    async with database.read() as session:
        return await session.scalar(select(Ticket.handled_seconds).where(Ticket.number == number))  # type: ignore[no-any-return]


@pytest.fixture
def mover(database: Database, calendar: KeptCalendar, tmp_path: Path) -> Mover:
    return Mover(Settings(data=tmp_path), calendar, [HandlingTime(database, calendar).heard])


async def test_only_working_time_counts_and_the_first_submission_ends_it(database: Database, mover: Mover) -> None:
    await opened(database, "20261120000011")
    # Monday, 09:00: half an hour of Friday and half an hour of Monday.
    submitted = FRIDAY + timedelta(days=2, hours=16)
    async with database.begin() as session:
        await mover.move(session, "20261120000011", "submit", AGENT, Order(), now=submitted)
    assert await seconds(database, "20261120000011") == 3600
    boss = Doer("boss", "supervisor")
    async with database.begin() as session:
        await mover.move(session, "20261120000011", "send_back", boss, Order(words="补充"), now=submitted)
        await mover.move(session, "20261120000011", "submit", AGENT, Order(), now=submitted + timedelta(hours=2))
    assert await seconds(database, "20261120000011") == 3600


async def test_what_was_answered_on_the_call_ends_there(database: Database, mover: Mover) -> None:
    await opened(database, "20261120000022")
    async with database.begin() as session:
        order = Order(answer="已答复")
        await mover.move(session, "20261120000022", "answer", AGENT, order, now=FRIDAY + timedelta(minutes=4))
    assert await seconds(database, "20261120000022") == 240


async def test_what_needs_an_unknown_year_waits_until_it_is_known(database: Database, calendar: KeptCalendar) -> None:
    known = calendar()
    short = WorkCalendar({day: worked for day, worked in known.days.items() if day.year < 2026}, known.zone)
    await opened(database, "20261120000033", state="reviewing", submitted_at=FRIDAY + timedelta(minutes=10))
    await opened(database, "20261120000044", kind="missed_call")
    assert await HandlingTime(database, lambda: short).work_out() == 0
    assert await seconds(database, "20261120000033") is None
    assert await HandlingTime(database, calendar).work_out() == 1
    assert await seconds(database, "20261120000033") == 600
    assert await HandlingTime(database, calendar).work_out() == 0
