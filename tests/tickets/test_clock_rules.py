"""Clocks of tickets: what stops them, what does not, and when to remind."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.rules import clocks
from callcenter.tickets.rules.calendar import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(published(), SHANGHAI)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(clock: clocks.Clock) -> str:
    assert clock.due_at
    return clock.due_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def total(start: str, days: int = 4) -> clocks.Clock:
    return clocks.start("total", days, at(start), CALENDAR)


def test_a_pause_adds_the_working_time_that_passed_and_not_the_night() -> None:
    clock = total("2026-11-23T10:00", 2)
    assert due(clock) == "11-25 17:30"
    paused = clocks.pause(clock, at("2026-11-23T17:00"))
    assert not paused.running
    assert due(clocks.resume(paused, at("2026-11-24T08:45"), CALENDAR)) == "11-26 09:15"


def test_a_pause_over_a_holiday_gains_nothing_from_it() -> None:
    clock = clocks.pause(total("2026-02-13T10:00"), at("2026-02-14T17:30"))
    assert due(clocks.resume(clock, at("2026-02-24T08:30"), CALENDAR)) == due(clock)


def test_several_pauses_and_an_extension_add_up_in_any_order() -> None:
    def paused(clock: clocks.Clock) -> clocks.Clock:
        for since, until in (("11-23T11:00", "11-23T12:00"), ("11-24T14:00", "11-24T16:00")):
            clock = clocks.resume(clocks.pause(clock, at(f"2026-{since}")), at(f"2026-{until}"), CALENDAR)
        return clock

    clock = total("2026-11-23T10:00", 2)
    assert due(paused(clock)) == "11-26 11:30"
    assert (
        due(clocks.extend(paused(clock), 2, CALENDAR))
        == due(paused(clocks.extend(clock, 2, CALENDAR)))
        == "11-30 11:30"
    )


def test_what_does_not_run_is_not_paused_and_what_runs_is_not_resumed() -> None:
    clock = total("2026-11-23T10:00")
    assert clocks.resume(clock, at("2026-11-24T10:00"), CALENDAR) == clock
    stopped = clocks.stop(clock, at("2026-11-24T10:00"))
    assert clocks.pause(stopped, at("2026-11-25T10:00")) == stopped
    assert clocks.stop(stopped, at("2026-11-26T10:00")) == stopped
    paused = clocks.pause(clock, at("2026-11-24T10:00"))
    assert clocks.pause(paused, at("2026-11-24T11:00")) == paused


def test_a_machine_whose_clock_was_set_back_takes_no_time_away() -> None:
    clock = total("2026-11-23T10:00")
    paused = clocks.pause(clock, at("2026-11-24T10:00"))
    assert due(clocks.resume(paused, at("2026-11-24T09:00"), CALENDAR)) == due(clock)
    assert clocks.stop(clock, at("2026-11-22T09:00")).stopped_at == clock.started_at


def test_a_clock_is_late_by_when_it_stood_still() -> None:
    clock = total("2026-11-23T10:00", 1)
    assert not clock.late(at("2026-11-24T17:30"))
    assert clock.late(at("2026-11-24T17:31"))
    in_time = clocks.stop(clock, at("2026-11-24T17:00"))
    assert not in_time.late(at("2026-12-24T17:31"))
    assert not clocks.stop(clocks.pause(clock, at("2026-11-24T17:00")), at("2026-12-01T17:00")).late(
        at("2026-12-24T17:31")
    )
    assert clocks.stop(clock, at("2026-11-25T17:00")).late(at("2026-11-24T17:00"))


def test_a_deadline_that_needs_an_unknown_year_is_none_until_the_year_is_loaded_and_loses_nothing() -> None:
    known = {day: worked for day, worked in published().items() if day.year <= 2025}
    lacking = WorkCalendar(known, SHANGHAI)
    clock = clocks.start("total", 2, at("2025-12-31T10:00"), lacking)
    assert clock.due_at is None
    assert clocks.reminders_due(clock, at("2026-02-01T10:00"), lacking, 8, 8) == ()
    clock = clocks.resume(clocks.pause(clock, at("2025-12-31T11:00")), at("2026-01-04T10:00"), lacking)
    clock = clocks.extend(clock, 1, lacking)
    assert clock.due_at is None
    # 3 days after 31 December: 4, 5, 6 January; and 1 + 3.5 + 1.5 hours of pause.
    assert due(clocks.timed(clock, CALENDAR)) == "01-07 16:30"


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        ("2026-11-24T16:29", ()),
        ("2026-11-24T16:30", ("before",)),
        ("2026-11-25T17:29", ("before",)),
        ("2026-11-25T17:30", ("before", "at")),
        ("2026-11-26T16:29", ("before", "at")),
        ("2026-11-26T17:30", ("before", "at", "after")),
        ("2026-12-24T17:30", ("before", "at", "after")),
    ],
)
def test_reminders_come_in_working_hours(now: str, kinds: tuple[str, ...]) -> None:
    clock = total("2026-11-23T10:00", 2)
    assert due(clock) == "11-25 17:30"
    assert clocks.reminders_due(clock, at(now), CALENDAR, 8, 7) == kinds
    assert clocks.reminders_due(clocks.pause(clock, at("2026-11-23T11:00")), at(now), CALENDAR, 8, 7) == ()
    assert clocks.reminders_due(clocks.stop(clock, at("2026-11-23T11:00")), at(now), CALENDAR, 8, 7) == ()


def test_before_the_last_known_year_ends_its_last_deadlines_are_still_told_of() -> None:
    clock = total("2026-12-29T10:00", 2)
    assert due(clock) == "12-31 17:30"
    assert clocks.reminders_due(clock, at("2026-12-31T16:00"), CALENDAR, 8, 7) == ("before",)
    # How long ago it was, an unknown year does not tell; that it was, everyone knows.
    assert clocks.reminders_due(clock, at("2027-01-08T16:00"), CALENDAR, 8, 7) == ("before", "at")


moments = st.integers(0, 60 * 24 * 880).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@settings(max_examples=150, deadline=None)
@given(moments, st.integers(1, 9), st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), max_size=5))
def test_standing_still_leaves_exactly_the_working_time_that_was_left(
    start: datetime, days: int, steps: list[timedelta]
) -> None:
    clock = clocks.start("total", days, start, CALENDAR)
    assert clock.due_at
    now = start
    for place, step in enumerate(steps):
        if place % 2:
            left = CALENDAR.between(now, clock.due_at), CALENDAR.between(clock.due_at, now)
            paused = clocks.pause(clock, now)
            now += step
            clock = clocks.resume(paused, now, CALENDAR)
            assert clock.due_at
            assert (CALENDAR.between(now, clock.due_at), CALENDAR.between(clock.due_at, now)) == left
        else:
            now += step


@settings(max_examples=150, deadline=None)
@given(moments, st.integers(1, 9), st.timedeltas(timedelta(days=-2), timedelta(days=20)), st.integers(1, 30))
def test_once_due_a_reminder_stays_due_and_they_come_in_order(
    start: datetime, days: int, later: timedelta, hours: int
) -> None:
    clock = clocks.start("total", days, start, CALENDAR)
    now = start + later
    told = clocks.reminders_due(clock, now, CALENDAR, hours, hours)
    assert told == clocks.REMINDERS[: len(told)]
    after = clocks.reminders_due(clock, now + timedelta(hours=5), CALENDAR, hours, hours)
    assert after[: len(told)] == told
    assert clock.due_at
    if now < clock.due_at:
        assert ("before" in told) is (CALENDAR.between(now, clock.due_at) <= timedelta(hours=hours))
