"""How a talk stands follows from where its channels are, and what may be done with it from how it stands."""

import pytest
from cel_lines import Citizen, said

from callcenter.asterisk.cel import parse
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.calls import CallRecord, interpret
from callcenter.hotline.rules.talks import ALLOWED, Deed, Leg, Stage, Talk, check, talk_of, target_number

CALL = "node1-1.1"


def leg(channel: str, context: str = "", exten: str = "", bridge: str = "", uniqueid: str = "x") -> tuple[str, Leg]:
    return CALL, Leg(channel, uniqueid, context, exten, bridge)


def stands(*legs: tuple[str, Leg], seat: str = "8001") -> Talk | None:
    return talk_of(seat, legs)


CITIZEN = leg("PJSIP/trunk-a-1", "hotline-queue", "s", "b1", uniqueid=CALL)
IN_ROOM = leg("PJSIP/trunk-a-1", "hotline-talk", "citizen", "room", uniqueid=CALL)
THIRD = "PJSIP/8002-3"


@pytest.mark.parametrize(
    ("legs", "stage"),
    [
        ([CITIZEN, leg("PJSIP/8001-2", "from-seat", "", "b1")], "talking"),
        ([IN_ROOM, leg("PJSIP/8001-2", "hotline-talk", "away")], "held"),
        ([IN_ROOM, leg("PJSIP/8001w-2", "hotline-talk", "dial"), leg(THIRD, "from-seat")], "dialling"),
        ([IN_ROOM, leg("PJSIP/8001-2", "hotline-talk", "dial", "b2"), leg(THIRD, "from-seat", "", "b2")], "consulting"),
        ([IN_ROOM, leg("PJSIP/8001-2", "hotline-talk", "room", "room")], "talking"),
        (
            [
                IN_ROOM,
                leg("PJSIP/8001-2", "hotline-talk", "room", "room"),
                leg(THIRD, "hotline-talk", "party", "room"),
            ],
            "three_way",
        ),
    ],
)
def test_how_a_talk_stands(legs: list[tuple[str, Leg]], stage: Stage) -> None:
    talk = stands(*legs)
    assert talk is not None
    assert talk.stage == stage
    assert talk.citizen.channel == "PJSIP/trunk-a-1"


def test_whom_the_agent_called_back_is_the_citizen_of_that_talk() -> None:
    talk = talk_of(
        "8001",
        [
            ("node1-callback-7", Leg("PJSIP/8001-2", "node1-callback-7", "hotline-callback", "s", "b1")),
            ("node1-callback-7", Leg("PJSIP/trunk-a-3", "y", "from-trunk", "", "b1")),
        ],
    )
    assert talk is not None
    assert talk.citizen.channel == "PJSIP/trunk-a-3"


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [leg("PJSIP/80011-2", "from-seat", "", "b1"), CITIZEN],
        [leg("PJSIP/8001-2", "from-seat"), CITIZEN],
        [leg("PJSIP/8001-2", "from-seat", "", "b1"), leg(THIRD, "from-seat", "", "b1")],
    ],
    ids=["no channel", "another seat", "ringing", "between seats"],
)
def test_without_a_citizen_on_the_line_there_is_no_talk(legs: list[tuple[str, Leg]]) -> None:
    assert stands(*legs) is None
    with pytest.raises(Refused, match="no talk"):
        check(stands(*legs), "hold")


DEEDS: tuple[Deed, ...] = ("hold", "resume", "dial", "complete", "merge", "drop")


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_not_possible_now_is_refused_with_the_reason(deed: Deed) -> None:
    held = stands(IN_ROOM, leg("PJSIP/8001-2", "hotline-talk", "away"))
    if deed in ALLOWED["held"]:
        assert check(held, deed) is held
    else:
        with pytest.raises(Refused, match="on hold"):
            check(held, deed)


def test_every_stage_has_a_way_on() -> None:
    # Whoever was called in by a colleague has one as well: they hang up.
    assert all(allowed for stage, allowed in ALLOWED.items() if stage not in {"asked", "joined"})


@pytest.mark.parametrize(
    ("kind", "number", "outside", "dialled"),
    [
        ("seat", "8002", False, "8002"),
        ("police", "whatever", False, "110"),
        ("unit", "010-6555 1234", False, "01065551234"),
        ("unit", "110", False, "110"),
        ("outside", "13900000001", True, "13900000001"),
    ],
)
def test_what_is_dialled_for_a_third(kind: str, number: str, dialled: str, *, outside: bool) -> None:
    listed = ("010-6555 1234",)
    found = target_number(kind, number, outside=outside, police="110", telephones=listed)  # type: ignore[arg-type]
    assert found == dialled


@pytest.mark.parametrize(
    ("kind", "number", "outside"),
    [
        ("outside", "13900000001", False),
        ("outside", "16812345", True),
        ("outside", "+14155550000", True),
        ("unit", "16812345", False),
        ("outside", "sip:a@b", True),
        ("outside", "1&PJSIP/8001", True),
        ("seat", "8002@trunk-x", False),
        ("unit", "", False),
        ("outside", "１３９００００００１", True),
    ],
)
def test_what_is_not_dialled(kind: str, number: str, *, outside: bool) -> None:
    with pytest.raises(Refused):
        target_number(kind, number, outside=outside, police="110", telephones=("16812345",))  # type: ignore[arg-type]


def call_of(lines: list[str]) -> CallRecord:
    record = interpret(None, [parse(text.encode()) for text in lines])
    assert record is not None
    return record


def test_the_call_keeps_whom_it_was_passed_to_and_how_that_went() -> None:
    call = Citizen().queued().answered()
    agent = {"uniqueid": f"{call.linkedid}-9", "channel": "PJSIP/8001-00000009", "context": "hotline-talk"}
    call.lines += [
        said("PARTY", 20, call.linkedid, "unit|01065551234|transfer", **agent),
        said("PARTY_DONE", 25, call.linkedid, "BUSY|17", **agent),
        said("PARTY", 30, call.linkedid, "police|110|three_way", **agent),
        said("JOINED", 33, call.linkedid, "", uniqueid="third", channel="PJSIP/trunk-a-4", context="hotline-talk"),
        said("PARTY", 40, call.linkedid, "<script>|';--|x", **agent),
    ]
    record = call_of(call.hangs_up(50).lines)
    assert [(one["kind"], one["who"], one["mode"], one["result"]) for one in record.parties] == [
        ("unit", "01065551234", "transfer", "busy"),
        ("police", "110", "three_way", "answered"),
        ("script", "", "consult", None),
    ]
    assert record.outcome == "answered"


@pytest.mark.parametrize("answered_again", [True, False])
def test_who_lost_their_agent_waits_as_if_they_had_just_come(*, answered_again: bool) -> None:
    call = Citizen().queued(5).answered(after=8)
    call.says("HELD", 20).says("AGENT_LOST", 30).says("QUEUED", 32)
    if answered_again:
        call.answered("8002", "1002", 40, channel="11")
    record = call_of(call.hangs_up(60).lines)
    assert record.queued_at
    assert (record.queued_at - record.started_at).total_seconds() == 32
    assert record.outcome == ("answered" if answered_again else "abandoned_queue")
    assert record.agent == ("1002" if answered_again else None)
    assert record.missed is not answered_again


def test_a_colleague_who_was_called_in_may_only_hang_up_until_the_talk_is_theirs() -> None:
    first = leg("PJSIP/8001-2", "hotline-talk", "dial", "b2")
    asked = stands(IN_ROOM, first, leg(THIRD, "from-seat", "", "b2"), seat="8002")
    joined = stands(
        IN_ROOM,
        leg("PJSIP/8001-2", "hotline-talk", "room", "room"),
        leg(THIRD, "hotline-talk", "party", "room"),
        seat="8002",
    )
    theirs = stands(IN_ROOM, leg(THIRD, "hotline-talk", "party", "room"), seat="8002")
    assert [talk and talk.stage for talk in (asked, joined, theirs)] == ["asked", "joined", "talking"]
    for talk, why in ((asked, "pass the citizen on"), (joined, "colleague's talk")):
        for deed in ("hold", "resume", "dial", "complete", "merge", "drop"):
            with pytest.raises(Refused, match=why):
                check(talk, deed)
    assert check(theirs, "hold") is theirs
