"""Event to browser: from `LiveState.update` to the bytes at the reader, with 1 and with 200 subscribers.

Beside it, in the same run, the same bytes written straight to the same number of sockets: what this machine can do at
all, and how much of the figure is its other work. Readers live in a process of their own.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from callcenter.panel import server
from callcenter.panel.keys import LIVE
from callcenter.settings import Settings
from callcenter.storage.base import Base
from callcenter.storage.engine import Database

pytestmark = pytest.mark.bench

EVENTS = 300
#: A busy floor: 20 changes a second.
PAUSE_SECONDS = 0.05
AIM_MS = 50
READERS = Path(__file__).with_name("live_readers.py")


async def _measure(
    port: int, token: str, subscribers: int, send: Callable[[int], None], end: Callable[[], None]
) -> list[float]:
    readers = await asyncio.create_subprocess_exec(
        sys.executable, str(READERS), str(port), str(subscribers), token, stdout=asyncio.subprocess.PIPE, limit=2**26
    )
    assert readers.stdout
    try:
        async with asyncio.timeout(60):
            assert await readers.stdout.readline() == b"ready\n"
            for number in range(1, EVENTS + 1):
                send(number)
                await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.sleep(0.5)
            end()
            took: list[float] = json.loads(await readers.stdout.readline())
            await readers.wait()
    finally:
        if readers.returncode is None:
            readers.kill()
    assert len(took) == EVENTS * subscribers
    return took


def _seats(change: int) -> dict[str, object]:
    return {
        str(number): {
            "seat": str(number),
            "agent": str(number - 7000),
            "name": "话务员",
            "state": "talking" if number == 8003 and change % 2 else "ready",
            "caller": f"138****{change:04}" if number == 8003 else None,
        }
        for number in range(8001, 8011)
    }


@pytest.fixture
async def panel(tmp_path: Path) -> AsyncIterator[web.Application]:
    database = Database(f"sqlite:///{tmp_path}/bench.db")
    async with database.begin() as session:
        await (await session.connection()).run_sync(Base.metadata.create_all)
    yield server.build(Settings(data=tmp_path / "var"), database, front=tmp_path)
    await database.close()


async def _through_the_panel(panel: web.Application, token: str, subscribers: int) -> list[float]:
    live = panel[LIVE]
    live.update({"seats": _seats(0), "stamp": 0})
    async with server.serving(panel, "127.0.0.1", 0) as runner:
        took = await _measure(
            runner.addresses[0][1],
            token,
            subscribers,
            lambda number: live.update({"seats": _seats(number), "stamp": time.monotonic_ns()}),
            lambda: [live.close()] and runner.server and runner.server.pre_shutdown(),
        )
    assert live.resyncs == 0
    return took


async def _straight(subscribers: int) -> list[float]:
    @asynccontextmanager
    async def listening() -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
        writers: list[asyncio.StreamWriter] = []

        async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            writer.write(b"event: snapshot\n\n")

        listener = await asyncio.start_server(accept, "127.0.0.1", 0)
        yield listener.sockets[0].getsockname()[1], writers
        listener.close()

    def send(_number: int) -> None:
        frame = f'id: 1\nevent: patch\ndata: {{"stamp":{time.monotonic_ns()}{"x" * 60}}}\n\n'.encode()
        for writer in writers:
            writer.write(frame)

    async with listening() as (port, writers):
        return await _measure(port, "none", subscribers, send, lambda: [writer.close() for writer in writers] and None)


@pytest.mark.parametrize("subscribers", [1, 200])
async def test_an_event_reaches_every_browser(panel: web.Application, tmp_path: Path, subscribers: int) -> None:
    token = (tmp_path / "var" / "secrets" / "cli.token").read_text().strip()
    bare = await _straight(subscribers)
    ours = await _through_the_panel(panel, token, subscribers)
    print(f"\n{'LiveState.update to bytes at the reader':<42}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for what, took in (("bare sockets", bare), ("live stream", ours)):
        name = f"{what}, {subscribers} subscribers"
        print(f"  {name:<40}{_cut(took, 50):>9.2f}{_cut(took, 99):>9.2f}{max(took):>9.2f}")
    ratio, met = _cut(ours, 50) / _cut(bare, 50), "met" if _cut(ours, 99) < AIM_MS else "MISSED"
    print(f"  p50 is {ratio:.2f} times bare sockets; aim p99 < {AIM_MS} ms: {met}")


def _cut(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100)[percent - 1]
