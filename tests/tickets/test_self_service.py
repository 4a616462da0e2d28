"""What a citizen who asks by key is told: the same by the controller, and by the script that answers in its place."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from callcenter.asterisk.fallback_agi import ticket_told
from callcenter.asterisk.phrases import FIXED_PROMPTS
from callcenter.storage.engine import Database
from callcenter.tickets.flows.citizens import self_service
from callcenter.tickets.rules import aloud
from callcenter.tickets.rules.numbers import number
from callcenter.tickets.rules.words import STATES
from callcenter.tickets.tables import Ticket

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OWN, CONTACT, OTHER = "13800000001", "13900000009", "13700000007"
NUMBERS = [number(date(2026, 11, 23), place) for place in range(1, 9)]


async def store(database: Database, *rows: dict[str, Any]) -> None:
    common = {
        "node": "node1",
        "kind": "help",
        "title": "秘密",
        "description": "秘密",
        "caller": OWN,
        "contact_phone": None,
        "due_at": NOW + timedelta(days=2, hours=15),
        "replied_at": None,
        "closed_at": None,
        "merged_into_id": None,
    }
    async with database.begin() as session:
        await session.execute(
            insert(Ticket),
            [
                common | {"number": NUMBERS[at], "opened_at": NOW + timedelta(minutes=at)} | row
                for at, row in enumerate(rows)
            ],
        )


async def told(database: Database, folder: Path, caller: str, keyed: str = "") -> tuple[str, str, str, str]:
    """What both say; they must say the same."""
    path = folder / "ticket-states.txt"
    await self_service.write_known(database, path, NOW)
    live = await self_service.tell(database, caller, keyed)
    assert ticket_told(path.read_bytes(), caller, keyed) == live
    return (
        live["HOTLINE_TICKET"],
        live["HOTLINE_TICKET_DIGITS"],
        live["HOTLINE_TICKET_WHEN"],
        live["HOTLINE_TICKET_DAY"],
    )


async def test_a_citizen_hears_of_their_newest_request_all_that_may_be_told(database: Database, tmp_path: Path) -> None:
    await store(database, {"state": "closed", "closed_at": NOW}, {"state": "handling"})
    assert await told(database, tmp_path, OWN) == ("handling", NUMBERS[1][-6:], "due", "1126"), "the day in China"
    assert await told(database, tmp_path, OWN, NUMBERS[0]) == ("closed", NUMBERS[0][-6:], "answered", "1123")


async def test_another_hears_the_state_alone_and_who_wants_to_be_called_elsewhere_is_no_other(
    database: Database, tmp_path: Path
) -> None:
    await store(database, {"state": "follow_up", "contact_phone": CONTACT, "replied_at": NOW})
    for caller in (OTHER, ""):
        assert await told(database, tmp_path, caller, NUMBERS[0]) == ("answered", "", "", "")
    assert (await told(database, tmp_path, CONTACT, NUMBERS[0]))[1:] == (NUMBERS[0][-6:], "answered", "1123")


async def test_a_number_that_cannot_be_is_wrong_and_one_that_is_not_there_is_none(
    database: Database, tmp_path: Path
) -> None:
    await store(database, {"state": "accepted"}, {"state": "accepted", "kind": "missed_call", "caller": OTHER})
    swapped = NUMBERS[0][:-3] + NUMBERS[0][-2] + NUMBERS[0][-3] + NUMBERS[0][-1]
    for keyed in ("1", swapped, "0" * 13, "123456789012345678"):
        assert await told(database, tmp_path, OWN, keyed) == ("wrong", "", "", "")
    assert await told(database, tmp_path, OWN, NUMBERS[7]) == ("none", "", "", "")
    assert await told(database, tmp_path, OTHER, NUMBERS[1]) == ("none", "", "", ""), "a missed call is no request"
    assert await told(database, tmp_path, OTHER) == ("none", "", "", "")
    assert await told(database, tmp_path, "") == ("none", "", "", "")


async def test_of_a_request_that_was_merged_the_main_ones_stage_is_told_and_no_day_of_anything(
    database: Database, tmp_path: Path
) -> None:
    long_ago = NOW - timedelta(days=300)
    words = {"accepted": "merged", "handling": "merged", "replied": "merged", "city": "merged"}
    words |= {"follow_up": "answered", "to_close": "answered", "closed": "closed", "refused": "refused"}
    await store(
        database,
        {"state": "accepted", "caller": OTHER, "replied_at": NOW},
        {"state": "merged", "closed_at": long_ago, "replied_at": long_ago},
        {"state": "merged", "caller": CONTACT, "closed_at": NOW},
    )
    async with database.begin() as session:
        rows = {one.number: one for one in await session.scalars(select(Ticket))}
        main, own, deep = (rows[one] for one in NUMBERS[:3])
        own.merged_into_id, deep.merged_into_id = main.id, own.id
    for state, word in words.items():
        async with database.begin() as session:
            closed = NOW if state in {"closed", "refused"} else None
            await session.execute(update(Ticket).where(Ticket.id == main.id).values(state=state, closed_at=closed))
        for caller, its in ((OWN, own), (CONTACT, deep)):  # the latter in a chain from before
            for keyed in ("", its.number):
                assert await told(database, tmp_path, caller, keyed) == (word, its.number[-6:], "", ""), state
            assert await told(database, tmp_path, "13700000001", its.number) == (word, "", "", "")
        known = await self_service.write_known(database, tmp_path / "known", NOW)
        assert known[OWN] == ("closed" if closed else "open")


async def test_what_was_merged_is_known_as_long_as_its_main_request(database: Database, tmp_path: Path) -> None:
    long_ago = NOW - timedelta(days=31)
    await store(
        database,
        {"state": "closed", "caller": OTHER, "closed_at": long_ago},
        {"state": "merged", "closed_at": long_ago},
    )
    async with database.begin() as session:
        main, own = [(await session.scalars(select(Ticket).where(Ticket.number == one))).one() for one in NUMBERS[:2]]
        own.merged_into_id = main.id
    path = tmp_path / "known"
    assert await self_service.write_known(database, path, NOW) == {}
    async with database.begin() as session:
        await session.execute(update(Ticket).where(Ticket.id == main.id).values(closed_at=NOW))
    assert await self_service.write_known(database, path, NOW) == {OWN: "closed", OTHER: "closed"}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_prompt(state: str) -> None:
    assert f"hotline/ticket-{aloud.WORDS[state]}" in FIXED_PROMPTS


@given(st.binary(max_size=400), st.text(max_size=40), st.text(max_size=40))
def test_whatever_the_file_or_the_keys_are_only_harmless_words_come_out(known: bytes, caller: str, keyed: str) -> None:
    for content in (known, b"! x\nn" + keyed.encode("utf-8", "replace") + b" - " + known):
        variables = ticket_told(content, caller, keyed)
        assert variables["HOTLINE_TICKET"].isalpha()
        assert all(value == "" or value.isalnum() for value in variables.values())
        assert all(value.isascii() for value in variables.values())
