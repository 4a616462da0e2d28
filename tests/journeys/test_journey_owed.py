"""What a citizen hears and may key when nobody gets to them; every key is on Asterisk's own disk.

Of those who find every place taken, one agrees to be called back, one keys another number, one waits in silence and is
let in when a place becomes free. One who waits leaves by key. A withheld number can be called back on the number keyed.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from harness import PROMPTS, Hotline, hears, wait_for

from callcenter.demo.citizens import Citizen

pytestmark = pytest.mark.asterisk


@asynccontextmanager
async def full_queue(hotline: Hotline, prefix: str) -> AsyncIterator[list[Citizen]]:
    """Have four citizens wait for an agent on break."""
    async with hotline.seated("1001", "8001"), AsyncExitStack() as stack:
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        waiting = [await stack.enter_async_context(hotline.citizen(f"{prefix}{n}")) for n in range(4)]
        await wait_for(lambda: _count(hotline, 4), 15, what="four wait")
        yield waiting


async def _count(hotline: Hotline, number: int) -> bool:
    return len(await hotline.waiting()) == number


async def test_citizen_who_finds_every_place_taken_agrees_by_key_to_be_called_back(hotline: Hotline) -> None:
    number = "13860000001"
    async with full_queue(hotline, "1386000001"), hotline.citizen(number) as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["offer"][0]), 15, what="the offer is heard")
        citizen.press("1")
        await citizen.until("ended", within=15)
        assert len(await hotline.waiting()) == 4
    call = await hotline.call_of(number)
    assert call["outcome"] == "overflowed"
    callback = await hotline.callback_of(number)
    assert (callback["state"], callback["reason"], callback["calls"]) == ("waiting", "requested", [call["id"]])


async def test_citizen_who_finds_every_place_taken_keys_another_number(hotline: Hotline) -> None:
    number, other = "13860000002", "13860000999"
    async with full_queue(hotline, "1386000002"), hotline.citizen(number) as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["offer"][0]), 15, what="the offer is heard")
        citizen.press("2")
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["key-number"][0]), 15, what="asked for the number")
        citizen.press(other + "#")
        await citizen.until("ended", within=25)
    callback = await hotline.callback_of(number)
    assert callback["number"] == other


async def test_citizen_who_waits_on_in_silence_is_let_in_when_a_place_becomes_free(hotline: Hotline) -> None:
    number = "13860000003"
    async with full_queue(hotline, "1386000003") as waiting, hotline.citizen(number) as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["full"][0]), 15, what="full")
        await waiting[2].hang_up()
        await wait_for(lambda: _is_last(hotline, number), 15, what="the fifth waits")
        assert len(await hotline.waiting()) == 4
    assert (await hotline.call_of(number))["outcome"] == "abandoned_queue"


async def _is_last(hotline: Hotline, number: str) -> bool:
    return (await hotline.waiting())[-1:] == [number]


async def test_citizen_who_waits_leaves_by_key_and_is_owed(hotline: Hotline) -> None:
    number = "13860000004"
    async with hotline.seated("1001", "8001"):
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        async with hotline.citizen(number) as citizen:
            await wait_for(hotline.waiting)
            citizen.press("1")
            await citizen.until("ended", within=15)
    call = await hotline.call_of(number)
    assert call["outcome"] == "abandoned_queue"
    assert (await hotline.callback_of(number))["reason"] == "requested"


async def test_citizen_with_a_withheld_number_is_called_back_on_the_one_they_key(hotline: Hotline) -> None:
    other = "13860000888"
    async with hotline.citizen("anonymous") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["key-number"][0]), 20, what="asked for the number")
        citizen.press(other + "#")
        await citizen.until("ended", within=25)
    assert (await hotline.callback_of(other))["state"] == "waiting"
