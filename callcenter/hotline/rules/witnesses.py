"""What queue_log says of each call, folded from its lines in the order written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callcenter.asterisk.queue_log import QueueEvent, QueueKind

#: In words.
_LEAVINGS = {
    QueueKind.CONNECTED: "was connected",
    QueueKind.ABANDONED: "gave up",
    QueueKind.LEFT_BY_KEY: "left by key",
    QueueKind.TIMED_OUT: "had waited the longest time",
    QueueKind.NOBODY_THERE: "was sent away: no agent was left",
    QueueKind.WITHDRAWN: "was handed over to an agent",
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


def most_waited(events: Iterable[QueueEvent], before: datetime, queue: str = "hotline") -> int:
    """Return the most callers that waited at one instant before `before`.

    It is the highest position that was given to anybody: app_queue counts that under its own lock, so it is exact where
    times of whole seconds are not.
    """
    positions = (event.position or 0 for event in events if event.queue == queue and event.at < before)
    return max(positions, default=0)


def witnesses(events: Iterable[QueueEvent], queue: str = "hotline") -> dict[str, Witnessed]:
    """Return the calls of `queue` as the log tells them."""
    calls: dict[str, Witnessed] = {}
    for event in events:
        if event.kind is QueueKind.RESTARTED:
            for call in calls.values():
                _killed(call, event.at)
        elif event.queue != queue:
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
