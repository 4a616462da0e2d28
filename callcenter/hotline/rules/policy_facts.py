"""The floor as the queue policy sees it, and what the floor's changes teach about arrivals and handling times."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from callcenter.asterisk import events
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.policy import Break, Facts, Reserve, WrapUp
from callcenter.hotline.rules.prediction import Window, predicted_wait
from callcenter.hotline.rules.seats import WRAP_UP, Seat

#: A caller who left the queue and whom no agent talks with after so long has given up.
_SETTLED = timedelta(seconds=2)
_AT_WORK = frozenset({"ready", "ringing", "talking", "wrap_up"})
#: Device states of a reserve's telephone that has no call: nobody watches it, so that it is there is taken for granted.
_IDLE = frozenset({"not_in_use", "unknown"})


@dataclass(frozen=True, slots=True)
class Standby:
    """A reserve 紧急调度 as set: at a seat, or at a telephone."""

    name: str
    #: The seat's number; empty for a telephone.
    seat: str = ""

    @property
    def telephone(self) -> str:
        """The interface with which a telephone is a member of the queue; /n keeps the key that accepts in the path."""
        return f"Local/{self.name}@hotline-reserve/n"


def member_of(floor: Floor, standby: Standby) -> events.Member | None:
    """Return the queue member that the reserve is now, or None."""
    if not standby.seat:
        return floor.others.get(standby.telephone)
    seat = floor.seats.get(standby.seat)
    return seat.member if seat and seat.agent == standby.name else None


def facts(
    floor: Floor,
    now: datetime,
    window: Window,
    *,
    standbys: Sequence[Standby] = (),
    called_in: Collection[str] = (),
    no_citizen: str = "",
) -> Facts:
    """Return what the policy decides by.

    `called_in` are the names of reserves who are members because the policy asked them: one who signed in by themselves
    is an agent like any other, and is not sent away. Callers from the number `no_citizen` (a test dial) do not count.
    """
    waiting = [call for call in floor.waiting if not no_citizen or call.caller != no_citizen]
    reserves = [_reserve(floor, standby, called_in) for standby in standbys]
    phones = [member for standby in standbys if not standby.seat and (member := member_of(floor, standby))]
    free = sum(seat.state == "ready" for seat in floor.seats.values()) + sum(_free(member) for member in phones)
    staffed = sum(seat.state in _AT_WORK for seat in floor.seats.values()) + sum(not one.paused for one in phones)
    predicted = predicted_wait(len(waiting), free, staffed, window.handling(now), window.giving_up(now))
    return Facts(
        waiting=len(waiting),
        oldest=min((call.since for call in waiting), default=None),
        free=free,
        predicted_wait=None if predicted is None else round(predicted, 1),
        wrap_ups=tuple(_wrap_ups(floor)),
        breaks=tuple(
            Break(seat.agent, seat.reason or "")
            for seat in floor.seats.values()
            if seat.state == "break" and seat.agent is not None
        ),
        reserves=tuple(reserves),
    )


def _wrap_ups(floor: Floor) -> list[WrapUp]:
    """Return the seats in after-call work that a command can end: those that Asterisk holds a pause for."""
    return [
        WrapUp(seat.number, seat.since, seat.agent or "")
        for seat in floor.seats.values()
        if seat.state == "wrap_up" and seat.since and seat.member and seat.member.paused
    ]


def _reserve(floor: Floor, standby: Standby, called_in: Collection[str]) -> Reserve:
    member = member_of(floor, standby)
    joined = member is not None and standby.name in called_in
    if not standby.seat:
        return Reserve(standby.name, joined, available=member is None, idle=member is None or _idle(member))
    seat = floor.seats.get(standby.seat, Seat(standby.seat))
    elsewhere = any(one.agent == standby.name for one in floor.seats.values())
    return Reserve(
        standby.name,
        joined,
        available=bool(seat.phones) and seat.member is None and not elsewhere,
        idle=seat.state not in {"ringing", "talking"},
    )


def _idle(member: events.Member) -> bool:
    return not member.in_call and member.device in _IDLE


def _free(member: events.Member) -> bool:
    return _idle(member) and not member.paused


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered between two changes of the floor in order to fill the window."""

    window: Window
    #: Seat -> when its talk began; kept until the after-call work is over.
    talks: Mapping[str, datetime] = field(default_factory=dict)
    #: Linkedid -> when a caller left the queue, and the seconds that they had waited; until it is known why.
    left: Mapping[str, tuple[datetime, float]] = field(default_factory=dict)


def seen(watch: Watch, before: Floor, after: Floor, now: datetime) -> Watch:
    """Return the watch after the floor changed; what a new listing shows is no event and teaches nothing."""
    if not (before.connected and after.connected):
        return replace(watch, left={})
    if before.waiting is not after.waiting:
        watch = _waiting_changed(watch, before, after, now)
    for number, seat in after.seats.items():
        was = before.seats.get(number)
        if was is not None and was is not seat:
            watch = _seat_changed(watch, was, seat, now)
    return settled(watch, now)


def settled(watch: Watch, now: datetime) -> Watch:
    """Return the watch with those counted as having given up whom nobody has answered for a while."""
    gone = {linkedid for linkedid, (at, _) in watch.left.items() if now - at >= _SETTLED}
    if not gone:
        return watch
    window = watch.window
    for linkedid in gone:
        at, seconds = watch.left[linkedid]
        window = window.waited(at, seconds, gave_up=True)
    return replace(watch, window=window, left={one: left for one, left in watch.left.items() if one not in gone})


def _waiting_changed(watch: Watch, before: Floor, after: Floor, now: datetime) -> Watch:
    known = {call.channel for call in before.waiting}
    still = {call.channel for call in after.waiting}
    window = watch.window
    for call in after.waiting:
        if call.channel not in known:
            window = window.arrived(call.since)
    left = dict(watch.left)
    for call in before.waiting:
        if call.channel not in still:
            left[call.linkedid] = (now, max((now - call.since).total_seconds(), 0.0))
    return replace(watch, window=window, left=left)


def _seat_changed(watch: Watch, was: Seat, seat: Seat, now: datetime) -> Watch:
    window, talks, left = watch.window, dict(watch.talks), dict(watch.left)
    if seat.talking and seat.talking != was.talking and (found := left.pop(seat.talking.linkedid, None)):
        window = window.waited(found[0], found[1], gave_up=False)
    handling = {"talking", WRAP_UP}
    began = talks.get(seat.number)
    next_one = seat.state == "talking" and was.state != "talking"
    if began is not None and (next_one or seat.state not in handling):
        window = window.handled(now, (now - began).total_seconds())
        del talks[seat.number]
    if next_one:
        talks[seat.number] = seat.since or now
    return replace(watch, window=window, talks=talks, left=left)
