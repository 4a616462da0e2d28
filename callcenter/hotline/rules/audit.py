"""Compares a call as the database has it with what queue_log says of it: two parts of Asterisk wrote the two.

The history comes from the channel event log; app_queue wrote queue_log, in whole seconds. What the two may rightly say
differently is decided here, each case in a rule of its own; whatever is left is a difference, which nobody expects.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcenter.asterisk.queue_log import QueueKind
from callcenter.hotline.rules.witnesses import Witnessed, iso

#: A busy machine takes its time between writing the one and the other...
TOLERANCE = timedelta(seconds=1.5)
#: ...and queue_log cuts fractions of a second off.
_CUT_OFF = timedelta(seconds=1)
#: A dying Asterisk takes what it had not written yet with it, and its death shows only when it is started again: it may
#: have been deaf for 10 s before. So long before that the two may know differently.
DEATH = timedelta(seconds=20)
#: Later than the talk's end by so much app_queue may write that it ended: it hears of it by a message.
_LATE = timedelta(seconds=5)
#: A talk shorter than this may leave no recording: it is begun with the first speech.
_RECORDED_SECONDS = 2

#: What the citizen did, by what ended the wait in vain.
_OUTCOMES = {
    QueueKind.ABANDONED: ("abandoned_queue", "unanswered"),
    QueueKind.LEFT_BY_KEY: ("abandoned_queue",),
    QueueKind.TIMED_OUT: ("unanswered",),
    QueueKind.NOBODY_THERE: ("unanswered",),
    QueueKind.NOT_COMPATIBLE: ("unanswered", "abandoned_queue"),
}


@dataclass(slots=True)
class Stored:
    """A call as the database has it; fields as in `hotline.tables.Call`."""

    linkedid: str
    direction: str
    caller: str
    started_at: datetime
    queued_at: datetime | None
    left_queue_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    agent: str | None
    outcome: str
    cut: bool
    recording: str | None
    #: Whether the recording is on disk; None where that was not looked up.
    recorded: bool | None = None

    @property
    def waited(self) -> bool:
        """Whether the caller had a place in the queue; who was refused left at the moment of asking."""
        return self.queued_at is not None and self.left_queue_at != self.queued_at


@dataclass(frozen=True, slots=True)
class Difference:
    """What the two say differently, in words; `call` is Asterisk's name of the call, empty where no call is meant."""

    kind: str
    call: str
    caller: str
    database: str
    queue_log: str


@dataclass(slots=True)
class Findings:
    """What the comparison of one period found."""

    compared: int = 0
    #: Calls of which something happened so lately that one of the two may not have it yet.
    fresh: int = 0
    in_progress: int = 0
    #: What the two may say differently, by case, and how often they did.
    explained: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def explain(self, case: str) -> None:
        """Count a case that is no difference."""
        self.explained[case] = self.explained.get(case, 0) + 1


def compare(stored: Stored | None, witnessed: Witnessed | None, findings: Findings, *, as_of: datetime) -> None:
    """Add to `findings` what the database and queue_log say of one call.

    What happened at `as_of` or later may have reached one of them and not the other, so such a call waits for the next
    audit.
    """
    if _is_fresh(stored, witnessed, as_of):
        findings.fresh += 1
        return
    findings.compared += 1
    if stored is None:
        if witnessed:
            findings.differences.append(
                Difference("not_in_database", witnessed.call, witnessed.caller, "no such call", witnessed.story)
            )
        return
    findings.in_progress += stored.ended_at is None
    comparison = _Comparison(stored, findings)
    if witnessed is None:
        comparison.without_witness()
    elif not stored.waited:
        comparison.without_wait(witnessed)
    else:
        comparison.both(witnessed)
    comparison.recording(witnessed)


def _is_fresh(stored: Stored | None, witnessed: Witnessed | None, as_of: datetime) -> bool:
    times = [witnessed.latest] if witnessed else []
    if stored:
        times += [
            at
            for at in (
                stored.started_at,
                stored.queued_at,
                stored.left_queue_at,
                stored.answered_at,
                stored.ended_at,
            )
            if at
        ]
    return any(at >= as_of for at in times)


class _Comparison:
    """One call, and where its findings go."""

    def __init__(self, stored: Stored, findings: Findings) -> None:
        self._stored = stored
        self._findings = findings

    def without_witness(self) -> None:
        """queue_log does not know the call: right for whoever never had a place."""
        call = self._stored
        if not call.waited or call.queued_at is None:
            return
        gone = call.ended_at - call.queued_at if call.ended_at else None
        if gone is not None and call.answered_at is None and gone < TOLERANCE:
            # They hung up between asking for a place and getting one.
            self._findings.explain("gone_before_let_in")
        elif gone is not None and call.cut and gone < DEATH:
            self._findings.explain("asterisk_died")
        else:
            self._differ("not_in_queue_log", _told_by_database(call), "no such call")

    def without_wait(self, witnessed: Witnessed) -> None:
        """The database says that the caller never had a place."""
        if self._lost_in_death(witnessed.entered_at):
            return
        self._differ("queued_by_one", _told_by_database(self._stored), witnessed.story)

    def both(self, witnessed: Witnessed) -> None:
        """Both know that the caller waited."""
        call = self._stored
        if call.direction == "inbound" and _plain(call.caller) != _plain(witnessed.caller):
            self._differ("other_caller", call.caller or "withheld", witnessed.caller or "withheld")
        entries = [at for at in (witnessed.entered_at, witnessed.entered_last) if at]
        nearest = min(entries, key=lambda at: abs(at - (call.queued_at or at)))
        self._same_time("entered", call.queued_at, nearest)
        if call.direction == "test":
            # Its agent is let go before app_queue writes that it was connected.
            return
        if call.answered_at:
            self._answered(witnessed)
        elif witnessed.connected_at:
            self._connected_in_vain(witnessed, witnessed.connected_at)
        else:
            self._waited_in_vain(witnessed)
        self._talk_ended(witnessed)

    def _answered(self, witnessed: Witnessed) -> None:
        call = self._stored
        if witnessed.left_by is QueueKind.WITHDRAWN:
            # Handed over: the agent's picking up is no event of the queue's.
            self._same_time("answered", call.answered_at, witnessed.left_at)
            self._same_wait(witnessed)
            return
        if witnessed.connected_at is None:
            self._differ("answered_by_one", _told_by_database(call), witnessed.story)
            return
        if (call.agent or "") != witnessed.agent:
            self._differ("other_agent", f"answered by {call.agent or 'nobody named'}", f"answered by {witnessed.agent}")
        self._same_time("answered", call.answered_at, witnessed.connected_at)
        self._same_wait(witnessed)

    def _connected_in_vain(self, witnessed: Witnessed, connected: datetime) -> None:
        """An agent picked up, and the database does not say that the two were joined."""
        call = self._stored
        if self._lost_in_death(connected):
            return
        gone = call.ended_at or call.left_queue_at
        if gone and gone - connected < _CUT_OFF + TOLERANCE and not (witnessed.talked or 0) > 1:
            self._findings.explain("gone_before_joined")
            return
        self._differ("answered_by_one", _told_by_database(call), witnessed.story)

    def _waited_in_vain(self, witnessed: Witnessed) -> None:
        call = self._stored
        if witnessed.left_by is None and call.cut:
            self._findings.explain("asterisk_died")
            return
        if witnessed.killed and witnessed.left_at:
            self._waited_until_death(witnessed, witnessed.left_at)
            return
        if witnessed.left_at is None and call.left_queue_at is None:
            return
        if witnessed.left_at is None or call.left_queue_at is None:
            if not (witnessed.left_at and self._lost_in_death(witnessed.left_at)):
                self._differ("left_by_one", _told_by_database(call), witnessed.story)
            return
        if call.cut and self._lost_in_death(witnessed.left_at):
            return
        self._same_time("left", call.left_queue_at, witnessed.left_at)
        self._same_wait(witnessed)
        allowed = _OUTCOMES.get(witnessed.left_by) if witnessed.left_by else None
        at_once = call.ended_at and call.ended_at - call.left_queue_at < TOLERANCE
        if allowed and call.outcome not in allowed and call.ended_at and not at_once:
            self._differ("other_outcome", call.outcome, witnessed.story)

    def _waited_until_death(self, witnessed: Witnessed, restarted: datetime) -> None:
        """Asterisk ended while the caller waited, and app_queue wrote nothing of them any more."""
        call = self._stored
        stopped = call.ended_at is not None and call.outcome == "unanswered"
        if stopped or (call.left_queue_at and timedelta(0) <= restarted - call.left_queue_at + TOLERANCE < DEATH):
            self._findings.explain("asterisk_died")
        else:
            self._differ("left_by_one", _told_by_database(call), witnessed.story)

    def _talk_ended(self, witnessed: Witnessed) -> None:
        call, until = self._stored, witnessed.talked_until
        if until is None or call.cut:
            return
        if call.ended_at is None and witnessed.ended_by_caller:
            self._differ("ended_by_one", "still in progress", f"the caller hung up {iso(until)}")
        elif call.ended_at and until - call.ended_at > _LATE:
            self._differ("times_apart", f"ended {iso(call.ended_at)}", f"talked until {iso(until)}")

    def _same_time(self, what: str, one: datetime | None, other: datetime | None) -> None:
        if one and other and not -TOLERANCE <= one - other <= _CUT_OFF + TOLERANCE:
            self._differ("times_apart", f"{what} {iso(one)}", f"{what} {iso(other)}")

    def _same_wait(self, witnessed: Witnessed) -> None:
        call = self._stored
        # Who was let in twice waited in two pieces; the database has the whole.
        if witnessed.entries > 1 or witnessed.waited is None or not (call.queued_at and call.left_queue_at):
            return
        waited = call.left_queue_at - call.queued_at
        if abs(waited - timedelta(seconds=witnessed.waited)) > _CUT_OFF + TOLERANCE:
            self._differ("waits_apart", f"waited {waited.total_seconds():.1f} s", f"waited {witnessed.waited} s")

    def _lost_in_death(self, at: datetime) -> bool:
        """Tell whether `at` may be what a dying Asterisk did not get to write for us."""
        call = self._stored
        lost = call.cut and call.ended_at is not None and call.ended_at - at < DEATH
        if lost:
            self._findings.explain("asterisk_died")
        return lost

    def recording(self, witnessed: Witnessed | None) -> None:
        """Whoever spoke with a person was recorded."""
        call = self._stored
        if call.recorded is None or not call.answered_at or call.direction not in {"inbound", "outbound"}:
            return
        if call.recording and call.recorded:
            return
        brief = call.ended_at and call.ended_at - call.answered_at < timedelta(seconds=_RECORDED_SECONDS)
        if witnessed and witnessed.talked is not None and witnessed.talked < _RECORDED_SECONDS:
            brief = True
        if brief:
            self._findings.explain("too_brief_to_record")
        elif call.cut and call.ended_at and call.ended_at - call.answered_at < DEATH + _LATE:
            self._findings.explain("asterisk_died")
        else:
            named = call.recording or "no file named"
            self._differ("recording_missing", f"recording: {named}", "answered" if witnessed else "-")

    def _differ(self, kind: str, database: str, queue_log: str) -> None:
        call = self._stored
        self._findings.differences.append(Difference(kind, call.linkedid, call.caller, database, queue_log))


def _told_by_database(call: Stored) -> str:
    parts = [call.outcome + (" and cut" if call.cut else "")]
    for word, at in (
        ("queued", call.queued_at),
        ("left", call.left_queue_at),
        ("answered", call.answered_at),
        ("ended", call.ended_at),
    ):
        parts += [f"{word} {iso(at)}"] if at else []
    return ", ".join(parts)


def _plain(number: str) -> str:
    """Return what Asterisk leaves of a number's punctuation."""
    return "".join(filter(str.isalnum, number))


#: Takes waits (queued, left or None) and returns the most at one instant.
MostWaiting = Callable[[Iterable[tuple[datetime, datetime | None]]], int]
