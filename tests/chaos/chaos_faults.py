"""What goes wrong: each fault is drawn from the seed with its instant, and is done to the real processes.

It is over when the hotline is whole again: controller and database well, and every seat's phone there.
"""

import asyncio
import random
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import psutil
from ami_proxy import AmiProxy
from chaos_witness import QueueWitness
from harness import Hotline
from small_disk import fill

from callcenter.demo.show import is_healthy
from callcenter.disk_watch import BALLAST
from callcenter.tasks import cancel, spawn

#: Seconds that a hotline may take to be whole again; beyond it is a violation. Faults overlap: a controller that
#: hangs while it starts is given up only after a minute.
RECOVERY = 120.0
#: Seconds that the database stays locked, the disk full, and a manager connection silent.
LOCKED, FULL, SILENT = 20.0, 12.0, 8.0
#: Bytes that are left on the disk as it fills up; speech takes 32 kB a second of each talk.
_LEFT = (12 << 20, 1 << 20)


@dataclass
class Fault:
    """One fault that was done: `at`, and when what was done to it ended, in seconds since the epoch."""

    name: str
    at: float
    #: Seconds from `at` until all was well again; None when it was not within RECOVERY.
    recovery: float | None = None
    note: str = ""


@dataclass
class Scene:
    """What the faults are done to."""

    hotline: Hotline
    witness: QueueWitness
    proxy: AmiProxy
    seats: int


class Skipped(Exception):
    """The fault cannot be done on this machine; says why."""


async def controller_killed(scene: Scene) -> None:
    """The controller dies."""
    victim = scene.hotline.program("controller")
    victim.kill()
    await _until(lambda: _is_new(scene, "controller", victim))


async def controller_hung(scene: Scene) -> None:
    """The controller hangs; the supervisor's watchdog ends it."""
    victim = scene.hotline.program("controller")
    with _stopped(victim):
        await _until(lambda: _is_new(scene, "controller", victim))


async def asterisk_killed(scene: Scene) -> None:
    """Asterisk dies, and every call with it."""
    victim = scene.hotline.program("asterisk.conf")
    victim.kill()
    await _until(lambda: _is_new(scene, "asterisk.conf", victim))


async def asterisk_hung(scene: Scene) -> None:
    """Asterisk hangs, as in a deadlock; the supervisor's probe ends it."""
    victim = scene.hotline.program("asterisk.conf")
    with _stopped(victim):
        await _until(lambda: _is_new(scene, "asterisk.conf", victim))


async def ami_reset(scene: Scene) -> None:
    """The connection to the manager port is reset."""
    _needs_proxy(scene)
    before = scene.proxy.connected
    scene.proxy.reset()
    await _until(lambda: scene.proxy.connected > before)


async def ami_silent(scene: Scene) -> None:
    """The connection to the manager port stays open and carries nothing."""
    _needs_proxy(scene)
    before = scene.proxy.connected
    scene.proxy.fall_silent()
    try:
        await asyncio.sleep(SILENT)
    finally:
        scene.proxy.flow()
    await _until(lambda: scene.proxy.connected > before)


async def database_locked(scene: Scene) -> None:
    """Somebody else holds the database's write lock."""
    path = scene.hotline.settings.data_folder / "callcenter.db"

    def lock() -> None:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED)
            other.execute("ROLLBACK")

    await asyncio.to_thread(lock)


async def disk_full(scene: Scene) -> None:
    """The disk fills up within seconds, as when some log goes wild, and is freed after a while."""
    folder = scene.hotline.settings.data_folder
    if not folder.is_mount():
        raise Skipped("no small disk could be mounted")
    hog = folder / "hog"
    try:
        # First the alarm, then the end: the ballast's room is what calls are written to from then on.
        for leave in _LEFT:
            with suppress(OSError):  # it was full already
                fill(folder, leave, name=hog.name)
            await asyncio.sleep(2.5)
        if (folder / BALLAST).exists():
            raise TimeoutError
        await asyncio.sleep(FULL)
    finally:
        hog.unlink(missing_ok=True)
    await _until((folder / BALLAST).exists)


#: Does it, and returns when what it did is over.
Kind = Callable[[Scene], Awaitable[None]]
#: Seconds from the start, and what happens then.
Planned = tuple[float, Kind]
KINDS: tuple[Kind, ...] = (
    controller_killed,
    asterisk_killed,
    database_locked,
    controller_hung,
    ami_reset,
    asterisk_hung,
    disk_full,
    ami_silent,
)


def name_of(kind: Kind) -> str:
    """Return the fault's name, for people."""
    return kind.__name__.replace("_", " ")


def plan(chance: random.Random, seconds: float, *, every: float, only: Sequence[str] = ()) -> list[Planned]:
    """Return faults with their instants in seconds from the start, one in some `every`; each kind before any twice.

    `only` names the kinds, all when empty. Raises ValueError for a name that is none.
    """
    kinds = [kind for kind in KINDS if not only or name_of(kind) in only]
    if unknown := set(only) - {name_of(kind) for kind in kinds}:
        names = ", ".join(name_of(kind) for kind in KINDS)
        raise ValueError(f"no fault is called {', '.join(unknown)}; there are: {names}")
    planned: list[Planned] = []
    at, deck = 0.0, []
    while True:
        at += every * chance.uniform(0.6, 1.4)
        if at >= seconds:
            return planned
        deck = deck or chance.sample(kinds, len(kinds))
        planned.append((at, deck.pop()))


async def inflict(scene: Scene, planned: Sequence[Planned], say: Callable[[str], None]) -> list[Fault]:
    """Do the faults at their instants, whether the one before is over or not; return them once all is well again."""
    began = time.monotonic()
    done: list[Fault] = []
    under_way: list[asyncio.Task[None]] = []
    try:
        for at, kind in planned:
            await asyncio.sleep(max(began + at - time.monotonic(), 0))
            fault = Fault(name_of(kind), time.time())
            done.append(fault)
            say(f"{time.strftime('%H:%M:%S')} {fault.name}")
            under_way.append(spawn(_one(scene, kind, fault), name=fault.name))
        await asyncio.gather(*under_way)
    finally:
        await cancel(*under_way)
    return done


async def _one(scene: Scene, kind: Kind, fault: Fault) -> None:
    try:
        async with asyncio.timeout(RECOVERY):
            await kind(scene)
            await _until(lambda: _is_whole(scene))
    except Skipped as why:
        fault.note = f"skipped: {why}"
    except (psutil.NoSuchProcess, StopIteration, RuntimeError):
        fault.note = "it was down already"
    except TimeoutError:
        fault.note = f"not whole again within {RECOVERY:g} s"
        return
    fault.recovery = time.time() - fault.at


async def whole(scene: Scene, within: float) -> bool:
    """Wait until all is well; False when it is not within so many seconds."""
    try:
        async with asyncio.timeout(within):
            await _until(lambda: _is_whole(scene))
    except TimeoutError:
        return False
    return True


async def _is_whole(scene: Scene) -> bool:
    """Whether the controller says that it is well, and Asterisk that every seat's phone is there."""
    if asyncio.get_running_loop().time() - scene.witness.answered_at > 1 or scene.witness.members < scene.seats:
        return False
    return await asyncio.to_thread(is_healthy, scene.hotline.settings)


async def _is_new(scene: Scene, word: str, old: psutil.Process) -> bool:
    with suppress(StopIteration, psutil.Error, RuntimeError):
        return scene.hotline.program(word).pid != old.pid
    return False


def _needs_proxy(scene: Scene) -> None:
    if not scene.proxy.links:
        raise Skipped("the controller does not reach the manager port through the proxy")


async def _until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    while True:
        found = condition()
        if not (found if isinstance(found, bool) else await found):
            await asyncio.sleep(0.05)
        else:
            return


@contextmanager
def _stopped(process: psutil.Process) -> Iterator[None]:
    """Stop a process for the block, and let it go on in any case: a killed one never notices."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(psutil.Error):
            process.send_signal(signal.SIGCONT)
