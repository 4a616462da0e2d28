"""Clocks of a ticket: deadlines in working days that nobody can gain time on, and the reminders around them.

A deadline is always worked out from what is kept: when the clock started, the days that it was given, and when it stood
still. So one that could not be told yet, because it needs an unknown year, is told later without loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar

#: `sign` until signed for 签收; `total` from the first dispatch 派单; `handle` from sign-off.
Name = Literal["sign", "total", "handle"]
Reminder = Literal["before", "at", "after"]
REMINDERS: tuple[Reminder, ...] = ("before", "at", "after")


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline. Times are aware."""

    name: str
    started_at: datetime
    #: Working days that it was given, with extensions 延期.
    days: int
    #: None while it needs a year that the calendar does not know.
    due_at: datetime | None
    #: Since when it stands still; None while it runs.
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    #: When it stood still before: from, to.
    pauses: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def running(self) -> bool:
        """Whether it counts now."""
        return self.stopped_at is None and self.paused_at is None

    def late(self, now: datetime) -> bool:
        """Whether its deadline is over, or was when it stopped."""
        until = self.paused_at or self.stopped_at or now
        return self.due_at is not None and until > self.due_at


def start(name: str, days: int, now: datetime, calendar: WorkCalendar) -> Clock:
    """Return a clock that runs from `now`; its `due_at` is None when that needs an unknown year."""
    return timed(Clock(name, now, days, None), calendar)


def deadline(clock: Clock, calendar: WorkCalendar) -> datetime:
    """Return when `clock` is due: its working days, and the working time that it stood still. Raises UnknownYear."""
    due = calendar.after(clock.started_at, clock.days)
    still = sum((calendar.between(since, until) for since, until in clock.pauses), timedelta(0))
    return calendar.shift(due, still)


def timed(clock: Clock, calendar: WorkCalendar) -> Clock:
    """Return `clock` with its deadline worked out, or with none when that needs an unknown year."""
    try:
        return replace(clock, due_at=deadline(clock, calendar))
    except UnknownYear:
        return replace(clock, due_at=None)


def pause(clock: Clock, now: datetime) -> Clock:
    """Return `clock` standing still from `now`; one that does not run stays as it is."""
    return replace(clock, paused_at=max(now, clock.started_at)) if clock.running else clock


def resume(clock: Clock, now: datetime, calendar: WorkCalendar) -> Clock:
    """Return `clock` running again, due later by the working time that passed meanwhile: nights and holidays are none.

    One that did not stand still stays as it is. A clock of the machine that was set back takes no time away.
    """
    if clock.paused_at is None or clock.stopped_at is not None:
        return clock
    pauses = clock.pauses if now <= clock.paused_at else (*clock.pauses, (clock.paused_at, now))
    return timed(replace(clock, paused_at=None, pauses=pauses), calendar)


def extend(clock: Clock, days: int, calendar: WorkCalendar) -> Clock:
    """Return `clock` with `days` more working days 延期; raises ValueError for fewer than one."""
    if days < 1:
        raise ValueError("an extension is at least one working day")
    return timed(replace(clock, days=clock.days + days), calendar)


def stop(clock: Clock, now: datetime) -> Clock:
    """Return `clock` stopped for good; one that is keeps its first end."""
    return clock if clock.stopped_at is not None else replace(clock, stopped_at=max(now, clock.started_at))


def soon(now: datetime, calendar: WorkCalendar, before_hours: float) -> datetime:
    """Return the last deadline until which no more working hours than `before_hours` are left.

    What falls due in a year that is not known has no deadline yet, so all that have one lie before it.
    """
    try:
        return calendar.latest(now, timedelta(hours=before_hours))
    except UnknownYear as unknown:
        return max(now, datetime(unknown.year + 1, 1, 1, tzinfo=now.tzinfo))


def cutoffs(
    now: datetime, calendar: WorkCalendar, before_hours: float, after_hours: float
) -> Mapping[Reminder, datetime | None]:
    """Return, for each reminder, the last deadline that is to be told of now; None for none of them.

    `before`: no more working hours are left than `before_hours`. `at`: the deadline has come. `after`: so many working
    hours have passed since; how long ago one was, seen from an unknown year, is not told until the year is known.
    """
    late: datetime | None
    try:
        late = calendar.shift(now, -timedelta(hours=after_hours))
    except UnknownYear:
        late = None
    return {"before": soon(now, calendar, before_hours), "at": now, "after": late}


def reminders_due(
    clock: Clock, now: datetime, calendar: WorkCalendar, before_hours: float, after_hours: float
) -> tuple[Reminder, ...]:
    """Return which reminders of a running clock have come by `now`, the early ones first; whatever was told before."""
    if not clock.running or clock.due_at is None:
        return ()
    last = cutoffs(now, calendar, before_hours, after_hours)
    return tuple(kind for kind in REMINDERS if (until := last[kind]) is not None and clock.due_at <= until)
