"""Which callback is dialled now, and by whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.rules.dialling import Dial, Free, Pending, choose, free_agents, room
from callcenter.hotline.rules.floor import empty
from callcenter.hotline.rules.retries import Policy, next_try, within_hours

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOW = T0 + timedelta(hours=1)


def owed(id_: int, minutes: float = 0, *, priority: int = 0, number: str = "", **more: object) -> Pending:
    called = T0 + timedelta(minutes=minutes)
    caller = f"138{id_:08d}"
    return replace(Pending(id_, caller, number or caller, called, called, priority=priority), **more)  # type: ignore[arg-type]


def free(*agents: str) -> list[Free]:
    """Agents by how long they are idle, the longest first."""
    return [Free(agent, f"8{agent[1:]}", T0) for agent in agents]


def chosen(*pending: Pending, agents: tuple[str, ...] = ("1001",), places: int = 10, **more: object) -> list[int]:
    return [dial.errand for dial in choose(pending, free(*agents), NOW, places=places, **more)]  # type: ignore[arg-type]


def test_citizens_are_called_back_in_the_order_in_which_they_first_called() -> None:
    assert chosen(owed(1, 5), owed(2, 1), owed(3, 3), agents=("1001", "1002")) == [2, 3]


def test_the_agent_who_is_idle_longest_rings_first() -> None:
    dials = choose([owed(1, 0), owed(2, 1)], free("1002", "1001"), NOW, places=2)
    assert dials[0] == Dial(1, "1002", "8002", "13800000001")


def test_who_was_brought_forward_comes_before_all_others() -> None:
    assert chosen(owed(1, 0), owed(2, 9, priority=1)) == [2]


def test_what_is_kept_for_an_agent_waits_for_them_and_holds_nobody_up() -> None:
    kept = owed(1, 0, assigned="1009")
    assert chosen(kept, owed(2, 1)) == [2]
    dials = choose([kept, owed(2, 1)], free("1001", "1009"), NOW, places=2)
    assert [(dial.errand, dial.agent) for dial in dials] == [(1, "1009"), (2, "1001")]


def test_neither_before_its_time_nor_while_held_nor_while_the_citizen_is_on_the_line() -> None:
    assert chosen(owed(1, next_at=NOW + timedelta(seconds=1))) == []
    assert chosen(owed(1, held="premium")) == []
    assert chosen(owed(1), busy={"13800000001"}) == []


def test_never_two_calls_to_one_number_even_when_two_callbacks_name_it() -> None:
    assert chosen(owed(1, number="13900000000"), owed(2, number="13900000000"), agents=("1001", "1002")) == [1]
    assert chosen(owed(1), owed(2, number="13800000001"), agents=("1001", "1002")) == [1]
    assert chosen(owed(1), busy={"13900000000"}) == [1]
    assert chosen(owed(1, number="13900000000"), busy={"13800000001"}) == [], "they call from their own number now"


@pytest.mark.parametrize(
    ("agents", "waiting", "greeting", "reserve", "places"),
    [(3, 0, 0, 0, 3), (3, 1, 0, 0, 0), (3, 0, 2, 0, 1), (3, 0, 0, 1, 2), (3, 0, 2, 2, 0), (0, 0, 0, 0, 0)],
)
def test_live_callers_come_first(agents: int, waiting: int, greeting: int, reserve: int, places: int) -> None:
    """FreePBX 621: callbacks starved those who waited, and there were more of them than agents."""
    assert room(free=agents, waiting=waiting, greeting=greeting, reserve=reserve) == places


PENDING = st.lists(
    st.builds(
        owed,
        st.integers(1, 30),
        st.integers(0, 90),
        priority=st.integers(0, 2),
        number=st.sampled_from(["", "13900000000", "13900000001"]),
        assigned=st.sampled_from([None, None, "1001", "1009"]),
        held=st.sampled_from([None, None, None, "foreign"]),
    ),
    unique_by=lambda one: one.id,
    max_size=12,
)


@given(PENDING, st.integers(0, 4), st.integers(0, 6))
def test_never_more_dials_than_agents_or_places_and_each_of_them_once(
    pending: list[Pending], agents: int, places: int
) -> None:
    dials = choose(pending, free(*(f"100{n}" for n in range(1, agents + 1))), NOW, places=places)
    assert len(dials) <= min(agents, places)
    for name in ("agent", "errand", "number"):
        assert len({getattr(dial, name) for dial in dials}) == len(dials)


def test_nobody_is_free_on_a_floor_of_which_nothing_is_known() -> None:
    assert free_agents(empty(("8001", "8002"), timedelta(seconds=15))) == []


POLICY = Policy()  # 8:00 to 21:00 in Shanghai, which is eight hours ahead


@pytest.mark.parametrize(
    ("ended", "again"),
    [
        ("2026-11-23T03:00", "2026-11-23T03:10"),
        ("2026-11-23T12:55", "2026-11-24T00:00"),
        ("2026-11-23T12:45", "2026-11-23T12:55"),
        ("2026-11-23T23:55", "2026-11-24T00:05"),
        ("2026-11-23T20:00", "2026-11-24T00:00"),
    ],
)
def test_retries_wait_for_the_morning(ended: str, again: str) -> None:
    at, then = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (ended, again))
    assert next_try("no_answer", 1, at, POLICY) == then


def test_a_first_attempt_that_failed_on_our_side_is_made_up_for_at_any_hour() -> None:
    night = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert next_try("failed", 0, night, POLICY) == night + timedelta(minutes=2)
    assert next_try("failed", 1, night, POLICY) == within_hours(night, POLICY) > night


def test_each_attempt_in_vain_waits_longer() -> None:
    waits = [next_try("busy", tried, NOW, POLICY) - NOW for tried in (1, 2, 3)]
    assert waits == [timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=120)]
