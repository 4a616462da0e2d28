"""Log files that do not fill the disk."""

import asyncio
import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import structlog

_log = structlog.get_logger()

LOG_BYTES = 20 * 1024 * 1024
_LOOK_SECONDS = 10.0


async def keep_small(files: Iterable[Path], *, limit: int = LOG_BYTES, seconds: float = _LOOK_SECONDS) -> None:
    """Look at `files` every `seconds`, for ever, and turn over each that is longer than `limit` bytes."""
    files = list(files)
    while True:
        for file in files:
            try:
                turn_over(file, limit)
            except OSError as error:
                _log.warning("log_not_rotated", file=str(file), reason=str(error))
        await asyncio.sleep(seconds)


def turn_over(file: Path, limit: int) -> None:
    """Copy `file` to `file.1` and empty it when it is longer than `limit` bytes.

    It is emptied in place because the program keeps it open; it writes at the end, wherever that is. A line that it
    writes between copy and cut is lost: the price of a log that never stalls its program, as a pipe to us would. On a
    full disk there is no copy: a call's record needs the room more.
    """
    if file.exists() and file.stat().st_size > limit:
        before = file.with_name(f"{file.name}.1")
        try:
            shutil.copyfile(file, before)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            before.unlink(missing_ok=True)
            _log.error("log_dropped", file=str(file), reason=str(error))
        os.truncate(file, 0)
