"""What the simulated hotline owes, and how it is called back: in the real rules' order, when they allow it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcenter.hotline.rules import dialling
from callcenter.hotline.rules.prediction import promised_minutes
from callcenter.simulation.citizens import Citizen
from callcenter.simulation.floor import Agent, Process, at
from callcenter.simulation.record import Record

if TYPE_CHECKING:
    from callcenter.simulation.hotline import Hotline

#: Settings `[callbacks] retry_minutes`; after the last the citizen is unreachable.
RETRY_MINUTES = (10, 30, 120)


class Owed:
    """A callback 回拨 that is owed to a citizen."""

    __slots__ = ("attempts", "citizen", "opened_at", "pending", "told")

    def __init__(self, citizen: Citizen, opened_at: float, *, told: bool) -> None:
        self.citizen = citizen
        self.opened_at = opened_at
        #: Whether they heard that they will be called.
        self.told = told
        self.attempts = 0
        number = str(citizen.number)
        self.pending = dialling.Pending(citizen.number, number, number, at(citizen.arrives), at(opened_at))

    def again_at(self, when: datetime) -> None:
        """Not dialled before `when`."""
        before = self.pending
        self.pending = dialling.Pending(before.id, before.caller, before.number, before.called_at, when)


class Owing:
    """The callbacks that are owed."""

    def __init__(self, hotline: "Hotline") -> None:
        self._hotline = hotline
        self._open: dict[int, Owed] = {}
        self._dialling: set[int] = set()
        #: Citizens who are on the line by their own call: in the greeting, waiting or talking.
        self.calling: set[int] = set()
        #: Citizens whose callback is over: reached, settled by redial, or unreachable.
        self._over: set[int] = set()

    # Who is owed

    def owe(self, citizen: Citizen, *, told: bool) -> None:
        """Nobody got to this citizen: they are owed one callback, however often they call."""
        if known := self._open.get(citizen.number):
            known.told = known.told or told
            return
        if citizen.number in self._over:
            return
        hotline = self._hotline
        now = at(hotline.env.now)
        self._record.promised_minutes.append(
            promised_minutes(
                len(self._open), hotline.staff.at_work, hotline.window.handling(now), hotline.window.load(now)
            )
        )
        self._open[citizen.number] = Owed(citizen, hotline.env.now, told=told)
        self.dial()

    def knows(self, citizen: Citizen) -> bool:
        """Whether this citizen was told before this call that they will be called back."""
        owed = self._open.get(citizen.number)
        return owed is not None and owed.told

    told = knows

    def settled(self, citizen: Citizen) -> bool:
        """Whether nothing is owed any more, or they are on the line with us now: no reason to dial again."""
        return citizen.number in self._over or citizen.number in self._dialling

    def redialled(self, citizen: Citizen) -> None:
        """Their own call was answered: that settles it."""
        if owed := self._open.pop(citizen.number, None):
            self._over.add(citizen.number)
            self._record.redial_settled += 1
            if not owed.attempts:
                self._tried(owed)

    def close(self) -> None:
        """The day and the hours after it are over: who was not even tried was never called back."""
        self._record.never += sum(not owed.attempts for owed in self._open.values())

    # Calling back

    def dial(self) -> None:
        """Begin the callbacks that the rules allow now."""
        hotline = self._hotline
        if not self._open:
            return
        ready = hotline.staff.ready
        places = dialling.room(
            free=len(ready),
            waiting=len(hotline.queue),
            greeting=hotline.greeting,
            reserve=hotline.rule.reserve_agents,
        )
        if not places:
            return
        pending = [owed.pending for number, owed in self._open.items() if number not in self._dialling]
        free = [dialling.Free(agent.name, agent.name, at(agent.since)) for agent in ready]
        named = {agent.name: agent for agent in ready}
        busy = {str(number) for number in self.calling}
        for dial in dialling.choose(pending, free, at(hotline.env.now), places=places, busy=busy):
            self._dialling.add(dial.errand)
            hotline.staff.begin(named[dial.agent], "busy")
            hotline.env.process(self._call(named[dial.agent], self._open[dial.errand]))

    def _call(self, agent: Agent, owed: Owed) -> Process:
        hotline, citizen = self._hotline, owed.citizen
        habits = hotline.assumptions
        yield hotline.env.timeout(habits.agent_ring_seconds)
        if citizen.number not in self._open or citizen.number in self.calling:
            # They dialled again while the agent's phone rang.
            self._dialling.discard(citizen.number)
            hotline.staff.free(agent)
            return
        if not owed.attempts:
            self._tried(owed)
        owed.attempts += 1
        if citizen.chance(habits.answers):
            yield hotline.env.timeout(habits.answer_seconds)
            del self._open[citizen.number]
            self._over.add(citizen.number)
            self._record.reached += 1
            self._dialling.discard(citizen.number)
            yield from hotline.talk(agent, citizen.talk)
            return
        yield hotline.env.timeout(habits.ring_seconds)
        self._dialling.discard(citizen.number)
        if owed.attempts > len(RETRY_MINUTES):
            self._open.pop(citizen.number, None)
            self._over.add(citizen.number)
            self._record.unreachable += 1
        else:
            seconds = RETRY_MINUTES[owed.attempts - 1] * 60.0
            owed.again_at(at(hotline.env.now) + timedelta(seconds=seconds))
            # Past the time itself, for a fraction of a second is lost in a timedelta.
            hotline.env.timeout(seconds + 0.01).callbacks.append(lambda _: hotline.changed())
        hotline.staff.free(agent)

    def _tried(self, owed: Owed) -> None:
        self._record.callback_seconds.append(self._hotline.env.now - owed.opened_at)

    @property
    def _record(self) -> Record:
        return self._hotline.record
