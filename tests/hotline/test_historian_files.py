"""Whatever happens to the file that Asterisk writes: each record is stored once, and nothing is skipped in silence."""

import ctypes
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from cel_lines import Citizen, restarted
from historian_scene import (
    Alarms,
    abandoned,
    callbacks,
    calls,
    catch_up,
    count,
    historian,
    outcomes,
    rotate,
    size,
    tell,
    truncate,
    write,
)
from sqlalchemy import select, update

from callcenter.hotline.tables import Call, Callback, CelPosition, CelQuarantine
from callcenter.storage.engine import Database
from callcenter.tickets.tables import Ticket


async def test_lines_that_are_no_records_are_kept_apart_and_the_rest_goes_on(database: Database, cel: Path) -> None:
    call = abandoned("node1-1.1")
    queued = next(place for place, line in enumerate(call.lines) if "QUEUED" in line)
    torn = call.lines[queued][:40]
    lines = [*call.lines[:queued], torn + call.lines[queued], *call.lines[queued + 1 :]]
    write(cel, ["", "garbage \0 of 漏接", *lines, '{"eventenum":"X"}'])
    with cel.open("ab") as file:
        file.write(b"\xff\xfe\x00\n")
    await catch_up(historian(database, cel))
    (row,) = await calls(database)
    assert row["outcome"] == "abandoned_queue", "the record behind a torn one counts"
    async with database.read() as session:
        bad = (await session.scalars(select(CelQuarantine).order_by(CelQuarantine.offset))).all()
    assert [entry.text for entry in bad] == ["garbage \ufffd of 漏接", torn, '{"eventenum":"X"}', "\ufffd\ufffd\ufffd"]
    assert all(entry.reason for entry in bad)


async def test_a_flood_of_garbage_is_kept_line_by_line_with_its_place(database: Database, cel: Path) -> None:
    write(cel, ["x", *(str(n) for n in range(5000))])
    write(cel, abandoned("node1-1.1"))
    await catch_up(historian(database, cel))
    assert await outcomes(database) == {"node1-1.1": "abandoned_queue"}
    async with database.read() as session:
        bad = (await session.scalars(select(CelQuarantine).order_by(CelQuarantine.offset))).all()
    whole = cel.read_bytes()  # noqa: ASYNC240  # nothing else waits
    assert [entry.text for entry in bad] == ["x", *(str(n) for n in range(5000))]
    assert all(whole[entry.offset :].startswith(f"{entry.text}\n".encode()) for entry in bad)


async def test_a_half_written_line_waits_for_its_end(database: Database, cel: Path) -> None:
    lines = abandoned("node1-1.1").lines
    scribe = historian(database, cel)
    write(cel, lines[:-1])
    write(cel, [lines[-1][:50]], end="")
    await catch_up(scribe)
    async with database.read() as session:
        position = await session.get(CelPosition, "node1")
        assert position is not None
        assert position.offset == size(cel) - 50
    write(cel, [lines[-1][50:]])
    await catch_up(scribe)
    (call,) = await calls(database)
    assert call["outcome"] == "abandoned_queue"


async def test_a_file_that_is_not_there_yet_is_waited_for(database: Database, cel: Path) -> None:
    scribe = historian(database, cel)
    assert not await scribe.step()
    write(cel, abandoned("node1-1.1"))
    await catch_up(scribe)
    assert await count(database, Call) == 1


@pytest.mark.parametrize("running", [True, False], ids=["while it follows", "while it was away"])
async def test_rotation_by_rename_loses_nothing(database: Database, cel: Path, *, running: bool) -> None:
    citizen = Citizen("node1-1.1").queued()
    scribe = historian(database, cel)
    write(cel, citizen.lines[:4])
    await catch_up(scribe)
    write(cel, citizen.lines[4:])
    rotate(cel, ".2")
    write(cel, abandoned("node1-1.2", "13900000002"))
    os.utime(cel.with_name("cel.jsonl.2"), ns=(1, 1))
    rotate(cel, ".1")
    write(cel, citizen.answered().hangs_up(30).lines[5:])
    await catch_up(scribe if running else historian(database, cel))
    found = {call["linkedid"]: call["outcome"] for call in await calls(database)}
    assert found == {"node1-1.1": "answered", "node1-1.2": "abandoned_queue"}


async def test_truncation_starts_again_at_the_beginning(database: Database, cel: Path) -> None:
    scribe = historian(database, cel)
    write(cel, abandoned("node1-1.1"))
    await catch_up(scribe)
    truncate(cel)
    await scribe.step()
    write(cel, Citizen("node1-1.2", "13900000002", start=9).hangs_up(1))
    await catch_up(scribe)
    assert await count(database, Call) == 2


async def test_rotated_files_are_read_in_the_order_of_their_names_when_the_clock_ran_backwards(
    database: Database, cel: Path
) -> None:
    """The clock was set back between the rotations: the file that was written last has the oldest time."""
    citizen = Citizen("node1-1.1").queued().answered().agent_hangs_up(60).hangs_up(70)
    for place, suffix in enumerate((".20261124-000000", ".20261124-000000-2", ".20261124-000001")):
        write(cel, citizen.lines[place * 5 : place * 5 + 5])
        os.utime(rotate(cel, suffix), (900 - place, 900 - place))
    write(cel, citizen.lines[15:])
    await catch_up(historian(database, cel))
    assert await outcomes(database) == {"node1-1.1": "answered"}


async def test_an_outage_of_days_is_caught_up_as_if_it_had_not_been(database: Database, cel: Path) -> None:
    await tell(database, cel, abandoned("node1-first"))
    for day in range(4):
        for n in range(30):
            start = day * 86_400 + n * 60
            write(cel, abandoned(f"node1-{day}.{n}", f"139{day:04}{n:04}", start=start + 7))
        talking = Citizen(f"node1-{day}.talk", "13700000000", start=start + 50).queued().answered()
        write(cel, talking)
        os.utime(rotate(cel, f".{day}"), (day, day))
        # Midnight passes during the call.
        write(cel, talking.agent_hangs_up(90).hangs_up(91).lines[len(list(Citizen().queued().answered())) :])
    await catch_up(historian(database, cel))
    found = await outcomes(database)
    assert list(found.values()).count("abandoned_queue") == await count(database, Callback) == 121
    assert {outcome for name, outcome in found.items() if name.endswith("talk")} == {"answered"}
    assert len(found) == 125


async def test_truncated_and_grown_past_our_place_before_we_looked(database: Database, cel: Path) -> None:
    scribe = historian(database, cel)
    write(cel, Citizen("node1-1.1").hangs_up(9))
    await catch_up(scribe)
    truncate(cel)
    write(cel, abandoned("node1-1.2", "13900000002"))
    write(cel, abandoned("node1-1.3", "13900000003"))
    await catch_up(scribe)
    assert await count(database, Call) == 3


@pytest.mark.parametrize("running", [True, False], ids=["while it follows", "while it was away"])
async def test_copied_and_truncated_the_copy_is_read_to_its_end_first(
    database: Database, cel: Path, *, running: bool
) -> None:
    """As logrotate does with copytruncate: what we had not read yet is in the copy alone."""
    citizen = Citizen("node1-1.1").queued()
    scribe = historian(database, cel)
    write(cel, citizen.lines[:3])
    await catch_up(scribe)
    write(cel, citizen.lines[3:])
    shutil.copyfile(cel, cel.with_name("cel.jsonl.1"))
    truncate(cel)
    done = len(citizen.lines)
    write(cel, citizen.answered().agent_hangs_up(60).hangs_up(70).lines[done:])
    await catch_up(scribe if running else historian(database, cel))
    (call,) = await calls(database)
    assert (call["outcome"], call["queued_at"] is None) == ("answered", False)


async def test_a_file_that_another_took_the_place_of_is_read_from_its_beginning(database: Database, cel: Path) -> None:
    scribe = historian(database, cel)
    write(cel, abandoned("node1-1.1"))
    await catch_up(scribe)
    write(cel, Citizen("node1-1.2", "13900000002").lines[:2])
    rotate(cel, ".gone").unlink()
    write(cel, abandoned("node1-1.3", "13900000003"))
    await catch_up(scribe)
    assert await outcomes(database) == {
        "node1-1.1": "abandoned_queue",
        "node1-1.2": "in_progress",
        "node1-1.3": "abandoned_queue",
    }


async def test_a_record_torn_by_the_death_of_asterisk_does_not_hide_that_it_started_again(
    database: Database, cel: Path
) -> None:
    alarms = Alarms()
    scribe = historian(database, cel, on_alarm=alarms)
    talking = Citizen("node1-1.1").queued().answered()
    write(cel, talking)
    write(cel, [talking.says("RATING", 50, "5").lines[-1][:60] + restarted(60)])
    write(cel, abandoned("node1-2.1", "13900000002", start=70))
    await catch_up(scribe)
    first, second = sorted(await calls(database), key=lambda call: str(call["linkedid"]))
    assert (first["outcome"], first["cut"], second["outcome"]) == ("answered", True, "abandoned_queue")
    assert await count(database, CelQuarantine) == 1
    assert alarms.now["calls_quarantined"]["lines"] == 1
    assert alarms.now["calls_quarantined"]["reason"]


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_clock_that_is_set_during_the_calls_loses_none(database: Database, cel: Path, hours: int) -> None:
    """Order in the file decides, not the time that stands there."""
    step = hours * 3600
    waiting = Citizen("node1-1.1", "13900000001").queued()
    talking = Citizen("node1-1.2", "13900000002").queued().answered()
    write(cel, [*waiting, *talking])
    before = len(waiting.lines), len(talking.lines)
    waiting.start = talking.start = step
    write(cel, waiting.hangs_up(40).lines[before[0] :])
    write(cel, talking.agent_hangs_up(60).hangs_up(61).lines[before[1] :])
    write(cel, abandoned("node1-1.3", "13900000003", start=step + 80))
    await catch_up(historian(database, cel))
    assert list((await outcomes(database)).values()).count("answered") == 1
    assert {owed["caller"] for owed in await callbacks(database)} == {"13900000001", "13900000003"}


@pytest.mark.parametrize(
    ("file", "offset", "why"),
    [
        ("keep", 10_000_000, "has only"),
        ("keep", 700, "no line begins there"),
        ("keep", -1, "no number of bytes"),
        ("0123456789abcdef", 0, "no file is known"),
    ],
)
async def test_a_place_that_cannot_be_right_is_reported_and_all_is_read_again(
    database: Database, cel: Path, file: str, offset: int, why: str
) -> None:
    write(cel, abandoned("node1-1.0", "13900000000"))
    rotate(cel, ".1")
    talking = Citizen("node1-1.2", "13900000002").queued().answered()
    await tell(database, cel, abandoned("node1-1.1"), talking)
    before = await calls(database), await callbacks(database)
    values = {"offset": offset} | ({} if file == "keep" else {"file": file})
    async with database.begin() as session:
        await session.execute(update(CelPosition).values(values))
    done = len(talking.lines)
    alarms = Alarms()
    scribe = historian(database, cel, on_alarm=alarms)
    assert await scribe.step()
    assert why in alarms.now["history_damaged"]["reason"]
    await catch_up(scribe)
    assert (await calls(database), await callbacks(database)) == before
    assert "history_damaged" not in alarms.now
    await tell(database, cel, talking.agent_hangs_up(60).hangs_up(61).lines[done:])
    assert (await outcomes(database))["node1-1.2"] == "answered"
    assert await count(database, Callback) == await count(database, Ticket) == 2
    assert await count(database, CelQuarantine) == 0


async def test_a_folder_that_is_missing_is_waited_for(database: Database, tmp_path: Path) -> None:
    cel = tmp_path / "not" / "there" / "cel.jsonl"
    scribe = historian(database, cel)
    assert not await scribe.step()
    cel.parent.mkdir(parents=True)
    assert not await scribe.step()
    write(cel, abandoned("node1-1.1"))
    await catch_up(scribe)
    assert await count(database, Call) == 1


def open_files_as(user: int) -> None:
    """Let this thread open files as `user`, for root may read all."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).setfsuid(user)


async def test_a_file_that_nobody_may_read_is_reported_and_read_once_it_may_be(database: Database) -> None:
    log: list[tuple[str, str]] = []
    troubles: list[str | None] = []
    folder = Path(tempfile.mkdtemp(prefix="cc-cel-", dir="/tmp"))
    folder.chmod(0o755)  # noqa: ASYNC240  # in a test nothing else waits
    cel = folder / "cel.jsonl"

    def mended(kind: str, detail: dict[str, object] | None) -> None:
        log.append((kind, str(detail)))
        open_files_as(os.geteuid())
        cel.chmod(0o644)

    scribe = historian(database, cel, on_alarm=mended, on_trouble=troubles.append)
    try:
        write(cel, abandoned("node1-1.1"))
        await catch_up(scribe)
        rotate(cel, ".1")
        write(cel, abandoned("node1-1.2", "13900000002"))
        cel.chmod(0)
        open_files_as(65534)
        await catch_up(scribe)
    finally:
        open_files_as(os.geteuid())
        await scribe._forget()
        shutil.rmtree(folder)
    assert [kind for kind, _ in log] == ["history_damaged", "history_damaged"]
    assert "PermissionError" in log[0][1]
    assert log[1][1] == "None"
    assert not troubles, "the database is not to blame"
    assert await count(database, Call) == 2
