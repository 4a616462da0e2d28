"""The floor's rules as dialogues: what Asterisk says on the left, what the floor then shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.hotline.rules import agents
from callcenter.hotline.rules.floor import Floor, apply, empty, expire
from callcenter.hotline.rules.seats import seat_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MEMBER = events.Member(
    interface="PJSIP/8001",
    agent="1001",
    device="not_in_use",
    paused=False,
    reason="",
    paused_since=None,
    in_call=False,
    last_call=None,
)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def signed_in(**member: object) -> Floor:
    floor = empty(["8001", "8002"], timedelta(seconds=15))
    listed = events.FloorListed(
        NOW, waiting=(), members=(replace(MEMBER, **member),), phones={"8001": True, "8001w": False, "8002": False}
    )
    return apply(floor, listed)


def play(floor: Floor, *heard: events.AnyEvent) -> Floor:
    for event in heard:
        floor = apply(floor, event)
    return floor


def changed(seconds: float, **member: object) -> events.MemberChanged:
    return events.MemberChanged(at(seconds), replace(MEMBER, **member))


RANG = events.AgentRang(at(1), "c1", "PJSIP/8001", "1001", "13800000001")
CONNECTED = events.AgentConnected(at(3), "c1", "PJSIP/8001", "1001", "13800000001", waited=3, rang=2)
COMPLETED = events.AgentCompleted(at(60), "c1", "PJSIP/8001", "1001", talked=57, by="agent")


def test_a_call_takes_a_seat_through_every_state() -> None:
    floor = signed_in()
    states = [floor.seats["8001"].state]
    for event in (RANG, CONNECTED, COMPLETED, changed(60.1, paused=True, reason="wrap_up"), changed(75, paused=False)):
        floor = apply(floor, event)
        states.append(floor.seats["8001"].state)
    assert states == ["ready", "ringing", "talking", "wrap_up", "wrap_up", "ready"]
    assert floor.seats["8001"].since == at(75)


def test_a_phone_that_rang_in_vain_is_not_shown_as_talking() -> None:
    silent = events.AgentDidNotAnswer(at(15), "c1", "PJSIP/8001", "1001", rang=15)
    floor = play(signed_in(), RANG, changed(1, device="busy"), silent)
    assert floor.seats["8001"].state == "ready"


def test_time_in_a_state_does_not_start_again_when_the_phone_repeats_itself() -> None:
    floor = play(signed_in(), RANG, CONNECTED, changed(10, device="in_use", in_call=True), changed(20, device="in_use"))
    assert floor.seats["8001"].since == at(3)
    assert floor.seats["8001"].caller == "13800000001"


def test_a_talk_that_ended_is_not_shown_until_the_member_itself_says_so() -> None:
    floor = play(signed_in(), RANG, CONNECTED, changed(4, in_call=True, device="in_use"), COMPLETED)
    assert floor.seats["8001"].state == "wrap_up"
    assert floor.seats["8001"].until == at(75)


def test_a_break_asked_for_during_a_talk_follows_it() -> None:
    floor = play(signed_in(), RANG, CONNECTED, changed(5, paused=True, reason="meal", in_call=True))
    assert floor.seats["8001"].state == "talking"
    floor = apply(floor, COMPLETED)
    assert (floor.seats["8001"].state, floor.seats["8001"].reason) == ("break", "meal")


@pytest.mark.parametrize(
    ("member", "shown"),
    [
        ({"paused": True, "reason": "Auto-Pause"}, ("break", "no_answer")),
        ({"paused": True, "reason": "training"}, ("break", "training")),
        ({"paused": True, "reason": "wrap_up", "paused_since": at(-5)}, ("wrap_up", None)),
        ({"device": "unavailable"}, ("break", "phone_offline")),
        ({"device": "in_use"}, ("talking", None)),
        ({"in_call": True}, ("talking", None)),
    ],
)
def test_a_listing_alone_tells_the_state(member: dict[str, object], shown: tuple[str, str | None]) -> None:
    seat = signed_in(**member).seats["8001"]
    assert (seat.state, seat.reason) == shown


def test_wrap_up_found_after_a_restart_ends_when_it_would_have() -> None:
    floor = signed_in(paused=True, reason="wrap_up", paused_since=at(-5))
    assert agents.next_due(floor) == at(10)
    assert agents.due(floor, at(9)) == []
    assert agents.due(floor, at(10)) == [agents.EndWrapUp("PJSIP/8001")]


def test_a_wrap_up_that_asterisk_never_paused_ends_by_time_alone() -> None:
    floor = play(signed_in(), RANG, CONNECTED, COMPLETED)
    assert expire(floor, at(74)).seats["8001"].state == "wrap_up"
    assert expire(floor, at(75)).seats["8001"].state == "ready"


def test_the_end_of_a_talk_begins_wrap_up() -> None:
    before = play(signed_in(), RANG, CONNECTED)
    after = apply(before, COMPLETED)
    assert agents.decide(before, COMPLETED, after) == [agents.BeginWrapUp("PJSIP/8001")]


def test_a_phone_that_is_gone_makes_its_agent_unavailable_and_its_return_ready() -> None:
    floor = apply(signed_in(), events.PhoneChanged(at(1), "8001", reachable=False))
    assert (floor.seats["8001"].state, floor.seats["8001"].reason) == ("break", "phone_offline")
    floor = apply(floor, events.PhoneChanged(at(2), "8001", reachable=True))
    assert floor.seats["8001"].state == "ready"


def test_the_browser_phone_takes_over_when_it_is_the_one_that_is_there() -> None:
    before = apply(signed_in(), events.PhoneChanged(at(1), "8001", reachable=False))
    event = events.PhoneChanged(at(2), "8001w", reachable=True)
    after = apply(before, event)
    assert agents.decide(before, event, after) == [agents.MovePhone(after.seats["8001"].member, "PJSIP/8001w")]
    # the old phone's removal must not sign the agent out
    moved = play(after, changed(3, interface="PJSIP/8001w"), events.MemberRemoved(at(3), "PJSIP/8001", "1001"))
    assert moved.seats["8001"].agent == "1001"


def test_waiting_callers_keep_their_order_and_move_up() -> None:
    floor = signed_in()
    for place, channel in enumerate(["a", "b", "c"], start=1):
        floor = play(
            floor,
            events.CallerEntered(at(place), f"l{channel}", channel, "139"),
            events.CallerJoined(at(place), f"l{channel}", channel, "139", place),
        )
    assert [call.channel for call in floor.waiting] == ["a", "b", "c"]
    assert not floor.greeting
    floor = apply(floor, events.CallerLeft(at(9), "la", "a", abandoned=False))
    assert [(call.channel, call.position) for call in floor.waiting] == [("b", 1), ("c", 2)]
    assert floor.max_waiting_seen == 3


def test_events_that_a_listing_already_saw_change_nothing() -> None:
    joined = events.CallerJoined(at(1), "la", "a", "139", 1)
    once = play(signed_in(), joined)
    twice = play(once, joined)
    assert [call.channel for call in twice.waiting] == ["a"]
    gone = events.CallerGone(at(2), "la", "a")
    assert play(twice, gone, gone).waiting == ()


def test_a_lost_link_is_shown_and_a_listing_ends_it() -> None:
    floor = apply(signed_in(), events.Disconnected(at(1)))
    assert not floor.connected
    listed = events.FloorListed(at(2), (), (MEMBER,), {"8001": True})
    assert apply(floor, listed).connected


def test_strangers_change_no_seat() -> None:
    floor = signed_in()
    stranger = events.MemberChanged(at(1), replace(MEMBER, interface="PJSIP/9999"))
    after = play(floor, stranger, events.PhoneChanged(at(1), "x", reachable=True))
    assert replace(after, others={}) == floor


@pytest.mark.parametrize(
    ("agent", "seat", "why"),
    [
        ("9999", "8001", "does not exist"),
        ("1002", "8001", "taken by agent 1001"),
        ("1001", "8002", "signed in at seat 8001"),
        ("1002", "7000", "seats are 8001 to 8002"),
    ],
)
def test_sign_in_refuses_with_the_reason(agent: str, seat: str, why: str) -> None:
    with pytest.raises(agents.Refused, match=why):
        agents.sign_in(signed_in(), {"1001": "甲", "1002": "乙"}, agent, seat)


def test_sign_in_names_the_phone_that_is_there() -> None:
    floor = apply(signed_in(), events.PhoneChanged(at(1), "8002w", reachable=True))
    assert agents.sign_in(floor, {"1002": "乙"}, "1002", "8002") == "PJSIP/8002w"


def test_both_phones_of_a_seat_belong_to_it() -> None:
    assert seat_of("PJSIP/8001w") == seat_of("8001") == "8001"


def test_a_member_at_no_seat_is_known_and_makes_no_seat() -> None:
    reserve = replace(MEMBER, interface="Local/reserve1@hotline-reserve/n", agent="reserve1")
    floor = play(signed_in(), events.MemberChanged(at(1), reserve))
    assert floor.others == {reserve.interface: reserve}
    assert set(floor.seats) == {"8001", "8002"}
    assert apply(floor, events.MemberRemoved(at(2), reserve.interface, "reserve1")).others == {}
    listed = events.FloorListed(at(3), waiting=(), members=(reserve, MEMBER), phones={"8001": True})
    assert list(apply(signed_in(), listed).others) == [reserve.interface]
