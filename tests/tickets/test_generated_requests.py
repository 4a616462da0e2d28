"""Generated requests: the same from the same seed, and each as the table of moves would have made it."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from database import migrated_sqlite
from sqlalchemy import func, select, text

from callcenter.demo.requests.loading import NotEmpty, Wish, generate
from callcenter.reports import indicators
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.numbers import next_numbers
from callcenter.tickets.flows.time.calendar import load
from callcenter.tickets.rules.moves import ROWS
from callcenter.tickets.rules.numbers import is_number
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.tables import (
    Category,
    FollowUp,
    Ticket,
    TicketClock,
    TicketEntry,
    TicketUnit,
)

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
WISH = Wish(tickets=1500, seed=7, days=60, now=NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


async def filled(database: Database, settings: Settings, wish: Wish = WISH, *, search: bool = False) -> None:
    await generate(database, settings, load(settings), wish, processes=0, search=search)


async def everything(database: Database, table: Any) -> list[Any]:  # noqa: ANN401  # any table
    async with database.read() as session:
        return list((await session.scalars(select(table).order_by(table.id))).all())


async def test_a_database_with_tickets_is_never_filled(database: Database, settings: Settings) -> None:
    await filled(database, settings)
    tickets = await everything(database, Ticket)
    assert len(tickets) == WISH.tickets
    assert len({ticket.description for ticket in tickets}) > WISH.tickets * 0.8
    with pytest.raises(NotEmpty):
        await filled(database, settings)


async def test_processes_make_what_one_makes(tmp_path: Path, settings: Settings) -> None:
    dumps = []
    for name, processes in (("a", 0), ("b", 2)):
        database = Database(await migrated_sqlite(tmp_path / f"{name}.db"))
        await generate(database, settings, load(settings), WISH, processes=processes, search=False)
        async with database.read() as session:
            dumps.append(
                [
                    (await session.execute(text(f"SELECT * FROM {table} ORDER BY id"))).all()  # noqa: S608
                    for table in ("tickets", "ticket_entries", "ticket_units", "ticket_clocks", "follow_ups")
                ]
            )
        await database.close()
    assert dumps[0] == dumps[1], "the same seed makes the same requests"


async def test_every_step_is_in_the_table_of_moves_and_entries_chain(database: Database, settings: Settings) -> None:
    await filled(database, settings)
    steps: dict[int, list[Any]] = defaultdict(list)
    for entry in await everything(database, TicketEntry):
        steps[entry.ticket_id].append(entry)
    seen = set()
    for ticket in await everything(database, Ticket):
        own = steps[ticket.id]
        assert [entry.version for entry in own] == list(range(1, ticket.version + 1))
        assert [entry.at for entry in own] == sorted(entry.at for entry in own)
        assert own[-1].at <= NOW
        assert own[-1].to_state == ticket.state
        state = None
        for entry in own:
            assert entry.from_state == state
            if ticket.kind != "missed_call" or entry.move != "archive":
                assert entry.to_state in ROWS[entry.move, state].to, (entry.move, state, entry.to_state)  # type: ignore[index]
            state = entry.to_state
            seen.add(entry.move)
    assert {"answer", "dispatch", "return", "uphold_return", "redo", "grant_extension", "merge", "from_city"} <= seen


async def test_what_a_ticket_says_follows_from_its_history(database: Database, settings: Settings) -> None:
    await filled(database, settings)
    steps: dict[int, list[Any]] = defaultdict(list)
    for entry in await everything(database, TicketEntry):
        steps[entry.ticket_id].append(entry)
    tickets = {ticket.id: ticket for ticket in await everything(database, Ticket)}
    for ticket in tickets.values():
        assert is_number(ticket.number)
        own = steps[ticket.id]
        at = {entry.move: entry.at for entry in own}
        replayed: dict[str, object] = {}
        for entry in own:
            for name, (before, after) in entry.changes.items():
                assert replayed.get(name, before) == before
                replayed[name] = after
        for name, value in replayed.items():
            now = getattr(ticket, name)
            assert (now.isoformat() if isinstance(now, datetime) else now) == value, name
        assert (ticket.closed_at is not None) == (ticket.state in CLOSED_STATES)
        first = next((entry for entry in own if entry.move == "dispatch"), None)
        assert ticket.first_dispatched_at == (first.at if first else None)
        if "close" in at and first:
            assert ticket.closing_unit_id == ticket.unit_id is not None
        if ticket.state == "merged":
            main = tickets[ticket.merged_into_id]
            assert main.id < ticket.id
            assert main.state != "merged"
            assert main.closed_at is None or main.closed_at > at["merge"]


async def test_clocks_and_parts_are_those_of_the_rules(database: Database, settings: Settings) -> None:
    await filled(database, settings)
    calendar = load(settings)
    tickets = {ticket.id: ticket for ticket in await everything(database, Ticket)}
    totals: dict[int, list[Any]] = defaultdict(list)
    for clock in await everything(database, TicketClock):
        ticket = tickets[clock.ticket_id]
        if clock.pauses is None:
            assert clock.due_at == calendar.after(clock.started_at, clock.days)
        if ticket.state in CLOSED_STATES:
            assert clock.stopped_at is not None
        if clock.name == "total":
            totals[ticket.id].append(clock)
    leads: dict[int, int] = defaultdict(int)
    for part in await everything(database, TicketUnit):
        leads[part.ticket_id] += part.part == "lead" and part.until is None
    for ticket in tickets.values():
        if ticket.submitted_at is not None:
            passed = calendar.between(ticket.work_started_at, ticket.submitted_at)
            assert ticket.handled_seconds == round(passed.total_seconds())
        if ticket.first_dispatched_at is not None:
            assert len(totals[ticket.id]) == 1 + ticket.redone
            assert totals[ticket.id][0].started_at == ticket.first_dispatched_at
            assert ticket.due_at == totals[ticket.id][-1].due_at
        assert leads[ticket.id] == (ticket.unit_id is not None)


async def test_work_goes_on_after_what_was_generated(database: Database, settings: Settings) -> None:
    await filled(database, settings, search=True)
    async with database.begin() as session:
        (number,) = await next_numbers(session, NOW.date(), 1)
        assert await session.scalar(select(Ticket.id).where(Ticket.number == number)) is None
        ticket = Ticket(
            node="node1",
            number=number,
            kind="help",
            state="follow_up",
            caller="",
            title="新",
            description="新",
            opened_at=NOW,
        )
        session.add(ticket)
        await session.flush()
        session.add(
            FollowUp(
                node="node1", ticket_id=ticket.id, state="waiting", number="13800000001", opened_at=NOW, next_at=NOW
            )
        )


async def test_the_figures_are_those_of_a_hotline(database: Database, settings: Settings) -> None:
    await filled(database, settings)
    last = NOW.date()
    async with database.read() as session:
        found = await indicators.indicators(session, last - timedelta(days=45), last, now=NOW)
        rows = {row["number"]: row for row in found}
        open_now = await session.scalar(select(func.count()).select_from(Ticket).where(Ticket.closed_at.is_(None)))
        categories = await session.scalar(select(func.count()).select_from(Category))
    assert 0.96 < rows[2]["value"] < 1
    assert 0.97 < rows[3]["value"] <= 1
    assert 0.92 < rows[4]["value"] < 0.99
    assert 0.9 < rows[6]["value"] <= 1
    assert 0 < rows[7]["value"] < 1
    assert open_now
    assert categories
    json.dumps(list(rows.values()))
