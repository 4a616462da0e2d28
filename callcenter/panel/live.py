"""The live stream: one JSON document, sent whole to whoever connects, then as merge patches.

A patch is computed and serialised once for all subscribers. Each subscriber has a bounded queue of its own; one that
falls behind gets the whole document instead, so that a slow browser costs nobody anything.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from callcenter.panel.merge import difference
from callcenter.storage import clock

#: Frames that wait for one subscriber before it counts as behind.
CAPACITY = 64


class LiveState:
    """The document and its subscribers. Sections are the document's top-level members.

    To be used from the event loop only. A value handed over must not be changed afterwards.
    """

    def __init__(self, *, capacity: int = CAPACITY, now: Callable[[], datetime] = clock.now) -> None:
        self._capacity = capacity
        self._now = now
        self._document: dict[str, Any] = {}
        self._sequence = 0
        #: Of `_sequence`, without the clock; None when it has to be made.
        self._serialised: str | None = None
        self._subscribers: set[Subscriber] = set()
        #: How often a subscriber fell behind.
        self.resyncs = 0

    def set(self, section: str, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Replace `section` by `value` and tell every subscriber what has changed, if anything has."""
        self.update({section: value})

    def update(self, sections: dict[str, Any]) -> None:
        """Replace several sections at once: subscribers never see one without the other.

        Raises TypeError or ValueError, and changes nothing, for what is no JSON.
        """
        was = {name: self._document[name] for name in sections if name in self._document}
        patch = difference(was, sections)
        if not patch:
            return
        frame = _frame(self._sequence + 1, "patch", _dump(patch))
        self._document.update(sections)
        self._sequence += 1
        self._serialised = None
        for subscriber in self._subscribers:
            subscriber.put(frame)

    @property
    def document(self) -> dict[str, Any]:
        """The document as it is; not to be changed."""
        return self._document

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._subscribers)

    @property
    def readers(self) -> list[Any]:
        """Who listens, as `subscribe` was told; one who listens twice is named twice."""
        return [subscriber.reader for subscriber in self._subscribers if subscriber.reader is not None]

    def snapshot(self) -> bytes:
        """Return the event that carries the whole document and the time, against which a reader counts ages."""
        if self._serialised is None:
            self._serialised = _dump({name: value for name, value in self._document.items() if name != "now"})
        rest = self._serialised[1:]
        now = _dump(self._now().isoformat(timespec="milliseconds"))
        return _frame(self._sequence, "snapshot", f'{{"now":{now}{"," if len(rest) > 1 else ""}{rest}')

    def tell(self, event: str, news: Any, to: Callable[[Any], bool]) -> None:  # noqa: ANN401  # any JSON
        """Send `news` as an `event` of its own to the readers that `to` says yes to, and to nobody else.

        It is no part of the document: a reader that falls behind, or comes later, must ask for what it missed.
        """
        frame = _frame(self._sequence, event, _dump(news))
        for subscriber in self._subscribers:
            if subscriber.reader is not None and to(subscriber.reader):
                subscriber.put(frame)

    @contextmanager
    def subscribe(self, reader: Any = None) -> Iterator["Subscriber"]:  # noqa: ANN401
        """Listen for the length of the block; `reader` is who does, as `tell` asks about them."""
        subscriber = Subscriber(self, self._capacity, reader)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream at once."""
        for subscriber in self._subscribers:
            subscriber.close()


class Subscriber:
    """One reader of the stream."""

    def __init__(self, live: LiveState, capacity: int, reader: Any = None) -> None:  # noqa: ANN401
        self.reader = reader
        self._live = live
        self._capacity = capacity
        self._frames: deque[bytes] = deque()
        #: The next thing it gets is the whole document.
        self._behind = True
        self._closed = False
        self._due = asyncio.Event()
        self._due.set()

    def put(self, frame: bytes) -> None:
        """Queue `frame`; a full queue is dropped, for the whole document is shorter."""
        if self._behind:
            return
        if len(self._frames) >= self._capacity:
            self._frames.clear()
            self._behind = True
            self._live.resyncs += 1
        else:
            self._frames.append(frame)
        self._due.set()

    async def next(self) -> bytes | None:
        """Wait, and return everything that is due: nothing after `wake`, None when the stream is over."""
        await self._due.wait()
        if self._closed:
            return None
        self._due.clear()
        if self._behind:
            self._behind = False
            return self._live.snapshot()
        due = b"".join(self._frames)
        self._frames.clear()
        return due

    def wake(self) -> None:
        """Make `next` return, even if nothing is due."""
        self._due.set()

    def close(self) -> None:
        """Make `next` return None."""
        self._closed = True
        self._due.set()


def _dump(value: Any) -> str:  # noqa: ANN401  # any JSON
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _frame(sequence: int, event: str, data: str) -> bytes:
    # JSON escapes line breaks, so one data line holds it all.
    return f"id: {sequence}\nevent: {event}\ndata: {data}\n\n".encode("utf-8", "replace")
