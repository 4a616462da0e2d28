"""The floor as it is now: who waits, who rings, which agent does what. Events in, a new floor out; no I/O, no clock.

The floor is for the wallboard, the desk and the queue rule. It may be lost and is then listed afresh; the history of
calls is told by `calls.py` from CEL alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from callcenter.asterisk import events
from callcenter.hotline.rules.reached import reached
from callcenter.hotline.rules.seats import (
    BUSY,
    WRAP_UP,
    Aside,
    Party,
    Seat,
    is_called,
    seat_of,
    settled,
    took_over,
    was_called,
)

_T = TypeVar("_T")
_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class Floor:
    """Everything known of the floor at one instant."""

    seats: Mapping[str, Seat]
    wrap_up: timedelta
    #: False while the link to Asterisk is gone: what is shown is old.
    connected: bool = False
    #: Members of the queue that are at no seat, by interface: reserves on a telephone.
    others: Mapping[str, events.Member] = field(default_factory=dict)
    #: (desk, interface) -> members of the special desks' queues.
    at_desks: Mapping[tuple[str, str], events.Member] = field(default_factory=dict)
    #: In the order of their positions, the hotline's own queue before the special desks.
    waiting: tuple[events.Call, ...] = ()
    #: Channel -> linkedid of callers who hear the greeting or the menu.
    greeting: Mapping[str, str] = field(default_factory=dict)
    max_waiting_seen: int = 0


def empty(seats: Iterable[str], wrap_up: timedelta) -> Floor:
    """Return a floor of which nothing is known yet."""
    return Floor(seats={number: Seat(number) for number in seats}, wrap_up=wrap_up)


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
        case events.CallerMoving():
            return _moving(floor, event)
        case events.QueueOrdered():
            return _ordered(floor, event.channels)
        case events.CallerLeft():
            # Whoever is moved is said to have given up; if they have indeed, their channel is gone in the same moment.
            if any(call.moving and call.channel == event.channel for call in floor.waiting):
                return _changed(floor, event.channel, between=True)
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
            gone = replace(seat, member=None, ringing=None, talking=None, passed=None, aside=None, until=None)
            return _seat(floor, gone, event.at)
        case events.DeskMemberChanged():
            return replace(floor, at_desks={**floor.at_desks, (event.desk, event.member.interface): event.member})
        case events.DeskMemberRemoved():
            return replace(floor, at_desks=_without(floor.at_desks, (event.desk, event.interface)))
        case events.AgentRang():
            return _at(floor, event, ringing=Party(event.linkedid, event.caller), until=None)
        case events.AgentConnected():
            floor = _no_longer_between(floor, event.linkedid)
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
            passed=before.passed if is_called(member) else None,
            ringing=None,
            until=(member.paused_since or event.at) + floor.wrap_up if member and wrapping else None,
            phones=frozenset(name for name, there in event.phones.items() if there and seat_of(name) == number),
        )
        since = member.paused_since if member and member.paused and member.paused_since else event.at
        seats[number] = settled(before, seat, since)
    return replace(
        floor,
        connected=True,
        seats=seats,
        others={member.interface: member for member in event.members if seat_of(member.interface) not in floor.seats},
        at_desks=event.at_desks,
        waiting=event.waiting,
        greeting={},
        max_waiting_seen=max(floor.max_waiting_seen, len(event.waiting)),
    )


def _joined(floor: Floor, event: events.CallerJoined) -> Floor:
    others = [call for call in floor.waiting if call.channel != event.channel]
    before = next((call.since for call in floor.waiting if call.channel == event.channel), event.at)
    since = event.since or before
    line = [call for call in others if call.desk == event.desk]
    line.insert(
        max(event.position - 1, 0),
        events.Call(event.linkedid, event.channel, event.caller, event.position, since, event.desk),
    )
    waiting = _numbered([*(call for call in others if call.desk != event.desk), *line])
    return replace(
        floor,
        waiting=waiting,
        greeting=_without(floor.greeting, event.channel),
        max_waiting_seen=max(floor.max_waiting_seen, len(waiting)),
    )


def _ordered(floor: Floor, channels: Sequence[str]) -> Floor:
    places = {channel: place for place, channel in enumerate(channels)}
    # Who joined after the order was asked for stands behind, as does who waits in another queue.
    return replace(
        floor, waiting=_numbered(sorted(floor.waiting, key=lambda call: places.get(call.channel, len(places))))
    )


def _moving(floor: Floor, event: events.CallerMoving) -> Floor:
    if event.begun:
        return _changed(floor, event.channel, moving=True)
    if any(call.between and call.channel == event.channel for call in floor.waiting):
        return _left(floor, event.channel)  # they have left for good: by key, or to an agent who was quicker
    return _changed(floor, event.channel, moving=False)


def _changed(floor: Floor, channel: str, **facts: bool) -> Floor:
    return replace(
        floor,
        waiting=tuple(
            replace(call, **facts) if call.channel == channel else call  # type: ignore[arg-type]
            for call in floor.waiting
        ),
    )


def _no_longer_between(floor: Floor, linkedid: str) -> Floor:
    gone = next((call.channel for call in floor.waiting if call.between and call.linkedid == linkedid), None)
    return floor if gone is None else _left(floor, gone)


def _left(floor: Floor, channel: str) -> Floor:
    if all(call.channel != channel for call in floor.waiting):
        return floor
    return replace(floor, waiting=_numbered(call for call in floor.waiting if call.channel != channel))


def _numbered(calls: Iterable[events.Call]) -> tuple[events.Call, ...]:
    """Return the calls queue by queue, each with its place in its own line."""
    lines: dict[str, list[events.Call]] = {}
    for call in calls:
        lines.setdefault(call.desk, []).append(call)
    return tuple(
        replace(call, position=place) for _, line in sorted(lines.items()) for place, call in enumerate(line, start=1)
    )


def _without(all_: Mapping[_K, _T], name: _K) -> Mapping[_K, _T]:
    return {other: value for other, value in all_.items() if other != name}


def _member_changed(floor: Floor, event: events.MemberChanged) -> Floor:
    seat = floor.seats.get(seat_of(event.member.interface))
    if seat is None:
        return replace(floor, others={**floor.others, event.member.interface: event.member})
    member, before = event.member, seat.member
    until = seat.until
    idle = member.device == "not_in_use"
    if was_called(before) and idle:
        seat = replace(seat, ringing=None, talking=None)  # of such a call app_queue knows no end
    if seat.passed and idle and is_called(before):
        if took_over(seat) and not member.paused:
            until = event.at + floor.wrap_up if floor.wrap_up else None
        seat = replace(seat, passed=None)
    if before is not None and before.paused and not member.paused:
        until = None  # wrap-up or break is over
    if member.paused and member.reason != WRAP_UP:
        until = None  # a break takes the place of wrap-up
    if member.paused and member.reason == WRAP_UP and until is None:
        until = (member.paused_since or event.at) + floor.wrap_up
    changed = _seat(floor, replace(seat, member=member, until=until, aside=None if idle else seat.aside), event.at)
    return _without_colleague(changed, seat, event.at) if idle else changed


def _silent(floor: Floor, event: events.AgentDidNotAnswer) -> Floor:
    seat = floor.seats.get(seat_of(event.interface))
    if seat is None:
        return floor
    # A phone that rings counts as busy; that it no longer is comes in an event of its own, a moment later.
    busy = seat.member is not None and seat.member.device in BUSY and not seat.talking
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
    return _without_colleague(_seat(floor, over, event.at), seat, event.at)


def _talk_changed(floor: Floor, event: events.TalkChanged) -> Floor:
    seat = floor.seats.get(event.seat)
    if seat is None:
        return floor
    if event.stage == "passed":  # the agent who was at the seat is with them no more
        return _colleague(floor, seat, event) if event.kind == "seat" else floor
    result = reached(*event.result.split("|")[:2]) if event.result else ""
    alone = event.stage == "talking" and not result
    aside = None if alone else Aside(event.stage, event.kind, event.who, result, event.at)
    changed = _seat(floor, replace(seat, aside=aside), event.at)
    return _colleague(changed, seat, event) if event.kind == "seat" else changed


#: What a colleague's part is in a talk that stands so.
_PARTS = {"dialling": "offered", "consulting": "asked", "three_way": "joined", "passed": ""}


def _colleague(floor: Floor, by: Seat, event: events.TalkChanged) -> Floor:
    """Return the floor as it is for the colleague whom the agent at the seat `by` calls about a citizen."""
    seat = floor.seats.get(event.who)
    if seat is None or event.who == by.number or seat.member is None or seat.talking or seat.ringing:
        return floor  # their channel still knows by itself that it was called in
    part = _PARTS.get(event.stage)
    if part is None:  # the agent is with the citizen again, and the colleague is not
        return floor if seat.passed is None else _seat(floor, replace(seat, passed=None, aside=None), event.at)
    known = seat.passed or by.talking or by.passed
    passed = Party(event.linkedid, known.caller if known else "")
    aside = Aside(part, "seat", by.number, "", event.at) if part else None
    return _seat(floor, replace(seat, passed=passed, aside=aside), event.at)


def _without_colleague(floor: Floor, gone: Seat, at: datetime) -> Floor:
    """Return the floor after the agent at a seat has left: whom they had called in is alone with the citizen."""
    for seat in floor.seats.values():
        if seat.passed and seat.aside and seat.aside.kind == "seat" and seat.aside.who == gone.number:
            floor = _seat(floor, replace(seat, aside=None), at)
    return floor


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
    return replace(floor, seats={**floor.seats, seat.number: settled(floor.seats[seat.number], seat, at)})
