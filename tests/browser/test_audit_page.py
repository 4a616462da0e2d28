"""The page of the audit trail: found by keyboard, opened, checked, empty, refused; hostile words stay text."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from screen import DESK
from whole_panel import Whole, whole_panel

from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.storage.clock import now

HOSTILE = "<img src=x onerror=alert(1)>"
LI = Actor("li", "node1", "192.0.2.17")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole() -> AsyncIterator[Whole]:
    async with whole_panel(5) as served:
        async with served.database.begin() as session:
            for number in range(60):
                audit.record(session, LI, "callback_closed", at=now(), target=f"callback {number}", reason="号码有误")
            audit.record(session, LI, "caller_looked_up", at=now(), target="caller 13812345678")
            audit.record(session, LI, "article_flagged", at=now(), target="article 7", note=HOSTILE)
        yield served


async def opened(browser: Browser, whole: Whole, path: str = "/audit") -> Page:
    context = await browser.new_context(viewport=DESK)
    await context.add_cookies([await whole.cookie("root")])  # type: ignore[list-item]
    page = await context.new_page()
    await page.goto(f"{whole.url}{path}")
    await page.locator("tbody tr, .empty:not([aria-busy])").first.wait_for()
    return page


async def test_a_deed_is_found_and_opened_by_keyboard(browser: Browser, whole: Whole) -> None:
    page = await opened(browser, whole)
    await page.keyboard.press("/")
    await page.keyboard.type("article 7")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert page.url.endswith("?target=article+7")
    await expect(page.locator("tbody tr")).to_contain_text("知识报错")
    await expect(page.get_by_role("link", name="知识 7")).to_have_attribute("href", "/knowledge?article=7")
    await page.locator(".open").press("Enter")
    await expect(page.locator("tr.detail")).to_contain_text(HOSTILE)
    assert await page.locator("tr.detail img").count() == 0
    await page.context.close()


async def test_it_goes_on_below_and_numbers_are_masked(browser: Browser, whole: Whole) -> None:
    page = await opened(browser, whole, "/audit?who=li")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await expect(page.locator("tbody")).to_contain_text("市民 138****5678")
    await page.get_by_role("button", name="显示更多").click()
    await expect(page.locator("tbody tr")).to_have_count(62)
    await page.locator("select[name=action]").select_option("caller_looked_up")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.context.close()


async def test_the_chain_is_checked_by_a_press(browser: Browser, whole: Whole) -> None:
    page = await opened(browser, whole, "/audit?who=li")
    await page.get_by_role("button", name="校验全部日志").press("Enter")
    await expect(page.locator(".chain[data-tone=good]")).to_contain_text("未发现篡改", timeout=20_000)
    await page.context.close()


async def test_nothing_found_and_a_refusal_are_said(browser: Browser, whole: Whole) -> None:
    page = await opened(browser, whole, "/audit?who=nobody")
    await expect(page.locator(".empty")).to_contain_text("没有符合条件的审计记录")
    await page.get_by_label("从").fill("2026-05-02")
    await page.get_by_label("至").fill("2026-05-01")
    await page.get_by_label("至").press("Tab")
    await expect(page.get_by_role("alert")).to_contain_text("早于起始日期")
    await page.get_by_role("button", name="清除").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.context.close()
