"""A board that shows the past must say so at once, and be right again without anybody's help."""

from panel_server import Panel, ago, floor, seat, waiting
from screen import Screens

LOST = "document.querySelector('.board')?.dataset.link === 'lost'"
LIVE = "document.querySelector('.board')?.dataset.link === 'live'"
#: What a browser writes on its console when a connection breaks.
BROKEN = ("net::ERR", "503")


async def test_a_cut_stream_is_unmistakable_and_a_new_one_is_right(panel: Panel, screens: Screens) -> None:
    screens.expected = BROKEN
    panel.floor = floor((41,), [seat(8001, "talking", "王小明", caller="139****4021", since=ago(63))])
    screen = await screens.open("/wallboard")
    await screen.until(LIVE)
    await panel.cut()
    await screen.until(LOST, within=2)
    await screen.shows(".band", "连接中断")
    words = await screen.text(".band")
    assert "数据停在 " in words
    assert await screen.page.evaluate("getComputedStyle(document.querySelector('.hero')).filter") != "none"
    stands = await screen.text("[data-seat='8001'] .seat-time")
    clock = await screen.text(".clock")
    await screen.until(f"document.querySelector('.clock').textContent > '{clock}'")
    await screen.until(f"document.querySelector('.clock').textContent !== '{await screen.text('.clock')}'")
    assert await screen.text("[data-seat='8001'] .seat-time") == stands
    assert await screen.text(".band") == words
    await screen.picture("wallboard-disconnected")
    panel.floor["queue"]["waiting"] = waiting(90, 60, 30)
    panel.floor["seats"]["8001"]["state"] = "ready"
    panel.mend()
    await screen.until(LIVE, within=8)
    assert await screen.text("[data-testid=waiting]") == "3"
    assert "就绪" in await screen.text("[data-seat='8001']")
    assert await screen.page.locator(".band").count() == 0
    assert await screen.page.evaluate("getComputedStyle(document.querySelector('.hero')).filter") == "none"


async def test_a_line_that_is_open_and_silent_is_dead_after_12_seconds(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/wallboard", clock=True)
    await screen.until(LIVE)
    panel.mute()
    await screen.page.clock.run_for(9_000)
    assert await screen.page.evaluate(LIVE)
    await screen.page.clock.run_for(4_000)
    await screen.until(LOST)
    panel.mend()
    await screen.page.clock.run_for(4_000)
    await screen.until(LIVE)


async def test_pings_keep_a_quiet_line_alive(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/wallboard", clock=True)
    await screen.until(LIVE)
    for _ in range(3):
        pinged = panel.pings
        await panel.until(lambda pinged=pinged: panel.pings >= pinged + 2)
        await screen.page.clock.run_for(6_000)
    assert await screen.page.evaluate(LIVE)


async def test_a_page_opened_while_the_server_is_away_says_that_there_is_no_data(
    panel: Panel, screens: Screens
) -> None:
    screens.expected = BROKEN
    await panel.cut()
    screen = await screens.open("/wallboard")
    await screen.until(LOST)
    await screen.shows(".band", "尚无数据")
    assert await screen.text("[data-testid=waiting]") == "—"
    panel.mend()
    await screen.until(LIVE, within=8)
    assert await screen.text("[data-testid=waiting]") == "0"


async def test_a_session_that_is_over_leads_to_the_sign_in_and_back(panel: Panel, screens: Screens) -> None:
    screens.expected = ("401",)
    panel.signed_in = False
    screen = await screens.open("/wallboard")
    await screen.page.wait_for_url("**/sign-in?next=%2Fwallboard**")
