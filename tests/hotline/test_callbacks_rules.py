"""What is owed to citizens, and what settles it: the rules alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.rules import callbacks
from callcenter.hotline.rules.callbacks import (
    Answered,
    Attempt,
    Decision,
    Missed,
    Owed,
    Policy,
    Result,
    State,
    Tried,
)

T0 = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
POLICY = Policy(due=timedelta(minutes=15))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def missed(call: int, minutes: float, caller: str = "138", outcome: str = "abandoned_queue") -> Missed:
    return Missed(call, caller, outcome, at(minutes) - timedelta(seconds=20), at(minutes))


def settle(*happened: Missed | Answered | Tried, owed: Owed | None = None, policy: Policy = POLICY) -> Decision:
    return callbacks.settle(happened, {owed.caller: owed} if owed else {}, {}, policy)


def waiting(opened: float = 0) -> Owed:
    return Owed("138", "waiting", "overflowed", at(opened), at(opened), at(opened + 15), at(opened), id=7)


def test_a_missed_call_opens_a_callback_with_a_deadline() -> None:
    (owed,) = settle(missed(1, 0)).changed
    called = at(0) - timedelta(seconds=20)
    assert owed == Owed("138", "waiting", "abandoned_queue", called, at(0), at(15), at(0), held="unknown", calls=(1,))


def test_a_second_missed_call_joins_and_keeps_the_first_deadline() -> None:
    (owed,) = settle(missed(2, 10), owed=waiting()).changed
    assert (owed.id, owed.calls, owed.due_at, owed.reason) == (7, (2,), at(15), "overflowed")


def test_an_answered_redial_settles_and_names_the_call() -> None:
    (owed,) = settle(Answered(9, "138", at(5)), owed=waiting()).changed
    assert (owed.state, owed.settled_by, owed.settled_at, owed.settled_call) == ("settled", "redial", at(5), 9)


def test_a_call_answered_before_the_miss_settles_nothing() -> None:
    assert settle(Answered(9, "138", at(-1)), owed=waiting()).changed == []


def test_somebody_elses_call_settles_nothing() -> None:
    assert settle(Answered(9, "139", at(5)), owed=waiting()).changed == []


def test_a_withheld_number_cannot_be_called_back_and_is_said_so() -> None:
    decision = settle(missed(1, 0, ""), Answered(2, "", at(1)))
    assert (decision.changed, [call.call for call in decision.unreachable]) == ([], [1])


def test_events_are_taken_in_the_order_in_which_they_happened() -> None:
    first, second = settle(missed(3, 10), Answered(2, "138", at(5)), missed(1, 0)).changed
    assert (first.state, first.calls, first.settled_call) == ("settled", (1,), 2)
    assert (second.state, second.calls) == ("waiting", (3,))


def test_a_redial_that_another_node_told_first_settles_the_late_miss() -> None:
    decision = callbacks.settle([missed(1, 0)], {}, {"138": (9, at(5))}, POLICY)
    (owed,) = decision.changed
    assert (owed.state, owed.settled_by, owed.calls) == ("settled", "redial", (1,))


@pytest.mark.parametrize(("outcome", "owed"), [("abandoned_greeting", False), ("abandoned_queue", True)])
def test_only_those_who_leave_the_greeting_at_once_are_owed_nothing(outcome: str, owed: bool) -> None:  # noqa: FBT001
    policy = Policy(greeting=timedelta(seconds=30))
    assert callbacks.owes(missed(1, 0, outcome=outcome), policy) is owed


def tried(  # one attempt has many fields
    result: Result = "no_answer", minutes: float = 20, *, attempt: int = 1, number: str = "138", ended: bool = True
) -> Tried:
    return Tried(
        attempt, 50 + attempt, number, "1001", result, at(minutes - 1), at(minutes), at(minutes) if ended else None
    )


def dialling(*results: str, state: State = "dialling") -> Owed:
    """A callback with these attempts, of which the last is under way."""
    attempts = {
        n: Attempt(n, at(19), "1001", "138", result) for n, result in enumerate(results or ("dialling",), start=1)
    }
    return replace(waiting(), state=state, attempts=attempts)


def try_it(event: Tried, owed: Owed) -> Owed:
    decision = callbacks.settle([event], {owed.caller: owed} if owed.open else {}, {}, POLICY, {event.attempt: owed})
    (after,) = decision.changed
    return after


def test_who_was_reached_by_a_callback_is_owed_no_more_from_the_moment_they_answer() -> None:
    after = try_it(tried("answered", ended=False), dialling())
    assert (after.state, after.settled_by, after.settled_at, after.settled_call) == ("settled", "callback", at(20), 51)
    assert after.attempts[1].result == "answered"


def test_the_end_of_the_talk_settles_nothing_twice() -> None:
    settled = try_it(tried("answered", ended=False), dialling())
    after = try_it(tried("answered", 25), settled)
    assert (after.settled_at, after.attempts[1].ended_at) == (at(20), at(25))


@pytest.mark.parametrize("result", ["no_answer", "busy", "refused"])
def test_an_attempt_in_vain_comes_back_after_the_settings_minutes_with_a_deadline_of_its_own(result: Result) -> None:
    after = try_it(tried(result), dialling())
    assert (after.state, after.next_at, after.due_at) == ("retry", at(30), at(45))


def test_the_last_retry_in_vain_makes_the_citizen_unreachable() -> None:
    after = try_it(tried(attempt=4), dialling("no_answer", "busy", "refused", "dialling"))
    assert (after.state, after.tried, after.open) == ("unreachable", 4, False)
    assert try_it(tried(attempt=3), dialling("no_answer", "busy", "dialling")).state == "retry"


@pytest.mark.parametrize(("result", "again"), [("failed", 22), ("cancelled", 22), ("agent_no_answer", 20)])
def test_faults_of_our_own_side_cost_the_citizen_no_attempt(result: Result, again: int) -> None:
    after = try_it(tried(result), dialling())
    assert (after.state, after.next_at, after.due_at, after.tried) == ("waiting", at(again), at(15), 0)
    later = try_it(tried(result, attempt=2), dialling("busy", "dialling"))
    assert (later.state, later.tried) == ("retry", 1)


def test_a_wrong_number_is_not_dialled_again() -> None:
    assert try_it(tried("wrong_number"), dialling()).state == "unreachable"


def test_the_same_news_twice_change_nothing() -> None:
    once = try_it(tried(), dialling())
    assert try_it(tried(), once) == once


def test_a_record_that_comes_after_the_attempt_was_given_up_still_tells_the_truth() -> None:
    reached = try_it(tried("answered"), dialling("not_dialled", state="waiting"))
    assert (reached.state, reached.settled_by) == ("settled", "callback")
    given_up = try_it(tried("answered", attempt=1), dialling("not_dialled", state="unreachable"))
    assert given_up.state == "settled"


def test_while_another_attempt_is_under_way_an_old_one_only_becomes_evidence() -> None:
    after = try_it(tried("busy"), dialling("not_dialled", "dialling"))
    assert (after.state, after.attempts[1].result) == ("dialling", "busy")


def test_what_a_person_noted_of_a_talk_stays() -> None:
    noted = dialling("voicemail", state="retry")
    after = try_it(tried("answered", 25), noted)
    assert (after.state, after.attempts[1].result, after.attempts[1].ended_at) == ("retry", "voicemail", at(25))


def test_an_attempt_that_no_database_remembers_belongs_to_the_callback_of_its_number() -> None:
    decision = callbacks.settle([missed(1, 0), tried("busy"), tried("answered", 40, attempt=2)], {}, {}, POLICY)
    (owed,) = decision.changed
    assert (owed.state, owed.settled_by, sorted(owed.attempts)) == ("settled", "callback", [1, 2])
    assert callbacks.settle([tried()], {}, {}, POLICY).orphans == [tried()]


def test_after_a_callback_was_answered_the_next_missed_call_opens_another() -> None:
    first, second = settle(missed(1, 0), tried("answered", 20), missed(2, 30)).changed
    assert (first.state, first.calls, second.state, second.calls) == ("settled", (1,), "waiting", (2,))


def test_a_citizen_who_dials_three_times_before_the_first_is_answered_is_owed_once_and_settled_once() -> None:
    """FreePBX 525: each of the calls became a callback of its own, and the citizen was called again and again."""
    (owed,) = settle(missed(1, 0), missed(2, 1), missed(3, 2)).changed
    assert owed.calls == (1, 2, 3)
    (after,) = settle(missed(1, 0), missed(2, 1), Answered(3, "138", at(3))).changed
    assert (after.state, after.settled_by, after.calls) == ("settled", "redial", (1, 2))


def test_who_is_called_back_in_which_order_is_when_they_first_called() -> None:
    (owed,) = settle(missed(1, 0), missed(2, 10)).changed
    assert owed.called_at == at(0) - timedelta(seconds=20)


def test_a_wish_by_key_is_the_reason_and_counts_even_when_brief() -> None:
    wish = replace(missed(1, 0, outcome="abandoned_greeting"), requested=True)
    (owed,) = settle(wish, policy=Policy(greeting=timedelta(minutes=5))).changed
    assert owed.reason == "requested"


def test_another_number_that_is_keyed_is_the_one_that_is_dialled_and_is_judged_anew() -> None:
    (owed,) = settle(replace(missed(1, 0, "13800000001"), number="16812345")).changed
    assert (owed.caller, owed.target, owed.held) == ("13800000001", "16812345", "premium")
    (again,) = settle(replace(missed(2, 1, "13800000001"), number="13900000001"), owed=replace(owed, id=7)).changed
    assert (again.target, again.held) == ("13900000001", None)


def test_a_number_that_a_supervisor_allowed_stays_allowed_when_the_citizen_is_missed_again() -> None:
    (owed,) = settle(missed(1, 0, "+14155550000")).changed
    assert owed.held == "foreign"
    (again,) = settle(missed(2, 1, "+14155550000"), owed=replace(owed, id=7, held=None)).changed
    assert again.held is None


HAPPENED = st.lists(
    st.builds(
        lambda kind, call, caller, minutes: (
            missed(call, minutes, caller) if kind else Answered(call, caller, at(minutes))
        ),
        st.booleans(),
        st.integers(1, 10_000),
        st.sampled_from(["", "138", "139"]),
        st.integers(0, 50),
    ),
    unique_by=lambda event: event.call,
    max_size=20,
)


@given(HAPPENED)
def test_every_missed_call_of_a_known_number_is_answered_for_exactly_once(happened: list[Missed | Answered]) -> None:
    decision = settle(*happened)
    linked = sorted(call for owed in decision.changed for call in owed.calls)
    assert linked == sorted(event.call for event in happened if isinstance(event, Missed) and event.caller)
    still = [owed.caller for owed in decision.changed if owed.open]
    assert len(still) == len(set(still)), "one open obligation per citizen"


def test_two_calls_of_a_citizen_that_end_at_the_same_instant_are_one_obligation_also_when_a_redial_is_known() -> None:
    both = [missed(31, 0), replace(missed(75, 0), started_at=at(0) - timedelta(seconds=5))]
    decision = callbacks.settle(both, {}, {"138": (85, at(1))}, POLICY)
    (settled,) = decision.changed
    assert (settled.state, settled.settled_by, settled.calls) == ("settled", "redial", (31, 75))
