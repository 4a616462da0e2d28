"""The pictures of the READMEs, taken of a real hotline with simulated citizens; only when TAKE_PICTURES=1.

A morning of calls gives the figures; then the floor is brought to a moment worth a look: talks, a wrap-up, a break, a
phone that rings, and two callers who wait.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from harness import Hotline, running_hotline, wait_for
from pictures import take
from playwright.async_api import async_playwright
from screen import DESK, chromium
from wall import signed_in, watch

from callcenter.api_client import HotlineRefused
from callcenter.demo.citizens import Citizen, numbers
from callcenter.demo.seats import Seat
from callcenter.tasks import cancel, spawn

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("TAKE_PICTURES") != "1", reason="takes pictures only when asked to"),
]

#: Agents by seat; the phone at the last one rings and rings.
AGENTS = {f"{8001 + step}": f"{1001 + step}" for step in range(8)}
AWAY, RINGS = "8007", "8008"
#: Calls of the morning, and how many at once: more could find the queue full while the phones still ring.
CALLS, AT_ONCE = 36, 4


@pytest.fixture
def busy_hotline(tmp_path: Path) -> Iterator[Hotline]:
    with running_hotline(tmp_path, QUEUE__WRAP_UP_SECONDS="45", QUEUE__RING_SECONDS="60") as running:
        yield running


@asynccontextmanager
async def crew(hotline: Hotline) -> AsyncIterator[Mapping[str, Seat]]:
    """Every agent at their seat."""
    async with AsyncExitStack() as stack:
        seats = {}
        for number, agent in AGENTS.items():
            phone = hotline.seat(number, ring=None if number == RINGS else 0.6)
            seats[number] = await stack.enter_async_context(phone)
            await hotline.post(f"/agents/{agent}/sign-in", {"seat": number})
        yield seats


async def no_wrap_up(hotline: Hotline) -> None:
    """Make whoever wraps up ready at once, for ever."""
    while True:
        for row in await hotline.get("/agents"):
            if row["state"] == "wrap_up":
                with suppress(HotlineRefused):
                    await hotline.post(f"/agents/{row['agent']}/ready")
        await asyncio.sleep(0.3)


async def morning(hotline: Hotline, people: list[str], seats: Mapping[str, Seat], chance: random.Random) -> None:
    """Citizens call and talk; three give up in the greeting, and two of them call again."""
    places = asyncio.Semaphore(AT_ONCE)

    async def call(number: str) -> None:
        async with places, hotline.citizen(number) as citizen:
            await wait_for(lambda: any(number in seat.talking.values() for seat in seats.values()), 30)
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            await citizen.hang_up()

    for number in people[:3]:
        async with hotline.citizen(number) as citizen:
            await citizen.until("answered")
    async with asyncio.TaskGroup() as group:
        for number in people[1 : 1 + CALLS]:
            group.create_task(call(number), name=f"citizen {number}")


async def test_pictures(busy_hotline: Hotline) -> None:
    hotline, chance = busy_hotline, random.Random(12345)
    people = numbers(chance, CALLS + 20)
    later = iter(people[CALLS + 5 :])
    async with (
        async_playwright() as playwright,
        chromium(playwright) as browser,
        signed_in(hotline, browser, "zhou", role="supervisor", name="周敏") as (screen, _),
        signed_in(hotline, browser, "wang", role="agent", name="王小明", agent="1001", size=DESK) as (desk, _),
        crew(hotline) as seats,
        AsyncExitStack() as stack,
    ):
        wall = await watch(screen)
        for number in (AWAY, RINGS):
            await hotline.post(f"/agents/{AGENTS[number]}/break", {"reason": "meal"})
        working = {number: seat for number, seat in seats.items() if number not in {AWAY, RINGS}}
        supervisor = spawn(no_wrap_up(hotline), name="no wrap-up")
        await morning(hotline, people, working, chance)
        for number in working:
            await wall.shows(number, "ready")
        await cancel(supervisor)

        async def dial() -> Citizen:
            return await stack.enter_async_context(hotline.citizen(next(later)))

        await wait_for(lambda: not any(seat.talking for seat in working.values()), what="every talk is over")
        for count in range(1, len(working) + 1):
            await dial()
            await wait_for(lambda wanted=count: sum(len(seat.talking) for seat in working.values()) == wanted, 15)
            await asyncio.sleep(chance.uniform(2, 6))
        # One waits in vain, which costs the answer rate its perfection; then two wait, and the last phone rings.
        impatient = await dial()
        await wall.shows("waiting", "1")
        await impatient.hang_up()
        await dial()
        await wall.shows("waiting", "1")
        await hotline.post(f"/agents/{AGENTS[RINGS]}/ready")
        await wall.shows(RINGS, "ringing")
        await asyncio.sleep(2)
        await dial()
        await seats["8005"].hang_up()
        await wall.shows("8005", "wrap_up")
        await wall.shows("waiting", "2")
        await asyncio.sleep(4)
        for name, shot in (("wallboard", screen), ("desk", desk)):
            await take(shot.page, name)
