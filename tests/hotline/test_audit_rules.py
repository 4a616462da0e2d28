"""What the database and queue_log may say differently of a call, and what is a difference."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcenter.asterisk.queue_log import QueueKind, parse
from callcenter.hotline.rules.audit import Findings, Stored, compare
from callcenter.hotline.rules.witnesses import Witnessed, most_waited, witnesses

#: 2026-11-23 01:00:00 UTC, as queue_log writes it.
EPOCH = 1795395600
START = datetime.fromtimestamp(EPOCH, UTC)
NAME = "node1-1.1"
LATER = START + timedelta(days=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def log(*lines: str) -> Witnessed | None:
    """Return the call NAME after lines like `5 NONE ENTERQUEUE||138|1`; `5 !` is a start of Asterisk."""
    events = []
    for line in lines:
        seconds, agent, rest = (*line.split(" ", 2), "")[:3]
        text = f"{EPOCH + int(seconds)}|{NAME}|hotline|{agent}|{rest}"
        events.append(parse((f"{EPOCH + int(seconds)}|NONE|NONE|NONE|QUEUESTART|" if agent == "!" else text).encode()))
    return witnesses(events).get(NAME)


def stored(outcome: str = "answered", **more: Any) -> Stored:  # noqa: ANN401  # any field
    """Return a call that was queued at 5.2, answered at 9.3 by 1001, and over at 60; or what `more` says."""
    answered = outcome == "answered"
    fields: dict[str, Any] = {
        "linkedid": NAME,
        "direction": "inbound",
        "caller": "13800000001",
        "started_at": at(0),
        "queued_at": at(5.2),
        "left_queue_at": at(9.3) if answered else at(20.6),
        "answered_at": at(9.35) if answered else None,
        "ended_at": at(60) if answered else at(20.6),
        "agent": "1001" if answered else None,
        "outcome": outcome,
        "cut": False,
        "recording": "2026/11/23/node1-1.1.wav" if answered else None,
    }
    return Stored(**fields | more)


ENTERED = "5 NONE ENTERQUEUE||13800000001|1"
CONNECTED = "9 1001 CONNECT|4|node1-1.2|3"
COMPLETED = "60 1001 COMPLETECALLER|4|51|1"
ABANDONED = "20 NONE ABANDON|1|1|15"


def found(call: Stored | None, *lines: str, as_of: datetime = LATER) -> Findings:
    findings = Findings()
    compare(call, log(*lines), findings, as_of=as_of)
    return findings


def kinds(call: Stored | None, *lines: str) -> list[str]:
    return [difference.kind for difference in found(call, *lines).differences]


def test_calls_of_which_both_say_the_same_are_no_difference() -> None:
    assert kinds(stored(), ENTERED, CONNECTED, COMPLETED) == []
    assert kinds(stored("abandoned_queue"), ENTERED, ABANDONED) == []
    assert kinds(stored("abandoned_queue"), ENTERED, "20 NONE EXITWITHKEY|1|1|1|15") == []
    assert kinds(stored("unanswered"), ENTERED, "20 NONE EXITWITHTIMEOUT|1|1|15") == []
    assert kinds(stored("unanswered"), ENTERED, "20 NONE EXITEMPTY|1|1|15") == []


def test_a_call_that_was_never_in_the_queue_has_no_witness() -> None:
    assert kinds(stored("abandoned_greeting", queued_at=None, left_queue_at=None)) == []
    assert kinds(stored("overflowed", left_queue_at=at(5.2))) == []


def test_a_call_that_only_queue_log_knows_is_a_difference() -> None:
    assert kinds(None, ENTERED, ABANDONED) == ["not_in_database"]


def test_a_call_that_waited_and_that_queue_log_does_not_know_is_a_difference() -> None:
    assert kinds(stored("abandoned_queue")) == ["not_in_queue_log"]
    assert kinds(stored()) == ["not_in_queue_log"]


def test_a_call_that_waited_by_queue_log_alone_is_a_difference() -> None:
    refused = stored("overflowed", left_queue_at=at(5.2))
    assert kinds(refused, ENTERED, ABANDONED) == ["queued_by_one"]
    assert kinds(stored("abandoned_greeting", queued_at=None, left_queue_at=None), ENTERED) == ["queued_by_one"]


def test_a_call_that_one_of_them_calls_answered_is_a_difference() -> None:
    """Issabel's callcenter 41: answered calls reported as abandoned."""
    assert kinds(stored("abandoned_queue", ended_at=at(60)), ENTERED, CONNECTED, COMPLETED) == ["answered_by_one"]
    assert kinds(stored(), ENTERED, ABANDONED) == ["answered_by_one"]


def test_another_agent_or_caller_is_a_difference() -> None:
    assert kinds(stored(agent="1002"), ENTERED, CONNECTED, COMPLETED) == ["other_agent"]
    assert kinds(stored(caller="13900000009"), ENTERED, CONNECTED, COMPLETED) == ["other_caller"]


def test_a_number_with_marks_that_asterisk_drops_is_the_same_number() -> None:
    assert kinds(stored(caller="138.0000_0001"), ENTERED, CONNECTED, COMPLETED) == []


@pytest.mark.parametrize("field", ["queued_at", "answered_at"])
@pytest.mark.parametrize(("off", "apart"), [(2.2, False), (-1.2, False), (2.8, True), (-1.8, True)])
def test_times_may_differ_by_what_whole_seconds_cut_off(field: str, off: float, apart: bool) -> None:  # noqa: FBT001
    times = {"queued_at": 5.2, "answered_at": 9.35}
    call = stored(**{field: at(int(times[field]) + off)})
    assert ("times_apart" in kinds(call, ENTERED, CONNECTED, COMPLETED)) == apart


def test_a_wait_of_another_length_is_a_difference() -> None:
    assert kinds(stored(), ENTERED, "9 1001 CONNECT|12|node1-1.2|3", COMPLETED) == ["waits_apart"]


def test_another_end_of_the_wait_is_a_difference() -> None:
    assert kinds(stored("unanswered", ended_at=at(30)), ENTERED, "20 NONE EXITWITHKEY|1|1|1|15") == ["other_outcome"]
    assert kinds(stored("abandoned_queue", left_queue_at=at(24)), ENTERED, ABANDONED) == ["times_apart", "waits_apart"]


def test_who_hangs_up_while_the_longest_wait_ends_gave_up_and_that_is_no_difference() -> None:
    assert kinds(stored("abandoned_queue"), ENTERED, "20 NONE EXITWITHTIMEOUT|1|1|15") == []


def test_who_hangs_up_while_asking_for_a_place_has_no_witness_and_that_is_no_difference() -> None:
    gone = stored("abandoned_queue", left_queue_at=at(5.3), ended_at=at(5.3))
    assert found(gone).explained == {"gone_before_let_in": 1}
    assert found(gone).differences == []


def test_an_agent_who_picks_up_for_a_citizen_who_is_gone_has_not_answered() -> None:
    gone = stored("abandoned_queue", left_queue_at=at(9.2), ended_at=at(9.3))
    for end in ((), ("9 1001 COMPLETECALLER|4|0|1",), ("9 1001 ABANDON|1|1|4",)):
        assert found(gone, ENTERED, CONNECTED, *end).explained == {"gone_before_joined": 1}
        assert kinds(gone, ENTERED, CONNECTED, *end) == []


def test_who_waits_when_asterisk_dies_is_cut_and_that_is_no_difference() -> None:
    cut = stored("unanswered", cut=True, left_queue_at=at(40), ended_at=at(40))
    assert kinds(cut, ENTERED, "41 !") == []
    assert kinds(cut, ENTERED) == [], "Asterisk is not up again yet"
    assert kinds(stored("unanswered", left_queue_at=None, ended_at=None), ENTERED, "41 !") == ["left_by_one"]


def test_who_talks_when_asterisk_dies_is_answered_and_cut() -> None:
    assert kinds(stored(cut=True, ended_at=at(100)), ENTERED, CONNECTED, "101 !") == []


def test_who_waits_when_asterisk_is_stopped_in_order_has_no_end_in_queue_log() -> None:
    assert kinds(stored("unanswered"), ENTERED, "3600 !") == []
    assert kinds(stored("abandoned_queue"), ENTERED, "22 !") == []
    assert kinds(stored("abandoned_queue"), ENTERED, "3600 !") == ["left_by_one"]


def test_what_a_dying_asterisk_did_not_get_to_write_is_no_difference() -> None:
    died = {"cut": True, "ended_at": at(12)}
    greeted = stored("unanswered", queued_at=None, left_queue_at=None, **died)
    assert kinds(greeted, ENTERED, "13 !") == [], "the last records of the channel event log are lost"
    assert kinds(stored("unanswered", left_queue_at=at(12), **died), ENTERED, CONNECTED, "13 !") == []
    assert kinds(stored("unanswered", left_queue_at=at(12), **died)) == [], "dead before app_queue wrote a line"


def test_long_before_the_death_nothing_is_lost() -> None:
    died = {"cut": True, "ended_at": at(600)}
    assert kinds(stored("unanswered", queued_at=None, left_queue_at=None, **died), ENTERED) == ["queued_by_one"]
    assert kinds(stored("unanswered", left_queue_at=at(600), **died), ENTERED, CONNECTED) == ["answered_by_one"]
    assert kinds(stored("unanswered", left_queue_at=at(600), **died)) == ["not_in_queue_log"]


def test_calls_in_progress_are_compared_as_far_as_they_went() -> None:
    waiting = stored("in_progress", left_queue_at=None, ended_at=None)
    assert kinds(waiting, ENTERED) == []
    assert found(waiting, ENTERED).in_progress == 1
    assert kinds(stored(outcome="answered", ended_at=None), ENTERED, CONNECTED) == []
    assert kinds(stored(ended_at=None), ENTERED, CONNECTED, "60 1001 COMPLETEAGENT|4|51|1") == [], "rates the agent"
    assert kinds(stored(ended_at=None), ENTERED, CONNECTED, COMPLETED) == ["ended_by_one"]
    assert kinds(waiting, ENTERED, ABANDONED) == ["left_by_one"]


def test_a_call_of_which_something_happened_just_now_waits_for_the_next_audit() -> None:
    for call, lines in ((None, (ENTERED, ABANDONED)), (stored(), (ENTERED,)), (stored("abandoned_queue"), (ENTERED,))):
        findings = found(call, *lines, as_of=at(5))
        assert (findings.fresh, findings.compared, findings.differences) == (1, 0, [])


def test_a_test_dial_whose_agent_was_let_go_is_no_difference() -> None:
    test = stored(direction="test", recording=None)
    assert kinds(test, ENTERED, "9 NONE ABANDON|1|1|4") == []
    assert kinds(stored(direction="test", queued_at=at(1)), ENTERED) == ["times_apart"]


def test_a_caller_who_is_passed_on_was_answered_by_the_first_agent() -> None:
    assert kinds(stored(), ENTERED, CONNECTED, "30 1001 BLINDTRANSFER|8002|from-seat|4|21|1") == []
    assert kinds(stored(), ENTERED, CONNECTED, "30 1001 ATTENDEDTRANSFER|BRIDGE|x|4|21|1") == []


def test_a_caller_who_is_let_in_twice_waited_from_the_first_time_to_the_last() -> None:
    again = stored(left_queue_at=at(40), answered_at=at(40), queued_at=at(5.2))
    lines = (ENTERED, ABANDONED, "30 NONE ENTERQUEUE||13800000001|2", "40 1001 CONNECT|10|node1-1.2|3", COMPLETED)
    assert kinds(again, *lines) == []
    witnessed = log(*lines)
    assert witnessed
    assert witnessed.entries == 2


def test_an_answered_call_without_its_recording_is_a_difference() -> None:
    assert kinds(stored(recorded=True), ENTERED, CONNECTED, COMPLETED) == []
    assert kinds(stored(recorded=False), ENTERED, CONNECTED, COMPLETED) == ["recording_missing"]
    assert kinds(stored(recorded=False, recording=None), ENTERED, CONNECTED, COMPLETED) == ["recording_missing"]
    outbound = stored(direction="outbound", recorded=False, queued_at=None, left_queue_at=None)
    assert kinds(outbound) == ["recording_missing"]
    assert kinds(replace(outbound, direction="internal")) == []


def test_a_talk_of_less_than_two_seconds_may_have_no_recording() -> None:
    brief = stored(recorded=False)
    findings = found(brief, ENTERED, CONNECTED, "10 1001 COMPLETEAGENT|4|1|1")
    assert (findings.differences, findings.explained) == ([], {"too_brief_to_record": 1})


def test_the_most_that_waited_is_the_highest_position_given_in_the_period() -> None:
    lines = [
        f"{EPOCH}|a|hotline|NONE|ENTERQUEUE||1|1",
        f"{EPOCH + 1}|b|hotline|NONE|ENTERQUEUE||2|2",
        f"{EPOCH + 2}|a|hotline|1001|CONNECT|2|x|1",
        f"{EPOCH + 3}|c|hotline|NONE|ENTERQUEUE||3|2",
        f"{EPOCH + 4}|d|other|NONE|ENTERQUEUE||4|7",
        f"{EPOCH + 90}|e|hotline|NONE|ENTERQUEUE||5|4",
    ]
    events = [parse(line.encode()) for line in lines]
    assert most_waited(events, at(60)) == 2
    assert most_waited(events, at(100)) == 4
    assert set(witnesses(events)) == {"a", "b", "c", "e"}


def test_callers_of_several_queues_are_counted_together_as_far_as_is_certain() -> None:
    lines = [
        f"{EPOCH}|NONE|NONE|NONE|QUEUESTART|",
        f"{EPOCH}|a|hotline|NONE|ENTERQUEUE||1|1",
        f"{EPOCH + 5}|a|hotline|NONE|WITHDRAW|1|1|5",
        f"{EPOCH + 5}|a|desk-english|NONE|ENTERQUEUE||1|1",
        f"{EPOCH + 6}|b|hotline|NONE|ENTERQUEUE||2|1",
        f"{EPOCH + 7}|c|hotline|NONE|ENTERQUEUE||3|2",
        f"{EPOCH + 20}|a|desk-english|1003|CONNECT|15|x|1",
        f"{EPOCH + 20}|d|hotline|NONE|ENTERQUEUE||4|3",
        f"{EPOCH + 30}|a|desk-english|1003|COMPLETEAGENT|15|10|1",
        f"{EPOCH + 40}|e|other|NONE|ENTERQUEUE||5|1",
    ]
    events = [parse(line.encode()) for line in lines]
    assert most_waited(events, at(10)) == 3
    assert most_waited(events, at(60)) == 3, "whoever came in the second in which another left did not wait with them"
    assert most_waited([*events, parse(f"{EPOCH + 41}|f|desk-firms|NONE|ENTERQUEUE||6|1".encode())], at(60)) == 4
    told = witnesses(events)
    assert (told["a"].entries, told["a"].left_by, told["a"].agent) == (2, QueueKind.CONNECTED, "1003")
    assert "e" not in told


def test_who_was_moved_to_a_desk_and_answered_there_waited_once() -> None:
    moved = (ENTERED, "7 NONE WITHDRAW|1|1|2", "7 NONE ENTERQUEUE||13800000001|1", "9 1001 CONNECT|2|node1-1.2|1")
    assert found(stored(), *moved, COMPLETED).differences == []


def test_who_hung_up_between_two_queues_gave_up() -> None:
    gone = stored("abandoned_queue", left_queue_at=at(7.3), ended_at=at(7.3))
    assert found(gone, ENTERED, "7 NONE WITHDRAW|1|1|2").differences == []
