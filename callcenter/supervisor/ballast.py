"""The ballast: a file that takes room only to give it up, so that on a full disk Asterisk can go on writing calls down.

The supervisor keeps it, with the controller dead or alive, and says on its console how the disk stands.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from callcenter.disk_watch import (
    BALLAST,
    CLOSE_LOOK_SECONDS,
    LOOK_SECONDS,
    Level,
    Space,
    ballast_change,
    level,
    look,
    marks,
)
from callcenter.settings.promises import Disk

_log = structlog.get_logger()
_MEBIBYTE = 1 << 20


class Ballast:
    """Keeps the ballast of the data folder `folder`; `say` takes one line for the console."""

    def __init__(self, folder: Path, disk: Disk, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._disk = disk
        self._say = say
        self._path = folder / BALLAST
        self._level: Level = "enough"
        self._trouble = ""

    async def keep(self) -> None:
        """Look for ever; no fault of the disk ends it."""
        while True:
            try:
                await self.look()
                self._trouble = ""
            except OSError as error:
                self._complain(error)
            await asyncio.sleep(LOOK_SECONDS if self._level == "enough" else CLOSE_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once and do what is to be done. Raises OSError."""
        space = look(self._folder)
        limits = marks(space.total, self._disk)
        match ballast_change(space, limits):
            case "give_up":
                give_up(self._folder)
                self._say(
                    f"disk: {_mib(space.free)} free for {self._folder}: the ballast of {_mib(space.ballast)} is given "
                    "up, so that calls are still written down; free some space now"
                )
            case "make":
                # A file system that cannot reserve room has it written, which takes a while.
                await asyncio.to_thread(_make, self._path, limits.ballast)
            case "keep" if space.ballast > limits.ballast + _MEBIBYTE or not limits.ballast:
                self._path.unlink(missing_ok=True)  # made for other settings; made anew at the next look
            case _:
                pass
        self._tell(level(space, limits, self._level), space)

    def _tell(self, now: Level, space: Space) -> None:
        if now == self._level:
            return
        self._level = now
        free = f"disk: {_mib(space.free)} free of {_mib(space.total)} for {self._folder}"
        self._say(
            {
                "enough": f"{free}: enough again",
                "low": f"{free}: this is little; free some space, before calls can no longer be written down",
                "critical": f"{free}: next to nothing; free some space now",
            }[now]
        )

    def _complain(self, error: OSError) -> None:
        if str(error) != self._trouble:
            self._trouble = str(error)
            _log.error("ballast_not_kept", path=str(self._path), reason=str(error))
            self._say(f"disk: the ballast {self._path} cannot be kept: {error.strerror}")


def give_up(folder: Path) -> bool:
    """Remove the ballast of the data folder; returns whether there was one."""
    try:
        (folder / BALLAST).unlink()
    except OSError:
        return False
    return True


def _make(path: Path, size: int) -> None:
    """Make the file `path`, or make it longer, so that it really holds `size` bytes; else leave none."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)


def _mib(size: int) -> str:
    return f"{size / _MEBIBYTE:,.0f} MiB"
