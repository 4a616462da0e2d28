"""The journal of who called: which of its lines become call records, and which are passed over."""

import os
from pathlib import Path

import pytest

from callcenter.asterisk.cel import Kind, parse
from callcenter.asterisk.journal import LAST_SECONDS, recovered
from callcenter.hotline.rules.calls import cut, interpret

LINE = "{at:.6f}|node1-{at:.0f}.7|node1-{at:.0f}.7|PJSIP/lab-00000007|hotline-inbound|ENTERED|{caller}|12345"


def line(at: float, caller: str = "13880000001") -> str:
    return LINE.format(at=at, caller=caller)


def callers(path: Path) -> list[str]:
    return [parse(text.encode()).detail.partition("|")[0] for text in recovered(path)]


def test_a_line_becomes_the_record_that_the_call_would_have_had(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text(line(1_000_000.25) + "\n")
    event = parse(recovered(tmp_path / "calls")[0].encode())
    assert (event.kind, event.word, event.detail) == (Kind.SAID, "ENTERED", "13880000001|12345")
    assert (event.at.timestamp(), event.linkedid, event.context) == (
        1_000_000.25,
        "node1-1000000.7",
        "hotline-inbound",
    )
    call = interpret(None, [event])
    assert call is not None
    call = cut(call, event.at)
    assert (call.direction, call.caller, call.outcome, call.missed) == ("inbound", "13880000001", "unanswered", True)


def test_a_word_heard_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text(line(1_000_000.25) + "\n")
    event = parse(recovered(tmp_path / "calls")[0].encode())
    assert interpret(None, [event]) == interpret(None, [event, event])


def test_only_the_last_minutes_are_told_again_and_they_reach_into_the_file_before(tmp_path: Path) -> None:
    now = 2_000_000.0
    before, used = tmp_path / "calls.20261126-000000", tmp_path / "calls"
    before.write_text("\n".join([line(now - LAST_SECONDS - 1, "1"), line(now - LAST_SECONDS + 1, "2"), ""]))
    used.write_text("\n".join([line(now - 3, "3"), line(now, "4"), ""]))
    assert callers(used) == ["2", "3", "4"]


@pytest.mark.parametrize(
    "torn",
    [
        "",
        "1000000.2",
        "|||||||",
        "soon|node1-1.7|node1-1.7|PJSIP/lab-1|hotline-inbound|ENTERED|1|2",
        "99999999999999|node1-1.7|node1-1.7|PJSIP/lab-1|hotline-inbound|ENTERED|1|2",
        "1000000.2||node1-1.7|PJSIP/lab-1|hotline-inbound|ENTERED|1|2",
        "1000000.2|node 1|node1-1.7|PJSIP/lab-1|hotline-inbound|ENTERED|1|2",
        "1000000.2|node1-1.7|node1-1.7|PJSIP/lab-1|hotline-inbound|ENTERED|\x00|2",
    ],
)
def test_a_torn_line_is_passed_over_and_costs_no_other(tmp_path: Path, torn: str) -> None:
    (tmp_path / "calls").write_text(f"{line(999_999.5, 'a')}\n{torn}\n{line(1_000_000.5, 'b')}\n")
    assert callers(tmp_path / "calls") == ["a", "b"]


def test_bytes_that_are_no_text_cost_their_own_line_only(tmp_path: Path) -> None:
    (tmp_path / "calls").write_bytes(os.urandom(5000).replace(b"|", b"") + b"\n" + line(5.0, "b").encode() + b"\n")
    assert callers(tmp_path / "calls") == ["b"]


def test_no_journal_is_no_trouble(tmp_path: Path) -> None:
    assert recovered(tmp_path / "calls") == []
