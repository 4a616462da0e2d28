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
    """A citizen dialled and reached nobody 漏接; `caller` is empty when the number was withheld."""

    call_id: int
    caller: str
    #: The call's outcome.
    outcome: str
    #: What the citizen is owed for it; None when it cannot be called back.
    callback_id: int | None


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
