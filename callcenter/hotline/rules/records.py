"""A call as the interpreter knows it, and what it must remember while the call goes on."""

import re
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self

#: `test` is a test dial 拨测: both its legs, and no figure counts either.
Direction = Literal["inbound", "outbound", "internal", "test"]
Outcome = Literal[
    "answered",
    "abandoned_greeting",
    "abandoned_queue",
    "overflowed",
    "unanswered",
    "self_service",
    "blocked",
    "in_progress",
]
#: What an agent calls a citizen for, by order: part of such a call's name.
ErrandKind = Literal["callback", "follow-up"]
#: Outcomes of an inbound call that owes the citizen a callback 漏接.
MISSED: frozenset[str] = frozenset({"abandoned_greeting", "abandoned_queue", "overflowed", "unanswered"})
#: Calls that the controller ordered: the order gave them their name, which says which attempt they carry out.
ORDERED = re.compile(r"-(callback|follow-up|test)-(\d{1,9})$")
#: Calls of the controller's to phones of the hotline's own, which are no calls with anybody: a supervisor's phone that
#: hears a talk, and an agent's that is rung for a caller who is handed over (and is then part of the caller's call).
INNER = re.compile(r"-(listen|hand-over)-\d+$")
_UNSAFE = re.compile(r"[^0-9A-Za-z+*#_.,]")
_WITHHELD = re.compile(r"anonymous|unknown|restricted|unavailable|withheld", re.IGNORECASE)


@dataclass(slots=True)
class Progress:
    """What must be remembered of a call whose channels are not all gone; goes to JSON and back unchanged."""

    #: Channel (unique id) of the citizen, or of whoever began the call.
    first: str = ""
    #: What Queue() said when it gave the call back.
    queue_status: str | None = None
    #: Where the conversation is recorded once there is one.
    recording: str | None = None
    served: bool = False
    blocked: bool = False
    #: Agent channel -> agent number, as the queue's connect told.
    agents: dict[str, str] = field(default_factory=dict)
    #: Channel -> seat, of every seat's channel.
    seats: dict[str, str] = field(default_factory=dict)
    #: Channel of the agent whom a supervisor handed the caller to, until the two are joined.
    handed_to: str | None = None
    #: Bridge -> channels in it.
    bridges: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        """Return what `dump` stored."""
        return cls(**stored)

    def dump(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)

    def copy(self) -> "Progress":
        """Return one that shares nothing with this one."""
        bridges = {bridge: list(channels) for bridge, channels in self.bridges.items()}
        return replace(self, agents=dict(self.agents), seats=dict(self.seats), bridges=bridges)


@dataclass(slots=True)
class CallRecord:
    """A call as far as it is known, fields as in `hotline.tables.Call`; a value: `interpret` never changes one."""

    linkedid: str
    started_at: datetime
    direction: Direction
    caller: str = ""
    queued_at: datetime | None = None
    left_queue_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    agent: str | None = None
    seat: str | None = None
    outcome: Outcome = "in_progress"
    recording: str | None = None
    rating: int | None = None
    #: The citizen asked by key to be called back, on another number if they keyed one.
    wants_callback: bool = False
    callback_number: str | None = None
    #: Of a call that the controller ordered: the attempt, or the test dial, and what Dial() said of the other side;
    #: of a test dial's arrival the number of callers that it found waiting.
    attempt_id: int | None = None
    dial_result: str | None = None
    cut: bool = False
    #: How good the lines were (`rules.line_quality`): score of each side, and the worst of both. Milliseconds.
    mos_citizen: float | None = None
    mos_agent: float | None = None
    line_loss: float | None = None
    line_jitter_ms: float | None = None
    line_rtt_ms: float | None = None
    #: Whoever else was called into the talk, in order: `kind`, `who`, `mode`, `at`, `answered_at`, `result`.
    parties: list[dict[str, Any]] = field(default_factory=list)
    #: None once the last channel is gone: nothing can change any more.
    progress: Progress | None = field(default_factory=Progress)

    @property
    def errand(self) -> str | None:
        """What it was ordered for, by its name (`ErrandKind`, or `test`); None when nobody ordered it."""
        ordered = ORDERED.search(self.linkedid)
        return ordered[1] if ordered else None

    @property
    def missed(self) -> bool:
        """Whether a citizen reached nobody."""
        return self.direction == "inbound" and self.outcome in MISSED


def sanitised(number: str) -> str:
    """Return a caller's number as the dialplan makes it: harmless characters, 32 at most, empty when withheld."""
    number = _UNSAFE.sub("", number)[:32]
    return "" if _WITHHELD.fullmatch(number) else number


def harmless(text: str, longest: int) -> str:
    """Return the first `longest` characters of `text` that cannot do harm anywhere."""
    return _UNSAFE.sub("", text)[:longest]
