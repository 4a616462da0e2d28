"""The queue rule's policy in the simulation: it looks at the simulated floor, and its steps are carried out there."""

from typing import TYPE_CHECKING

import simpy

from callcenter.hotline.rules import policy as rules
from callcenter.simulation.floor import MIDNIGHT, at

if TYPE_CHECKING:
    from callcenter.simulation.hotline import Hotline


class PolicyAtWork:
    """Calls `rules.decide` after each change and when time alone asks for it, as the controller does."""

    def __init__(self, hotline: "Hotline", thresholds: rules.Thresholds) -> None:
        self._hotline = hotline
        self._thresholds = thresholds
        self._looking = False
        self._again = False
        #: When the next look is planned, in seconds.
        self._planned: float | None = None
        self.state = rules.begin(at(0.0))

    def look(self) -> None:
        """Let the policy decide, and carry its steps out; a step that changes the floor makes it look once more."""
        if self._looking:
            self._again = True
            return
        self._looking = True
        try:
            self._again = True
            while self._again:
                self._again = False
                facts = self._facts()
                self.state, steps = rules.decide(self.state, facts, at(self._hotline.env.now), self._thresholds)
                for step in steps:
                    self._hotline.record.stepped(step.word)
                    self._take(step)
            self._plan(facts)
        finally:
            self._looking = False

    def _facts(self) -> rules.Facts:
        hotline = self._hotline
        queue, staff = hotline.queue, hotline.staff
        return rules.Facts(
            waiting=len(queue),
            oldest=at(queue[0].since) if queue else None,
            free=len(staff.ready),
            predicted_wait=hotline.predicted_wait,
            wrap_ups=staff.wrap_ups,
            breaks=staff.breaks,
            reserves=staff.called_in,
        )

    def _take(self, step: rules.Step) -> None:
        staff = self._hotline.staff
        match step:
            case rules.EndWrapUp(seat=seat):
                staff.end_wrap_up(seat)
            case rules.CallBackBreak(agent=agent):
                staff.call_back(agent, lambda name: name in self.state.called_back)
            case rules.JoinReserve(name=name):
                staff.join(name)
            case rules.LeaveReserve(name=name):
                staff.leave(name)
            case rules.Unwarn():
                staff.calm()

    def _plan(self, facts: rules.Facts) -> None:
        due = rules.next_due(self.state, facts, self._thresholds)
        if due is None:
            return
        env = self._hotline.env
        when = max((due - MIDNIGHT).total_seconds(), env.now)
        if self._planned is not None and env.now <= self._planned <= when:
            return
        self._planned = when
        env.timeout(when - env.now, when).callbacks.append(self._wake)

    def _wake(self, event: simpy.Event) -> None:
        if event.value == self._planned:
            self._planned = None
            self.look()
