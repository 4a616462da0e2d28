"""Reads the channel event log from wherever it was left, across rotation, truncation and torn lines.

Asterisk opens the file for each record, so a rotation by rename needs no signal; rotated files stay beside it,
uncompressed, until they have been read.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from callcenter.asterisk.cel_files import LONGEST_LINE, files_of, identity, identity_of

_log = structlog.get_logger()
#: Bytes of one piece, read and taken apart within some milliseconds; a longer line is cut and comes out as a fault.
PIECE_BYTES = LONGEST_LINE
#: Beginning of a file that must stay as it is while we read on.
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of one file."""

    #: Identity of the file.
    file: str
    #: Where it begins and where it ends.
    start: int
    end: int
    text: bytes


class CelFollower:
    """Follows the file at `path` and the rotated ones beside it (`path` plus a suffix).

    `file` and `offset` tell where to go on; with an empty `file` it begins with the oldest there is, since to read a
    call twice is harmless and to miss one is not. So it does when they cannot be right (no file is known by that name,
    or it has no line that begins there): `on_damage` then hears why.
    """

    def __init__(
        self, path: Path, file: str = "", offset: int = 0, *, on_damage: Callable[[str], None] = lambda _why: None
    ) -> None:
        self._path = path
        self._on_damage = on_damage
        self._stream: BinaryIO | None = None
        self._head = b""
        self.file = file
        self.offset = offset

    def close(self) -> None:
        """Let go of the file."""
        if self._stream:
            self._stream.close()
            self._stream = None

    @property
    def more(self) -> bool:
        """Whether the file being read has more than was read of it."""
        return self._stream is not None and os.fstat(self._stream.fileno()).st_size > self.offset

    def behind(self) -> int:
        """Return the bytes that are not read yet, of all files; 0 before the first is found. Raises OSError."""
        if self._stream is None:
            return 0
        mine = os.fstat(self._stream.fileno())
        later = files_of(self._path)
        for place, (_, status) in enumerate(later):
            if _same(status, mine):
                later = later[place + 1 :]
                break
        return max(mine.st_size - self.offset, 0) + sum(status.st_size for _, status in later)

    def read(self) -> Piece | None:
        """Return the next whole lines, or None when there is nothing new. Raises OSError when a file is unreadable."""
        while True:
            if self._stream is None and not self._resume():
                return None
            if piece := self._take():
                return piece
            follower = self._successor()
            # What was written between the last look and the rename belongs to the old file.
            if piece := self._take(torn=follower is not None):
                return piece
            if follower is None:
                return None
            self._open(follower)

    def _take(self, *, torn: bool = False) -> Piece | None:
        """Read whole lines; with `torn` what follows the last newline too, for nobody will finish it."""
        stream = self._stream
        assert stream is not None  # noqa: S101  # `read` has seen to it
        size = os.fstat(stream.fileno()).st_size
        if size == self.offset:
            return None
        if size < self.offset or not self._is_the_same(stream):
            stream = self._emptied()
        text = os.pread(stream.fileno(), PIECE_BYTES, self.offset)
        whole = text.rfind(b"\n") + 1
        if whole == 0 and (torn or len(text) == PIECE_BYTES):
            whole = len(text)
        if whole == 0:
            return None
        text = text[:whole]
        if self.offset == 0:
            self.file = identity(text[: text.find(b"\n") + 1] or text)
        piece = Piece(self.file, self.offset, self.offset + whole, text)
        self.offset = piece.end
        return piece

    def _is_the_same(self, stream: BinaryIO) -> bool:
        """Whether the file still begins as it did: one that was emptied may have grown past our place since."""
        head = os.pread(stream.fileno(), _HEAD_BYTES, 0)
        same = head.startswith(self._head)
        if same:
            self._head = head
        return same

    def _emptied(self) -> BinaryIO:
        """Go on in the copy that was made before the file was emptied, when there is one, else at the beginning."""
        _log.warning("cel_file_truncated", file=str(self._path), offset=self.offset)
        offset = self.offset
        copy = self._known(self.file) if self.file else None
        if copy:
            self._open(copy)
            self.offset = offset
        else:
            self.file, self.offset, self._head = "", 0, b""
        assert self._stream is not None  # noqa: S101
        return self._stream

    def _resume(self) -> bool:
        files = files_of(self._path)
        if not files:
            return False
        if not self.file:
            self._open(files[0][0])
            return True
        offset, known = self.offset, self._known(self.file)
        why = "no file is known by it" if known is None else _not_a_place(known, offset)
        if known is None or why:
            why = f"the place {self.file}:{offset} in the call records: {why}"
            _log.error("cel_position_damaged", file=self.file, offset=offset, why=why, reading=str(files[0][0]))
            self._on_damage(why)
            self._open(files[0][0])
            self.file = ""
        else:
            self._open(known)
            self.offset = offset
        return True

    def _known(self, file: str) -> Path | None:
        return next((path for path, _ in files_of(self._path) if identity_of(path) == file), None)

    def _open(self, path: Path) -> None:
        stream = path.open("rb", buffering=0)
        self.close()
        self._stream = stream
        self._head = b""
        self.offset = 0

    def _successor(self) -> Path | None:
        """Return the file that was begun after the one being read, once there is one."""
        stream = self._stream
        assert stream is not None  # noqa: S101
        mine = os.fstat(stream.fileno())
        try:
            if _same(self._path.stat(), mine):
                return None
        except FileNotFoundError:
            pass
        files = files_of(self._path)
        for place, (_, status) in enumerate(files):
            if _same(status, mine):
                return files[place + 1][0] if place + 1 < len(files) else None
        # Ours was removed: what was written to after it comes next.
        later = [path for path, status in files if path == self._path or status.st_mtime_ns >= mine.st_mtime_ns]
        return later[0] if later else None


def _not_a_place(path: Path, offset: object) -> str:
    """Return why no line of the file at `path` can begin at `offset`; empty when one does, or the file ends there."""
    if not isinstance(offset, int) or offset < 0:
        return "it is no number of bytes"
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if offset > size:
            return f"the file has only {size} bytes"
        before = os.pread(stream.fileno(), 1, offset - 1) if offset else b"\n"
    return "" if before == b"\n" or offset == size else "no line begins there"


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
