"""The READMEs' pictures of requests, of a real hotline with two months of made-up ones; only when TAKE_PICTURES=1.

The desk while a citizen talks whom the hotline knows, a request at its unit, that unit's work, and the indicators.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Hotline, running_hotline
from offices import PATIENCE, office
from pictures import take
from playwright.async_api import async_playwright, expect
from screen import chromium

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("TAKE_PICTURES") != "1", reason="takes pictures only when asked to"),
]


@pytest.fixture
def hotline_with_a_past(tmp_path: Path) -> Iterator[Hotline]:
    with running_hotline(tmp_path) as running:
        yield running


async def generate(hotline: Hotline) -> None:
    """Fill it with requests of two months."""
    order = ("generate", "--tickets", "3000", "--days", "60", "--seed", "12345")
    made = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", *order),
        env={**os.environ, **hotline.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await made.communicate()
    assert made.returncode == 0, out.decode()


async def with_a_unit(hotline: Hotline) -> dict[str, Any]:
    """Return a request that a unit is working on, that has a caller and has not gone smoothly."""
    found = await hotline.get("/tickets/search?state=handling&limit=100")
    shown = [await hotline.get(f"/tickets/{row['number']}") for row in found["rows"][:60]]
    fit = [one for one in shown if one["caller"] and not one["confidential"] and not one["anonymous"] and one["unit"]]
    busy = Counter(one["unit"]["code"] for one in fit)
    return max(fit, key=lambda one: (busy[one["unit"]["code"]], len(one["entries"])))


async def test_pictures_of_requests(hotline_with_a_past: Hotline) -> None:
    hotline = hotline_with_a_past
    await generate(hotline)
    ticket = await with_a_unit(hotline)
    code = ticket["unit"]["code"]
    async with async_playwright() as playwright, chromium(playwright) as browser, office(hotline, browser) as its:
        agent = await its.worker("li", "李敏", "/desk", theme="dark", role="agent", agent="1001")
        boss = await its.worker("zhou", "周敏", "/wallboard", theme="dark", role="supervisor")
        unit = await its.worker("unit", ticket["unit"]["name"], "/unit", theme="dark", role="unit", unit=code)
        async with hotline.seated("1001", "8001", ring=1.0) as seat, hotline.citizen(ticket["caller"]) as citizen:
            await seat.until("answered")
            page = agent.page
            await expect(page.locator("#f-contact_phone")).not_to_have_value("", timeout=PATIENCE)
            keys = page.keyboard
            await expect(page.locator("#f-kind input").first).to_be_focused()
            await keys.type("2")
            await page.locator("#f-title").fill("小区东门路灯不亮，夜间出行不便")
            await page.locator("#f-description").fill(
                "市民来电反映：小区东门外三盏路灯连续一周不亮，老人夜间出行不便，已向物业报修两次，均未处理，希望尽快维修。"
            )
            await page.locator("#f-category").focus()
            await keys.type("路灯")
            await keys.press("Enter")
            await page.locator("#f-address").fill("东门外人行道")
            await agent.shows("[data-state-of=saved]", "已保存")
            await take(agent.page, "desk-request")
            await citizen.hang_up()
        await boss.go(f"/tickets/{ticket['number']}")
        await boss.shows(".ticket-head", ticket["title"])
        await take(boss.page, "ticket")
        await unit.go("/unit")
        await unit.page.locator(".work-row").first.wait_for()
        await take(unit.page, "unit")
        await boss.go("/indicators?period=last-month")
        await boss.shows("tbody", "派单准确率")
        await boss.page.get_by_role("button", name="派单准确率的明细").click()
        await boss.page.locator(".behind tbody tr").first.wait_for()
        await boss.page.evaluate("scrollTo(0, 0)")
        await take(boss.page, "indicators")
