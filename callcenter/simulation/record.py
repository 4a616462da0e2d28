"""What a simulated hotline writes down, and what the promises are judged by.

The 30-second rate is given in two readings, each of calls (a redial is another call, as in the indicators):

- `of_those_who_wait`: answered within 30 s / those who stayed in line: answered, gave up waiting, or were sent away
  with nothing. Who took a callback instead of waiting, or found the queue full and was promised one, is not divided
  by: the third promise is about them. Where nobody calls back they were sent away, and count.
- `of_all_who_asked`: answered within 30 s / everybody who asked for a person, who took a callback too. It is the
  contract's 座席30秒接通率.

The seconds run from when the citizen asked for a person, what they were told before they were queued included.
"""

from dataclasses import dataclass, field

#: 座席30秒接通率: seconds to a person, and the share that is promised.
PROMISE = 30.0
TARGET = 0.95
#: 排队不超过5人: so many must never wait.
NEVER = 5
#: Seconds within which who is owed must be called back.
DUE = 900.0


@dataclass(slots=True)
class Record:
    """Counts of calls and people, and lists of seconds; several days add up."""

    hours: int = 24
    days: int = 0
    asked: int = 0
    answered: int = 0
    prompt: int = 0
    #: Found an agent busy and so waited for longer than nothing.
    had_to_wait: int = 0
    gave_up: int = 0
    #: Were sent away with nothing.
    turned_away: int = 0
    #: Took a callback that was offered; found the queue full and were promised one.
    took_callback: int = 0
    overflowed: int = 0
    most_waiting: int = 0
    #: Citizens who in the end reached nobody and are owed nothing.
    lost: int = 0
    #: Seconds from the obligation to the first attempt or to an answered redial, for each callback that was owed.
    callback_seconds: list[float] = field(default_factory=list)
    #: Minutes that were promised, for each of them.
    promised_minutes: list[int] = field(default_factory=list)
    reached: int = 0
    unreachable: int = 0
    redial_settled: int = 0
    #: Citizens who were never called back by the end.
    never: int = 0
    wait_seconds: float = 0.0
    reserve_seconds: float = 0.0
    steps: dict[str, int] = field(default_factory=dict)
    #: For each hour of the day: asked, and answered promptly; most who waited in each minute of the last day.
    asked_in: list[int] = field(default_factory=list)
    prompt_in: list[int] = field(default_factory=list)
    waiting_in: list[int] = field(default_factory=list)
    #: Predicted and true waits of newcomers who waited to be answered.
    predictions: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asked_in = self.asked_in or [0] * self.hours
        self.prompt_in = self.prompt_in or [0] * self.hours
        self.waiting_in = self.waiting_in or [0] * (self.hours * 60)

    def asks(self, now: float) -> None:
        """Somebody asks for a person."""
        self.asked += 1
        self.asked_in[self._hour(now)] += 1

    def answers(self, asked_at: float, seconds: float) -> None:
        """An agent answers one who asked at `asked_at`, after `seconds`."""
        self.answered += 1
        if seconds <= PROMISE:
            self.prompt += 1
            self.prompt_in[self._hour(asked_at)] += 1

    def leaves(self, seconds: float, *, took_callback: bool) -> None:
        """One who waited `seconds` leaves the queue: gave up, or pressed the key for a callback.

        Who pressed it after the promised time was made to wait for longer than was promised, and counts as that.
        """
        if took_callback and seconds <= PROMISE:
            self.took_callback += 1
        else:
            self.gave_up += 1

    def waits(self, now: float, waiting: int) -> None:
        """So many wait now."""
        self.most_waiting = max(self.most_waiting, waiting)
        minute = min(int(now // 60), len(self.waiting_in) - 1)
        self.waiting_in[minute] = max(self.waiting_in[minute], waiting)

    def stepped(self, word: str) -> None:
        """The policy took a step."""
        self.steps[word] = self.steps.get(word, 0) + 1

    def _hour(self, now: float) -> int:
        return min(int(now // 3600), self.hours - 1)

    @property
    def of_those_who_wait(self) -> float:
        """The 30-second rate of those who stayed in line; see above."""
        return _share(self.prompt, self.answered + self.gave_up + self.turned_away)

    @property
    def of_all_who_asked(self) -> float:
        """The 30-second rate of all; see above."""
        return _share(self.prompt, self.asked)

    @property
    def busiest_hour_rate(self) -> float:
        """The 30-second rate of all who asked in the busiest hour."""
        busiest = max(range(self.hours), key=self.asked_in.__getitem__)
        return _share(self.prompt_in[busiest], self.asked_in[busiest])

    @property
    def owed(self) -> int:
        """Citizens who were owed a callback."""
        return len(self.callback_seconds) + self.never

    @property
    def late(self) -> int:
        """Callbacks that were not tried within the promised quarter of an hour."""
        return sum(seconds > DUE for seconds in self.callback_seconds) + self.never

    @property
    def longest_callback(self) -> float:
        """The longest that a citizen was owed before the first attempt, in seconds."""
        return max(self.callback_seconds, default=0.0)

    def add(self, other: "Record") -> None:
        """Add another day to this one; the minutes shown are the later day's."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.most_waiting = max(self.most_waiting, other.most_waiting)
        self.waiting_in = other.waiting_in
        self.asked_in = [mine + theirs for mine, theirs in zip(self.asked_in, other.asked_in, strict=True)]
        self.prompt_in = [mine + theirs for mine, theirs in zip(self.prompt_in, other.prompt_in, strict=True)]
        self.callback_seconds += other.callback_seconds
        self.promised_minutes += other.promised_minutes
        self.predictions += other.predictions
        for word, times in other.steps.items():
            self.steps[word] = self.steps.get(word, 0) + times


_COUNTS = (
    *("days", "asked", "answered", "prompt", "had_to_wait", "gave_up", "turned_away", "took_callback", "overflowed"),
    *("lost", "reached", "unreachable", "redial_settled", "never", "wait_seconds", "reserve_seconds"),
)


def _share(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 1.0
