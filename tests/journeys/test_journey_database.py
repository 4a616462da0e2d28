"""The database away, hung, locked, or its disk full: citizens notice nothing, the wallboard says so, nothing is lost.

Each time one citizen is answered and one hangs up in the greeting while nothing can be stored. Then the database is
there again, and both calls are on the list, once, in the order in which they came, with the callback and the ticket of
the one who was missed.
"""

import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from database import _programs, _server_user, new_postgresql
from harness import SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document, until_document
from small_disk import fill, small_disk

from callcenter.paths import Paths

pytestmark = pytest.mark.asterisk

#: Seconds within which the wallboard says so; a server that hangs is given the longest that a statement may take.
SAID = 45.0
#: Seconds that SQLite is locked by somebody else.
LOCKED = 20.0


class Server:
    """A PostgreSQL of the test's own, on a socket, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        programs = _programs()
        if programs is None:
            pytest.skip("PostgreSQL is not installed (apt install postgresql)")
        self._programs = programs
        self._folder = folder
        self._become = _server_user()
        self._process: subprocess.Popen[bytes] | None = None
        if self._become:
            user, group = (int(word.partition("=")[2]) for word in self._become[1:3])
            shutil.chown(folder, user, group)
        self._run("initdb", "-D", folder / "data", "-U", "test", "--auth=trust", "-E", "UTF8", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://test@/{{}}?host={self._folder}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [*self._become, self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        options = ["listen_addresses=", f"unix_socket_directories={self._folder}", "fsync=off"]
        words = (word for option in options for word in ("-c", option))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._become, self._programs / "postgres", "-D", self._folder / "data", *words],
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        # It answers connections a moment before it takes them.
        ready = [self._programs / "pg_isready", "-q", "-h", self._folder]
        deadline = time.monotonic() + 20
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Shut it down at once, as for maintenance: whoever is connected is thrown out."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)

    def family(self) -> list[psutil.Process]:
        """Return the server's processes, one for each connection."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        return [server, *server.children(recursive=True)]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="cc-pg-", dir="/tmp"))  # a socket's path must be short
    running = Server(folder)
    yield running
    with suppress(psutil.NoSuchProcess):
        for process in running.family():
            process.resume()
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def on_postgresql(server: Server, tmp_path: Path) -> AsyncIterator[Hotline]:
    with running_hotline(tmp_path, DATABASE_URL=await new_postgresql(server.url)) as running:
        yield running


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold SQLite's one place to write, as a careless program or a backup would."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=20)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@contextmanager
def hung(server: Server) -> Iterator[None]:
    """Let every connection stay as it is, with nobody behind it, as when the server's machine is cut off."""
    family = server.family()
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def shut_down(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def full(disk: Path) -> Iterator[None]:
    hog = fill(disk, 0)
    try:
        yield
    finally:
        hog.unlink()


async def calls_go_on(
    hotline: Hotline, outage: AbstractContextManager[None], answered: str, missed: str, *, at_least: float = 0
) -> None:
    """Take a call and miss one during the outage, which lasts until the wallboard says so, and `at_least` so long."""
    async with hotline.seated("1001", "8001") as seat:
        with outage:
            began = time.monotonic()
            async with hotline.citizen(answered) as citizen:
                await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), 15, what="the citizen hears the agent")
                assert list(seat.talking.values()) == [answered]
                async with hotline.citizen(missed) as other:
                    await other.until("answered")
                    await other.hang_up()
                assert (await document(hotline))["seats"]["8001"]["state"] == "talking", "the floor is as it is"
                await citizen.hang_up()
            await until_document(hotline, SAID, database="down")
            said = time.monotonic() - began
            await wait_for(lambda: time.monotonic() - began > at_least, at_least)
        ended = time.monotonic()
        await until_document(hotline, database="up")
        rows = [await hotline.call_of(caller, within=20) for caller in (answered, missed)]
        caught_up = time.monotonic() - ended
    assert [row["outcome"] for row in rows] == ["answered", "abandoned_greeting"]
    assert rows[0]["id"] < rows[1]["id"], "in the order in which they came"
    assert (await hotline.callback_of(missed))["calls"] == [rows[1]["id"]]
    print(f"\nsaid within {said:.1f} s of the outage's begin, both calls stored {caught_up:.1f} s after its end")


async def test_a_locked_database_costs_no_call(hotline: Hotline) -> None:
    outage = locked(Paths.of(hotline.settings).database)
    await calls_go_on(hotline, outage, "13870000001", "13870000002", at_least=LOCKED)


async def test_a_database_whose_disk_is_full_costs_no_call(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        url = f"sqlite:///{disk}/callcenter.db"
        with running_hotline(tmp_path, DATABASE_URL=url) as hotline:
            await calls_go_on(hotline, full(disk), "13870000003", "13870000004")


@pytest.mark.postgresql
async def test_a_database_server_that_is_shut_down_costs_no_call(on_postgresql: Hotline, server: Server) -> None:
    await calls_go_on(on_postgresql, shut_down(server), "13870000005", "13870000006")


@pytest.mark.postgresql
async def test_a_database_server_that_hangs_costs_no_call(on_postgresql: Hotline, server: Server) -> None:
    await calls_go_on(on_postgresql, hung(server), "13870000007", "13870000008")
