"""A real hotline for the journeys: `callcenter run` with a data folder and ports of its own, and phones that call it.

Its prompts are tones, a different one for each, so that a citizen's ear tells them apart, and short.
"""

import asyncio
import fcntl
import inspect
import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.asterisk import install
from callcenter.demo.citizens import Citizen
from callcenter.demo.seats import Seat
from callcenter.demo.show import is_healthy
from callcenter.demo.sipp import Server
from callcenter.demo.speech import share_of, tone
from callcenter.settings import PROMISED_MINUTES, Settings, load

#: Ports of test hotlines: one offset each, of which a free one is taken.
#: Even, for speech begins on an even port; apart by more than the panel is from Asterisk's HTTP.
OFFSETS = range(7000, 7980, 20)
#: Seconds that a hotline may take to become healthy, its prompts included.
START = 90
#: Seconds that most things may take.
SOON = 20.0

#: What each prompt sounds like here, in hertz, and for how long, in seconds.
PROMPTS = {
    "greeting": (500, 1.2),
    "announcement": (700, 1.2),
    "menu": (600, 0.6),
    "full": (900, 1.0),
    "no-agent": (1100, 1.0),
    "sorry-callback": (1100, 1.0),
    "rating": (1300, 0.8),
    "thanks": (1500, 0.5),
    "agent-lost": (1600, 0.6),
    "goodbye": (1700, 0.5),
    "offer": (1900, 0.6),
    "other-number": (1900, 0.6),
    "key-number": (2100, 0.6),
    "number-noted": (2300, 0.5),
    "no-number": (2500, 0.5),
    "noted": (2300, 0.5),
    "wait-hint": (2700, 0.6),
    "wait-keys": (2700, 0.6),
    "reserve-accept": (800, 0.8),
    "test-dial": (1250, 0.6),
    "warned": (1450, 0.8),
    "limited": (1550, 0.8),
    "blocked": (1650, 0.8),
    "ticket-number": (560, 0.6),
    "ticket-wrong": (660, 0.6),
    "ticket-digits": (760, 0.6),
    "ticket-handling": (860, 0.8),
    "ticket-accepted": (1150, 0.8),
    "ticket-none": (1040, 0.8),
    "day-due": (960, 0.6),
    **{f"within-{minutes}": (1000, 0.6) for minutes in (0, *PROMISED_MINUTES)},
}
#: What the two sides of a conversation sound like, in hertz.
CITIZEN_HZ, SEAT_HZ = 440, 1000
CITIZEN_VOICE, SEAT_VOICE = tone(CITIZEN_HZ), tone(SEAT_HZ)
#: Share of the power from which a tone counts as heard.
HEARD = 0.2


async def wait_for(condition: Callable[[], Any], within: float = SOON, *, what: str = "") -> Any:  # noqa: ANN401
    """Wait until `condition` (plain or async) returns something true, and return it; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(
                f"not within {within:g} s: {what or inspect.getsource(condition).strip()}; last seen: {found!r}"
            )
        await asyncio.sleep(0.05)


def hears(samples: list[int], hertz: float, seconds: float = 0.4) -> bool:
    """Tell whether the last `seconds` of what was heard are mostly a tone of `hertz`."""
    last = samples[-int(8000 * seconds) :]
    return len(last) >= 8000 * seconds * 0.9 and share_of(last, hertz) > HEARD


@dataclass
class Hotline:
    """A running hotline: what it is set to, and the ways in."""

    settings: Settings
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: Path
    folder: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def server(self) -> Server:
        """Where phones call."""
        return Server(self.settings.sip_port)

    @property
    def passwords(self) -> dict[str, str]:
        """Every seat's number with its password."""
        found: dict[str, str] = json.loads((self.settings.data_folder / "secrets/asterisk.json").read_text())["seats"]
        return found

    async def get(self, path: str) -> Any:  # what the API answers  # noqa: ANN401
        """Return the JSON of the API at `path`; while the controller is away, wait for it."""

        async def ask() -> tuple[Any] | None:
            with suppress(HotlineDown):
                return (await asyncio.to_thread(LocalApi(self.settings).get, path),)
            return None

        return (await wait_for(ask, 20, what=f"GET {path}"))[0]

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Send `body` to the API at `path` and return the JSON answered. Raises HotlineRefused."""
        return await asyncio.to_thread(LocalApi(self.settings).post, path, body or {})

    async def cli(self, *arguments: str) -> Any:  # noqa: ANN401
        """Run `callcenter ARGUMENTS --json` and return what it printed; a status other than 0 fails the test."""
        done = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "callcenter", *arguments, "--json"),
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await done.communicate()
        assert done.returncode == 0, f"callcenter {' '.join(arguments)}: {done.returncode}: {err.decode()}"
        return json.loads(out)

    async def agent(self, number: str) -> dict[str, Any]:
        """Return an agent as listed."""
        return next(row for row in await self.get("/agents") if row["agent"] == number)

    async def until_agent(self, number: str, state: str, within: float = SOON) -> dict[str, Any]:
        """Wait until an agent is in `state`, and return them as listed."""

        async def there() -> dict[str, Any] | None:
            # A controller that has just begun may answer before it has read who its agents are.
            rows = await self.get("/agents")
            return next((row for row in rows if (row["agent"], row["state"]) == (number, state)), None)

        return await wait_for(there, within, what=f"agent {number} {state}")

    async def calls_of(self, caller: str) -> list[dict[str, Any]]:
        """Return the calls of a caller, newest first."""
        return [row for row in await self.get("/calls") if row["caller"] == caller]

    async def call_of(self, caller: str, within: float = SOON) -> dict[str, Any]:
        """Wait until the one call of a caller is over and return it; a second row for it fails the test."""

        async def over() -> dict[str, Any] | None:
            rows = await self.calls_of(caller)
            assert len(rows) <= 1, rows
            return rows[0] if rows and rows[0]["ended_at"] and rows[0]["outcome"] != "in_progress" else None

        return await wait_for(over, within, what=f"the call of {caller} is over")

    async def callback_of(self, caller: str, within: float = SOON) -> dict[str, Any]:
        """Wait until a caller is owed a callback, and return it; a second one fails the test."""

        async def owed() -> dict[str, Any] | None:
            rows = [row for row in await self.get("/callbacks") if row["caller"] == caller]
            assert len(rows) <= 1, rows
            return rows[0] if rows and rows[0]["ticket"] else None

        return await wait_for(owed, within, what=f"a callback owed to {caller}, with its ticket")

    async def waiting(self) -> list[str]:
        """Return who waits, first in line first."""
        return [row["caller"] for row in (await self.get("/queue"))["waiting"]]

    def citizen(self, number: str | bytes, **more: Any) -> Citizen:  # noqa: ANN401
        """Return a citizen with the test's voice; enter it to dial."""
        return Citizen(self.server, self.folder, number, **{"words": CITIZEN_VOICE} | more)

    def seat(self, number: str, **more: Any) -> Seat:  # noqa: ANN401
        """Return a seat's phone with the test's voice; enter it to register."""
        return Seat(self.server, self.folder, number, self.passwords[number], **{"words": SEAT_VOICE} | more)

    @asynccontextmanager
    async def seated(self, agent: str, number: str, **more: Any) -> AsyncIterator[Seat]:  # noqa: ANN401
        """Have `agent` ready at a seat with its phone on; sign them out afterwards."""
        async with self.seat(number, **more) as seat:
            await self.post(f"/agents/{agent}/sign-in", {"seat": number})
            await self.until_agent(agent, "ready")
            try:
                yield seat
            finally:
                with suppress(Exception):
                    await seat.hang_up()
                await self.sign_out(agent)

    async def sign_out(self, agent: str) -> None:
        """Sign an agent out, as soon as they neither ring nor talk."""

        async def out() -> bool:
            with suppress(HotlineRefused):
                await self.post(f"/agents/{agent}/sign-out")
            return bool((await self.agent(agent))["state"] == "signed_out")

        await wait_for(out, what=f"agent {agent} signed out")

    def program(self, word: str) -> psutil.Process:
        """Return the child of the supervisor whose command line has `word` in it."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child for child in children if any(word in part for part in child.cmdline()))

    def stop(self) -> float:
        """Stop it as Ctrl-C does; returns the seconds that took. No process may be left behind."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            _, alive = psutil.wait_procs(children, timeout=1)
            for child in alive:
                child.kill()
        assert not alive, f"left behind: {alive}"
        return time.monotonic() - began


@contextmanager
def port_offset() -> Iterator[int]:
    """Hold a port offset at which nothing listens, and which no other test run on this machine holds."""
    for offset in OFFSETS:
        with Path(tempfile.gettempdir(), f"callcenter-test-ports-{offset}").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _bind_all(offset)
            except OSError:
                continue
            yield offset
            return
    pytest.fail(f"no free port offset in {OFFSETS}")


def _bind_all(offset: int) -> None:
    """Raise OSError when something listens on a port of this offset."""
    ports = Settings.model_construct(port_offset=offset)
    for port in (
        ports.sip_port,
        ports.sips_port,
        ports.panel_port,
        ports.ami_port,
        ports.fastagi_port,
        ports.http_port,
        ports.https_port,
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def write_prompts(folder: Path) -> None:
    """Write the tones that stand for prompts, as a studio would deliver them."""
    (folder / "hotline").mkdir(parents=True)
    for name, (hertz, seconds) in PROMPTS.items():
        samples = [int(12_000 * math.sin(math.tau * hertz * n / 8000)) for n in range(int(8000 * seconds))]
        with wave.open(str(folder / "hotline" / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


@contextmanager
def running_hotline(folder: Path, **changes: str) -> Iterator[Hotline]:
    """Run a hotline whose data lie below `folder`; `changes` are settings by environment name, without prefix."""
    if install.find() is None:
        pytest.skip("Asterisk is not set up")
    write_prompts(folder / "studio")
    with port_offset() as offset:
        yield from _run(folder, offset, changes)


def _run(folder: Path, offset: int, changes: Mapping[str, str]) -> Iterator[Hotline]:
    environment = {
        "CALLCENTER_" + name: value
        for name, value in {
            "DATA": str(folder / "var"),
            "PORT_OFFSET": str(offset),
            "PROMPTS": str(folder / "studio"),
            "MENU__SILENCE_SECONDS": "1",
            "QUEUE__WRAP_UP_SECONDS": "2",
            "QUEUE__RING_SECONDS": "5",
            "DISK__BALLAST_MB": "0",
            "RECORDINGS__KEY_FILE": str(folder / "recording-keys.json"),
            **changes,
        }.items()
    }
    log = folder / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "run"],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    settings = load(data=folder / "var", port_offset=offset)
    hotline = Hotline(settings, environment, process, log, folder / "phones")
    try:
        deadline = time.monotonic() + START
        while not is_healthy(settings):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the hotline did not start ({process.returncode}):\n{log.read_text()[-4000:]}")
            time.sleep(0.1)
        yield hotline
    finally:
        if process.poll() is None:
            hotline.stop()
