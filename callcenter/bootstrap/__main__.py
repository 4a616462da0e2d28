"""The command line of set-up: `python3 -m callcenter.bootstrap [run|demo|test]`."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from callcenter.bootstrap import packages, steps
from callcenter.bootstrap.console import Console, SetupError
from callcenter.bootstrap.packages import Purpose

ROOT = Path(__file__).resolve().parents[2]
_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Set up for the purpose named (`run` when none is); returns the exit status."""
    name = (arguments or ["run"])[0]
    if name.upper() not in Purpose.__members__:
        sys.stderr.write(f"set-up: {name!r} is none of run, demo, test\n")
        return 2
    began = time.monotonic()
    console = Console()
    # Asked to end by a program or by a person: the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _alone(ROOT, console.say):
            _interruptible(lambda: set_up(Purpose[name.upper()], ROOT, console), console)
    except SetupError as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("set-up: stopped; what is done is kept\n")
        return _INTERRUPTED
    done = "done" if console.steps else "nothing was missing"
    console.say(f"set-up: {done} ({time.monotonic() - began:.1f} s)")
    return 0


def _interruptible(work: Callable[[], None], console: Console) -> None:
    """Do the work in a thread, and end its programs when a signal comes.

    Python tells signals to the main thread alone: where that only waits, none falls between a program's start and the
    note of it, which would leave the program running. Raises what the work does, and KeyboardInterrupt.
    """
    with ThreadPoolExecutor(max_workers=1) as worker:
        done = worker.submit(work)
        try:
            done.result()
        except KeyboardInterrupt:
            console.stop()
            raise


def set_up(purpose: Purpose, root: Path, console: Console) -> None:
    """Do what is missing; what does not need one another is done side by side. Raises SetupError with every fault."""
    packages.ensure(purpose, root, console)
    libraries = partial(steps.libraries, tests=purpose >= Purpose.TEST)
    together = (libraries, steps.asterisk, steps.front_end)
    with ThreadPoolExecutor(max_workers=len(together)) as workers:
        futures = [workers.submit(step, root, console) for step in together]
        errors = [future.exception() for future in futures]
    if faults := [str(error) for error in errors if isinstance(error, SetupError)]:
        raise SetupError("\n".join(faults))
    for future in futures:
        future.result()
    if purpose >= Purpose.TEST:
        steps.browser(root, console)


@contextmanager
def _alone(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep a second set-up of the same checkout waiting until this one is done."""
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("set-up: another one of this checkout is at work; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
