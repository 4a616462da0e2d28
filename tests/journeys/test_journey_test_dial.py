"""Test dials 拨测: the hotline dials itself over SIP, through a line that leads back to it, as a citizen would.

One that is answered tells how long the greeting and a person took, and how many waited; one that nobody answers, or
that the line refuses, raises an alarm until the next that passes. None counts as a citizen's call, it gives up its
place to a citizen, and none is dialled while a citizen waits.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import PROMPTS, Hotline, hears, wait_for
from outage import document
from own_hotline import line_to, own_hotline, until_live

from callcenter.api_client import HotlineRefused
from callcenter.demo.sipp import free_port

pytestmark = pytest.mark.asterisk
TESTER = "19900000000"
PERSON_SECONDS = 15


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line that leads back to it."""
    yield from own_hotline(
        tmp_path_factory.mktemp("tested"),
        lambda sip_port: {
            "TRUNKS": [line_to(sip_port, caller_id=TESTER)],
            "TEST_DIALS__PERSON_SECONDS": str(PERSON_SECONDS),
            "TEST_DIALS__GREETING_SECONDS": "5",
            "CALLBACKS__MODE": "off",  # the line leads nowhere but here
        },
    )


async def verdict(hotline: Hotline, order: int, within: float = 30) -> dict[str, Any]:
    """Wait until a test dial is over, and return its row."""

    async def over() -> dict[str, Any] | None:
        row = next(row for row in await hotline.get("/test-dials") if row["id"] == order)
        return row if row["result"] != "dialling" else None

    return await wait_for(over, within, what="the test dial is over")


async def dial(hotline: Hotline) -> int:
    """Order a test dial, and return its id."""
    ordered = await hotline.post("/test-dials")
    assert ordered["result"] == "dialling", ordered
    return int(ordered["id"])


async def test_test_dial_that_an_agent_answers_passes_and_counts_as_nobodys_call(tested: Hotline) -> None:
    async with tested.seated("1001", "8001") as seat:
        order = await dial(tested)
        with pytest.raises(HotlineRefused, match="under way"):
            await dial(tested)
        row = await verdict(tested, order)
        assert row["result"] == "passed", row
        assert 0.05 < row["greeting_seconds"] < 3, "heard, and not the mere answer"
        assert row["greeting_seconds"] < row["person_seconds"] < PERSON_SECONDS
        assert row["waiting_found"] == 0
        # The agent hears that it was a test, and is free again without a word.
        await wait_for(lambda: hears(seat.speech.heard, PROMPTS["test-dial"][0], 0.3), what="the agent hears: a test")
        await seat.until("ended", within=10)
    assert {call["direction"] for call in await tested.get("/calls")} == {"test"}
    assert await tested.get("/callbacks") == []
    assert not any(row["denominator"] for row in await tested.get("/indicators")), "a test dial counts in no indicator"


async def test_test_dial_that_rings_a_free_agent_in_vain_raises_an_alarm_until_one_passes(tested: Hotline) -> None:
    async with tested.seated("1001", "8001", ring=None):
        row = await verdict(tested, await dial(tested))
    assert row["result"] == "failed", row
    assert "although an agent was free" in row["detail"]
    assert row["person_seconds"] is None
    alarm = await until_live(tested, lambda shown: shown["alarms"].get("test_dial_failed"))
    assert alarm["detail"] == row["detail"]
    async with tested.seated("1001", "8001"):
        assert (await verdict(tested, await dial(tested)))["result"] == "passed"
    await until_live(tested, lambda shown: "test_dial_failed" not in shown["alarms"])


async def test_test_dial_gives_up_its_place_to_a_citizen(tested: Hotline) -> None:
    async with tested.seated("1001", "8001"):
        await tested.post("/agents/1001/break", {"reason": "rest"})
        order = await dial(tested)
        await wait_for(tested.waiting, what="the test dial waits")
        async with tested.citizen("13810000201") as citizen:
            await wait_for(
                lambda: _is(tested.waiting(), ["13810000201"]), 15, what="the citizen waits, and nobody else does"
            )
            assert (await verdict(tested, order))["result"] == "yielded"
            # While somebody waits none is dialled: it would take a place.
            skipped = await tested.post("/test-dials")
            assert (skipped["result"], skipped["waiting_found"]) == ("yielded", 1)
            assert "not dialled" in skipped["detail"]
            await citizen.hang_up()
    assert "test_dial_failed" not in (await document(tested))["alarms"]


async def _is(found: Any, wanted: Any) -> bool:  # noqa: ANN401  # anything that can be awaited, and compared
    return bool(await found == wanted)


async def test_test_dial_under_way_when_the_controller_is_killed_is_judged_after_it_is_back(tested: Hotline) -> None:
    async with tested.seated("1001", "8001", ring=1.5):
        order = await dial(tested)
        tested.program("controller").kill()
        row = await verdict(tested, order)
    assert row["result"] == "passed", row
    assert row["person_seconds"] < PERSON_SECONDS


async def test_test_dial_that_the_line_refuses_fails_and_the_alarm_outlives_the_controller(tmp_path: Path) -> None:
    for refused in own_hotline(tmp_path, lambda _: {"TRUNKS": [line_to(free_port(), caller_id=TESTER)]}):
        row = await verdict(refused, await dial(refused), 60)
        assert row["result"] == "failed", row
        assert row["detail"]
        await until_live(refused, lambda shown: "test_dial_failed" in shown["alarms"])
        was = refused.program("controller")
        was.kill()
        await asyncio.to_thread(was.wait, 10)
        await refused.get("/queue")  # it is back
        await until_live(refused, lambda shown: "test_dial_failed" in shown["alarms"])
