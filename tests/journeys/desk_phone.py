"""Agents at the desk of a real hotline, who telephone with the browser."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from harness import SEAT_HZ, SOON, Hotline, wait_for
from playwright.async_api import Browser, BrowserContext, Error, Page, WebSocketRoute, async_playwright
from screen import DESK, chromium
from softphone import FLAGS, NEAR_HZ, PAGE, PASSWORD, PERMITS, as_agent, microphone
from speech_way import Way
from wall import ARTEFACTS

#: What a browser hears so loud is said, in decibels of its analyser's; what leaks from elsewhere is far below.
HEARD_DB = -65


class Desk:
    """The desk of one agent."""

    def __init__(self, hotline: Hotline, context: BrowserContext, page: Page, agent: str, seat: str) -> None:
        self.hotline = hotline
        self.context = context
        self.page = page
        self.agent = agent
        self.seat = seat
        #: Asterisk's own port cannot be reached, as behind a firewall.
        self.through_panel = False
        #: The way that speech takes; None for the straight one.
        self.way: Way | None = None
        self._open = True
        self._lines: list[WebSocketRoute] = []

    async def sit_down(self) -> None:
        """Choose the seat, and wait until its phone is this page."""
        await self.page.locator(".choice-seat").filter(has_text=self.seat).click()
        await self.ready()

    async def ready(self, within: float = SOON) -> None:
        """Wait until the phone is ready and so is the agent."""
        await self.shows(".me-phone", "浏览器话机就绪", within)
        await self.hotline.until_agent(self.agent, "ready", within)

    async def shows(self, selector: str, text: str, within: float = SOON) -> None:
        """Wait until `text` is written there."""
        await self.page.locator(selector).filter(has_text=text).first.wait_for(timeout=within * 1000)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def call(self, state: str, within: float = SOON) -> None:
        """Wait until the call on this phone is `ringing` or `talking`, or until there is none ("")."""
        selector = f"[data-testid=phone-call][data-state={state}]" if state else "[data-testid=phone-call]"
        where = "visible" if state else "detached"
        await self.page.locator(selector).wait_for(timeout=within * 1000, state=where)  # type: ignore[arg-type]

    async def hears(self, hertz: float) -> bool:
        """Whether what it hears now is mostly a tone of `hertz`."""
        return bool(abs(await self.page.evaluate("pitch()") - hertz) < NEAR_HZ)

    async def until_hears(self, hertz: float, what: str, within: float = SOON) -> None:
        """Wait until it hears a tone of `hertz`."""
        await wait_for(lambda: self.hears(hertz), within, what=what)

    async def until_hears_only(self, *hertz: float, of: Collection[float]) -> None:
        """Wait until it hears these tones at once, and no other `of` those that are said."""

        async def so() -> bool:
            loud = {one for one in of if await self.page.evaluate(f"loudness({one})") > HEARD_DB}
            return loud == set(hertz)

        await wait_for(so, what=f"agent {self.agent} hears {hertz} and nothing else of {of}")

    async def picture(self, name: str) -> None:
        """Keep a picture among the artefacts."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=ARTEFACTS / f"journey-phone-{name}.png", animations="disabled")

    async def cut_the_line(self) -> None:
        """Take every WebSocket away, and let none be opened."""
        self._open = False
        for line in self._lines:
            await line.close(code=4000)
        self._lines.clear()

    def mend_the_line(self) -> None:
        """Let WebSockets be opened again."""
        self._open = True

    async def speech_fails(self) -> None:
        """Have the page believe, for a moment, that speech finds no way any more: what mends it is real."""
        await self.page.evaluate(
            """() => {
              Object.defineProperty(connection, "iceConnectionState", { configurable: true, get: () => "failed" });
              connection.dispatchEvent(new Event("iceconnectionstatechange"));
              delete connection.iceConnectionState;
            }"""
        )

    async def lines_can_be_cut(self) -> None:
        """Lead the page's WebSockets through the test; before the page is loaded."""

        async def opened(line: WebSocketRoute) -> None:
            if not self._open or (self.through_panel and "/phone" not in line.url):
                await line.close(code=4000)
                return
            far = line.connect_to_server()
            if way := self.way:
                line.on_message(lambda words: far.send(way.named_to_asterisk(words)))
                far.on_message(lambda words: line.send(way.named_to_browser(words)))
            self._lines.append(line)

        await self.page.route_web_socket("**", opened)


@asynccontextmanager
async def telephoning(folder: Path, *flags: str, permits: bool = True, hertz: int = SEAT_HZ) -> AsyncIterator[Browser]:
    """A browser whose microphone says a tone of `hertz`; without `permits` one that heeds what the page is allowed."""
    given = [flag for flag in FLAGS if permits or flag != PERMITS]
    tone = microphone(folder / "microphone.wav", hertz)
    async with (
        async_playwright() as playwright,
        chromium(playwright, *given, f"--use-file-for-fake-audio-capture={tone}", *flags) as browser,
    ):
        yield browser


@asynccontextmanager
async def desk(
    hotline: Hotline,
    browser: Browser,
    agent: str,
    seat: str,
    *,
    cut: bool = False,
    secure: bool = False,
    through_panel: bool = False,
    role: str = "agent",
    permissions: Sequence[str] = ("microphone",),
    script: str = "",
    way: Way | None = None,
) -> AsyncIterator[Desk]:
    """Have `agent` sit down at `seat` before a desk in `browser`; afterwards they are signed out.

    With `cut` the test can take the line to Asterisk away; `secure` is over HTTPS; `through_panel` has Asterisk's own
    port out of reach. `script` runs before the page's own scripts; speech goes by `way`.
    """
    settings = hotline.settings
    url = f"https://127.0.0.1:{settings.https_panel_port}" if secure else f"http://127.0.0.1:{settings.panel_port}"
    context = await browser.new_context(viewport=DESK, permissions=list(permissions), ignore_https_errors=True)
    context.set_default_timeout(SOON * 1000)
    await context.add_init_script(path=PAGE / "ear.js")
    if script:
        await context.add_init_script(path=PAGE / script)
    page = await context.new_page()
    its = Desk(hotline, context, page, agent, seat)
    its.through_panel = through_panel
    its.way = way
    if cut or through_panel or way:
        await its.lines_can_be_cut()
    async with as_agent(hotline, agent, role):
        try:
            who = {"user": f"agent{agent}", "password": PASSWORD}
            answer = await context.request.post(f"{url}/api/v1/sign-in", data=who)
            assert answer.ok, await answer.text()
            await page.goto(f"{url}/desk")
            await its.sit_down()
            yield its
        finally:
            with suppress(Error):  # the browser may have been killed
                await context.close()
            await hotline.sign_out(agent)
