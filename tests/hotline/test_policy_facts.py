"""The floor as the queue policy sees it: who may be asked for more, and what its changes teach about the load."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callcenter.asterisk import events
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.rules.policy import Break, Facts, Reserve, WrapUp
from callcenter.hotline.rules.policy_facts import Standby, Watch, facts, seen, settled
from callcenter.hotline.rules.prediction import Window

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FOREMAN = Standby("banzhang", "8003")
PHONE = Standby("zhiban")
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


def member(interface: str, agent: str, **more: Any) -> events.Member:  # noqa: ANN401
    return replace(MEMBER, interface=interface, agent=agent, **more)


def floor(*members: events.Member, waiting: tuple[events.Call, ...] = ()) -> Floor:
    phones = dict.fromkeys(("8001", "8002", "8003"), True)
    listed = events.FloorListed(NOW, waiting=waiting, members=members, phones=phones)
    return apply(empty(phones, timedelta(seconds=15)), listed)


def call(number: int, seconds: float, caller: str = "") -> events.Call:
    return events.Call(f"c{number}", f"PJSIP/lab-{number}", caller or f"1380000000{number}", number, at(seconds))


def look(shown: Floor, seconds: float = 0, **more: Any) -> Facts:  # noqa: ANN401
    return facts(shown, at(seconds), Window(NOW), standbys=(FOREMAN, PHONE), **more)


def test_those_who_wait_are_counted_from_the_first() -> None:
    found = look(floor(member("PJSIP/8001", "1001", device="in_use"), waiting=(call(1, -20), call(2, -5))))
    assert (found.waiting, found.oldest, found.free) == (2, at(-20), 0)


def test_a_test_dial_is_no_citizen() -> None:
    found = look(floor(waiting=(call(1, -20, "19900000000"), call(2, -5))), no_citizen="19900000000")
    assert (found.waiting, found.oldest) == (1, at(-5))


def test_wrap_ups_are_those_that_a_command_can_end() -> None:
    held = member("PJSIP/8001", "1001", paused=True, reason="wrap_up", paused_since=at(-9))
    assert look(floor(held)).wrap_ups == (WrapUp("8001", at(-9), "1001"),)
    over = apply(
        floor(member("PJSIP/8001", "1001")), events.AgentCompleted(at(0), "c", "PJSIP/8001", "1001", 5, "agent")
    )
    assert over.seats["8001"].state == "wrap_up"
    assert look(over).wrap_ups == (), "Asterisk holds no pause yet that could be ended"


def test_breaks_are_named_with_their_reason() -> None:
    assert look(floor(member("PJSIP/8001", "1001", paused=True, reason="meal"))).breaks == (Break("1001", "meal"),)


def test_a_reserve_at_a_seat_is_available_while_the_phone_is_there_and_the_seat_is_free() -> None:
    assert look(floor()).reserves == (Reserve("banzhang"), Reserve("zhiban"))
    gone = apply(floor(), events.PhoneChanged(at(0), "8003", reachable=False))
    assert look(gone).reserves[0] == Reserve("banzhang", available=False)
    taken = floor(member("PJSIP/8003", "1003"))
    assert look(taken).reserves[0] == Reserve("banzhang", available=False)
    elsewhere = floor(member("PJSIP/8002", "banzhang"))
    assert look(elsewhere).reserves[0] == Reserve("banzhang", available=False)


def test_a_reserve_who_signed_in_by_themselves_has_not_joined() -> None:
    here = floor(member("PJSIP/8003", "banzhang"))
    assert look(here).reserves[0] == Reserve("banzhang", joined=False, available=False)
    assert look(here, called_in={"banzhang"}).reserves[0] == Reserve("banzhang", joined=True, available=False)


def test_a_reserve_on_a_telephone_is_idle_when_it_has_no_call() -> None:
    for device, idle in (("not_in_use", True), ("unknown", True), ("in_use", False), ("ringing", False)):
        joined = floor(member(PHONE.telephone, "zhiban", device=device))
        assert look(joined, called_in={"zhiban"}).reserves[1] == Reserve(
            "zhiban", joined=True, available=False, idle=idle
        )
        assert look(joined).free == idle


def test_the_wait_is_predicted_from_those_at_work() -> None:
    busy = floor(member("PJSIP/8001", "1001", in_call=True), waiting=(call(1, -5),))
    assert look(busy).predicted_wait == 300.0
    away = floor(member("PJSIP/8001", "1001", paused=True, reason="meal"), waiting=(call(1, -5),))
    assert look(away).predicted_wait is None


def play(watch: Watch, before: Floor, *heard: events.AnyEvent) -> tuple[Watch, Floor]:
    for event in heard:
        after = apply(before, event)
        watch = seen(watch, before, after, event.at)
        before = after
    return watch, before


def joined(number: int, seconds: float) -> events.CallerJoined:
    return events.CallerJoined(at(seconds), f"c{number}", f"ch{number}", "138", number)


def left(number: int, seconds: float) -> events.CallerLeft:
    return events.CallerLeft(at(seconds), f"c{number}", f"ch{number}", abandoned=False)


def test_a_call_is_handled_from_the_answer_to_the_end_of_wrap_up() -> None:
    watch, _ = play(
        Watch(Window(NOW)),
        floor(MEMBER),
        joined(1, 1),
        events.AgentRang(at(2), "c1", "PJSIP/8001", "1001", "138"),
        left(1, 5),
        events.AgentConnected(at(5), "c1", "PJSIP/8001", "1001", "138", waited=4, rang=3),
        events.AgentCompleted(at(65), "c1", "PJSIP/8001", "1001", talked=60, by="agent"),
        events.MemberChanged(at(65.2), replace(MEMBER, paused=True, reason="wrap_up")),
        events.MemberChanged(at(80), MEMBER),
    )
    assert watch.window.arrivals == (at(1),)
    assert watch.window.calls == ((at(80), 75.0),)
    assert watch.window.waits == ((at(5), 4.0, False),)
    assert not watch.talks


def test_wrap_up_that_a_next_call_ends_closes_the_one_before() -> None:
    watch, _ = play(
        Watch(Window(NOW)),
        floor(MEMBER),
        events.AgentConnected(at(0), "c1", "PJSIP/8001", "1001", "138", waited=0, rang=0),
        events.AgentCompleted(at(10), "c1", "PJSIP/8001", "1001", talked=10, by="agent"),
        events.AgentConnected(at(12), "c2", "PJSIP/8001", "1001", "138", waited=0, rang=0),
    )
    assert watch.window.calls == ((at(12), 12.0),)
    assert watch.talks == {"8001": at(12)}


def test_who_left_and_is_answered_by_nobody_has_given_up() -> None:
    watch, shown = play(Watch(Window(NOW)), floor(MEMBER), joined(1, 1), left(1, 9))
    assert watch.window.waits == ()
    assert settled(watch, at(10)).window.waits == (), "an agent may be about to be shown with them"
    assert settled(watch, at(11)).window.waits == ((at(9), 8.0, True),)
    again, _ = play(settled(watch, at(11)), shown, joined(2, 12))
    assert len(again.window.waits) == 1


def test_a_listing_after_a_reconnect_is_no_rush_of_arrivals() -> None:
    down = apply(floor(MEMBER), events.Disconnected(at(1)))
    listed = events.FloorListed(at(5), (call(1, 0), call(2, 1)), (MEMBER,), {"8001": True})
    watch, _ = play(Watch(Window(NOW), left={"c9": (at(0), 3.0)}), down, listed)
    assert watch.window.arrivals == ()
    assert watch.left == {}
