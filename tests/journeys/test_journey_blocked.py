"""Abusive callers 骚扰电话: what each level means to the caller, and that every block is a call of record.

A blocked caller hears so and is hung up on, in whatever spelling the network delivers their number; one who is limited
gets through so often an hour; one who is warned goes on to a person. With the controller killed the list stands all the
same: the script that answers from the snapshot turns the blocked away, and their call is a row like any other.
"""

import time
from typing import Any

import psutil
import pytest
from harness import PROMPTS, Hotline, hears, wait_for
from own_hotline import asterisk

from callcenter.api_client import HotlineRefused

pytestmark = pytest.mark.asterisk


async def listed(hotline: Hotline, number: str, level: str, **more: Any) -> None:  # noqa: ANN401
    """Put a number on the list."""
    row = await hotline.post("/blocked-callers", {"number": number, "level": level, **more})
    assert (row["level"], row["active"]) == (level, True)


async def hears_and_is_hung_up_on(hotline: Hotline, number: str, prompt: str) -> None:
    """Dial from `number`, hear `prompt`, and be hung up on."""
    async with hotline.citizen(number) as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS[prompt][0]), what=f"{number} hears {prompt}")
        await citizen.until("ended", within=10)


async def until_stale(hotline: Hotline) -> None:
    """Wait until the dialplan takes the controller for dead: its last heartbeat is 3 s old."""

    async def stale() -> bool:
        said = await asterisk(hotline, "dialplan show globals")
        beat = next(line for line in said.splitlines() if line.strip().startswith("HEARTBEAT="))
        return time.time() - int(beat.partition("=")[2]) > 3

    await wait_for(stale, what="the heartbeat is stale")


async def owed(hotline: Hotline, number: str) -> bool:
    return any(row["caller"] == number for row in await hotline.get("/callbacks"))


async def test_blocked_caller_is_turned_away_in_any_spelling_and_the_call_is_on_record(hotline: Hotline) -> None:
    await listed(hotline, "+86 138-1000-0301", "block", note="threats")
    for spelling in ("13810000301", "+8613810000301"):
        await hears_and_is_hung_up_on(hotline, spelling, "blocked")
        call = await hotline.call_of(spelling)
        assert (call["outcome"], call["answered_at"], call["queued_at"]) == ("blocked", None, None)
    assert not await owed(hotline, "13810000301")


async def test_limited_caller_gets_through_so_often_an_hour(hotline: Hotline) -> None:
    await listed(hotline, "13810000302", "limit", per_hour=1)
    async with hotline.citizen("13810000302") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["greeting"][0]), what="the first call gets through")
        await citizen.hang_up()
    await hears_and_is_hung_up_on(hotline, "13810000302", "limited")

    async def both() -> list[str]:
        rows = await hotline.calls_of("13810000302")
        return [row["outcome"] for row in rows] if len(rows) == 2 and all(row["ended_at"] for row in rows) else []

    assert await wait_for(both, what="both calls are on record") == ["blocked", "abandoned_greeting"]


async def test_warned_caller_hears_the_warning_and_goes_on_to_a_person(hotline: Hotline) -> None:
    await listed(hotline, "13810000303", "announce")
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13810000303") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["warned"][0]), what="the warning is heard")
        await seat.until("answered", within=15)
        await citizen.hang_up()
    assert (await hotline.call_of("13810000303"))["outcome"] == "answered"


async def test_caller_taken_off_the_list_gets_through(hotline: Hotline) -> None:
    await listed(hotline, "13810000304", "block")
    await hears_and_is_hung_up_on(hotline, "13810000304", "blocked")
    removed = await hotline.cli("blocked", "remove", "+8613810000304")
    assert removed == {"number": "13810000304"}
    assert "13810000304" not in {row["number"] for row in await hotline.cli("blocked", "list")}
    async with hotline.citizen("13810000304") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["greeting"][0]), what="the greeting is heard")
        await citizen.hang_up()


async def test_hotlines_own_numbers_and_nobodys_are_refused_with_the_reason(hotline: Hotline) -> None:
    for number, reason in (
        ("12345", "own number"),
        ("8001", "a seat"),
        ("anonymous", "withheld"),
        ("110", "emergency"),
    ):
        with pytest.raises(HotlineRefused, match=reason):
            await hotline.post("/blocked-callers", {"number": number, "level": "block"})


async def test_blocked_caller_is_turned_away_and_on_record_while_the_controller_is_dead(hotline: Hotline) -> None:
    await listed(hotline, "13810000305", "block")
    await listed(hotline, "13810000306", "announce")
    supervisor = psutil.Process(hotline.process.pid)
    supervisor.suspend()  # it would start another within a second
    try:
        hotline.program("controller").kill()
        await until_stale(hotline)
        async with hotline.citizen("+8613810000306") as warned:
            await hears_and_is_hung_up_on(hotline, "008613810000305", "blocked")
            await wait_for(lambda: hears(warned.speech.heard, PROMPTS["greeting"][0]), what="the warned one goes on")
            await warned.hang_up()
    finally:
        supervisor.resume()
    assert (await hotline.call_of("008613810000305", 30))["outcome"] == "blocked"
    assert (await hotline.call_of("+8613810000306"))["outcome"] == "abandoned_greeting"
