"""How much working time a request 工单 has left, counted the way its deadline was: nights and holidays are none.

A browser counts on by itself until the next page of numbers comes: so it is told whether time runs now, and when that
turns.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.tickets.rules.calendar import UnknownYear, WorkCalendar
from callcenter.tickets.rules.clocks import soon

_MINUTE = timedelta(minutes=1)
_HOUR = 60


@dataclass(frozen=True, slots=True)
class Left:
    """Working time until a deadline, or since it."""

    #: Whole working minutes, never negative: until the deadline, or since it when `overdue`.
    minutes: int
    #: True as well between a close of business that was the deadline and the next opening, with no minutes yet.
    overdue: bool
    #: Whether it counts at this moment: in working hours, on a clock that does not stand still.
    running: bool
    #: Seconds until `running` turns by itself; None on a clock that stands still.
    turns_in: int | None


class Countdown:
    """Counts at one moment, and is made once for a whole page."""

    def __init__(self, calendar: WorkCalendar, now: datetime, warn_hours: float) -> None:
        """Count at `now`; no more than `warn_hours` working hours left are few."""
        self._calendar = calendar
        self.now = now
        #: Working minutes of one working day, by which days are told from hours.
        self.day_minutes = calendar.day_minutes
        self.warn_minutes = int(warn_hours * _HOUR)
        #: What is due no later than this has no more left than that.
        self.soon = soon(now, calendar, warn_hours)
        try:
            self._running, turns_at = calendar.turn(now)
            self._turns_in: int | None = max(0, int((turns_at - now).total_seconds()))
        except UnknownYear:
            self._running, self._turns_in = False, None

    def left(self, due: datetime | None, still_since: datetime | None = None) -> Left | None:
        """Return what is left until `due` on a clock that runs, or that has stood still or stopped at `still_since`.

        None without a deadline, and when the working days in between are of a year that the calendar does not know.
        """
        if due is None:
            return None
        at = still_since or self.now
        overdue = at > due
        try:
            time = self._calendar.between(due, at) if overdue else self._calendar.between(at, due)
        except UnknownYear:
            return None
        if still_since is not None:
            return Left(time // _MINUTE, overdue, running=False, turns_in=None)
        return Left(time // _MINUTE, overdue, self._running, self._turns_in)

    def spoken(self, left: Left) -> str:
        """Return `left` in Chinese: 剩 1 个工作日 3 小时."""
        days, rest = divmod(left.minutes, self.day_minutes)
        hours, minutes = divmod(rest, _HOUR)
        parts = [f"{days} 个工作日"] if days else []
        if hours:
            parts.append(f"{hours} 小时")
        if (minutes and not days) or not parts:
            parts.append(f"{minutes} 分钟")
        return f"{'超期' if left.overdue else '剩'} {' '.join(parts)}"
