"""The greatest load at which a hotline keeps its promises: found by simulating one load after another."""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.hotline import Rule, simulate
from callcenter.simulation.record import NEVER, TARGET, Record

#: Loads that are tried, in tenths of an Erlang for each ten seats: from, to, and the coarse step; then each tenth.
_FROM, _TO, _COARSE = 40, 120, 5
#: A hotline that answers fewer than this is looked at no further.
_HOPELESS = 0.80

Reading = Callable[[Record], float]
#: The two readings of the 30-second rate; see `record`.
READINGS: Mapping[str, Reading] = {
    "of_those_who_wait": lambda record: record.of_those_who_wait,
    "of_all_who_asked": lambda record: record.of_all_who_asked,
}


def keeps(record: Record, rule: Rule, reading: Reading) -> bool:
    """Whether every promise that this hotline can be held to was kept: the rate, never 5 waiting, callbacks in time.

    A bare queue calls nobody back, so it is not held to the third; that somebody is lost at any load is printed beside.
    """
    on_time = not rule.callbacks or not record.late
    return reading(record) >= TARGET and record.most_waiting < NEVER and on_time


@dataclass(frozen=True, slots=True)
class Loads:
    """What each load that was tried came to, lightest first."""

    rule: Rule
    records: Mapping[float, Record]

    def greatest(self, reading: Reading) -> float | None:
        """Return the greatest load at which, and below which, the promises held wherever it was tried."""
        held: float | None = None
        for load, record in sorted(self.records.items()):
            if not keeps(record, self.rule, reading):
                break
            held = load
        return held


def search(assumptions: Assumptions, rule: Rule, *, days: int, seed: int) -> Loads:
    """Return coarse steps over all loads, and fine ones where the promises cease to hold."""
    records: dict[float, Record] = {}

    def tried(tenths: int) -> Record:
        load = round(tenths * assumptions.seats / 100, 3)
        if load not in records:
            records[load] = simulate(rule, load, assumptions, days=days, seed=seed)
        return records[load]

    for tenths in range(_FROM, _TO + 1, _COARSE):
        if tried(tenths).of_all_who_asked < _HOPELESS:
            break
    for reading in READINGS.values():
        coarse = next((one for one in range(_FROM, _TO + 1, _COARSE) if not keeps(tried(one), rule, reading)), _TO)
        for tenths in range(max(coarse - _COARSE, _FROM) + 1, coarse):
            if not keeps(tried(tenths), rule, reading):
                break
    return Loads(rule, dict(sorted(records.items())))


def search_all(
    assumptions: Assumptions, rules: Sequence[Rule], *, days: int, seed: int, workers: int = 1
) -> list[Loads]:
    """Search for each rule, in so many processes at once; the same for the same seed, however many."""
    one = partial(search, assumptions, days=days, seed=seed)
    if workers <= 1:
        return [one(rule) for rule in rules]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(one, rules))
