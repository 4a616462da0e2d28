"""Pictures small enough for a README: what is on a screen, in 256 colours."""

from pathlib import Path

from PIL import Image
from playwright.async_api import Page

PICTURES = Path(__file__).parents[1] / "pictures"
MOST_BYTES = 300_000


async def take(page: Page, name: str) -> None:
    """Keep a picture of `page`."""
    path = PICTURES / f"{name}.png"
    await page.evaluate("document.fonts.ready.then(() => 0)")
    await page.screenshot(path=path, animations="disabled")
    with Image.open(path) as shot:
        few = shot.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES
