"""How much working time is left: over weekends and make-up days, at a standstill, overdue, and in years unknown."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.countdown import Countdown, Left

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(published(), SHANGHAI)
WARN_HOURS = 8


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def countdown(now: str) -> Countdown:
    return Countdown(CALENDAR, at(now), WARN_HOURS)


@pytest.mark.parametrize(
    ("now", "due", "said"),
    [
        # A weekend is no time: from Friday afternoon to Monday's close.
        ("2026-11-20T16:30", "2026-11-23T17:30", "剩 1 个工作日 1 小时"),
        ("2026-11-21T11:00", "2026-11-23T17:30", "剩 1 个工作日"),
        # Saturday 10 October 2026 is worked, the days before it are the holiday.
        ("2026-09-30T16:30", "2026-10-10T17:30", "剩 3 个工作日 1 小时"),
        ("2026-11-23T11:00", "2026-11-23T14:30", "剩 1 小时 30 分钟"),
        ("2026-11-23T17:25", "2026-11-23T17:30", "剩 5 分钟"),
        ("2026-11-23T17:30", "2026-11-23T17:30", "剩 0 分钟"),
        ("2026-11-21T09:00", "2026-11-20T17:30", "超期 0 分钟"),
        ("2026-11-24T12:30", "2026-11-19T17:30", "超期 2 个工作日 3 小时"),
        ("2026-11-24T08:29", "2025-11-24T17:30", "超期 247 个工作日"),
    ],
)
def test_what_is_left_is_working_time(now: str, due: str, said: str) -> None:
    counted = countdown(now)
    left = counted.left(at(due))
    assert left
    assert counted.spoken(left) == said


@pytest.mark.parametrize(
    ("now", "running", "turns_in"),
    [
        ("2026-11-23T08:30", True, 3.5 * 3600),
        ("2026-11-23T11:59", True, 60),
        ("2026-11-23T12:00", False, 2 * 3600),
        ("2026-11-20T17:30", False, 63 * 3600),
        ("2026-10-10T10:00", True, 2 * 3600),
    ],
)
def test_it_says_whether_it_runs_and_when_that_turns(now: str, running: bool, turns_in: int) -> None:  # noqa: FBT001
    left = countdown(now).left(at("2026-12-01T17:30"))
    assert left
    assert (left.running, left.turns_in) == (running, turns_in)


def test_a_clock_that_stands_still_shows_what_it_had_and_does_not_run() -> None:
    left = countdown("2026-11-24T10:00").left(at("2026-11-25T17:30"), still_since=at("2026-11-23T17:00"))
    assert left == Left(14 * 60 + 30, overdue=False, running=False, turns_in=None)


def test_nothing_is_told_of_a_year_that_is_not_known() -> None:
    assert countdown("2026-12-31T10:00").left(at("2027-01-05T17:30")) is None
    assert countdown("2027-03-01T10:00").left(at("2026-12-30T17:30")) is None
    assert countdown("2026-12-31T10:00").left(None) is None
    # It is known what is left, but not when work begins again.
    left = countdown("2026-12-31T17:30").left(at("2026-12-31T17:30"))
    assert left == Left(0, overdue=False, running=False, turns_in=None)


def test_few_are_as_many_hours_as_are_reminded_of() -> None:
    assert countdown("2026-11-23T10:00").warn_minutes == WARN_HOURS * 60


moments = st.integers(0, 60 * 24 * 880).map(lambda minutes: at("2024-01-01T00:00") + timedelta(minutes=minutes))


@settings(max_examples=200, deadline=None)
@given(moments, moments)
def test_it_is_what_the_days_add_up_to_one_by_one(one: datetime, other: datetime) -> None:
    one, other = sorted((one, other))
    slowly = timedelta(0)
    day = one.date()
    while day <= other.date():
        for begin, close in CALENDAR.hours if CALENDAR.is_workday(day) else ():
            midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
            span = min(other, midnight + timedelta(minutes=close)) - max(one, midnight + timedelta(minutes=begin))
            slowly += max(span, timedelta(0))
        day += timedelta(days=1)
    assert CALENDAR.between(one, other) == slowly


def test_a_page_of_them_costs_next_to_nothing_however_late_they_are() -> None:
    counted = countdown("2026-11-24T10:00")
    dues = [at("2015-03-02T17:30") + timedelta(days=80 * place) for place in range(50)]
    times = []
    for _ in range(40):
        began = time.perf_counter()
        for due in dues:
            counted.left(due)
        times.append(time.perf_counter() - began)
    print(f"50 rows: median {sorted(times)[20] * 1000:.2f} ms, p95 {sorted(times)[37] * 1000:.2f} ms")
    assert sorted(times)[20] < 0.02
