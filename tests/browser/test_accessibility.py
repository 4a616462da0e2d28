"""axe-core finds no serious fault on any page, in either theme; each page's picture is kept as an artefact."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from panel_server import WEB
from playwright.async_api import Browser, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout
from screen import ARTEFACTS, DESK
from whole_panel import OF_NOBODY, Whole, whole_panel

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
#: Impacts of axe-core's that fail.
SERIOUS = ("serious", "critical")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole() -> AsyncIterator[Whole]:
    async with whole_panel() as served:
        yield served


async def faults_of(page: Page) -> list[str]:
    """Return what is seriously wrong on the page, and where."""
    await page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:160]} | {' '.join(node['failureSummary'].split())[:200]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
        for node in fault["nodes"][:4]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_no_page_has_a_serious_barrier(browser: Browser, whole: Whole, theme: str) -> None:
    pages = whole.pages()
    assert len(pages) > 15, "the pages are found"
    folder = ARTEFACTS / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    cookie = await whole.cookie("root")
    faults: dict[str, list[str]] = {}
    for path in pages:
        context = await browser.new_context(viewport=DESK, color_scheme=theme, bypass_csp=True)  # type: ignore[arg-type]
        if path not in OF_NOBODY:
            await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await page.goto(f"{whole.url}{path}", wait_until="load")
        # A page is there when its first heading is, and what it asked the server for has come.
        await page.locator("h1").first.wait_for(state="attached")
        try:
            await page.wait_for_function("!document.querySelector('[aria-busy=true], .loading')", timeout=15_000)
        except PlaywrightTimeout:
            faults[path] = ["it loads for ever"]
        name = path.strip("/").replace("/", "-") or "root"
        await page.screenshot(path=folder / f"{name}-{theme}.png")
        if found := await faults_of(page):
            faults.setdefault(path, []).extend(found)
        await context.close()
    assert not faults, json.dumps(faults, indent=1, ensure_ascii=False)
