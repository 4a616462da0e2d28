"""What the simulation takes for granted, all in one place; seconds unless a name says otherwise.

Nothing here was measured at this hotline. Once it runs, its own call records should take the place of these figures.
"""

from dataclasses import dataclass
from typing import Literal

#: Calls in each hour of the day as a share of the busiest hour's. Two peaks, as Chinese hotlines report them: the later
#: morning (10-11) and the early afternoon (14-15), a dip at noon, and quiet nights.
CURVE = (
    *(0.05, 0.04, 0.03, 0.03, 0.04, 0.06, 0.10, 0.25),
    *(0.70, 0.95, 1.00, 0.80, 0.55, 0.70, 0.95, 0.92),
    *(0.80, 0.60, 0.40, 0.32, 0.24, 0.18, 0.12, 0.08),
)
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Citizens, seats and habits."""

    # The floor
    seats: int = 10
    #: Hours of the day in which all seats are staffed; half of them are in the others.
    day_begins: int = 7
    day_ends: int = 20
    #: Each agent is on a break for so long in every two hours, one after another: a tenth of the staff at any time.
    break_seconds: float = 720.0
    break_every: float = 7200.0
    #: How long an agent who is asked to return takes (mean, exponential), and how many do.
    return_seconds: float = 45.0
    returns: float = 0.8
    #: Reserves who can be called in, and how long one takes to be at the phone (mean, exponential).
    reserves: int = 2
    reserve_seconds: float = 30.0

    # A call
    talk_seconds: float = 150.0
    #: Standard deviation of a talk by its mean. Talks are lognormal, as call centres find (Brown et al., JASA 2005).
    talk_spread: float = 0.8
    talk_law: Literal["lognormal", "exponential"] = "lognormal"
    wrap_up_seconds: float = 15.0

    # Citizens
    #: Greeting and menu, before a citizen asks for a person.
    greeting_seconds: float = 10.0
    #: Mean patience of one who waits; exponential, as Erlang A has it.
    patience_seconds: float | None = 75.0
    #: Share of those who are offered a callback, the queue being full or nearly, who take it; and of those who are told
    #: before they are queued that the wait will be long. How long they listen to that.
    takes_offer: float = 0.6
    takes_hint: float = 0.4
    offer_seconds: float = 10.0
    hint_seconds: float = 5.0
    #: Every so often those who wait hear that they may be called back instead, and such a share press the key.
    announce_seconds: float = 20.0
    takes_key: float = 0.3
    #: Share of those who reached nobody and dial again: when nothing was promised, and when they were told to expect a
    #: call. How soon (mean, exponential), and how often.
    redials: float = 0.5
    redials_when_promised: float = 0.1
    redial_seconds: float = 180.0
    most_redials: int = 3

    # Callbacks
    #: Share of attempts that the citizen answers, and how long their phone rings.
    answers: float = 0.8
    answer_seconds: float = 12.0
    ring_seconds: float = 30.0
    #: Ring at the agent's phone, which comes first.
    agent_ring_seconds: float = 4.0

    #: The day, as shares of the busiest hour.
    curve: tuple[float, ...] = CURVE

    @property
    def handling(self) -> float:
        """Mean handling time in seconds: talk and wrap-up."""
        return self.talk_seconds + self.wrap_up_seconds

    @property
    def day(self) -> float:
        """Length of the simulated day in seconds."""
        return len(self.curve) * HOUR

    def staffed(self, hour: int) -> int:
        """Return the number of seats that are staffed in an hour of the day."""
        return self.seats if self.day_begins <= hour % 24 < self.day_ends else (self.seats + 1) // 2

    def calls_a_day(self, load: float) -> float:
        """Return the number of citizens who call on a day whose busiest hour offers `load` Erlang."""
        return load / self.handling * HOUR * sum(self.curve)


def steady(assumptions: Assumptions, hours: int, patience_seconds: float | None) -> Assumptions:
    """Return the same without what the formulas do not know: hours that differ, breaks, shifts, redials, other laws."""
    return Assumptions(
        seats=assumptions.seats,
        day_begins=0,
        day_ends=24,
        break_seconds=0.0,
        reserves=0,
        talk_seconds=assumptions.handling,
        talk_law="exponential",
        wrap_up_seconds=0.0,
        greeting_seconds=0.0,
        patience_seconds=patience_seconds,
        redials=0.0,
        curve=(1.0,) * hours,
    )
