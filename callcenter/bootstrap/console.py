"""What set-up tells the person at the terminal, and the programs that it runs."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Seconds after which a step that is still running says so, again and again.
HEARTBEAT_SECONDS = 10
_TAIL_LINES = 25
#: Seconds that a program has to end after it was asked to.
_GRACE_SECONDS = 5


class SetupError(Exception):
    """Set-up cannot go on; says what failed, and what to do about it where that is known."""


class Console:
    """Prints a line when a step starts, while it lasts and when it has ended; steps may run in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Held from a program's start until it is noted, so that none is forgotten when all are stopped.
        self._starting = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        #: Steps that had something to do.
        self.steps = 0

    def say(self, line: str) -> None:
        """Print one line."""
        with self._lock:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Announce a step, and how long it took."""
        self.steps += 1
        began = time.monotonic()
        self.say(f"  {title} ...")
        yield
        self.say(f"  {title}: done in {time.monotonic() - began:.1f} s")

    def run(
        self,
        title: str,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run a program in silence, but for a sign of life now and then; raises SetupError with its last words."""
        words = [str(word) for word in command]
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with self._starting:
            if self._stopped:
                raise SetupError(f"{title}: stopped")
            try:
                process = subprocess.Popen(  # noqa: S603
                    words,
                    cwd=cwd,
                    env=os.environ | (env or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                )
            except OSError as error:
                raise SetupError(f"{title}: {words[0]}: {error.strerror}") from error
            self._running.add(process)
        try:
            status = self._follow(title, process, tail)
        except BaseException:
            _end(process)
            raise
        finally:
            self._running.discard(process)
        if status:
            said = "\n".join(f"    {line}" for line in tail)
            raise SetupError(f"{title}: `{' '.join(words)}` ended with status {status}\n{said}")

    def stop(self) -> None:
        """End every program that still runs, and start none any more."""
        with self._starting:
            self._stopped = True
        for process in list(self._running):
            _end(process)

    def _follow(self, title: str, process: "subprocess.Popen[str]", tail: deque[str]) -> int:
        def read() -> None:
            for line in process.stdout or ():
                if line.strip():
                    tail.append(line.rstrip())

        reader = threading.Thread(target=read, name=f"output of {title}", daemon=True)
        reader.start()
        began = time.monotonic()
        while True:
            try:
                status = process.wait(HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                # What it is doing, not what it grumbles about.
                latest = next((line for line in reversed(list(tail)) if not line.startswith("WARNING")), "")
                self.say(f"    {title}, {time.monotonic() - began:.0f} s so far: {latest.strip()[:100]}".rstrip(": "))
        # A program that it left behind may hold the pipe open; its last words are not worth waiting for.
        reader.join(_GRACE_SECONDS)
        return status


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
