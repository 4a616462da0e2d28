"""The desk before a real panel: a server and a browser that a test may kill, and that come back with what they had."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from playwright.async_api import BrowserContext, Page, async_playwright
from screen import DESK, without

PASSWORD = "right horse battery"
HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RealDesk:
    """A running server below a folder, and the browser profile of one agent's machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.profile = folder / "profile"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: subprocess.Popen[str] | None = None
        self._context: BrowserContext | None = None
        self._playwright: Any = None
        self.faults: list[str] = []

    async def start(self) -> None:
        """Run the server; returns when it serves."""
        program = [sys.executable, str(HERE / "desk_server.py"), str(self.folder), str(self.port)]
        with (self.folder / "server.log").open("a") as log:
            self._server = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: ASYNC220
        out = self._server.stdout
        assert out
        while "serving" not in (line := await asyncio.to_thread(out.readline)):
            assert line, (self.folder / "server.log").read_text()[-2000:]

    def kill_server(self) -> None:
        """As `kill -9` does."""
        assert self._server
        self._server.kill()
        self._server.wait()

    async def floor(self, event: str, call: str = "", caller: str = "") -> float:
        """Move the agent's seat; returns when the live stream was told, in milliseconds since 1970."""
        body = {"event": event, "linkedid": call, "caller": caller}
        async with aiohttp.ClientSession() as client, client.post(f"{self.url}/test/floor", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return float((await answer.json())["at"])

    async def tickets(self) -> list[dict[str, Any]]:
        """Every ticket, newest first, as the command line gets them."""
        token = (self.folder / "var" / "secrets" / "cli.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as client, client.get(f"{self.url}/api/v1/tickets") as answer:
            rows: list[dict[str, Any]] = await answer.json()
            return rows

    async def open(self) -> Page:
        """Open the desk in the profile's browser, signing in when that is asked for."""
        self._playwright = self._playwright or await async_playwright().start()
        self._context = await self._playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=shutil.which("chromium"), args=["--no-sandbox", without()], viewport=DESK
        )
        page = self._context.pages[0]
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        await page.goto(f"{self.url}/desk?lang=zh")
        if "/sign-in" in page.url:
            await page.get_by_label("用户名").fill("li")
            await page.get_by_label("密码").fill(PASSWORD)
            await page.keyboard.press("Enter")
        await page.locator(".me-state").wait_for()
        await page.locator("[aria-labelledby=owed] .count", has_text=re.compile(r"\d")).wait_for()
        return page

    async def kill_browser(self) -> None:
        """Every process of the profile's browser, as `kill -9` does."""
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.profile) in part for part in process.info["cmdline"] or ()):
                os.kill(process.pid, signal.SIGKILL)
        await self._forget()
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.profile / name).unlink(missing_ok=True)

    async def _forget(self) -> None:
        if self._context:
            context, self._context = self._context, None
            with contextlib.suppress(Exception):  # it was killed
                await context.close()

    async def close(self) -> None:
        await self._forget()
        if self._playwright:
            await self._playwright.stop()
        if self._server and self._server.poll() is None:
            self.kill_server()


@asynccontextmanager
async def real_desk() -> AsyncIterator[RealDesk]:
    """A server and a profile of their own; nothing of them is left, and no page had an error."""
    with tempfile.TemporaryDirectory(prefix="cc-desk-") as folder:
        desk = RealDesk(Path(folder))
        try:
            await desk.start()
            yield desk
        finally:
            await desk.close()
        assert desk.faults == []
