"""The list of abusive callers as it is kept: every spelling of a number, counted calls, its ends, the audit trail."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.flows.answering.blocked import BlockedCallers, listed
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.tables import Call
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BOSS = Actor("boss", "node1", "192.0.2.1")
SPELLINGS = ["13800138000", "+8613800138000", "008613800138000", "8613800138000", "013800138000"]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[Mapping[str, str]]:
    return []


@pytest.fixture
def blocked(database: Database, clock: Clock, told: list[Mapping[str, str]]) -> BlockedCallers:
    return BlockedCallers(database, Settings(), on_change=told.append, now=clock)


async def trail(database: Database) -> list[tuple[str, str, str]]:
    async with database.read() as session:
        rows = await session.scalars(select(Audit).order_by(Audit.id))
        return [(row.who, row.action, row.target) for row in rows]


def call(linkedid: str, caller: str, began: datetime, outcome: str = "abandoned_queue") -> Call:
    return Call(
        node="node1",
        linkedid=linkedid,
        caller=caller,
        direction="inbound",
        started_at=began,
        outcome=outcome,
        cut=False,
    )


@pytest.mark.parametrize("typed", SPELLINGS)
async def test_a_number_is_met_in_every_spelling_however_it_was_typed(blocked: BlockedCallers, typed: str) -> None:
    await blocked.add(typed, "block", actor=BOSS)
    assert [blocked.verdict(number) for number in SPELLINGS] == ["block"] * len(SPELLINGS)
    assert blocked.verdict("13800138001") == ""


async def test_a_number_typed_with_blanks_and_hyphens_is_the_same(blocked: BlockedCallers) -> None:
    row = await blocked.add("+86 138-0013-8000", "announce", actor=BOSS, note="shouts")
    assert (row.number, row.by, row.note, row.since) == ("13800138000", "boss", "shouts", NOW)


async def test_listing_and_unlisting_stand_in_the_audit_trail(blocked: BlockedCallers, database: Database) -> None:
    await blocked.add("13800138000", "block", actor=BOSS)
    assert await blocked.remove("+8613800138000", actor=BOSS) == "13800138000"
    assert blocked.verdict("13800138000") == ""
    assert await trail(database) == [
        ("boss", "caller_listed", "13800138000"),
        ("boss", "caller_unlisted", "13800138000"),
    ]


async def test_a_number_listed_twice_has_one_entry_the_newer(blocked: BlockedCallers, database: Database) -> None:
    await blocked.add("13800138000", "block", actor=BOSS)
    await blocked.add("8613800138000", "announce", actor=BOSS)
    async with database.read() as session:
        assert [(row.number, row.level) for row in await listed(session)] == [("13800138000", "announce")]
    assert blocked.verdict("13800138000") == "announce"


async def test_what_is_not_on_the_list_cannot_be_taken_off(blocked: BlockedCallers, database: Database) -> None:
    with pytest.raises(Refused, match="not on the list"):
        await blocked.remove("13800138000", actor=BOSS)
    assert await trail(database) == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "withheld"),
        ("anonymous", "withheld"),
        ("8001", "a seat"),
        ("12345", "the hotline's own number"),
        ("110", "an emergency service"),
        ("+8619900000000", "test dials"),
    ],
)
async def test_numbers_that_are_nobodys_or_ours_are_refused(
    blocked: BlockedCallers, database: Database, number: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await blocked.add(number, "block", actor=BOSS)
    assert await trail(database) == []


async def test_an_end_that_is_past_is_refused(blocked: BlockedCallers) -> None:
    with pytest.raises(Refused, match="over already"):
        await blocked.add("13800138000", "block", actor=BOSS, until=NOW)


async def test_a_limited_caller_gets_through_so_often_an_hour_however_they_spell_themselves(
    blocked: BlockedCallers, clock: Clock
) -> None:
    await blocked.add("13800138000", "limit", actor=BOSS, per_hour=2)
    assert [blocked.verdict(number) for number in SPELLINGS[:4]] == ["", "", "limit", "limit"]
    clock.now += timedelta(minutes=60)
    assert blocked.verdict("13800138000") == "", "those that were turned away did not count"


async def test_calls_before_a_restart_count_for_the_limit(database: Database, clock: Clock) -> None:
    async with database.begin() as session:
        session.add_all(
            [
                call("1", "+8613800138000", NOW - timedelta(minutes=30)),
                call("2", "13800138000", NOW - timedelta(minutes=20), outcome="blocked"),
                call("3", "13800138000", NOW - timedelta(minutes=61)),
                call("4", "13900139000", NOW - timedelta(minutes=1)),
            ]
        )
    first = BlockedCallers(database, Settings(), now=clock)
    await first.add("13800138000", "limit", actor=BOSS, per_hour=2)
    second = BlockedCallers(database, Settings(), now=clock)
    await second.load()
    assert [second.verdict("13800138000") for _ in range(2)] == ["", "limit"]


async def test_an_announcement_is_for_each_call(blocked: BlockedCallers) -> None:
    await blocked.add("13800138000", "announce", actor=BOSS)
    assert [blocked.verdict("13800138000") for _ in range(3)] == ["announce"] * 3


async def test_the_snapshot_is_told_every_spelling_but_nobody_who_is_limited(
    blocked: BlockedCallers, told: list[Mapping[str, str]]
) -> None:
    await blocked.add("13800138000", "block", actor=BOSS)
    await blocked.add("13900139000", "limit", actor=BOSS, per_hour=1)
    assert {told[-1].get(spelling) for spelling in SPELLINGS} == {"block"}
    assert not any("13900139000" in spelling for spelling in told[-1])


async def test_the_snapshot_forgets_an_entry_when_its_time_is_over(
    blocked: BlockedCallers, clock: Clock, told: list[Mapping[str, str]]
) -> None:
    running = spawn(blocked.run(), name="blocked")
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    await blocked.add("13800138000", "block", actor=BOSS, until=NOW + timedelta(seconds=0.2))
    assert told[-1]
    clock.now += timedelta(seconds=0.2)
    async with asyncio.timeout(5):
        while told[-1]:
            await asyncio.sleep(0.01)
    assert blocked.verdict("13800138000") == ""
    await cancel(running)


async def test_what_the_snapshot_held_stands_until_the_list_can_be_read(database: Database) -> None:
    blocked = BlockedCallers(database, Settings(), known={"+8613800138000": "block", "13900139000": "nonsense"})
    assert blocked.verdict("13800138000") == "block"
    assert blocked.verdict("13900139000") == ""
    await blocked.load()
    assert blocked.verdict("13800138000") == ""


async def test_a_list_that_cannot_be_read_stays_as_it_was(blocked: BlockedCallers, database: Database) -> None:
    await blocked.add("13800138000", "block", actor=BOSS)
    async with database.begin() as session:
        await session.execute(text("DROP TABLE blocked_callers"))
    with pytest.raises(SQLAlchemyError):
        await blocked.load()
    assert blocked.verdict("13800138000") == "block"
