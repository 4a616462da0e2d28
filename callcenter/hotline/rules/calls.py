"""The one interpreter of call history: what Asterisk wrote about a call, in order, becomes one row with one outcome.

Pure and replayable: the same events give the same record, however they are cut into batches. What our dialplan says
with user events (`ENTERED`, `QUEUED`, `AGENT`, ...) decides; what Asterisk says about channels and bridges tells when.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from callcenter.asterisk.cel import CelEvent, Kind
from callcenter.hotline.rules.records import INNER, MISSED, ORDERED, CallRecord, Outcome, Progress, sanitised
from callcenter.hotline.rules.said import AFTERWARDS, SAID

__all__ = ["MISSED", "CallRecord", "Outcome", "Progress", "cut", "interpret", "sanitised"]

#: What the citizen did, by what Queue() or the dialplan said of how they left; for all else they stayed unanswered.
_LEFT: dict[str, Outcome] = {"FULL": "overflowed", "KEY": "abandoned_queue"}
_SEAT = re.compile(r"PJSIP/(\d{1,20})w?-")
#: Contexts in which a citizen's channel begins; the dialplan's own names.
_INBOUND = ("from-trunk", "from-lab", "hotline-")


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


def _begin(event: CelEvent) -> CallRecord | None:
    if event.kind is not Kind.CHANNEL_STARTED and event.kind is not Kind.SAID:
        return None
    if INNER.search(event.linkedid):
        return None
    inbound = event.context.startswith(_INBOUND) and not _SEAT.match(event.channel)
    seat = _SEAT.match(event.channel)
    if ordered := ORDERED.search(event.linkedid):
        return CallRecord(
            event.linkedid,
            event.at,
            "test" if ordered[1] == "test" else "outbound",
            seat=seat[1] if seat else None,
            attempt_id=int(ordered[2]),
            progress=Progress(first=event.uniqueid),
        )
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
    if (call.ended_at is None or event.word in AFTERWARDS) and (said := SAID.get(event.word)):
        said(call, progress, event)


def _answer(call: CallRecord, progress: Progress, channels: list[str], at: datetime) -> None:
    """The call is answered when whoever began it and somebody else are in one bridge."""
    if call.answered_at or call.ended_at or progress.first not in channels:
        return
    # Of an agent's channel that was rung for a caller handed over, the entry may stand under its own call's name.
    other = next((channel for channel in channels if channel != progress.first), progress.handed_to)
    if other is None:
        return
    call.answered_at = at
    call.recording = progress.recording
    call.agent = progress.agents.get(other) or call.agent
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
        # Who leaves by key has chosen to be called back instead of waiting on.
        return _LEFT.get(progress.queue_status, "unanswered")
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
