"""Who may be the browser phone of a seat 座席, and for how long. Pure: no I/O, and `now` is an argument.

A page of the panel is granted the phone of the seat where its agent sits. One page holds it at a time: another of the
same agent is asked whether it shall take over, and may not while a call is under way there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.hotline.rules.agents import N_, Refused, seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat

#: How long a password lives. A page asks for a new one each time it registers, about once a minute; while nobody
#: answers it (the controller is away) the old one must do.
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Grant:
    """A page's leave to be the phone of a seat."""

    seat: str
    agent: str
    #: Which page, by the name that it gave itself; empty for one that was granted before the controller started.
    page: str
    #: The hash of its session's token; empty where there is none to be looked after.
    session: str
    until: datetime


class Held(Refused):
    """Another page of the same agent is this phone; it may be taken over."""


def web_phone_of(seat: Seat) -> bool:
    """Whether a browser is registered at `seat`."""
    return f"{seat.number}w" in seat.phones


def rings_in_browser(seat: Seat) -> bool:
    """Whether calls come to the browser: it is there, and no SIP phone is."""
    return bool(seat.member and seat.member.interface.endswith("w"))


def grantable(floor: Floor, agent: str, page: str, held: Mapping[str, Grant], *, take_over: bool) -> Seat:
    """Return the seat whose phone `page` of `agent` may be.

    Raises Refused when they sit nowhere or talk in another page, and Held when another page is the phone and
    `take_over` was not asked for.
    """
    seat = seat_held_by(floor, agent)
    if seat is None:
        raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
    holder = held.get(seat.number)
    if holder is None or holder.agent != agent or holder.page in {"", page} or not web_phone_of(seat):
        return seat
    if rings_in_browser(seat) and seat.state in {"talking", "ringing"}:
        raise Refused(N_("a call is under way in the other window; take the phone over when it has ended"))
    if not take_over:
        raise Held(N_("the phone of seat %(seat)s is in use in another window of yours"), seat=seat.number)
    return seat


def ended(floor: Floor, held: Mapping[str, Grant], alive: Collection[str] | None, now: datetime) -> list[Grant]:
    """Return the grants that are over: their time, their session, or their agent's place at the seat.

    `alive` are the sessions that are still signed in, or None when that cannot be told now.
    """
    return [
        grant
        for grant in held.values()
        if grant.until <= now
        or (floor.connected and floor.seats[grant.seat].agent != grant.agent)
        or (alive is not None and grant.session and grant.session not in alive)
    ]


def adopted(floor: Floor, allowed: Collection[str], held: Mapping[str, Grant], now: datetime) -> list[Grant]:
    """Return grants for passwords that nobody here remembers giving: of agents who are still in their places."""
    return [
        Grant(seat, agent, page="", session="", until=now + LIFE)
        for seat in sorted(allowed)
        if seat not in held and seat in floor.seats and (agent := floor.seats[seat].agent)
    ]
