"""One row per call, one outcome: what Asterisk wrote, and the call that it makes."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from cel_lines import START, Citizen, line, restarted, said
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.asterisk.cel import CelEvent, CelFault, Kind, parse
from callcenter.hotline.rules.calls import CallRecord, Progress, cut, interpret, sanitised

RECORDINGS = Path(__file__).parent / "recordings"


def call_of(lines: Iterable[str]) -> CallRecord:
    record = interpret(None, [parse(text.encode()) for text in lines])
    assert record is not None
    return record


def recorded(name: str) -> dict[str, CallRecord]:
    calls: dict[str, list[CelEvent]] = {}
    for text in (RECORDINGS / f"{name}.jsonl").read_text().splitlines():
        event = parse(text.encode())
        calls.setdefault(event.linkedid, []).append(event)
    return {linkedid: record for linkedid, events in calls.items() if (record := interpret(None, events))}


def seconds(call: CallRecord, name: str) -> float | None:
    at = getattr(call, name)
    return None if at is None else round((at - call.started_at).total_seconds(), 3)


# --- recorded from a real Asterisk 22.10 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "caller", "outcome", "who"),
    [
        ("abandoned_greeting", "13800000001", "abandoned_greeting", (None, None, False)),
        ("withheld", "", "abandoned_greeting", (None, None, False)),
        ("abandoned_queue", "13800000005", "abandoned_queue", (None, None, False)),
        ("nobody_answers", "13800000002", "unanswered", (None, None, False)),
        ("answered_caller_hangs_up", "13800000003", "answered", ("1001", "8001", False)),
        ("agent_hangs_up", "13800000004", "answered", ("1001", "8001", False)),
        ("next_agent_answers", "13800000006", "answered", ("1002", "8002", False)),
        ("blind_transfer", "13800000008", "answered", ("1001", "8001", False)),
        ("stop_while_talking", "13800000011", "answered", ("1001", "8001", True)),
        ("stop_while_waiting", "13800000012", "unanswered", (None, None, False)),
    ],
)
def test_a_recorded_call_has_its_outcome(
    name: str, caller: str, outcome: str, who: tuple[str | None, str | None, bool]
) -> None:
    (call,) = recorded(name).values()
    assert (call.direction, call.caller, call.outcome) == ("inbound", caller, outcome)
    assert (call.agent, call.seat, call.cut) == who, "agent, seat, cut"
    assert call.progress is None
    assert bool(call.answered_at) == (outcome == "answered")
    assert bool(call.recording) == (outcome == "answered")
    assert call.ended_at is not None


def test_of_five_recorded_callers_four_waited_and_one_found_the_queue_full() -> None:
    calls = recorded("overflow")
    outcomes = sorted(call.outcome for call in calls.values())
    assert outcomes == ["abandoned_queue"] * 4 + ["overflowed"]
    full = next(call for call in calls.values() if call.outcome == "overflowed")
    assert full.queued_at == full.left_queue_at, "who is not let in waits for no time at all"


def test_a_recorded_call_between_seats_is_internal_and_owes_nobody() -> None:
    (call,) = recorded("seat_to_seat").values()
    assert (call.direction, call.outcome, call.caller, call.seat) == ("internal", "answered", "8003", "8003")
    assert not call.missed


def test_a_recorded_crash_leaves_the_call_open_until_asterisk_starts_again() -> None:
    (call,) = recorded("crash").values()
    assert (call.outcome, call.ended_at) == ("in_progress", None)
    after = cut(call, call.started_at + timedelta(seconds=60))
    assert (after.outcome, after.cut, after.agent, after.progress) == ("answered", True, "1001", None)
    assert seconds(after, "ended_at") == 60


# --- step by step -----------------------------------------------------------------------------------------------------


def test_an_answered_call_knows_who_answered_when_and_where_it_is_recorded() -> None:
    call = call_of(Citizen().queued(5).answered("8003", "1007", 9).hangs_up(60))
    assert (call.outcome, call.agent, call.seat) == ("answered", "1007", "8003")
    assert [seconds(call, name) for name in ("queued_at", "left_queue_at", "answered_at", "ended_at")] == [5, 9, 9, 60]
    assert call.recording == "2026/11/23/node1-1.1.wav"


def test_the_browser_phone_of_a_seat_is_that_seat() -> None:
    assert call_of(Citizen().queued().answered("8004w", "1002").hangs_up(30)).seat == "8004"


def test_a_place_is_free_when_the_agent_picks_up_not_when_the_bridge_is_made() -> None:
    """Seen on a busy machine: pick-up, 9 ms later the next caller let in, 13 ms later the bridge."""
    phone = "PJSIP/8006-0000001f"
    lines = [
        *Citizen().queued(5),
        line("CHAN_START", 6, "node1-1.1", uniqueid="agent", channel=phone, context="from-seat"),
        said("AGENT", 8.000, "node1-1.1", f"1006|{phone}", uniqueid="agent", channel=phone),
        line("BRIDGE_ENTER", 8.0222, "node1-1.1", uniqueid="agent", channel=phone, extra={"bridge_id": "b"}),
        line("BRIDGE_ENTER", 8.0223, "node1-1.1", extra={"bridge_id": "b"}),
    ]
    call = call_of(lines)
    assert (seconds(call, "left_queue_at"), seconds(call, "answered_at")) == (8.0, 8.022)


def test_an_agent_who_lets_it_ring_is_not_the_one_who_answered() -> None:
    call = call_of(Citizen().queued(5).rings_in_vain("8001", 5).answered("8002", "1002", 12).hangs_up(40))
    assert (call.agent, call.seat, seconds(call, "answered_at")) == ("1002", "8002", 12)


def test_an_agent_who_picked_up_too_late_did_not_answer() -> None:
    lines = Citizen().queued(5).rings("8001", 5)
    lines.lines.append(
        said("AGENT", 7, lines.linkedid, "1001|PJSIP/8001-00000001", uniqueid="node1-1.1-1", channel="PJSIP/8001-1")
    )
    call = call_of(lines.hangs_up(7))
    assert (call.outcome, call.agent, call.answered_at) == ("abandoned_queue", None, None)


def test_a_rating_belongs_to_the_call_and_only_one_to_five_are_ratings() -> None:
    call = call_of(
        Citizen().queued().answered().agent_hangs_up(30).says("RATING", 35, "4").says("RATING", 36, "9").hangs_up(37)
    )
    assert (call.outcome, call.rating, call.cut) == ("answered", 4, False)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("FULL", "overflowed"),
        ("TIMEOUT", "unanswered"),
        ("JOINEMPTY", "unanswered"),
        ("LEAVEEMPTY", "unanswered"),
        ("JOINUNAVAIL", "unanswered"),
        ("", "unanswered"),
    ],
)
def test_what_the_queue_says_decides_when_it_gives_a_caller_back(status: str, outcome: str) -> None:
    assert call_of(Citizen().queued(5).says("QUEUE_LEFT", 9, status).sent_away(12)).outcome == outcome
    assert call_of(Citizen().queued(5).says("QUEUE_LEFT", 9, status).hangs_up(10)).outcome == outcome


def test_a_caller_whose_need_the_machine_met_is_not_missed() -> None:
    call = call_of(
        Citizen().says("GREETED", 3).says("MENU", 4, "1").says("SELF_SERVICE", 6, "ticket_state").hangs_up(9)
    )
    assert (call.outcome, call.missed) == ("self_service", False)


def test_a_caller_who_wants_a_person_after_self_service_and_gives_up_is_missed() -> None:
    call = call_of(Citizen().says("SELF_SERVICE", 4, "announce").queued(9).hangs_up(15))
    assert (call.outcome, call.missed) == ("abandoned_queue", True)


def test_a_blocked_caller_is_not_missed() -> None:
    call = call_of(Citizen().says("BLOCKED", 0.1, "block").sent_away(4))
    assert (call.outcome, call.missed) == ("blocked", False)


def test_a_call_that_our_side_dropped_before_the_queue_is_unanswered() -> None:
    assert call_of(Citizen().sent_away(1)).outcome == "unanswered"


def test_asterisk_dying_before_the_dialplan_said_a_word_still_leaves_a_missed_call() -> None:
    call = interpret(None, [parse(line("CHAN_START", 0, "n-1", number="13800000001").encode())])
    assert call is not None
    after = cut(call, START + timedelta(seconds=9))
    assert (after.direction, after.caller, after.outcome, after.cut) == ("inbound", "13800000001", "unanswered", True)
    assert after.missed


def test_asterisk_dying_while_the_citizen_rates_does_not_cut_the_talk() -> None:
    call = interpret(None, [parse(text.encode()) for text in Citizen().queued().answered().agent_hangs_up(30)])
    assert call is not None
    after = cut(call, START + timedelta(seconds=60))
    assert (after.outcome, after.cut) == ("answered", False)


def test_a_call_from_a_seat_to_the_network_is_outbound() -> None:
    call = call_of(
        [
            line("CHAN_START", 0, "n-1", channel="PJSIP/8001-1", number="8001", context="from-seat"),
            line("CHAN_START", 1, "n-1", uniqueid="n-2", channel="PJSIP/trunk-a-2", number="13900000009", context="x"),
            line("LINKEDID_END", 9, "n-1"),
        ]
    )
    assert (call.direction, call.caller, call.seat, call.outcome) == ("outbound", "13900000009", "8001", "unanswered")
    assert not call.missed


def test_a_finished_call_stays_as_it_is() -> None:
    lines = [parse(text.encode()) for text in Citizen().queued().answered().hangs_up(60)]
    call = interpret(None, lines)
    assert interpret(call, lines) is call
    assert call is not None
    assert cut(call, START) is call


def test_the_end_of_a_call_whose_beginning_is_lost_makes_no_call() -> None:
    assert interpret(None, [parse(line("LINKEDID_END", 1, "n-1").encode())]) is None


@pytest.mark.parametrize(
    ("said_number", "kept"),
    [
        ("13800000001", "13800000001"),
        ("+86-138 0000'0001", "+8613800000001"),
        ('"; DROP TABLE calls; --${SHELL(x)}', "DROPTABLEcallsSHELLx"),
        ("Anonymous", ""),
        ("1" * 10_000, "1" * 32),
        ("☎️😀", ""),
    ],
)
def test_a_callers_number_is_harmless(said_number: str, kept: str) -> None:
    assert sanitised(said_number) == kept


def test_a_recording_path_that_leaves_its_folder_is_refused() -> None:
    lines = Citizen().says("QUEUED", 5, "../../etc/passwd").answered().hangs_up(20)
    assert call_of(lines).recording is None


# --- lines ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "{}",
        '{"eventenum":"HANGUP","eventtime":"yesterday","linkedid":"a"}',
        '{"eventenum":"HANGUP","eventtime":"1e999","linkedid":"a"}',
        '{"eventenum":"HANGUP","eventtime":"nan","linkedid":"a"}',
        '{"eventenum":"HANGUP","eventtime":"1795472335.5"}',
        '{"eventenum":["HANGUP"],"eventtime":"1795472335.5","linkedid":"a"}',
        '{"eventenum":"HANGUP","eventtime":"1795472335.5","linkedid":"' + "a" * 200 + '"}',
        "[" * 100_000,
        '{"eventenum":"HANGUP","eventtime":"1795',
    ],
)
def test_a_bad_line_is_a_fault_that_says_why(text: str) -> None:
    with pytest.raises(CelFault, match=r".+"):
        parse(text.encode())


def test_a_line_with_nul_and_half_a_character_can_be_stored() -> None:
    text = line("CHAN_START", 0, "n-1", number="138\\u0000").replace("\\\\", "\\").replace("138", "138\\ud800")
    event = parse(text.encode())
    assert "\0" not in event.number
    event.number.encode()


def test_the_marker_of_a_start_names_its_node() -> None:
    event = parse(restarted(5, "north").encode())
    assert (event.kind, event.detail) == (Kind.RESTARTED, "north")


# --- any order, any split ---------------------------------------------------------------------------------------------

CITIZENS = [
    Citizen().queued().answered().agent_hangs_up(30).says("RATING", 33, "5").hangs_up(35),
    Citizen().queued().rings_in_vain("8001", 5).answered("8002", "1002", 12).hangs_up(40),
    Citizen().queued().says("QUEUE_LEFT", 5, "FULL").sent_away(8),
    Citizen().says("GREETED", 3).says("SELF_SERVICE", 5, "announce").hangs_up(9),
]
EVENTS = [[parse(text.encode()) for text in citizen] for citizen in CITIZENS]


def stored_and_loaded(call: CallRecord | None) -> CallRecord | None:
    """As the database gives it back."""
    if call is None or call.progress is None:
        return call
    call = interpret(call, [])
    assert call is not None
    assert call.progress is not None
    call.progress = Progress.load(json.loads(json.dumps(call.progress.dump())))
    return call


@given(st.sampled_from(EVENTS), st.data())
def test_any_split_into_batches_gives_the_same_call(events: list[CelEvent], data: st.DataObject) -> None:
    at_once = interpret(None, events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=6)))
    call = None
    for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        call = stored_and_loaded(interpret(call, events[begin:end]))
    assert call == at_once


@given(st.sampled_from(EVENTS), st.data())
def test_interpreting_changes_no_record_that_it_was_given(events: list[CelEvent], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(events)))
    first = interpret(None, events[:place])
    before = repr(first)
    interpret(first, events[place:])
    assert repr(first) == before


@settings(max_examples=300)
@given(st.data())
def test_no_order_of_events_breaks_it(data: st.DataObject) -> None:
    pool = [event for events in EVENTS for event in events]
    events = data.draw(st.lists(st.sampled_from(pool), max_size=40))
    call = interpret(None, events)
    if call is not None:
        assert (call.outcome == "in_progress") == (call.ended_at is None)
        after = cut(call, START + timedelta(hours=1))
        assert after.ended_at is not None
        assert after.outcome != "in_progress"
        assert after.progress is None
        if after.queued_at:
            assert after.left_queue_at is not None
