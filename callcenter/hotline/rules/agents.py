"""What agents may do, and what the controller does for them: wrap-up, and the phone that is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.asterisk import events
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import CALLBACK, WRAP_UP, Seat, seat_of, took_over

#: Reasons for a break 小休 that an agent may give.
BREAK_REASONS = ("rest", "meal", "training", "meeting")


@dataclass(frozen=True, slots=True)
class BeginWrapUp:
    """Pause the member for after-call work 话后处理."""

    interface: str


@dataclass(frozen=True, slots=True)
class EndWrapUp:
    """After-call work is over: unpause the member."""

    interface: str


@dataclass(frozen=True, slots=True)
class MovePhone:
    """The agent's other phone is the one that is there: make it the member."""

    member: events.Member
    interface: str


Command = BeginWrapUp | EndWrapUp | MovePhone


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it, which extraction looks for
    """Mark `message` for translation, and return it as it is."""
    return message


class Refused(Exception):
    """What was asked for is not possible now; the text says why and what to do.

    `message` is an English sentence marked N_, with the places of `values` as in `%(agent)s`.
    """

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values


def decide(before: Floor, event: events.AnyEvent, after: Floor) -> list[Command]:
    """Return what `event` asks the controller to do."""
    match event:
        case events.AgentCompleted():
            seat = after.seats.get(seat_of(event.interface))
            if seat and seat.member and seat.until and not seat.member.paused:
                return [BeginWrapUp(seat.member.interface)]
        case events.MemberChanged():
            return _after_callback(before, event.member) or _after_taking_over(before, event.member, after)
        case events.PhoneChanged():
            seat = after.seats.get(seat_of(event.endpoint))
            if seat and before.seats[seat.number].phones != seat.phones:
                return _move(seat)
        case events.FloorListed():
            return [command for seat in after.seats.values() for command in _move(seat)]
    return []


def _after_callback(before: Floor, member: events.Member) -> list[Command]:
    """The phone of an agent who was calling a citizen back is idle again: wrap-up after a talk, else free at once."""
    seat = before.seats.get(seat_of(member.interface))
    if seat is None or seat.member is None or not member.paused or member.reason != CALLBACK:
        return []
    was, now = seat.member.device, member.device
    if now != "not_in_use" or was not in {"in_use", "on_hold", "ringing", "busy"}:
        return []
    talked = was != "ringing" and before.wrap_up
    return [BeginWrapUp(member.interface) if talked else EndWrapUp(member.interface)]


def _after_taking_over(before: Floor, member: events.Member, after: Floor) -> list[Command]:
    """Wrap-up after a talk with a citizen whom a colleague had passed on: the queue knows nothing of it."""
    was, seat = before.seats.get(seat_of(member.interface)), after.seats.get(seat_of(member.interface))
    if was is None or seat is None or seat.passed or not took_over(was) or member.paused or not seat.until:
        return []
    return [BeginWrapUp(member.interface)]


def _move(seat: Seat) -> list[Command]:
    member = seat.member
    if member is None or seat.party or member.in_call or not seat.phones:
        return []
    if member.interface.removeprefix("PJSIP/") in seat.phones:
        return []
    return [MovePhone(member, interface_for(seat))]


def interface_for(seat: Seat) -> str:
    """Return the interface a seat's member has: the browser's phone if it alone is there, else the SIP phone."""
    web = f"{seat.number}w"
    return f"PJSIP/{web if web in seat.phones and seat.number not in seat.phones else seat.number}"


def due(floor: Floor, now: datetime) -> list[Command]:
    """Return what time itself asks for: wrap-ups that are over."""
    return [
        EndWrapUp(seat.member.interface)
        for seat in floor.seats.values()
        if seat.member and seat.until and seat.until <= now and seat.member.paused and seat.member.reason == WRAP_UP
    ]


def next_due(floor: Floor) -> datetime | None:
    """Return when `due` will next have something to say; None when nothing is pending."""
    return min((seat.until for seat in floor.seats.values() if seat.until), default=None)


def sign_in(floor: Floor, agents: Mapping[str, str], agent: str, number: str) -> str:
    """Return the interface at which `agent` joins the queue from seat `number`; `agents` maps numbers to names.

    Raises Refused when the agent or seat is unknown or taken.
    """
    known_agent(agents, agent)
    seat = floor.seats.get(number)
    if seat is None:
        known = {"first": min(floor.seats), "last": max(floor.seats)}
        raise Refused(N_("seat %(seat)s does not exist; seats are %(first)s to %(last)s"), seat=number, **known)
    if seat.agent not in {None, agent}:
        raise Refused(N_("seat %(seat)s is taken by agent %(agent)s"), seat=number, agent=seat.agent)
    held = seat_held_by(floor, agent)
    if held is not None and held.number != number:
        raise Refused(
            N_("agent %(agent)s is signed in at seat %(seat)s; sign out there first"), agent=agent, seat=held.number
        )
    return interface_for(seat)


def known_agent(agents: Mapping[str, str], agent: str) -> None:
    """Raise Refused when there is no such agent."""
    if agent not in agents:
        raise Refused(N_("agent %(agent)s does not exist"), agent=agent)


def member_of(floor: Floor, agents: Mapping[str, str], agent: str) -> events.Member:
    """Return the queue member that `agent` is; raises Refused when they are not signed in."""
    known_agent(agents, agent)
    seat = seat_held_by(floor, agent)
    if seat is None or seat.member is None:
        raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
    return seat.member


def seat_held_by(floor: Floor, agent: str) -> Seat | None:
    """Return the seat where `agent` is signed in, or None."""
    return next((seat for seat in floor.seats.values() if seat.agent == agent), None)
