"""A colleague who is called about a citizen, and to whom the citizen is passed on: what their seat shows meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.hotline.rules import agents
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.rules.seats import Party

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CITIZEN = Party("c1", "13800000001")
_IDLE = {"paused": False, "reason": "", "paused_since": None, "in_call": False, "last_call": None}
FIRST, SECOND = (events.Member(f"PJSIP/800{n}", f"100{n}", "not_in_use", **_IDLE) for n in (1, 2))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def changed(member: events.Member, device: str, **more: object) -> events.MemberChanged:
    return events.MemberChanged(at(20), replace(member, device=device, **more))


def talk(stage: str, kind: str = "seat", result: str = "", seat: str = "8001", who: str = "8002") -> events.TalkChanged:
    return events.TalkChanged(at(10), "c1", seat, stage, kind, who, result)


def floor(second: events.Member = SECOND) -> Floor:
    """The first agent talks with a citizen; the second is free, or as given."""
    there = events.FloorListed(NOW, (), (FIRST, second), {"8001": True, "8002": True})
    begun = events.AgentConnected(at(1), "c1", "PJSIP/8001", "1001", CITIZEN.caller, waited=1, rang=1)
    return play(empty(["8001", "8002"], timedelta(seconds=15)), there, begun, changed(FIRST, "in_use", in_call=True))


def play(before: Floor, *heard: events.AnyEvent) -> Floor:
    for event in heard:
        before = apply(before, event)
    return before


def shown(now: Floor) -> tuple[str, str | None, str]:
    """State, caller and part of the colleague."""
    seat = now.seats["8002"]
    return seat.state, seat.caller, seat.aside.stage if seat.aside else ""


RINGS, ANSWERS, HANGS_UP = (changed(SECOND, device) for device in ("busy", "in_use", "not_in_use"))
FIRST_GOES = events.AgentCompleted(at(30), "c1", "PJSIP/8001", "1001", talked=29, by="agent")


def test_who_asks_first_and_then_passes_the_citizen_on() -> None:
    now, seen = floor(), []
    for event in (talk("dialling"), RINGS, ANSWERS, talk("consulting"), talk("passed")):
        now = apply(now, event)
        seen.append(shown(now))
    rings = ("ringing", CITIZEN.caller, "offered")
    assert seen[1] == rings
    assert seen[3] == ("talking", CITIZEN.caller, "asked")
    assert seen[4] == ("talking", CITIZEN.caller, "")
    assert now.seats["8002"].party == CITIZEN


def test_who_passes_the_citizen_on_at_once() -> None:
    now = play(floor(), talk("dialling"), RINGS, FIRST_GOES, ANSWERS, talk("passed"))
    assert shown(now) == ("talking", CITIZEN.caller, "")


def test_three_and_then_the_first_leaves() -> None:
    now = play(floor(), talk("dialling"), RINGS, ANSWERS, talk("three_way"))
    assert shown(now) == ("talking", CITIZEN.caller, "joined")
    assert shown(apply(now, changed(FIRST, "not_in_use"))) == ("talking", CITIZEN.caller, "")


def test_a_third_outside_who_is_passed_the_citizen_changes_no_seat() -> None:
    before = play(floor(), talk("dialling", "unit", who="13900000001"))
    assert apply(before, talk("passed", "unit", who="13900000001")) is before


def test_wrap_up_follows_for_whoever_was_alone_with_the_citizen() -> None:
    before = play(floor(), talk("dialling"), RINGS, ANSWERS, talk("passed"), FIRST_GOES)
    after = apply(before, HANGS_UP)
    assert shown(after) == ("wrap_up", None, "")
    assert agents.decide(before, HANGS_UP, after) == [agents.BeginWrapUp("PJSIP/8002")]


@pytest.mark.parametrize("stage", ["consulting", "three_way"])
def test_none_follows_for_whoever_was_only_asked(stage: str) -> None:
    before = play(floor(), talk("dialling"), RINGS, ANSWERS, talk(stage))
    after = apply(before, HANGS_UP)
    assert shown(after) == ("ready", None, "")
    assert not agents.decide(before, HANGS_UP, after)


def test_none_follows_for_a_phone_that_rang_in_vain() -> None:
    before = play(floor(), talk("dialling"), RINGS)
    after = apply(before, HANGS_UP)
    assert shown(after) == ("ready", None, "")
    assert not agents.decide(before, HANGS_UP, after)


def test_a_break_goes_on_afterwards() -> None:
    away = replace(SECOND, paused=True, reason="rest")
    now = play(floor(away), talk("dialling"), changed(away, "busy"))
    assert shown(now) == ("ringing", CITIZEN.caller, "offered")
    before = play(now, changed(away, "in_use"), talk("passed"))
    after = apply(before, changed(away, "not_in_use"))
    assert shown(after) == ("break", None, "")
    assert not agents.decide(before, changed(away, "not_in_use"), after)


def test_a_colleague_who_was_not_reached_is_shown_nothing() -> None:
    before = apply(floor(), talk("dialling"))
    assert shown(before)[:2] == ("ready", None), "a phone that does not ring yet shows nobody"
    after = apply(before, talk("talking", result="BUSY|17"))
    assert (shown(after), after.seats["8002"].passed) == (("ready", None, ""), None)


def test_who_has_a_caller_of_their_own_keeps_them() -> None:
    rang = events.AgentRang(at(9), "c2", "PJSIP/8002", "1002", "13800000002")
    now = play(floor(), rang, talk("dialling"))
    assert (shown(now)[1], now.seats["8002"].passed) == ("13800000002", None)


def test_a_colleague_who_takes_the_citizen_back_from_hold_keeps_them() -> None:
    now = play(floor(), talk("dialling"), RINGS, ANSWERS, talk("passed"), FIRST_GOES)
    now = play(now, talk("held", "", seat="8002", who=""), talk("talking", seat="8002", who="8002"))
    assert shown(now) == ("talking", CITIZEN.caller, "")


def test_a_citizen_may_be_passed_on_again() -> None:
    third = replace(FIRST, interface="PJSIP/8003", agent="1003")
    everyone = events.FloorListed(NOW, (), (FIRST, SECOND, third), dict.fromkeys(("8001", "8002", "8003"), True))
    begun = events.AgentConnected(at(1), "c1", "PJSIP/8001", "1001", CITIZEN.caller, waited=1, rang=1)
    now = play(empty(["8001", "8002", "8003"], timedelta(0)), everyone, begun)
    now = play(now, talk("dialling"), RINGS, ANSWERS, talk("passed"), FIRST_GOES)
    now = play(now, talk("dialling", seat="8002", who="8003"), changed(third, "busy"))
    assert now.seats["8003"].party == CITIZEN


def test_what_was_known_survives_a_lost_link_while_the_call_does() -> None:
    now = play(floor(), talk("dialling"), RINGS, ANSWERS, talk("passed"), FIRST_GOES, events.Disconnected(at(40)))
    for device, there in (("in_use", CITIZEN), ("not_in_use", None)):
        listed = events.FloorListed(at(41), (), (FIRST, replace(SECOND, device=device)), {"8001": True, "8002": True})
        assert apply(now, listed).seats["8002"].party == there
