"""What recording costs: 100 conversations at once with it and without it, and whether each was recorded.

Citizens speak (SIPp plays), the other side echoes; both go through Asterisk and are joined there. Each talk is the same
but for the one step of the dialplan. Afterwards: how long until all are sealed, encoded and encrypted.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from callcenter.demo.sipp import Sipp, free_port, running
from callcenter.paths import Paths

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from harness import CITIZEN_VOICE, Hotline, running_hotline, wait_for
from own_hotline import asterisk
from recorded import heard, spoken

pytestmark = [pytest.mark.bench, pytest.mark.asterisk]

CALLS, PER_SECOND = 100, 25
#: Seconds of which the processor time is taken while all talk.
MEASURED = 10.0
TALK_SECONDS = CALLS / PER_SECOND + MEASURED + 6
TRUNK = free_port()
#: Extensions of the bench's own, by whether their talks are recorded.
EXTENSIONS = {False: "7700", True: "7701"}


@dataclass
class Cost:
    """Processor time of Asterisk in percent of one core, while all talked; and how many did."""

    percent: float
    talking: int


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    trunk = {"name": "echo", "host": "127.0.0.1", "port": TRUNK, "match": ["127.0.0.99"]}
    with running_hotline(tmp_path_factory.mktemp("recording-bench"), TRUNKS=json.dumps([trunk])) as running:
        yield running


async def test_a_hundred_talks_at_once_are_recorded_and_none_is_missing(hotline: Hotline) -> None:
    for recorded, extension in EXTENSIONS.items():
        steps = ["Answer()", *(["Gosub(hotline-record,s,1)"] if recorded else []), "Dial(PJSIP/1@trunk-echo)"]
        for at, step in enumerate(steps, 1):
            await asterisk(hotline, f"dialplan add extension {extension},{at},{step} into from-lab")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(_echo(hotline)))
        await wait_for(lambda: _line_is_there(hotline), 60, what="the line is there")
        without = await talk(hotline, recorded=False)
        beside = await talk(hotline, recorded=True)
    began = time.monotonic()
    rows = await wait_for(lambda: all_sealed(hotline), 120, what="all are sealed")
    sealed = time.monotonic() - began
    lengths = sorted(row["seconds"] for row in rows)
    agent, citizen = await heard(hotline, rows[0])
    print(f"\nRecording of {CALLS} talks at once: processor time of Asterisk, percent of one core")
    print(f"{'without':<12}{without.percent:>8.1f}  ({without.talking} talked)")
    print(f"{'with':<12}{beside.percent:>8.1f}  ({beside.talking} talked)")
    print(f"{'each':<12}{(beside.percent - without.percent) / CALLS:>8.2f}")
    print(
        f"recordings: {len(rows)} of {CALLS}, {lengths[0]:.1f} to {lengths[-1]:.1f} s; all sealed {sealed:.1f} s later"
    )
    assert len(rows) == CALLS, "none is missing"
    assert lengths[0] > MEASURED
    assert spoken(agent, 440) > MEASURED
    assert spoken(citizen, 440) > MEASURED


async def talk(hotline: Hotline, *, recorded: bool) -> Cost:
    """Have all talk at once, and measure while they do."""
    speech = hotline.folder / "citizens.alaw"
    speech.parent.mkdir(parents=True, exist_ok=True)
    speech.write_bytes(CITIZEN_VOICE)
    citizens = Sipp(
        hotline.server,
        "crowd-citizen",
        {"dialled": EXTENSIONS[recorded], "stream": str(speech), "setup_ms": 20_000, "tick_ms": 100},
        hotline.folder,
        rows=[f"139{at:08d};{round(TALK_SECONDS * 10)};0".encode() for at in range(CALLS)],
        arguments=("-m", str(CALLS), "-r", str(PER_SECOND), "-l", str(CALLS)),
    )
    program = hotline.program("asterisk.conf")
    async with running(citizens):
        await wait_for(lambda: said(citizens, "answered") == CALLS, 30, what="all are answered")
        before, began = cpu(program), time.monotonic()
        await asyncio.sleep(MEASURED)  # the measure itself
        percent = 100 * (cpu(program) - before) / (time.monotonic() - began)
        talking = CALLS - said(citizens, "hung_up", "ended")
        await wait_for(lambda: said(citizens, "hung_up", "ended") == CALLS, 40, what="all have hung up")
    return Cost(percent, talking)


def said(sipp: Sipp, *words: str) -> int:
    """Return how many steps of these words there were."""
    sipp.look()
    return sum(sipp.said(word) for word in words)


def cpu(process: psutil.Process) -> float:
    """Return the processor seconds that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def _echo(hotline: Hotline) -> Sipp:
    """The other side of the line: it answers at once, and says what it hears."""
    at_once = {
        "ring_ms": 1,
        "answers": 100,
        "busy": 100,
        "declines": 100,
        "talk_ticks": (10_000, 10_001),
        "tick_ms": 100,
    }
    arguments = ("-rtp_echo", "-mp", str(free_port()), "-cid_str", f"echo-{secrets.token_hex(8)}-%u")
    return Sipp(hotline.server, "crowd-network", at_once, hotline.folder, port=TRUNK, arguments=arguments)


async def _line_is_there(hotline: Hotline) -> bool:
    return "Avail" in await asterisk(hotline, "pjsip show contacts")


async def all_sealed(hotline: Hotline) -> list[dict[str, float]]:
    """Return the recordings once nothing waits to be sealed."""
    raw = list(Paths.of(hotline.settings).raw_recordings.iterdir())
    rows: list[dict[str, float]] = await hotline.get("/recordings?limit=1000")
    return [] if raw else rows
