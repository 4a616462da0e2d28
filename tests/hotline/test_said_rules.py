"""What a citizen keys, and the calls that the controller orders, as the interpreter reads them from the record."""

import pytest
from cel_lines import START, Citizen, line, said

from callcenter.asterisk.cel import parse
from callcenter.hotline.rules.calls import CallRecord, cut, interpret

NAME = "node1-callback-42"
AGENT = {"channel": "PJSIP/8001-00000007", "context": "from-seat"}
NETWORK = {"uniqueid": "node1-9.9", "channel": "PJSIP/trunk-carrier-00000008", "context": "from-trunk"}
BRIDGE: dict[str, object] = {"bridge_id": "b-1"}


def call_of(lines: list[str]) -> CallRecord:
    record = interpret(None, [parse(text.encode()) for text in lines])
    assert record is not None
    return record


def ordered(*told: str, name: str = NAME) -> list[str]:
    """Return a callback whose agent picked up after 2 s."""
    dialling = "42|13800000001|1001|2026/11/23/x.wav"
    return [line("CHAN_START", 0, name, **AGENT), said("DIALLING", 2, name, dialling, **AGENT), *told]


def over(at: float = 30) -> list[str]:
    return [line("CHAN_END", at, NAME, **AGENT), line("LINKEDID_END", at, NAME, **AGENT)]


def test_a_callback_that_reached_the_citizen_is_an_answered_outbound_call_of_its_attempt() -> None:
    talk = [
        line("CHAN_START", 3, NAME, **NETWORK),
        line("BRIDGE_ENTER", 8, NAME, extra=BRIDGE, **AGENT),
        line("BRIDGE_ENTER", 8, NAME, extra=BRIDGE, **NETWORK),
        said("DIALLED", 29, NAME, "ANSWER|16", **AGENT),
    ]
    call = call_of([*ordered(*talk), *over()])
    assert (call.direction, call.outcome, call.caller) == ("outbound", "answered", "13800000001")
    assert (call.agent, call.seat, call.attempt_id, call.dial_result) == ("1001", "8001", 42, "answered")
    assert call.recording == "2026/11/23/x.wav"
    assert call.answered_at
    assert (call.answered_at - START).total_seconds() == 8
    assert not call.missed


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ("BUSY|17", "busy"),
        ("NOANSWER|19", "no_answer"),
        ("CONGESTION|21", "refused"),
        ("CHANUNAVAIL|1", "wrong_number"),
        ("CHANUNAVAIL|", "failed"),
        ("CONGESTION|34", "failed"),
        ("CANCEL|16", "cancelled"),
        ("EXPIRED|", "expired"),
        ("${SHELL(x)}|rm", "failed"),
    ],
)
def test_what_dial_said_is_the_result_of_the_attempt(told: str, result: str) -> None:
    call = call_of([*ordered(said("DIALLED", 20, NAME, told, **AGENT)), *over()])
    assert (call.outcome, call.dial_result) == ("unanswered", result)


def test_an_agent_who_never_picked_up_leaves_a_call_that_dialled_nobody() -> None:
    call = call_of([line("CHAN_START", 0, NAME, **AGENT), *over(15)])
    assert (call.direction, call.attempt_id, call.seat, call.dial_result, call.caller) == (
        "outbound",
        42,
        "8001",
        None,
        "",
    )


def test_asterisk_dying_while_the_citizens_phone_rings_cuts_the_attempt() -> None:
    call = cut(call_of(ordered()), START)
    assert (call.cut, call.outcome, call.dial_result) == (True, "unanswered", None)


def test_a_citizen_cannot_pass_for_an_order_of_ours() -> None:
    call = call_of([*Citizen().says("DIALLING", 1, "42|110|1001|x.wav").says("DIALLED", 2, "ANSWER|"), *[]])
    assert (call.attempt_id, call.dial_result, call.caller) == (None, None, "13800000001")


def test_a_key_while_waiting_ends_the_wait_by_the_citizens_own_choice() -> None:
    call = call_of([*Citizen().queued(5).says("QUEUE_LEFT", 12, "KEY").says("CALLBACK", 12).sent_away(15)])
    assert (call.outcome, call.wants_callback, call.callback_number) == ("abandoned_queue", True, None)
    assert call.left_queue_at
    assert (call.left_queue_at - START).total_seconds() == 12


def test_a_key_at_the_entrance_counts_as_having_asked_for_a_person() -> None:
    call = call_of([*Citizen().says("GREETED", 4).says("QUEUE_LEFT", 6, "KEY").says("CALLBACK", 6).sent_away(9)])
    assert (call.outcome, call.queued_at) == ("abandoned_queue", call.left_queue_at)


def test_another_number_that_was_keyed_is_the_one_to_call_and_is_harmless() -> None:
    keyed = Citizen().says("OFFERED", 4, "4").says("CALLBACK", 6).says("CALLBACK", 9, "138<1>00000002").sent_away(12)
    call = call_of([*keyed])
    assert (call.outcome, call.callback_number, call.wants_callback) == ("overflowed", "138100000002", True)


def test_a_citizen_who_hangs_up_during_the_offer_found_the_queue_full_and_never_waited() -> None:
    call = call_of([*Citizen().says("OFFERED", 4, "4").hangs_up(6)])
    assert (call.outcome, call.missed) == ("overflowed", True)
    assert call.queued_at == call.left_queue_at, "who is not let in waits for no time at all"


def test_a_citizen_who_declines_the_offer_and_is_let_in_waits_from_then_on() -> None:
    call = call_of([*Citizen().says("OFFERED", 4, "4").says("QUEUED", 9, "x.wav").answered(after=20).hangs_up(40)])
    assert call.outcome == "answered"
    assert call.queued_at
    assert call.left_queue_at
    assert [(at - START).total_seconds() for at in (call.queued_at, call.left_queue_at)] == [9, 20]


def test_both_legs_of_a_test_dial_are_tests_and_owe_nobody() -> None:
    name = "node1-test-7"
    own = call_of(
        [line("CHAN_START", 0, name, **NETWORK), said("TEST_ANSWERED", 1, name), line("CHAN_END", 9, name, **NETWORK)]
    )
    assert (own.direction, own.attempt_id) == ("test", 7)
    assert own.answered_at
    arrival = call_of([*Citizen().says("TEST", 0.1, "3").queued().hangs_up(9)])
    assert (arrival.direction, arrival.dial_result, arrival.missed) == ("test", "3", False)
    answered = call_of([*Citizen().says("TEST", 0.1, "0").queued().answered(agent="1002").hangs_up(9)])
    assert (answered.direction, answered.outcome, answered.agent) == ("test", "answered", "1002")
