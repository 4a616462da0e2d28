"""Words with script tags, as a SIP header or a citizen may bring them, are words on every page; numbers stay masked."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from attack_scene import MASKED, NUMBER, SCRIPT, TICKET, Scene, whole
from database import migrated_sqlite
from panel_server import floor, seat
from playwright.async_api import Browser, BrowserContext, Page, expect
from screen import DESK
from sqlalchemy import select

from callcenter.panel.keys import LIVE, SETTINGS
from callcenter.panel.rights import Role
from callcenter.panel.tables import Audit

#: Told before any script of the page runs: what was refused, and what came to run all the same.
WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(event.violatedDirective);
  document.documentElement.dataset.refused = window.refused.length;
});
"""
#: Page, who looks at it, and words that must be there as they were sent.
PAGES: list[tuple[str, Role, str]] = [
    ("/calls", "supervisor", SCRIPT[:3]),
    ("/callbacks?view=all", "supervisor", MASKED),
    ("/tickets", "supervisor", SCRIPT[:30]),
    (f"/tickets/{TICKET}", "supervisor", SCRIPT[:30]),
    (f"/tickets/{TICKET}", "unit", SCRIPT[:30]),
    ("/unit", "unit", SCRIPT[:30]),
    ("/follow-ups", "supervisor", SCRIPT[:30]),
    ("/wallboard", "supervisor", SCRIPT[:3]),
    ("/desk", "agent", ""),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("words")
    async with whole(folder, await migrated_sqlite(folder / "panel.db")) as scene:
        seats = [
            seat(8001, "talking", SCRIPT, caller="<sc****ipt>"),
            seat(8002, "ready", "<img src=x onerror=hacked=1>"),
        ]
        scene.app[LIVE].update(floor((31, 9), seats))
        yield scene


async def opened(browser: Browser, scene: Scene, role: Role) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(viewport=DESK, locale="zh-CN")
    name = f"callcenter_{scene.app[SETTINGS].panel_port}"
    await context.add_cookies([{"name": name, "value": scene.tokens[role], "url": scene.url}])
    await context.add_init_script(WATCH)
    return context, await context.new_page()


@pytest.mark.parametrize(
    ("path", "role", "words"), PAGES, ids=[f"{role}-{path.split('?')[0]}" for path, role, _ in PAGES]
)
async def test_no_script_in_what_came_from_outside_runs(
    browser: Browser, scene: Scene, path: str, role: Role, words: str
) -> None:
    context, page = await opened(browser, scene, role)
    try:
        await page.goto(f"{scene.url}{path}", wait_until="load")
        await expect(page.locator("[aria-busy=true], .loading")).to_have_count(0)
        if words:
            await expect(page.locator("main")).to_contain_text(words)
        assert await page.evaluate("window.hacked") is None
        assert await page.evaluate("window.refused") == [], "it is text, and the policy had nothing to refuse"
        assert await page.locator("main img, main script").count() == 0
        if role != "unit":  # whose request it is
            assert NUMBER not in await page.content()
    finally:
        await context.close()


async def test_the_policy_refuses_a_script_that_got_into_a_page(browser: Browser, scene: Scene) -> None:
    """The second wall, should the first ever fall."""
    context, page = await opened(browser, scene, "supervisor")
    try:
        await page.goto(f"{scene.url}/calls", wait_until="load")
        await page.evaluate(
            "html => document.body.append(document.createRange().createContextualFragment(html))", SCRIPT
        )
        await expect(page.locator("html")).to_have_attribute("data-refused", re.compile("[2-9]"))
        assert await page.evaluate("window.hacked") is None
    finally:
        await context.close()


async def test_a_supervisor_shows_a_number_with_a_reason_and_an_agent_has_no_such_button(
    browser: Browser, scene: Scene
) -> None:
    context, page = await opened(browser, scene, "supervisor")
    try:
        await page.goto(f"{scene.url}/tickets/{TICKET}", wait_until="load")
        number = page.locator("phone-number[field=caller]")
        await expect(number).to_contain_text(MASKED)
        await number.get_by_role("button", name="显示").click()
        await number.get_by_role("button", name="调查投诉").click()
        await expect(number).to_have_text(NUMBER)
        await expect(page.locator("phone-number[field=contact_phone]")).to_contain_text(MASKED)
    finally:
        await context.close()
    async with scene.database.read() as session:
        row = (await session.scalars(select(Audit).order_by(Audit.number.desc()).limit(1))).one()
    assert (row.who, row.action, row.target) == ("a-supervisor", "number_revealed", f"ticket {TICKET}")
    assert row.detail == {"reason": "调查投诉"}
    context, page = await opened(browser, scene, "agent")
    try:
        await page.goto(f"{scene.url}/calls", wait_until="load")
        await expect(page.locator("phone-number").last).to_contain_text(MASKED)
        assert await page.locator("phone-number button").count() == 0
    finally:
        await context.close()
