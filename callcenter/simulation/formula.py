"""What the Erlang formulas say of a bare queue, hour by hour, and how far the simulation agrees with them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, stdev

from callcenter.hotline.rules.erlang import Patient
from callcenter.simulation.assumptions import Assumptions, steady
from callcenter.simulation.hotline import Hotline, Rule
from callcenter.simulation.record import PROMISE, TARGET, Record

#: Shares may differ by so much and still agree: two points of a hundred.
TOLERANCE = 0.02
#: So many simulated hours of a steady queue bring chance well below that.
HOURS = 600
_BATCHES = 10


def bare_rate(load: float, assumptions: Assumptions, places: int | None) -> float:
    """Return the share of all who ask that a bare queue answers within 30 s, with `load` in the busiest hour.

    Each hour is taken as if it lasted for ever, agents on a break as absent, redials as more calls in the same hour.
    """
    prompt = asked = 0.0
    for hour, share in enumerate(assumptions.curve):
        for servers, weight in _servers(assumptions, hour):
            calls = _with_redials(load * share, servers, assumptions, places)
            queue = Patient(calls, servers, assumptions.handling, assumptions.patience_seconds, places)
            prompt += weight * calls * queue.answered_within(PROMISE)
            asked += weight * calls
    return prompt / asked if asked else 1.0


def bare_greatest_load(assumptions: Assumptions, places: int | None) -> float:
    """Return the load in Erlang at which `bare_rate` falls below the target."""
    low, high = 0.0, 2.0 * assumptions.seats
    while high - low > 0.005:  # noqa: PLR2004  # Erlang, far finer than what is printed
        middle = (low + high) / 2
        low, high = (middle, high) if bare_rate(middle, assumptions, places) >= TARGET else (low, middle)
    return low


@dataclass(frozen=True, slots=True)
class Agreement:
    """One figure of one queue, by formula and simulated; shares."""

    queue: str
    figure: str
    formula: float
    simulated: float
    #: Of the simulated figure, from the means of batches.
    standard_error: float

    @property
    def difference(self) -> float:
        """Simulated less formula."""
        return self.simulated - self.formula

    @property
    def agrees(self) -> bool:
        """Whether the two are within the tolerance."""
        return abs(self.difference) <= TOLERANCE


def agreements(assumptions: Assumptions, *, hours: int, seed: int) -> list[Agreement]:
    """Return how steady queues, simulated for `hours`, agree with Erlang C, Erlang A, and Erlang A with a limit."""
    found: list[Agreement] = []
    cases = (
        ("Erlang C", 0.75, None, None),
        ("Erlang A", 0.9, assumptions.patience_seconds, None),
        ("Erlang A, at most 4", 1.0, assumptions.patience_seconds, 4),
    )
    for name, share, patience, places in cases:
        load = share * assumptions.seats
        habits = steady(assumptions, max(hours // _BATCHES, 1), patience)
        queue = Patient(load, habits.seats, habits.handling, patience, places)
        batches = [
            Hotline(Rule(name, places), load, habits, f"{seed}/{name}/{batch}").run() for batch in range(_BATCHES)
        ]
        label = f"{name}, {load:g} Erlang"
        expected = {
            "must wait": queue.waits,
            "answered within 30 s": queue.answered_within(PROMISE),
            "give up or find it full": queue.gives_up + queue.lost,
        }
        for figure, formula in expected.items():
            seen = [_figures(batch)[figure] for batch in batches]
            found.append(Agreement(label, figure, formula, fmean(seen), stdev(seen) / math.sqrt(_BATCHES)))
    return found


def _figures(record: Record) -> dict[str, float]:
    asked = max(record.asked, 1)
    return {
        "must wait": record.had_to_wait / asked,
        "answered within 30 s": record.prompt / asked,
        "give up or find it full": (record.gave_up + record.turned_away) / asked,
    }


def _servers(assumptions: Assumptions, hour: int) -> Iterator[tuple[int, float]]:
    """Return numbers of agents at work in an hour, each with the share of the time for which that is so."""
    away = assumptions.break_seconds / assumptions.break_every
    seats = assumptions.staffed(hour)
    if not away:
        yield seats, 1.0
        return
    # Breaks follow one another: a tenth of ten seats is one at any time, of five one for half of the time.
    low = math.floor(seats * away)
    part = seats * away - low
    yield from _some(((max(seats - low, 1), 1.0 - part), (max(seats - low - 1, 1), part)))


def _some(parts: Iterable[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    return ((servers, weight) for servers, weight in parts if weight > 1e-9)  # noqa: PLR2004  # rounding


def _with_redials(load: float, servers: int, assumptions: Assumptions, places: int | None) -> float:
    """Return the load with those who reached nobody dialling again."""
    calls = load
    for _ in range(20):
        queue = Patient(calls, servers, assumptions.handling, assumptions.patience_seconds, places)
        again = assumptions.redials * (queue.gives_up + queue.lost)
        calls = load * sum(again**times for times in range(assumptions.most_redials + 1))
    return calls
