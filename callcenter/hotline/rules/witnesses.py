"""What queue_log says of each call, folded from its lines in the order written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from callcenter.asterisk.queue_log import QueueEvent, QueueKind

#: queue_log cuts fractions of a second off.
_CUT_OFF = timedelta(seconds=1)
#: In words.
_LEAVINGS = {
    QueueKind.CONNECTED: "was connected",
    QueueKind.ABANDONED: "gave up",
    QueueKind.LEFT_BY_KEY: "left by key",
    QueueKind.TIMED_OUT: "had waited the longest time",
    QueueKind.NOBODY_THERE: "was sent away: no agent was left",
    QueueKind.WITHDRAWN: "was moved by a supervisor",
    QueueKind.NOT_COMPATIBLE: "could not be connected",
}


@dataclass(slots=True)
class Witnessed:
    """A call as queue_log has it."""

    call: str
    caller: str
    entered_at: datetime
    #: How often it was let in, and when last.
    entries: int = 1
    entered_last: datetime | None = None
    left_at: datetime | None = None
    #: What ended the wait; None while it lasts, and when Asterisk died in it.
    left_by: QueueKind | None = None
    waited: int | None = None
    connected_at: datetime | None = None
    agent: str = ""
    #: When the talk ended, or was passed on to somebody else.
    talked_until: datetime | None = None
    talked: int | None = None
    ended_by_caller: bool = False
    #: Whether Asterisk was started anew while it waited or talked.
    killed: bool = False

    @property
    def latest(self) -> datetime:
        """The last that is known of it."""
        return max(at for at in (self.entered_at, self.left_at, self.talked_until) if at)

    @property
    def story(self) -> str:
        """It in words."""
        parts = [f"entered {iso(self.entered_at)}"]
        if self.left_by and self.left_at:
            by = f" with {self.agent}" if self.left_by is QueueKind.CONNECTED else ""
            parts.append(f"{_LEAVINGS[self.left_by]}{by} {iso(self.left_at)}")
        elif self.killed:
            parts.append("waited when Asterisk died")
        else:
            parts.append("still waits")
        return ", ".join(parts)


def _ours(queue: str) -> bool:
    """Whether callers of the hotline wait in a queue: its own, and those of the special desks."""
    return queue == "hotline" or queue.startswith("desk-")


def most_waited(events: Sequence[QueueEvent], before: datetime) -> int:
    """Return the most callers that waited at one instant before `before`.

    It is the highest position that was given to anybody: app_queue counts that under its own lock, so it is exact where
    times of whole seconds are not. It counts each queue for itself; of several queues together this is how many waited
    for certain, whatever fractions of a second the log has cut off.
    """
    ours = [event for event in events if event.at < before and (_ours(event.queue) or event.queue == "NONE")]
    positions = max((event.position or 0 for event in ours), default=0)
    queues = {event.queue for event in ours if event.kind is QueueKind.ENTERED}
    return positions if len(queues) <= 1 else max(positions, _certainly_waited(ours, before))


def _certainly_waited(events: Iterable[QueueEvent], before: datetime) -> int:
    began: dict[str, datetime] = {}
    waits: list[tuple[datetime, datetime]] = []
    for event in events:
        if event.kind is QueueKind.RESTARTED:
            waits.extend((since, event.at) for since in began.values())
            began.clear()
        elif event.kind is QueueKind.ENTERED:
            began[event.call] = event.at
        elif event.waited is not None and event.talked is None and (since := began.pop(event.call, None)):
            waits.append((since, since + timedelta(seconds=event.waited)))
    waits.extend((since, before) for since in began.values())
    # Each may have begun up to a second later than written, and have ended as much earlier.
    certain = [(since + _CUT_OFF, until - _CUT_OFF) for since, until in waits if until - since > 2 * _CUT_OFF]
    steps = sorted([(since, 1) for since, _ in certain] + [(until, -1) for _, until in certain])
    return max(accumulate(step for _, step in steps), default=0)


def witnesses(events: Iterable[QueueEvent]) -> dict[str, Witnessed]:
    """Return the calls of the hotline as the log tells them."""
    calls: dict[str, Witnessed] = {}
    for event in events:
        if event.kind is QueueKind.RESTARTED:
            for call in calls.values():
                _killed(call, event.at)
        elif not _ours(event.queue):
            continue
        elif event.kind is QueueKind.ENTERED:
            _entered(calls, event)
        elif waiting := calls.get(event.call):
            _went_on(waiting, event)
    return calls


def _entered(calls: dict[str, Witnessed], event: QueueEvent) -> None:
    if call := calls.get(event.call):
        call.entries += 1
        call.entered_last = event.at
        # Let in again after a talk: their agent was lost, and they wait as if they had just come.
        call.left_at = call.left_by = call.connected_at = call.talked_until = call.talked = None
        call.agent = ""
    else:
        calls[event.call] = Witnessed(event.call, event.caller, event.at)


def _went_on(call: Witnessed, event: QueueEvent) -> None:
    if event.talked is not None:
        call.talked_until, call.talked = event.at, event.talked
        call.ended_by_caller = event.kind is QueueKind.ENDED_BY_CALLER
        return
    call.left_at, call.left_by, call.waited = event.at, event.kind, event.waited
    if event.kind is QueueKind.CONNECTED:
        call.connected_at, call.agent = event.at, event.agent


def _killed(call: Witnessed, at: datetime) -> None:
    if call.left_at is None:
        call.left_at, call.killed = at, True
    elif call.connected_at and call.talked_until is None:
        call.killed = True


def iso(at: datetime) -> str:
    """Return a time to the millisecond."""
    return at.isoformat(timespec="milliseconds")
