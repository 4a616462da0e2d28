"""The simulated floor: agents and reserves, what each does now, and when their breaks come."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

import simpy

from callcenter.hotline.rules.policy import Break, Reserve, WrapUp
from callcenter.simulation.assumptions import HOUR, Assumptions
from callcenter.simulation.citizens import exponential

Doing = Literal["away", "ready", "busy", "wrap_up", "break"]
Process = Generator[simpy.Event, Any, None]
#: The simulated day's midnight; rules want aware times.
MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the time of `seconds` into the day, as the rules take it."""
    return MIDNIGHT + timedelta(seconds=seconds)


class Agent:
    """One who takes calls 话务员, or a reserve."""

    __slots__ = ("break_owed", "called_back", "coming", "doing", "in_reserve", "name", "order", "since", "stop")

    def __init__(self, order: int, *, in_reserve: bool) -> None:
        self.order = order
        self.in_reserve = in_reserve
        self.name = f"{'reserve' if in_reserve else 'agent'}-{order:02}"
        self.doing: Doing = "away"
        self.since = 0.0
        #: Ends wrap-up or break before its time.
        self.stop: simpy.Event | None = None
        #: Seconds of break that are due to them.
        self.break_owed = 0.0
        #: Came back from a break: the rest of it waits until the queue is calm.
        self.called_back = False
        #: A reserve who is on the way to the phone.
        self.coming = False


class Staff:
    """Agents and reserves; `changed` is called whenever one of them is ready, or leaves."""

    def __init__(self, env: simpy.Environment, assumptions: Assumptions, chance: Random, reserves: int) -> None:
        self._env = env
        self._assumptions = assumptions
        self._chance = chance
        self.agents = [Agent(number, in_reserve=False) for number in range(assumptions.seats)]
        self.reserves = [Agent(number, in_reserve=True) for number in range(reserves)]
        self.reserve_seconds = 0.0
        self.changed: Callable[[], None] = lambda: None
        for agent in self.agents:
            env.process(self._shift(agent))
            if assumptions.break_seconds:
                env.process(self._breaks(agent))

    # What they do

    @property
    def ready(self) -> list[Agent]:
        """Those who could take a call now, longest idle first."""
        idle = [agent for agent in (*self.agents, *self.reserves) if agent.doing == "ready"]
        return sorted(idle, key=lambda agent: (agent.since, agent.in_reserve, agent.order))

    @property
    def at_work(self) -> int:
        """How many serve the queue: signed in and not on a break."""
        return sum(agent.doing not in {"away", "break"} for agent in (*self.agents, *self.reserves))

    @property
    def wrap_ups(self) -> tuple[WrapUp, ...]:
        """Who is in after-call work, as the policy sees it."""
        return tuple(
            WrapUp(agent.name, at(agent.since), agent.name)
            for agent in (*self.agents, *self.reserves)
            if agent.doing == "wrap_up"
        )

    @property
    def breaks(self) -> tuple[Break, ...]:
        """Who is on a break, as the policy sees it."""
        return tuple(Break(agent.name, "rest") for agent in self.agents if agent.doing == "break")

    @property
    def called_in(self) -> tuple[Reserve, ...]:
        """The reserves, as the policy sees them."""
        return tuple(
            Reserve(
                agent.name,
                joined=agent.doing != "away",
                available=agent.doing == "away" and not agent.coming,
                idle=agent.doing == "ready",
            )
            for agent in self.reserves
        )

    def begin(self, agent: Agent, doing: Doing) -> None:
        """An agent turns to something else."""
        if agent.in_reserve and "away" in {doing, agent.doing}:
            self.reserve_seconds += self._env.now if doing == "away" else -self._env.now
        agent.doing, agent.since = doing, self._env.now

    def free(self, agent: Agent) -> None:
        """An agent is done with what they did, and takes what comes: a break that is due, the way home, or calls."""
        if not agent.in_reserve and not self._on_shift(agent):
            self.begin(agent, "away")
        elif agent.break_owed and not agent.called_back:
            self._begin_break(agent)
        else:
            self.begin(agent, "ready")
        self.changed()

    # What the policy asks of them

    def end_wrap_up(self, name: str) -> None:
        """End after-call work now."""
        agent = self._named(name)
        if agent.doing == "wrap_up" and agent.stop and not agent.stop.triggered:
            agent.stop.succeed()

    def call_back(self, name: str, still: Callable[[str], bool]) -> None:
        """Ask an agent to return from a break; most do, in a while, if they are `still` wanted by then."""
        agent = self._named(name)
        if self._chance.random() < self._assumptions.returns:
            self._env.process(self._return(agent, agent.stop, still))

    def join(self, name: str) -> None:
        """Call a reserve in."""
        agent = self._named(name)
        agent.coming = True
        self._env.process(self._come(agent))

    def leave(self, name: str) -> None:
        """Let an idle reserve go."""
        agent = self._named(name)
        if agent.doing == "ready":
            self.begin(agent, "away")

    def calm(self) -> None:
        """The queue is calm: breaks that were cut short go on."""
        for agent in self.agents:
            agent.called_back = False
            if agent.doing == "ready" and agent.break_owed:
                self._begin_break(agent)

    def close(self) -> None:
        """The day is over: count the time of reserves who are still there."""
        self.reserve_seconds += sum(self._env.now for agent in self.reserves if agent.doing != "away")

    # Their own time

    def _named(self, name: str) -> Agent:
        return next(agent for agent in (*self.agents, *self.reserves) if agent.name == name)

    def _on_shift(self, agent: Agent) -> bool:
        return agent.order < self._assumptions.staffed(int(self._env.now // HOUR))

    def _shift(self, agent: Agent) -> Process:
        while True:
            if agent.doing == "away" and self._on_shift(agent):
                self.free(agent)
            elif agent.doing == "ready" and not self._on_shift(agent):
                self.begin(agent, "away")
            yield self._env.timeout(HOUR)

    def _breaks(self, agent: Agent) -> Process:
        every, seconds = self._assumptions.break_every, self._assumptions.break_seconds
        yield self._env.timeout(agent.order * every / len(self.agents))
        while True:
            if agent.doing != "away":
                agent.break_owed = seconds
                if agent.doing == "ready" and not agent.called_back:
                    self._begin_break(agent)
            yield self._env.timeout(every)

    def _begin_break(self, agent: Agent) -> None:
        self.begin(agent, "break")
        agent.stop = self._env.event()
        self._env.process(self._break(agent, agent.stop))

    def _break(self, agent: Agent, stop: simpy.Event) -> Process:
        begun = self._env.now
        yield self._env.timeout(agent.break_owed) | stop
        rest = agent.break_owed - (self._env.now - begun)
        agent.break_owed = rest if stop.triggered and rest > 1.0 else 0.0
        agent.called_back = bool(agent.break_owed)
        self.free(agent)

    def _return(self, agent: Agent, asked: simpy.Event | None, still: Callable[[str], bool]) -> Process:
        yield self._env.timeout(exponential(self._chance, self._assumptions.return_seconds))
        if agent.doing == "break" and agent.stop is asked and asked and not asked.triggered and still(agent.name):
            asked.succeed()

    def _come(self, agent: Agent) -> Process:
        yield self._env.timeout(exponential(self._chance, self._assumptions.reserve_seconds))
        agent.coming = False
        self.free(agent)
