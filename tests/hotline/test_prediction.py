"""The predicted wait of a newcomer, and the minutes within which a callback is promised."""

from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.rules.prediction import MINUTES, Window, predicted_wait, promised_minutes

T0 = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_free_agent_means_no_wait() -> None:
    assert predicted_wait(0, 1, 10, 165) == 0.0
    assert predicted_wait(2, 3, 10, 165) == 0.0


def test_without_a_free_agent_one_call_must_end_for_each_ahead_and_one_more() -> None:
    assert predicted_wait(0, 0, 10, 165) == pytest.approx(16.5)
    assert predicted_wait(3, 0, 10, 165) == pytest.approx(66.0)
    assert predicted_wait(3, 2, 10, 165) == pytest.approx(33.0)


def test_those_ahead_who_give_up_shorten_the_wait() -> None:
    patient, impatient = predicted_wait(3, 0, 10, 165), predicted_wait(3, 0, 10, 165, 1 / 75)
    assert patient is not None
    assert impatient is not None
    assert impatient == pytest.approx(sum(1 / (10 / 165 + k / 75) for k in range(4)))
    assert impatient < patient


def test_with_nobody_at_work_there_is_no_prediction() -> None:
    assert predicted_wait(0, 0, 0, 165) is None


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.floats(1, 1000), st.floats(0, 1))
def test_a_longer_queue_is_never_predicted_to_be_shorter(
    waiting: int, free: int, staffed: int, handling: float, giving_up: float
) -> None:
    here, behind = (predicted_wait(ahead, free, staffed, handling, giving_up) for ahead in (waiting, waiting + 1))
    assert here is not None
    assert behind is not None
    assert 0 <= here <= behind


def test_handling_time_is_assumed_until_ten_calls_were_seen() -> None:
    window = Window(T0, assumed=150)
    assert window.handling(T0) == 150
    for number in range(5):
        window = window.handled(at(number), 90)
    assert window.handling(at(10)) == pytest.approx(120)
    for number in range(5):
        window = window.handled(at(10 + number), 90)
    assert window.handling(at(20)) == pytest.approx(90)


def test_what_is_older_than_the_window_counts_no_more() -> None:
    window = Window(T0, span=timedelta(minutes=15), assumed=150)
    for number in range(10):
        window = window.arrived(at(number)).handled(at(number), 60).waited(at(number), 10, gave_up=True)
    assert window.handling(at(60)) == 60
    assert window.giving_up(at(60)) == pytest.approx(0.1)
    later = at(3600)
    assert (window.handling(later), window.load(later), window.giving_up(later)) == (150, 0.0, 0.0)
    window = window.arrived(later).handled(later, 60).waited(later, 1, gave_up=False)
    assert (len(window.arrivals), len(window.calls), len(window.waits)) == (1, 1, 1)


def test_load_is_arrivals_times_handling_from_when_the_watch_began() -> None:
    window = Window(T0, assumed=150)
    for number in range(30):
        window = window.arrived(at(number * 10))
    assert window.load(at(300)) == pytest.approx(30 / 300 * 150)
    # One call in the first second is no rush.
    assert Window(T0, assumed=150).arrived(T0).load(at(1)) == pytest.approx(150 / 60)


def test_few_waits_say_nothing_about_patience() -> None:
    window = Window(T0)
    for number in range(9):
        window = window.waited(at(number), 5, gave_up=True)
    assert window.giving_up(at(10)) == 0.0


def test_a_callback_is_promised_within_the_next_number_of_minutes_that_can_be_spoken() -> None:
    assert promised_minutes(0, 10, 165) == 5
    # 20 callbacks of three minutes, by the four agents whom the callers leave free.
    assert promised_minutes(19, 10, 165, load=6) == 15
    assert promised_minutes(20, 10, 165, load=6) == 20
    assert promised_minutes(0, 0, 165) == 240
    assert promised_minutes(10_000, 1, 165) == 240


def test_agents_whom_a_rush_takes_whole_are_counted_on_for_a_share() -> None:
    assert promised_minutes(0, 10, 165, load=12) == promised_minutes(0, 10, 165, load=8) == 5


@given(st.integers(0, 500), st.integers(0, 50), st.floats(1, 1000), st.floats(0, 100))
def test_a_promise_is_always_one_that_has_a_prompt_and_grows_with_what_is_owed(
    owed: int, agents: int, handling: float, load: float
) -> None:
    here, more = (promised_minutes(number, agents, handling, load) for number in (owed, owed + 1))
    assert here in MINUTES
    assert more >= here


def test_handling_of_negative_length_is_none() -> None:
    window = Window(T0, assumed=0.0)
    for number in range(10):
        window = window.handled(at(number), -5)
    assert window.handling(at(20)) == 0.0
    assert predicted_wait(1, 0, 1, 0.0) == pytest.approx(fmean([2.0]))
