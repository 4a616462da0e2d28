"""One seat 座席: what is known of it, and the state that follows. No I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from callcenter.asterisk import events

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
#: Device states of a phone that is in a call.
BUSY = frozenset({"in_use", "busy", "on_hold"})


@dataclass(frozen=True, slots=True)
class Party:
    """The caller a seat rings or talks with."""

    linkedid: str
    caller: str


@dataclass(frozen=True, slots=True)
class Aside:
    """How the talk at a seat stands when it is more than citizen and agent."""

    #: As in `events.TalkChanged`; and for a colleague who is called in `offered`, while their phone rings, `asked`,
    #: while the other agent speaks with them alone, and `joined`, when they have come to both.
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
    #: The citizen about whom a colleague calls, or whom they have passed on: of such a call the queue knows nothing.
    passed: Party | None = None
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
        return self.party.caller if self.party else None

    @property
    def party(self) -> Party | None:
        """The caller on this seat's phone, whether the queue or a colleague has sent them."""
        return self.talking or self.ringing or (self.passed if is_called(self.member) else None)


def seat_of(interface: str) -> str:
    """Return the seat that a queue member's interface or an endpoint belongs to: `PJSIP/8001w` is at seat 8001."""
    return interface.removeprefix("PJSIP/").removesuffix("w")


def took_over(seat: Seat) -> bool:
    """Whether the agent at a seat is alone with a citizen whom a colleague has passed on to them."""
    busy = seat.member is not None and seat.member.device in BUSY
    return busy and seat.passed is not None and seat.aside is None


def is_called(member: events.Member | None) -> bool:
    """Whether the phone of a member rings or is in a call."""
    return member is not None and member.device in BUSY | {"ringing"}


def was_called(member: events.Member | None) -> bool:
    """Whether the phone of an agent whom we keep free of queue calls rang or talked."""
    return bool(member and member.paused and member.reason == CALLBACK and member.device in BUSY | {"ringing"})


def settled(before: Seat, seat: Seat, at: datetime) -> Seat:
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
    if seat.passed and is_called(member):
        # Of the phone alone it cannot be told: one that rings counts as busy.
        return ("ringing" if seat.aside and seat.aside.stage == "offered" else "talking"), None
    if seat.until is not None:
        return "wrap_up", None
    if seat.ringing:
        return "ringing", None
    if member.paused and member.reason == CALLBACK:
        return ("talking" if member.device in BUSY else "ringing"), CALLBACK
    if member.paused:
        return "break", _REASONS.get(member.reason, member.reason)
    if member.device in _AWAY or not _reachable(seat, member):
        return "break", "phone_offline"
    if member.device in BUSY:
        return "talking", None  # a call that did not come through the queue
    return "ready", None


def _reachable(seat: Seat, member: events.Member) -> bool:
    return member.interface.removeprefix("PJSIP/") in seat.phones
