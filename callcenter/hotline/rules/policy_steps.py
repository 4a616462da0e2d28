"""The steps of the queue rule's policy 排队不超过5人, as the supervisor's log has them; each carries its figures."""

from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import Any, ClassVar


class Level(IntEnum):
    """How crowded the queue is; `word` is its name in logs and in the live document."""

    CALM = 0
    WARNING = 1
    REINFORCE = 2
    OFFER = 3
    FULL = 4

    @property
    def word(self) -> str:
        """The level's name: `calm`, `warning`, `reinforce`, `offer` or `full`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Figures:
    """What led to a step: seconds, and counts of people."""

    waiting: int
    longest_wait: float
    free: int
    predicted_wait: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the policy; `word` is its name in the supervisor's log."""

    word: ClassVar[str]
    figures: Figures

    @property
    def detail(self) -> dict[str, Any]:
        """Whom it concerns and the figures that led to it, as JSON takes them."""
        own = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "figures"}
        plain = {name: value.word if isinstance(value, Level) else value for name, value in own.items()}
        return {**plain, **asdict(self.figures)}


@dataclass(frozen=True, slots=True)
class LevelChanged(Step):
    """The queue is more, or less, crowded than it was."""

    word: ClassVar[str] = "level"
    before: Level
    after: Level
    #: `crowd` (so many wait), `wait` (one waits too long), `prediction` (a newcomer would), `hold` (it was quieter for
    #: the hold time) or `disabled`.
    why: str


@dataclass(frozen=True, slots=True)
class Warn(Step):
    """The wallboard warns."""

    word: ClassVar[str] = "warn"


@dataclass(frozen=True, slots=True)
class Unwarn(Step):
    """The wallboard is calm again."""

    word: ClassVar[str] = "unwarn"


@dataclass(frozen=True, slots=True)
class EndWrapUp(Step):
    """After-call work is over its time, and somebody waits."""

    word: ClassVar[str] = "end_wrap_up"
    seat: str
    agent: str
    #: Seconds that it lasted.
    lasted: float


@dataclass(frozen=True, slots=True)
class CallBackBreak(Step):
    """The agent's desk asks them to return from their break; to come is their own deed."""

    word: ClassVar[str] = "call_back_break"
    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseBreak(Step):
    """The agent need not return: the request is withdrawn."""

    word: ClassVar[str] = "release_break"
    agent: str


@dataclass(frozen=True, slots=True)
class JoinReserve(Step):
    """A reserve is to take calls from the queue."""

    word: ClassVar[str] = "join_reserve"
    name: str


@dataclass(frozen=True, slots=True)
class LeaveReserve(Step):
    """A reserve who has no call goes back to what they were at."""

    word: ClassVar[str] = "leave_reserve"
    name: str


@dataclass(frozen=True, slots=True)
class OfferCallbacks(Step):
    """Newcomers are offered a callback before they are queued, or no longer."""

    word: ClassVar[str] = "offer_callbacks"
    on: bool
