"""What our dialplan says about a call with user events, word by word; `dialplan/` writes them."""

import re
from collections.abc import Callable, Mapping

from callcenter.asterisk.cel import CelEvent
from callcenter.hotline.rules.line_quality import leg_of
from callcenter.hotline.rules.reached import reached
from callcenter.hotline.rules.records import CallRecord, Progress, harmless, sanitised

#: What Queue() says of a caller it did not let in.
_NEVER_IN = frozenset({"FULL", "JOINEMPTY", "JOINUNAVAIL"})
#: How a third is brought into a talk (`rules.talks.Mode`).
MODES = frozenset({"consult", "transfer", "three_way"})
#: Thirds of one call that are kept.
_MOST_PARTIES = 20
_RECORDING = re.compile(r"(?!.*\.\.)[0-9A-Za-z_.-]+(/[0-9A-Za-z_.-]+)*")

Said = Callable[[CallRecord, Progress, CelEvent], None]


def _entered(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    call.direction = "inbound"
    call.caller = sanitised(event.detail.partition("|")[0])
    progress.first = event.uniqueid


def _queued(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if call.answered_at is None:
        if call.queued_at is None or call.left_queue_at == call.queued_at:  # offered, and never in until now
            call.queued_at = event.at
        call.left_queue_at = progress.queue_status = None
        progress.recording = _recording(event.detail)


def _offered(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    """All places are taken, and a callback is offered: never in, unless a place becomes free meanwhile."""
    if call.answered_at is None:
        call.queued_at = call.left_queue_at = call.queued_at or event.at
        progress.queue_status = "FULL"


def _agent(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    agent = progress.agents[event.uniqueid] = harmless(event.detail.partition("|")[0], 20)
    # The place is free from here, and the next caller is let in while the bridge is still being made.
    if call.queued_at:
        call.left_queue_at = call.left_queue_at or event.at
    if call.direction == "test":
        call.answered_at, call.agent = call.answered_at or event.at, agent


def _queue_left(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    if not call.queued_at and event.detail != "KEY":
        return
    # Who is told at the entrance that the wait is long, and leaves by key, has never been in.
    call.queued_at = call.queued_at or event.at
    progress.queue_status = event.detail
    never_in = event.detail in _NEVER_IN
    call.left_queue_at = call.left_queue_at or (call.queued_at if never_in else event.at)


def _handed_over(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    """A supervisor has handed the caller to an agent, who has picked up."""
    channel, agent, seat, *_ = [*event.detail.split("|"), "", "", ""]
    progress.handed_to = channel
    progress.agents[channel] = harmless(agent, 20)
    progress.seats[channel] = harmless(seat, 20)
    # The talk is still to come: whatever ends it has not been told.
    progress.queue_status = None
    call.left_queue_at = call.left_queue_at or event.at


def _rating(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    if event.detail in {"1", "2", "3", "4", "5"}:
        call.rating = int(event.detail)


def _served(_call: CallRecord, progress: Progress, _event: CelEvent) -> None:
    progress.served = True


def _blocked(_call: CallRecord, progress: Progress, _event: CelEvent) -> None:
    progress.blocked = True


def _callback(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    call.wants_callback = True
    call.callback_number = sanitised(event.detail) or call.callback_number


def _dialling(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    """Take the number, the agent and the recording of a call that the controller ordered.

    One that is nobody's errand began as any call of a seat's phone does.
    """
    if call.attempt_id is not None or call.direction == "internal":
        call.direction = "outbound" if call.direction == "internal" else call.direction
        _, number, agent, recording, *_ = [*event.detail.split("|"), "", "", "", ""]
        call.caller = sanitised(number)
        call.agent = harmless(agent, 20) or None
        progress.recording = _recording(recording)


def _dialled(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    if call.attempt_id is not None or call.direction == "outbound":
        status, _, cause = event.detail.partition("|")
        call.dial_result = reached(status, cause)


def _test(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    call.direction = "test"
    call.dial_result = event.detail[:4] if event.detail.isdecimal() else None


def _test_answered(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    if call.direction == "test":
        call.answered_at = call.answered_at or event.at


def _party(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    """Begin to call a third into the talk."""
    kind, who, mode, *_ = [*event.detail.split("|"), "", "", ""]
    if len(call.parties) < _MOST_PARTIES:
        third = {"kind": harmless(kind, 10), "who": sanitised(who), "mode": mode if mode in MODES else "consult"}
        # Not changed in place: the record before this event keeps what it had.
        call.parties = [*call.parties, {**third, "at": event.at.isoformat(), "answered_at": None, "result": None}]


def _party_answered(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    if call.parties and call.parties[-1]["answered_at"] is None:
        _last_party(call, answered_at=event.at.isoformat(), result="answered")


def _party_done(call: CallRecord, _progress: Progress, event: CelEvent) -> None:
    status, _, cause = event.detail.partition("|")
    if call.parties and call.parties[-1]["result"] is None:
        _last_party(call, result=reached(status, cause))


def _last_party(call: CallRecord, **news: str) -> None:
    if call.parties:
        call.parties = [*call.parties[:-1], {**call.parties[-1], **news}]


def _agent_lost(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    """Take the answer back: the agent died with the citizen on hold, and they wait again as if they had just come.

    If they give up now they are owed a callback; the wait that counts is the second.
    """
    if call.answered_at:
        call.answered_at = call.agent = call.seat = progress.queue_status = None
        call.queued_at = call.left_queue_at = event.at


def _line(call: CallRecord, progress: Progress, event: CelEvent) -> None:
    leg = leg_of(event.detail)
    if leg is None:
        return
    if event.uniqueid == progress.first:
        call.mos_citizen = _least(call.mos_citizen, leg.mos)
    elif event.uniqueid in progress.agents:
        call.mos_agent = _least(call.mos_agent, leg.mos)
    call.line_loss = max(call.line_loss or 0.0, leg.loss)
    call.line_jitter_ms = max(call.line_jitter_ms or 0.0, leg.jitter_ms)
    call.line_rtt_ms = max(call.line_rtt_ms or 0.0, leg.rtt_ms)


def _least(known: float | None, found: float) -> float:
    return found if known is None else min(known, found)


def _recording(path: str) -> str | None:
    return path if _RECORDING.fullmatch(path) else None


SAID: Mapping[str, Said] = {
    "ENTERED": _entered,
    "QUEUED": _queued,
    "OFFERED": _offered,
    "AGENT": _agent,
    "QUEUE_LEFT": _queue_left,
    "HANDED_OVER": _handed_over,
    "RATING": _rating,
    "SELF_SERVICE": _served,
    "BLOCKED": _blocked,
    "CALLBACK": _callback,
    "DIALLING": _dialling,
    "DIALLED": _dialled,
    "TEST": _test,
    "TEST_ANSWERED": _test_answered,
    "LINE": _line,
    "PARTY": _party,
    "PARTY_ANSWERED": _party_answered,
    # Who is sent straight to the citizen is heard of only there.
    "JOINED": _party_answered,
    "PARTY_DONE": _party_done,
    "AGENT_LOST": _agent_lost,
}
#: Words that are news also after the citizen has gone.
AFTERWARDS = frozenset({"LINE"})
