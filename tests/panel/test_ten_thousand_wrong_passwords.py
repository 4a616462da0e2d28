"""10,000 wrong passwords: few of them cost anything, nobody waits for them, and whoever knows hers gets in."""

import asyncio
import contextlib
import itertools
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession, CookieJar, TCPConnector

PASSWORD = "right horse battery"
#: Requests of the attacker's that are under way at once.
AT_ONCE = 24
HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def attacked(tmp_path: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    """The panel's address, and its process."""
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        program = [sys.executable, str(HERE / "attacked_panel.py"), str(tmp_path), str(port)]
        running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: ASYNC220
    try:
        assert running.stdout
        while "serving" not in (line := await asyncio.to_thread(running.stdout.readline)):
            assert line, (tmp_path / "log").read_text()[-2000:]
        draining = asyncio.to_thread(lambda: [None for _ in running.stdout or ()])
        drained = asyncio.ensure_future(draining)  # noqa: TID251  # a test's own
        yield f"http://127.0.0.1:{port}", psutil.Process(running.pid)
    finally:
        running.kill()
        running.wait()
        await drained


def browser(url: str, address: str) -> ClientSession:
    """A browser at one of this machine's many addresses."""
    return ClientSession(
        url, connector=TCPConnector(local_addr=(address, 0), limit=AT_ONCE), cookie_jar=CookieJar(unsafe=True)
    )


async def sign_in(client: ClientSession, login: str = "wang", password: str = PASSWORD) -> int:
    async with client.post("/api/v1/sign-in", json={"user": login, "password": password}) as answer:
        await answer.read()
        return answer.status


async def attack(clients: list[ClientSession], logins: Iterable[str]) -> Counter[int]:
    """Guess once for each of `logins`, from the clients in turn; return how often there was which answer."""
    found: Counter[int] = Counter()
    guesses = zip(itertools.cycle(clients), logins, strict=False)

    async def guess() -> None:
        for client, login in guesses:
            found[await sign_in(client, login, "wrong")] += 1

    await asyncio.gather(*(guess() for _ in range(AT_ONCE)))
    return found


def p95_of(seconds: list[float]) -> float:
    """The 95th percentile in milliseconds."""
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000


@contextlib.asynccontextmanager
async def watched(url: str, delays: list[float]) -> AsyncIterator[None]:
    """Ask how the panel is, all the while, and note how long each answer took, in seconds."""

    async def ask() -> None:
        async with browser(url, "127.0.0.9") as client:
            while True:
                began = time.perf_counter()
                async with client.get("/healthz") as answer:
                    await answer.read()
                delays.append(time.perf_counter() - began)
                await asyncio.sleep(0.02)

    asking = asyncio.ensure_future(ask())  # noqa: TID251  # a test's own
    try:
        yield
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def test_they_are_bounded_in_cost_and_keep_nobody_out(attacked: tuple[str, psutil.Process]) -> None:
    url, process = attacked
    delays: list[float] = []
    addresses = [f"127.0.{part}.{number}" for part in (20, 21) for number in range(1, 101)]
    waves: list[tuple[str, list[str], Callable[[int], str], int, int]] = [
        ("one login, one address", ["127.0.1.1"], lambda _: "wang", 4000, 10),
        ("4,000 logins, one address", ["127.0.1.2"], lambda at: f"user{at}", 4000, 50),
        ("one login, 200 addresses", addresses, lambda _: "wang", 2000, 105),
    ]
    lines, all_guesses = [], 0
    async with contextlib.AsyncExitStack() as stack:
        own = await stack.enter_async_context(browser(url, "127.0.1.1"))  # where the guesser will sit too
        assert await sign_in(own) == 200
        calm: list[float] = []
        async with watched(url, calm):
            await asyncio.sleep(2)
        await stack.enter_async_context(watched(url, delays))
        for name, places, login_of, guesses, most in waves:
            clients = [await stack.enter_async_context(browser(url, place)) for place in places]
            used, began = sum(process.cpu_times()[:2]), time.perf_counter()
            waving = asyncio.ensure_future(attack(clients, map(login_of, range(guesses))))  # noqa: TID251
            while not waving.done():
                assert await sign_in(own) == 200  # her own browser, in the midst of each
                await asyncio.sleep(0.3)
            found = waving.result()
            took, used = time.perf_counter() - began, sum(process.cpu_times()[:2]) - used
            all_guesses += guesses
            lines.append(
                f"{name:<26} {guesses:>5} guesses {took:6.1f} s, {used:5.1f} s CPU: "
                f"{found[401]:>3} hashed, {found[429]:>5} refused unhashed, {found[503]:>4} asked to come again"
            )
            assert set(found) <= {401, 429, 503}
            assert 1 <= found[401] <= most, lines
            if name.startswith("one login, one"):
                elsewhere = await stack.enter_async_context(browser(url, "127.0.0.5"))
                assert await sign_in(elsewhere) == 200  # a browser that nobody knows, at another address
    p95 = p95_of(delays)
    print(f"\n{all_guesses} wrong passwords")
    print(*lines, sep="\n")
    print(f"/healthz before: p95 {p95_of(calm):.0f} ms; meanwhile: {len(delays)} asked, p95 {p95:.0f} ms")
    assert all_guesses == 10_000
    assert p95 < 500
