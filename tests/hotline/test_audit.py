"""The audit of a database against a queue_log on disk: what is read, and what is compared with what."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cel_lines import START, Citizen
from sqlalchemy import text

from callcenter.hotline.flows.proof.audit import Report, Scope, audit
from callcenter.hotline.historian import Historian
from callcenter.reports.indicators import max_waiting
from callcenter.storage.engine import Database

EPOCH = int(START.timestamp())
DAY = START.replace(hour=0)


def entered(linkedid: str, after: int, caller: str = "13800000001", place: int = 1) -> str:
    return f"{EPOCH + after}|{linkedid}|hotline|NONE|ENTERQUEUE||{caller}|{place}"


def connected(linkedid: str, after: int, waited: int, agent: str = "1001") -> str:
    return f"{EPOCH + after}|{linkedid}|hotline|{agent}|CONNECT|{waited}|{linkedid}-9|1"


def gave_up(linkedid: str, after: int, waited: int) -> str:
    return f"{EPOCH + after}|{linkedid}|hotline|NONE|ABANDON|1|1|{waited}"


async def told(database: Database, folder: Path, *citizens: Iterable[str]) -> None:
    """Have a historian store the citizens' calls."""
    cel = folder / "cel.jsonl"
    with cel.open("a", encoding="utf-8") as file:
        for citizen in citizens:
            file.write("\n".join(citizen) + "\n")
    historian = Historian(database, cel, node="node1")
    while await historian.step():
        pass


def write(folder: Path, *lines: str, name: str = "queue_log") -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


async def audited(
    database: Database, folder: Path, *, days: int = 1, as_of: datetime | None = None, begin: datetime = DAY
) -> Report:
    scope = Scope(
        node="node1",
        begin=begin,
        end=begin + timedelta(days=days),
        as_of=as_of or datetime.now(UTC),
        log=folder / "queue_log",
        recordings=folder / "recordings",
        limit=4,
    )
    return await audit(database, scope, max_waiting)


def kinds(report: Report) -> list[str]:
    return [difference.kind for difference in report.differences]


@pytest.fixture
def answered() -> Citizen:
    return Citizen("node1-1.1").queued(5).answered(after=8).hangs_up(60)


@pytest.fixture
def abandoned() -> Citizen:
    return Citizen("node1-1.2", "13900000002", start=100).queued(5).hangs_up(20)


async def test_calls_of_which_both_tell_the_same_are_no_difference(
    database: Database, tmp_path: Path, answered: Citizen, abandoned: Citizen
) -> None:
    greeting = Citizen("node1-1.3", start=200).hangs_up(3)
    await told(database, tmp_path, answered, abandoned, greeting)
    write(tmp_path, f"{EPOCH - 9}|NONE|NONE|NONE|QUEUESTART|", entered("node1-1.1", 5), connected("node1-1.1", 8, 3))
    write(tmp_path, entered("node1-1.2", 105, "13900000002"), gave_up("node1-1.2", 120, 15))
    report = await audited(database, tmp_path)
    assert report.clean
    assert (report.findings.compared, report.most_in_queue_log, report.most_in_database) == (3, 1, 1)


async def test_a_call_that_the_database_lost_is_named(database: Database, tmp_path: Path, answered: Citizen) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), connected("node1-1.1", 8, 3))
    write(tmp_path, entered("node1-1.2", 105, "13900000002"), gave_up("node1-1.2", 120, 15))
    (difference,) = (await audited(database, tmp_path)).differences
    assert (difference.kind, difference.call, difference.caller, difference.database) == (
        "not_in_database",
        "node1-1.2",
        "13900000002",
        "no such call",
    )
    assert difference.queue_log == "entered 2026-11-23T01:01:45.000+00:00, gave up 2026-11-23T01:02:00.000+00:00"


async def test_a_call_that_the_log_lost_is_named(database: Database, tmp_path: Path, abandoned: Citizen) -> None:
    await told(database, tmp_path, abandoned)
    assert kinds(await audited(database, tmp_path)) == ["not_in_queue_log"]


async def test_a_row_changed_by_hand_is_found(database: Database, tmp_path: Path, answered: Citizen) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), connected("node1-1.1", 8, 3))
    async with database.begin() as session:
        await session.execute(text("UPDATE calls SET agent = '1002'"))
    (difference,) = (await audited(database, tmp_path)).differences
    assert (difference.kind, difference.database, difference.queue_log) == (
        "other_agent",
        "answered by 1002",
        "answered by 1001",
    )


async def test_a_log_in_several_files_is_read_in_order(database: Database, tmp_path: Path, answered: Citizen) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), name="queue_log.20261123-090000")
    write(tmp_path, connected("node1-1.1", 8, 3), name="queue_log.20261123-100000")
    write(tmp_path, f"{EPOCH + 60}|node1-1.1|hotline|1001|COMPLETECALLER|3|52|1")
    assert (await audited(database, tmp_path)).clean


async def test_a_call_that_waits_across_midnight_belongs_to_the_day_on_which_it_began(
    database: Database, tmp_path: Path
) -> None:
    midnight = (DAY + timedelta(days=1) - START).total_seconds()
    late = Citizen("node1-1.1", start=midnight - 10).queued(5).answered(after=30).hangs_up(60)
    greeted = Citizen("node1-1.2", "13900000002", start=midnight - 3).queued(5).hangs_up(20)
    await told(database, tmp_path, late, greeted)
    seconds = int(midnight)
    write(tmp_path, entered("node1-1.1", seconds - 5), entered("node1-1.2", seconds + 2, "13900000002", 2))
    write(tmp_path, gave_up("node1-1.2", seconds + 17, 15), connected("node1-1.1", seconds + 20, 25))
    first = await audited(database, tmp_path)
    second = await audited(database, tmp_path, begin=DAY + timedelta(days=1))
    assert (first.clean, first.findings.compared) == (True, 2)
    assert (second.clean, second.findings.compared) == (True, 0), "known, and of another day"


async def test_a_line_that_cannot_be_read_is_a_difference_with_its_place(
    database: Database, tmp_path: Path, answered: Citizen
) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), "179539560", connected("node1-1.1", 8, 3))
    (difference,) = (await audited(database, tmp_path)).differences
    assert difference.kind == "unreadable_line"
    assert difference.queue_log.startswith("queue_log, line 2: ")
    assert (await audited(database, tmp_path, begin=DAY - timedelta(days=9))).clean, "it is another day's"


async def test_a_recording_that_is_gone_is_a_difference(database: Database, tmp_path: Path, answered: Citizen) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), connected("node1-1.1", 8, 3))
    assert (await audited(database, tmp_path)).clean, "no folder of recordings is here to look in"
    recording = tmp_path / "recordings/2026/11/23/node1-1.1.wav"
    recording.parent.mkdir(parents=True)
    (difference,) = (await audited(database, tmp_path)).differences
    assert (difference.kind, difference.database) == (
        "recording_missing",
        "recording: 2026/11/23/node1-1.1.wav",
    )
    recording.touch()
    assert (await audited(database, tmp_path)).clean


async def test_what_happened_just_now_is_left_to_the_next_audit(
    database: Database, tmp_path: Path, answered: Citizen
) -> None:
    await told(database, tmp_path, answered)
    write(tmp_path, entered("node1-1.1", 5), entered("node1-1.2", 58, "13900000002", 1))
    report = await audited(database, tmp_path, as_of=START + timedelta(seconds=57))
    assert (report.findings.fresh, report.findings.compared, report.clean) == (2, 0, True)


async def test_five_who_waited_at_once_are_a_difference(database: Database, tmp_path: Path) -> None:
    crowd = [Citizen(f"node1-1.{n}", f"1380000000{n}", start=n).queued(5).hangs_up(30) for n in range(5)]
    await told(database, tmp_path, *crowd)
    write(tmp_path, *(entered(f"node1-1.{n}", n + 5, f"1380000000{n}", n + 1) for n in range(5)))
    write(tmp_path, *(gave_up(f"node1-1.{n}", n + 30, 25) for n in range(5)))
    report = await audited(database, tmp_path)
    assert kinds(report) == ["too_many_waited"]
    assert (report.most_in_database, report.most_in_queue_log, report.limit) == (5, 5, 4)


async def test_another_nodes_calls_are_not_this_logs(database: Database, tmp_path: Path, abandoned: Citizen) -> None:
    await told(database, tmp_path, abandoned)
    async with database.begin() as session:
        await session.execute(text("UPDATE calls SET node = 'node2'"))
    report = await audited(database, tmp_path)
    assert (report.clean, report.findings.compared) == (True, 0)
