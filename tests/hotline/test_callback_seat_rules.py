"""A seat whose agent calls a citizen back 回拨: kept from the queue by a pause that nobody may take for a break."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.hotline.rules import agents
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.rules.seats import CALLBACK

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MEMBER = events.Member("PJSIP/8001", "1001", "not_in_use", True, CALLBACK, None, False, None)  # noqa: FBT003


def floor_of(device: str, *, wrap_up: int = 15) -> Floor:
    floor = empty(["8001"], timedelta(seconds=wrap_up))
    return apply(floor, events.FloorListed(NOW, (), (replace(MEMBER, device=device),), {"8001": True}))


def after(floor: Floor, device: str, **member: object) -> tuple[Floor, list[agents.Command]]:
    event = events.MemberChanged(NOW + timedelta(seconds=9), replace(MEMBER, device=device, **member))  # type: ignore[arg-type]
    then = apply(floor, event)
    return then, agents.decide(floor, event, then)


@pytest.mark.parametrize(
    ("device", "state"),
    [("not_in_use", "ringing"), ("ringing", "ringing"), ("in_use", "talking"), ("on_hold", "talking")],
)
def test_it_rings_and_talks_and_is_on_no_break(device: str, state: str) -> None:
    seat = floor_of(device).seats["8001"]
    assert (seat.state, seat.reason) == (state, CALLBACK)


def test_wrap_up_follows_the_talk() -> None:
    floor, commands = after(floor_of("in_use"), "not_in_use")
    assert commands == [agents.BeginWrapUp("PJSIP/8001")]
    floor, commands = after(floor, "not_in_use", reason="wrap_up")
    assert (floor.seats["8001"].state, commands) == ("wrap_up", [])
    assert floor.seats["8001"].until == NOW + timedelta(seconds=9 + 15)


def test_an_agent_whose_phone_only_rang_is_free_at_once() -> None:
    assert after(floor_of("ringing"), "not_in_use")[1] == [agents.EndWrapUp("PJSIP/8001")]


def test_without_wrap_up_the_agent_is_free_after_the_talk() -> None:
    assert after(floor_of("in_use", wrap_up=0), "not_in_use")[1] == [agents.EndWrapUp("PJSIP/8001")]


def test_the_pause_before_the_phone_rings_is_not_its_end() -> None:
    ready = replace(MEMBER, paused=False, reason="")
    floor = empty(["8001"], timedelta(seconds=15))
    floor = apply(floor, events.FloorListed(NOW, (), (ready,), {"8001": True}))
    assert after(floor, "not_in_use")[1] == []
