"""The simulated hotline: it agrees with the formulas where they know, and keeps the rule where they do not."""

from dataclasses import replace
from statistics import fmean

import pytest

from callcenter.hotline.rules.policy import Thresholds
from callcenter.simulation.assumptions import Assumptions, steady
from callcenter.simulation.formula import agreements, bare_rate
from callcenter.simulation.hotline import BARE, BARE_LIMITED, Hotline, Rule, simulate
from callcenter.simulation.record import Record

USUAL = Assumptions()
POLICY = Rule("policy", 4, Thresholds(reinforce_wait_seconds=0), 2, callbacks=True)
EARLY = replace(POLICY, thresholds=Thresholds(reinforce_wait_seconds=30))


def day(rule: Rule, load: float, seed: str = "1/0", assumptions: Assumptions = USUAL) -> Record:
    return Hotline(rule, load, assumptions, seed).run()


def test_steady_bare_queues_agree_with_erlang_c_and_a() -> None:
    found = agreements(USUAL, hours=200, seed=7)
    assert len(found) == 9
    assert [one for one in found if not one.agrees] == []
    # The simulation is no closer to the formula than chance lets it be.
    assert all(one.standard_error < 0.015 for one in found)


def test_a_bare_day_agrees_with_the_formulas_hour_by_hour() -> None:
    simulated = simulate(BARE, 7.0, USUAL, days=6, seed=3).of_all_who_asked
    assert simulated == pytest.approx(bare_rate(7.0, USUAL, None), abs=0.02)
    limited = simulate(BARE_LIMITED, 8.0, USUAL, days=6, seed=3).of_all_who_asked
    assert limited == pytest.approx(bare_rate(8.0, USUAL, 4), abs=0.02)


@pytest.mark.parametrize("load", [7.0, 11.0])
def test_five_never_wait_however_great_the_load(load: float) -> None:
    for rule in (POLICY, EARLY, BARE_LIMITED):
        assert day(rule, load).most_waiting <= 4
    assert day(BARE, 11.0).most_waiting > 4


@pytest.mark.parametrize("load", [6.0, 10.0])
def test_every_call_is_answered_given_up_turned_away_or_owed(load: float) -> None:
    for rule in (BARE, BARE_LIMITED, POLICY, EARLY):
        record = day(rule, load)
        ends = record.answered + record.gave_up + record.turned_away + record.took_callback + record.overflowed
        assert record.asked == ends
        assert record.prompt <= record.answered


@pytest.mark.parametrize("load", [7.0, 10.0])
def test_everybody_whom_nobody_got_to_is_called_back_once_or_found_unreachable(load: float) -> None:
    record = day(EARLY, load)
    assert record.lost == 0
    assert record.never == 0
    # Who is still being tried when the hours after the day are over is the rest.
    rest = record.owed - record.reached - record.redial_settled - record.unreachable
    assert 0 <= rest <= 5
    assert record.owed == len(record.promised_minutes)


def test_each_citizen_who_dials_once_and_reaches_nobody_is_owed_exactly_one_callback() -> None:
    once = replace(USUAL, redials=0.0, redials_when_promised=0.0)
    record = day(EARLY, 10.0, assumptions=once)
    assert record.owed == record.gave_up + record.took_callback + record.overflowed > 50
    assert record.redial_settled == 0


def test_a_bare_queue_loses_citizens_and_owes_nobody() -> None:
    record = day(BARE_LIMITED, 10.0)
    assert record.turned_away > 0
    assert record.lost > 0
    assert record.owed == 0


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert day(EARLY, 9.0) == day(EARLY, 9.0)
    assert day(EARLY, 9.0) != day(EARLY, 9.0, "2/0")


def test_the_policy_answers_more_in_time_than_a_bare_queue_and_reinforced_early_still_more() -> None:
    bare, usual, early = (simulate(rule, 8.5, USUAL, days=2, seed=1) for rule in (BARE_LIMITED, POLICY, EARLY))
    assert bare.of_those_who_wait + 0.03 < usual.of_those_who_wait
    assert usual.of_those_who_wait + 0.02 < early.of_those_who_wait
    assert usual.of_all_who_asked < early.of_all_who_asked
    assert early.reserve_seconds > usual.reserve_seconds > bare.reserve_seconds == 0


def test_every_step_of_the_policy_is_undone_by_the_end_of_the_day() -> None:
    hotline = Hotline(EARLY, 10.0, USUAL, "1/0")
    steps = hotline.run().steps
    assert steps["warn"] == steps["unwarn"] > 0
    assert steps["join_reserve"] == steps["leave_reserve"] > 0
    assert steps["offer_callbacks"] % 2 == 0
    assert steps["end_wrap_up"] > 0
    assert steps["call_back_break"] >= steps["release_break"] > 0
    assert {agent.doing for agent in hotline.staff.reserves} == {"away"}


def test_a_quiet_day_needs_nobody_from_the_reserve() -> None:
    record = day(POLICY, 2.0)
    assert record.of_all_who_asked > 0.99
    assert record.reserve_seconds == 0
    assert "join_reserve" not in record.steps


def test_callbacks_never_take_an_agent_while_anybody_waits() -> None:
    seen: list[tuple[int, int]] = []

    class Watched(Hotline):
        def changed(self) -> None:
            super().changed()
            if self.queue:
                seen.append((len(self.queue), len(self.staff.ready)))

    Watched(EARLY, 10.0, USUAL, "1/0").run()
    # Whenever somebody waits, it is because no agent is free; nobody is kept from them for a callback.
    assert len(seen) > 100
    assert {ready for _, ready in seen} == {0}


def test_the_predicted_wait_is_unbiased_near_the_promise_and_a_little_long_for_long_waits() -> None:
    # Nobody gives up or is shed here, so that whoever was predicted a wait also waited it out.
    habits = steady(USUAL, 24, None)
    rule = Rule("predicted", None, Thresholds(enabled=False), 0, callbacks=False)
    found = [pair for number in range(4) for pair in day(rule, 7.5, f"5/{number}", habits).predictions]
    assert len(found) > 3000
    errors = {}
    for low, high in ((0, 25), (25, 60), (60, 150)):
        part = [(one, two) for one, two in found if low <= one < high]
        predicted, waited = (fmean(column) for column in zip(*part, strict=True))
        errors[low, high] = predicted / waited - 1
    print(errors)
    assert errors[0, 25] == pytest.approx(0, abs=0.1)
    assert errors[25, 60] == pytest.approx(0, abs=0.07)
    # A queue is long when the last calls happened to be: their mean is above what the next ones will take.
    assert 0 <= errors[60, 150] + 0.02 < 0.2


def test_the_prediction_allows_for_those_ahead_who_give_up() -> None:
    habits = steady(USUAL, 24, USUAL.patience_seconds)
    rule = Rule("predicted", None, Thresholds(enabled=False), 0, callbacks=False)
    found = [pair for number in range(4) for pair in day(rule, 10.0, f"5/{number}", habits).predictions]
    # Only who stayed is known to have waited it out, and they are those whose waits were short: a little below, then.
    predicted, waited = (fmean(column) for column in zip(*found, strict=True))
    assert waited < predicted < 1.6 * waited


def test_nearly_every_promised_callback_is_begun_within_the_minutes_that_the_citizen_heard() -> None:
    record = simulate(EARLY, 9.0, USUAL, days=2, seed=1)
    kept = [
        seconds <= minutes * 60
        for seconds, minutes in zip(record.callback_seconds, record.promised_minutes, strict=True)
    ]
    assert len(kept) > 80
    assert fmean(kept) > 0.95
