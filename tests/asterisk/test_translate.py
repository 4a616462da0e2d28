"""What Asterisk says, in the trade's words: from recordings of a real Asterisk 22, and from hostile input.

`shift.ami` is a link of the user `controller` while two agents work: a call that the agent ends, one that the caller
ends, one that rings in vain at one agent and is refused by the other, one whose caller hangs up while it rings, two
that wait during a break (one with a withheld number), an originated call, a hostile caller name, and a phone that
falls silent, returns, signs off, and moves. `talking.ami` and `waiting.ami` are listings in the midst of it.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from callcenter.asterisk import events, render, translate
from callcenter.asterisk.ami.wire import Splitter
from callcenter.asterisk.fields import number
from callcenter.asterisk.floor_listing import list_floor
from callcenter.asterisk.translate import Translator
from callcenter.hotline.rules import floor as rules

RECORDINGS = Path(__file__).parent / "recordings"
SEATS = tuple(str(8001 + step) for step in range(10))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def recorded(name: str) -> list[dict[str, Any]]:
    return list(Splitter().feed((RECORDINGS / f"{name}.ami").read_bytes()))


def told(*messages: dict[str, Any], translator: Translator | None = None) -> list[events.AnyEvent]:
    translator = translator or Translator(SEATS)
    return [event for message in messages for event in translator.feed(message, NOW)]


@pytest.fixture(scope="module")
def shift() -> list[events.AnyEvent]:
    return told(*recorded("shift"))


def of_call(shift: list[events.AnyEvent], caller: str) -> Iterator[events.AnyEvent]:
    entered = next(event for event in shift if isinstance(event, events.CallerEntered) and event.caller == caller)
    return (event for event in shift if getattr(event, "linkedid", None) == entered.linkedid)


def story(shift: list[events.AnyEvent], caller: str) -> list[str]:
    return [type(event).__name__ for event in of_call(shift, caller)]


def test_a_call_that_the_agent_ends(shift: list[events.AnyEvent]) -> None:
    entered, joined, rang, left, connected, completed, gone = of_call(shift, "13800000001")
    assert isinstance(entered, events.CallerEntered)
    assert joined == events.CallerJoined(joined.at, entered.linkedid, entered.channel, "13800000001", 1)
    assert rang == events.AgentRang(rang.at, entered.linkedid, "PJSIP/8002", "1002", "13800000001")
    assert left == events.CallerLeft(left.at, entered.linkedid, entered.channel, abandoned=False)
    assert isinstance(connected, events.AgentConnected)
    assert (connected.interface, connected.agent, connected.waited) == ("PJSIP/8002", "1002", pytest.approx(1, abs=1))
    assert isinstance(completed, events.AgentCompleted)
    assert (completed.by, completed.talked) == ("agent", pytest.approx(1, abs=1))
    assert gone == events.CallerGone(gone.at, entered.linkedid, entered.channel)


def test_a_call_that_the_caller_ends(shift: list[events.AnyEvent]) -> None:
    (completed,) = (event for event in of_call(shift, "13800000002") if isinstance(event, events.AgentCompleted))
    assert completed.by == "caller"


def test_a_talk_ends_for_the_seat_even_when_its_caller_is_gone_already() -> None:
    ended = next(message for message in recorded("shift") if message.get("Event") == "AgentComplete")
    gone = {name: value for name, value in ended.items() if name in {"Event", "Queue", "Interface", "MemberName"}}
    (completed,) = told({**gone, "TalkTime": "5", "HoldTime": "1", "Reason": "caller", "DestLinkedid": "n-1.2"})
    assert isinstance(completed, events.AgentCompleted)
    assert (completed.interface, completed.linkedid) == (ended["Interface"], "n-1.2")


def test_ringing_in_vain_and_a_refusal_and_giving_up(shift: list[events.AnyEvent]) -> None:
    call = list(of_call(shift, "13800000003"))
    in_vain, refused = (event for event in call if isinstance(event, events.AgentDidNotAnswer))
    # Asterisk counts these in milliseconds, and the others in seconds.
    assert (in_vain.rang, refused.rang) == (4.0, pytest.approx(0.4, abs=0.6))
    assert [event.abandoned for event in call if isinstance(event, events.CallerLeft)] == [True]
    assert isinstance(call[-1], events.CallerGone)


def test_a_caller_who_hangs_up_while_it_rings_ends_the_ringing(shift: list[events.AnyEvent]) -> None:
    """Asterisk says so with nothing but the Hangup of the phone's channel."""
    assert story(shift, "13800000004") == [
        "CallerEntered",
        "CallerJoined",
        "AgentRang",
        "CallerLeft",
        "AgentDidNotAnswer",
        "CallerGone",
    ]


def test_a_withheld_number_is_empty_and_places_are_counted(shift: list[events.AnyEvent]) -> None:
    withheld = [event for event in shift if isinstance(event, events.CallerJoined) and event.caller == ""]
    second = [event for event in of_call(shift, "13800000007") if isinstance(event, events.CallerJoined)]
    assert [event.position for event in (*withheld, *second)] == [1, 2]


def test_members_with_the_reason_of_their_pause(shift: list[events.AnyEvent]) -> None:
    members = [event.member for event in shift if isinstance(event, events.MemberChanged)]
    assert {member.agent for member in members} == {"1001", "1002"}
    assert [member.reason for member in members if member.paused and member.interface == "PJSIP/8001"][-1] == "meal"
    # `device_state_busy_at = 1`: a phone that rings is busy at once, so `ringing` is never seen.
    assert {member.device for member in members} == {"not_in_use", "busy", "unavailable"}
    assert members[0].paused_since is None
    assert members[-1].paused_since is not None
    assert members[-1].paused_since.tzinfo is UTC
    assert members[0].last_call is None


def test_a_phone_that_falls_silent_returns_signs_off_and_moves(shift: list[events.AnyEvent]) -> None:
    """The move to another address is silent: ContactStatus would end with the old address "Removed"."""
    phone = [event for event in shift if isinstance(event, events.PhoneChanged) and event.endpoint == "8001"]
    assert [event.reachable for event in phone] == [True, False, True, False, True]


def test_times_are_those_of_asterisk(shift: list[events.AnyEvent]) -> None:
    assert all(event.at.tzinfo is UTC and event.at.year == 2026 and event.at != NOW for event in shift)


def test_the_floor_is_empty_and_quiet_after_the_shift(shift: list[events.AnyEvent]) -> None:
    floor = rules.empty(SEATS, timedelta(seconds=3))
    for event in shift:
        floor = rules.apply(floor, event)
        assert len(floor.waiting) <= 2
    assert (floor.waiting, floor.greeting, floor.max_waiting_seen) == ((), {}, 2)
    assert {seat.state for seat in floor.seats.values()} == {"signed_out"}


def test_asterisk_lets_every_event_through_that_is_read() -> None:
    assert set(render.AMI_EVENTS) >= translate.EVENTS


# ---- Listings


class Answers:
    """A link that answers with what was recorded; `queues` are other names for its queue, one row after the other."""

    def __init__(
        self, name: str, queues: dict[str, str] | None = None, variables: dict[str, str] | None = None
    ) -> None:
        self._messages = [
            message | {"Queue": (queues or {}).get(message.get("Channel") or message.get("Name"), message["Queue"])}
            if "Queue" in message
            else message
            for message in recorded(name)
        ]
        self._variables = variables or {}

    async def action(self, name: str, /, **fields: Any) -> Any:  # noqa: ANN401
        assert (name, fields["Variable"]) == ("Getvar", "HOTLINE_SINCE")
        return SimpleNamespace(fields={"Value": self._variables.get(fields["Channel"], "")})

    async def list(self, name: str, /) -> "list[dict[str, Any]]":
        return [
            message
            for message in self._messages
            if message.get("ActionID") == name and "Event" in message and "EventList" not in message
        ]


async def test_a_listing_has_those_who_wait_in_order_with_their_calls() -> None:
    before = datetime.now(UTC)
    listed = await list_floor(Answers("waiting"), SEATS)
    assert [(call.caller, call.position) for call in listed.waiting] == [("", 1), ("13800000007", 2)]
    assert all(call.linkedid.startswith("node1-") for call in listed.waiting)
    assert all(timedelta(0) <= before - call.since < timedelta(seconds=10) for call in listed.waiting)
    (meal,) = (member for member in listed.members if member.interface == "PJSIP/8001")
    assert (meal.agent, meal.paused, meal.reason, meal.in_call) == ("1001", True, "meal", False)
    assert meal.paused_since is not None
    assert sorted(endpoint for endpoint, there in listed.phones.items() if there) == ["8001", "8002"]
    assert len(listed.phones) == 2 * len(SEATS)


async def test_a_listing_tells_who_talks() -> None:
    listed = await list_floor(Answers("talking"), SEATS)
    assert listed.waiting == ()
    assert {member.agent: member.in_call for member in listed.members} == {"1001": True, "1002": False}


async def test_another_queue_is_not_ours() -> None:
    listed = await list_floor(Answers("waiting"), SEATS, queue="other")
    assert (listed.waiting, listed.members) == ((), ())
    assert told(*recorded("shift"), translator=Translator((), queue="other")) == [
        event for event in told(*recorded("shift")) if isinstance(event, events.CallerEntered | events.CallerGone)
    ]


# ---- Hostile input


def test_whatever_field_is_missing_nothing_is_raised_and_it_is_logged_once_for_each_kind() -> None:
    kinds = {message["Event"]: message for message in recorded("shift") if message.get("Event") in translate.EVENTS}
    translator = Translator(SEATS)
    with structlog.testing.capture_logs() as logs:
        for message in kinds.values():
            for missing in message:
                if missing != "Event":
                    told({key: value for key, value in message.items() if key != missing}, translator=translator)
            told({"Event": message["Event"]}, translator=translator)
    complained = [line["event_name"] for line in logs]
    assert sorted(complained) == sorted(set(complained))
    assert set(complained) == set(kinds) - {"FullyBooted"}


def test_wrong_types_and_garbage_never_raise() -> None:
    dice = random.Random(3)
    junk: list[Any] = ["", "x", "-1", "9" * 40, "nan", "inf", "1e99", "\ufffd", [], ["a", "b"], [["x"]], None, 7, {}]
    translator = Translator(SEATS)
    for message in recorded("shift"):
        for _ in range(20):
            broken = {key: dice.choice(junk) if dice.random() < 0.3 else value for key, value in message.items()}
            for event in translator.feed(broken, NOW):
                assert event.at.tzinfo is not None


@pytest.mark.parametrize("stamp", ["nan", "inf", "-1e30", "", "yesterday", None, ["1"]])
def test_a_time_that_is_none_becomes_that_of_arrival(stamp: object) -> None:
    (event,) = told({"Event": "PeerStatus", "Peer": "PJSIP/8001w", "PeerStatus": "Reachable", "Timestamp": stamp})
    assert event == events.PhoneChanged(NOW, "8001w", reachable=True)


def test_phones_that_are_no_seats_are_passed_over() -> None:
    assert told({"Event": "PeerStatus", "Peer": "PJSIP/trunk-a", "PeerStatus": "Reachable"}) == []


def test_a_second_linkedid_from_the_dialplan_does_not_confuse() -> None:
    hotline = {"Event": "UserEvent", "UserEvent": "HotlineEntered", "Channel": "PJSIP/lab-1", "Caller": "138"}
    (event,) = told({**hotline, "Linkedid": ["n-1.0", "n-1.0"]})
    assert event == events.CallerEntered(NOW, "n-1.0", "PJSIP/lab-1", "138")
    assert told({**hotline, "UserEvent": "Other", "Linkedid": "n-1.0"}) == []


def test_a_new_link_forgets_the_channels_of_the_last() -> None:
    hotline = {"Event": "UserEvent", "UserEvent": "HotlineEntered", "Channel": "PJSIP/lab-1", "Linkedid": "n-1.0"}
    hangup = {"Event": "Hangup", "Channel": "PJSIP/lab-1", "Linkedid": "n-9.9"}
    assert [type(event) for event in told(hotline, hangup)] == [events.CallerEntered, events.CallerGone]
    assert [type(event) for event in told(hotline, {"Event": "FullyBooted"}, hangup)] == [events.CallerEntered]


def test_memory_is_bounded() -> None:
    translator = Translator(SEATS)
    for count in range(translate._REMEMBERED + 500):
        told(
            {"Event": "UserEvent", "UserEvent": "HotlineEntered", "Channel": f"PJSIP/{count}", "Linkedid": "1"},
            translator=translator,
        )
    assert len(translator._entered) == translate._REMEMBERED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13800000001", "13800000001"),
        ("+8613800000001", "+8613800000001"),
        ("Anonymous", ""),
        ("<unknown>", ""),
        ("", ""),
        ("138\r\nAction: x;$(id)", "138Actionxid"),
        ("张三", ""),
        ("١٢٣", ""),
        ("9" * 99, "9" * 32),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert number(text) == expected


# ---- Special desks ---------------------------------------------------------------------------------------------------


def test_callers_and_members_of_a_desks_queue_are_told_apart_from_the_hotlines() -> None:
    joined = next(message for message in recorded("shift") if message.get("Event") == "QueueCallerJoin")
    paused = next(message for message in recorded("shift") if message.get("Event") == "QueueMemberPause")
    rang = next(message for message in recorded("shift") if message.get("Event") == "AgentCalled")
    desks = Translator(SEATS, desks=("english",))
    (came,) = told(joined | {"Queue": "desk-english"}, translator=desks)
    assert isinstance(came, events.CallerJoined)
    assert (came.desk, came.since) == ("english", None)
    (changed,) = told(paused | {"Queue": "desk-english"}, translator=desks)
    assert isinstance(changed, events.DeskMemberChanged)
    assert changed.desk == "english"
    (removed,) = told(
        {"Event": "QueueMemberRemoved", "Queue": "desk-english", "Interface": "PJSIP/8001"}, translator=desks
    )
    assert isinstance(removed, events.DeskMemberRemoved)
    assert isinstance(*told(rang | {"Queue": "desk-english"}, translator=desks), events.AgentRang)
    assert told(joined | {"Queue": "desk-french"}, rang | {"Queue": ["desk-english", "x"]}, translator=desks) == []
    assert told(joined | {"Queue": "desk-english"}) == [], "no desks are set"


def test_who_is_moved_has_waited_since_they_came() -> None:
    joined = next(message for message in recorded("shift") if message.get("Event") == "QueueCallerJoin")
    moved = {"Event": "UserEvent", "UserEvent": "HotlineMoved", "Channel": joined["Channel"]}
    desks = Translator(SEATS, desks=("english",))
    (came,) = told(moved | {"Since": "1795489402.250"}, joined, translator=desks)
    assert isinstance(came, events.CallerJoined)
    assert came.since == datetime.fromtimestamp(1795489402.25, UTC)
    (again,) = told(joined, translator=desks)
    assert isinstance(again, events.CallerJoined)
    assert again.since is None
    for nonsense in ("", "nan", "1e99", "x"):
        assert told(moved | {"Since": nonsense}, translator=desks) == []


async def test_a_listing_has_who_waits_for_a_desk_and_who_sits_there() -> None:
    (first, second) = (row for row in recorded("waiting") if row.get("Event") == "QueueEntry")
    person = next(row for row in recorded("waiting") if row.get("Event") == "QueueMember")
    link = Answers(
        "waiting",
        {first["Channel"]: "desk-english", person["Name"]: "desk-english"},
        {first["Channel"]: "1795489402.250", second["Channel"]: "nonsense"},
    )
    listed = await list_floor(link, SEATS, desks=("english",))
    assert [call.desk for call in listed.waiting] == ["", "english"]
    assert listed.waiting[1].since == datetime.fromtimestamp(1795489402.25, UTC)
    assert set(listed.at_desks) == {("english", person["Location"])}
    assert person["Location"] not in {one.interface for one in listed.members}
