"""What a supervisor 班长 may do with the floor now, and where they may listen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.asterisk import events
from callcenter.hotline.rules.agents import N_, Refused, interface_for, seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat

#: States of a seat whose phone has a call.
ON_CALL = frozenset({"ringing", "talking"})


@dataclass(frozen=True, slots=True)
class Phone:
    """Where a supervisor listens: the phone of a seat, or a number outside."""

    seat: str = ""
    interface: str = ""
    number: str = ""


def phone_for(floor: Floor, agent: str | None, chosen: str | None, known: str) -> Phone:
    """Return the phone at which a supervisor listens.

    It is that of the seat `chosen`, or of the seat where they sit as `agent`, or `known`: the seat or the number
    outside that the settings have for them. Raises Refused when there is none, or it is in use.
    """
    own = seat_held_by(floor, agent) if agent else None
    number = chosen or (own.number if own else known)
    if not number:
        raise Refused(
            N_("say where you listen: sign in at a seat, choose a free one, or have your phone put into the settings")
        )
    seat = floor.seats.get(number)
    if seat is None:
        if chosen:
            raise Refused(N_("seat %(seat)s does not exist"), seat=chosen)
        return Phone(number=number)
    if seat.agent and seat.agent != agent:
        raise Refused(N_("seat %(seat)s is taken by agent %(agent)s"), seat=number, agent=seat.agent)
    if not seat.phones:
        raise Refused(N_("the phone of seat %(seat)s is not registered; start the softphone"), seat=number)
    if seat.state in ON_CALL:
        raise Refused(N_("the phone of seat %(seat)s is on a call"), seat=number)
    return Phone(seat=number, interface=interface_for(seat))


def heard_seat(floor: Floor, seat: str | None, agent: str | None) -> Seat:
    """Return the seat whose talk is to be heard, by its number or by its agent; raises Refused when nobody talks."""
    found = floor.seats.get(seat) if seat else seat_held_by(floor, agent or "")
    if found is None and seat:
        raise Refused(N_("seat %(seat)s does not exist"), seat=seat)
    if found is None:
        raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
    if found.state != "talking":
        raise Refused(N_("nobody talks at seat %(seat)s just now"), seat=found.number)
    return found


def waiting_call(floor: Floor, call: str) -> events.Call:
    """Return the caller who waits by the name of their call; raises Refused when they wait no more."""
    for waiting in floor.waiting:
        if waiting.linkedid == call:
            return waiting
    raise Refused(N_("that caller does not wait any more"))


def agent_for(floor: Floor, names: Mapping[str, str], agent: str) -> Seat:
    """Return the seat of the agent who is to take a caller; raises Refused when they cannot."""
    if agent not in names:
        raise Refused(N_("agent %(agent)s does not exist"), agent=agent)
    seat = seat_held_by(floor, agent)
    if seat is None or seat.member is None:
        raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
    if seat.state in ON_CALL:
        raise Refused(N_("agent %(agent)s is on a call"), agent=agent)
    if not seat.phones or seat.reason == "phone_offline":
        raise Refused(N_("the phone of seat %(seat)s is not registered; start the softphone"), seat=seat.number)
    return seat
