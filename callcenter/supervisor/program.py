"""One program that the supervisor keeps running."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import structlog

from callcenter.notify import NotifyReceiver
from callcenter.supervisor.janitor import kill_session
from callcenter.tasks import cancel, spawn

_log = structlog.get_logger()

FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
#: A program that lived this long is forgiven its earlier deaths.
HEALTHY_SECONDS = 30.0
#: Asked from outside this often; after a failure, so soon again; so many failures in a row are its end, within 10 s.
PROBE_SECONDS = 2.0
PROBE_AGAIN_SECONDS = 1.0
PROBE_DEADLINE = 2.0
PROBE_FAILURES = 3
#: A program that answers in part is at work, perhaps on more than it can carry; ending it would cut every call. Only
#: when so many times as many questions in a row are answered in part is it taken for dead.
PARTLY_DEAF_PATIENCE = 3
_TICK = 0.1
#: Our own variables for systemd are not the children's.
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class PartlyDeaf(Exception):
    """Raised by a probe when the program answers some of what it was asked."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to know that it is well. Times in seconds."""

    name: str
    command: tuple[str, ...]
    #: Added to our own environment.
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    #: Runs before each start, in the supervisor: short. What it raises stops the first start and delays a later one.
    before_start: Callable[[], Awaitable[None] | None] | None = None
    #: Raises when the program does not answer from outside; given `PROBE_DEADLINE` seconds.
    probe: Callable[[], Awaitable[None]] | None = None
    #: The program speaks the notification protocol: it is ready when it says READY=1.
    notify: bool = False
    #: Once ready, silence (no WATCHDOG=1) for longer is its end; None for a program that sends none.
    watchdog_seconds: float | None = None
    #: Longest start before it counts as hung.
    start_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    #: Between the stop signal and SIGKILL.
    stop_seconds: float = 1.8


class Keeper:
    """Starts a program, watches it, starts it again when it dies, and stops it."""

    def __init__(
        self,
        program: Program,
        *,
        run_folder: Path,
        log_file: Path,
        say: Callable[[str], None],
        begun: Callable[[int], None],
        over: Callable[[int], None],
    ) -> None:
        """`say` takes one line for the console; `begun` and `over` hear of each session for the janitor."""
        self.program = program
        #: Set while the program is ready.
        self.ready = asyncio.Event()
        self.log_file = log_file
        self._run_folder = run_folder
        self._say = say
        self._begun = begun
        self._over = over
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._heard_at = 0.0

    async def keep(self, started: asyncio.Event) -> list[str]:
        """Keep the program running until `stop()`; `started` is set once its first process exists.

        Returns an empty list, or, a line each, what was wrong when `before_start` failed before the first start.
        """
        wait, first = FIRST_WAIT, True
        while not self._stopping.is_set():
            began = monotonic()
            try:
                await self._prepare()
                first = False
                end = await self._live(started)
            except Exception as error:  # noqa: BLE001  # one program's trouble, whatever it is, must not end the others
                if first:
                    return str(error).splitlines() or [type(error).__name__]
                _log.exception("program_not_started", program=self.program.name)
                end = f"could not be started: {error}"
            if self._stopping.is_set():
                break
            wait = FIRST_WAIT if monotonic() - began > HEALTHY_SECONDS else wait
            self._say(f"{self.program.name}: {end}; restarting in {wait:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
            wait = min(wait * 2, LONGEST_WAIT)
        return []

    async def stop(self) -> None:
        """End the program: its stop signal, then SIGKILL, and whatever it leaves behind."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self.program.stop_seconds)
        except TimeoutError:
            self._say(f"{self.program.name}: did not stop in {self.program.stop_seconds:.0f} s; killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _prepare(self) -> None:
        if self.program.before_start is not None:
            waiting = self.program.before_start()
            if waiting is not None:
                await waiting

    async def _live(self, started: asyncio.Event) -> str:
        """Run the program once, from start to end; returns how it ended."""
        began = monotonic()
        receiver = NotifyReceiver(self._run_folder, self.program.name, self._heard) if self.program.notify else None
        try:
            self._say(f"{self.program.name}: starting")
            try:
                process = self._process = await self._start(receiver)
            except OSError as error:
                return f"could not be started: {error}"
            self._begun(process.pid)
            if self._stopping.is_set():
                process.kill()  # asked to stop while it was being started
            started.set()
            watch = spawn(self._watch(process, began), name=f"watch-{self.program.name}")
            try:
                status = await process.wait()
            finally:
                self.ready.clear()
                reason = watch.result() if watch.done() and not watch.cancelled() and not watch.exception() else None
                await cancel(watch)
                # The session may hold children of the program: they are not to meet its next life.
                kill_session(process.pid)
                self._over(process.pid)
            return reason or f"died ({_how(status)}) after {monotonic() - began:.1f} s, see {self.log_file}"
        finally:
            if receiver is not None:
                receiver.close()

    async def _start(self, receiver: NotifyReceiver | None) -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if name not in _OURS} | dict(self.program.env)
        if receiver is not None:
            environment["NOTIFY_SOCKET"] = receiver.address
        # The kernel kills the program when we die; the janitor does so for its children, and where setpriv is missing.
        tied = [setpriv, "--pdeathsig", "KILL", "--"] if (setpriv := shutil.which("setpriv")) else []
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *tied,
                *self.program.command,
                env=environment,
                cwd=self.program.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C at the terminal is for us alone: we stop the programs, in order.
                start_new_session=True,
            )

    def _heard(self, fields: dict[str, str]) -> None:
        self._heard_at = monotonic()
        if text := fields.get("STATUS"):
            self._say(text)
        if fields.get("READY") == "1":
            self.ready.set()

    async def _watch(self, process: asyncio.subprocess.Process, began: float) -> str:
        """Watch one process; kills it when it hangs and returns why."""
        try:
            async with asyncio.timeout(self.program.start_seconds):
                await self._until_ready()
        except TimeoutError:
            reason = f"was not ready after {self.program.start_seconds:.0f} s; killed"
        else:
            self._say(f"{self.program.name}: ready ({monotonic() - began:.1f} s)")
            self._heard_at = monotonic()
            reason = await self._until_hung()
        with suppress(ProcessLookupError):
            process.kill()
        return reason

    async def _until_ready(self) -> None:
        if self.program.notify:
            await self.ready.wait()
        while self.program.probe is not None:
            if (await self._probe())[0] == 0:
                break
            await asyncio.sleep(_TICK)
        self.ready.set()

    async def _until_hung(self) -> str:
        waits = [
            spawn(wait, name=f"{kind}-{self.program.name}")
            for kind, wait in (("watchdog", self._until_silent()), ("probe", self._until_deaf()))
        ]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return str(done.pop().result())
        finally:
            await cancel(*waits)

    async def _until_silent(self) -> str:
        limit = self.program.watchdog_seconds
        if limit is None:
            return await asyncio.Future()  # never
        while True:
            slept_at = monotonic()
            await asyncio.sleep(_TICK)
            if monotonic() - slept_at > 1:
                self._heard_at = monotonic()  # it was we who slept: its words are still in the socket
            elif monotonic() - self._heard_at > limit:
                return f"hung (silent for {limit:.1f} s); killed"

    async def _until_deaf(self) -> str:
        if self.program.probe is None:
            return await asyncio.Future()  # never
        weight, reason = 0, ""
        while weight < PROBE_FAILURES * PARTLY_DEAF_PATIENCE:
            await asyncio.sleep(PROBE_AGAIN_SECONDS if weight else PROBE_SECONDS)
            more, reason = await self._probe()
            weight = weight + more if more else 0
        return f"hung ({reason}); killed"

    async def _probe(self) -> tuple[int, str]:
        """Ask once; return how much it weighs, 0 when all is well, and what was wrong."""
        assert self.program.probe is not None  # noqa: S101  # callers looked
        try:
            async with asyncio.timeout(PROBE_DEADLINE):
                await self.program.probe()
        except TimeoutError:
            return PARTLY_DEAF_PATIENCE, f"no answer in {PROBE_DEADLINE:.0f} s"
        except PartlyDeaf as error:
            return 1, str(error)
        except Exception as error:  # noqa: BLE001  # whatever goes wrong in asking, the answer was not had
            return PARTLY_DEAF_PATIENCE, str(error) or type(error).__name__
        return 0, ""


def _how(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"
