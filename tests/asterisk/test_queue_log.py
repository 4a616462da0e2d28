"""Lines of queue_log as a real Asterisk 22 wrote them, and lines that nobody should have written."""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.queue_log import QueueEvent, QueueKind, QueueLogFault, Unreadable, parse, read

#: Of a hotline on which calls were answered, given up, left by key, timed out, and cut by Asterisk's death and stop.
RECORDED = Path(__file__).parent / "recordings/queue_log"
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
EPOCH = 1795487832
AT = datetime.fromtimestamp(EPOCH, UTC)


def test_every_line_that_asterisk_wrote_is_read() -> None:
    entries = list(read(RECORDED, *ALWAYS))
    assert not [entry for entry in entries if isinstance(entry, Unreadable)]
    kinds = {entry.kind for entry in entries if isinstance(entry, QueueEvent)}
    assert kinds >= {
        QueueKind.RESTARTED,
        QueueKind.ENTERED,
        QueueKind.CONNECTED,
        QueueKind.ABANDONED,
        QueueKind.LEFT_BY_KEY,
        QueueKind.TIMED_OUT,
        QueueKind.NOBODY_THERE,
        QueueKind.ENDED_BY_AGENT,
        QueueKind.ENDED_BY_CALLER,
    }


def test_the_data_of_each_event_mean_what_they_say() -> None:
    log = b"1795487832|node1-1795487829.0|hotline|"
    assert parse(log + b"NONE|ENTERQUEUE||13700000001|2") == QueueEvent(
        QueueKind.ENTERED, AT, "node1-1795487829.0", "hotline", "", caller="13700000001", position=2
    )
    connected = parse(log + b"1001|CONNECT|4|node1-1795487832.1|3\n")
    assert (connected.kind, connected.agent, connected.waited) == (QueueKind.CONNECTED, "1001", 4)
    assert parse(log + b"NONE|ABANDON|1|2|15").waited == 15
    assert parse(log + b"NONE|EXITWITHKEY|1|1|1|16").waited == 16
    assert parse(log + b"NONE|EXITWITHTIMEOUT|1|1|17").waited == 17
    assert parse(log + b"NONE|EXITEMPTY|1|1|18").waited == 18
    completed = parse(log + b"1001|COMPLETEAGENT|4|51|1")
    assert (completed.waited, completed.talked) == (4, 51)
    assert parse(log + b"1001|BLINDTRANSFER|8002|from-seat|4|21|1").talked == 21
    assert parse(log + b"1001|RINGNOANSWER|5000").kind is QueueKind.OTHER


@pytest.mark.parametrize(
    "line",
    [
        b"179548",
        b"half|node1-1.1|hotline|NONE|ABANDON|1|1|15",
        b"1795487832|node1-1.1|hotline|NONE",
        b"1795487832|node1-1.1|hotline|NONE|ENTERQ1795487999|node1-1.2|hotline|NONE|ABANDON|1|1|1",
        b"1795487832|node1-1.1|hotline|NONE|ABANDON|1|1",
        b"1795487832|node1-1.1|hotline|NONE|ABANDON|1|1|-5",
        b"1795487832|node1-1.1|hotline|1001|CONNECT|",
        b"99999999999999999999|node1-1.1|hotline|NONE|ABANDON|1|1|15",
        b"\x00\x00\x00\x00",
    ],
)
def test_a_torn_or_hostile_line_is_a_fault(line: bytes) -> None:
    with pytest.raises(QueueLogFault):
        parse(line)


@given(st.binary(max_size=200) | st.text(alphabet="0123456789|ABENTRQU", max_size=80).map(str.encode))
def test_no_line_raises_anything_but_a_fault(line: bytes) -> None:
    with suppress(QueueLogFault):
        assert isinstance(parse(line), QueueEvent)


def test_a_line_that_cannot_be_read_is_named_with_its_file_and_number(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    lines = [
        f"{EPOCH}|a|hotline|NONE|ENTERQUEUE||1|1",
        "",
        f"{EPOCH}|a|hot",
        f"{EPOCH + 1}|a|hotline|NONE|ABANDON|1|1|1",
    ]
    log.write_text("\n".join(lines) + "\n")
    one, torn, other = read(log, *ALWAYS)
    assert isinstance(torn, Unreadable)
    assert (torn.file, torn.line, torn.after) == ("queue_log", 3, AT)
    assert isinstance(one, QueueEvent)
    assert isinstance(other, QueueEvent)


def test_a_line_that_cannot_be_read_belongs_to_the_time_of_the_line_before_it(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(f"{EPOCH}|a|hotline|NONE|ENTERQUEUE||1|1\ntorn\n")
    assert not list(read(log, AT + timedelta(seconds=1), ALWAYS[1]))


def test_files_are_read_oldest_first_and_old_ones_not_at_all(tmp_path: Path) -> None:
    for place, name in enumerate(("queue_log.20261122-000000", "queue_log.20261123-000000", "queue_log")):
        file = tmp_path / name
        file.write_text(f"{EPOCH + place}|call{place}|hotline|NONE|ENTERQUEUE||1|1\n")
        written = EPOCH + place
        os.utime(file, (written, written))
    assert [entry.call for entry in read(tmp_path / "queue_log", *ALWAYS) if isinstance(entry, QueueEvent)] == [
        "call0",
        "call1",
        "call2",
    ]
    (tmp_path / "queue_log.20261122-000000").write_text("torn\n")
    os.utime(tmp_path / "queue_log.20261122-000000", (EPOCH - 200_000,) * 2)
    assert not [entry for entry in read(tmp_path / "queue_log", AT, ALWAYS[1]) if isinstance(entry, Unreadable)]


def test_a_log_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert not list(read(tmp_path / "nowhere/queue_log", *ALWAYS))
