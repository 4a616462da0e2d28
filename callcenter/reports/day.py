"""A day in slices of five minutes 当日时间线: what came, was answered or missed, who waited, who did what. Pure.

Each event counts in the slice in which it happened: a call arrives when it begins, is answered when the two first hear
each other, and is missed when the citizen is lost. So the sums over a day are those of its lists.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SLICE = timedelta(minutes=5)
#: States that a stretch of an agent's time may be in; the order in which they are drawn, from the ground up.
STATES = ("talking", "ringing", "wrap_up", "ready", "break")


@dataclass(frozen=True, slots=True)
class DayCall:
    """A call, as far as the day needs it."""

    arrived_at: datetime
    queued_at: datetime | None
    left_queue_at: datetime | None
    answered_at: datetime | None
    #: When the citizen was lost; None for all that were not.
    missed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """An agent's time in one state; `until` is None while it lasts."""

    agent: str
    state: str
    since: datetime
    until: datetime | None
    reason: str | None = None
    seat: str | None = None


@dataclass(frozen=True, slots=True)
class Slices:
    """Numbers for each slice, in their order; `agents` are average numbers of agents in each state."""

    arrived: list[int]
    answered: list[int]
    missed: list[int]
    #: The most that waited at one instant of the slice.
    waiting: list[int]
    agents: dict[str, list[float]]


def slices(begin: datetime, end: datetime, calls: Sequence[DayCall], stretches: Iterable[Stretch]) -> Slices:
    """Return the numbers of each slice from `begin` until before `end`; the last one may be short."""
    count = max(-(-(end - begin) // SLICE), 0)
    numbers = [[0] * count for _ in range(3)]
    for call in calls:
        for series, at in zip(numbers, (call.arrived_at, call.answered_at, call.missed_at), strict=True):
            if at is not None and begin <= at < end:
                series[(at - begin) // SLICE] += 1
    arrived, answered, missed = numbers
    waiting = _most_waiting(begin, end, count, calls)
    return Slices(arrived, answered, missed, waiting, _agents(begin, end, count, stretches))


def _most_waiting(begin: datetime, end: datetime, count: int, calls: Iterable[DayCall]) -> list[int]:
    """Who leaves at the instant when another comes has left first, as everywhere (`calls.max_waiting`)."""
    steps: list[tuple[datetime, int]] = []
    for call in calls:
        left = call.left_queue_at or end
        if call.queued_at is not None and left > call.queued_at:
            steps += [(call.queued_at, 1), (left, -1)]
    most, now, reached = [0] * count, 0, 0
    for at, step in sorted(steps):
        if at >= end:
            break
        place = max((at - begin) // SLICE, 0)
        for passed in range(reached, min(place, count)):
            most[passed] = max(most[passed], now)
        reached = max(reached, place)
        now += step
        if at >= begin and place < count:
            # A slice begins with those who waited when the one before ended.
            most[place] = max(most[place], now, now - step if step < 0 and at > begin + place * SLICE else 0)
    for passed in range(reached, count):
        most[passed] = max(most[passed], now)
    return most


def _agents(begin: datetime, end: datetime, count: int, stretches: Iterable[Stretch]) -> dict[str, list[float]]:
    seconds = {state: [0.0] * count for state in STATES}
    for stretch in stretches:
        series = seconds.get(stretch.state)
        since, until = max(stretch.since, begin), min(stretch.until or end, end)
        if series is None or since >= until:
            continue
        for place in range((since - begin) // SLICE, min((until - begin) // SLICE + 1, count)):
            opens = begin + place * SLICE
            series[place] += max((min(until, opens + SLICE) - max(since, opens)).total_seconds(), 0.0)
    width = [min(SLICE, end - (begin + place * SLICE)).total_seconds() for place in range(count)]
    return {
        state: [round(value / whole, 2) for value, whole in zip(series, width, strict=True)]
        for state, series in seconds.items()
    }


def within(begin: datetime, end: datetime, stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the parts of `stretches` that lie between `begin` and `end`; one that lasts is open no more at `end`."""
    cut = (
        Stretch(one.agent, one.state, max(one.since, begin), min(one.until or end, end), one.reason, one.seat)
        for one in stretches
    )
    return [one for one in cut if one.until is not None and one.since < one.until]


def seconds_by_state(stretches: Iterable[Stretch]) -> dict[str, float]:
    """Return how long the closed `stretches` were in each state."""
    total: dict[str, float] = defaultdict(float)
    for one in stretches:
        if one.until is not None:
            total[one.state] += (one.until - one.since).total_seconds()
    return {state: round(total.get(state, 0.0), 1) for state in STATES}


def occupancy(seconds: dict[str, float]) -> tuple[float, float]:
    """Return the seconds at work for citizens, and those in which it could come, breaks in neither (话务利用率)."""
    busy = seconds["talking"] + seconds["ringing"] + seconds["wrap_up"]
    return busy, busy + seconds["ready"]
