"""Citizens whom nobody answered: however it came about, the call is on the list, and a callback and a ticket are owed.

One hangs up in the greeting, one in the queue, one finds no seat signed in, and of five at once four wait and the
fifth is told that it will be called back: never may five wait. One dials again and is answered: then nothing is owed.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest
from harness import PROMPTS, Hotline, hears, wait_for

pytestmark = pytest.mark.asterisk


async def is_owed(hotline: Hotline, caller: str, outcome: str) -> None:
    """Check that the missed call of `caller` is listed with its outcome, one callback, and one ticket."""
    call = await hotline.call_of(caller)
    assert call["outcome"] == outcome
    assert call["answered_at"] is None
    callback = await hotline.callback_of(caller)
    assert (callback["state"], callback["calls"]) == ("waiting", [call["id"]])
    assert callback["due_at"] > callback["opened_at"]
    assert callback["ticket"] == call["ticket"]
    tickets = [row for row in await hotline.get("/tickets") if row["caller"] == caller]
    assert [row["number"] for row in tickets] == [callback["ticket"]]


async def test_citizen_who_hangs_up_in_the_greeting_is_owed(hotline: Hotline) -> None:
    async with hotline.citizen("13810000001") as citizen:
        await citizen.until("answered")
        await citizen.hang_up()
    await is_owed(hotline, "13810000001", "abandoned_greeting")


async def test_citizen_who_hangs_up_in_the_queue_is_owed(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001"):
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        async with hotline.citizen("13810000002") as citizen:
            await wait_for(hotline.waiting)
            assert await hotline.waiting() == ["13810000002"]
            await citizen.hang_up()
    await is_owed(hotline, "13810000002", "abandoned_queue")
    assert await hotline.waiting() == []


async def test_citizen_who_hangs_up_while_the_seat_rings_is_owed(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001", ring=None) as seat:
        async with hotline.citizen("13810000003") as citizen:
            await seat.until("ringing", within=15)
            await citizen.hang_up()
            await seat.until("cancelled")
        await hotline.until_agent("1001", "ready")
    await is_owed(hotline, "13810000003", "abandoned_queue")


async def test_citizen_who_finds_no_seat_signed_in_hears_so_and_is_owed(hotline: Hotline) -> None:
    async with hotline.citizen("13810000004") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["sorry-callback"][0]), what="the promise is heard")
        await citizen.until("ended")
    await is_owed(hotline, "13810000004", "unanswered")


async def test_of_five_at_once_four_wait_and_the_fifth_is_owed(hotline: Hotline) -> None:
    numbers = [f"1381000010{n}" for n in range(5)]
    async with hotline.seated("1001", "8001"), AsyncExitStack() as stack:
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        citizens = [await stack.enter_async_context(hotline.citizen(number)) for number in numbers]
        refused = await wait_for(
            lambda: [c for c in citizens if hears(c.speech.heard, PROMPTS["full"][0])], what="one hears: full"
        )
        assert len(refused) == 1
        await refused[0].until("ended", within=20)
        queue = await hotline.get("/queue")
        assert len(queue["waiting"]) == 4
        assert [row["position"] for row in queue["waiting"]] == [1, 2, 3, 4]
        assert queue["limit"] == 5
        assert queue["max_waiting_seen"] == 4
        waiting = [citizen for citizen in citizens if citizen is not refused[0]]
        await asyncio.gather(*(citizen.hang_up() for citizen in waiting))
    await is_owed(hotline, refused[0].number.decode(), "overflowed")
    for citizen in waiting:
        await is_owed(hotline, citizen.number.decode(), "abandoned_queue")


async def test_citizen_who_dials_again_and_is_answered_is_owed_no_more(hotline: Hotline) -> None:
    number = "13810000006"
    async with hotline.citizen(number) as citizen:
        await citizen.until("answered")
        await citizen.hang_up()
    owed = await hotline.callback_of(number)
    async with hotline.seated("1001", "8001") as seat, hotline.citizen(number) as citizen:
        await seat.until("answered", within=15)
        await citizen.hang_up()

    async def settled() -> bool:
        return (await hotline.callback_of(number))["state"] == "settled"

    await wait_for(settled)
    callback = await hotline.callback_of(number)
    assert (callback["id"], callback["settled_by"]) == (owed["id"], "redial")


async def test_citizen_who_dials_twice_in_vain_is_owed_one_callback(hotline: Hotline) -> None:
    number = "13810000007"
    for _ in range(2):
        async with hotline.citizen(number) as citizen:
            await citizen.until("answered")
            await citizen.hang_up()

    async def both() -> bool:
        return len((await hotline.callback_of(number))["calls"]) == 2

    await wait_for(both)
    calls = await hotline.calls_of(number)
    assert sorted((await hotline.callback_of(number))["calls"]) == sorted(call["id"] for call in calls)
