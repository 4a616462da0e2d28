"""One holder for each program of a data folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class HeldError(Exception):
    """Someone else holds the data folder; the message names them in one line."""


@contextmanager
def hold(folder: Path, role: str) -> Iterator[None]:
    """Hold `role` in `folder` (made if missing) for the length of the block; the kernel lets go of it when we die.

    Raises HeldError when another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}.lock"
    # "a+": the words in it are the holder's until the lock is ours. Never removed, else two could hold it.
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(f"{folder.parent} is in use by {_holder(path)}; stop it first") from None
        file.truncate(0)
        with suppress(OSError):  # a full disk keeps the words out, not the lock
            file.write(json.dumps({"pid": os.getpid(), "command": _command()}))
            file.flush()
        yield
        file.truncate(0)


def _command() -> str:
    return Path("/proc/self/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} ({holder['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
