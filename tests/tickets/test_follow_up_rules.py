"""When a follow-up visit is owed, when the citizen is rung again, and what their word means."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.rules.retries import COUNTED
from callcenter.tickets.rules.follow_ups import (
    OPEN,
    FollowUp,
    Policy,
    after_try,
    closed_by,
    first_try,
    in_vain,
    move_for,
    tells,
)

POLICY = Policy()
CHINA = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, tzinfo=CHINA)


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("opened", "rung"),
    [
        (local(12), local(12)),
        (local(8), local(8)),
        (local(20, 59), local(20, 59)),
        (local(21), local(8, day=24)),
        (local(23, 30), local(8, day=24)),
        (local(3), local(8)),
    ],
)
def test_no_citizen_is_rung_at_night(opened: datetime, rung: datetime) -> None:
    assert first_try(opened, POLICY) == rung


def test_a_citizen_who_does_not_answer_is_tried_after_hours_then_days_and_then_given_up() -> None:
    first = in_vain(FollowUp("dialling", NOON, tried=1), "no_answer", NOON, POLICY)
    assert (first.state, first.next_at) == ("retry", NOON + timedelta(hours=2))
    second = in_vain(FollowUp("dialling", NOON, tried=2), "busy", NOON, POLICY)
    assert (second.state, second.next_at) == ("retry", NOON + timedelta(hours=24))
    assert in_vain(FollowUp("dialling", NOON, tried=3), "no_answer", NOON, POLICY).state == "unreached"


def test_a_retry_that_would_come_at_night_waits_for_the_morning() -> None:
    after = in_vain(FollowUp("dialling", NOON, tried=1), "no_answer", local(20), POLICY)
    assert after.next_at == local(8, day=24)


def test_a_wrong_number_is_not_dialled_again() -> None:
    assert in_vain(FollowUp("dialling", NOON, tried=1), "wrong_number", NOON, POLICY).state == "unreached"


@pytest.mark.parametrize("result", ["agent_no_answer", "not_dialled", "failed", "cancelled", "expired"])
def test_what_was_our_own_fault_costs_the_citizen_no_try(result: str) -> None:
    after = in_vain(FollowUp("dialling", NOON, tried=0), result, NOON, POLICY)
    assert (after.state, result in COUNTED) == ("waiting", False)
    assert after.next_at <= NOON + timedelta(minutes=2)


def test_a_picked_up_call_waits_for_what_the_agent_notes() -> None:
    assert after_try(FollowUp("dialling", NOON, tried=1), "answered", NOON, POLICY).state == "answered"


def test_an_unhappy_citizen_has_it_done_again_and_any_other_ends_it() -> None:
    assert [move_for(word) for word in ("satisfied", "fairly", "unhappy")] == ["follow_up", "follow_up", "redo"]


@pytest.mark.parametrize(
    ("from_state", "to_state", "told"),
    [
        ("replied", "follow_up", "open"),
        ("city", "follow_up", "open"),
        ("follow_up", "follow_up", None),  # a comment
        ("follow_up", "dispatched", "close"),
        ("follow_up", "to_close", "close"),
        ("handling", "replied", None),
        (None, "accepted", None),
    ],
)
def test_a_ticket_owes_one_exactly_while_it_waits_for_it(from_state: str, to_state: str, told: str) -> None:
    assert tells(from_state, to_state) == told


def test_only_who_was_not_reached_is_unreached() -> None:
    assert [closed_by(move) for move in ("follow_up", "redo", "follow_up_unreached")] == ["done", "done", "unreached"]


@given(
    st.lists(st.sampled_from(["no_answer", "busy", "refused", "failed", "agent_no_answer"]), max_size=12),
    st.integers(0, 400_000).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)
def test_whatever_the_attempts_come_to_it_ends_after_the_last_retry_and_never_rings_at_night(
    results: list[str], now: datetime
) -> None:
    owed, tried = FollowUp("waiting", first_try(now, POLICY)), 0
    for result in results:
        tried += result in COUNTED
        owed = after_try(FollowUp("dialling", owed.next_at, tried), result, max(owed.next_at, now), POLICY)
        if owed.state == "unreached":
            break
        assert owed.state in OPEN
        assert 8 <= owed.next_at.astimezone(CHINA).hour < 21
        assert owed.next_at >= now
    assert (owed.state == "unreached") == (tried > len(POLICY.retries))
