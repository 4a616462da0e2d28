"""Asterisk's manager events into the trade's words. Raw field names end here.

What each event holds was read from an Asterisk 22 (recordings in `tests/asterisk/recordings`). What surprised:

- AgentRingNoAnswer counts RingTime in milliseconds, AgentConnect in seconds;
- a caller who hangs up while a phone rings ends the ringing with nothing but the Hangup of the phone's channel;
- ContactStatus speaks of one address: a phone that moves is "Removed" after it is there again. PeerStatus speaks of the
  phone as a whole.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from callcenter.asterisk import events
from callcenter.asterisk.fields import NONSENSE, Message, caller, field, member, needed, number, raised_at, seconds
from callcenter.settings.desks import desk_queue

_log = structlog.get_logger()
_T = TypeVar("_T")

#: Calls remembered at once; far more than there are lines, so that a lost Hangup costs nothing.
_REMEMBERED = 10_000


class Translator:
    """Turns messages into events; remembers only what one message needs of an earlier one.

    `seats` are the seats' numbers; each has the endpoints NUMBER and NUMBERw. Only `queue` counts, and those of the
    special `desks`.
    """

    def __init__(self, seats: Sequence[str], queue: str = "hotline", desks: Sequence[str] = ()) -> None:
        self._endpoints = endpoints(seats)
        self._queue = queue
        #: Queue -> desk, empty for the hotline's own.
        self._desks = {queue: "", **{desk_queue(desk): desk for desk in desks}}
        #: Channels of callers who are moved to another queue -> since when they have waited.
        self._since: dict[str, datetime] = {}
        #: Citizens' channels -> linkedid, from entering until hanging up.
        self._entered: dict[str, str] = {}
        #: Channels of callers who gave up, until the queue says that they have left.
        self._abandoned: dict[str, str] = {}
        #: Ringing phones' channels -> the call.
        self._ringing: dict[str, events.AgentRang] = {}
        self._complained: set[str] = set()
        self._readers: dict[str, Callable[[Message, datetime], events.AnyEvent | None]] = {
            "FullyBooted": self._forget,
            "UserEvent": self._user_event,
            "Hangup": self._hangup,
            "QueueCallerJoin": self._joined,
            "QueueCallerLeave": self._left,
            "QueueCallerAbandon": self._gave_up,
            "QueueMemberStatus": self._member_changed,
            "QueueMemberAdded": self._member_changed,
            "QueueMemberPause": self._member_changed,
            "QueueMemberRemoved": self._member_removed,
            "AgentCalled": self._rang,
            "AgentConnect": self._connected,
            "AgentComplete": self._completed,
            "AgentRingNoAnswer": self._did_not_answer,
            "PeerStatus": self._phone_changed,
        }

    def feed(self, message: Message, received_at: datetime) -> Iterator[events.AnyEvent]:
        """Yield what `message` means for the floor, if anything; never raises.

        An event's time is the message's Timestamp (`timestampevents = yes`), else `received_at`.
        """
        name = message.get("Event")
        read = self._readers.get(name) if type(name) is str else None
        queue = message.get("Queue", self._queue)
        if read is None or type(queue) is not str or queue not in self._desks:
            return
        try:
            event = read(message, raised_at(message, received_at))
        except NONSENSE as error:
            self._complain(str(name), error)
            return
        if event is not None:
            yield event

    def _complain(self, name: str, error: Exception) -> None:
        if name not in self._complained:
            self._complained.add(name)
            _log.warning("ami_event_not_understood", event_name=name, error=f"{type(error).__name__}: {error}")

    def _forget(self, _message: Message, _at: datetime) -> None:
        """Start anew: FullyBooted begins each link, and the channels of another life have the same names."""
        for memory in (self._entered, self._abandoned, self._ringing, self._since):
            memory.clear()

    def _desk(self, message: Message) -> str:
        return self._desks.get(field(message, "Queue"), "")

    def _user_event(self, message: Message, at: datetime) -> events.AnyEvent | None:
        if message.get("UserEvent") == "HotlineTalk":
            return _talk(message, at)
        if message.get("UserEvent") == "HotlineMoved":
            since = datetime.fromtimestamp(float(needed(message, "Since")), UTC)
            _remember(self._since, needed(message, "Channel"), since)
            return None
        if message.get("UserEvent") != "HotlineEntered":
            return None
        channel, linkedid = needed(message, "Channel"), needed(message, "Linkedid")
        _remember(self._entered, channel, linkedid)
        return events.CallerEntered(at, linkedid, channel, number(field(message, "Caller")))

    def _hangup(self, message: Message, at: datetime) -> events.AnyEvent | None:
        channel = needed(message, "Channel")
        self._since.pop(channel, None)
        if (rang := self._ringing.pop(channel, None)) is not None:
            return _stopped_ringing(rang, at, (at - rang.at).total_seconds())
        if (linkedid := self._entered.pop(channel, None)) is not None:
            self._abandoned.pop(channel, None)
            return events.CallerGone(at, linkedid, channel)
        return None

    def _joined(self, message: Message, at: datetime) -> events.AnyEvent:
        channel, linkedid = needed(message, "Channel"), needed(message, "Linkedid")
        position = int(needed(message, "Position"))
        _remember(self._entered, channel, linkedid)
        since = self._since.pop(channel, None)
        return events.CallerJoined(at, linkedid, channel, caller(message), position, self._desk(message), since)

    def _left(self, message: Message, at: datetime) -> events.AnyEvent | None:
        channel = needed(message, "Channel")
        if self._abandoned.pop(channel, None) is not None:
            return None  # has been told already
        return events.CallerLeft(at, needed(message, "Linkedid"), channel, abandoned=False)

    def _gave_up(self, message: Message, at: datetime) -> events.AnyEvent:
        channel, linkedid = needed(message, "Channel"), needed(message, "Linkedid")
        _remember(self._abandoned, channel, linkedid)
        return events.CallerLeft(at, linkedid, channel, abandoned=True)

    def _member_changed(self, message: Message, at: datetime) -> events.AnyEvent:
        changed = member(message, needed(message, "Interface"), field(message, "MemberName"))
        if desk := self._desk(message):
            return events.DeskMemberChanged(at, desk, changed)
        return events.MemberChanged(at, changed)

    def _member_removed(self, message: Message, at: datetime) -> events.AnyEvent:
        if desk := self._desk(message):
            return events.DeskMemberRemoved(at, desk, needed(message, "Interface"))
        return events.MemberRemoved(at, needed(message, "Interface"), field(message, "MemberName"))

    def _rang(self, message: Message, at: datetime) -> events.AnyEvent:
        event = events.AgentRang(
            at, call_of(message), needed(message, "Interface"), field(message, "MemberName"), caller(message)
        )
        _remember(self._ringing, needed(message, "DestChannel"), event)
        return event

    def _connected(self, message: Message, at: datetime) -> events.AnyEvent:
        self._ringing.pop(str(message.get("DestChannel")), None)
        return events.AgentConnected(
            at,
            call_of(message),
            needed(message, "Interface"),
            field(message, "MemberName"),
            caller(message),
            waited=seconds(message, "HoldTime"),
            rang=seconds(message, "RingTime"),
        )

    def _completed(self, message: Message, at: datetime) -> events.AnyEvent:
        return events.AgentCompleted(
            at,
            call_of(message),
            needed(message, "Interface"),
            field(message, "MemberName"),
            talked=seconds(message, "TalkTime"),
            by=needed(message, "Reason"),
        )

    def _did_not_answer(self, message: Message, at: datetime) -> events.AnyEvent:
        self._ringing.pop(str(message.get("DestChannel")), None)
        return events.AgentDidNotAnswer(
            at,
            call_of(message),
            needed(message, "Interface"),
            field(message, "MemberName"),
            rang=seconds(message, "RingTime") / 1000,
        )

    def _phone_changed(self, message: Message, at: datetime) -> events.AnyEvent | None:
        endpoint = needed(message, "Peer").removeprefix("PJSIP/")
        if endpoint not in self._endpoints:
            return None
        return events.PhoneChanged(at, endpoint, reachable=needed(message, "PeerStatus") in {"Reachable", "Registered"})


def _talk(message: Message, at: datetime) -> events.TalkChanged:
    return events.TalkChanged(
        at,
        needed(message, "Linkedid"),
        needed(message, "Seat"),
        needed(message, "Stage"),
        field(message, "Kind"),
        number(field(message, "Who")),
        field(message, "Result"),
    )


def call_of(message: Message) -> str:
    """Return the linkedid of an agent's event; of a caller who is gone already, the agent's channel still knows it."""
    return field(message, "Linkedid") or field(message, "DestLinkedid")


def endpoints(seats: Collection[str]) -> frozenset[str]:
    """Return the endpoints of the seats: for each the SIP phone and the browser's."""
    return frozenset(seats) | {f"{seat}w" for seat in seats}


def _stopped_ringing(rang: events.AgentRang, at: datetime, seconds: float) -> events.AgentDidNotAnswer:
    return events.AgentDidNotAnswer(at, rang.linkedid, rang.interface, rang.agent, max(seconds, 0.0))


def _remember(memory: dict[str, _T], channel: str, value: _T) -> None:
    """Keep `value`; the oldest is given up when there are too many."""
    if len(memory) >= _REMEMBERED:
        del memory[next(iter(memory))]
    memory[channel] = value


#: Manager events that the translator reads: a filter at Asterisk's side must let these through.
EVENTS = frozenset(Translator(())._readers)  # noqa: SLF001 - its own module's
