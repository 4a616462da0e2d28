"""One simulated day: citizens call, wait, give up and are called back; the hotline's own rules decide.

A bare queue of any length and one with Asterisk's limit are compared with the queue that has the policy, the prediction
and callbacks, which are the very functions that the controller calls.
"""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from random import Random
from typing import Any

import simpy

from callcenter.hotline.rules.policy import Thresholds
from callcenter.hotline.rules.prediction import Window, predicted_wait
from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.callbacks import Owing
from callcenter.simulation.citizens import Citizen, citizens
from callcenter.simulation.floor import Agent, Process, Staff, at
from callcenter.simulation.policy import PolicyAtWork
from callcenter.simulation.record import PROMISE, Record

#: What is still owed in the evening is called back in the hours that follow.
_AFTERWARDS = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How a hotline treats its queue; without a policy and callbacks it is a bare queue."""

    name: str
    #: Most who may wait; None for any number.
    places: int | None = None
    #: The policy; None for a bare queue.
    thresholds: Thresholds | None = None
    reserves: int = 0
    #: Whether those whom nobody got to are called back, and newcomers are told so.
    callbacks: bool = False
    #: Settings `[callbacks] reserve_agents`: free agents who are kept for live callers.
    reserve_agents: int = 0
    #: Of those who are assumed to take a callback that is offered, how many do: 0 asks what the rest is worth.
    takers: float = 1.0


BARE = Rule("bare queue, no limit")
BARE_LIMITED = Rule("bare queue, at most 4", places=4)


class Waiting:
    """One who waits in the queue."""

    __slots__ = ("answered", "citizen", "since")

    def __init__(self, citizen: Citizen, since: float, answered: simpy.Event) -> None:
        self.citizen = citizen
        self.since = since
        self.answered = answered


class Hotline:
    """One day of a hotline."""

    def __init__(self, rule: Rule, load: float, assumptions: Assumptions, seed: str) -> None:
        self.rule = rule
        self.assumptions = assumptions
        self.env = simpy.Environment()
        self.record = Record(hours=len(assumptions.curve), days=1)
        self.queue: deque[Waiting] = deque()
        self.greeting = 0
        chance = Random(f"{seed}/staff")  # noqa: S311  # a seeded simulation is no cryptography
        self.staff = Staff(self.env, assumptions, chance, rule.reserves)
        self.staff.changed = self.changed
        self.window = Window(at(0.0), assumed=assumptions.handling)
        self.owing = Owing(self)
        self.policy = PolicyAtWork(self, rule.thresholds) if rule.thresholds else None
        self._citizens = citizens(load, assumptions, seed)
        self.env.process(self._arrivals())

    def run(self) -> Record:
        """Let the day pass, and the hours in which what is still owed is called back; return what it came to."""
        self.env.run(self.assumptions.day + (_AFTERWARDS if self.rule.callbacks else 0.0))
        self.staff.close()
        self.owing.close()
        self.record.reserve_seconds = self.staff.reserve_seconds
        return self.record

    @property
    def predicted_wait(self) -> float | None:
        """What the controller would predict for a newcomer, in seconds."""
        free = len(self.staff.ready)
        if free > len(self.queue):
            return 0.0
        now = at(self.env.now)
        return predicted_wait(
            len(self.queue),
            free,
            self.staff.at_work,
            self.window.handling(now),
            self.window.giving_up(now),
        )

    def changed(self) -> None:
        """Somebody came, left or is free: agents take who waits, then who is owed; the policy looks at the floor."""
        while self.queue and (ready := self.staff.ready):
            waiting = self.queue.popleft()
            self.staff.begin(ready[0], "busy")
            waiting.answered.succeed()
            self.env.process(self.talk(ready[0], waiting.citizen.talk))
        self.record.waits(self.env.now, len(self.queue))
        if self.rule.callbacks:
            self.owing.dial()
        if self.policy:
            self.policy.look()

    def talk(self, agent: Agent, seconds: float) -> Process:
        """A talk and the work after it."""
        begun = self.env.now
        yield self.env.timeout(seconds)
        wrap_up = self.assumptions.wrap_up_seconds
        if wrap_up:
            self.staff.begin(agent, "wrap_up")
            agent.stop = self.env.event()
            if self.policy:
                self.policy.look()
            yield self.env.timeout(wrap_up) | agent.stop
        if self.policy:
            self.window = self.window.handled(at(self.env.now), self.env.now - begun)
        self.staff.free(agent)

    def _arrivals(self) -> Process:
        for citizen in self._citizens:
            yield self.env.timeout(citizen.arrives - self.env.now)
            self.env.process(self._calls(citizen))

    def _calls(self, citizen: Citizen) -> Process:
        """A citizen calls, and calls again, until they reached somebody, expect to be called, or had enough."""
        while True:
            self.owing.calling.add(citizen.number)
            self.greeting += 1
            yield self.env.timeout(self.assumptions.greeting_seconds)
            self.greeting -= 1
            self.record.asks(self.env.now)
            promised = self.owing.knows(citizen)
            answered = yield from self._asks(citizen)
            self.owing.calling.discard(citizen.number)
            if answered:
                self.owing.redialled(citizen)
                return
            if not promised and self.owing.told(citizen):
                promised = True
            share = self.assumptions.redials_when_promised if promised else self.assumptions.redials
            if citizen.redials >= self.assumptions.most_redials or not citizen.chance(share):
                break
            yield self.env.timeout(citizen.after(self.assumptions.redial_seconds))
            if self.owing.settled(citizen):
                return
            citizen.calls_again(self.assumptions)
        if not self.rule.callbacks:
            self.record.lost += 1

    def _asks(self, citizen: Citizen) -> Generator[simpy.Event, Any, bool]:
        """One call, from asking for a person; returns whether an agent answered."""
        asked_at = self.env.now
        if self.policy:
            self.window = self.window.arrived(at(asked_at))
        if self.rule.callbacks and self.rule.thresholds:
            if len(self.queue) >= min(self.rule.thresholds.offer_waiting, self.rule.thresholds.max_waiting):
                if self._takes(citizen, self.assumptions.takes_offer):
                    return False
                yield self.env.timeout(self.assumptions.offer_seconds)
            elif (self.predicted_wait or 0.0) > PROMISE:
                if self._takes(citizen, self.assumptions.takes_hint):
                    return False
                yield self.env.timeout(self.assumptions.hint_seconds)
        if self.rule.places is not None and len(self.queue) >= self.rule.places and not self.staff.ready:
            if self.rule.callbacks:
                self.record.overflowed += 1
                self.owing.owe(citizen, told=True)
            else:
                self.record.turned_away += 1
            return False
        return (yield from self._waits(citizen, asked_at))

    def _stays(self, citizen: Citizen) -> tuple[float, bool]:
        """Return for how many seconds one waits, and whether they then press the key for a callback or just go."""
        if self.rule.callbacks:
            heard = self.assumptions.announce_seconds
            while heard < citizen.patience:
                if citizen.chance(self.assumptions.takes_key * self.rule.takers):
                    return heard, True
                heard += self.assumptions.announce_seconds
        return citizen.patience, False

    def _takes(self, citizen: Citizen, share: float) -> bool:
        if citizen.accepts >= share * self.rule.takers:
            return False
        self.record.took_callback += 1
        self.owing.owe(citizen, told=True)
        return True

    def _waits(self, citizen: Citizen, asked_at: float) -> Generator[simpy.Event, Any, bool]:
        predicted = self.predicted_wait if self.policy else None
        waiting = Waiting(citizen, self.env.now, self.env.event())
        stays, takes_key = self._stays(citizen)
        self.queue.append(waiting)
        self.changed()
        if not waiting.answered.triggered:
            self.record.had_to_wait += 1
            yield waiting.answered | self.env.timeout(min(stays, 1e9))
        seconds = self.env.now - waiting.since
        self.record.wait_seconds += seconds
        gave_up = not waiting.answered.triggered
        if self.policy and seconds > 0:
            self.window = self.window.waited(at(self.env.now), seconds, gave_up=gave_up)
        if gave_up:
            self.queue.remove(waiting)
            self.record.leaves(self.env.now - asked_at, took_callback=takes_key)
            if self.rule.callbacks:
                self.owing.owe(citizen, told=takes_key)
            self.changed()
            return False
        self.record.answers(asked_at, self.env.now - asked_at)
        if predicted is not None and seconds > 0:
            self.record.predictions.append((predicted, seconds))
        return True


def simulate(rule: Rule, load: float, assumptions: Assumptions, *, days: int, seed: int) -> Record:
    """Return what `days` days come to, whose busiest hour offers `load` Erlang; the same for the same seed."""
    total = Record(hours=len(assumptions.curve))
    for day in range(days):
        total.add(Hotline(rule, load, assumptions, f"{seed}/{day}").run())
    return total
