"""Test dials, the rules: the verdict on what Asterisk wrote of both sides, and on what the floor showed meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.hotline.rules.test_dials import Arrived, Dialled, Limits, Meanwhile, Verdict, judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LIMITS = Limits(greeting=10, person=30)
#: An agent was free, and no citizen came.
QUIET = Meanwhile(free=True, citizen=False)
BUSY = Meanwhile(free=False, citizen=False)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def verdict(
    seconds: float, dialled: Dialled | None, arrived: Arrived | None = None, meanwhile: Meanwhile = QUIET
) -> Verdict | None:
    return judge(NOW, dialled, arrived, meanwhile, at(seconds), LIMITS)


HEARD = Dialled(at(0), answered_at=at(2))
WAITS = Arrived(queued_at=at(6), found=0)


def test_one_that_a_person_answers_in_time_passes() -> None:
    arrived = Arrived(at(6), at(9), answered_at=at(9), found=1)
    assert verdict(9, HEARD, arrived) == Verdict("passed", 2.0, 9.0, 1)


def test_it_is_too_early_while_it_rings_plays_or_waits() -> None:
    assert verdict(9, None) is None
    assert verdict(9, Dialled(at(0))) is None
    assert verdict(6, HEARD) is None
    assert verdict(29, HEARD, WAITS) is None


@pytest.mark.parametrize("seconds", [13, 500])
def test_an_order_that_left_no_record_fails(seconds: float) -> None:
    found = verdict(seconds, None)
    assert found is not None
    assert (found.result, found.detail) == ("failed", "there is no record of the call: it was never dialled")


def test_a_line_that_refuses_fails() -> None:
    found = verdict(1, Dialled(at(0), ended_at=at(0.2)))
    assert found is not None
    assert found.result == "failed"
    assert "refused" in str(found.detail)


def test_no_greeting_in_time_fails() -> None:
    assert verdict(10, Dialled(at(0))) == Verdict("failed", detail="no greeting within 10 s")


def test_a_greeting_that_comes_late_fails_even_when_a_person_answers() -> None:
    late = Dialled(at(0), answered_at=at(12))
    found = verdict(20, late, Arrived(at(14), at(15), answered_at=at(15), found=0))
    assert found is not None
    assert (found.result, found.greeting_seconds, found.person_seconds) == ("failed", 12.0, 15.0)


def test_a_call_that_does_not_arrive_as_a_test_dial_fails() -> None:
    found = verdict(7, HEARD)
    assert found is not None
    assert found.result == "failed"
    assert "did not arrive" in str(found.detail)


def test_five_found_waiting_fails_and_four_does_not() -> None:
    five, four = (verdict(9, HEARD, Arrived(at(6), at(9), answered_at=at(9), found=found)) for found in (5, 4))
    assert five is not None
    assert (five.result, five.detail) == ("failed", "5 callers were waiting")
    assert four is not None
    assert four.result == "passed"


def test_nobody_in_time_although_an_agent_was_free_fails() -> None:
    found = verdict(30, HEARD, WAITS)
    assert found is not None
    assert (found.result, found.person_seconds) == ("failed", None)
    assert "although an agent was free" in str(found.detail)


def test_nobody_in_time_while_no_agent_was_free_is_the_queues_state_and_no_failure() -> None:
    assert verdict(30, HEARD, WAITS, BUSY) == Verdict("passed", 2.0, None, 0, "no agent was free")


def test_a_person_who_comes_late_although_one_was_free_fails() -> None:
    found = verdict(40, HEARD, Arrived(at(6), at(35), answered_at=at(35), found=0))
    assert found is not None
    assert found.result == "failed"


def test_one_that_found_no_agent_at_all_says_so() -> None:
    turned_away = Arrived(at(6), at(6), ended_at=at(7), found=0)
    assert verdict(8, HEARD, turned_away, BUSY) == Verdict("passed", 2.0, None, 0, "no agent was there")


@pytest.mark.parametrize("queued", [None, at(6)])
def test_one_that_gave_up_its_place_to_a_citizen_is_no_failure(queued: datetime | None) -> None:
    gone = Arrived(queued, at(8) if queued else None, ended_at=at(8), found=0)
    for meanwhile in (Meanwhile(free=True, citizen=True), Meanwhile()):
        found = verdict(9, HEARD, gone, meanwhile)
        assert found is not None
        assert found.result == "yielded"


def test_one_that_ends_before_the_queue_with_nobody_there_to_yield_to_fails() -> None:
    found = verdict(9, HEARD, Arrived(ended_at=at(4), found=0), BUSY)
    assert found is not None
    assert (found.result, found.detail) == ("failed", "the call ended before it reached the queue")


def test_one_from_before_a_restart_is_judged_by_its_records_alone() -> None:
    answered = Arrived(at(6), at(9), answered_at=at(9), ended_at=at(11), found=0)
    found = judge(NOW, Dialled(at(0), at(2), at(11)), answered, Meanwhile(), at(4000), LIMITS)
    assert found is not None
    assert found.result == "passed"
