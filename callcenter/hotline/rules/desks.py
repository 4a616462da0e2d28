"""Special desks 专席: who sits at them, and who may be moved to one. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from callcenter.asterisk import events
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import seat_of


@dataclass(frozen=True, slots=True)
class Desk:
    """A special desk as it was set."""

    name: str
    #: What people read.
    label: str
    agents: Collection[str] = ()
    seats: Collection[str] = ()

    def seats_member(self, member: events.Member) -> bool:
        """Whether this member of the hotline's queue sits at the desk as well."""
        return member.agent in self.agents or seat_of(member.interface) in self.seats


@dataclass(frozen=True, slots=True)
class JoinDesk:
    """Add a member of the hotline's queue to a desk's queue."""

    desk: str
    interface: str


@dataclass(frozen=True, slots=True)
class LeaveDesk:
    """Take a phone out of a desk's queue."""

    desk: str
    interface: str


@dataclass(frozen=True, slots=True)
class PauseAsBefore:
    """Pause or unpause a phone in every queue as it is in the hotline's own."""

    interface: str


Command = JoinDesk | LeaveDesk | PauseAsBefore
_Places = Mapping[tuple[str, str], events.Member]


def decide(desks: Sequence[Desk], before: Floor, event: events.AnyEvent, after: Floor) -> list[Command]:
    """Return what brings the desks' queues in step with the hotline's own: whoever is signed in is in that."""
    if not desks and not after.at_desks:
        return []
    wanted = _wanted(desks, after)
    if isinstance(event, events.FloorListed):
        # Whatever went amiss while nobody commanded, and desks that were set otherwise since.
        known = after.at_desks
        amiss = sorted({key[1] for key, one in wanted.items() if key in known and known[key].paused != one.paused})
        return [*_differences(wanted, known), *(PauseAsBefore(interface) for interface in amiss)]
    if isinstance(event, events.MemberChanged | events.MemberRemoved):
        # Only what this event changes: what was ordered before it is under way.
        new, old = wanted.keys() - _wanted(desks, before).keys(), _wanted(desks, before).keys() - wanted.keys()
        known = after.at_desks
        return _differences(
            {key: wanted[key] for key in new if key not in known}, {key: known[key] for key in old if key in known}
        )
    return []


def _wanted(desks: Sequence[Desk], floor: Floor) -> _Places:
    return {
        (desk.name, member.interface): member
        for member in members(floor)
        for desk in desks
        if desk.seats_member(member)
    }


def _differences(wanted: _Places, known: _Places) -> list[Command]:
    joining = [JoinDesk(desk, interface) for desk, interface in wanted if (desk, interface) not in known]
    leaving = [LeaveDesk(desk, interface) for desk, interface in known if (desk, interface) not in wanted]
    # The new phone joins before the old one leaves, so that a desk is never empty for a waiting caller.
    return [*joining, *leaving]


def members(floor: Floor) -> Iterable[events.Member]:
    """Return whoever is signed in, reserves on a telephone included."""
    yield from (seat.member for seat in floor.seats.values() if seat.member)
    yield from floor.others.values()


def desks_of(floor: Floor, interface: str) -> list[str]:
    """Return the desks at which a phone's agent sits."""
    return sorted(desk for desk, at in floor.at_desks if at == interface)


def sitting(floor: Floor, desk: str) -> list[str]:
    """Return the agents at a desk whose phone is there, on a break or not: those whom its queue can ring."""
    found = []
    for (name, interface), member in floor.at_desks.items():
        seat = floor.seats.get(seat_of(interface))
        if name == desk and (seat is None or (seat.phones and seat.member and seat.reason != "phone_offline")):
            found.append(member.agent)
    return sorted(found)


def checked_move(floor: Floor, desks: Sequence[Desk], waiting: events.Call, to: str) -> None:
    """Raise Refused when a caller who waits cannot go to the desk `to`, or with none to the hotline's queue."""
    labels = {desk.name: desk.label for desk in desks}
    if to and to not in labels:
        raise Refused(N_("there is no desk %(desk)s"), desk=to)
    if waiting.desk == to and to:
        raise Refused(N_("that caller waits for the desk %(desk)s already"), desk=labels[to])
    if waiting.desk == to:
        raise Refused(N_("that caller waits in the general queue already"))
    if waiting.moving:
        raise Refused(N_("that caller is being moved already"))
    if to and not sitting(floor, to):
        raise Refused(N_("nobody is signed in at the desk %(desk)s"), desk=labels[to])
