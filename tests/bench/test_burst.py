"""A burst of 200 citizens within 10 s on ten seats: how long until each knows what happens to them.

That is from their INVITE until an agent picks up, or until the hotline has told them when they will be called back and
hangs up. The prompts are the real ones, spoken, so most of that time is listening. Nobody hangs up before.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from callcenter.demo.seats import Seat
from callcenter.tasks import spawn

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
sys.path.insert(0, str(Path(__file__).parents[1] / "chaos"))
from chaos_citizens import Attempt, Crowd, Dial, talks_of
from chaos_scene import AGENTS, manager_secret
from chaos_witness import QueueWitness
from harness import CITIZEN_VOICE, Hotline, running_hotline, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.asterisk]

CALLERS, SECONDS = 200, 10
#: Seconds that a talk takes; seconds after which whoever has heard nothing gives up.
TALK, PATIENCE = (15.0, 25.0), 180.0


@dataclass
class Burst:
    """What was measured; seconds from each citizen's INVITE."""

    to_a_person: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    unheard: int = 0
    most_waiting: int = 0
    #: Processor seconds of the controller, and the seconds they were spent in.
    cpu: float = 0.0
    lasted: float = 0.0


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    folder = tmp_path_factory.mktemp("burst")
    (folder / "no-studio").mkdir()
    # A studio that delivered nothing: every prompt is spoken.
    with running_hotline(folder, PROMPTS=str(folder / "no-studio"), CALLBACKS__MODE="off") as running:
        yield running


async def test_a_burst_of_citizens_each_hears_soon_what_happens_to_them(hotline: Hotline) -> None:
    async with AsyncExitStack() as stack:
        seats = [await stack.enter_async_context(hotline.seat(seat, talk=TALK)) for seat in AGENTS.values()]
        for agent, seat in AGENTS.items():
            await hotline.post(f"/agents/{agent}/sign-in", {"seat": seat})
            await hotline.until_agent(agent, "ready")
        witness = QueueWitness(hotline.settings.ami_port, manager_secret(hotline))
        async with witness:
            burst = await drive(hotline, seats)
        burst.most_waiting = witness.most
        await wait_for(lambda: not any(seat.talking for seat in seats), 40, what="every talk is over")
        for agent in AGENTS:
            await hotline.sign_out(agent)
    report(burst)
    assert len(burst.to_a_person) + len(burst.told) == CALLERS
    assert not burst.unheard
    assert burst.most_waiting == 4
    assert (await hotline.get("/queue"))["max_waiting_seen"] == 4


async def drive(hotline: Hotline, seats: list[Seat]) -> Burst:
    """Let all citizens dial; return what they met."""
    controller = hotline.program("controller")
    dials = [Dial(f"138{n:08d}", PATIENCE, 0.0) for n in range(CALLERS)]
    people = Crowd(hotline.server, hotline.folder, dials, rate=CALLERS / SECONDS, words=CITIZEN_VOICE)
    began, before = time.monotonic(), cpu(controller)
    calling = spawn(people.call(PATIENCE + 60), name="burst")
    await wait_for(lambda: len(people.attempts()) == CALLERS, SECONDS + 20, what="all have dialled")
    burst = Burst(cpu=cpu(controller) - before, lasted=time.monotonic() - began)
    await calling
    picked_up = {talk.caller: talk.began for seat in seats for talk in talks_of(seat)}
    for attempt in people.attempts():
        _take(burst, attempt, picked_up.get(attempt.number))
    return burst


def _take(burst: Burst, attempt: Attempt, picked_up: float | None) -> None:
    if picked_up is not None:
        burst.to_a_person.append(picked_up - attempt.dialled)
    elif attempt.how == "ended" and attempt.over is not None:
        burst.told.append(attempt.over - attempt.dialled)
    else:
        burst.unheard += 1


def cpu(process: psutil.Process) -> float:
    """Return the processor seconds that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def report(burst: Burst) -> None:
    """Print the table."""
    print(
        f"\nBurst of {CALLERS} citizens within {SECONDS} s on {len(AGENTS)} seats: seconds from INVITE until they know"
    )
    print(f"{'':<34}{'calls':>7}{'p50':>8}{'p95':>8}{'max':>8}")
    rows = {"an agent picked up": burst.to_a_person, "told when they are called back": burst.told}
    for name, seconds in (rows | {"all": burst.to_a_person + burst.told}).items():
        if len(seconds) > 1:
            slow = statistics.quantiles(seconds, n=20)[-1]
            print(f"{name:<34}{len(seconds):>7}{statistics.median(seconds):>8.1f}{slow:>8.1f}{max(seconds):>8.1f}")
    print(f"heard nothing: {burst.unheard}; most waiting: {burst.most_waiting}")
    print(f"controller during the {burst.lasted:.1f} s of the burst: {100 * burst.cpu / burst.lasted:.0f} % of a core")
