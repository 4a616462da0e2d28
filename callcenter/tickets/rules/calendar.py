"""Working days 工作日 and working time, with China's holidays and make-up workdays 调休. Nothing is guessed.

The State Council announces each year's holidays in the autumn before it. Whether a day of a year that is not known yet
is a working day cannot be told from its name: a Saturday may be one, a Wednesday may be none. So it raises UnknownYear.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

#: Minutes after midnight at which working time begins and ends: 08:30 to 12:00 and 14:00 to 17:30.
OFFICE_HOURS = ((8 * 60 + 30, 12 * 60), (14 * 60, 17 * 60 + 30))
_DAY = timedelta(days=1)
_DAY_MINUTES = 24 * 60


class UnknownYear(Exception):
    """A deadline needs the calendar of `year`, which nobody has loaded."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"the holidays and make-up workdays of {year} are not known: put the year into a calendar file, and name "
            f"the file as [tickets] calendar in callcenter.toml"
        )
        self.year = year


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Which days are worked and when. Takes aware times, and returns them in UTC.

    `days` says of every day of every known year whether it is a working day 工作日. `hours` are the spans of working
    time of each, in minutes after midnight on the clock of `zone`, in order and without overlap.
    """

    days: Mapping[date, bool]
    zone: tzinfo
    hours: Sequence[tuple[int, int]] = OFFICE_HOURS

    def __post_init__(self) -> None:
        ends = [minute for span in self.hours for minute in span]
        if not ends or ends != sorted(set(ends)) or ends[0] < 0 or ends[-1] > _DAY_MINUTES:
            raise ValueError(f"working hours must be spans in order between 0 and {_DAY_MINUTES} minutes: {self.hours}")

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years that are known, in order."""
        return tuple(sorted({day.year for day in self.days}))

    @cached_property
    def day_minutes(self) -> int:
        """Working minutes of one working day."""
        return sum(close - begin for begin, close in self.hours)

    @cached_property
    def _worked(self) -> list[date]:
        return sorted(day for day, worked in self.days.items() if worked)

    def is_workday(self, day: date) -> bool:
        """Tell whether `day` is a working day; raises UnknownYear."""
        try:
            return self.days[day]
        except KeyError:
            raise UnknownYear(day.year) from None

    def after(self, start: datetime, days: int) -> datetime:
        """Return the deadline `days` working days after `start`: the close of business of the last of them.

        The day of `start` does not count: one day from Monday 10:00 is Tuesday 17:30. A start before or between the
        hours of a working day belongs to that day; one after its close, or on a day off, to the next working day, so
        that Saturday's ticket with one day is due on Tuesday. Raises UnknownYear for a deadline in, or beyond, a year
        that is not known, and ValueError for fewer days than one.
        """
        if days < 1:
            raise ValueError("a deadline is at least one working day away")
        first = self._day_of(start)
        return self._at(self._workday_after(first, days), self.hours[-1][1])

    def shift(self, moment: datetime, by: timedelta) -> datetime:
        """Return the moment from which, or until which, exactly `by` of working time passes; negative goes back.

        Forward it is the earliest such moment, back the latest: four hours before 14:00 begin in the same morning or on
        the working day before. Raises UnknownYear.
        """
        moment = moment.astimezone(UTC)
        if by >= timedelta(0):
            return self._forward(moment, by)
        return self._back(moment, -by)

    def latest(self, moment: datetime, by: timedelta) -> datetime:
        """Return the last moment until which no more than `by` of working time passes after `moment`.

        It differs from `shift` where `by` ends at a close: then it is the next opening. Raises UnknownYear.
        """
        end = self._forward(moment.astimezone(UTC), by)
        return next(max(begin, end) for begin, close in self._spans(end) if close > end)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from `start` to `end`, none when it is not later. Raises UnknownYear.

        It costs the same however far apart they are: the days in between are counted whole, by the wall clock.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return timedelta(0)
        first, last = self._local(start), self._local(end)
        if first == last:
            return self._worked_on(first, start, end)
        whole = self.workdays(first, last - _DAY) * timedelta(minutes=self.day_minutes)
        return self._worked_on(first, start, end) + whole + self._worked_on(last, start, end)

    def turn(self, moment: datetime) -> tuple[bool, datetime]:
        """Return whether `moment` is working time, and when that turns next. Raises UnknownYear."""
        moment = moment.astimezone(UTC)
        begin, close = next(span for span in self._spans(moment) if span[1] > moment)
        return (True, close) if begin <= moment else (False, begin)

    def workdays(self, after: date, until: date) -> int:
        """Return how many working days lie after the day `after` up to and with `until`; raises UnknownYear."""
        for year in range(after.year, until.year + 1):
            self._must_know(year)
        return bisect_right(self._worked, until) - bisect_right(self._worked, after)

    def _day_of(self, moment: datetime) -> date:
        """Return the working day to which what begins at `moment` belongs."""
        day = self._local(moment)
        if self.is_workday(day) and moment < self._at(day, self.hours[-1][1]):
            return day
        return self._workday_after(day, 1)

    def _workday_after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, when every year up to it is known."""
        self._must_know(day.year)
        place = bisect_right(self._worked, day) + count - 1
        if place >= len(self._worked):
            raise UnknownYear(self._first_gap(day.year))
        found = self._worked[place]
        if found.year > (gap := self._first_gap(day.year)):
            raise UnknownYear(gap)
        return found

    def _first_gap(self, year: int) -> int:
        while year in self.years:
            year += 1
        return year

    def _must_know(self, year: int) -> None:
        place = bisect_left(self.years, year)
        if place == len(self.years) or self.years[place] != year:
            raise UnknownYear(year)

    def _forward(self, moment: datetime, by: timedelta) -> datetime:
        if not by:
            return moment
        for begin, close in self._spans(moment):
            begins = max(begin, moment)
            if close <= begins:
                continue
            if by <= close - begins:
                return begins + by
            by -= close - begins
        raise AssertionError("spans never end")

    def _back(self, moment: datetime, by: timedelta) -> datetime:
        day = self._local(moment)
        while True:
            for begin, close in reversed(self._hours_of(day)):
                ends = min(close, moment)
                if ends <= begin:
                    continue
                if by <= ends - begin:
                    return ends - by
                by -= ends - begin
            day -= _DAY

    def _worked_on(self, day: date, start: datetime, end: datetime) -> timedelta:
        """Return the working time of `day` that lies from `start` to `end`."""
        spans = self._hours_of(day)
        return sum((max(min(end, close) - max(start, begin), timedelta(0)) for begin, close in spans), timedelta(0))

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans of working time from the day of `moment` on."""
        day = self._local(moment)
        while True:
            yield from self._hours_of(day)
            day += _DAY

    def _hours_of(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_workday(day):
            return []
        return [(self._at(day, begin), self._at(day, close)) for begin, close in self.hours]

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _at(self, day: date, minute: int) -> datetime:
        # On the wall clock, so that a day on which clocks are set keeps its hours.
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (midnight + timedelta(minutes=minute)).astimezone(UTC)
