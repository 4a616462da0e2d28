"""The folder of attachments: how a file comes in, finds its place, and goes. Blocking: call it in a thread."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from callcenter import disk_watch
from callcenter.settings.promises import Disk
from callcenter.tickets.rules.attachments import LARGEST


class NoRoom(Exception):
    """What is left of the disk is needed for the records of calls."""


def incoming(folder: Path, disk: Disk) -> Path:
    """Return a path for what is to come. Raises NoRoom when what is left of the disk is needed for calls, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    space = disk_watch.look(folder)
    if space.free - LARGEST < 2 * disk_watch.marks(space.total, disk).critical:
        raise NoRoom
    return folder / secrets.token_hex(16)


def flush(file: BinaryIO) -> None:
    """Put what was written on the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def place(coming: Path, place: Path) -> None:
    """Move a file to where its hash says. One that is there already stays, and counts as new for the sweep."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(coming, place)
    except FileExistsError:
        os.utime(place)
        return
    place.chmod(0o400)
    for folder in (place.parent, place.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def old_files(folder: Path, before: float) -> Iterator[Path]:
    """Yield every file last put in place, or written, before that time."""
    for path in folder.glob("*/*"):
        for file in (path,) if path.is_file() else path.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime < before:
                    yield file


def remove_if_old(path: Path, before: float) -> None:
    """Remove a file unless it was put in place again meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_mtime < before:
            path.unlink()
