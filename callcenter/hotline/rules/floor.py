"""The floor as it is now: who waits, who rings, which agent does what. Events in, a new floor out; no I/O, no clock.

The floor is for the wallboard, the desk and the queue rule. It may be lost and is then listed afresh; the history of
calls is told by `calls.py` from CEL alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from callcenter.asterisk import events
from callcenter.hotline.rules.reached import reached

_T = TypeVar("_T")
#: States of a seat, as the public contract names them.
State = Literal["signed_out", "ready", "break", "ringing", "talking", "wrap_up"]
STATES: tuple[State, ...] = ("signed_out", "ready", "break", "ringing", "talking", "wrap_up")

#: The pause reason that means wrap-up 话后处理; every other reason is a break 小休.
WRAP_UP = "wrap_up"
#: The pause reason that keeps queue calls away from an agent who calls a citizen back 回拨.
CALLBACK = "callback"
#: What app_queue calls the pause that it sets itself when a phone rang in vain, and what we call it.
_REASONS = {"Auto-Pause": "no_answer", "": "rest"}
_AWAY = frozenset({"unavailable", "invalid"})
_BUSY = frozenset({"in_use", "busy", "on_hold"})


@dataclass(frozen=True, slots=True)
class Party:
    """The caller a seat rings or talks with."""

    linkedid: str
    caller: str


@dataclass(frozen=True, slots=True)
class Aside:
    """How the talk at a seat stands when it is more than citizen and agent."""

    #: As in `events.TalkChanged`.
    stage: str
    kind: str
    who: str
    #: Why the third was not reached: `busy`, `no_answer`, `wrong_number`, `refused`, `no_line` or `failed`.
    result: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat 座席 and what it does; `state` follows from the facts below it."""

    number: str
    state: State = "signed_out"
    reason: str | None = None
    #: Since when the seat is in this state; None until something was heard of it.
    since: datetime | None = None
    member: events.Member | None = None
    ringing: Party | None = None
    talking: Party | None = None
    aside: Aside | None = None
    #: When wrap-up ends.
    until: datetime | None = None
    #: Its phones that are reachable now, like `8001` and `8001w`.
    phones: frozenset[str] = frozenset()

    @property
    def agent(self) -> str | None:
        """The agent who is signed in here."""
        return self.member.agent if self.member else None

    @property
    def caller(self) -> str | None:
        """The number of the caller on this seat's phone; None without one."""
        party = self.talking or self.ringing
        return party.caller if party else None


@dataclass(frozen=True, slots=True)
class Floor:
    """Everything known of the floor at one instant."""

    seats: Mapping[str, Seat]
    wrap_up: timedelta
    #: False while the link to Asterisk is gone: what is shown is old.
    connected: bool = False
    #: Members of the queue that are at no seat, by interface: reserves on a telephone.
    others: Mapping[str, events.Member] = field(default_factory=dict)
    #: In the order of their positions.
    waiting: tuple[events.Call, ...] = ()
    #: Channel -> linkedid of callers who hear the greeting or the menu.
    greeting: Mapping[str, str] = field(default_factory=dict)
    max_waiting_seen: int = 0


def empty(seats: Iterable[str], wrap_up: timedelta) -> Floor:
    """Return a floor of which nothing is known yet."""
    return Floor(seats={number: Seat(number) for number in seats}, wrap_up=wrap_up)


def seat_of(interface: str) -> str:
    """Return the seat that a queue member's interface or an endpoint belongs to: `PJSIP/8001w` is at seat 8001."""
    return interface.removeprefix("PJSIP/").removesuffix("w")


def in_a_talk(floor: Floor, agent: str) -> bool:
    """Whether `agent` is about to talk, talks, or does what belongs to it afterwards."""
    return any(seat.agent == agent and seat.state in {"ringing", "talking", "wrap_up"} for seat in floor.seats.values())


def apply(floor: Floor, event: events.AnyEvent) -> Floor:  # noqa: C901, PLR0911, PLR0912  # one case for each event
    """Return the floor after `event`; one that concerns no seat or caller we know changes nothing."""
    match event:
        case events.FloorListed():
            return _listed(floor, event)
        case events.Disconnected():
            return replace(floor, connected=False)
        case events.CallerEntered():
            return replace(floor, greeting={**floor.greeting, event.channel: event.linkedid})
        case events.CallerJoined():
            return _joined(floor, event)
        case events.QueueOrdered():
            return _ordered(floor, event.channels)
        case events.CallerLeft():
            return _left(floor, event.channel)
        case events.CallerGone():
            return _left(replace(floor, greeting=_without(floor.greeting, event.channel)), event.channel)
        case events.MemberChanged():
            return _member_changed(floor, event)
        case events.MemberRemoved():
            seat = floor.seats.get(seat_of(event.interface))
            if seat is None:
                return replace(floor, others=_without(floor.others, event.interface))
            if seat.member is None or seat.member.interface != event.interface:
                return floor  # a phone that the agent has already moved away from
            gone = replace(seat, member=None, ringing=None, talking=None, aside=None, until=None)
            return _seat(floor, gone, event.at)
        case events.AgentRang():
            return _at(floor, event, ringing=Party(event.linkedid, event.caller), until=None)
        case events.AgentConnected():
            return _at(floor, event, ringing=None, talking=Party(event.linkedid, event.caller), until=None)
        case events.AgentDidNotAnswer():
            return _silent(floor, event)
        case events.AgentCompleted():
            return _completed(floor, event)
        case events.PhoneChanged():
            return _phone_changed(floor, event)
        case events.TalkChanged():
            return _talk_changed(floor, event)


def expire(floor: Floor, now: datetime) -> Floor:
    """Return the floor with wrap-ups ended that time alone can end: those that Asterisk holds no pause for."""
    over = [
        seat
        for seat in floor.seats.values()
        if seat.until and seat.until <= now and not (seat.member and seat.member.paused)
    ]
    for seat in over:
        floor = _seat(floor, replace(seat, until=None), now)
    return floor


def _listed(floor: Floor, event: events.FloorListed) -> Floor:
    by_seat = {seat_of(member.interface): member for member in event.members}
    seats = {}
    for number, before in floor.seats.items():
        member = by_seat.get(number)
        wrapping = member is not None and member.paused and member.reason == WRAP_UP
        seat = replace(
            before,
            member=member,
            # Whom a seat talks with is in no listing; what was known before the link broke stays while the call does.
            talking=before.talking if member and member.in_call else None,
            ringing=None,
            until=(member.paused_since or event.at) + floor.wrap_up if member and wrapping else None,
            phones=frozenset(name for name, there in event.phones.items() if there and seat_of(name) == number),
        )
        since = member.paused_since if member and member.paused and member.paused_since else event.at
        seats[number] = _settled(before, seat, since)
    return replace(
        floor,
        connected=True,
        seats=seats,
        others={member.interface: member for member in event.members if seat_of(member.interface) not in floor.seats},
        waiting=event.waiting,
        greeting={},
        max_waiting_seen=max(floor.max_waiting_seen, len(event.waiting)),
    )


def _joined(floor: Floor, event: events.CallerJoined) -> Floor:
    others = [call for call in floor.waiting if call.channel != event.channel]
    place = max(event.position - 1, 0)
    others.insert(place, events.Call(event.linkedid, event.channel, event.caller, event.position, event.at))
    waiting = _numbered(others)
    return replace(
        floor,
        waiting=waiting,
        greeting=_without(floor.greeting, event.channel),
        max_waiting_seen=max(floor.max_waiting_seen, len(waiting)),
    )


def _ordered(floor: Floor, channels: Sequence[str]) -> Floor:
    places = {channel: place for place, channel in enumerate(channels)}
    # Who joined after the order was asked for stands behind.
    return replace(
        floor, waiting=_numbered(sorted(floor.waiting, key=lambda call: places.get(call.channel, len(places))))
    )


def _left(floor: Floor, channel: str) -> Floor:
    if all(call.channel != channel for call in floor.waiting):
        return floor
    return replace(floor, waiting=_numbered(call for call in floor.waiting if call.channel != channel))


def _numbered(calls: Iterable[events.Call]) -> tuple[events.Call, ...]:
    return tuple(replace(call, position=place) for place, call in enumerate(calls, start=1))


def _without(all_: Mapping[str, _T], name: str) -> Mapping[str, _T]:
    return {other: value for other, value in all_.items() if other != name}


def _member_changed(floor: Floor, event: events.MemberChanged) -> Floor:
    seat = floor.seats.get(seat_of(event.member.interface))
    if seat is None:
        return replace(floor, others={**floor.others, event.member.interface: event.member})
    member, before = event.member, seat.member
    until = seat.until
    if _was_called(before) and member.device == "not_in_use":
        seat = replace(seat, ringing=None, talking=None)  # of such a call app_queue knows no end
    if before is not None and before.paused and not member.paused:
        until = None  # wrap-up or break is over
    if member.paused and member.reason != WRAP_UP:
        until = None  # a break takes the place of wrap-up
    if member.paused and member.reason == WRAP_UP and until is None:
        until = (member.paused_since or event.at) + floor.wrap_up
    aside = None if member.device == "not_in_use" else seat.aside
    return _seat(floor, replace(seat, member=member, until=until, aside=aside), event.at)


def _was_called(member: events.Member | None) -> bool:
    """Whether the phone of an agent whom we keep free of queue calls rang or talked."""
    return bool(member and member.paused and member.reason == CALLBACK and member.device in _BUSY | {"ringing"})


def _silent(floor: Floor, event: events.AgentDidNotAnswer) -> Floor:
    seat = floor.seats.get(seat_of(event.interface))
    if seat is None:
        return floor
    # A phone that rings counts as busy; that it no longer is comes in an event of its own, a moment later.
    busy = seat.member is not None and seat.member.device in _BUSY and not seat.talking
    member = replace(seat.member, device="not_in_use") if seat.member and busy else seat.member
    return _seat(floor, replace(seat, member=member, ringing=None), event.at)


def _completed(floor: Floor, event: events.AgentCompleted) -> Floor:
    seat = floor.seats.get(seat_of(event.interface))
    if seat is None:
        return floor
    # The member's own change of state follows in an event of its own; until then the talk is over all the same.
    member = replace(seat.member, in_call=False) if seat.member else None
    on_break = member is not None and member.paused and member.reason != WRAP_UP
    until = event.at + floor.wrap_up if floor.wrap_up and not on_break else None
    over = replace(seat, member=member, ringing=None, talking=None, aside=None, until=until)
    return _seat(floor, over, event.at)


def _talk_changed(floor: Floor, event: events.TalkChanged) -> Floor:
    seat = floor.seats.get(event.seat)
    if seat is None:
        return floor
    result = reached(*event.result.split("|")[:2]) if event.result else ""
    alone = event.stage == "talking" and not result
    aside = None if alone else Aside(event.stage, event.kind, event.who, result, event.at)
    return _seat(floor, replace(seat, aside=aside), event.at)


def _phone_changed(floor: Floor, event: events.PhoneChanged) -> Floor:
    seat = floor.seats.get(seat_of(event.endpoint))
    if seat is None:
        return floor
    phones = seat.phones | {event.endpoint} if event.reachable else seat.phones - {event.endpoint}
    return _seat(floor, replace(seat, phones=phones), event.at)


def _at(
    floor: Floor,
    event: events.AgentRang | events.AgentConnected,
    **facts: Party | datetime | None,
) -> Floor:
    seat = floor.seats.get(seat_of(event.interface))
    return floor if seat is None else _seat(floor, replace(seat, **facts), event.at)  # type: ignore[arg-type]


def _seat(floor: Floor, seat: Seat, at: datetime) -> Floor:
    settled = _settled(floor.seats[seat.number], seat, at)
    return replace(floor, seats={**floor.seats, seat.number: settled})


def _settled(before: Seat, seat: Seat, at: datetime) -> Seat:
    """Return `seat` with the state that follows from its facts; `since` moves only when the state does."""
    state, reason = _state(seat)
    changed = (state, reason, seat.agent) != (before.state, before.reason, before.agent) or before.since is None
    return replace(seat, state=state, reason=reason, since=at if changed else before.since)


def _state(seat: Seat) -> tuple[State, str | None]:  # noqa: PLR0911  # one line for each state, first that fits
    member = seat.member
    if member is None:
        return "signed_out", None
    if seat.talking or member.in_call:
        return "talking", None
    if seat.until is not None:
        return "wrap_up", None
    if seat.ringing:
        return "ringing", None
    if member.paused and member.reason == CALLBACK:
        return ("talking" if member.device in _BUSY else "ringing"), CALLBACK
    if member.paused:
        return "break", _REASONS.get(member.reason, member.reason)
    if member.device in _AWAY or not _reachable(seat, member):
        return "break", "phone_offline"
    if member.device in _BUSY:
        return "talking", None  # a call that did not come through the queue
    return "ready", None


def _reachable(seat: Seat, member: events.Member) -> bool:
    return member.interface.removeprefix("PJSIP/") in seat.phones
