"""The citizens of a simulated day."""

from statistics import fmean

import pytest

from callcenter.simulation.assumptions import HOUR, Assumptions, steady
from callcenter.simulation.citizens import citizens

USUAL = Assumptions()


def test_a_day_brings_as_many_citizens_as_its_load_says_at_the_hours_of_the_curve() -> None:
    days = [list(citizens(8.0, USUAL, str(day))) for day in range(20)]
    assert fmean(map(len, days)) == pytest.approx(USUAL.calls_a_day(8.0), rel=0.02)
    for hour in (3, 10, 12, 14):
        calls = fmean(sum(int(one.arrives // HOUR) == hour for one in day) for day in days)
        expected = 8.0 / USUAL.handling * HOUR * USUAL.curve[hour]
        assert calls == pytest.approx(expected, abs=4 * (expected / 20) ** 0.5 + 0.5)


def test_citizens_come_in_order_and_stay_within_the_day() -> None:
    times = [one.arrives for one in citizens(9.0, USUAL, "1")]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < USUAL.day


def test_a_busier_day_has_the_same_citizens_and_more() -> None:
    quiet = list(citizens(5.0, USUAL, "1"))
    busy = list(citizens(9.0, USUAL, "1"))
    assert len(busy) > len(quiet)
    assert [(one.talk, one.patience, one.accepts) for one in quiet] == [
        (one.talk, one.patience, one.accepts) for one in busy[: len(quiet)]
    ]


def test_talks_and_patience_have_the_means_that_are_assumed() -> None:
    many = [one for day in range(10) for one in citizens(9.0, USUAL, str(day))]
    assert fmean(one.talk for one in many) == pytest.approx(USUAL.talk_seconds, rel=0.03)
    assert fmean(one.patience for one in many) == pytest.approx(USUAL.patience_seconds, rel=0.04)
    exponential = steady(USUAL, 24, None)
    assert fmean(one.talk for one in citizens(9.0, exponential, "1")) == pytest.approx(USUAL.handling, rel=0.05)
    assert min(one.patience for one in citizens(2.0, exponential, "1")) == float("inf")


def test_the_curve_has_two_peaks_and_a_quiet_night() -> None:
    curve = USUAL.curve
    assert len(curve) == 24
    assert max(curve) == 1.0
    assert curve[12] < curve[10]
    assert curve[12] < curve[14]
    assert max(curve[:6]) < 0.1
