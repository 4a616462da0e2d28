"""A third whom an agent at the desk does not reach: the page says why, and the citizen is with the agent again.

Here 110 is a telephone that is busy, then one that rings for ever; units are asked for first, as in a consultation. The
agent telephones in Chromium, and uses the desk's keys.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from desk_phone import Desk, desk, telephoning
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for
from playwright.async_api import Browser
from talk_desk import hotline_with_a_line, network_of

from callcenter.demo.citizens import Citizen
from callcenter.demo.network import Network

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Lines:
    """A hotline with a line to the telephone network, whose 110 is not to be reached."""

    hotline: Hotline
    police: str
    #: What the page says of that 110, and what the call's record does.
    says: str
    result: str


@pytest.fixture(
    scope="module",
    params=[("1100486", "正忙", "busy"), ("1100999", "无人接听", "no_answer")],
    ids=["110 busy", "110 rings in vain"],
)
def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    police, says, result = request.param
    changes = {"TALK__RING_SECONDS": "5", "TALK__POLICE_NUMBER": police, "CALLBACKS__MODE": "off"}
    with hotline_with_a_line(tmp_path_factory.mktemp("not-reached"), **changes) as running:
        yield Lines(running, police, says, result)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(lines: Lines) -> AsyncIterator[Network]:
    async with network_of(lines.hotline) as network:
        yield network


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with telephoning(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


async def both_hear(citizen: Citizen, one: Desk) -> None:
    await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
    await one.until_hears(CITIZEN_HZ, "the agent hears the citizen")


@asynccontextmanager
async def talk(hotline: Hotline, browser: Browser, caller: str) -> AsyncIterator[tuple[Desk, Citizen]]:
    """Agent 1001 has taken a citizen's call by key, and they hear each other."""
    async with desk(hotline, browser, "1001", "8001") as one, hotline.citizen(caller) as citizen:
        await one.call("ringing")
        await one.press("F2")
        await both_hear(citizen, one)
        yield one, citizen
        await citizen.hang_up()
        await one.call("")


async def told(one: Desk, citizen: Citizen, says: str) -> None:
    """Wait until the page says why nobody came and who is on the line, and the two hear each other again."""
    notice = one.page.locator("[data-testid=talk] [role=alert]").filter(has_text=says)
    await notice.wait_for(timeout=20_000)
    assert "市民" in await notice.inner_text()
    await one.page.locator("[data-testid=talk][data-stage=talking]").wait_for()
    await both_hear(citizen, one)


@pytest.mark.parametrize("how", ["three-way", "transfer"])
async def test_110_that_is_not_reached_is_said_and_the_citizen_stays(
    lines: Lines, network: Network, browser: Browser, how: str
) -> None:
    caller = f"137000008{int(how == 'transfer')}{int(lines.result == 'busy')}"
    before = network.dialled[lines.police]
    async with talk(lines.hotline, browser, caller) as (one, citizen):
        await one.press("F1")
        await one.page.locator(".talk-police").wait_for()
        assert network.dialled[lines.police] == before, "one press calls nobody"
        if how == "three-way":
            await one.press("F1")
        else:
            await one.page.get_by_role("button", name="一键转接 110").click()
        await wait_for(lambda: network.dialled[lines.police] > before, what="110 is called")
        await told(one, citizen, lines.says)
        await one.picture(f"110-{lines.result}-{how}")
    (party,) = (await lines.hotline.call_of(caller))["parties"]
    assert (party["kind"], party["who"], party["result"]) == ("police", lines.police, lines.result)


@pytest.mark.parametrize(("ending", "says"), [("0404", "空号"), ("0486", "正忙"), ("0999", "无人接听")])
async def test_a_unit_that_is_asked_first_and_not_reached_is_said_and_the_citizen_stays(
    lines: Lines, network: Network, browser: Browser, ending: str, says: str
) -> None:
    if lines.result != "busy":
        pytest.skip("once is enough: how 110 fails does not matter here")
    number, unit = f"1390000{ending}", f"单位{ending}"
    await lines.hotline.post("/units", {"code": f"u{ending}", "name": unit, "phone": number})
    async with talk(lines.hotline, browser, f"1370009{ending}") as (one, citizen):
        await one.press("Alt+KeyT")
        await one.page.locator("#talk-whom").fill(unit)
        await one.page.locator(".talk-target").filter(has_text=unit).wait_for()
        await one.page.locator("#talk-whom").press("Enter")
        await wait_for(lambda: network.dialled[number], what="the unit is called")
        await told(one, citizen, says)
        await one.picture(f"unit-{ending}")
