"""Working days and deadlines, against the calendars that the State Council published."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(published(), SHANGHAI)
#: Offices' hours on a working day: 3.5 in the morning, 3.5 in the afternoon.
HOURS = timedelta(hours=7)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def span(first: str, last: str) -> list[date]:
    begin = date.fromisoformat(first)
    return [begin + timedelta(days=place) for place in range((date.fromisoformat(last) - begin).days + 1)]


#: 国务院办公厅关于 2025 年、2026 年部分节假日安排的通知.
PUBLISHED = {
    "Spring Festival 2025": (span("2025-01-28", "2025-02-04"), ["2025-01-26", "2025-02-08"]),
    "National Day 2025": (span("2025-10-01", "2025-10-08"), ["2025-09-28", "2025-10-11"]),
    "Labour Day 2025": (span("2025-05-01", "2025-05-05"), ["2025-04-27"]),
    "New Year 2026": (span("2026-01-01", "2026-01-03"), ["2026-01-04"]),
    "Spring Festival 2026": (span("2026-02-15", "2026-02-23"), ["2026-02-14", "2026-02-28"]),
    "Qingming 2026": (span("2026-04-04", "2026-04-06"), []),
    "Labour Day 2026": (span("2026-05-01", "2026-05-05"), ["2026-05-09"]),
    "Dragon Boat 2026": (span("2026-06-19", "2026-06-21"), []),
    "Mid-Autumn 2026": (span("2026-09-25", "2026-09-27"), []),
    "National Day 2026": (span("2026-10-01", "2026-10-07"), ["2026-09-20", "2026-10-10"]),
}


@pytest.mark.parametrize("holiday", PUBLISHED)
def test_a_holiday_and_its_make_up_days_are_as_published(holiday: str) -> None:
    off, made_up = PUBLISHED[holiday]
    assert [day for day in off if CALENDAR.is_workday(day)] == []
    for text in made_up:
        day = date.fromisoformat(text)
        assert day.weekday() >= 5
        assert CALENDAR.is_workday(day), f"{day} is made up"


def test_outside_the_published_days_the_week_is_the_week() -> None:
    named = {day for off, made_up in PUBLISHED.values() for day in (*off, *map(date.fromisoformat, made_up))}
    odd = {day for day, worked in published().items() if day.year == 2026 and worked is not (day.weekday() < 5)}
    assert odd <= named
    assert sum(worked for day, worked in published().items() if day.year == 2026) == 248


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        # An ordinary week.
        ("2026-11-23T10:00", 1, "2026-11-24 17:30"),
        ("2026-11-23T10:00", 2, "2026-11-25 17:30"),
        ("2026-11-20T10:00", 2, "2026-11-24 17:30"),
        # Before the hours, between them, in their last minute: the same day. After them: the next.
        ("2026-11-23T00:00", 1, "2026-11-24 17:30"),
        ("2026-11-23T13:00", 1, "2026-11-24 17:30"),
        ("2026-11-23T17:29", 1, "2026-11-24 17:30"),
        ("2026-11-23T17:30", 1, "2026-11-25 17:30"),
        ("2026-11-20T18:00", 1, "2026-11-24 17:30"),
        ("2026-11-21T12:00", 1, "2026-11-24 17:30"),
        # Spring Festival: Saturday the 14th is worked, and so is Saturday the 28th.
        ("2026-02-12T09:00", 2, "2026-02-14 17:30"),
        ("2026-02-13T09:00", 2, "2026-02-24 17:30"),
        ("2026-02-14T09:00", 4, "2026-02-27 17:30"),
        ("2026-02-14T09:00", 5, "2026-02-28 17:30"),
        ("2026-02-17T09:00", 4, "2026-02-28 17:30"),
        ("2025-01-26T09:00", 2, "2025-02-05 17:30"),
        ("2025-02-05T09:00", 3, "2025-02-08 17:30"),
        # National Day: Sunday 20 September and Saturday 10 October are worked.
        ("2026-09-18T09:00", 1, "2026-09-20 17:30"),
        ("2026-09-30T16:00", 4, "2026-10-12 17:30"),
        ("2026-10-03T09:00", 2, "2026-10-10 17:30"),
        ("2025-09-26T09:00", 1, "2025-09-28 17:30"),
        ("2025-09-30T09:00", 4, "2025-10-13 17:30"),
        # Over the end of a known year.
        ("2025-12-31T09:00", 1, "2026-01-04 17:30"),
    ],
)
def test_a_deadline_is_the_close_of_the_last_of_its_days(start: str, days: int, due: str) -> None:
    assert local(CALENDAR.after(at(start), days)) == due


def test_a_year_that_is_not_known_is_named_and_not_guessed() -> None:
    assert local(CALENDAR.after(at("2026-12-30T09:00"), 1)) == "2026-12-31 17:30"
    for ask in (
        lambda: CALENDAR.after(at("2026-12-31T09:00"), 1),
        lambda: CALENDAR.after(at("2026-12-31T18:00"), 1),
        lambda: CALENDAR.after(at("2027-03-01T09:00"), 1),
        # A Saturday, which anybody would take for a day off.
        lambda: CALENDAR.is_workday(date(2027, 5, 15)),
        lambda: CALENDAR.shift(at("2026-12-31T17:00"), timedelta(hours=1)),
        lambda: CALENDAR.latest(at("2026-12-31T17:00"), timedelta(hours=1)),
        lambda: CALENDAR.between(at("2026-12-31T17:00"), at("2027-01-02T09:00")),
        lambda: CALENDAR.workdays(date(2026, 12, 1), date(2027, 1, 5)),
    ):
        with pytest.raises(UnknownYear, match=r"2027 are not known.*\[tickets\] calendar") as unknown:
            ask()
        assert unknown.value.year == 2027


def test_a_year_that_is_missing_between_others_is_not_stepped_over() -> None:
    days = {day: worked for day, worked in published().items() if day.year in {2023, 2025}}
    gap = WorkCalendar(days, SHANGHAI)
    for ask in (
        lambda: gap.after(at("2023-12-29T09:00"), 1),
        lambda: gap.after(at("2023-12-29T09:00"), 200),
        lambda: gap.shift(at("2023-12-29T09:00"), timedelta(hours=8)),
    ):
        with pytest.raises(UnknownYear) as unknown:
            ask()
        assert unknown.value.year == 2024


@pytest.mark.parametrize(
    ("moment", "hours", "shifted"),
    [
        ("2026-11-24T17:30", -8, "2026-11-23 16:30"),
        ("2026-11-24T09:30", -1, "2026-11-24 08:30"),
        ("2026-11-24T08:30", -1, "2026-11-23 16:30"),
        ("2026-11-24T15:00", -4, "2026-11-24 09:00"),
        ("2026-11-23T10:00", 2, "2026-11-23 12:00"),
        ("2026-11-23T10:00", 3, "2026-11-23 15:00"),
        ("2026-11-21T10:00", 1, "2026-11-23 09:30"),
        ("2026-02-14T17:00", 1, "2026-02-24 09:00"),
        ("2026-02-24T09:00", -1, "2026-02-14 17:00"),
        ("2026-11-21T10:00", 0, "2026-11-21 10:00"),
    ],
)
def test_working_hours_pass_on_working_days_only(moment: str, hours: int, shifted: str) -> None:
    assert local(CALENDAR.shift(at(moment), timedelta(hours=hours))) == shifted


def test_hours_may_be_others_and_clocks_may_be_set() -> None:
    around_the_clock = WorkCalendar(published(), SHANGHAI, ((0, 24 * 60),))
    assert local(around_the_clock.after(at("2026-11-23T23:59"), 1)) == "2026-11-25 00:00"
    berlin = ZoneInfo("Europe/Berlin")
    spring = WorkCalendar({day: True for day in published() if day.year == 2026}, berlin, ((0, 24 * 60),))
    midnight = datetime(2026, 3, 29, tzinfo=berlin)
    assert spring.between(midnight, midnight + timedelta(days=1)) == timedelta(hours=23)
    for wrong in ((), ((600, 500),), ((0, 600), (500, 700)), ((-1, 600),), ((0, 1441),)):
        with pytest.raises(ValueError, match="working hours"):
            WorkCalendar(published(), SHANGHAI, wrong)


moments = st.integers(0, 60 * 24 * 880).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
terms = st.integers(1, 60)
spans = st.timedeltas(timedelta(0), timedelta(hours=200))


@settings(max_examples=200, deadline=None)
@given(moments, moments, terms, terms)
def test_what_begins_later_or_is_given_more_days_is_due_no_sooner(
    one: datetime, other: datetime, few: int, many: int
) -> None:
    one, other = sorted((one, other))
    few, many = sorted((few, many))
    assert CALENDAR.after(one, few) <= CALENDAR.after(other, few)
    assert CALENDAR.after(one, few) <= CALENDAR.after(one, many)
    assert CALENDAR.after(one, few) > one


@settings(max_examples=200, deadline=None)
@given(moments, terms)
def test_a_term_of_so_many_days_holds_so_many_working_days_and_no_more(start: datetime, days: int) -> None:
    due = CALENDAR.after(start, days)
    worked = CALENDAR.between(start, due)
    # Besides those days, only what was left of the day on which it began.
    assert days * HOURS <= worked <= (days + 1) * HOURS
    assert CALENDAR.workdays(due.astimezone(SHANGHAI).date() - timedelta(days=1), due.astimezone(SHANGHAI).date()) == 1
    began = start.astimezone(SHANGHAI).date()
    assert CALENDAR.workdays(began, due.astimezone(SHANGHAI).date()) in {days, days + 1}


@settings(max_examples=200, deadline=None)
@given(moments, spans)
def test_a_shift_holds_exactly_its_working_time(moment: datetime, by: timedelta) -> None:
    end = CALENDAR.shift(moment, by)
    assert CALENDAR.between(moment, end) == by
    begin = CALENDAR.shift(moment, -by)
    assert CALENDAR.between(begin, moment) == by
    last = CALENDAR.latest(moment, by)
    assert last >= end
    assert CALENDAR.between(moment, last) == by
    assert CALENDAR.between(moment, last + timedelta(seconds=1)) > by


@settings(max_examples=200, deadline=None)
@given(moments, moments, moments)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    assert CALENDAR.between(a, b) + CALENDAR.between(b, c) == CALENDAR.between(a, c)
    assert CALENDAR.between(c, a) == (timedelta(0) if a < c else CALENDAR.between(a, c))
