"""What goes over the browser phone's line: speech of which a part is lost, and keys for a menu.

The loss is real, in the browser's own media path: a relay of UDP (`speech_way.py`) throws every n-th RTP packet away.
The menu is Asterisk's own: the line to the telephone network leads back to this hotline, which answers as to anybody.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from desk_phone import Desk, desk, telephoning
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from own_hotline import line_to, own_hotline, until_live
from playwright.async_api import Browser
from speech_way import speech_way

from callcenter.hotline.rules.line_quality import POOR

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with telephoning(tmp_path) as opened:
        yield opened


async def test_loss_on_the_browsers_line_is_shown_at_the_desk_and_kept_with_the_call(
    hotline: Hotline, browser: Browser
) -> None:
    async def talk(caller: str, loses_one_in: int) -> dict[str, Any]:
        async with (
            speech_way() as way,
            desk(hotline, browser, "1001", "8001", way=way) as its,
            hotline.citizen(caller) as citizen,
        ):
            await its.call("ringing")
            await its.press("F2")
            await its.call("talking")
            await its.until_hears(CITIZEN_HZ, "the agent hears the citizen, through the relay")
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="and they the agent")
            way.loses_one_in = loses_one_in
            poor = its.page.locator(".tel-call .notice", has_text="当前网络较差")
            if loses_one_in:
                await poor.wait_for()
                await its.picture("poor-line")
            sent = await packets(its)
            await wait_for(lambda: more_than(its, sent + 400), 25, what="eight seconds more")
            assert await poor.count() == bool(loses_one_in)
            await citizen.hang_up()
            await its.call("")
            call = await hotline.call_of(caller)
            chip = its.page.locator(".row", has_text=caller[-4:]).locator(".chip", has_text="线路差")
            if loses_one_in:
                assert way.of_browser.lost > 50, "the relay was the way"
                assert way.of_asterisk.lost > 50
                await chip.wait_for()
            assert await chip.count() == bool(loses_one_in)
        return dict(call)

    good = await talk("13850000041", 0)
    lossy = await talk("13850000042", 4)
    print("\n", {name: [call[name] for call in (good, lossy)] for name in good if name.startswith(("mos", "line"))})
    assert good["mos_agent"] > 4
    assert lossy["mos_agent"] < POOR
    assert 10 < lossy["line_loss"] < 35
    assert lossy["mos_citizen"] > 4, "their own line was good"


async def packets(its: Desk) -> int:
    """RTP packets that the browser has sent in this call."""
    count: int = await its.page.evaluate(
        "connection.getStats().then((all) => [...all.values()].find(({ type }) => type === 'outbound-rtp').packetsSent)"
    )
    return count


async def more_than(its: Desk, count: int) -> bool:
    return await packets(its) > count


@pytest.fixture
def looped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline whose line to the telephone network leads back to itself."""
    always = {"CALLBACKS__MODE": "off", "MENU__SILENCE_SECONDS": "3"}
    yield from own_hotline(tmp_path_factory.mktemp("looped"), lambda sip: {"TRUNKS": [line_to(sip)], **always})


async def test_keys_reach_a_menu_and_the_last_number_is_dialled_again_by_key(looped: Hotline, browser: Browser) -> None:
    number = (await looped.post("/tickets", TICKET))["number"]
    await until_live(looped, lambda document: document["callbacks"]["line"], within=45)
    async with desk(looped, browser, "1001", "8001", role="supervisor") as its:
        await its.page.locator(".free-dial input").fill("12345")
        await its.press("Enter")
        await at_the_menu(its)
        await its.press("F9", "1")
        await hears_prompt(its, "ticket-number")
        await its.press(*number, "#")
        assert await its.page.locator(".tel-pad output").inner_text() == f"1{number}#"
        await hears_prompt(its, "ticket-accepted")
        await its.press("F8")
        await its.call("")
        await its.shows(".tel-redial", "12345")

        await its.press("Alt+KeyR")
        await at_the_menu(its)
        await its.press("F9")
        for key in "1":
            await its.page.locator(f"[data-key='{key}']").click()  # with the mouse as well
        await hears_prompt(its, "ticket-number")
        await its.press("F8")
        await its.call("")


#: A request with nothing in it but what it must have.
TICKET = {
    "request_id": "8c3b4a1e-6f1d-4d0b-9a35-2f1f5b7f0c11",
    "kind": "enquiry",
    "title": "路灯",
    "description": "路灯不亮",
    "caller": "13850000043",
}


async def at_the_menu(its: Desk) -> None:
    """One's own phone rings first; then the hotline is on it."""
    await its.call("ringing")
    await its.press("F2")
    await its.call("talking")
    await hears_prompt(its, "greeting")
    await hears_prompt(its, "menu")


async def hears_prompt(its: Desk, name: str) -> None:
    await its.until_hears(PROMPTS[name][0], f"the agent hears {name}")
