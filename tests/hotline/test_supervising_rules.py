"""What a supervisor may do: where they listen, whom they hear, who takes a caller; and what history makes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.asterisk.cel import CelEvent, Kind
from callcenter.hotline.rules import policy
from callcenter.hotline.rules import supervising as rules
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.calls import interpret
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.rules.seats import CALLBACK

T0 = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NAMES = {"1001": "Wang", "1002": "Li"}


def member(seat: str, agent: str, device: str = "not_in_use", reason: str | None = None) -> events.Member:
    return events.Member(
        f"PJSIP/{seat}",
        agent,
        device,
        paused=reason is not None,
        reason=reason or "",
        paused_since=None,
        in_call=False,
        last_call=None,
    )


def floor(*members: events.Member, waiting: int = 0) -> Floor:
    seats = ("8001", "8002", "8009")
    calls = tuple(
        events.Call(f"c{place}", f"PJSIP/lab-{place}", f"1380000000{place}", place, T0 + timedelta(seconds=place))
        for place in range(1, waiting + 1)
    )
    phones = dict.fromkeys(seats, True) | {"8002": False}
    return apply(empty(seats, timedelta(seconds=30)), events.FloorListed(T0, calls, members, phones))


def talking(at: Floor, seat: str, agent: str) -> Floor:
    return apply(at, events.AgentConnected(T0, "c9", f"PJSIP/{seat}", agent, "13800000009", waited=1, rang=1))


def test_a_supervisor_listens_at_the_seat_they_chose_before_their_own_before_the_one_of_the_settings() -> None:
    signed_in = floor(member("8001", "1001"))
    assert rules.phone_for(signed_in, "1001", "8009", "8001").seat == "8009"
    assert rules.phone_for(signed_in, "1001", None, "8009").seat == "8001"
    assert rules.phone_for(signed_in, None, None, "8009") == rules.Phone("8009", "PJSIP/8009")
    assert rules.phone_for(signed_in, None, None, "13900001111") == rules.Phone(number="13900001111")


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("8001", "taken by agent 1001"),
        ("8002", "not registered"),
        ("7777", "does not exist"),
        (None, "where you listen"),
    ],
)
def test_a_phone_that_cannot_be_rung_is_named(chosen: str | None, why: str) -> None:
    with pytest.raises(Refused, match=why):
        rules.phone_for(floor(member("8001", "1001")), "1002", chosen, "")


def test_a_phone_that_is_on_a_call_hears_no_other_talk() -> None:
    with pytest.raises(Refused, match="on a call"):
        rules.phone_for(talking(floor(member("8001", "1001")), "8001", "1001"), "1001", None, "")


def test_only_a_talk_is_heard() -> None:
    quiet = floor(member("8001", "1001"))
    for seat, agent, why in (("8001", None, "nobody talks"), (None, "1002", "not signed in"), ("9", None, "not exist")):
        with pytest.raises(Refused, match=why):
            rules.heard_seat(quiet, seat, agent)
    loud = talking(quiet, "8001", "1001")
    assert rules.heard_seat(loud, None, "1001").number == rules.heard_seat(loud, "8001", None).number == "8001"


def test_an_agent_on_a_break_or_in_wrap_up_can_take_a_caller_and_one_on_a_call_or_without_a_phone_cannot() -> None:
    assert rules.agent_for(floor(member("8001", "1001", reason="meal")), NAMES, "1001").number == "8001"
    assert rules.agent_for(floor(member("8001", "1001", reason="wrap_up")), NAMES, "1001").number == "8001"
    with pytest.raises(Refused, match="on a call"):
        rules.agent_for(talking(floor(member("8001", "1001")), "8001", "1001"), NAMES, "1001")
    with pytest.raises(Refused, match="not registered"):
        rules.agent_for(floor(member("8002", "1002")), NAMES, "1002")
    with pytest.raises(Refused, match="not signed in"):
        rules.agent_for(floor(), NAMES, "1002")
    with pytest.raises(Refused, match="does not exist"):
        rules.agent_for(floor(), NAMES, "6666")


def test_the_order_of_those_who_wait_changes_and_their_times_do_not() -> None:
    before = floor(waiting=3)
    after = apply(before, events.QueueOrdered(T0, ("PJSIP/lab-3", "PJSIP/lab-1", "PJSIP/lab-2")))
    assert [(call.linkedid, call.position) for call in after.waiting] == [("c3", 1), ("c1", 2), ("c2", 3)]
    assert {call.since for call in after.waiting} == {call.since for call in before.waiting}
    late = apply(before, events.QueueOrdered(T0, ("PJSIP/lab-2", "PJSIP/lab-gone")))
    assert [call.linkedid for call in late.waiting] == ["c2", "c1", "c3"], "whom the order does not name stays behind"


def test_a_talk_that_was_handed_over_is_over_when_the_phone_is_idle() -> None:
    kept = floor(member("8001", "1001", reason=CALLBACK))
    rung = apply(kept, events.AgentRang(T0, "c1", "PJSIP/8001", "1001", "13800000001"))
    rings = apply(rung, events.MemberChanged(T0, member("8001", "1001", "ringing", CALLBACK)))
    assert (rings.seats["8001"].state, rings.seats["8001"].caller) == ("ringing", "13800000001")
    busy = apply(rings, events.MemberChanged(T0, member("8001", "1001", "in_use", CALLBACK)))
    talks = apply(busy, events.AgentConnected(T0, "c1", "PJSIP/8001", "1001", "13800000001", waited=9, rang=0))
    assert talks.seats["8001"].state == "talking"
    idle = apply(talks, events.MemberChanged(T0, member("8001", "1001", "not_in_use", CALLBACK)))
    assert idle.seats["8001"].caller is None
    assert idle.seats["8001"].talking is None


# ---- The policy's steps, undone ----


CROWD = policy.Facts(waiting=3, oldest=T0, reserves=(policy.Reserve("zhang"),), breaks=(policy.Break("1002", "rest"),))


def test_what_a_supervisor_undid_is_left_alone_until_the_crowd_is_over_and_then_not_any_more() -> None:
    limits = policy.Thresholds(hold_seconds=0)
    state, steps = policy.decide(policy.begin(T0), CROWD, T0, limits)
    assert {step.word for step in steps} >= {"join_reserve", "call_back_break"}
    state = policy.undo(policy.undo(state, "join_reserve", "zhang"), "call_back_break", "1002")
    assert not state.called_back
    state, steps = policy.decide(state, CROWD, T0 + timedelta(minutes=1), limits)
    assert not steps
    quiet = replace(CROWD, waiting=0, oldest=None)
    for minute in range(2, 6):
        state, _ = policy.decide(state, quiet, T0 + timedelta(minutes=minute), limits)
    assert (state.level, state.spared) == (policy.Level.CALM, frozenset())
    _, steps = policy.decide(state, CROWD, T0 + timedelta(minutes=9), limits)
    assert {step.word for step in steps} >= {"join_reserve", "call_back_break"}


# ---- History ----


def cel(kind: Kind, seconds: float, channel: str = "PJSIP/lab-1", call: str = "n-1.0", **more: str) -> CelEvent:
    detail, word = more.get("detail", ""), more.get("word", "")
    unique = more.get("unique", call)
    return CelEvent(
        kind=kind, at=T0 + timedelta(seconds=seconds), channel=channel, uniqueid=unique, linkedid=call,
        context="hotline-inbound", number="13800000001", word=word, detail=detail,
    )  # fmt: skip


def test_a_caller_handed_over_was_answered_by_that_agent_when_the_two_were_joined() -> None:
    record = interpret(
        None,
        [
            cel(Kind.CHANNEL_STARTED, 0),
            cel(Kind.SAID, 0, word="ENTERED", detail="13800000001|12345"),
            cel(Kind.SAID, 5, word="QUEUED", detail="2026/11/24/n-1.0.wav"),
            cel(Kind.SAID, 30, word="QUEUE_LEFT", detail="WITHDRAW"),
            cel(Kind.SAID, 30, word="HANDED_OVER", detail="n-hand-over-7|1003|8003"),
            cel(Kind.BRIDGE_ENTERED, 30.1, detail="b1"),
            cel(Kind.SAID, 60, word="QUEUE_LEFT", detail="CONTINUE"),
            cel(Kind.SAID, 65, word="RATING", detail="5"),
            cel(Kind.HUNG_UP, 66, detail="dialplan"),
        ],
    )
    assert record
    assert (record.outcome, record.agent, record.seat, record.rating) == ("answered", "1003", "8003", 5)
    assert record.answered_at == T0 + timedelta(seconds=30.1)
    assert record.left_queue_at == T0 + timedelta(seconds=30)
    assert (record.recording, record.cut) == ("2026/11/24/n-1.0.wav", False)


def test_a_caller_who_was_moved_to_a_desk_and_back_waited_once() -> None:
    record = interpret(
        None,
        [
            cel(Kind.CHANNEL_STARTED, 0),
            cel(Kind.SAID, 0, word="ENTERED", detail="13800000001|12345"),
            cel(Kind.SAID, 5, word="QUEUED", detail=""),
            cel(Kind.SAID, 30, word="MOVED", detail="english"),
            cel(Kind.SAID, 50, word="MOVED", detail=""),
            cel(Kind.SAID, 70, word="QUEUE_LEFT", detail="TIMEOUT"),
            cel(Kind.HUNG_UP, 75, detail="dialplan"),
        ],
    )
    assert record
    assert (record.outcome, record.missed) == ("unanswered", True)
    assert (record.queued_at, record.left_queue_at) == (T0 + timedelta(seconds=5), T0 + timedelta(seconds=70))


def test_a_caller_whose_agent_was_gone_in_that_moment_is_missed_and_owed() -> None:
    record = interpret(
        None,
        [
            cel(Kind.CHANNEL_STARTED, 0),
            cel(Kind.SAID, 0, word="ENTERED", detail="13800000001|12345"),
            cel(Kind.SAID, 5, word="QUEUED", detail=""),
            cel(Kind.SAID, 30, word="QUEUE_LEFT", detail="WITHDRAW"),
            cel(Kind.SAID, 30, word="HANDED_OVER", detail="n-hand-over-7|1003|8003"),
            cel(Kind.SAID, 30, word="QUEUE_LEFT", detail="NOBODY"),
            cel(Kind.HUNG_UP, 36, detail="dialplan"),
        ],
    )
    assert record
    assert (record.outcome, record.missed, record.answered_at) == ("unanswered", True, None)


@pytest.mark.parametrize("name", ["node1-listen-1795835547000", "node1-hand-over-1795835547000"])
def test_a_phone_that_listens_or_rings_for_another_is_no_call_of_its_own(name: str) -> None:
    assert interpret(None, [cel(Kind.CHANNEL_STARTED, 0, "PJSIP/8009-00000001", name)]) is None
