"""The one interpreter of call history: what Asterisk wrote about a call, in order, becomes one row with one outcome.

Pure and replayable: the same events give the same record, however they are cut into batches. What our dialplan says
with user events (`ENTERED`, `QUEUED`, `AGENT`, ...) decides; what Asterisk says about channels and bridges tells when.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self

from callcenter.asterisk.cel import CelEvent, Kind

Direction = Literal["inbound", "outbound", "internal"]
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
#: Outcomes of an inbound call that owes the citizen a callback 漏接.
MISSED: frozenset[str] = frozenset({"abandoned_greeting", "abandoned_queue", "overflowed", "unanswered"})
#: What Queue() says of a caller it did not let in.
_NEVER_IN = frozenset({"FULL", "JOINEMPTY", "JOINUNAVAIL"})
_SEAT = re.compile(r"PJSIP/(\d{1,20})w?-")
#: Contexts in which a citizen's channel begins; the dialplan's own names.
_INBOUND = ("from-trunk", "from-lab", "hotline-")
_UNSAFE = re.compile(r"[^0-9A-Za-z+*#_.,]")
_WITHHELD = re.compile(r"anonymous|unknown|restricted|unavailable|withheld", re.IGNORECASE)
_RECORDING = re.compile(r"(?!.*\.\.)[0-9A-Za-z_.-]+(/[0-9A-Za-z_.-]+)*")


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
    cut: bool = False
    #: None once the last channel is gone: nothing can change any more.
    progress: Progress | None = field(default_factory=Progress)

    @property
    def missed(self) -> bool:
        """Whether a citizen reached nobody."""
        return self.direction == "inbound" and self.outcome in MISSED


def interpret(record: CallRecord | None, events: Iterable[CelEvent]) -> CallRecord | None:
    """Return the call after `events` of it, in the order written; `record` is what earlier events made of it.

    Never raises on any order of events. None when nothing that begins a call was among them. A finished call stays as
    it is: records that arrive twice change nothing.
    """
    if record is not None:
        if record.progress is None:
            return record
        record = replace(record, progress=record.progress.copy())
    for event in events:
        if record is None:
            record = _begin(event)
        if record is not None and record.progress is not None and (apply := _HANDLERS.get(event.kind)):
            apply(record, record.progress, event)
    return record


def cut(record: CallRecord, at: datetime) -> CallRecord:
    """Return the call as Asterisk's death left it; `at` is when Asterisk was about to start again.

    Someone who was talking is `answered` and `cut`; someone who had not reached a person is `unanswered` and `cut`. It
    ended at some time before `at`; nothing tells when, so `at` stands.
    """
    if record.progress is None:
        return record
    after = replace(record, progress=record.progress.copy())
    if after.ended_at is None:
        talk_was_over = after.progress is not None and after.progress.queue_status == "CONTINUE"
        after.cut = not (after.answered_at and talk_was_over)
        _end(after, after.progress or Progress(), at, by_citizen=False)
    after.progress = None
    return after


def sanitised(number: str) -> str:
    """Return a caller's number as the dialplan makes it: harmless characters, 32 at most, empty when withheld."""
    number = _UNSAFE.sub("", number)[:32]
    return "" if _WITHHELD.fullmatch(number) else number


def _begin(event: CelEvent) -> CallRecord | None:
    if event.kind is not Kind.CHANNEL_STARTED and event.kind is not Kind.SAID:
        return None
    inbound = event.context.startswith(_INBOUND) and not _SEAT.match(event.channel)
    seat = _SEAT.match(event.channel)
    return CallRecord(
        event.linkedid,
        event.at,
        "inbound" if inbound else "internal" if seat else "outbound",
        caller=seat[1] if seat else sanitised(event.number),
        progress=Progress(first=event.uniqueid),
    )


def _channel_started(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if seat := _SEAT.match(event.channel):
        progress.seats[event.uniqueid] = seat[1]
        if event.uniqueid == progress.first and call.direction != "inbound":
            call.seat = seat[1]
    elif call.direction == "internal":
        call.direction = "outbound"
        call.caller = sanitised(event.number) or call.caller


def _bridge_entered(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    channels = progress.bridges.setdefault(event.detail, [])
    if event.uniqueid not in channels:
        channels.append(event.uniqueid)
    _answer(call, progress, channels, event.at)


def _bridge_left(_call: CallRecord, progress: Progress, event: CelEvent) -> None:
    channels = progress.bridges.get(event.detail, [])
    if event.uniqueid in channels:
        channels.remove(event.uniqueid)
    if not channels:
        progress.bridges.pop(event.detail, None)


def _hung_up(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if event.uniqueid != progress.first or call.ended_at:
        return
    # Asterisk names who hung up: a channel, the dialplan, or nobody when it stopped or heard no speech any more.
    talking = call.answered_at is not None and progress.queue_status is None
    call.cut = talking and not event.detail
    _end(call, progress, event.at, by_citizen=event.detail == event.channel)


def _channel_ended(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if event.uniqueid == progress.first:
        _end(call, progress, event.at, by_citizen=True)


def _call_ended(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    _end(call, progress, event.at, by_citizen=True)
    call.progress = None


def _heard(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if call.ended_at is not None:
        return
    match event.word:
        case "ENTERED":
            call.direction = "inbound"
            call.caller = sanitised(event.detail.partition("|")[0])
            progress.first = event.uniqueid
        case "QUEUED" if call.answered_at is None:
            call.queued_at = call.queued_at or event.at
            call.left_queue_at = progress.queue_status = None
            progress.recording = event.detail if _RECORDING.fullmatch(event.detail) else None
        case "AGENT":
            progress.agents[event.uniqueid] = _UNSAFE.sub("", event.detail.partition("|")[0])[:20]
            # The place is free from here, and the next caller is let in while the bridge is still being made.
            if call.queued_at:
                call.left_queue_at = call.left_queue_at or event.at
        case "QUEUE_LEFT" if call.queued_at:
            progress.queue_status = event.detail
            never_in = event.detail in _NEVER_IN
            call.left_queue_at = call.left_queue_at or (call.queued_at if never_in else event.at)
        case "RATING" if event.detail in {"1", "2", "3", "4", "5"}:
            call.rating = int(event.detail)
        case "SELF_SERVICE":
            progress.served = True
        case "BLOCKED":
            progress.blocked = True
        case _:
            pass


def _answer(call: CallRecord, progress: Progress, channels: list[str], at: datetime) -> None:
    """The call is answered when whoever began it and somebody else are in one bridge."""
    if call.answered_at or call.ended_at or progress.first not in channels:
        return
    other = next((channel for channel in channels if channel != progress.first), None)
    if other is None:
        return
    call.answered_at = at
    call.recording = progress.recording
    call.agent = progress.agents.get(other)
    if call.direction == "inbound":
        call.seat = progress.seats.get(other)
        if call.queued_at:
            call.left_queue_at = call.left_queue_at or at


def _end(call: CallRecord, progress: Progress, at: datetime, *, by_citizen: bool) -> None:
    if call.ended_at is not None:
        return
    call.ended_at = at
    if call.queued_at and call.left_queue_at is None:
        call.left_queue_at = at
    call.outcome = _outcome(call, progress, by_citizen=by_citizen)


def _outcome(call: CallRecord, progress: Progress, *, by_citizen: bool) -> Outcome:
    if call.answered_at:
        return "answered"
    if call.direction != "inbound" or call.cut:
        return "unanswered"
    if call.queued_at and progress.queue_status is not None:
        return "overflowed" if progress.queue_status == "FULL" else "unanswered"
    if call.queued_at:
        return "abandoned_queue" if by_citizen else "unanswered"
    if progress.blocked or progress.served:
        return "blocked" if progress.blocked else "self_service"
    return "abandoned_greeting" if by_citizen else "unanswered"


_HANDLERS: dict[Kind, Callable[[CallRecord, Progress, CelEvent], None]] = {
    Kind.CHANNEL_STARTED: _channel_started,
    Kind.SAID: _heard,
    Kind.BRIDGE_ENTERED: _bridge_entered,
    Kind.BRIDGE_LEFT: _bridge_left,
    Kind.HUNG_UP: _hung_up,
    Kind.CHANNEL_ENDED: _channel_ended,
    Kind.CALL_ENDED: _call_ended,
}
