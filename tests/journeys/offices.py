"""The people of a request before their own screens, and what each does there by keyboard."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness import Hotline
from playwright.async_api import Browser, Page, ViewportSize, expect
from screen import DESK, Screen, Screens
from wall import ARTEFACTS, PASSWORD

#: Milliseconds that a page may take to answer a click on a machine that runs an Asterisk and two browsers besides.
PATIENCE = 15_000
#: Notes when the panel of whoever rings has been painted, in milliseconds since 1970.
WATCH_THE_POP = """
() => {
  const shown = "[data-testid=pop][data-call=ringing] :is(.pop-counts, .hint:not([aria-busy]))";
  const now = () => { window.popped = performance.timeOrigin + performance.now(); };
  const note = () => requestAnimationFrame(() => setTimeout(now));
  const watch = new MutationObserver(() => { if (document.querySelector(shown)) { watch.disconnect(); note(); } });
  watch.observe(document.body, { childList: true, subtree: true, attributes: true });
}
"""


class Person:
    """Somebody signed in, and their screen."""

    def __init__(self, screen: Screen, url: str) -> None:
        self.screen = screen
        self.page: Page = screen.page
        self._url = url

    async def go(self, path: str) -> None:
        """Open a page of the panel."""
        await self.page.goto(f"{self._url}{path}")

    async def shows(self, selector: str, text: str) -> None:
        """Wait until `text` is written there."""
        await self.screen.shows(selector, text, within=PATIENCE / 1000)

    async def finds(self, path: str, tab: str, title: str) -> None:
        """Find a request in a tab of a work list, and open it with the arrow and Enter."""
        await self.go(path)
        await self.page.get_by_role("button", name=tab).first.click()
        await self.shows(".work-title", title)
        await expect(self.page.locator(".work-row")).to_have_count(1, timeout=PATIENCE)
        await self.page.keyboard.press("ArrowDown")
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(re.compile(r"/tickets/\d+$"))

    async def steps(
        self, move: str, after: str, *, unit: str = "", days: int = 0, file: Path | None = None, **texts: str
    ) -> None:
        """Make a step of the request that is open, with `texts` by field; it must read `after` in its head then.

        Before, the page is loaded anew, for somebody else may have been at it.
        """
        await self.page.reload()
        button = self.page.locator(f"button[data-move={move}]")
        await button.focus()
        await self.page.keyboard.press("Enter")
        await self.page.locator(".step").wait_for()
        if unit:
            await self.page.locator("#step-unit").focus()
            await self.page.keyboard.type(unit)
            await self.shows("[role=option]", unit)
            await self.page.keyboard.press("Enter")
        if days:
            await self.page.locator("#step-days").fill(str(days))
        if file:
            await self.page.set_input_files("#step-attachments", file)
            await self.page.locator("[data-state=there]").filter(has_text=file.name).wait_for()
        for name, text in texts.items():
            await self.page.locator(f"#step-{name}").fill(text)
        await self.page.locator(".step :is(input, textarea, button)").first.focus()
        await self.page.keyboard.press("Control+Enter")
        await expect(self.page.locator(".step")).to_have_count(0, timeout=PATIENCE)
        await self.shows(".ticket-head", after)


class Office:
    """One Chromium for everybody, with windows that know nothing of each other."""

    def __init__(self, hotline: Hotline, browser: Browser) -> None:
        self._hotline = hotline
        self.url = f"http://127.0.0.1:{hotline.settings.panel_port}"
        self.screens = Screens(browser, self.url, ARTEFACTS)

    async def visitor(self, path: str, size: ViewportSize = DESK) -> Person:
        """Somebody who is not signed in."""
        screen = await self.screens.open(path, size=size, theme="light")
        screen.page.set_default_timeout(PATIENCE)
        return Person(screen, self.url)

    async def worker(self, login: str, name: str, home: str, theme: str = "light", **account: str) -> Person:
        """A new user (`account` as `callcenter user add` has it), signed in as a new user is; they land at `home`."""
        options = [word for option, value in account.items() for word in (f"--{option}", value)]
        made: dict[str, Any] = await self._hotline.cli("user", "add", login, "--name", name, *options)
        screen = await self.screens.open("/sign-in", size=DESK, theme=theme)
        page = screen.page
        page.set_default_timeout(PATIENCE)
        await page.get_by_label("用户名").fill(login)
        await page.get_by_label("密码").fill(made["one_time_password"])
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/password")
        for label, value in (
            ("当前密码", made["one_time_password"]),
            ("新密码", PASSWORD),
            ("再次输入新密码", PASSWORD),
        ):
            await page.get_by_label(label, exact=True).fill(value)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{home}")
        return Person(screen, self.url)


@asynccontextmanager
async def office(hotline: Hotline, browser: Browser) -> AsyncIterator[Office]:
    """Open the office; afterwards no console may have a complaint on it."""
    opened = Office(hotline, browser)
    try:
        yield opened
    finally:
        await opened.screens.close()
    assert opened.screens.faults == []
