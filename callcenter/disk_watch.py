"""How much room is left where calls are written down: the rule, and the controller's look at it.

The supervisor acts on the rule (`supervisor/ballast.py`), for it lives when the controller does not; the controller
only looks, and shows it. Both read the disk, so neither has to tell the other anything.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from callcenter.settings.promises import Disk

_log = structlog.get_logger()

#: A file that is only there to be given up, in the data folder.
BALLAST = "ballast"
#: Whatever was found damaged is kept under its own name and this, with the time after it.
DAMAGED = ".damaged-"
#: Seconds between two looks, and between two when there is little room.
LOOK_SECONDS, CLOSE_LOOK_SECONDS = 2.0, 0.5
_MEBIBYTE = 1 << 20
#: On a small disk no mark is higher than these parts of it, so that what suits a server's disk does not alarm for ever.
_ALARM_SHARE, _CRITICAL_SHARE = 4, 16

Level = Literal["enough", "low", "critical"]
#: Takes an alarm's kind and its figures; None when it is over.
OnAlarm = Callable[[str, Mapping[str, Any] | None], None]


@dataclass(frozen=True, slots=True)
class Marks:
    """Bytes of room below which something is done, and the size of the ballast."""

    alarm: int
    critical: int
    ballast: int


@dataclass(frozen=True, slots=True)
class Space:
    """A disk as it is, in bytes; `ballast` is what the ballast file takes of it."""

    total: int
    free: int
    ballast: int = 0

    def room(self, marks: Marks) -> int:
        """Return what is free beside a whole ballast: giving it up makes no room that may be used."""
        return self.free + self.ballast - marks.ballast


def marks(total: int, disk: Disk) -> Marks:
    """Return the marks for a disk of `total` bytes: those set, or parts of a small disk."""
    critical = min(disk.critical_mb * _MEBIBYTE, total // _CRITICAL_SHARE)
    return Marks(
        alarm=max(min(disk.alarm_mb * _MEBIBYTE, total // _ALARM_SHARE), 2 * critical),
        critical=critical,
        ballast=min(disk.ballast_mb * _MEBIBYTE, total // _CRITICAL_SHARE),
    )


def level(space: Space, marks: Marks, was: Level = "enough") -> Level:
    """Return how it stands; better than `was` only with a tenth to spare, from critical with twice the mark."""
    room = space.room(marks)
    if room < marks.critical * (2 if was == "critical" else 1):
        return "critical"
    if room < marks.alarm * (1 if was == "enough" else 1.1):
        return "low"
    return "enough"


def ballast_change(space: Space, marks: Marks) -> Literal["keep", "make", "give_up"]:
    """Return what is to be done with the ballast.

    It is given up when less than critical is free, and made again only when twice that is free beside it: so giving it
    up is no reason to make it again.
    """
    if space.ballast and space.free < marks.critical:
        return "give_up"
    if space.ballast < marks.ballast and space.room(marks) >= 2 * marks.critical:
        return "make"
    return "keep"


def look(folder: Path) -> Space:
    """Return the space of the disk on which `folder` lies, its ballast file included. Raises OSError."""
    found = os.statvfs(folder)
    try:
        # What it really takes: a file system may hold a file of zeros in next to nothing.
        ballast = (folder / BALLAST).stat().st_blocks * 512
    except FileNotFoundError:
        ballast = 0
    return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, ballast)


def damaged_files(folder: Path) -> list[str]:
    """Return the names of files that were found damaged and kept aside in `folder`, until somebody takes them away."""
    return sorted(path.name for path in folder.glob(f"*{DAMAGED}*"))


class DiskWatch:
    """Raises and ends the alarms `disk_low`, `disk_critical` and `file_damaged` for the data folder.

    Figures are `free_mb`, `total_mb` and `ballast` (whether it is still held), and `files` for damaged ones.
    """

    def __init__(self, folder: Path, disk: Disk, on_alarm: OnAlarm) -> None:
        self._folder = folder
        self._disk = disk
        self._on_alarm = on_alarm
        self._told: set[str] = set()
        self.level: Level = "enough"

    async def run(self) -> None:
        """Look for ever; a disk that cannot be looked at is said once."""
        blind = False
        while True:
            try:
                self.look()
                blind = False
            except OSError as error:
                if not blind:
                    _log.error("disk_not_read", folder=str(self._folder), reason=str(error))
                blind = True
            await asyncio.sleep(LOOK_SECONDS if self.level == "enough" else CLOSE_LOOK_SECONDS)

    def look(self) -> None:
        """Look once, and tell. Raises OSError."""
        space = look(self._folder)
        limits = marks(space.total, self._disk)
        self.level = level(space, limits, self.level)
        figures = {
            "free_mb": _two_digits(space.free // _MEBIBYTE),
            "total_mb": space.total // _MEBIBYTE,
            "ballast": space.ballast > 0,
        }
        damaged = damaged_files(self._folder)
        self._tell("disk_low", figures if self.level == "low" else None)
        self._tell("disk_critical", figures if self.level == "critical" else None)
        self._tell("file_damaged", {"files": damaged} if damaged else None)

    def _tell(self, kind: str, figures: Mapping[str, Any] | None) -> None:
        # One that is on is told at every look: another part, which found a damaged file too, may have ended it.
        if figures is not None or kind in self._told:
            self._on_alarm(kind, figures)
        if figures is None:
            self._told.discard(kind)
        else:
            self._told.add(kind)


def _two_digits(number: int) -> int:
    """Round down to two digits: a screen need not follow every megabyte."""
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return number // step * step
