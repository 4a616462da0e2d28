"""A softphone in headless Chromium: JsSIP over WebSocket, with a pure tone for a microphone."""

import math
import os
import struct
import subprocess
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, web
from harness import SEAT_HZ, SOON, Hotline, wait_for
from playwright.async_api import Page, async_playwright
from screen import chromium, without

PAGE = Path(__file__).parent / "browser"
WEB = Path(__file__).parents[2] / "web"
#: Every page has the microphone, whatever was forbidden.
PERMITS = "--use-fake-ui-for-media-stream"
#: A microphone that plays a file, a permission that nobody has to click, and calls that stay on this machine.
FLAGS = (
    "--use-fake-device-for-media-stream",
    PERMITS,
    "--allow-loopback-in-peer-connection",
    without("WebRtcHideLocalIpsWithMdns"),
    "--autoplay-policy=no-user-gesture-required",
    "--ignore-certificate-errors",  # the certificate made at set-up is self-signed
)
#: How far the tone that the browser hears may be from what was said, in hertz: two steps of its analyser.
NEAR_HZ = 12


class Softphone:
    """The phone of a seat, in a browser. Its steps are those of `browser/phone.js`."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def register(self, address: str, user: str, password: str) -> None:
        """Register as `user` over the WebSocket at `address`."""
        await self.page.evaluate("(all) => phone.register(...all)", [address, user, password])
        await self.until("registered")

    async def unregister(self) -> None:
        """Take the phone away."""
        await self.page.evaluate("phone.unregister()")
        await self.until("unregistered")

    async def answer(self) -> None:
        """Answer, once it rings."""
        await self.page.evaluate("phone.answer()")
        await self.until("talking")

    async def hang_up(self) -> None:
        """Hang up."""
        await self.page.evaluate("phone.hangUp()")

    async def measures(self) -> dict[str, Any]:
        """What WebRTC says of the call."""
        found: dict[str, Any] = await self.page.evaluate("phone.measures()")
        return found

    async def hears(self, hertz: float) -> bool:
        """Whether what it hears now is mostly a tone of `hertz`."""
        return bool(abs(await self.page.evaluate("phone.pitch()") - hertz) < NEAR_HZ)

    async def steps(self, word: str) -> list[str]:
        """What belonged to each step with this word so far."""
        return [step["rest"] for step in await self.page.evaluate("phone.steps") if step["word"] == word]

    async def until(self, word: str, within: float = SOON, *, times: int = 1) -> str:
        """Wait until a step has happened so many times; returns what belonged to the last."""

        async def happened() -> list[str]:
            steps = await self.steps(word)
            return steps if len(steps) >= times else []

        steps: list[str] = await wait_for(happened, within, what=f"the softphone is {word}")
        return steps[-1]


PASSWORD = "seventeen green lamps"
#: Data folder and agent -> the login and password of that agent's user.
_users: dict[tuple[Path, str], tuple[str, str]] = {}


@asynccontextmanager
async def as_agent(hotline: Hotline, agent: str, role: str = "agent") -> AsyncIterator[ClientSession]:
    """The panel's API as the user of `agent`, who is made at first, with that role.

    The number is theirs for the length of the block: other tests give it to users of their own.
    """
    key = hotline.settings.data_folder, agent
    url = f"http://127.0.0.1:{hotline.settings.panel_port}"
    token = (hotline.settings.data_folder / "secrets/cli.token").read_text().strip()
    async with (
        ClientSession(url, headers={"Authorization": f"Bearer {token}"}) as boss,
        ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as client,
    ):

        async def number(login: str, agent: str | None) -> None:
            async with boss.patch(f"/api/v1/users/{login}", json={"agent": agent}) as answer:
                assert answer.ok, await answer.text()

        async with boss.get("/api/v1/users") as answer:
            for row in await answer.json():
                if row["agent"] == agent:
                    await number(row["login"], None)
        if key not in _users:
            login, password = f"agent{agent}", PASSWORD
            made = await hotline.cli("user", "add", login, "--role", role, "--name", f"座席{agent}")
            once = {"user": login, "password": made["one_time_password"]}
            change = {"current": made["one_time_password"], "new": password}
            for path, body in (("sign-in", once), ("password", change)):
                async with client.post(f"/api/v1/{path}", json=body) as answer:
                    assert answer.ok, await answer.text()
            _users[key] = login, password
        login, password = _users[key]
        await number(login, agent)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": password}) as answer:
            assert answer.ok, await answer.text()
        try:
            yield client
        finally:
            await number(login, None)


async def credential(hotline: Hotline, agent: str) -> dict[str, Any]:
    """What the browser phone registers with at the seat where `agent` is signed in."""
    async with as_agent(hotline, agent) as client:
        wanted = {"page": "a-test-page", "take_over": True}
        async with client.post("/api/v1/phone", json=wanted) as answer:
            assert answer.ok, await answer.text()
            given: dict[str, Any] = await answer.json()
            return given


def bundle(into: Path) -> None:
    """Bundle the page's script."""
    esbuild = WEB / "node_modules/.bin/esbuild"
    if not (WEB / "node_modules/jssip").exists():
        pytest.fail("JsSIP is not installed: make setup")
    subprocess.run(
        [str(esbuild), str(PAGE / "phone.js"), "--bundle", "--log-level=warning", f"--outfile={into / 'phone.js'}"],
        check=True,
        env={**os.environ, "NODE_PATH": str(WEB / "node_modules")},
    )
    (into / "phone.html").write_bytes((PAGE / "phone.html").read_bytes())


def microphone(path: Path, hertz: int = SEAT_HZ) -> Path:
    """Write the tone that the browser's microphone picks up, a second that is played over and over."""
    samples = [int(8000 * math.sin(math.tau * hertz * n / 48_000)) for n in range(48_000)]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


@asynccontextmanager
async def softphone(folder: Path) -> AsyncIterator[Softphone]:
    """Open a browser with a softphone, not registered yet; its files lie in `folder`."""
    bundle(folder)
    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tone = microphone(folder / "microphone.wav")
        async with (
            async_playwright() as playwright,
            chromium(playwright, *FLAGS, f"--use-file-for-fake-audio-capture={tone}") as browser,
        ):
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/phone.html")
            yield Softphone(page)
    finally:
        await runner.cleanup()
