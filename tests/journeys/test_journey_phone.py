"""The phone in the desk's page, as agents use it all day: two of them in real browsers, and citizens who call.

Each sits down and is ready; calls ring, are answered by key, muted, keyed into and ended; a second window asks before
it takes over; a line that is cut for ten seconds costs no call; and a browser that is killed costs the citizen as
little as it can.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from desk_phone import Desk, desk, telephoning
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from playwright.async_api import Browser

from callcenter.demo.citizens import Citizen

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with telephoning(tmp_path) as opened:
        yield opened


def keys_heard(citizen: Citizen) -> list[str]:
    """From now on, the keys that the citizen's phone is told of (RFC 4733), each once in a row."""
    found: list[str] = []
    hear = citizen.speech.datagram_received

    def tap(data: bytes, address: tuple[str, int]) -> None:
        if len(data) > 12 and data[1] & 0x7F == 101 and (key := "0123456789*#"[data[12]]) not in found[-1:]:
            found.append(key)
        hear(data, address)

    citizen.speech.datagram_received = tap  # type: ignore[method-assign]
    return found


async def both_hear(citizen: Citizen, its: Desk) -> None:
    await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
    await its.until_hears(CITIZEN_HZ, "the agent hears the citizen")


async def test_two_agents_take_calls_with_nothing_but_the_browser(hotline: Hotline, browser: Browser) -> None:
    async with (
        desk(hotline, browser, "1001", "8001") as one,
        hotline.citizen("13850000001") as first,
    ):
        await one.call("ringing")
        assert "市民来电" in await one.page.title()
        await one.picture("ringing")
        await one.press("F2")
        await one.call("talking")
        await both_hear(first, one)
        async with desk(hotline, browser, "1002", "8002") as two:
            async with hotline.citizen("13850000002") as second:
                await two.call("ringing")
                await two.page.locator(".tel-answer").click()
                await both_hear(second, two)
                await both_hear(first, one)
                await one.picture("talking")

                await one.press("F10")
                await one.shows(".tel-level", "已静音")
                await wait_for(lambda: not hears(first.speech.heard, SEAT_HZ), what="a muted agent is not heard")
                await one.until_hears(CITIZEN_HZ, "and hears on")
                await one.press("F10")
                await both_hear(first, one)

                keyed = keys_heard(first)
                await one.press("F9", "5", "#")
                await one.picture("keypad")
                await one.press("Escape")
                await wait_for(lambda: keyed == ["5", "#"], what="the keys arrive at the citizen's phone")

                await two.press("F8")
                await two.call("")
                await hotline.until_agent("1002", "wrap_up")
                await second.hang_up()
            await first.hang_up()
            await one.call("")
            await two.ready()
        await one.ready()
    for caller, agent in (("13850000001", "1001"), ("13850000002", "1002")):
        call = await hotline.call_of(caller)
        assert (call["outcome"], call["agent"]) == ("answered", agent)


async def test_a_test_call_gives_the_agent_their_own_voice(hotline: Hotline, browser: Browser) -> None:
    async with desk(hotline, browser, "1001", "8001") as its:
        await its.press("Alt+KeyP")
        await its.shows(".tel-settings", "麦克风")
        await its.picture("settings")
        await its.page.get_by_role("button", name="试音通话").click()
        await its.call("talking")
        await its.until_hears(SEAT_HZ, "the agent hears themselves")
        level = "Number(getComputedStyle(document.querySelector('[data-level=mic]')).getPropertyValue('--level'))"
        await wait_for(lambda: its.page.evaluate(f"{level} > 0.3"), what="the microphone's bar moves")
        await its.press("F8")
        await its.call("")
        await its.ready()


@pytest.mark.parametrize("through_panel", [False, True])
async def test_over_https_and_where_only_the_panels_port_is_open(
    hotline: Hotline, browser: Browser, *, through_panel: bool
) -> None:
    agent, seat = ("1003", "8003") if through_panel else ("1005", "8005")
    async with (
        desk(hotline, browser, agent, seat, secure=True, through_panel=through_panel) as its,
        hotline.citizen(f"1385000002{int(through_panel)}") as citizen,
    ):
        await its.call("ringing")
        await its.press("F2")
        await both_hear(citizen, its)
        await citizen.hang_up()
        await its.call("")


async def test_a_second_window_asks_and_takes_over(hotline: Hotline, browser: Browser) -> None:
    async with desk(hotline, browser, "1001", "8001") as first:
        second = Desk(hotline, first.context, await first.context.new_page(), "1001", "8001")
        await second.page.goto(first.page.url)
        await second.shows("[data-testid=phone-trouble]", "话机正在另一个窗口使用")
        await second.page.get_by_role("button", name="留在那边").click()
        await second.shows("[data-testid=phone-trouble]", "来电已转到另一个窗口")
        async with hotline.citizen("13850000003") as citizen:
            await first.call("ringing")
            await first.press("F2")
            await both_hear(citizen, first)
            await second.page.get_by_role("button", name="在此接听").click()
            await second.shows("[data-testid=phone-trouble]", "另一个窗口正在通话")
            await both_hear(citizen, first)
            await citizen.hang_up()
        await first.ready()
        await second.page.reload()
        await second.page.get_by_role("button", name="在此接听").click()
        await second.ready()
        await first.shows("[data-testid=phone-trouble]", "来电已转到另一个窗口")
        async with hotline.citizen("13850000004") as citizen:
            await second.call("ringing")
            assert await first.page.locator("[data-testid=phone-call]").count() == 0
            await second.press("F2")
            await both_hear(citizen, second)
            await citizen.hang_up()
        await second.ready()
        await second.page.close()
        await first.page.reload()
        await first.ready()


async def test_a_line_that_is_cut_for_ten_seconds_costs_no_call(hotline: Hotline, browser: Browser) -> None:
    async with desk(hotline, browser, "1001", "8001", cut=True) as its, hotline.citizen("13850000005") as citizen:
        await its.call("ringing")
        await its.press("F2")
        await both_hear(citizen, its)
        await its.cut_the_line()
        await its.shows(".tel-call", "正在恢复与服务器的线路")
        for _ in range(10):
            await asyncio.sleep(1)  # the cut itself
            await both_hear(citizen, its)
        its.mend_the_line()
        await its.shows(".me-phone", "浏览器话机就绪")
        await both_hear(citizen, its)
        await citizen.hang_up()
        await its.call("")
        await its.ready()
        async with hotline.citizen("13850000006") as again:
            await its.call("ringing")
            await its.press("F2")
            await both_hear(again, its)
            await its.press("F8")
            await again.hang_up()
        await its.ready()
    for caller in ("13850000005", "13850000006"):
        assert (await hotline.call_of(caller))["outcome"] == "answered"


async def test_speech_that_finds_no_way_any_more_finds_a_new_one(hotline: Hotline, browser: Browser) -> None:
    """The fault is feigned, within the page; finding another way (ICE restart) is done with the real Asterisk."""
    async with desk(hotline, browser, "1001", "8001", cut=True) as its, hotline.citizen("13850000009") as citizen:
        await its.call("ringing")
        await its.press("F2")
        await both_hear(citizen, its)
        before = await its.page.evaluate("connection.localDescription.sdp.match(/ice-ufrag:(.*)/)[1]")
        await its.cut_the_line()
        await its.speech_fails()
        await its.shows(".tel-call", "网络中断，通话仍保留")
        await its.picture("network-gone")
        its.mend_the_line()
        await its.page.locator(".tel-call .notice").wait_for(state="detached")
        assert await its.page.evaluate("connection.localDescription.sdp.match(/ice-ufrag:(.*)/)[1]") != before
        await both_hear(citizen, its)
        await its.press("F8")
        await citizen.hang_up()
        await its.ready()
    assert (await hotline.call_of("13850000009"))["outcome"] == "answered"


async def test_a_browser_killed_while_it_rings_costs_the_citizen_nothing(
    hotline: Hotline, browser: Browser, tmp_path: Path
) -> None:
    async with desk(hotline, browser, "1002", "8002") as two:
        await two.press("F4", "1")
        await hotline.until_agent("1002", "break")
        async with victim(hotline, tmp_path) as (one, kill), hotline.citizen("13850000007") as citizen:
            await one.call("ringing")
            kill()
            await two.press("F2")
            await two.call("ringing")
            await two.press("F2")
            await both_hear(citizen, two)
            await citizen.hang_up()
            assert (await hotline.until_agent("1001", "break"))["reason"] in {"no_answer", "phone_offline"}
    call = await hotline.call_of("13850000007")
    assert (call["outcome"], call["agent"]) == ("answered", "1002")


async def test_a_browser_killed_while_it_talks_does_not_keep_the_citizen_in_silence(
    hotline: Hotline, tmp_path: Path
) -> None:
    async with (
        hotline.seated("1002", "8002") as other,
        victim(hotline, tmp_path) as (one, kill),
        on_break(hotline, "1002"),
        hotline.citizen("13850000008") as citizen,
    ):
        await one.call("ringing")
        await one.press("F2")
        await both_hear(citizen, one)
        kill()
        lost = PROMPTS["agent-lost"][0]
        await wait_for(lambda: hears(citizen.speech.heard, lost), 60, what="they are told, and first in line")
        await hotline.post("/agents/1002/ready")
        await other.until("answered", within=20)
        await wait_for(lambda: hears(other.speech.heard, CITIZEN_HZ), what="another agent has them")
        await citizen.hang_up()
        call = await hotline.call_of("13850000008")
        assert (call["outcome"], call["agent"]) == ("answered", "1002")
        assert (await hotline.until_agent("1001", "break"))["reason"] == "phone_offline"


@asynccontextmanager
async def on_break(hotline: Hotline, agent: str) -> AsyncIterator[None]:
    """They get no call until they are ready again."""
    await hotline.post(f"/agents/{agent}/break", {"reason": "rest"})
    yield


@asynccontextmanager
async def victim(hotline: Hotline, folder: Path) -> AsyncIterator[tuple[Desk, Callable[[], None]]]:
    """Agent 1001 in a browser of their own, and what kills it as a crash does."""
    (folder / "victim").mkdir()
    known = set(psutil.Process().children(recursive=True))
    async with telephoning(folder / "victim") as opened:
        programs = set(psutil.Process().children(recursive=True)) - known

        def kill() -> None:
            for program in programs:
                with suppress(psutil.Error):
                    if "chrom" in program.name():
                        program.kill()

        async with desk(hotline, opened, "1001", "8001") as its:
            yield its, kill
