"""The indicators: for a period, with what each was divided from, and the list behind it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import tickets_server
from playwright.async_api import Browser
from screen import PHONE
from tickets_server import Desks, TicketPanel

from callcenter.demo.requests.loading import Wish, generate
from callcenter.panel import passwords
from callcenter.reports import indicators as formulas
from callcenter.reports import views as reports_views
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.tickets.flows.time.calendar import load

ARTEFACTS = Path(__file__).parents[1] / "artefacts"


@pytest_asyncio.fixture(loop_scope="session")
async def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TicketPanel]:
    """A panel with the requests of two months."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    monkeypatch.setattr(tickets_server, "FEATURES", [*tickets_server.FEATURES, reports_views.add_routes])
    async with TicketPanel(tmp_path) as served:
        settings = Settings(data=tmp_path / "var")
        wish = Wish(900, 3, 60, clock.now())
        await generate(served.database, settings, load(settings), wish, processes=0, search=False)
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, hotline: TicketPanel) -> AsyncIterator[Desks]:
    shown = Desks(browser, hotline, ARTEFACTS)
    yield shown
    await shown.close()
    assert shown.faults == []


async def test_the_twelve_are_shown_with_their_fractions_and_open_the_list_behind(
    hotline: TicketPanel, opened: Desks
) -> None:
    today = clock.now().date()
    first = today - timedelta(days=40)
    screen = await opened.as_("boss", f"/indicators?since={first}&until={today}")
    await screen.shows("tbody", "派单准确率")
    assert await screen.page.locator("tr[data-number]").count() == 12
    async with hotline.database.read() as session:
        (row,) = await formulas.indicators(session, first, today, only=4)
    wrong = row["denominator"] - row["numerator"]
    text = await screen.text("tr[data-number='4']")
    assert f"{row['numerator']} / {row['denominator']}" in text
    assert "未达标" in text
    await screen.page.get_by_role("button", name="派单准确率的明细").click()
    await screen.until(f"document.querySelectorAll('.behind tbody tr').length === {min(wrong, 50)}")
    await screen.shows(".behind", "非首派单位办结")
    await screen.picture("indicators")
    await screen.page.locator("[data-part=denominator]").click()
    await screen.shows(".behind", "首派单位办结")
    await screen.page.get_by_role("button", name="显示更多").click()
    await screen.until("document.querySelectorAll('.behind tbody tr').length === 100")
    number = await screen.page.locator(".behind a.number").first.get_attribute("href")
    assert re.fullmatch(r"/tickets/\d{14}", number or "")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_period_is_chosen_and_kept_in_the_address(opened: Desks, theme: str) -> None:
    screen = await opened.as_("boss", "/indicators", theme=theme)
    await screen.shows("tbody", "按时办结率")
    assert await screen.page.locator("[data-period=month]").get_attribute("aria-pressed") == "true"
    await screen.page.get_by_role("button", name="上月").click()
    await screen.until("location.search === '?period=last-month'")
    await screen.shows("tbody", "综合满意率")
    await screen.picture(f"indicators-{theme}")
    assert await screen.faint() == []
    await screen.page.locator("input[name=since]").fill("2025-01-01")
    await screen.until("location.search.startsWith('?since=2025-01-01&until=')")
    await screen.page.reload()
    await screen.shows("tbody", "综合满意率")
    assert await screen.page.locator("input[name=since]").input_value() == "2025-01-01"


async def test_on_a_small_screen_and_a_telephone_nothing_is_cut(opened: Desks) -> None:
    for name, size in (("small", {"width": 1280, "height": 720}), ("phone", PHONE)):
        screen = await opened.as_("boss", "/indicators?period=last-month", size=size)
        await screen.shows("tbody", "回访覆盖率")
        await screen.picture(f"indicators-{name}")
        assert not await screen.too_wide()


async def test_an_error_is_said_and_agents_are_not_shown_the_page(hotline: TicketPanel, opened: Desks) -> None:
    opened.expected = ("503", "403")
    hotline.broken.add("/api/v1/indicators")
    screen = await opened.as_("boss", "/indicators")
    await screen.shows("[role=alert]", "数据库暂不可用")
    hotline.broken.clear()
    await screen.page.get_by_role("button", name="重试").click()
    await screen.shows("tbody", "接通率")
    answer = await (await opened.as_("li", "/tickets")).page.goto(f"{hotline.url}/indicators")
    assert answer
    assert answer.status == 403
