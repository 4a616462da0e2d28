"""What a page weighs as it comes over the wire, with everything that it loads, and how soon it is there to be read."""

import asyncio
import math
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, CDPSession, async_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from screen import DESK, WALL, chromium
from whole_panel import Whole, whole_panel

pytestmark = pytest.mark.bench

#: Bytes, and milliseconds.
MOST_BYTES, MOST_MS = 500_000, 1000
TIMES = 9
#: What shows that a page says how things stand, and not only what it is called.
TELLS = {"/wallboard": ".board[data-link=live]", "/desk": ".choice-seat, .me-time"}
#: Notes when that is painted.
_WATCH = """
(() => {
  const watch = new MutationObserver(() => {
    if (!document.querySelector("%s")) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.told = performance.now(); }));
  });
  watch.observe(document, { childList: true, subtree: true, attributes: true });
})()
"""
_PAINTS = "Object.fromEntries(performance.getEntriesByType('paint').map((one) => [one.name, one.startTime]))"


async def weighed(cdp: CDPSession) -> Counter[str]:
    """Count the bytes of everything that the page loads from now on, headers included, by path."""
    bytes_of: Counter[str] = Counter()
    paths: dict[str, str] = {}

    def asked(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def finished(event: dict[str, Any]) -> None:
        bytes_of[paths.get(event["requestId"], "?")] += round(event["encodedDataLength"])

    def came(event: dict[str, Any]) -> None:
        if (path := paths.get(event["requestId"], "")) == "/api/v1/live":  # never finished
            bytes_of[path] += event["encodedDataLength"]

    cdp.on("Network.requestWillBeSent", asked)
    cdp.on("Network.loadingFinished", finished)
    cdp.on("Network.dataReceived", came)
    await cdp.send("Network.enable")
    return bytes_of


async def opened(browser: Browser, whole: Whole, path: str) -> tuple[Counter[str], float, float]:
    """Open `path` in a browser that has never been here.

    Returns its bytes by path, when something was painted, and when it said how things stand, in milliseconds.
    """
    size = WALL if path == "/wallboard" else DESK
    context = await browser.new_context(viewport=size)
    if path != "/sign-in":
        await context.add_cookies([await whole.cookie("root")])  # type: ignore[list-item]
    page = await context.new_page()
    if path in TELLS:
        await page.add_init_script(_WATCH % TELLS[path])
    bytes_of = await weighed(await context.new_cdp_session(page))
    await page.goto(f"{whole.url}{path}", wait_until="load")
    await page.locator("h1").first.wait_for(state="attached")
    before = -1
    while (now := bytes_of.total()) != before:  # until nothing more comes for a second
        before = now
        await asyncio.sleep(1)
    paints: dict[str, float] = await page.evaluate(_PAINTS)
    told: float = await page.evaluate("window.told") if path in TELLS else math.nan
    await context.close()
    return bytes_of, paints["first-contentful-paint"], told


async def test_pages_are_light_and_there_within_a_second() -> None:
    rows = []
    async with async_playwright() as playwright, chromium(playwright) as browser, whole_panel() as whole:
        for path in ("/wallboard", "/desk", "/tickets", "/sign-in"):
            found = [await opened(browser, whole, path) for _ in range(TIMES)]
            bytes_of = found[0][0]
            paints, told = (sorted(one[at] for one in found) for at in (1, 2))
            times = statistics.median(paints), paints[-1], statistics.median(told), told[-1]
            rows.append((path, bytes_of.total(), times))
            parts = ", ".join(f"{name} {size / 1000:.1f}" for name, size in bytes_of.most_common(6))
            print(f"\n{path:<12} {bytes_of.total() / 1000:6.1f} kB in {len(bytes_of)} files: {parts}", end="")
    print(f"\n\npage         compressed   first paint (median, longest of {TIMES})   says how things stand")
    for path, size, (median, longest, told_median, told_longest) in rows:
        print(f"{path:<12} {size / 1000:7.1f} kB {median:11.0f} ms {longest:7.0f} ms", end="")
        print(f"{told_median:20.0f} ms {told_longest:7.0f} ms" if path in TELLS else "")
    for path, size, (_, longest, *_told) in rows:
        assert size < MOST_BYTES, path
        assert longest < MOST_MS, path
