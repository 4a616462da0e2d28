"""The timeline of a day and an agent's day: slices counted by hand, and lists that hold what their number counts."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.tables import Agent, Call
from callcenter.reports import timeline
from callcenter.reports.calls import max_waiting
from callcenter.reports.day import SLICE, DayCall, Stretch, occupancy, seconds_by_state, slices, within
from callcenter.storage.engine import Database
from callcenter.workforce.tables import AgentActivity

ZONE = "Asia/Shanghai"
DAY = date(2026, 11, 23)
#: Midnight in Shanghai.
BEGIN = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
NOON = BEGIN + timedelta(hours=12)
_next = count(1)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def day_call(came: float, queued: float | None = None, left: float | None = None, **more: float) -> DayCall:
    answered, missed = more.get("answered"), more.get("missed")
    moments = [None if one is None else at(one) for one in (queued, left, answered, missed)]
    return DayCall(at(came), *moments)


def test_each_event_counts_in_the_slice_in_which_it_happened() -> None:
    calls = [
        day_call(0, 0.5, 1, answered=1),
        day_call(4.9, 5, 5.5, answered=5.5),
        day_call(4.99, 5.2, 11, missed=11),
    ]
    found = slices(BEGIN, at(15), calls, [])
    assert (found.arrived, found.answered, found.missed) == ([3, 0, 0], [1, 1, 0], [0, 0, 1])


def test_the_most_that_waited_at_one_instant_is_told_also_for_slices_in_which_nothing_happened() -> None:
    calls = [day_call(1, 2, 17), day_call(1, 3, 4), day_call(1, 4, 4.5), day_call(16, 16.5, None)]
    assert slices(BEGIN, at(25), calls, []).waiting == [2, 1, 1, 2, 1]


def test_who_leaves_when_another_comes_has_left_first() -> None:
    assert slices(BEGIN, at(5), [day_call(0, 1, 2), day_call(0, 2, 3)], []).waiting == [1]


@given(
    st.lists(st.tuples(st.integers(-30, 90), st.integers(0, 60)), max_size=12),
    st.integers(1, 18),
)
def test_the_most_of_all_slices_is_the_most_of_the_day(waits: list[tuple[int, int]], width: int) -> None:
    end = at(5 * width)
    calls = [day_call(queued, queued, queued + long) for queued, long in waits]
    # What lies before the day, or after it, is cut off.
    inside = [
        (max(call.queued_at, BEGIN), min(call.left_queue_at or end, end))
        for call in calls
        if call.queued_at and call.left_queue_at and call.queued_at < end and call.left_queue_at > BEGIN
    ]
    assert max(slices(BEGIN, end, calls, []).waiting) == max_waiting(inside)


def test_agents_are_counted_by_their_time_in_each_state() -> None:
    stretches = [
        Stretch("1001", "ready", at(0), at(2.5)),
        Stretch("1001", "talking", at(2.5), at(7.5)),
        Stretch("1002", "talking", at(-60), at(5)),
        Stretch("1001", "break", at(7.5), None),
    ]
    found = slices(BEGIN, at(12), [], stretches).agents
    assert found["talking"] == [1.5, 0.5, 0]
    assert found["ready"] == [0.5, 0, 0]
    assert found["break"] == [0, 0.5, 1], "the last slice is short, and whole"


@given(st.lists(st.tuples(st.integers(-20, 60), st.one_of(st.none(), st.integers(1, 50))), max_size=6))
def test_no_second_of_an_agent_is_lost_between_the_slices(made: list[tuple[int, int | None]]) -> None:
    stretches = [Stretch("1", "talking", at(since), None if long is None else at(since + long)) for since, long in made]
    found = slices(BEGIN, at(40), [], stretches).agents["talking"]
    whole = seconds_by_state(within(BEGIN, at(40), stretches))["talking"]
    assert sum(found) * SLICE.total_seconds() == pytest.approx(whole, abs=2)


def test_breaks_count_neither_as_work_nor_as_time_in_which_work_could_come() -> None:
    stretches = [Stretch("1", state, at(0), at(10)) for state in ("talking", "wrap_up", "ready", "break")]
    assert occupancy(seconds_by_state(stretches)) == (1200, 1800)


# ---- From the database ----


def call(
    came: float, outcome: str, *, queued: float | None = None, answered: float | None = None, **more: object
) -> Call:
    ended = at(came + 4)
    fields: dict[str, object] = {
        "node": "node1",
        "linkedid": f"c{next(_next)}",
        "caller": "13812345678",
        "direction": "inbound",
        "started_at": at(came),
        "queued_at": None if queued is None else at(queued),
        "left_queue_at": ended if answered is None else at(answered),
        "answered_at": None if answered is None else at(answered),
        "ended_at": ended,
        "outcome": outcome,
        "cut": False,
        "agent": None if answered is None else "1001",
    }
    return Call(**(fields | more))


def activity(state: str, since: float, until: float | None, agent: str = "1001", **more: object) -> AgentActivity:
    closed = None if until is None else at(until)
    return AgentActivity(node="node1", agent=agent, seat="8001", state=state, since=at(since), until=closed, **more)


async def a_morning(database: Database) -> None:
    async with database.begin() as session:
        session.add_all(
            [
                Agent(number="1001", name="王芳"),
                Agent(number="1002", name="李强"),
                call(-2, "answered", queued=-1, answered=1, rating=5),
                call(60, "answered", queued=60.5, answered=61, rating=3),
                call(61, "abandoned_queue", queued=61.5),
                call(62, "self_service"),
                call(63, "in_progress", queued=63.5, ended_at=None, left_queue_at=None),
                call(64, "answered", answered=65, direction="test"),
                call(65, "answered", answered=66, direction="outbound"),
                activity("ready", -30, 1),
                activity("talking", 1, 2),
                activity("wrap_up", 2, 3),
                activity("break", 3, 60, reason="meal"),
                activity("ready", 60, None),
                activity("talking", -600, -500, agent="1002"),
            ]
        )


async def test_a_day_is_told_as_its_lists_tell_it(database: Database) -> None:
    await a_morning(database)
    async with database.read() as session:
        found = await timeline.timeline(session, DAY, NOON, ZONE)
        timeline.Timeline.model_validate(found)
        assert len(found["arrived"]) == 144
        assert found["totals"] == {"arrived": 4, "answered": 2, "missed": 1, "waiting": 2}
        for which in ("arrived", "answered", "missed"):
            listed = await timeline.behind(session, which, BEGIN, NOON)  # type: ignore[arg-type]
            assert len(listed) == found["totals"][which]
            slot = await timeline.behind(session, which, at(60), at(65))  # type: ignore[arg-type]
            assert len(slot) == found[which][12]
        waited = await timeline.behind(session, "waiting", at(60), at(65))
    assert [row["outcome"] for row in waited] == ["answered", "abandoned_queue", "in_progress"]
    assert waited[0]["caller"] == "138****5678"
    (person,) = found["people"]
    assert (person["name"], person["answered"], person["seconds"]["break"]) == ("王芳", 2, 57 * 60)


async def test_an_agents_day_has_their_states_calls_and_figures(database: Database) -> None:
    await a_morning(database)
    async with database.read() as session:
        found = await timeline.agent_day(session, "1001", DAY, NOON, ZONE)
        timeline.AgentDay.model_validate(found)
        assert [one["state"] for one in found["stretches"]] == ["ready", "talking", "wrap_up", "break", "ready"]
        assert found["stretches"][-1]["until"] == NOON.isoformat(), "what lasts lasts until now"
        assert (found["rated"], found["satisfied"]) == (1, 0), "the call of before midnight is of the day before"
        assert found["busy_seconds"] == 120
        with pytest.raises(LookupError):
            await timeline.agent_day(session, "6666", DAY, NOON, ZONE)


async def test_a_day_that_has_not_come_is_empty(database: Database) -> None:
    async with database.read() as session:
        found = await timeline.timeline(session, date(2030, 1, 1), NOON, ZONE)
    assert (found["arrived"], found["people"], found["totals"]["waiting"]) == ([], [], 0)
