"""Ticket numbers that nobody else gets, and what a citizen who asks by key is told."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from callcenter.storage.engine import Database
from callcenter.tickets import listings
from callcenter.tickets.flows.citizens import self_service
from callcenter.tickets.flows.moving import numbers as flows
from callcenter.tickets.rules import missed as rules
from callcenter.tickets.rules.numbers import number
from callcenter.tickets.tables import Ticket

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


async def test_fifty_at_once_get_fifty_numbers_without_a_gap(database: Database) -> None:
    async def one() -> list[str]:
        async with database.begin() as session:
            return await flows.next_numbers(session, DAY, 1)

    numbers = [number for numbers in await asyncio.gather(*(one() for _ in range(50))) for number in numbers]
    assert sorted(numbers) == [number(DAY, place) for place in range(1, 51)]
    async with database.begin() as session:
        assert await flows.next_numbers(session, DAY, 2) == [number(DAY, 51), number(DAY, 52)]
        assert await flows.next_numbers(session, date(2026, 11, 24), 1) == [number(date(2026, 11, 24), 1)]


@pytest.mark.parametrize(("state", "word"), [("accepted", "accepted"), ("closed", "closed"), (None, "none")])
async def test_a_caller_hears_how_far_their_newest_request_is(database: Database, state: str | None, word: str) -> None:
    async with database.begin() as session:
        for number, kind, its_state in (
            ("1", "help", "closed"),
            ("2", "help", state),
            ("3", "missed_call", "accepted"),
        ):
            if its_state and state:
                session.add(
                    Ticket(
                        node="node1",
                        number=number,
                        kind=kind,
                        state=its_state,
                        caller="138",
                        title="t",
                        description="d",
                        opened_at=NOW.replace(minute=int(number)),
                    )
                )
    told = [(await self_service.tell(database, caller, ""))["HOTLINE_TICKET"] for caller in ("138", "")]
    assert told == [word, "none"]
    async with database.read() as session:
        for row in await listings.tickets(session, caller="138", day=DAY):
            listings.TicketRow.model_validate(row, strict=True)


def test_a_missed_calls_ticket_says_why() -> None:
    draft = rules.for_missed_call("138", "overflowed", NOW, NOW)
    assert "排队人数已满" in draft.description
    withheld = rules.for_missed_call("", "abandoned_queue", NOW, None)
    assert "号码隐藏" in withheld.title
    assert withheld.due_at is not None


def test_a_ticket_names_the_number_that_the_citizen_keyed() -> None:
    draft = rules.for_missed_call("13800000001", "overflowed", NOW, NOW, "62345678")
    assert (draft.caller, "62345678" in draft.description) == ("13800000001", True)
    assert "按键" not in rules.for_missed_call("13800000001", "overflowed", NOW, NOW, "13800000001").description


async def test_a_caller_is_known_however_the_network_spells_them(database: Database) -> None:
    async with database.begin() as session:
        session.add(
            Ticket(
                node="node1",
                number="1",
                kind="help",
                state="closed",
                caller="13800000001",
                title="t",
                description="d",
                opened_at=NOW,
            )
        )
    for spelling in ("13800000001", "+8613800000001", "013800000001"):
        assert (await self_service.tell(database, spelling, ""))["HOTLINE_TICKET"] == "closed"
