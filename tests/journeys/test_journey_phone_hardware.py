"""What belongs to a phone besides the call: the headset that is pulled out, the ring, the note on the desktop.

Which microphones there are is feigned within the page (Chromium's fake ones cannot be unplugged; see
`browser/hardware.js`); that a permission is taken back is the browser's own doing. Asterisk, the call, the speech that
a citizen hears, the ring's tones and the notification are real.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from desk_phone import Desk, desk, telephoning
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for
from playwright.async_api import Browser

from callcenter.demo.citizens import Citizen

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]

#: The two tones of the ring (`web/src/phone/ringer.js`), in hertz, and how far off the browser's analyser may be.
RING_HZ, NEAR = (587.33, 987.77), 8
ONE, TWO = "Fake Audio Input 1", "Fake Audio Input 2"


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with telephoning(tmp_path) as opened:
        yield opened


async def heard(citizen: Citizen, what: str) -> None:
    await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what=what)


async def speaks_through(its: Desk, label: str) -> None:
    await wait_for(
        lambda: its.page.evaluate(f"hardware.speaksThrough().includes({label!r})"), what=f"the call is through {label}"
    )


async def answered(its: Desk, citizen: Citizen) -> None:
    await its.call("ringing")
    await its.press("F2")
    await its.call("talking")
    await heard(citizen, "the citizen hears the agent")


async def test_a_headset_that_is_pulled_out_and_plugged_in_again_costs_no_call(
    hotline: Hotline, browser: Browser
) -> None:
    async with desk(hotline, browser, "1001", "8001", script="hardware.js") as its:
        names = [name for name in await its.page.evaluate("hardware.microphones()") if "Fake Audio Input" in name]
        assert len(names) == 2, names
        await its.press("Alt+KeyP")
        await its.page.locator(".tel-grid select").first.select_option(label=ONE)
        await its.press("Escape")
        async with hotline.citizen("13850000031") as citizen:
            await answered(its, citizen)
            await speaks_through(its, ONE)

            await its.page.evaluate("(label) => hardware.unplug(label)", ONE)
            await its.shows(".tel-told", f"“{ONE}”已断开")
            await speaks_through(its, TWO)
            await heard(citizen, "they hear the agent through the other microphone")
            await its.picture("headset-gone")
            await its.page.evaluate("(label) => hardware.plugIn(label)", ONE)
            await its.shows(".tel-told", "耳麦已重新连接")
            await speaks_through(its, ONE)
            await heard(citizen, "and through the headset again")

            for label in await its.page.evaluate("hardware.microphones()"):
                await its.page.evaluate("(label) => hardware.unplug(label)", label)
            await its.shows("[data-kind=lost_microphone]", "麦克风")
            await wait_for(lambda: not hears(citizen.speech.heard, SEAT_HZ), what="nobody is heard without one")
            await its.until_hears(CITIZEN_HZ, "the agent hears on")
            await its.picture("no-microphone-in-a-call")
            await its.page.evaluate("(label) => hardware.plugIn(label)", TWO)
            await heard(citizen, "the citizen hears the agent as soon as one is there")
            await its.page.locator("[data-testid=phone-trouble]").wait_for(state="detached")
            await its.press("F8")
            await its.call("")
            await citizen.hang_up()
        await its.ready()
    assert (await hotline.call_of("13850000031"))["outcome"] == "answered"


async def test_a_headset_that_comes_while_it_rings_answers_the_call(hotline: Hotline, browser: Browser) -> None:
    async with desk(hotline, browser, "1001", "8001", script="hardware.js") as its:
        names = await its.page.evaluate("hardware.microphones()")
        # Gone without a word, as a socket that was touched: the page still takes calls.
        await its.page.evaluate("(names) => hardware.lose(names)", names)
        async with hotline.citizen("13850000032") as citizen:
            await its.call("ringing")
            await its.press("F2")
            await its.shows("[data-testid=phone-trouble]", "未找到麦克风")
            await its.call("ringing")
            await its.page.evaluate("(label) => hardware.plugIn(label)", ONE)
            await answered(its, citizen)
            await its.page.locator("[data-testid=phone-trouble]").wait_for(state="detached")
            await citizen.hang_up()
            await its.call("")
        await its.ready()


async def test_a_permission_that_is_taken_back_in_a_call_is_said_and_given_again_mends_it(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Chromium itself ends the track; no device has come or gone."""
    async with (
        telephoning(tmp_path, permits=False) as browser,
        desk(hotline, browser, "1001", "8001") as its,
        hotline.citizen("13850000033") as citizen,
    ):
        await answered(its, citizen)
        session = await its.context.new_cdp_session(its.page)
        context = (await session.send("Target.getTargetInfo"))["targetInfo"]["browserContextId"]
        origin = await its.page.evaluate("location.origin")

        async def allowed(setting: str) -> None:
            wanted = {"permission": {"name": "microphone"}, "setting": setting, "origin": origin}
            await session.send("Browser.setPermission", {**wanted, "browserContextId": context})

        await allowed("denied")
        await its.shows("[data-kind=lost_microphone]", "麦克风")
        await wait_for(lambda: not hears(citizen.speech.heard, SEAT_HZ), what="the agent is not heard")
        await its.until_hears(CITIZEN_HZ, "the agent hears on")
        await allowed("granted")
        await its.page.locator("[data-kind=lost_microphone]").get_by_role("button", name="重试").click()
        await heard(citizen, "the citizen hears the agent again, in the same call")
        await its.page.locator("[data-testid=phone-trouble]").wait_for(state="detached")
        await citizen.hang_up()
        await its.call("")
    assert (await hotline.call_of("13850000033"))["outcome"] == "answered"


async def test_it_rings_with_its_two_tones_and_in_the_title_until_it_is_answered(
    hotline: Hotline, browser: Browser
) -> None:
    async with desk(hotline, browser, "1001", "8001", script="hardware.js") as its:
        title = await its.page.title()
        assert await its.page.evaluate("played()") == []
        tones: set[float] = set()

        async def both() -> bool:
            played = await its.page.evaluate("played()")
            tones.update(tone for tone in RING_HZ for one in played if abs(one - tone) < NEAR)
            return len(tones) == len(RING_HZ)

        async with hotline.citizen("13850000034") as citizen:
            await its.call("ringing")
            await wait_for(both, 8, what="both strokes of the ring are heard")
            assert await its.page.title() == "☎ 市民来电"
            await its.press("F2")
            await its.call("talking")
            await wait_for(lambda: its.page.evaluate("played().length === 0"), what="the ring is over")
            assert await its.page.title() == title
            await citizen.hang_up()
            await its.call("")
        # And it ends as well when the citizen gives up.
        await its.ready()
        async with hotline.citizen("13850000035") as citizen:
            await its.call("ringing")
            await wait_for(lambda: its.page.evaluate("played().length > 0"), what="it rings")
            await citizen.hang_up()
            await its.call("")
            await wait_for(lambda: its.page.evaluate("played().length === 0"), what="the ring is over")
            assert await its.page.title() == title


async def test_a_hidden_page_says_it_on_the_desktop(hotline: Hotline, browser: Browser) -> None:
    async with desk(
        hotline, browser, "1001", "8001", script="hardware.js", permissions=("microphone", "notifications")
    ) as its:
        assert await its.page.evaluate("Notification.permission") == "granted"
        async with hotline.citizen("13850000036") as citizen:
            await its.call("ringing")
            assert await its.page.evaluate("notes") == [], "nobody needs it who sees the page"
            await its.press("F2")
            await citizen.hang_up()
            await its.call("")
        await its.ready()
        # A browser without a screen has no window that could be minimised: that the page is hidden is feigned.
        await its.page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })")
        async with hotline.citizen("13850000037") as citizen:
            await wait_for(lambda: its.page.evaluate("notes.length"), what="the note")
            (note,) = await its.page.evaluate("notes")
            assert (note["title"], note["body"]) == ("市民来电", "13850000037")
            await wait_for(lambda: its.page.evaluate("notes[0].state === 'shown'"), what="the system shows it")
            await citizen.hang_up()
            await wait_for(lambda: its.page.evaluate("notes[0].state === 'closed'"), what="it goes with the ring")
