"""The indicators: each formula against calls counted by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline import listings
from callcenter.hotline.tables import Call, Callback, CallbackCall
from callcenter.reports import indicators
from callcenter.reports.missed import MissedCallRow, missed_calls
from callcenter.storage.engine import Database

DAY = date(2026, 11, 23)
#: Ten in the morning in Shanghai.
T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_next = count(1)


def call(outcome: str, *, queued: float | None = 5, answered: float | None = None, **more: object) -> Call:
    """`queued` in seconds after the start, `answered` in seconds after that."""
    queued_at = None if queued is None else T0 + timedelta(seconds=queued)
    answered_at = None if answered is None else (queued_at or T0) + timedelta(seconds=answered)
    fields: dict[str, object] = {
        "node": "node1",
        "linkedid": f"c{next(_next)}",
        "caller": "138",
        "direction": "inbound",
        "started_at": T0,
        "queued_at": queued_at,
        "left_queue_at": answered_at,
        "answered_at": answered_at,
        "ended_at": T0 + timedelta(minutes=5),
        "outcome": outcome,
        "cut": False,
    }
    return Call(**(fields | more))


async def store(database: Database, *rows: object) -> None:
    async with database.begin() as session:
        session.add_all(rows)


async def rows_of(database: Database, first: date = DAY, last: date = DAY) -> dict[int, dict[str, object]]:
    async with database.read() as session:
        rows = await indicators.indicators(session, first, last)
    for row in rows:
        indicators.IndicatorRow.model_validate(row, strict=True)
    return {row["number"]: row for row in rows}


def figure(row: object) -> tuple[object, object]:
    assert isinstance(row, dict)
    return row["numerator"], row["denominator"]


async def test_the_answer_rate_divides_by_those_who_asked_for_a_person(database: Database) -> None:
    await store(
        database,
        call("answered", answered=10),
        call("answered", answered=30),
        call("answered", answered=30.001),
        call("in_progress", answered=3),
        call("in_progress"),
        call("abandoned_queue"),
        call("overflowed"),
        call("unanswered"),
        call("abandoned_greeting", queued=None),
        call("self_service", queued=None),
        call("blocked", queued=None),
        call("answered", answered=3, direction="internal"),
        call("answered", answered=3, started_at=T0 - timedelta(days=1)),
    )
    rows = await rows_of(database)
    assert figure(rows[1]) == (4, 7)
    assert figure(rows[1]["within_30_seconds"]) == (3, 7)
    assert (rows[1]["target"], rows[1]["met"]) == (0.95, False)


async def test_there_are_twelve_and_an_empty_period_meets_and_misses_nothing(database: Database) -> None:
    rows = await rows_of(database)
    assert sorted(rows) == list(range(1, 13))
    assert all(row["value"] is None and row["met"] is None and row["reason"] for row in rows.values())


async def test_called_back_counts_missed_calls_whose_obligation_is_met(database: Database) -> None:
    missed = [call("abandoned_queue"), call("overflowed"), call("abandoned_greeting", queued=None), call("unanswered")]
    withheld = call("abandoned_queue", caller="")
    owed = [
        Callback(
            node="node1",
            caller=f"13{n}",
            state=state,
            reason="overflowed",
            called_at=T0,
            opened_at=T0,
            due_at=T0,
            next_at=T0,
        )
        for n, state in enumerate(("settled", "waiting", "unreachable"))
    ]
    await store(database, *missed, withheld, *owed)
    links = zip(missed, [owed[0], owed[0], owed[1], owed[2]], strict=True)
    await store(database, *(CallbackCall(call_id=one.id, callback_id=callback.id) for one, callback in links))
    assert figure((await rows_of(database))[5]) == (3, 4)
    async with database.read() as session:
        listed = await missed_calls(session, DAY, DAY)
    for row in listed:
        MissedCallRow.model_validate(row, strict=True)
    counted = [sum(row[name] for row in listed) for name in ("called_back", "counts")]
    assert (counted, len(listed)) == ([3, 4], 5), "the list is what the indicator counts"
    async with database.read() as session:
        today = await indicators.figures(session, DAY)
    indicators.FiguresToday.model_validate(today, strict=True)
    assert (today["day"], today["calls"], today["missed"], today["called_back"]) == ("2026-11-23", 5, 5, 3)


async def test_test_dials_count_in_no_figure(database: Database) -> None:
    more = {"direction": "test", "caller": "19900000000"}
    await store(
        database,
        call("answered", queued=0, answered=1, rating=1, **more),
        call("unanswered", queued=0, left_queue_at=T0 + timedelta(seconds=9), **more),
        call("abandoned_queue", queued=0, **more),
    )
    rows = await rows_of(database)
    assert all(row["denominator"] in {0, None} for row in rows.values())
    async with database.read() as session:
        assert await indicators.max_waiting_seen(session, DAY, DAY) == 0
        today = await indicators.figures(session, DAY)
    assert (today["calls"], today["missed"]) == (0, 0)


async def test_four_and_five_are_satisfied(database: Database) -> None:
    await store(database, *(call("answered", answered=1, rating=rating) for rating in (1, 3, 4, 5, None)))
    row = (await rows_of(database))[12]
    assert (figure(row), row["value"], row["met"]) == ((2, 4), 0.5, False)


async def test_a_day_begins_at_midnight_in_shanghai(database: Database) -> None:
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    await store(
        database,
        call("answered", answered=1, started_at=midnight),
        call("answered", answered=1, started_at=midnight - timedelta(microseconds=1)),
    )
    assert figure((await rows_of(database))[1]) == (1, 1)
    async with database.read() as session:
        assert len(await listings.calls(session, day=DAY)) == 1
        assert len(await listings.calls(session, until=midnight)) == 1
        for row in await listings.calls(session):
            listings.CallRow.model_validate(row, strict=True)


async def test_most_waiting_is_seen_at_one_instant(database: Database) -> None:
    await store(
        database,
        call("answered", queued=0, answered=10),
        call("answered", queued=5, answered=10),
        call("answered", queued=10, answered=1),
        call("overflowed", queued=7, left_queue_at=T0 + timedelta(seconds=7)),
        call("in_progress", queued=14),
    )
    async with database.read() as session:
        assert await indicators.max_waiting_seen(session, DAY, DAY) == 2


@pytest.mark.parametrize(
    ("waits", "most"),
    [
        ([], 0),
        ([(0, 5)], 1),
        ([(0, 5), (5, 9)], 1),
        ([(0, 6), (5, 9)], 2),
        ([(3, 3), (0, 5)], 1),
        ([(0, None), (9, None), (4, 5)], 2),
    ],
)
def test_who_leaves_as_another_comes_has_left_first(waits: list[tuple[int, int | None]], most: int) -> None:
    assert indicators.max_waiting(_times(waits)) == most


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10)), max_size=15))
def test_the_sweep_finds_what_counting_every_instant_finds(waits: list[tuple[int, int]]) -> None:
    spans = [(begin, begin + length) for begin, length in waits]
    slow = max((sum(begin <= now < end for begin, end in spans) for now in range(31)), default=0)
    assert indicators.max_waiting(_times(spans)) == slow


def _times(waits: object) -> list[tuple[datetime, datetime | None]]:
    assert isinstance(waits, list)
    return [(T0 + timedelta(seconds=b), None if e is None else T0 + timedelta(seconds=e)) for b, e in waits]
