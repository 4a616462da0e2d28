"""Supervision: one foreground process that starts the hotline's programs, keeps them up, and ends them."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic

from callcenter.notify import Notifier
from callcenter.paths import Paths
from callcenter.settings import Settings
from callcenter.supervisor import janitor
from callcenter.supervisor.ballast import Ballast, give_up
from callcenter.supervisor.lock import HeldError, hold
from callcenter.supervisor.logs import keep_small
from callcenter.supervisor.ports import ports_in_use
from callcenter.supervisor.program import Keeper, PartlyDeaf, Program
from callcenter.tasks import cancel, spawn

__all__ = ["HeldError", "PartlyDeaf", "Program", "give_up", "hold", "ports_in_use", "refusal", "run"]

OK, REFUSED, PORT_TAKEN = 0, 1, 2


def _print(line: str) -> None:
    with suppress(OSError):  # the hotline goes on when its console is gone
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _complain(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def refusal(settings: Settings, names: Sequence[str]) -> str | None:
    """Return the line that says who runs one of the programs `names` on this data folder, or None when nobody does.

    For whoever prepares the folder before `run`, so as not to change it under a hotline that runs.
    """
    try:
        for name in names:
            with hold(Paths.of(settings).locks, name):
                pass
    except HeldError as error:
        return str(error)
    return None


async def run(
    settings: Settings,
    programs: Sequence[Program],
    *,
    only: str | None = None,
    say: Callable[[str], None] = _print,
    complain: Callable[[str], None] = _complain,
) -> int:
    """Start `programs` in order, keep them running until SIGINT or SIGTERM, and stop them in reverse order.

    `only` takes one of them by name, for a machine where systemd keeps each. Returns the exit status: 0 after a stop
    that was asked for, 1 when the data folder is in use or a program cannot be prepared, 2 when a port is taken; the
    reasons go to `complain`, one line each.
    """
    chosen = [program for program in programs if only in (None, program.name)]
    paths = Paths.of(settings)
    with ExitStack() as held:
        try:
            for program in chosen:
                held.enter_context(hold(paths.locks, program.name))
        except HeldError as error:
            complain(f"callcenter: {error}")
            return REFUSED
        if taken := await _ports_still_in_use(settings, only):
            for line in taken:
                complain(f"callcenter: {line}")
            return PORT_TAKEN
        # Sockets in it let a program speak for itself: no other user's business.
        paths.locks.chmod(0o700)
        return await _Supervisor(settings, paths, chosen, say, complain).run()


async def _ports_still_in_use(settings: Settings, only: str | None) -> list[str]:
    """Look again for a moment: a supervisor that was killed leaves programs that are just being ended."""
    for _ in range(10):
        if not (taken := ports_in_use(settings, only)):
            break
        await asyncio.sleep(0.1)
    return taken


class _Supervisor:
    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        programs: Sequence[Program],
        say: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._panel = f"http://{_host_in_url(settings.bind)}:{settings.panel_port}/"
        self._say = say
        self._complain = complain
        self._notifier = Notifier()
        self._ballast = Ballast(paths.data, settings.disk, say)
        self._stop = asyncio.Event()
        self._janitor: asyncio.subprocess.Process | None = None
        self._keepers = [
            Keeper(
                program,
                run_folder=paths.locks,
                log_file=paths.logs / f"{program.name}.log",
                say=say,
                begun=lambda session: self._tell_janitor(f"+{session}"),
                over=lambda session: self._tell_janitor(f"-{session}"),
            )
            for program in programs
        ]

    async def run(self) -> int:
        began = monotonic()
        loop = asyncio.get_running_loop()
        signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to outlive the terminal
            signals.append(signal.SIGHUP)
        for number in signals:
            loop.add_signal_handler(number, self._asked_to_stop)
        self._janitor = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(Path(janitor.__file__))),
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        helpers = [
            spawn(self._announce(began), name="announce-ready"),
            spawn(self._notifier.keep_alive(1.0), name="systemd-watchdog"),
            spawn(keep_small([keeper.log_file for keeper in self._keepers]), name="rotate-logs"),
        ]
        if any(keeper.program.name == "asterisk" for keeper in self._keepers):  # it is Asterisk that needs the room
            helpers.append(spawn(self._ballast.keep(), name="ballast"))
        kept: list[asyncio.Task[list[str]]] = []
        try:
            return await self._until_stopped(kept)
        finally:
            await cancel(*helpers)
            self._notifier.stopping()
            for keeper in reversed(self._keepers):
                await keeper.stop()
            await asyncio.gather(*kept, return_exceptions=True)
            await self._dismiss_janitor()
            for number in signals:
                loop.remove_signal_handler(number)
            self._notifier.close()

    async def _until_stopped(self, kept: list[asyncio.Task[list[str]]]) -> int:
        stop = spawn(self._stop.wait(), name="stop-asked")
        try:
            for keeper in self._keepers:
                started = asyncio.Event()
                kept.append(spawn(keeper.keep(started), name=f"keep-{keeper.program.name}"))
                begun = spawn(started.wait(), name=f"started-{keeper.program.name}")
                await asyncio.wait([stop, begun, *kept], return_when=asyncio.FIRST_COMPLETED)
                await cancel(begun)
                if stop.done() or self._failed(kept):
                    break
            else:
                await asyncio.wait([stop, *kept], return_when=asyncio.FIRST_COMPLETED)
            if not self._failed(kept):
                self._say("stopping")
                return OK
            return REFUSED
        finally:
            await cancel(stop)

    def _failed(self, kept: list[asyncio.Task[list[str]]]) -> bool:
        """Report the program that could not be kept, if there is one."""
        for keeper, task in zip(self._keepers, kept, strict=False):
            if task.done() and (faults := task.result()):
                for fault in faults:
                    self._complain(f"callcenter: {keeper.program.name}: {fault}")
                return True
        return False

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            for keeper in self._keepers:  # asked twice: no more patience
                keeper.kill()
        self._stop.set()

    async def _announce(self, began: float) -> None:
        for keeper in self._keepers:
            await keeper.ready.wait()
        served = any(keeper.program.name == "controller" for keeper in self._keepers)
        self._say(f"ready after {monotonic() - began:.1f} s{f': {self._panel}' if served else ''}")
        self._notifier.ready()

    def _tell_janitor(self, line: str) -> None:
        if self._janitor is not None and self._janitor.stdin is not None and self._janitor.returncode is None:
            self._janitor.stdin.write(f"{line}\n".encode())

    async def _dismiss_janitor(self) -> None:
        if self._janitor is not None and self._janitor.stdin is not None:
            self._janitor.stdin.close()
            await self._janitor.wait()


def _host_in_url(address: str) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"[{shown}]" if ":" in shown else shown
