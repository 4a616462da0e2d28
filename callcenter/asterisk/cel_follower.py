"""Reads the channel event log from wherever it was left, across rotation, truncation and torn lines.

A file is known by its first line, which no other file shares (it has a time in microseconds and a channel in it): that
holds when the data folder is copied, restored, or the file renamed. Asterisk opens the file for each record, so a
rotation by rename needs no signal; rotated files stay beside it, uncompressed, until they have been read.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

_log = structlog.get_logger()
#: Bytes of one batch; a line longer than this is cut and comes out as a fault.
BATCH_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole lines of one file."""

    #: Identity of the file.
    file: str
    #: Where it begins and where it ends.
    start: int
    end: int
    text: bytes

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, text) of every line that is not blank."""
        offset = self.start
        for line in self.text.splitlines(keepends=True):
            if stripped := line.strip():
                yield offset, stripped
            offset += len(line)


def identity(first_line: bytes) -> str:
    """Return the identity of the file that begins with `first_line`."""
    return hashlib.sha256(first_line.rstrip(b"\r\n")).hexdigest()[:32]


class CelFollower:
    """Follows the file at `path` and the rotated ones beside it (`path` plus a suffix).

    `file` and `offset` tell where to go on; with an unknown or empty `file` it begins with the oldest there is, since
    to read a call twice is harmless and to miss one is not.
    """

    def __init__(self, path: Path, file: str = "", offset: int = 0) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self.file = file
        self.offset = offset

    def close(self) -> None:
        """Let go of the file."""
        if self._stream:
            self._stream.close()
            self._stream = None

    def behind(self) -> int:
        """Return the bytes of the current file that are not read yet."""
        if self._stream is None:
            return 0
        return max(os.fstat(self._stream.fileno()).st_size - self.offset, 0)

    def read(self) -> Batch | None:
        """Return the next whole lines, or None when there is nothing new. Raises OSError when a file is unreadable."""
        while True:
            if self._stream is None and not self._resume():
                return None
            if batch := self._take():
                return batch
            follower = self._successor()
            # What was written between the last look and the rename belongs to the old file.
            if batch := self._take(torn=follower is not None):
                return batch
            if follower is None:
                return None
            self._open(follower)

    def _take(self, *, torn: bool = False) -> Batch | None:
        """Read whole lines; with `torn` what follows the last newline too, for nobody will finish it."""
        stream = self._stream
        assert stream is not None  # noqa: S101  # `read` has seen to it
        if os.fstat(stream.fileno()).st_size < self.offset:
            _log.warning("cel_file_truncated", file=str(self._path), offset=self.offset)
            self.file, self.offset = "", 0
        stream.seek(self.offset)
        text = stream.read(BATCH_BYTES)
        whole = text.rfind(b"\n") + 1
        if whole == 0 and (torn or len(text) == BATCH_BYTES):
            whole = len(text)
        if whole == 0:
            return None
        text = text[:whole]
        if self.offset == 0:
            self.file = identity(text[: text.find(b"\n") + 1] or text)
        batch = Batch(self.file, self.offset, self.offset + whole, text)
        self.offset = batch.end
        return batch

    def _resume(self) -> bool:
        files = self._files()
        if not files:
            return False
        known = next((path for path in files if self.file and _identity_of(path) == self.file), None)
        if known:
            offset = self.offset
            self._open(known)
            self.offset = offset
            return True
        if self.file:
            _log.warning("cel_file_unknown", file=str(files[0]), reading="from its beginning")
        self._open(files[0])
        return True

    def _open(self, path: Path) -> None:
        self.close()
        self._stream = path.open("rb", buffering=0)
        self.offset = 0

    def _successor(self) -> Path | None:
        """Return the file that took the place of the one being read, once there is one."""
        stream = self._stream
        assert stream is not None  # noqa: S101
        mine = os.fstat(stream.fileno())
        try:
            current = self._path.stat()
        except FileNotFoundError:
            return None
        if (current.st_dev, current.st_ino) == (mine.st_dev, mine.st_ino):
            return None
        files = self._files()
        later = [index for index, path in enumerate(files) if path.stat().st_ino == mine.st_ino]
        return files[later[0] + 1] if later else self._path

    def _files(self) -> list[Path]:
        """Return the rotated files, oldest first, and the current one last."""
        rotated = [
            path
            for path in self._path.parent.glob(f"{self._path.name}?*")
            if path.is_file() and path.suffix not in {".gz", ".xz", ".zst", ".bz2"}
        ]
        rotated.sort(key=lambda path: path.stat().st_mtime_ns)
        return [*rotated, self._path] if self._path.is_file() else rotated


def _identity_of(path: Path) -> str:
    with path.open("rb") as stream:
        line = stream.readline(BATCH_BYTES)
    return identity(line) if line else ""
