"""Special desks 专席: who sits at them, who may be moved there, and a caller between two queues, as dialogues."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.hotline.rules import desks as rules
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.desks import Desk, JoinDesk, LeaveDesk, PauseAsBefore
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.wallboard import desks_section, queue_section

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
ENGLISH = Desk("english", "英语专席", agents=("1003",))
FIRMS = Desk("firms", "企业专席", seats=("8002",))
DESKS = (ENGLISH, FIRMS)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def member(seat: str, agent: str, *, paused: bool = False) -> events.Member:
    return events.Member(
        f"PJSIP/{seat}",
        agent,
        "not_in_use",
        paused=paused,
        reason="meal" if paused else "",
        paused_since=None,
        in_call=False,
        last_call=None,
    )


def listed(*members: events.Member, at_desks: Sequence[tuple[str, events.Member]] = ()) -> events.FloorListed:
    return events.FloorListed(
        NOW,
        waiting=(),
        members=members,
        phones=dict.fromkeys(("8001", "8002", "8003"), True),
        at_desks={(desk, one.interface): one for desk, one in at_desks},
    )


def after(*heard: events.AnyEvent) -> Floor:
    floor = empty(["8001", "8002", "8003"], timedelta(seconds=15))
    for event in heard:
        floor = apply(floor, event)
    return floor


def decided(before: Floor, event: events.AnyEvent, desks: Sequence[Desk] = DESKS) -> list[rules.Command]:
    return rules.decide(desks, before, event, apply(before, event))


def joined(call: int, seconds: float, position: int, **more: object) -> events.CallerJoined:
    return events.CallerJoined(at(seconds), f"c{call}", f"PJSIP/lab-{call}", f"1380000000{call}", position, **more)  # type: ignore[arg-type]


def line(floor: Floor) -> list[tuple[str, str, int]]:
    return [(call.linkedid, call.desk, call.position) for call in floor.waiting]


def left(call: int, seconds: float) -> events.CallerLeft:
    """What Asterisk says of a caller who hangs up, and of one who is moved."""
    return events.CallerLeft(at(seconds), f"c{call}", f"PJSIP/lab-{call}", abandoned=True)


def moving(call: int, seconds: float, *, begun: bool) -> events.CallerMoving:
    return events.CallerMoving(at(seconds), f"PJSIP/lab-{call}", begun=begun)


# ---- Who sits at a desk ----------------------------------------------------------------------------------------------


def test_whoever_signs_in_as_a_desks_agent_or_at_its_seat_joins_it_and_nobody_else() -> None:
    nobody = after(listed())
    assert decided(nobody, events.MemberChanged(at(1), member("8001", "1003"))) == [JoinDesk("english", "PJSIP/8001")]
    assert decided(nobody, events.MemberChanged(at(1), member("8002", "1001"))) == [JoinDesk("firms", "PJSIP/8002")]
    assert decided(nobody, events.MemberChanged(at(1), member("8001", "1001"))) == []


def test_a_reserve_on_a_telephone_sits_at_the_desk_of_their_name() -> None:
    telephone = replace(member("8001", "1003"), interface="Local/1003@hotline-reserve/n")
    assert decided(after(listed()), events.MemberChanged(at(1), telephone)) == [
        JoinDesk("english", "Local/1003@hotline-reserve/n")
    ]


def test_what_a_member_does_orders_nothing_a_second_time() -> None:
    there = after(listed(member("8001", "1003"), at_desks=[("english", member("8001", "1003"))]))
    assert decided(there, events.MemberChanged(at(1), member("8001", "1003", paused=True))) == []
    ordered = after(listed(), events.MemberChanged(at(1), member("8001", "1003")))
    assert decided(ordered, events.MemberChanged(at(2), member("8001", "1003"))) == []


def test_whoever_signs_out_leaves_the_desk() -> None:
    there = after(listed(member("8001", "1003"), at_desks=[("english", member("8001", "1003"))]))
    assert rules.desks_of(there, "PJSIP/8001") == ["english"]
    assert decided(there, events.MemberRemoved(at(1), "PJSIP/8001", "1003")) == [LeaveDesk("english", "PJSIP/8001")]
    gone = apply(there, events.DeskMemberRemoved(at(1), "english", "PJSIP/8001"))
    assert decided(gone, events.MemberRemoved(at(2), "PJSIP/8001", "1003")) == [], "they have left it already"


def test_an_agent_whose_phone_is_another_joins_with_it_before_the_old_one_leaves() -> None:
    there = after(listed(member("8001", "1003"), at_desks=[("english", member("8001", "1003"))]))
    web = replace(member("8001", "1003"), interface="PJSIP/8001w")
    assert decided(there, events.MemberChanged(at(1), web)) == [
        JoinDesk("english", "PJSIP/8001w"),
        LeaveDesk("english", "PJSIP/8001"),
    ]


def test_a_listing_mends_what_went_amiss_while_nobody_commanded() -> None:
    amiss = listed(
        member("8001", "1003"),
        member("8003", "1004", paused=True),
        at_desks=[("english", member("8003", "1004")), ("french", member("8001", "1003"))],
    )
    french_now = replace(ENGLISH, agents=("1003", "1004"))
    assert decided(after(), amiss, (french_now,)) == [
        JoinDesk("english", "PJSIP/8001"),
        LeaveDesk("french", "PJSIP/8001"),
        PauseAsBefore("PJSIP/8003"),
    ]


def test_without_desks_nothing_is_ever_ordered() -> None:
    assert decided(after(listed()), events.MemberChanged(at(1), member("8001", "1003")), ()) == []
    assert decided(after(), listed(member("8001", "1003")), ()) == []


# ---- Who may be moved ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "to", "why"),
    [
        (1, "french", "there is no desk french"),
        (1, "firms", "nobody is signed in at the desk 企业专席"),
        (1, "", "waits in the general queue already"),
        (2, "english", "waits for the desk 英语专席 already"),
        (3, "english", "is being moved already"),
    ],
)
def test_a_move_that_cannot_be_says_why(call: int, to: str, why: str) -> None:
    floor = after(
        listed(member("8001", "1003"), at_desks=[("english", member("8001", "1003"))]),
        joined(1, 1, 1),
        joined(2, 2, 1, desk="english"),
        joined(3, 3, 2),
        moving(3, 4, begun=True),
    )
    waiting = next(one for one in floor.waiting if one.linkedid == f"c{call}")
    with pytest.raises(Refused, match=why):
        rules.checked_move(floor, DESKS, waiting, to)


def test_a_desk_whose_agent_is_on_a_break_takes_callers_and_one_whose_phone_is_gone_does_not() -> None:
    resting = member("8001", "1003", paused=True)
    floor = after(listed(resting, at_desks=[("english", resting)]), joined(1, 1, 1))
    rules.checked_move(floor, DESKS, floor.waiting[0], "english")
    assert desks_section(floor, DESKS)[0] == {"name": "english", "label": "英语专席", "agents": ["1003"]}
    gone = apply(floor, events.PhoneChanged(at(2), "8001", reachable=False))
    with pytest.raises(Refused, match="nobody is signed in"):
        rules.checked_move(gone, DESKS, gone.waiting[0], "english")


# ---- On the floor ----------------------------------------------------------------------------------------------------


def test_who_is_moved_waits_all_the_while_with_the_time_that_they_have_waited() -> None:
    floor = after(listed(), joined(1, 1, 1), joined(2, 2, 2), joined(3, 3, 3), moving(2, 10, begun=True), left(2, 10.1))
    assert len(floor.waiting) == 3, "between two queues they wait all the same"
    floor = apply(floor, joined(2, 10.2, 1, desk="english", since=at(2.05)))
    floor = apply(floor, moving(2, 10.3, begun=False))
    assert line(floor) == [("c1", "", 1), ("c3", "", 2), ("c2", "english", 1)]
    assert [call.since for call in floor.waiting] == [at(1), at(3), at(2.05)]
    assert floor.max_waiting_seen == 3
    rows = queue_section(floor, limit=5, most=4)["waiting"]
    assert [row["desk"] for row in rows] == [None, None, "english"]


def test_who_hangs_up_while_they_are_moved_waits_no_more() -> None:
    between = after(listed(), joined(1, 1, 1), moving(1, 2, begun=True), left(1, 2.1))
    gone = apply(between, events.CallerGone(at(2.2), "c1", "PJSIP/lab-1"))
    assert gone.waiting == ()
    assert apply(gone, moving(1, 2.3, begun=False)).waiting == ()


def test_whom_an_agent_was_quicker_for_than_the_move_waits_no_more() -> None:
    between = after(listed(member("8001", "1003")), joined(1, 1, 1), moving(1, 2, begun=True), left(1, 2.1))
    talking = apply(between, events.AgentConnected(at(2.2), "c1", "PJSIP/8001", "1003", "138", waited=1, rang=1))
    assert talking.waiting == ()
    settled = apply(between, moving(1, 4, begun=False))
    assert settled.waiting == (), "nothing came of the move, and they are in no queue: they left by key"


def test_a_move_that_came_to_nothing_leaves_them_where_they_were() -> None:
    floor = after(listed(), joined(1, 1, 1), moving(1, 2, begun=True), moving(1, 4, begun=False))
    assert line(floor) == [("c1", "", 1)]
    assert not floor.waiting[0].moving
    assert apply(floor, left(1, 5)).waiting == ()


def test_each_line_is_put_into_its_own_order() -> None:
    floor = after(listed(), joined(1, 1, 1), joined(2, 2, 2), joined(3, 3, 1, desk="english"))
    floor = apply(floor, events.QueueOrdered(at(4), ("PJSIP/lab-2", "PJSIP/lab-1")))
    assert line(floor) == [("c2", "", 1), ("c1", "", 2), ("c3", "english", 1)]
