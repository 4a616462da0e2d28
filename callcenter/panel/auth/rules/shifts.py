"""When a session ends with the shift 交接班. Pure.

Times of the day are local, and a day may have 23 or 25 hours: each change is a moment of the zone's own calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

#: So long before a shift changes, people are told.
TOLD_BEFORE = timedelta(minutes=10)
#: An agent who is talking when their session ends may finish, for so long at most.
LONGEST_TALK = timedelta(hours=2)
#: A session that began later than now by more than this was made by a clock that was wrong.
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class End:
    """When a shift changes, and when the sessions of the one before end."""

    change: datetime
    at: datetime


def end_of(began: datetime, changes: Sequence[time], zone: ZoneInfo, *, least: timedelta, grace: timedelta) -> End:
    """Return when a session that began at `began` ends.

    That is `grace` after the first change that is at least `least` after its beginning. `changes` are local times of
    the day, at least one. A change that falls into the hour a clock leaps over happens an hour later, one in the hour
    it repeats happens the first time.
    """
    earliest = began + least
    day = earliest.astimezone(zone).date()
    days = (day + timedelta(days=step) for step in (-1, 0, 1, 2))
    # Through UTC: only there do two moments compare as they follow one another.
    moments = sorted(datetime.combine(one, change, zone).astimezone(began.tzinfo) for one in days for change in changes)
    change = next(moment for moment in moments if moment >= earliest)
    return End(change, change + grace)


def is_over(end: datetime, now: datetime, *, talking: bool) -> bool:
    """Whether a session that ends at `end` is over; never in the midst of a talk, within reason."""
    return now >= end and not (talking and now < end + LONGEST_TALK)
