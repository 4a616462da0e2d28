"""What the floor hears from Asterisk, in the trade's words; raw AMI keys end in `translate.py`.

Every event carries `at`, the aware UTC time at which Asterisk raised it. `channel` names are opaque handles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """Something Asterisk said."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """The link to Asterisk is gone: what the floor shows is old."""


@dataclass(frozen=True, slots=True)
class Call:
    """A caller waiting in a queue, as a resync finds them."""

    linkedid: str
    channel: str
    caller: str
    #: In the line of their own queue, from 1.
    position: int
    since: datetime
    #: The special desk 专席 that they wait for, by its name; empty in the hotline's own queue.
    desk: str = ""
    #: A supervisor is moving them: they may be between two queues for a moment, and wait all the same.
    moving: bool = False
    between: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A queue member as Asterisk has it; `interface` is like `PJSIP/8001`, `agent` the agent's number."""

    interface: str
    agent: str
    #: app_queue's device state: `not_in_use`, `in_use`, `busy`, `ringing`, `ring_in_use`, `on_hold`, `unavailable`,
    #: `invalid` or `unknown`.
    device: str
    paused: bool
    #: Why the member is paused: a break reason, `wrap_up`, or empty.
    reason: str
    #: When the last pause began, if Asterisk knows.
    paused_since: datetime | None
    in_call: bool
    #: When the last call of this member ended, if there was one.
    last_call: datetime | None


@dataclass(frozen=True, slots=True)
class FloorListed(Event):
    """The whole floor after a (re)connect: replaces everything known before."""

    waiting: tuple[Call, ...]
    members: tuple[Member, ...]
    #: Endpoint -> reachable, for every seat's endpoints (`8001`, `8001w`).
    phones: dict[str, bool]
    #: (desk, interface) -> who sits at special desks.
    at_desks: Mapping[tuple[str, str], Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerEntered(Event):
    """A citizen's channel entered the hotline (before greeting)."""

    linkedid: str
    channel: str
    caller: str


@dataclass(frozen=True, slots=True)
class CallerJoined(Event):
    """A caller took a place in the queue."""

    linkedid: str
    channel: str
    caller: str
    position: int
    #: As in `Call`.
    desk: str = ""
    #: Since when they have waited, when they were moved; else from now on.
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallerMoving(Event):
    """A supervisor begins to move a caller to another queue, or has ended, whatever came of it."""

    channel: str
    begun: bool


@dataclass(frozen=True, slots=True)
class QueueOrdered(Event):
    """The callers who wait were put into another order: their channels, first in line first."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallerLeft(Event):
    """A caller left the queue, answered or not."""

    linkedid: str
    channel: str
    #: True when the caller hung up waiting.
    abandoned: bool


@dataclass(frozen=True, slots=True)
class CallerGone(Event):
    """A citizen's channel hung up."""

    linkedid: str
    channel: str


@dataclass(frozen=True, slots=True)
class MemberChanged(Event):
    """A member was added, paused, unpaused, or its phone's state changed: the member as it is now."""

    member: Member


@dataclass(frozen=True, slots=True)
class MemberRemoved(Event):
    """A member left the queue (the agent signed out)."""

    interface: str
    agent: str


@dataclass(frozen=True, slots=True)
class DeskMemberChanged(Event):
    """A member of a special desk's queue was added, paused, or its phone's state changed."""

    desk: str
    member: Member


@dataclass(frozen=True, slots=True)
class DeskMemberRemoved(Event):
    """A member left a special desk's queue."""

    desk: str
    interface: str


@dataclass(frozen=True, slots=True)
class AgentRang(Event):
    """An agent's phone rings with a caller."""

    linkedid: str
    interface: str
    agent: str
    caller: str


@dataclass(frozen=True, slots=True)
class AgentConnected(Event):
    """An agent and a caller talk; `waited` and `rang` in seconds."""

    linkedid: str
    interface: str
    agent: str
    caller: str
    waited: float
    rang: float


@dataclass(frozen=True, slots=True)
class AgentCompleted(Event):
    """The talk ended; `talked` in seconds, `by` is `agent`, `caller` or `transfer`."""

    linkedid: str
    interface: str
    agent: str
    talked: float
    by: str


@dataclass(frozen=True, slots=True)
class AgentDidNotAnswer(Event):
    """An agent's phone stopped ringing without a talk; `rang` in seconds.

    It rang in vain, was refused, or the caller hung up or another agent was quicker.
    """

    linkedid: str
    interface: str
    agent: str
    rang: float


@dataclass(frozen=True, slots=True)
class PhoneChanged(Event):
    """A seat's phone came (registered, reachable) or went."""

    endpoint: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class SignInTried(Event):
    """Somebody asked to be let in over SIP: told by `security.py`, and none of the floor's events.

    `asked`: they were asked for a proof; `wrong`: the proof was; `unknown`: there is no such name; `refused`: the name
    may not come this way; `signed_in`: all was well.
    """

    address: str
    #: Empty when Asterisk does not tell.
    account: str
    kind: Literal["asked", "wrong", "unknown", "refused", "signed_in"]
    #: Whether the transport proves the address: anybody can write any sender on a datagram.
    proven: bool


@dataclass(frozen=True, slots=True)
class TalkChanged(Event):
    """The agent at a seat put the citizen on hold, is calling a third, talks with one, or is back with the citizen."""

    linkedid: str
    seat: str
    #: `talking`, `held`, `dialling`, `consulting` or `three_way`; `passed` when the third is alone with the citizen.
    stage: str
    #: Of the third: `seat`, `unit`, `outside` or `police`, and their number; empty without one.
    kind: str
    who: str
    #: Why calling the third came to nothing, as Dial() said, and the cause (Q.850); empty otherwise.
    result: str


AnyEvent = (
    Disconnected
    | FloorListed
    | CallerEntered
    | CallerJoined
    | CallerMoving
    | QueueOrdered
    | CallerLeft
    | CallerGone
    | MemberChanged
    | MemberRemoved
    | DeskMemberChanged
    | DeskMemberRemoved
    | AgentRang
    | AgentConnected
    | AgentCompleted
    | AgentDidNotAnswer
    | PhoneChanged
    | TalkChanged
)
