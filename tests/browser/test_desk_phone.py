"""The desk says what is wrong with its phone, and what to do about it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from panel_server import Panel, ago, floor, seat
from playwright.async_api import Browser, async_playwright
from screen import DESK, PHONE, Screen, Screens, chromium

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
#: A microphone that nobody has allowed yet, and a name that is not loopback: without https no browser trusts that.
FLAGS = ("--use-fake-device-for-media-stream", "--host-resolver-rules=MAP hotline.test 127.0.0.1")
ORDER = "POST /api/v1/phone"


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def headset() -> AsyncIterator[Browser]:
    """A browser with a microphone."""
    async with async_playwright() as playwright, chromium(playwright, *FLAGS) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def heard(headset: Browser, panel: Panel) -> AsyncIterator[Screens]:
    """Screens before the panel in the browser with a microphone."""
    opened = Screens(headset, panel.url, ARTEFACTS)
    yield opened
    await opened.close()


def seated(panel: Panel, **more: object) -> None:
    panel.floor = floor(
        (), [seat(8001, "break", "李敏", reason="phone_offline", **{"phone": False} | more), seat(8002)]
    )


async def allowed(screens: Screens, panel: Panel) -> Screen:
    """The desk, in a browser whose microphone may be used."""
    screen = await screens.open("/sign-in", size=DESK)
    await screen.page.context.grant_permissions(["microphone"], origin=panel.url)
    await screen.page.goto(f"{panel.url}/desk")
    return screen


async def says(screen: Screen, kind: str, *words: str) -> None:
    for word in words:
        await screen.shows(f"[data-testid=phone-trouble][data-kind={kind}]", word)
    assert await screen.faint() == []
    await screen.picture(f"phone-{kind}")


async def test_no_microphone(panel: Panel, screens: Screens) -> None:
    seated(panel)
    screen = await screens.open("/desk", size=DESK)
    await says(screen, "no_microphone", "未找到麦克风", "请插好耳麦")
    assert panel.orders == [], "who cannot speak gets no calls"


async def test_a_microphone_that_is_refused(panel: Panel, heard: Screens) -> None:
    seated(panel)
    screen = await heard.open("/desk", size=DESK)
    await says(screen, "denied", "麦克风未获允许", "设为“允许”")
    assert panel.orders == []
    await screen.page.context.grant_permissions(["microphone"], origin=panel.url)
    await screen.page.get_by_role("button", name="重试").click()
    await panel.until(lambda: any(order == ORDER for order, _ in panel.orders))


async def test_a_page_that_is_not_secure_leads_to_the_one_that_is(panel: Panel, heard: Screens) -> None:
    seated(panel)
    screen = await heard.open("/sign-in", size=DESK)
    await screen.page.goto(panel.url.replace("127.0.0.1", "hotline.test") + "/desk")
    await says(screen, "insecure", "不能使用麦克风", "https 地址")
    link = screen.page.get_by_role("link", name="打开安全地址")
    assert await link.get_attribute("href") == "https://hotline.test:8443/desk"


async def test_the_phone_in_another_window(panel: Panel, heard: Screens) -> None:
    seated(panel)
    held = "座席 8001 的话机正在您的另一个窗口中使用"
    panel.answers[ORDER] = (409, {"error": held, "fields": {"take_over": held}})
    screen = await allowed(heard, panel)
    await says(screen, "held", "话机正在另一个窗口使用", "在此接听", "留在那边")
    panel.orders.clear()
    await screen.page.get_by_role("button", name="在此接听").click()
    await panel.until(lambda: bool(panel.orders))
    order, body = panel.orders.pop()
    assert (order, body["take_over"]) == (ORDER, True)
    await screen.page.get_by_role("button", name="留在那边").click()
    await says(screen, "taken", "来电已转到另一个窗口")


async def test_a_refusal_is_told_in_the_servers_words(panel: Panel, heard: Screens) -> None:
    seated(panel)
    panel.answers[ORDER] = (409, {"error": "话务员 1001 未签入", "fields": {}})
    screen = await allowed(heard, panel)
    await says(screen, "refused", "话机登记被拒绝", "话务员 1001 未签入")


@pytest.mark.parametrize("address", ["{panel}/ws", "ws://127.0.0.1:9/ws"], ids=["refuses", "answers nothing"])
async def test_a_line_that_never_connects_and_a_clock_that_is_wrong(panel: Panel, heard: Screens, address: str) -> None:
    """The second is forbidden by the page's policy: no attempt of it ever ends."""
    seated(panel)
    address = address.format(panel=panel.url.replace("http", "ws"))
    answer = {"seat": "8001", "sip_user": "8001w", "sip_password": "x", "seconds": 600, "now": ago(3630)}
    panel.answers[ORDER] = (200, {**answer, "addresses": [address]})
    screen = await allowed(heard, panel)
    await screen.shows(".me .notice", "本机时钟快了 1:00:3")
    await screen.shows("[data-kind=line]", "话机没有线路", within=20)
    await says(screen, "line", address.replace("ws:", "http:").removesuffix("ws"))


@pytest.mark.parametrize("kind", ["sip", None])
async def test_a_seat_with_a_phone_of_its_own_needs_no_microphone(
    panel: Panel, screens: Screens, kind: str | None
) -> None:
    panel.floor = floor((), [seat(8001, "ready", "李敏", phone=True, phone_kind=kind)])
    screen = await screens.open("/desk", size=DESK)
    await screen.page.locator(".tel-gear").wait_for()
    await screen.shows(".me-phone", "话机在线")
    assert await screen.page.locator("[data-testid=phone-trouble]").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_settings_can_be_read_and_closed_by_key(panel: Panel, heard: Screens, theme: str) -> None:
    seated(panel)
    screen = await heard.open("/desk", size=PHONE, theme=theme)
    await screen.page.locator(".tel-gear").wait_for()
    await screen.page.keyboard.press("Alt+KeyP")
    await screen.shows(".tel-settings", "来电铃声播放设备")
    assert await screen.faint() == []
    assert not await screen.too_wide()
    await screen.page.keyboard.press("Escape")
    await screen.page.locator(".tel-settings").wait_for(state="detached")
