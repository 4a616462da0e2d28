"""Which files hold the channel event log, oldest first, and how one of them is known again.

A file is known by its first line, which no other file shares (it has a time in microseconds and a channel in it): that
holds when the data folder is copied, restored, or the file renamed.
"""

import hashlib
import os
import re
from pathlib import Path

#: Longest first line that is looked at.
LONGEST_LINE = 1 << 18
#: What our own rotation appends; it never names a file earlier than one that is there.
_STAMP = re.compile(r"\.\d{8}-\d{6}(-\d+)?")
_COMPRESSED = frozenset({".gz", ".xz", ".zst", ".bz2"})


def identity(first_line: bytes) -> str:
    """Return the identity of the file that begins with `first_line`."""
    return hashlib.sha256(first_line.rstrip(b"\r\n")).hexdigest()[:32]


def identity_of(path: Path) -> str:
    """Return the identity of the file at `path`, empty for one without a line. Raises OSError."""
    with path.open("rb") as stream:
        line = stream.readline(LONGEST_LINE)
    return identity(line) if line else ""


def files_of(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the rotated files of `path` (`path` plus a suffix), oldest first, and the one at `path` last.

    The times that a clock wrote may run backwards: names decide where our own rotation gave them, and times elsewhere.
    Compressed files have been read, by the agreement of who compresses them. Raises OSError when the folder is
    unreadable.
    """
    rotated: list[tuple[Path, os.stat_result]] = []
    try:
        folder = list(path.parent.iterdir())
    except FileNotFoundError:
        return []
    for beside in folder:
        if beside.name.startswith(path.name) and beside != path and beside.suffix not in _COMPRESSED:
            rotated += _found(beside)
    if all(_STAMP.fullmatch(file.name.removeprefix(path.name)) for file, _ in rotated):
        rotated.sort(key=lambda found: found[0].name)
    else:
        rotated.sort(key=lambda found: found[1].st_mtime_ns)
    return rotated + _found(path)


def _found(path: Path) -> list[tuple[Path, os.stat_result]]:
    """Return the file, unless it was renamed or removed just now, or is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return []
    return [(path, status)] if path.is_file() else []
