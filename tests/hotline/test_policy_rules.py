"""The queue rule's policy: what is done when the queue fills, and undone when it falls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.hotline.rules.policy import (
    Break,
    CallBackBreak,
    EndWrapUp,
    Facts,
    JoinReserve,
    LeaveReserve,
    Level,
    LevelChanged,
    OfferCallbacks,
    ReleaseBreak,
    Reserve,
    State,
    Step,
    Thresholds,
    Warn,
    WrapUp,
    begin,
    decide,
    next_due,
)
from callcenter.settings.promises import Policy

T0 = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
#: By the count alone; what the prediction adds has tests of its own.
USUAL = Thresholds(reinforce_wait_seconds=0)
HOLD = timedelta(seconds=USUAL.hold_seconds)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def crowd(waiting: int, *, oldest: float = 0, **more: Any) -> Facts:  # noqa: ANN401
    return Facts(waiting, at(oldest) if waiting else None, **more)


def words(steps: Sequence[Step]) -> list[str]:
    return [step.word for step in steps]


class Policing:
    """The policy through time, on one floor after another."""

    def __init__(self, thresholds: Thresholds = USUAL) -> None:
        self.thresholds = thresholds
        self.state = begin(T0)

    def sees(self, facts: Facts, seconds: float) -> list[Step]:
        self.state, steps = decide(self.state, facts, at(seconds), self.thresholds)
        return steps


# Upwards


def test_one_who_waits_is_no_crowd() -> None:
    policing = Policing()
    assert policing.sees(crowd(1), 0) == []
    assert policing.state.level == Level.CALM


def test_one_who_waits_too_long_warns_the_wallboard_when_time_alone_has_passed() -> None:
    policing = Policing()
    policing.sees(crowd(1), 0)
    assert next_due(policing.state, crowd(1), USUAL) == at(20)
    assert policing.sees(crowd(1), 19.9) == []
    changed, warning = policing.sees(crowd(1), 20)
    assert isinstance(changed, LevelChanged)
    assert (changed.before, changed.after, changed.why) == (Level.CALM, Level.WARNING, "wait")
    assert isinstance(warning, Warn)
    assert warning.detail == {"waiting": 1, "longest_wait": 20.0, "free": 0, "predicted_wait": None}


def test_two_who_wait_warn_the_wallboard_at_once() -> None:
    assert words(Policing().sees(crowd(2), 0)) == ["level", "warn"]


def test_three_who_wait_end_wrap_ups_over_their_time_call_breaks_back_and_bring_reserves() -> None:
    facts = crowd(
        3,
        wrap_ups=(WrapUp("8001", at(-6), "1001"), WrapUp("8002", at(-1), "1002")),
        breaks=(Break("1003", "rest"), Break("1004", "training"), Break("1005", "phone_offline")),
        reserves=(Reserve("banzhang"), Reserve("mobile", available=False), Reserve("third", joined=True)),
    )
    steps = Policing().sees(facts, 0)
    assert words(steps) == ["level", "warn", "end_wrap_up", "join_reserve", "call_back_break"]
    assert [step.seat for step in steps if isinstance(step, EndWrapUp)] == ["8001"]
    assert [step.name for step in steps if isinstance(step, JoinReserve)] == ["banzhang"]
    assert [step.agent for step in steps if isinstance(step, CallBackBreak)] == ["1003"]


def test_a_wrap_up_in_a_crowd_ends_when_its_shorter_time_is_over() -> None:
    policing = Policing()
    facts = crowd(3, wrap_ups=(WrapUp("8001", at(-1), "1001"),))
    assert "end_wrap_up" not in words(policing.sees(facts, 0))
    assert next_due(policing.state, facts, USUAL) == at(4)
    (ended,) = policing.sees(facts, 4)
    assert ended.detail["lasted"] == 5.0


def test_four_who_wait_have_newcomers_offered_a_callback_and_call_agents_back_from_training() -> None:
    policing = Policing()
    facts = crowd(4, breaks=(Break("1004", "training"), Break("1005", "callback"), Break("1006", "wrap_up")))
    steps = policing.sees(facts, 0)
    assert policing.state.level == Level.FULL
    assert [step.on for step in steps if isinstance(step, OfferCallbacks)] == [True]
    assert [step.agent for step in steps if isinstance(step, CallBackBreak)] == ["1004"]


def test_offers_come_before_the_queue_is_full_where_that_is_set() -> None:
    policing = Policing(replace(USUAL, reinforce_waiting=2, offer_waiting=3))
    policing.sees(crowd(3), 0)
    assert policing.state.level == Level.OFFER


def test_a_step_that_stands_above_a_smaller_limit_is_taken_at_the_limit() -> None:
    policing = Policing(replace(USUAL, max_waiting=2))
    policing.sees(crowd(2), 0)
    assert policing.state.level == Level.FULL


def test_a_predicted_wait_past_the_promise_reinforces_before_the_count_does_where_that_is_set() -> None:
    early = Policing(replace(USUAL, reinforce_wait_seconds=30))
    assert early.sees(crowd(1, predicted_wait=29.0), 0) == []
    assert early.sees(crowd(0, predicted_wait=99.0), 1) == []
    steps = early.sees(crowd(1, predicted_wait=33.0), 2)
    assert early.state.level == Level.REINFORCE
    assert steps[0].detail["why"] == "prediction"
    assert Policing().sees(crowd(1, predicted_wait=33.0), 2) == []


# Downwards


def test_a_level_falls_one_at_a_time_each_after_the_hold_time() -> None:
    policing = Policing()
    policing.sees(crowd(4), 0)
    assert policing.sees(crowd(0), 1) == []
    levels = []
    for _ in range(4):
        due = next_due(policing.state, crowd(0), USUAL)
        assert due is not None
        assert policing.sees(crowd(0), (due - T0).total_seconds() - 0.1) == []
        steps = policing.sees(crowd(0), (due - T0).total_seconds())
        levels.append((policing.state.level.word, (due - T0).total_seconds(), words(steps)))
    assert levels == [
        ("offer", 21, ["level"]),
        ("reinforce", 41, ["level", "offer_callbacks"]),
        ("warning", 61, ["level"]),
        ("calm", 81, ["level", "unwarn"]),
    ]
    assert next_due(policing.state, crowd(0), USUAL) is None


def test_a_queue_that_fills_again_within_the_hold_time_begins_it_anew() -> None:
    policing = Policing()
    policing.sees(crowd(3), 0)
    policing.sees(crowd(0), 1)
    policing.sees(crowd(3), 20)
    policing.sees(crowd(0), 22)
    assert policing.sees(crowd(0), 30) == []
    assert policing.state.level == Level.REINFORCE
    policing.sees(crowd(0), 42)
    assert policing.state.level == Level.WARNING


def test_reserves_leave_when_the_crowd_is_gone_and_only_when_idle() -> None:
    policing = Policing()
    policing.sees(crowd(3, reserves=(Reserve("banzhang"),)), 0)
    talking = crowd(0, reserves=(Reserve("banzhang", joined=True, idle=False),))
    idle = crowd(0, reserves=(Reserve("banzhang", joined=True),))
    policing.sees(idle, 1)
    assert policing.sees(idle, 10) == []
    assert words(policing.sees(talking, 21)) == ["level"]
    assert policing.sees(talking, 25) == []
    assert words(policing.sees(idle, 30)) == ["leave_reserve"]


def test_the_request_to_return_is_withdrawn_for_who_is_still_away_when_the_crowd_is_gone() -> None:
    policing = Policing()
    policing.sees(crowd(3, breaks=(Break("1003", "rest"), Break("1004", "meal"))), 0)
    assert policing.state.called_back == {"1003", "1004"}
    policing.sees(crowd(0, breaks=(Break("1004", "meal"),)), 1)
    assert policing.state.called_back == {"1004"}
    steps = policing.sees(crowd(0, breaks=(Break("1004", "meal"),)), 21)
    assert [step.agent for step in steps if isinstance(step, ReleaseBreak)] == ["1004"]
    assert policing.state.called_back == set()


def test_nobody_is_asked_for_more_while_a_level_is_only_held() -> None:
    policing = Policing()
    policing.sees(crowd(3), 0)
    facts = crowd(
        0, wrap_ups=(WrapUp("8001", at(-60)),), breaks=(Break("1003", "rest"),), reserves=(Reserve("banzhang"),)
    )
    assert policing.sees(facts, 1) == []


def test_a_policy_that_is_switched_off_undoes_all_at_once_and_then_does_nothing() -> None:
    policing = Policing()
    policing.sees(crowd(4, breaks=(Break("1003", "rest"),)), 0)
    policing.thresholds = replace(USUAL, enabled=False)
    facts = crowd(4, breaks=(Break("1003", "rest"),), reserves=(Reserve("banzhang", joined=True),))
    assert words(policing.sees(facts, 1)) == ["level", "offer_callbacks", "unwarn", "leave_reserve", "release_break"]
    assert policing.sees(facts, 2) == []


# Trouble


def test_a_command_that_shows_no_effect_is_asked_for_again_after_a_while() -> None:
    policing = Policing()
    facts = crowd(3, reserves=(Reserve("banzhang"),), wrap_ups=(WrapUp("8001", at(-9)),))
    policing.sees(facts, 0)
    assert policing.sees(facts, 9.9) == []
    assert next_due(policing.state, facts, USUAL) == at(10)
    assert words(policing.sees(facts, 10)) == ["end_wrap_up", "join_reserve"]


def test_a_program_that_starts_anew_takes_reserves_over_and_lets_them_go_in_time() -> None:
    idle = crowd(0, reserves=(Reserve("banzhang", joined=True),))
    policing = Policing()
    policing.state = begin(T0, idle)
    assert policing.state.level == Level.REINFORCE
    assert policing.sees(idle, 0) == []
    assert words(policing.sees(idle, 20)) == ["level", "leave_reserve"]


def test_a_clock_set_back_does_not_hold_a_level_for_ever() -> None:
    policing = Policing()
    policing.sees(crowd(3), 0)
    policing.sees(crowd(0), 3600)
    policing.sees(crowd(0), 0)
    policing.sees(crowd(0), 20)
    assert policing.state.level == Level.WARNING


def test_every_threshold_is_a_setting_of_the_same_name_and_default() -> None:
    settings = Policy()
    same = ("enabled", "warn_wait_seconds", "warn_waiting", "reinforce_waiting", "offer_waiting", "hold_seconds")
    for name in (*same, "wrap_up_seconds", "reinforce_wait_seconds"):
        assert getattr(Thresholds(), name) == getattr(settings, name), name


# Whatever happens

reserves = st.builds(
    Reserve, st.sampled_from(["a", "b", "c"]), joined=st.booleans(), available=st.booleans(), idle=st.booleans()
)
breaks = st.builds(
    Break, st.sampled_from(["1", "2", "3"]), st.sampled_from(["rest", "meal", "training", "callback", "phone_offline"])
)
wrap_ups = st.builds(WrapUp, st.sampled_from(["8001", "8002"]), st.integers(-30, 0).map(at))
floors = st.builds(
    Facts,
    st.integers(0, 6),
    st.integers(-60, 0).map(at),
    st.integers(0, 3),
    st.one_of(st.none(), st.floats(0, 300)),
    st.lists(wrap_ups, max_size=2, unique_by=lambda one: one.seat).map(tuple),
    st.lists(breaks, max_size=3, unique_by=lambda one: one.agent).map(tuple),
    st.lists(reserves, max_size=3, unique_by=lambda one: one.name).map(tuple),
)
thresholds = st.builds(
    Thresholds,
    max_waiting=st.integers(1, 4),
    reinforce_waiting=st.integers(1, 4),
    hold_seconds=st.integers(0, 40),
    reinforce_wait_seconds=st.sampled_from([0, 30]),
)
histories = st.lists(st.tuples(floors, st.integers(0, 30)), min_size=1, max_size=12)


def lived(history: list[tuple[Facts, int]], limits: Thresholds) -> list[tuple[datetime, Facts, State, list[Step]]]:
    state, now, seen = begin(T0), T0, []
    for facts, seconds in history:
        now += timedelta(seconds=seconds)
        state, steps = decide(state, facts, now, limits)
        seen.append((now, facts, state, steps))
    return seen


@settings(deadline=None)
@given(histories, thresholds)
def test_the_same_facts_twice_ask_for_nothing_new(history: list[tuple[Facts, int]], limits: Thresholds) -> None:
    now, facts, state, _ = lived(history, limits)[-1]
    again, steps = decide(state, facts, now, limits)
    # A hold time of nothing lets the next level go in the same instant; else once is enough.
    if limits.hold_seconds:
        assert steps == []
        assert again == state


@settings(deadline=None)
@given(histories, thresholds)
def test_a_level_is_never_left_sooner_than_the_hold_time_after_it_was_reached(
    history: list[tuple[Facts, int]], limits: Thresholds
) -> None:
    reached = T0
    for now, _, _, steps in lived(history, limits):
        for step in steps:
            if isinstance(step, LevelChanged):
                if step.after < step.before:
                    assert step.before - step.after == 1
                    assert now - reached >= timedelta(seconds=limits.hold_seconds)
                reached = now


@settings(deadline=None)
@given(histories, thresholds)
def test_every_step_is_undone_once_the_queue_is_calm(history: list[tuple[Facts, int]], limits: Thresholds) -> None:
    seen = lived(history, limits)
    now, facts, state, _ = seen[-1]
    steps = [step for *_, taken in seen for step in taken]
    # Those who joined talk no more; those who are on a break stay there.
    calm = replace(facts, waiting=0, oldest=None, reserves=tuple(replace(one, idle=True) for one in facts.reserves))
    state, taken = decide(state, calm, now, limits)
    steps += taken
    while state.level > Level.CALM:
        due = next_due(state, calm, limits)
        assert due is not None
        now = max(due, now)
        state, taken = decide(state, calm, now, limits)
        steps += taken
    assert not state.called_back
    assert sum((step.word == "warn") - (step.word == "unwarn") for step in steps) == 0
    assert sum((1 if step.on else -1) for step in steps if isinstance(step, OfferCallbacks)) == 0
    leaving = {step.name for step in steps if isinstance(step, LeaveReserve)}
    assert leaving >= {one.name for one in facts.reserves if one.joined}


@settings(deadline=None)
@given(floors, floors, st.integers(0, 40), thresholds)
def test_more_who_wait_never_ask_for_less(before: Facts, facts: Facts, seconds: int, limits: Thresholds) -> None:
    state, _ = decide(begin(T0), before, T0, limits)
    fewer, _ = decide(state, facts, at(seconds), limits)
    more, _ = decide(state, replace(facts, waiting=facts.waiting + 1), at(seconds), limits)
    assert more.level >= fewer.level


@settings(deadline=None)
@given(floors, thresholds, st.randoms(use_true_random=False))
def test_the_order_of_agents_and_reserves_means_nothing(facts: Facts, limits: Thresholds, chance: Any) -> None:  # noqa: ANN401
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    other = replace(
        facts, wrap_ups=shuffled(facts.wrap_ups), breaks=shuffled(facts.breaks), reserves=shuffled(facts.reserves)
    )
    assert decide(begin(T0), facts, T0, limits) == decide(begin(T0), other, T0, limits)


@settings(deadline=None)
@given(histories, thresholds, st.floats(0.01, 0.99))
def test_time_alone_changes_nothing_before_the_moment_that_is_named(
    history: list[tuple[Facts, int]], limits: Thresholds, part: float
) -> None:
    now, facts, state, _ = lived(history, limits)[-1]
    due = next_due(state, facts, limits)
    before = now + (due - now) * part if due else now + timedelta(days=1)
    after, steps = decide(state, facts, max(before, now), limits)
    if due is None or due > now:
        assert steps == []
        assert after.level == state.level
    if due is not None and due > now:
        later, steps = decide(state, facts, due, limits)
        assert steps or later != state


@pytest.mark.parametrize("level", list(Level))
def test_a_level_has_a_word_that_the_wallboard_knows(level: Level) -> None:
    assert level.word in {"calm", "warning", "reinforce", "offer", "full"}
