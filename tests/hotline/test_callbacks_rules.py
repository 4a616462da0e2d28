"""What is owed to citizens, and what settles it: the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.hotline.rules import callbacks
from callcenter.hotline.rules.callbacks import Answered, Decision, Missed, Owed, Policy, Result, State

T0 = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
POLICY = Policy(due=timedelta(minutes=15))


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def missed(call: int, minutes: float, caller: str = "138", outcome: str = "abandoned_queue") -> Missed:
    return Missed(call, caller, outcome, at(minutes) - timedelta(seconds=20), at(minutes))


def settle(*happened: Missed | Answered, owed: Owed | None = None, policy: Policy = POLICY) -> Decision:
    return callbacks.settle(happened, {owed.caller: owed} if owed else {}, {}, policy)


def waiting(opened: float = 0) -> Owed:
    return Owed("138", "waiting", "overflowed", at(opened), at(opened + 15), id=7)


def test_a_missed_call_opens_a_callback_with_a_deadline() -> None:
    (owed,) = settle(missed(1, 0)).changed
    assert owed == Owed("138", "waiting", "abandoned_queue", at(0), at(15), calls=(1,))


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


@pytest.mark.parametrize(
    ("result", "attempts", "state"),
    [
        ("reached", 1, "settled"),
        ("busy", 1, "retry"),
        ("no_answer", 2, "retry"),
        ("no_answer", 3, "unreachable"),
        ("reached", 3, "settled"),
    ],
)
def test_an_attempt_settles_comes_back_or_is_the_last(result: Result, attempts: int, state: State) -> None:
    assert callbacks.attempted(result, attempts, Policy(attempts=3)) == state


@pytest.mark.parametrize("state", ["dialling", "settled", "unreachable"])
def test_a_callback_that_is_not_waiting_cannot_be_dialled(state: State) -> None:
    with pytest.raises(ValueError, match=state):
        callbacks.claim(state)


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
