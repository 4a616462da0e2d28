"""Promises about tickets that hold whatever people do, in whatever order.

- the state is one that we know, and its entries lead to it: each begins where the one before it ended;
- the version is the number of entries, and each entry says its own;
- an order that was refused has changed nothing;
- no text is lost: the entries' changes, from what was first written, rebuild what stands in the ticket now;
- a whole-time clock begins with a dispatch or a redo and never anew; its deadline moves later only by an extension
  that was granted or a stay with the city platform, earlier only by a raised urgency; two never run at once;
- what is closed after it was dispatched has a closing unit, unless the city platform answered it;
- a closed ticket has no running clock, and says since when it is closed; an open one says neither;
- the first unit stays the first;
- nobody is merged in a circle;
- the unit that has it is the one lead part that has no end.
"""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from life_scene import TO_FOLLOW_UP, TO_HANDLING, UNITS, Life, living
from sqlalchemy import inspect

from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.mover import RECORDED
from callcenter.tickets.rules.decisions import AMENDABLE
from callcenter.tickets.rules.moves import NAMES, TABLE
from callcenter.tickets.rules.refusals import Refused
from callcenter.tickets.rules.words import CLOSED_STATES, STATES
from callcenter.tickets.tables import Ticket

#: The longest walk ends in the same year: of the next one no holidays are known, and nothing has a deadline there.
YEAR_BEGINS = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
_WHO = {"agent": "li", "supervisor": "boss", "citizen": "citizen", "city": "city", "system": "system"}
_LATER = {"grant_extension", "from_city"}
_BEGIN = {"dispatch", "redo"}
_ENDS = {"refuse", "answer", "merge", "archive"}

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
step = st.fixed_dictionaries(
    {
        "ticket": st.integers(0, 2),
        "pick": st.integers(0, 10_000),
        "wild": st.sampled_from([True, *[False] * 7]),
        "on": st.sampled_from([False, True, True]),
        "who": st.sampled_from([*UNITS, "li", "boss", "citizen", "city", "system"]),
        "unit": st.sampled_from(UNITS),
        "helper": st.sampled_from(UNITS),
        "words": text,
        "days": st.integers(1, 5),
        "main": st.integers(0, 2),
        "urgency": st.sampled_from(["normal", "urgent", "emergency"]),
        "satisfaction": st.sampled_from(["satisfied", "fairly", "unhappy"]),
        "flag": st.booleans(),
        "hours": st.integers(0, 40),
    }
)


class Walk:
    """Three tickets, and what is known of them from before."""

    def __init__(self, life: Life, numbers: list[str]) -> None:
        self.life = life
        self.numbers = numbers
        self.written: dict[str, dict[str, Any]] = {}
        self.totals: dict[str, list[tuple[int, datetime, datetime | None]]] = {number: [] for number in numbers}

    async def take(self, wish: dict[str, Any]) -> None:
        number = self.numbers[wish["ticket"]]
        before = await self.life.ticket(number)
        rows = [row for row in TABLE if row.source == before.state]
        if wish["on"]:  # mostly along the ways that lead somewhere, or the walk ends before it has begun
            rows = [row for row in rows if row.to != (row.source,) and row.name not in _ENDS] or rows
        if wish["wild"] or not rows:
            move, who = NAMES[wish["pick"] % len(NAMES)], wish["who"]
            needs: tuple[str, ...] = ("words",)
        else:
            row = rows[wish["pick"] % len(rows)]
            move, who, needs = row.name, self._who(before, sorted(row.by)[wish["pick"] % len(row.by)]), row.needs
            if move == "from_city" and wish["flag"]:
                needs = (*needs, "answer")
        self.life.now += timedelta(hours=wish["hours"])
        try:
            event = await self.life.move(number, move, who, **self._order(needs, wish))
        except Refused:
            assert _values(await self.life.ticket(number)) == _values(before), "nothing was changed"
            return
        assert event is not None
        await self._check_clocks(number, move)

    def _who(self, ticket: Ticket, part: str) -> str:
        if part in _WHO:
            return _WHO[part]
        names = {row: code for code, row in self.life.units.items()}
        return names.get(ticket.unit_id or 0, "roads") if part == "lead" else "water"

    def _order(self, needs: tuple[str, ...], wish: dict[str, Any]) -> dict[str, Any]:
        order: dict[str, Any] = {
            "words": wish["words"],
            "unit": wish["unit"],
            "helpers": (wish["helper"],),
            "days": wish["days"],
            "main": self.numbers[wish["main"]],
            "urgency": wish["urgency"],
            "satisfaction": wish["satisfaction"],
            "answer": wish["words"],
            "confidential": wish["flag"],
            "fields": {"description": wish["words"], "anonymous": wish["flag"], "category": "water"},
            "attachments": (1,),
        }
        return {name: order[name] for name in needs} | {"request_id": str(uuid.uuid4())}

    async def _check_clocks(self, number: str, move: str) -> None:
        totals = [clock for clock in await self.life.clocks(number) if clock.name == "total"]
        known = self.totals[number]
        assert len(totals) - len(known) in ({0, 1} if move in _BEGIN else {0}), move
        for clock, (id_, started_at, due_at) in zip(totals, known, strict=False):
            assert (clock.id, clock.started_at) == (id_, started_at)
            if clock.due_at != due_at:
                assert clock.due_at
                assert due_at
                assert move in (_LATER if clock.due_at > due_at else {"set_urgency"}), move
        assert sum(clock.stopped_at is None for clock in totals) <= 1
        self.totals[number] = [(clock.id, clock.started_at, clock.due_at) for clock in totals]

    async def check(self) -> None:
        for number in self.numbers:
            await self._check_history(number)
            await self._check_ticket(number)

    async def _check_history(self, number: str) -> None:
        ticket, entries = await self.life.ticket(number), await self.life.entries(number)
        assert ticket.state in STATES
        assert [entry.version for entry in entries] == list(range(1, ticket.version + 1))
        assert entries[0].from_state is None
        for one, following in pairwise(entries):
            assert following.from_state == one.to_state
        assert entries[-1].to_state == ticket.state
        now = dict(self.written[number])
        for entry in entries:
            for name, (before, after) in entry.changes.items():
                assert now[name] == before, (entry.move, name)
                now[name] = after
        assert now == _recorded(ticket)

    async def _check_ticket(self, number: str) -> None:
        ticket, clocks = await self.life.ticket(number), await self.life.clocks(number)
        moves = [entry.move for entry in await self.life.entries(number)]
        assert (ticket.state in CLOSED_STATES) is (ticket.closed_at is not None)
        if ticket.state in CLOSED_STATES:
            assert not [clock for clock in clocks if clock.stopped_at is None]
        if ticket.state in {"closed", "archived"} and ticket.first_dispatched_at and "from_city" not in moves:
            assert ticket.closing_unit_id
        first = next((e for e in await self.life.entries(number) if e.move == "dispatch"), None)
        assert ticket.first_unit_id == (first.changes["unit_id"][1] if first else None)
        leads = [part.unit_id for part in await self.life.parts(number) if part.part == "lead" and part.until is None]
        assert leads == ([ticket.unit_id] if ticket.unit_id else [])
        seen, at = {ticket.id}, ticket
        while at.merged_into_id:
            assert at.merged_into_id not in seen, "a circle"
            seen.add(at.merged_into_id)
            at = next(one for one in [await self.life.ticket(n) for n in self.numbers] if one.id == at.merged_into_id)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(step, min_size=30, max_size=60))
async def test_no_sequence_of_moves_breaks_a_promise(database: Database, tmp_path: Path, steps: list[Any]) -> None:
    life = await _life(database, tmp_path)
    life.now = YEAR_BEGINS
    walk = Walk(life, [await life.open() for _ in range(3)])
    for number, begun in zip(walk.numbers, ((), TO_HANDLING, TO_FOLLOW_UP), strict=True):
        walk.written[number] = _recorded(await life.ticket(number))
        await life.go(number, *begun)
        totals = [clock for clock in await life.clocks(number) if clock.name == "total"]
        walk.totals[number] = [(clock.id, clock.started_at, clock.due_at) for clock in totals]
    for wish in steps:
        await walk.take(wish)
    await walk.check()


_lives: dict[int, Life] = {}


async def _life(database: Database, folder: Path) -> Life:
    """Return the one life on this database: examples share it, with tickets of their own."""
    if id(database) not in _lives:
        _lives[id(database)] = await living(database, folder)
    return _lives[id(database)]


def _values(ticket: Ticket) -> dict[str, Any]:
    return {column.key: getattr(ticket, column.key) for column in inspect(Ticket).column_attrs}


def _recorded(ticket: Ticket) -> dict[str, Any]:
    values = {name: getattr(ticket, name) for name in RECORDED}
    assert values.keys() >= set(AMENDABLE)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
