"""Screens in a real browser, and what is measured on them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, ViewportSize

#: Where pictures of pages are kept.
ARTEFACTS = Path(__file__).parent / "artefacts"
WALL: ViewportSize = {"width": 1920, "height": 1080}
WALL_4K: ViewportSize = {"width": 3840, "height": 2160}
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

#: Every text's contrast against the nearest ground that is painted, below what its size asks for (WCAG 2.2, 1.4.3).
_FAINT = """
() => {
  const UNSEEN = ".sr-only, script, noscript, .skip, :disabled";
  const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !element.checkVisibility() || element.closest(UNSEEN)) continue;
    const style = getComputedStyle(element);
    const [dark, bright] = [light(channels(style.color)), light(ground(element))].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const wanted = element.closest(".hero-number, .hero-level, .hero-longest strong, .figure-value") ? 7
      : size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < wanted) faint.push(`${element.className}: ${text} ${ratio.toFixed(2)} < ${wanted}`);
  }
  return faint;
}
"""

#: Everything on the board that does not fit where it stands. A line of Chinese claims a fifth more height than its ink.
_CLIPPED = """
() => [...document.querySelectorAll(".board *")]
  .filter((one) => getComputedStyle(one).overflow !== "visible" && !one.closest(".sr-only, svg"))
  .filter((one) => {
    const sizes = [one, ...one.querySelectorAll("*")].map((part) => parseFloat(getComputedStyle(part).fontSize));
    const spare = Math.max(...sizes) / 5;
    return one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + spare;
  })
  .map((one) => `${one.className}: ${one.textContent.trim().slice(0, 40)}`)
"""

#: Where everything that has a place of its own stands.
_PLACES = """
() => Object.fromEntries([...document.querySelectorAll(
  ".board-head, .clock, .hero, .hero-number, .slot, .seats, .seat, .seat-state, .seat-time, .figure, .figure-value")]
  .map((one, at) => [`${one.className} ${at}`, (({x, y, height}) => [x, y, height])(one.getBoundingClientRect())]))
"""


#: What Chromium does without. Each window renders two pages for its address bar before anybody types there, which takes
#: three times the processor's time of a page of ours. The last list that is given counts: Playwright's own follows.
_SWITCHED_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)


def without(*features: str) -> str:
    """Return the flag that switches off `features` of Chromium, and what no test needs."""
    return f"--disable-features={','.join((*_SWITCHED_OFF, *features))}"


@asynccontextmanager
async def chromium(playwright: Playwright, *flags: str) -> AsyncIterator[Browser]:
    """The system's Chromium, headless, or Playwright's own where the system has none."""
    browser = await playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", without(), *flags]
    )
    try:
        yield browser
    finally:
        await browser.close()


class Screen:
    """One page before somebody's eyes."""

    def __init__(self, page: Page, artefacts: Path) -> None:
        self.page = page
        self._artefacts = artefacts

    async def text(self, selector: str) -> str:
        """What is written there, spaces folded."""
        return " ".join((await self.page.locator(selector).first.inner_text()).split())

    async def until(self, condition: str, within: float = 5) -> None:
        """Wait until a JavaScript condition holds; asked from outside, as the page's policy forbids `eval`."""
        try:
            async with asyncio.timeout(within):
                while not await self.page.evaluate(condition):  # a browser signals nothing
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"never came true: {condition}")

    async def shows(self, selector: str, text: str, within: float = 5) -> None:
        """Wait until `text` is written there."""
        await self.page.locator(selector).filter(has_text=text).first.wait_for(timeout=within * 1000)

    async def faint(self) -> list[str]:
        """Texts without enough contrast."""
        found: list[str] = await self.page.evaluate(_FAINT)
        return found

    async def clipped(self) -> list[str]:
        """Parts of the board that are cut off."""
        found: list[str] = await self.page.evaluate(_CLIPPED)
        return found

    async def too_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        wide: bool = await self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        return wide

    async def places(self) -> dict[str, list[float]]:
        """Left, top and height of everything with a place of its own."""
        found: dict[str, list[float]] = await self.page.evaluate(_PLACES)
        return found

    async def picture(self, name: str) -> None:
        """Keep a screenshot among the artefacts."""
        self._artefacts.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=self._artefacts / f"{name}.png", animations="disabled")


class Screens:
    """Opens pages, and collects what their consoles complain of."""

    def __init__(self, browser: Browser, url: str, artefacts: Path) -> None:
        self._browser = browser
        self._url = url
        self._artefacts = artefacts
        self._contexts: list[BrowserContext] = []
        #: Words in complaints that the test expects.
        self.expected: tuple[str, ...] = ()
        self.faults: list[str] = []

    async def open(self, path: str, *, size: ViewportSize = WALL, theme: str = "dark", clock: bool = False) -> Screen:
        """Open `path`; `clock` puts the page's timers into the test's hands."""
        asked = await self._browser.new_context(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
        self._contexts.append(asked)
        page = await asked.new_page()
        page.on("console", self._complaint)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.set_default_timeout(5000)
        if clock:
            await page.clock.install(time="2020-02-02T02:02:02Z")
        joint = "&" if "?" in path else "?"
        await page.goto(f"{self._url}{path}{joint}theme={theme}")
        return Screen(page, self._artefacts)

    def _complaint(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(word in message.text for word in self.expected):
            self.faults.append(message.text)

    async def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            await context.close()
