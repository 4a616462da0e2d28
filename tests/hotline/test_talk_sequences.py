"""How a talk stands, read off the channels; what may be done with it; and that nothing leaves a citizen forgotten."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.talks import ALLOWED, Deed, Leg, Stage, Talk, check, talk_of, target_number

CALL = "node1-1"
CITIZEN = Leg("PJSIP/lab-1", CALL, "hotline-queue", "s", "b1")
AGENT = Leg("PJSIP/8001w-2", "node1-2", "from-seat", "", "b1")
THIRD = Leg("PJSIP/trunk-carrier-3", "node1-3", "from-trunk", "", "")
IN_ROOM = replace(CITIZEN, context="hotline-talk", exten="citizen", bridge="room")


def at(exten: str, bridge: str = "") -> Leg:
    """The agent at an extension of the talk."""
    return replace(AGENT, context="hotline-talk", exten=exten, bridge=bridge)


def talk(*legs: Leg) -> Talk | None:
    return talk_of("8001", [(CALL, leg) for leg in legs])


@pytest.mark.parametrize(
    ("stage", "legs"),
    [
        ("talking", (CITIZEN, AGENT)),
        ("talking", (IN_ROOM, at("room", "room"))),
        ("held", (IN_ROOM, at("away"))),
        ("dialling", (IN_ROOM, at("dial"), THIRD)),
        ("consulting", (IN_ROOM, at("dial", "b2"), replace(THIRD, bridge="b2"))),
        ("three_way", (IN_ROOM, at("room", "room"), replace(THIRD, bridge="room"))),
    ],
)
def test_how_it_stands_follows_from_where_the_channels_are(stage: Stage, legs: tuple[Leg, ...]) -> None:
    for order in (legs, legs[::-1]):
        found = talk(*order)
        assert found
        assert found.citizen.uniqueid == CALL
        assert (found.stage, found.in_room) == (stage, legs[0] is IN_ROOM)


def test_only_the_seats_own_talk_counts() -> None:
    legs = [("other", replace(CITIZEN, uniqueid="other")), ("other", replace(AGENT, channel="PJSIP/80011-7"))]
    assert talk_of("8001", legs) is None
    assert talk_of("8001", [*legs, (CALL, AGENT), (CALL, CITIZEN)])
    assert talk(AGENT) is None
    assert talk(AGENT, replace(CITIZEN, bridge="b9")) is None, "the citizen is with somebody else"


def test_a_seats_name_is_no_pattern() -> None:
    assert talk_of("8...", [(CALL, AGENT), (CALL, CITIZEN)]) is None


def test_two_seats_that_talk_have_no_citizen() -> None:
    other = replace(AGENT, channel="PJSIP/8002-4", uniqueid="node1-4")
    assert talk_of("8001", [("node1-2", AGENT), ("node1-2", other)]) is None


def test_a_colleague_who_got_the_citizen_may_go_on_with_the_talk() -> None:
    colleague = Leg("PJSIP/8002-5", "node1-5", "hotline-talk", "party", "room")
    found = talk_of("8002", [(CALL, IN_ROOM), (CALL, colleague)])
    assert found
    assert found.citizen is IN_ROOM
    assert check(found, "hold")


def test_a_citizen_whom_the_agent_called_is_held_too() -> None:
    agent = replace(AGENT, uniqueid=CALL)
    called = Leg("PJSIP/trunk-carrier-9", "node1-9", "from-trunk", "", "b1")
    found = talk_of("8001", [(CALL, agent), (CALL, called)])
    assert found
    assert found.citizen is called


def test_no_talk_says_so() -> None:
    with pytest.raises(Refused, match="no talk with a citizen"):
        check(None, "hold")


@pytest.mark.parametrize("stage", ALLOWED)
def test_every_stage_has_a_way_on_and_says_why_another_is_not_possible(stage: Stage) -> None:
    legs = {
        "talking": (CITIZEN, AGENT),
        "held": (IN_ROOM, at("away")),
        "dialling": (IN_ROOM, at("dial")),
        "consulting": (IN_ROOM, at("dial", "b2"), replace(THIRD, bridge="b2")),
        "three_way": (IN_ROOM, at("room", "room"), replace(THIRD, bridge="room")),
        # It is a colleague's talk, which the agent was called into.
        "asked": (IN_ROOM, replace(AGENT, bridge="b2"), replace(THIRD, bridge="b2")),
        "joined": (IN_ROOM, at("party", "room"), replace(THIRD, bridge="room")),
    }[stage]
    assert ALLOWED[stage] or stage in {"asked", "joined"}, "whoever was called in hangs up"
    deeds: tuple[Deed, ...] = ("hold", "resume", "dial", "complete", "merge", "drop")
    for deed in deeds:
        if deed in ALLOWED[stage]:
            assert check(talk(*legs), deed).stage == stage
        else:
            with pytest.raises(Refused):
                check(talk(*legs), deed)


# ---- Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["8002", "13900000001", "010-6600 0000"])
def test_ordinary_numbers_by_right(number: str) -> None:
    plain = number.replace("-", "").replace(" ", "")
    kind = "seat" if number == "8002" else "outside"
    assert target_number(kind, number, outside=True, police="110") == plain


def test_the_police_need_no_right_and_no_number() -> None:
    assert target_number("police", "00881234567", outside=False, police="110") == "110"


def test_whoever_has_no_right_dials_nothing_outside() -> None:
    with pytest.raises(Refused, match="may not dial"):
        target_number("outside", "13900000001", outside=False, police="110")


def test_a_number_is_a_units_only_when_the_list_of_units_has_it() -> None:
    """Or an agent without the right to dial outside would call any number by calling it a unit's."""
    listed = ("010-6600 0001",)
    assert target_number("unit", "01066000001", outside=False, police="110", telephones=listed) == "01066000001"
    with pytest.raises(Refused, match="not the telephone of a unit"):
        target_number("unit", "13900000001", outside=True, police="110", telephones=listed)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1",
        "abc",
        "12345\r\nAction: Originate",
        "*72139",
        "139&PJSIP/8002",
        "139@evil",
        "１３９０００００００１",
        "1" * 21,
    ],
)
def test_what_is_no_number_is_never_dialled(number: str) -> None:
    for kind in ("seat", "unit", "outside"):
        with pytest.raises(Refused, match="no number"):
            target_number(kind, number, outside=True, police="110")  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["0088216123456", "+8821612345678", "00447700900123", "16899999999999"])
def test_what_costs_by_the_minute_or_lies_abroad_is_refused(number: str) -> None:
    with pytest.raises(Refused, match="not dialled"):
        target_number("outside", number, outside=True, police="110")


# ---- Any sequence ----------------------------------------------------------------------------------------------------


@dataclass
class World:
    """What the dialplan makes of the deeds (`dialplan/extensions-talk.conf.j2`), as channels."""

    citizen: Leg | None = CITIZEN
    agent: Leg | None = AGENT
    third: Leg | None = None
    mode: str = ""
    #: Where the citizen is when nobody is with them any more.
    after: str = ""
    dialled: int = field(default=0)

    @property
    def legs(self) -> list[tuple[str, Leg]]:
        return [(CALL, leg) for leg in (self.citizen, self.agent, self.third) if leg]

    @property
    def stage(self) -> Stage | None:
        found = talk_of("8001", self.legs)
        return found.stage if found else None


class AnySequence(RuleBasedStateMachine):
    """Agents do what is allowed, and phones do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @precondition(lambda self: self.world.after)
    @rule()
    def the_next_call(self) -> None:
        self.world = World()

    def _may(self, deed: Deed) -> bool:
        try:
            check(talk_of("8001", self.world.legs), deed)
        except Refused:
            return False
        return True

    def _room(self) -> None:
        if self.world.citizen:
            self.world.citizen = IN_ROOM

    @precondition(lambda self: self._may("hold"))
    @rule()
    def hold(self) -> None:
        self._room()
        self.world.agent = at("away")

    @precondition(lambda self: self._may("resume"))
    @rule()
    def resume(self) -> None:
        self.world.agent = at("room", "room")

    @precondition(lambda self: self._may("dial"))
    @rule()
    def dial(self) -> None:
        self._room()
        self.world.dialled += 1
        self.world.mode = ("consult", "transfer", "three_way")[self.world.dialled % 3]
        self.world.agent, self.world.third = at("dial"), THIRD

    @precondition(lambda self: self.world.stage == "dialling")
    @rule()
    def the_third_answers(self) -> None:
        world = self.world
        if world.mode == "consult":
            world.agent, world.third = at("dial", "b2"), replace(THIRD, bridge="b2")
            return
        world.third = replace(THIRD, context="hotline-talk", exten="party", bridge="room")
        world.agent = at("room", "room") if world.mode == "three_way" else None

    @precondition(lambda self: self.world.third is not None)
    @rule()
    def the_third_is_gone(self) -> None:
        world = self.world
        alone = world.agent is None
        world.third = None
        if alone:
            world.after = "rating"
        elif world.agent and world.agent.at("dial"):
            world.agent = at("room", "room")

    @precondition(lambda self: self._may("merge"))
    @rule()
    def merge(self) -> None:
        self.world.agent = at("room", "room")
        self.world.third = replace(THIRD, context="hotline-talk", exten="party", bridge="room")

    @precondition(lambda self: self._may("complete"))
    @rule()
    def complete(self) -> None:
        self.world.agent = None
        self.world.third = replace(THIRD, context="hotline-talk", exten="party", bridge="room")

    @precondition(lambda self: self._may("drop"))
    @rule()
    def drop(self) -> None:
        self.world.agent, self.world.third = at("room", "room"), None

    @precondition(lambda self: self.world.agent is not None)
    @rule()
    def the_agents_phone_dies(self) -> None:
        world = self.world
        away = world.agent is not None and world.agent.at("away", "dial")
        in_room = world.third is not None and world.third.bridge == "room"
        world.agent = None
        if not in_room:
            world.third = None
            world.after = "queue" if away else "rating"

    @invariant()
    def the_citizen_is_never_forgotten(self) -> None:
        """With somebody, or hearing music until an agent who is there comes back, or on their way."""
        world = self.world
        if world.after:
            return
        assert world.citizen
        if world.agent is None:
            assert world.third
            assert world.third.bridge == world.citizen.bridge
            return
        found = talk_of("8001", world.legs)
        assert found, "the agent's desk knows the talk"
        together = any(leg.bridge == found.citizen.bridge for leg in (found.agent, *found.others))
        assert together == (found.stage in {"talking", "three_way"})
        assert ALLOWED[found.stage] & {"hold", "resume", "drop"}, "there is a way back"


TestAnySequence = AnySequence.TestCase
TestAnySequence.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
