"""A callback 回拨 and what may happen to it, as the rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast, get_args

from callcenter.hotline.rules.retries import COUNTED, Result

State = Literal["waiting", "dialling", "retry", "settled", "unreachable"]
OPEN: frozenset[str] = frozenset({"waiting", "dialling", "retry"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach the citizen, as it is stored."""

    id: int
    at: datetime
    agent: str
    number: str
    result: str
    ended_at: datetime | None = None
    call: int | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A callback as the rules see it."""

    caller: str
    state: State
    reason: str
    called_at: datetime
    opened_at: datetime
    due_at: datetime
    next_at: datetime
    #: The number that they keyed to be called on.
    number: str | None = None
    held: str | None = None
    escalated_at: datetime | None = None
    id: int | None = None
    #: Missed calls that it answers for and that are not stored yet.
    calls: tuple[int, ...] = ()
    #: Attempts by id; known only where an attempt is what happened.
    attempts: Mapping[int, Attempt] = field(default_factory=dict)
    settled_by: str | None = None
    settled_at: datetime | None = None
    settled_call: int | None = None

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.state in OPEN

    @property
    def target(self) -> str:
        """What is dialled."""
        return self.number or self.caller

    @property
    def tried(self) -> int:
        """How many attempts got as far as the citizen's telephone."""
        return sum(attempt.result in COUNTED for attempt in self.attempts.values())


@dataclass(frozen=True, slots=True)
class Missed:
    """A citizen reached nobody; `at` is when they were gone, `number` another one that they keyed to be called on."""

    call: int
    caller: str
    outcome: str
    started_at: datetime
    at: datetime
    number: str | None = None
    #: They asked by key to be called back.
    requested: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A citizen who dialled reached a person at `at`."""

    call: int
    caller: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What Asterisk's record says of an attempt: at `at` it was answered, or ended with `result`."""

    attempt: int
    call: int
    number: str
    agent: str
    result: Result
    began_at: datetime
    at: datetime
    ended_at: datetime | None


def as_state(stored: str) -> State:
    """Return `stored` as a state. Raises ValueError for any other word."""
    for state in get_args(State):
        if state == stored:
            return cast("State", state)
    raise ValueError(f"{stored} is no state of a callback")
