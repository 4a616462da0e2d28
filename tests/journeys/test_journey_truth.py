"""What is in the database is what happened: Asterisk's other witness agrees call by call, and its files tell it again.

A hotline of its own takes calls of every kind: answered, given up in the greeting and in the queue, redialled, left by
key, sent away from a full queue, let in after an offer, without an agent, cut by the death of Asterisk, ended by its
orderly stop. Its files are turned over in the middle of a talk and of a wait. Then the audit prints no difference and
the replay is equal; and when somebody changes one row by hand, both say which.
"""

import asyncio
import functools
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import PROMPTS, Hotline, hears, running_hotline, wait_for

from callcenter.asterisk import secrets
from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.log_rotation import LogRotation
from callcenter.demo.citizens import Citizen
from callcenter.demo.show import is_healthy
from callcenter.demo.sipp import SippError
from callcenter.hotline.flows.proof.replay import stored_to
from callcenter.paths import Paths
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def truthful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline that no other journey's calls are on."""
    with running_hotline(tmp_path_factory.mktemp("truth"), CALLBACKS__MODE="off") as running:
        yield running


async def callcenter(hotline: Hotline, *arguments: str) -> tuple[int, str]:
    """Run a command; returns its status and what it printed."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", *arguments),
        env={**os.environ, **hotline.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await done.communicate()
    assert done.returncode is not None
    return done.returncode, out.decode()


async def audited(hotline: Hotline) -> dict[str, Any]:
    """Audit until no call is too fresh to be compared; returns what it printed."""

    async def settled() -> dict[str, Any] | None:
        _, printed = await callcenter(hotline, "audit", "--from", "2020-01-01", "--json")
        found: dict[str, Any] = json.loads(printed)
        return found if found["too_fresh"] == 0 and found["in_progress"] == 0 else None

    return await wait_for(settled, 40, what="an audit of every call")


async def back(hotline: Hotline) -> None:
    await wait_for(lambda: asyncio.to_thread(is_healthy, hotline.settings), 40, what="the hotline is well again")


async def answered_ones(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001") as seat:
        async with hotline.citizen("13880000001") as citizen:
            await seat.until("answered", within=15)
            await wait_for(lambda: hears(citizen.speech.heard, 1000))
            await seat.hang_up()
            await citizen.until("ended", within=15)
        await hotline.until_agent("1001", "ready", 20)
        async with hotline.citizen("13880000002") as citizen:
            await seat.until("answered", times=2, within=15)
            await wait_for(lambda: hears(citizen.speech.heard, 1000))
            await citizen.hang_up()
        await hotline.until_agent("1001", "ready", 20)


async def given_up_ones(hotline: Hotline) -> None:
    async with hotline.citizen("13880000011") as citizen:
        await citizen.until("answered")
        await citizen.hang_up()
    async with hotline.citizen("13880000012") as citizen:
        await citizen.until("ended", within=30)  # no agent is there
    async with hotline.seated("1001", "8001"):
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        async with hotline.citizen("13880000013") as citizen:
            await wait_for(hotline.waiting, 15)
            await citizen.hang_up()
        async with hotline.citizen("13880000014") as citizen:
            await wait_for(hotline.waiting, 15)
            await leaves_by_key(citizen)


async def redials(hotline: Hotline) -> None:
    """Dial twice in vain, and be answered the third time."""
    for _ in range(2):
        async with hotline.citizen("13880000060") as citizen:
            await citizen.until("answered")
            await citizen.hang_up()
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13880000060") as citizen:
        await seat.until("answered", within=15)
        await wait_for(lambda: hears(citizen.speech.heard, 1000))
        await citizen.hang_up()


async def leaves_by_key(citizen: Citizen) -> None:
    for _ in range(5):
        citizen.press("1")  # a key that is pressed before the music begins is nobody's
        with suppress(SippError):
            await citizen.until("ended", within=4)
            break


async def full_queue(hotline: Hotline) -> None:
    """Four wait; one more is offered a callback and sent away; one more is let in when a place becomes free."""
    async with hotline.seated("1001", "8001"), AsyncExitStack() as stack:
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        waiting = [await stack.enter_async_context(hotline.citizen(f"1388000002{n}")) for n in range(4)]
        await wait_for(lambda: _waits(hotline, 4), 20, what="four wait")
        async with hotline.citizen("13880000025") as citizen:
            await citizen.until("ended", within=40)
        async with hotline.citizen("13880000026") as citizen:
            await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["full"][0]), 15, what="full")
            await waiting[1].hang_up()
            await wait_for(lambda: _last_is(hotline, "13880000026"), 20, what="let in")
            for one in waiting:
                with suppress(SippError):
                    await one.hang_up()


async def _waits(hotline: Hotline, count: int) -> bool:
    return len(await hotline.waiting()) == count


async def _last_is(hotline: Hotline, number: str) -> bool:
    return (await hotline.waiting())[-1:] == [number]


@asynccontextmanager
async def one_talks_and_one_waits(hotline: Hotline, prefix: str) -> AsyncIterator[None]:
    async with (
        hotline.seated("1001", "8001") as seat,
        hotline.citizen(f"{prefix}1") as first,
    ):
        await seat.until("answered", within=15)
        async with hotline.citizen(f"{prefix}2") as second:
            await wait_for(hotline.waiting, 15)
            yield
            for one in (first, second):
                with suppress(SippError):
                    await one.hang_up()


async def asterisk_dies(hotline: Hotline) -> None:
    async with one_talks_and_one_waits(hotline, "1388000003"):
        dead = hotline.program("sbin/asterisk")
        dead.kill()
        await wait_for(lambda: not dead.is_running(), what="Asterisk is dead")
        await back(hotline)


async def asterisk_stops_in_order(hotline: Hotline) -> None:
    async with one_talks_and_one_waits(hotline, "1388000004"):
        gone = hotline.program("sbin/asterisk")
        gone.terminate()
        await wait_for(lambda: not gone.is_running(), 20, what="Asterisk is gone")
        await back(hotline)


async def files_are_turned_over(hotline: Hotline) -> list[str]:
    """Turn the files over in a talk and a wait; returns the names there are then."""
    paths = Paths.of(hotline.settings)
    known = secrets.ensure(paths.secrets, hotline.settings)
    database = Database(f"sqlite:///{paths.database}")

    async def up() -> None:
        return None

    ami = AmiClient(
        "127.0.0.1",
        hotline.settings.ami_port,
        "controller",
        known.ami,
        on_message=lambda _message: None,
        on_up=up,
        on_down=lambda: None,
    )

    linked = spawn(ami.run(), name="ami-of-the-rotation")
    try:
        await wait_for(lambda: ami.connected, what="the rotation's link")
        rotation = LogRotation(
            paths.cel,
            (paths.log / "queue_log", paths.log / "messages.log"),
            ami,
            timedelta(days=400),
            functools.partial(stored_to, database, hotline.settings.node),
            lambda: datetime.now(UTC),
        )
        async with one_talks_and_one_waits(hotline, "1388000005"):
            await rotation.at_midnight()
            await rotation.at_midnight()
        await rotation.at_midnight()
    finally:
        await ami.stop()
        await cancel(linked)
        await database.close()
    return sorted(path.name for folder in (paths.log, paths.cel.parent) for path in folder.iterdir())


async def test_the_audit_finds_no_difference_and_the_replay_is_equal_after_calls_of_every_kind(
    truthful: Hotline,
) -> None:
    await answered_ones(truthful)
    await given_up_ones(truthful)
    await redials(truthful)
    await full_queue(truthful)
    names = await files_are_turned_over(truthful)
    await asterisk_dies(truthful)
    await asterisk_stops_in_order(truthful)
    await answered_ones(truthful)

    for log in ("cel.jsonl", "queue_log"):
        assert len([name for name in names if name.startswith(f"{log}.")]) >= 2, names

    found = await audited(truthful)
    print(json.dumps(found, indent=1))
    assert found["differences"] == []
    assert found["compared"] == len(await truthful.get("/calls")) == 23
    assert found["most_waiting"]["queue_log"] == 4
    assert found["explained"].get("asterisk_died", 0) >= 1
    status, printed = await callcenter(truthful, "audit", "--from", "2020-01-01")
    assert (status, printed.splitlines()[0]) == (0, "no differences: 23 calls compared")

    status, printed = await callcenter(truthful, "replay")
    callbacks = len(await truthful.get("/callbacks"))
    assert (status, printed.splitlines()[0]) == (0, f"equal: 23 calls, {callbacks} callbacks"), printed


async def test_a_row_that_was_changed_by_hand_is_told_by_both(truthful: Hotline) -> None:
    database = Path(truthful.settings.data_folder, "callcenter.db")
    change = "UPDATE calls SET agent = ?, answered_at = ?, outcome = ? WHERE caller = '13880000013'"
    before = (None, None, "abandoned_queue")
    _change(database, change, ("1001", "2026-01-01 00:00:00.000000", "answered"))
    try:
        status, printed = await callcenter(truthful, "audit", "--from", "2020-01-01", "--json")
        (difference,) = [row for row in json.loads(printed)["differences"] if row["kind"] == "answered_by_one"]
        assert status == 1
        assert difference["caller"] == "13880000013"
        assert "gave up" in difference["queue_log"]
        status, printed = await callcenter(truthful, "replay", "--json")
        assert status == 1
        assert {row["what"] for row in json.loads(printed)["differences"]} == {"call"}
    finally:
        _change(database, change, before)
    _change(database, "DELETE FROM callback_calls", ())
    status, printed = await callcenter(truthful, "replay", "--json")
    assert (status, {row["what"] for row in json.loads(printed)["differences"]}) == (1, {"callback"})


def _change(database: Path, statement: str, values: tuple[str | None, ...]) -> None:
    with sqlite3.connect(database, timeout=10) as connection:
        connection.execute(statement, values)
    connection.close()
