"""Who may be the browser phone of a seat: one page at a time, of the agent who sits there, for a while."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.asterisk import events
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.hotline.rules.phones import LIFE, Grant, Held, adopted, ended, grantable

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
MEMBER = events.Member(
    "PJSIP/8001w", "1001", "not_in_use", paused=False, reason="", paused_since=None, in_call=False, last_call=None
)
MINE = Grant("8001", "1001", "page-one", "session-one", NOW + LIFE)


def seated(*, phone: bool = True, **member: object) -> Floor:
    """Agent 1001 at seat 8001, whose browser phone is there or not."""
    listed = events.FloorListed(NOW, (), (replace(MEMBER, **member),), {"8001": False, "8001w": phone, "8002": False})
    return apply(empty(["8001", "8002"], timedelta(seconds=15)), listed)


def talking() -> Floor:
    return apply(seated(), events.AgentConnected(NOW, "c1", "PJSIP/8001w", "1001", "13800000001", waited=3, rang=2))


def test_an_agent_without_a_seat_has_no_phone() -> None:
    with pytest.raises(Refused, match="agent 1002 is not signed in"):
        grantable(seated(), "1002", "page-two", {}, take_over=True)


@pytest.mark.parametrize("held", [{}, {"8001": MINE}, {"8001": replace(MINE, page="")}])
def test_a_page_gets_what_nobody_else_holds_and_goes_on_with_what_is_its_own(held: dict[str, Grant]) -> None:
    assert grantable(seated(), "1001", "page-one", held, take_over=False).number == "8001"


def test_a_second_page_is_asked_before_it_takes_over() -> None:
    with pytest.raises(Held, match="phone of seat 8001 is in use in another window"):
        grantable(seated(), "1001", "page-two", {"8001": MINE}, take_over=False)
    assert grantable(seated(), "1001", "page-two", {"8001": MINE}, take_over=True).number == "8001"


def test_no_page_takes_a_call_away_from_another() -> None:
    for take_over in (False, True):
        with pytest.raises(Refused, match="a call is under way in the other window"):
            grantable(talking(), "1001", "page-two", {"8001": MINE}, take_over=take_over)


def test_a_page_that_is_gone_is_followed_without_a_question() -> None:
    gone = apply(talking(), events.PhoneChanged(NOW, "8001w", reachable=False))
    for floor in (seated(phone=False), gone):
        assert grantable(floor, "1001", "page-two", {"8001": MINE}, take_over=False).number == "8001"


def test_who_sits_there_now_is_not_kept_out_by_who_sat_there_before() -> None:
    floor = seated(agent="1002")
    assert grantable(floor, "1002", "page-two", {"8001": MINE}, take_over=False).number == "8001"


def test_a_grant_ends_with_its_time_its_session_or_its_agents_place() -> None:
    held, alive = {"8001": MINE}, {"session-one"}
    assert ended(seated(), held, alive, NOW) == []
    assert ended(seated(), held, alive, NOW + LIFE) == [MINE]
    assert ended(seated(), held, {"another"}, NOW) == [MINE]
    assert ended(seated(agent="1002"), held, alive, NOW) == [MINE]
    out = apply(seated(), events.MemberRemoved(NOW, "PJSIP/8001w", "1001"))
    assert ended(out, held, alive, NOW) == [MINE]


def test_what_cannot_be_told_now_ends_no_grant() -> None:
    held = {"8001": MINE}
    assert ended(seated(), held, None, NOW) == [], "the database is away"
    lost = apply(seated(agent="1002"), events.Disconnected(NOW))
    assert ended(lost, held, {"session-one"}, NOW) == [], "an old floor proves nothing"


def test_passwords_of_an_earlier_life_are_kept_for_agents_who_still_sit_there() -> None:
    kept = Grant("8001", "1001", "", "", NOW + LIFE)
    assert adopted(seated(), {"8001", "8002", "9999"}, {}, NOW) == [kept]
    assert adopted(seated(), {"8001"}, {"8001": MINE}, NOW) == []
