"""The places that callers of all queues share, on a real Asterisk: of forty who come at once exactly four get one."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from test_render import DESKS, lab, rendered
from trial import Trial, trial

pytestmark = pytest.mark.asterisk
CALLERS = 40


async def until_none_is_left(asterisk: Trial) -> None:
    async with asyncio.timeout(20):
        while "0 active channels" not in await asterisk.command("core show channels"):
            await asterisk.command("channel request hangup all")
            await asyncio.sleep(0.1)


def written(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


async def told(file: Path) -> list[str]:
    """Wait until every caller has written which place they got, and return it."""
    async with asyncio.timeout(20):
        while len(lines := written(file)) < CALLERS:
            await asyncio.sleep(0.1)
    return lines


async def test_of_many_who_come_at_once_four_get_a_place_and_it_is_free_when_they_are_gone(tmp_path: Path) -> None:
    legs = "&".join(["Local/caller@trial/n"] * CALLERS)
    places = rendered(lab(tmp_path / "l", desks=DESKS))["extensions-desks.conf"]
    dialplan = f"""
exten => _all-.,1,Set(GLOBAL(TOLD)={tmp_path}/${{EXTEN:4}})
 same => n,Dial({legs},30)
exten => caller,1,Gosub(hotline-place,s,1)
 same => n,Set(FILE(${{TOLD}},,,al,u)=place ${{place}})
 same => n,Wait(60)
{places}"""
    async with trial(tmp_path / "a", dialplan) as asterisk:
        for time in range(10):
            await asterisk.call(f"all-{time}")
            found = Counter(await told(tmp_path / str(time)))
            assert found == {"place ": CALLERS - 4} | {f"place {number}": 1 for number in range(1, 5)}, time
            await until_none_is_left(asterisk)
