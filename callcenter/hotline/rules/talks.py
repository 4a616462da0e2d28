"""What an agent may do with a talk, and how it stands: hold, consult, transfer, three-way call 三方通话, 110. Pure.

How it stands follows from where the channels are in the dialplan (`dialplan/extensions-talk.conf.j2`), so a controller
that has just started knows it at once, and nothing of it must be remembered.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.numbers import held

#: `talking` with the citizen; `held`: the citizen hears music; so they do in `dialling` and `consulting`, while the
#: agent calls a third, or talks with one; `three_way`: all hear each other. For a colleague who was called in: `asked`,
#: while the other agent speaks with them alone, and `joined`, when all three hear each other.
Stage = Literal["talking", "held", "dialling", "consulting", "three_way", "asked", "joined"]
#: How a third is brought in: the agent speaks with them first, never, or they come straight to the citizen.
Mode = Literal["consult", "transfer", "three_way"]
Kind = Literal["seat", "unit", "outside", "police"]
Deed = Literal["hold", "resume", "dial", "complete", "merge", "drop"]

#: What may be done when it stands so.
ALLOWED: Final[dict[Stage, frozenset[Deed]]] = {
    "talking": frozenset({"hold", "dial"}),
    "held": frozenset({"resume", "dial"}),
    "dialling": frozenset({"drop"}),
    "consulting": frozenset({"complete", "merge", "drop"}),
    "three_way": frozenset({"complete", "drop"}),
    # It is the other agent's talk until they have left it.
    "asked": frozenset(),
    "joined": frozenset(),
}
#: The context and the extensions of the dialplan.
TALK: Final = "hotline-talk"
_STAGES: Final[dict[str, Stage]] = {"away": "held", "dial": "dialling"}


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of a call, as Asterisk lists it."""

    channel: str
    uniqueid: str
    context: str
    exten: str
    #: Of the bridge that it is in; empty when in none.
    bridge: str

    def at(self, *extens: str) -> bool:
        """Whether it is at one of these extensions of the talk's context."""
        return self.context == TALK and self.exten in extens


@dataclass(frozen=True, slots=True)
class Talk:
    """A call as one of its seats sees it."""

    linkedid: str
    agent: Leg
    citizen: Leg
    #: Everybody else.
    others: tuple[Leg, ...]

    @property
    def in_room(self) -> bool:
        """Whether the citizen is in a room already, and not joined to the agent by the queue."""
        return self.citizen.at("citizen")

    @property
    def third(self) -> Leg | None:
        """Whoever the agent talks with beside the citizen."""
        return next((leg for leg in self.others if leg.bridge and leg.bridge == self.agent.bridge), None)

    @property
    def stage(self) -> Stage:
        """How it stands."""
        if self.agent.context != TALK:
            return "asked" if self.in_room else "talking"
        if self.agent.exten == "party" and self.third:
            return "joined"
        if self.agent.exten == "dial":
            return "consulting" if self.third else "dialling"
        if stage := _STAGES.get(self.agent.exten):
            return stage
        return "three_way" if self.third else "talking"


def talk_of(seat: str, legs: Sequence[tuple[str, Leg]]) -> Talk | None:
    """Return the talk in which `seat` is, of all channels with their linkedids; None when it is in none.

    Of several of a seat's calls it is that with a citizen: the one who came in, whom the agent called, or who is in a
    room.
    """
    own = re.compile(rf"PJSIP/{re.escape(seat)}w?-")
    for linkedid, agent in legs:
        if not own.match(agent.channel):
            continue
        others = [leg for name, leg in legs if name == linkedid and leg.channel != agent.channel]
        if citizen := _citizen(linkedid, agent, others):
            rest = tuple(leg for leg in others if leg is not citizen)
            return Talk(linkedid, agent, citizen, rest)
    return None


_SEAT = re.compile(r"PJSIP/\d{1,20}w?-")


def _citizen(linkedid: str, agent: Leg, others: Sequence[Leg]) -> Leg | None:
    for leg in others:
        if leg.at("citizen"):
            return leg
    for leg in others:
        if leg.uniqueid == linkedid and not _SEAT.match(leg.channel):
            return leg if leg.bridge and leg.bridge == agent.bridge else None
    joined = [leg for leg in others if leg.bridge and leg.bridge == agent.bridge and not _SEAT.match(leg.channel)]
    return joined[0] if len(joined) == 1 else None


def check(talk: Talk | None, deed: Deed) -> Talk:
    """Return the talk. Raises Refused, saying why, when `deed` is not possible now."""
    if talk is None:
        raise Refused(N_("you are in no talk with a citizen"))
    if deed not in ALLOWED[talk.stage]:
        raise Refused(_WHY[talk.stage])
    return talk


_WHY: Final[dict[Stage, str]] = {
    "talking": N_("you are with the citizen already"),
    "held": N_("the citizen is on hold; take them back first"),
    "dialling": N_("a call is under way; wait for it or give it up first"),
    "consulting": N_("you are talking with a third; end that, or bring them together"),
    "three_way": N_("all three are together; let the third go first"),
    "asked": N_("a colleague speaks with you about their citizen; wait until they pass the citizen on"),
    "joined": N_("it is your colleague's talk; hang up to leave it, or wait until they have left"),
}


def target_number(kind: Kind, number: str, *, outside: bool, police: str, telephones: Collection[str] = ()) -> str:
    """Return what is dialled for a third. Raises Refused for what may not be dialled.

    `outside` is the right to dial any number; `telephones` are those of the member units, which need no right, and 110
    is always allowed. Whoever asks says what kind it is, and is not believed.
    """
    if kind == "police":
        return police
    number = _plain(number)
    if not re.fullmatch(r"\+?[0-9]{3,20}", number, re.ASCII):
        raise Refused(N_("%(number)s is no number that can be dialled"), number=number[:32])
    if kind == "seat" or number == police:
        return number
    if kind == "unit" and number not in {_plain(one) for one in telephones}:
        raise Refused(N_("%(number)s is not the telephone of a unit; check the list of units"), number=number)
    if kind == "outside" and not outside:
        raise Refused(N_("you may not dial numbers outside; ask the supervisor"))
    why = held(number)
    if why == "unknown" and kind == "unit":
        return number
    if why == "emergency" and kind == "outside":
        return number
    if why is not None:
        raise Refused(N_("%(number)s is not dialled: it is a %(why)s number"), number=number, why=why)
    return number


def _plain(number: str) -> str:
    """Return a number without what people write between its digits."""
    return re.sub(r"[\s()-]", "", number)
