"""What happened on the hotline that others may care about: past tense, raised by the historian.

Subscribers run inside the historian's transaction, so what they write stands or falls with the call itself.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HotlineEvent:
    """Something that happened on the hotline of `node`."""

    node: str
    #: When it happened, not when it was written.
    at: datetime


@dataclass(frozen=True, slots=True)
class CallAnswered(HotlineEvent):
    """A citizen who dialled reached a person."""

    linkedid: str
    caller: str
    agent: str | None


@dataclass(frozen=True, slots=True)
class CallEnded(HotlineEvent):
    """A call is over and has its outcome."""

    linkedid: str
    caller: str
    direction: str
    outcome: str


@dataclass(frozen=True, slots=True)
class CallMissed(HotlineEvent):
    """A citizen dialled and reached nobody 漏接.

    `caller` is in its one spelling; empty when the number was withheld and no other was keyed.
    """

    call_id: int
    caller: str
    #: The call's outcome.
    outcome: str
    #: What the citizen is owed for it; None when it cannot be called back.
    callback_id: int | None
    #: The number that they keyed to be called on.
    number: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackOpened(HotlineEvent):
    """A citizen is owed a callback 回拨 from now on."""

    callback_id: int
    call_id: int
    caller: str
    reason: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CallbackJoined(HotlineEvent):
    """A citizen who is owed a callback was missed once more."""

    callback_id: int
    call_id: int
    caller: str


@dataclass(frozen=True, slots=True)
class CallbackSettled(HotlineEvent):
    """A callback is no longer owed; `by` is `callback`, `redial` or `supervisor`."""

    callback_id: int
    caller: str
    by: str


@dataclass(frozen=True, slots=True)
class CallbackTried(HotlineEvent):
    """An attempt to call a citizen back was answered, or ended with `result` (`rules.retries.Result`)."""

    callback_id: int
    attempt_id: int
    caller: str
    agent: str
    result: str


@dataclass(frozen=True, slots=True)
class ErrandTried(HotlineEvent):
    """An attempt of an errand other than a callback was answered, or is over; told again when an answered one ends."""

    #: The kind of errand, as in the call's name (`rules.records.ErrandKind`).
    kind: str
    attempt_id: int
    call_id: int
    #: What was dialled, in its one spelling; empty when nothing was.
    number: str
    agent: str
    #: `rules.retries.Result`.
    result: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallbackUnreachable(HotlineEvent):
    """A citizen was not reached in `attempts` attempts, and is not tried again."""

    callback_id: int
    caller: str
    attempts: int


@dataclass(frozen=True, slots=True)
class CallbackReopened(HotlineEvent):
    """A callback that was over is owed again: the voicemail was reached, or a supervisor wants another try."""

    callback_id: int
    caller: str
