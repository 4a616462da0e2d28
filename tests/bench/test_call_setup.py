"""Call set-up: from a citizen's INVITE to the seat's INVITE, through ours and through the same Asterisk's bare Queue().

Ten calls a second for a minute each, in turns of 15 s, so that a neighbour's noise falls on both. Greeting and menu are
off, so that what is compared is our dialplan, its question to the controller, and the queue. Seats answer at once and
hang up at once. Both stamps are SIPp's, of the same clock.
"""

import asyncio
import statistics
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcenter.demo.seats import Seat
from callcenter.demo.sipp import Sipp, running

sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from harness import CITIZEN_VOICE, Hotline, running_hotline, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.asterisk]

RATE, TURN_SECONDS, TURNS = 10, 15, 4
AGENTS = {str(1001 + n): str(8001 + n) for n in range(10)}
#: Aim: the slow calls through ours take at most so much longer than through the bare queue.
AIM = 1.15
WAYS = {"bare Queue()": "bare", "ours": "12345"}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    off = {"GREETING__ENABLED": "false", "MENU__ENABLED": "false", "RATING__ENABLED": "false"}
    with running_hotline(tmp_path_factory.mktemp("bench"), **off, QUEUE__WRAP_UP_SECONDS="0") as hotline:
        yield hotline


async def test_call_set_up_takes_about_as_long_as_through_a_bare_queue(quick: Hotline) -> None:
    took: dict[str, list[float]] = {way: [] for way in WAYS}
    lost = dict.fromkeys(WAYS, 0)
    async with AsyncExitStack() as stack:
        seats = [
            await stack.enter_async_context(quick.seat(seat, ring=0.0, talk=(0.0, 0.0))) for seat in AGENTS.values()
        ]
        for agent, seat in AGENTS.items():
            await quick.post(f"/agents/{agent}/sign-in", {"seat": seat})
            await quick.until_agent(agent, "ready")
        for turn in range(TURNS):
            for way, dialled in WAYS.items():
                first = 10**10 + (turn * 2 + list(WAYS.values()).index(dialled)) * 10**6
                measured = await drive(quick, seats, dialled, first)
                took[way] += measured
                lost[way] += RATE * TURN_SECONDS - len(measured)
        for agent in AGENTS:
            await quick.sign_out(agent)
    report(took, lost)
    assert all(len(taken) > 0.9 * RATE * TURN_SECONDS * TURNS for taken in took.values()), lost


async def drive(hotline: Hotline, seats: list[Seat], dialled: str, first: int) -> list[float]:
    """Make a turn's calls from numbers that begin at `first`; return the milliseconds to the first seat's INVITE."""
    numbers = [str(first + n) for n in range(RATE * TURN_SECONDS)]
    speech = hotline.folder / "citizen.alaw"
    speech.write_bytes(CITIZEN_VOICE)
    sipp = Sipp(
        hotline.server,
        "citizen",
        {
            "dialled": dialled,
            "media_port": "[rtpstream_audio_port]",
            "stream": str(speech),
            "patience_ms": 8_000,
        },
        hotline.folder,
        rows=[number.encode() + b";" for number in numbers],
        arguments=("-m", str(len(numbers)), "-r", str(RATE), "-l", "200"),
    )
    async with running(sipp):
        await asyncio.wait_for(sipp.watch(), TURN_SECONDS + 30)
    await wait_for(lambda: not any(seat.talking for seat in seats), what="every seat is free again")
    dialled_at = {step.rest: step.at for step in sipp.steps if step.word == "dialled"}
    rang_at: dict[str, float] = {}
    for seat in seats:
        for step in seat.sipp.steps:
            caller = step.rest.rpartition(" ")[2]
            if step.word == "ringing" and caller in dialled_at:
                rang_at[caller] = min(step.at, rang_at.get(caller, step.at))
    return [1000 * (rang_at[number] - dialled_at[number]) for number in numbers if number in rang_at]


def report(took: dict[str, list[float]], lost: dict[str, int]) -> None:
    """Print the table."""
    print(f"\nCall set-up, INVITE to INVITE, {RATE} calls/s, {TURNS} x {TURN_SECONDS} s each")
    print(f"{'':<14}{'calls':>7}{'no seat':>9}{'median ms':>11}{'p95 ms':>9}")
    slow = {}
    for way, taken in took.items():
        slow[way] = statistics.quantiles(taken, n=20)[-1]
        print(f"{way:<14}{len(taken):>7}{lost[way]:>9}{statistics.median(taken):>11.2f}{slow[way]:>9.2f}")
    bare, ours = slow.values()
    print(f"p95 ours / bare: {ours / bare:.2f} (aim: at most {AIM})")
