"""The citizens of a day: when each calls, and everything that is theirs by chance.

Each has a source of chance of their own, so that the same citizens meet every queue that is compared, and a busier day
has the quiet day's citizens, only closer together.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from random import Random

from callcenter.simulation.assumptions import HOUR, Assumptions


class Citizen:
    """One who calls at `arrives` seconds into the day, and what they are like."""

    __slots__ = ("_chance", "accepts", "arrives", "number", "patience", "redials", "talk")

    def __init__(self, number: int, arrives: float, chance: Random, assumptions: Assumptions) -> None:
        self.number = number
        self.arrives = arrives
        self._chance = chance
        self.talk = talk(chance, assumptions)
        self.patience = exponential(chance, assumptions.patience_seconds)
        #: Below a share of those who accept: accepts.
        self.accepts = chance.random()
        self.redials = 0

    def chance(self, share: float) -> bool:
        """Return whether this citizen is one of a `share` of all."""
        return self._chance.random() < share

    def after(self, mean: float) -> float:
        """Return an exponential time in seconds."""
        return exponential(self._chance, mean)

    def calls_again(self, assumptions: Assumptions) -> None:
        """Begin another call: a new patience, the same concern."""
        self.redials += 1
        self.patience = exponential(self._chance, assumptions.patience_seconds)
        self.accepts = self._chance.random()


def citizens(load: float, assumptions: Assumptions, seed: str) -> Iterator[Citizen]:
    """Return the citizens of a day whose busiest hour offers `load` Erlang, in the order in which they call."""
    chance = Random(f"{seed}/arrivals")  # noqa: S311  # a seeded simulation is no cryptography
    expected = [0.0, *accumulate(load / assumptions.handling * HOUR * share for share in assumptions.curve)]
    reached, number = 0.0, 0
    while True:
        reached += chance.expovariate(1.0)
        if reached >= expected[-1]:
            return
        hour = bisect_right(expected, reached) - 1
        part = (reached - expected[hour]) / (expected[hour + 1] - expected[hour])
        own = Random(f"{seed}/{number}")  # noqa: S311
        yield Citizen(number, (hour + part) * HOUR, own, assumptions)
        number += 1


def talk(chance: Random, assumptions: Assumptions) -> float:
    """Return the length of a talk in seconds."""
    if assumptions.talk_law == "exponential":
        return chance.expovariate(1.0 / assumptions.talk_seconds)
    variance = math.log(1.0 + assumptions.talk_spread**2)
    return chance.lognormvariate(math.log(assumptions.talk_seconds) - variance / 2, math.sqrt(variance))


def exponential(chance: Random, mean: float | None) -> float:
    """Return an exponential time of that mean in seconds; without a mean it never comes."""
    drawn = chance.expovariate(1.0)
    return math.inf if mean is None else drawn * mean
