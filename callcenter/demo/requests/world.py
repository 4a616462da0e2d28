"""What generated lives are set in: working days, people, rows of units, categories and places."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

from callcenter.tickets.rules.calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Ids:
    """Rows that tickets refer to, by code: units, categories by subject, places in order."""

    units: Mapping[str, int]
    categories: Mapping[str, int]
    places: tuple[int, ...]


@dataclass(frozen=True)
class World:
    """What every life shares."""

    #: What comes later has not happened.
    now: datetime
    node: str
    ids: Ids
    #: Settled working days by kind and urgency, and `sign`.
    terms: Mapping[str, int]
    archive_after: timedelta
    calendar: WorkCalendar

    @property
    def zone(self) -> tzinfo:
        """The zone whose date stands in a number."""
        return self.calendar.zone

    @cached_property
    def workdays(self) -> tuple[date, ...]:
        """Every known working day."""
        return tuple(sorted(day for day, worked in self.calendar.days.items() if worked))

    @cached_property
    def hours(self) -> tuple[int, int]:
        """The minutes after midnight at which a working day begins and ends."""
        return self.calendar.hours[0][0], self.calendar.hours[-1][1]

    @cached_property
    def _begins(self) -> tuple[datetime, ...]:
        begin = timedelta(minutes=self.hours[0])
        return tuple(
            (datetime(day.year, day.month, day.day, tzinfo=self.zone) + begin).astimezone(UTC) for day in self.workdays
        )

    def position(self, at: datetime) -> float:
        """Return where `at` lies among working days: `3.5` is the noon of the fourth; a night, the next morning."""
        local = at.astimezone(self.zone)
        index = bisect_left(self.workdays, local.date())
        if index >= len(self.workdays) or self.workdays[index] != local.date():
            return float(index)
        length = self.hours[1] - self.hours[0]
        passed = local.hour * 60 + local.minute + local.second / 60 - self.hours[0]
        return index + 1.0 if passed >= length else index + max(passed, 0.0) / length

    def moment(self, position: float) -> datetime:
        """Return when `position` is; after everything where no day is known."""
        index = int(position)
        if index >= len(self._begins):
            return datetime.max.replace(tzinfo=UTC)
        return self._begins[index] + timedelta(minutes=(position - index) * (self.hours[1] - self.hours[0]))

    def due(self, start: datetime, days: int) -> datetime | None:
        """Return the deadline as `WorkCalendar.after` does; None where the calendar does not say."""
        index = int(self.position(start)) + days
        if index >= len(self._begins):
            return None
        return self._begins[index] + timedelta(minutes=self.hours[1] - self.hours[0])
