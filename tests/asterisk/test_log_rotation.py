"""Turning over what Asterisk writes: which files are renamed and removed, and that not a line of them is lost."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from trial import MODULES, Trial, trial

from callcenter.asterisk.ami import AmiClient, AmiDown
from callcenter.asterisk.cel_files import files_of, identity_of
from callcenter.asterisk.log_rotation import LogFile, LogRotation, Position, next_name, plan, stored
from callcenter.tasks import cancel, spawn

NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
CEL = Path("/log/cel.jsonl")
KEEP = timedelta(days=400)


def used(size: int = 100) -> LogFile:
    return LogFile(CEL, size, NOW)


def rotated(suffix: str, *, days: float = 1, done: bool = True) -> LogFile:
    return LogFile(CEL.with_name(f"cel.jsonl.{suffix}"), 100, NOW - timedelta(days=days), done)


def test_the_file_in_use_is_turned_over_at_midnight_and_named_after_it() -> None:
    assert plan(CEL, [used()], NOW, keep=KEEP, daily=True).rename_to == CEL.with_name("cel.jsonl.20261124-000000")
    assert plan(CEL, [used()], NOW, keep=KEEP, daily=False).rename_to is None


def test_a_file_that_has_grown_too_large_does_not_wait_for_midnight() -> None:
    assert plan(CEL, [used(1000)], NOW, keep=KEEP, daily=False, full=1000).rename_to
    assert plan(CEL, [used(999)], NOW, keep=KEEP, daily=False, full=1000).rename_to is None


def test_an_empty_file_and_none_at_all_are_left_alone() -> None:
    assert plan(CEL, [used(0)], NOW, keep=KEEP, daily=True).rename_to is None
    assert plan(CEL, [rotated("20261123-000000")], NOW, keep=KEEP, daily=True).rename_to is None


def test_files_are_removed_when_their_days_are_over_and_the_historian_has_stored_them() -> None:
    old = rotated("20251001-000000", days=400.1)
    unread = rotated("20251002-000000", days=400.1, done=False)
    young = rotated("20251020-000000", days=399.9)
    assert plan(CEL, [old, unread, young, used()], NOW, keep=KEEP, daily=True).remove == (old.path,)


def test_a_log_that_strangers_can_fill_is_bounded_and_call_records_are_not() -> None:
    stamps = ("20261121-000000", "20261122-000000", "20261123-000000")
    files = [LogFile(CEL.with_name(f"cel.jsonl.{stamp}"), 100, NOW) for stamp in stamps]
    assert plan(CEL, [*files, used(10)], NOW, keep=KEEP, daily=False, bound=250).remove == (files[0].path,)
    assert plan(CEL, [*files, used(10)], NOW, keep=KEEP, daily=False, bound=300).remove == ()
    assert plan(CEL, [*files, used(10)], NOW, keep=KEEP, daily=False).remove == ()


def test_the_file_in_use_is_never_removed() -> None:
    assert plan(CEL, [LogFile(CEL, 5, NOW - timedelta(days=999))], NOW, keep=KEEP, daily=False).remove == ()


def test_names_follow_one_another_even_when_the_clock_goes_back() -> None:
    names = [CEL.with_name("cel.jsonl.20261124-000000")]
    for now in (NOW, NOW, NOW - timedelta(hours=1), NOW + timedelta(seconds=1)):
        names.append(next_name(CEL, names, now))
    assert [name.name for name in names[1:]] == [
        "cel.jsonl.20261124-000000-001",
        "cel.jsonl.20261124-000000-002",
        "cel.jsonl.20261124-000000-003",
        "cel.jsonl.20261124-000001",
    ]
    assert sorted(names) == names
    assert next_name(CEL, [CEL.with_name("cel.jsonl.0")], NOW).name == "cel.jsonl.20261124-000000"


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    """Three files of call records, oldest first."""
    files = [tmp_path / name for name in ("cel.jsonl.20261122-000000", "cel.jsonl.20261123-000000", "cel.jsonl")]
    for place, file in enumerate(files):
        file.write_text(f'{{"first line of":{place}}}\n{{"second":0}}\n')
    return files


def test_files_before_the_historians_place_are_stored(records: list[Path]) -> None:
    size = records[0].stat().st_size
    place = identity_of(records[1])
    assert stored(records, (place, size)) == set(records[:2])
    assert stored(records, (place, size - 1)) == {records[0]}
    assert stored(records, (identity_of(records[0]), 0)) == set()


def test_with_a_place_that_is_unknown_nothing_counts_as_stored(records: list[Path]) -> None:
    assert stored(records, None) == set()
    assert stored(records, ("of no file that is here", 9_999_999)) == set()


class Asterisk:
    """Stands where the link to Asterisk does: it is down until it is `up`."""

    def __init__(self, *, up: bool = True) -> None:
        self.up = up
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def action(self, name: str, /, *, timeout: float = 5.0, **fields: str) -> None:  # noqa: ASYNC109, ARG002
        if not self.up:
            raise AmiDown("no link")
        self.asked.append((name, fields))


def rotation(folder: Path, asterisk: Asterisk, place: Position, *, keep: timedelta = KEEP) -> LogRotation:
    async def position() -> Position:
        return place

    return LogRotation(folder / "cel.jsonl", (folder / "queue_log",), asterisk, keep, position, lambda: NOW)


async def test_old_files_go_from_the_disk_and_unread_ones_stay(records: list[Path], tmp_path: Path) -> None:
    long_ago = (NOW - timedelta(days=500)).timestamp()
    for file in records[:2]:
        os.utime(file, (long_ago, long_ago))
    await rotation(tmp_path, Asterisk(), (identity_of(records[1]), 0)).when_large()
    assert not records[0].exists()
    assert records[1].exists()
    assert records[2].exists()


async def test_no_record_is_removed_while_nobody_knows_how_far_it_was_read(records: list[Path], tmp_path: Path) -> None:
    long_ago = (NOW - timedelta(days=500)).timestamp()
    os.utime(records[0], (long_ago, long_ago))
    turning = rotation(tmp_path, Asterisk(), None)

    async def away() -> Position:
        raise ConnectionError("the database is away")

    turning.position = away
    await turning.at_midnight()
    assert all(file.exists() for file in records[:2])
    assert not records[2].exists(), "it was turned over all the same"


async def test_asterisk_is_asked_to_open_its_logs_again_and_once_more_when_it_was_away(tmp_path: Path) -> None:
    asterisk = Asterisk(up=False)
    turning = rotation(tmp_path, asterisk, None)
    (tmp_path / "queue_log").write_text("a line\n")
    await turning.at_midnight()
    assert asterisk.asked == []
    asterisk.up = True
    await turning.when_large()
    assert asterisk.asked == [("Reload", {"Module": "logger"})]
    await turning.when_large()
    assert len(asterisk.asked) == 1, "there is nothing to open again"


async def test_two_turns_at_once_write_no_file_over_another(tmp_path: Path) -> None:
    class Slow(Asterisk):
        """Writes the next record as soon as a file was renamed."""

        async def action(self, name: str, /, *, timeout: float = 5.0, **fields: str) -> None:  # noqa: ASYNC109
            await super().action(name, timeout=timeout, **fields)
            (tmp_path / "queue_log").write_text(f"line {len(self.asked)}\n")

    (tmp_path / "queue_log").write_text("line 0\n")
    turning = rotation(tmp_path, Slow(), None)
    await asyncio.gather(*(turning.at_midnight() for _ in range(5)))
    assert [path.read_text() for path, _ in files_of(tmp_path / "queue_log")] == [f"line {n}\n" for n in range(6)]


async def test_a_folder_that_cannot_be_written_costs_nothing_but_a_warning(tmp_path: Path) -> None:
    turning = LogRotation(
        tmp_path / "not there/cel.jsonl",
        (tmp_path / "not there/queue_log",),
        Asterisk(),
        KEEP,
        rotation(tmp_path, Asterisk(), None).position,
        lambda: NOW,
    )
    await turning.at_midnight()


DIALPLAN = """
exten => write,1,QueueLog(hotline,${UNIQUEID},NONE,ENTERQUEUE,|13800000001|1)
 same => n,Hangup()
"""


@pytest_asyncio.fixture
async def asterisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Trial]:
    """A real Asterisk that writes into its queue_log when it is called."""
    monkeypatch.setattr("trial.MODULES", f"{MODULES} res_musiconhold app_queue")
    (tmp_path / "etc").mkdir()
    for name in ("queues.conf", "musiconhold.conf"):
        (tmp_path / "etc" / name).write_text("[general]\n")
    async with trial(tmp_path, DIALPLAN, ami_port=9138, sip_port=9160) as running:
        yield running


@pytest.mark.asterisk
async def test_a_real_asterisk_writes_every_line_once_while_its_logs_are_turned_over(
    asterisk: Trial, tmp_path: Path
) -> None:
    """Lines written at the same time as two rotations are all there, in the order of the files."""
    manager = asterisk.conf.parent / "manager.conf"
    manager.write_text(manager.read_text() + "[rotation]\nsecret=throw-away\nread=system\nwrite=system\n")
    await asterisk.command("manager reload")

    async def nothing() -> None:
        return None

    ami = AmiClient(
        "127.0.0.1",
        9138,
        "rotation",
        "throw-away",
        on_message=lambda _message: None,
        on_up=nothing,
        on_down=lambda: None,
    )
    log = tmp_path / "log/queue_log"
    clock = iter(NOW + timedelta(seconds=second) for second in range(100))

    async def position() -> Position:
        return None

    turning = LogRotation(tmp_path / "log/cel.jsonl", (log,), ami, KEEP, position, lambda: next(clock))
    linked = spawn(ami.run(), name="ami-of-the-rotation")
    try:
        async with asyncio.timeout(20):
            while not ami.connected:
                await asyncio.sleep(0.01)
        at_once = asyncio.Semaphore(8)  # Asterisk's control socket turns away a crowd

        async def call() -> None:
            async with at_once:
                await asterisk.call("write", seconds=1)

        calls = asyncio.gather(*(call() for _ in range(40)))
        for _ in range(3):
            await turning.at_midnight()
            await asyncio.sleep(0)
        await calls
        await turning.at_midnight()
        await asterisk.call("write", seconds=1)
        async with asyncio.timeout(20):
            while len(written(log)) < 41:
                await asyncio.sleep(0.05)
    finally:
        await ami.stop()
        await cancel(linked)
    assert len(set(written(log))) == len(written(log)) == 41
    names = [path.name for path, _ in files_of(log)]
    assert len(names) >= 3
    assert all(name.startswith("queue_log.20261124-0000") for name in names[:-1]), "no name but ours"
    assert not (tmp_path / "log/messages.0").exists(), "a log that is not ours to turn over was turned over"
    assert "ENTERQUEUE" in log.read_text(), "the line after the last rotation is in the file in use"


def written(log: Path) -> list[str]:
    """Return the channels of which a line was written, over all files."""
    lines = [line for path, _ in files_of(log) for line in path.read_text().splitlines()]
    return [line.split("|")[1] for line in lines if "ENTERQUEUE" in line]
