"""The Erlang formulas: what a queue does in the long run, from its load alone.

Arrivals are a Poisson stream; handling times are exponential (Erlang B: any). Load is in Erlang: arrivals per second
times mean handling seconds. Times are in seconds. Ratios and logarithms are used throughout, so that nothing overflows
at thousands of servers. Sources: A. K. Erlang (1917); L. Kleinrock, Queueing Systems 1 (1975), 3.5-3.6; for Erlang A,
C. Palm (1946) and A. Mandelbaum and S. Zeltyn, "Service engineering in action: the Palm/Erlang-A queue" (2007).
"""

import math
from dataclasses import dataclass

#: A tail that is a smaller share of the whole is left off, as a logarithm.
_NEGLIGIBLE = math.log(1e-16)
_NOTHING = 1e-300


def erlang_b(load: float, servers: int) -> float:
    """Return the share of calls that find all `servers` busy and are lost. Raises ValueError for a negative load."""
    _check(load, servers)
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Return the share of calls that have to wait, in a queue that nobody leaves; 1 when it grows for ever."""
    _check(load, servers)
    if load >= servers:
        return 1.0
    blocked = erlang_b(load, servers)
    return servers * blocked / (servers - load * (1.0 - blocked))


def service_level(load: float, servers: int, handling: float, within: float) -> float:
    """Return Erlang C's share of calls that are answered within `within` seconds."""
    if load >= servers:
        return 0.0
    return 1.0 - erlang_c(load, servers) * math.exp(-(servers - load) * within / handling)


def mean_wait(load: float, servers: int, handling: float) -> float:
    """Return Erlang C's mean wait in seconds over all calls; infinite when the queue grows for ever."""
    if load >= servers:
        return math.inf
    return erlang_c(load, servers) * handling / (servers - load)


@dataclass(frozen=True, slots=True)
class Patient:
    """A queue whose callers give up after an exponential patience, or find it full and go (M/M/c/K+M).

    `places` is the most that may wait; None for any number. Without `patience` (seconds, mean) nobody gives up.
    """

    load: float
    servers: int
    handling: float
    patience: float | None = None
    places: int | None = None

    def __post_init__(self) -> None:
        _check(self.load, self.servers)
        if self.servers == 0 or self.handling <= 0 or (self.patience is not None and self.patience <= 0):
            raise ValueError("servers, handling and patience must be more than nothing")
        if self.places is None and self.patience is None and self.load >= self.servers:
            raise ValueError("this queue grows for ever: give it more servers, places that end, or patience that does")

    @property
    def states(self) -> tuple[float, ...]:
        """The probability of so many callers in the system, talking or waiting."""
        logs = [0.0]
        most = 0.0
        while self.places is None or len(logs) <= self.servers + self.places:
            rises = self._arrivals / self._leaving(len(logs))
            # The rest is a falling row, smaller than a geometric one: is there anything in it?
            if rises < 1.0 and logs[-1] + math.log(max(rises, _NOTHING) / (1.0 - rises)) < most + _NEGLIGIBLE:
                break
            logs.append(logs[-1] + math.log(rises))
            most = max(most, logs[-1])
        weights = [math.exp(log - most) for log in logs]
        total = math.fsum(weights)
        return tuple(weight / total for weight in weights)

    @property
    def waits(self) -> float:
        """The share of callers who find no server free and a place to wait."""
        return math.fsum(self.states[self.servers : self._full])

    @property
    def lost(self) -> float:
        """The share of callers who find no place."""
        return math.fsum(self.states[self._full :]) if self._full is not None else 0.0

    @property
    def waiting(self) -> float:
        """The mean number who wait."""
        return math.fsum(
            (number - self.servers) * share for number, share in enumerate(self.states) if number > self.servers
        )

    @property
    def gives_up(self) -> float:
        """The share of all callers who give up while they wait."""
        return self.waiting / self.patience / self._arrivals if self.patience and self._arrivals else 0.0

    @property
    def mean_wait(self) -> float:
        """The mean wait in seconds of all callers who got a place or a server at once, given up or not."""
        entered = self._arrivals * (1.0 - self.lost)
        return self.waiting / entered if entered else 0.0

    def answered_within(self, seconds: float) -> float:
        """Return the share of all callers who are answered within `seconds`; 0 seconds means at once."""
        states = self.states
        at_once = math.fsum(states[: self.servers])
        found = states[self.servers : self._full]
        return at_once + math.fsum(
            share * chance for share, chance in zip(found, self._answered(len(found), seconds), strict=True)
        )

    def _answered(self, found: int, seconds: float) -> list[float]:
        """Return, for each number of callers found waiting, the chance to be answered within `seconds`.

        A newcomer behind n others is answered after n + 1 departures, at the rates servers / handling + k * patience
        for the k ahead, if they do not give up first. It is a chain of stages that only falls, and it is followed
        through time by uniformization: every term is positive, and nothing cancels.
        """
        if found == 0 or seconds <= 0:
            return [0.0] * found
        served = self.servers / self.handling
        leaving = 1.0 / self.patience if self.patience else 0.0
        fastest = served + found * leaving
        # chance[k]: answered by then, when k are ahead now and so many steps of the uniform clock have passed.
        chance = [0.0] * found
        mean = fastest * seconds
        answered = [0.0] * found
        log_weight, step, past = -mean, 0, 0.0
        while past < 1.0 - 1e-13 or step < mean:
            weight = math.exp(log_weight)
            past += weight
            for ahead in range(found):
                answered[ahead] += weight * chance[ahead]
            if step > mean and weight < _NOTHING:
                break
            chance = [
                (
                    (served if ahead == 0 else 0.0)
                    + ((served + ahead * leaving) * chance[ahead - 1] if ahead else 0.0)
                    + (fastest - served - (ahead + 1) * leaving) * chance[ahead]
                )
                / fastest
                for ahead in range(found)
            ]
            step += 1
            log_weight += math.log(mean / step)
        return answered

    @property
    def _arrivals(self) -> float:
        return self.load / self.handling

    @property
    def _full(self) -> int | None:
        return None if self.places is None else self.servers + self.places

    def _leaving(self, number: int) -> float:
        """Return the rate at which calls leave a system of `number`."""
        waiting = max(number - self.servers, 0)
        return min(number, self.servers) / self.handling + (waiting / self.patience if self.patience else 0.0)


def _check(load: float, servers: int) -> None:
    if not (load >= 0 and math.isfinite(load)) or servers < 0:
        raise ValueError("load and servers must not be negative")
