"""The scene of chaos: a real hotline on a small disk, a wire of ours to its manager port, a witness, ten seats."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import harness
import pytest
from ami_proxy import AmiProxy
from chaos_faults import Scene
from chaos_witness import QueueWitness
from harness import Hotline, port_offset, write_prompts
from harness import _run as start
from small_disk import small_disk

from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.asterisk import install
from callcenter.demo.seats import Seat
from callcenter.settings import Settings

Say = Callable[[str], None]
AGENTS = {str(1001 + n): str(8001 + n) for n in range(10)}
#: Seconds that a talk takes, by the agent.
TALK = (2.0, 8.0)
#: Megabytes of the disk: recordings of a long run, and a ballast beside them.
DISK_MB = 384
SMALL_DISK = {"DISK__ALARM_MB": "32", "DISK__CRITICAL_MB": "4", "DISK__BALLAST_MB": "16"}
#: Ports of chaos, apart from those of the journeys.
OFFSETS = range(8000, 9900, 50)


async def set_scene(folder: Path, stack: AsyncExitStack, say: Say, settings: Mapping[str, str]) -> Scene:
    """Start the hotline on a small disk, with a wire of ours to its manager port, and the witness."""
    if install.find() is None:
        pytest.skip("Asterisk is not set up")
    write_prompts(folder / "studio")
    try:
        stack.enter_context(small_disk(folder / "var", DISK_MB))
    except pytest.skip.Exception as why:
        (folder / "var").rmdir()
        say(f"no small disk: {why}")
    with patch.object(harness, "OFFSETS", OFFSETS):
        offset = stack.enter_context(port_offset())
    proxy = await stack.enter_async_context(AmiProxy(Settings.model_construct(port_offset=offset).ami_port))
    run = contextmanager(start)(folder, offset, {"AMI_THROUGH": str(proxy.port), **SMALL_DISK, **settings})
    # In a thread, for the wire must carry while the hotline comes up.
    hotline = await asyncio.to_thread(run.__enter__)
    stack.push_async_callback(asyncio.to_thread, run.__exit__, None, None, None)
    witness = await stack.enter_async_context(QueueWitness(hotline.settings.ami_port, manager_secret(hotline)))
    return Scene(hotline, witness, proxy, len(AGENTS))


def manager_secret(hotline: Hotline) -> str:
    """Return the password of the manager user that may list the queue."""
    return str(json.loads((hotline.settings.data_folder / "secrets/asterisk.json").read_text())["ami"])


async def seated(hotline: Hotline, stack: AsyncExitStack, chance: random.Random) -> list[Seat]:
    seats = [hotline.seat(seat, ring=chance.uniform(0.2, 1.5), talk=TALK) for seat in AGENTS.values()]
    await asyncio.gather(*(stack.enter_async_context(seat) for seat in seats))
    for agent, seat in AGENTS.items():
        await hotline.post(f"/agents/{agent}/sign-in", {"seat": seat})
    return seats


async def back_to_work(hotline: Hotline) -> None:
    """Do as agents do whom a phone that rang in vain has put on break, or who find themselves signed out."""
    while True:
        with suppress(HotlineDown, HotlineRefused):
            for row in await asyncio.to_thread(LocalApi(hotline.settings).get, "/agents"):
                if row["agent"] in AGENTS and row["state"] == "break":
                    await hotline.post(f"/agents/{row['agent']}/ready")
        await asyncio.sleep(2)
