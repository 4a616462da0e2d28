"""A disk that fills to the last byte: the alarm comes before, the ballast makes room, and no call's record is lost.

The hotline's data lie on a small disk of their own. Something takes all of it, while a citizen talks and while others
come; what Asterisk writes then finds the room that the ballast gave. When that is used up too, nothing more can be
written, but citizens are still answered; and once there is room again everything goes on, the ballast is there again,
and every call that was written down is on the list once.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document, until_document, until_said
from small_disk import MEBIBYTE, fill, free, small_disk

from callcenter.disk_watch import BALLAST
from callcenter.paths import Paths

pytestmark = pytest.mark.asterisk


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    with (
        small_disk(tmp_path / "var", 128),
        running_hotline(tmp_path, DISK__ALARM_MB="24", DISK__CRITICAL_MB="8", DISK__BALLAST_MB="8") as running,
    ):
        yield running


def written(hotline: Hotline) -> set[str]:
    """Return who entered, as Asterisk wrote it down."""
    lines = Paths.of(hotline.settings).cel.read_text().splitlines()
    said = [json.loads(line) for line in lines if '"ENTERED"' in line]
    return {json.loads(one["eventextra"])["extra"].partition("|")[0] for one in said}


async def until_alarms(hotline: Hotline, *kinds: str) -> None:
    """Wait until the wallboard has these alarms of the disk and no other."""

    async def shown() -> bool:
        alarms = (await document(hotline)).get("alarms", {})
        return [kind for kind in ("disk_low", "disk_critical") if kind in alarms] == list(kinds)

    await wait_for(shown, what=f"the wallboard's alarms are {kinds}")


async def is_answered(hotline: Hotline, caller: str) -> None:
    """One citizen more is answered, talks, and hangs up."""
    async with hotline.citizen(caller) as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), 20, what="the citizen hears the agent")
        await citizen.hang_up()


async def test_a_disk_that_fills_up_costs_no_call_and_no_record(hotline: Hotline) -> None:
    data = hotline.settings.data_folder
    ballast = data / BALLAST
    await wait_for(ballast.exists, what="there is a ballast")
    async with hotline.seated("1001", "8001") as seat:
        hog = await asyncio.to_thread(fill, data, 20 * MEBIBYTE)
        early = await until_said(hotline, "this is little")
        await until_alarms(hotline, "disk_low")
        async with hotline.citizen("13880000001") as talking:
            await wait_for(lambda: hears(talking.speech.heard, SEAT_HZ), 15, what="the citizen hears the agent")
            await asyncio.to_thread(fill, data, 0)
            made_room = await until_said(hotline, "is given up")
            assert not ballast.exists()
            assert free(data) > 6 * MEBIBYTE
            assert seat.talking
            await until_alarms(hotline, "disk_critical")
            await talking.hang_up()
        await is_answered(hotline, "13880000002")
        assert (await document(hotline))["seats"]["8001"]["state"] in {"wrap_up", "ready"}
        for caller in ("13880000001", "13880000002"):
            call = await hotline.call_of(caller, within=20)
            assert (call["outcome"], call["agent"]) == ("answered", "1001")
        assert written(hotline) == {"13880000001", "13880000002"}, "Asterisk could go on writing"

        # What the ballast gave is used up too.
        await asyncio.to_thread(fill, data, 0)
        await is_answered(hotline, "13880000003")
        hog.unlink()
        await until_said(hotline, "enough again")
        await wait_for(ballast.exists, what="the ballast is there again")
        await until_document(hotline, database="up")
        await until_alarms(hotline)
        await is_answered(hotline, "13880000004")
        await hotline.call_of("13880000004", within=20)
        rows = [row["caller"] for row in await hotline.get("/calls")]
        assert sorted(rows) == sorted(written(hotline)), "what was written down is stored, once"
        assert {"13880000001", "13880000002", "13880000004"} <= set(rows)
    print(f"\nalarm after {early:.1f} s, ballast given up {made_room:.1f} s after the disk was full")
