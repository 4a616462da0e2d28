"""Memory of the controller over twenty thousand calls, made as fast as the machine carries them cleanly.

Greeting and menu are off. Ten seats answer and hang up at once; as many more citizens call as there are places, so that
of the calls some are answered, some give up in the queue, and most find it full and are owed a callback and a ticket.
Citizens come back: five thousand numbers in all. Memory is resident memory as the kernel counts it.
"""

import asyncio
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from callcenter.demo.sipp import Sipp, running
from callcenter.tasks import spawn

sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from harness import CITIZEN_VOICE, Hotline, running_hotline, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.asterisk]

CALLS, STEP, RATE = 20_000, 1_000, 70
NUMBERS = 5_000
AGENTS = {str(1001 + n): str(8001 + n) for n in range(10)}
#: The calls after which the table has a row.
SHOWN = (1_000, 5_000, 10_000, 20_000)
#: Memory at rest is compared between these calls and the last so many: by then connections and caches are filled.
REST = range(10_000, 15_001)
#: Aim: what a call's own record takes, left behind by each, would be some 1.5 kB a call.
AIM = 1_000


@dataclass(frozen=True)
class Sample:
    """The controller after so many calls."""

    calls: int
    rss_kb: int
    seconds: float
    cpu_seconds: float


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    off = {"GREETING__ENABLED": "false", "MENU__ENABLED": "false", "RATING__ENABLED": "false"}
    with running_hotline(tmp_path_factory.mktemp("memory"), **off, QUEUE__WRAP_UP_SECONDS="0") as running:
        yield running


async def test_memory_does_not_grow_with_calls(hotline: Hotline) -> None:
    controller = hotline.program("controller")
    async with AsyncExitStack() as stack:
        for agent, seat in AGENTS.items():
            await stack.enter_async_context(hotline.seat(seat, ring=0.0, talk=(0.0, 0.0)))
            await hotline.post(f"/agents/{agent}/sign-in", {"seat": seat})
        samples = await drive(hotline, controller)
        outcomes = await stored(hotline)
        samples.append(sample(controller, CALLS, samples[0]))
        for agent in AGENTS:
            await hotline.sign_out(agent)
    slope = growth(samples)
    report(samples, outcomes, slope)
    assert controller.is_running()
    assert hotline.program("controller").pid == controller.pid, "it was the same process all the time"
    assert sum(outcomes.values()) == CALLS
    assert outcomes["answered"] > 0
    assert outcomes["overflowed"] > 0
    assert slope < AIM


async def drive(hotline: Hotline, controller: psutil.Process) -> list[Sample]:
    """Make all calls; return a sample for each thousand begun."""
    began = Sample(0, controller.memory_info().rss // 1024, time.monotonic(), _cpu(controller))
    samples = [began]
    speech = hotline.folder / "citizen.alaw"
    speech.write_bytes(CITIZEN_VOICE)
    sipp = Sipp(
        hotline.server,
        "citizen",
        # Asterisk picks up as soon as it hears speech, which SIPp itself sends.
        {"dialled": "12345", "media_port": "[rtpstream_audio_port]", "stream": str(speech), "patience_ms": 500},
        hotline.folder,
        rows=[b"%d;" % (13 * 10**9 + n % NUMBERS) for n in range(CALLS)],
        arguments=("-m", str(CALLS), "-r", str(RATE), "-l", "400"),
    )
    async with running(sipp):
        watching = spawn(sipp.watch(), name="citizens")
        for calls in range(STEP, CALLS + 1, STEP):
            await wait_for(
                lambda calls=calls: sipp.said("dialled") >= calls or watching.done(), 120, what=f"{calls} calls"
            )
            samples.append(sample(controller, calls, began))
        status = await asyncio.wait_for(watching, 60)
    assert status == 0, sipp.complaint
    return samples


def sample(controller: psutil.Process, calls: int, began: Sample) -> Sample:
    """Look at the controller now."""
    return Sample(
        calls,
        controller.memory_info().rss // 1024,
        time.monotonic() - began.seconds,
        _cpu(controller) - began.cpu_seconds,
    )


def _cpu(controller: psutil.Process) -> float:
    times = controller.cpu_times()
    return times.user + times.system


async def stored(hotline: Hotline) -> Counter[str]:
    """Wait until every call is stored and over; return how many had which outcome."""
    with closing(sqlite3.connect(f"file:{hotline.settings.data_folder}/callcenter.db?mode=ro", uri=True)) as database:

        def outcomes() -> Counter[str] | None:
            found = Counter(dict(database.execute("select outcome, count(*) from calls group by outcome").fetchall()))
            return found if sum(found.values()) >= CALLS and not found["in_progress"] else None

        counted: Counter[str] = await wait_for(outcomes, 60, what="every call is stored")
    return counted


def growth(samples: list[Sample]) -> float:
    """Return by how many kB memory at rest grew with each thousand calls.

    At rest is the least of a window of calls: a busy neighbour makes the historian's batches, and so memory, large for
    a while, and none of it stays; what is left behind raises the least as well.
    """
    early = min(each.rss_kb for each in samples if each.calls in REST)
    late = min(each.rss_kb for each in samples if each.calls > REST[-1])
    return (late - early) / (CALLS - REST[-1]) * 1000


def report(samples: list[Sample], outcomes: Counter[str], slope: float) -> None:
    """Print the table."""
    first, *rest = samples
    took = rest[-2].seconds
    print(f"\nResident memory of the controller, {CALLS:,} calls at {CALLS / took:.0f} calls/s")
    print(f"{'calls':>8}{'RSS MB':>9}{'CPU ms a call':>15}")
    print(f"{0:>8,}{first.rss_kb / 1024:>9.1f}")
    for before, each in pairwise([Sample(0, first.rss_kb, 0, 0), *(one for one in rest[:-1] if one.calls in SHOWN)]):
        cpu = 1000 * (each.cpu_seconds - before.cpu_seconds) / (each.calls - before.calls)
        print(f"{each.calls:>8,}{each.rss_kb / 1024:>9.1f}{cpu:>15.2f}")
    print(f"{'stored':>8}{rest[-1].rss_kb / 1024:>9.1f}")
    print("every thousand, MB: " + " ".join(f"{each.rss_kb / 1024:.1f}" for each in rest))
    print(f"growth at rest: {slope:+.0f} kB for each 1,000 calls (aim: below {AIM:,})")
    print("rows stored: " + ", ".join(f"{outcome} {count:,}" for outcome, count in outcomes.most_common()))
