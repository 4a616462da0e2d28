"""The call records in batches: what one transaction stores, read and taken apart without holding up the floor."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from callcenter.asterisk.cel import CelEvent
from callcenter.asterisk.cel_bulk import Fault, read
from callcenter.asterisk.cel_follower import CelFollower, Piece
from callcenter.tasks import cancel, spawn

#: Bytes of the file that one transaction takes at most: some thousand calls, when we are that far behind.
BATCH_BYTES = 4 << 20
#: Lines that are taken apart before the event loop gets its turn; a piece has more only when it is hostile.
_BREATH_LINES = 2000


class Batch(NamedTuple):
    """What whole lines of one file say."""

    #: Identity of the file; where the lines begin in it, and where they end.
    file: str
    start: int
    end: int
    events: list[CelEvent]
    faults: list[Fault]


class Unreadable(Exception):
    """The call records cannot be read; the text says why."""


class Batches:
    """Batches of what `follower` reads; with `ahead` the next one is read while the last is being stored."""

    def __init__(self, follower: CelFollower, *, ahead: bool) -> None:
        self._follower = follower
        self._ahead = ahead
        self._next: asyncio.Task[Batch | None] | None = None
        #: Read already, of the file after that of the last batch.
        self._left: Piece | None = None
        self._unstored = 0

    def behind(self) -> int:
        """Return the bytes that are not stored yet. Raises OSError."""
        return self._follower.behind() + self._unstored

    def stored(self, batch: Batch) -> None:
        """The database has `batch`."""
        self._unstored -= batch.end - batch.start

    async def next(self) -> Batch | None:
        """Return the next batch, or None when there is nothing new. Raises Unreadable."""
        if self._next is not None:
            batch, self._next = await self._next, None
            if batch is not None:
                return batch
        try:
            return await self._gather()
        except OSError as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error

    def go_ahead(self) -> None:
        """The batch is about to be stored: the next one may be read meanwhile."""
        if self._ahead and self._next is None and self._follower.more:
            self._next = spawn(self._gather_quietly(), name="cel-ahead")

    async def close(self) -> None:
        """Let go of the file."""
        await cancel(self._next)
        self._follower.close()

    async def _gather_quietly(self) -> Batch | None:
        try:
            return await self._gather()
        except OSError:
            return None  # `next` meets it again, and says so

    async def _gather(self) -> Batch | None:
        piece, self._left = self._left or self._read(), None
        if piece is None:
            return None
        batch = Batch(piece.file, piece.start, piece.start, [], [])
        while piece is not None:
            if piece.file != batch.file or piece.start != batch.end:
                self._left = piece
                break
            for offset, text in _parts(piece):
                events, faults = read(text, offset)
                batch.events.extend(events)
                batch.faults.extend(faults)
                await asyncio.sleep(0)
            batch = batch._replace(end=piece.end)
            if batch.end - batch.start >= BATCH_BYTES:
                break
            try:
                piece = self._read()
            except OSError:
                break  # what has been read is stored first
        return batch

    def _read(self) -> Piece | None:
        piece = self._follower.read()
        self._unstored += len(piece.text) if piece else 0
        return piece


def _parts(piece: Piece) -> Iterator[tuple[int, bytes]]:
    """Yield offset and text of parts that are quickly taken apart."""
    offset, text = piece.start, piece.text
    if text.count(b"\n") <= _BREATH_LINES:
        yield offset, text
        return
    lines = text.splitlines(keepends=True)
    for first in range(0, len(lines), _BREATH_LINES):
        part = b"".join(lines[first : first + _BREATH_LINES])
        yield offset, part
        offset += len(part)
