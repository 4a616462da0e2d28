"""What the journeys through outages share: the wallboard's document, Asterisk asked as a phone would, and clocks."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Self

import psutil
from harness import Hotline, wait_for

from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.probe import ProbeError, probe_sip
from callcenter.asterisk.secrets import ensure
from callcenter.demo.citizens import Citizen
from callcenter.paths import Paths
from callcenter.tasks import cancel, spawn


async def document(hotline: Hotline) -> dict[str, Any]:
    """Return the wallboard's document as it is now; empty while the controller is away."""

    def read() -> dict[str, Any]:
        token = (Paths.of(hotline.settings).secrets / "cli.token").read_text().strip()
        address = f"http://127.0.0.1:{hotline.settings.panel_port}/api/v1/live"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # our own http address
                return next(json.loads(line[6:]) for line in answer if line.startswith(b"data: "))
        except (OSError, StopIteration):
            return {}

    return await asyncio.to_thread(read)


async def until_document(hotline: Hotline, within: float = 20, **sections: Any) -> float:  # noqa: ANN401
    """Wait until the wallboard's sections are these; returns the seconds that took."""
    began = time.monotonic()

    async def so() -> bool:
        shown = await document(hotline)
        return all(shown.get(name) == value for name, value in sections.items())

    await wait_for(so, within, what=f"the wallboard says {sections}")
    return time.monotonic() - began


async def until_asterisk_answers(hotline: Hotline, within: float = 30) -> float:
    """Wait until SIP is answered; returns the seconds that took."""
    began = time.monotonic()

    async def answers() -> bool:
        try:
            await probe_sip("127.0.0.1", hotline.settings.sip_port, seconds=0.3)
        except ProbeError:
            return False
        return True

    await wait_for(answers, within, what="Asterisk answers")
    return time.monotonic() - began


async def until_said(hotline: Hotline, words: str, times: int = 1, within: float = 20) -> float:
    """Wait until the console has so many lines with `words`; returns the seconds that took."""
    began = time.monotonic()
    await wait_for(lambda: hotline.log.read_text().count(words) >= times, within, what=f"the console says {words!r}")
    return time.monotonic() - began


async def until_heard(citizen: Citizen, within: float = 15) -> float:
    """Wait until a citizen hears anything; returns the seconds from when they were answered."""
    await citizen.until("answered", within=within)
    answered = next(step.at for step in citizen.sipp.steps if step.word == "answered")
    await wait_for(lambda: citizen.speech.received, within, what=f"{citizen} hears something")
    return time.time() - answered


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """Stop a process (SIGSTOP) for the length of the block, or until somebody kills it."""
    process.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.resume()


@asynccontextmanager
async def manager(hotline: Hotline, port: int = 0) -> AsyncIterator[AmiClient]:
    """A manager of the test's own beside the controller, at Asterisk itself or at a relay's `port`."""
    up = asyncio.Event()

    async def on_up() -> None:
        up.set()

    link = AmiClient(
        "127.0.0.1",
        port or hotline.settings.ami_port,
        "controller",
        ensure(Paths.of(hotline.settings).secrets, hotline.settings).ami,
        on_message=lambda _message: None,
        on_up=on_up,
        on_down=up.clear,
    )
    running = spawn(link.run(), name="manager of the test")
    try:
        async with asyncio.timeout(20):
            await up.wait()
        yield link
    finally:
        await link.stop()
        await cancel(running)


class Relay:
    """Stands before a port: turns callers away until it is opened, then lets them through."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self.open = False
        #: When each caller came.
        self.tries: list[float] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tries.append(time.monotonic())
        if self.open:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(_pour(reader, back), _pour(there, writer), return_exceptions=True)
            back.close()
        writer.close()


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        into.write(data)
        await into.drain()
    into.close()
