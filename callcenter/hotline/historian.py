"""The only writer of call history: follows what Asterisk wrote, and stores what the interpreter makes of it.

One transaction holds a batch of records: the calls, how far the file is done, the callbacks, and whatever subscribers
make of it (tickets). So at any instant, whatever dies, each record has been stored once or is still to be read.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.asterisk.cel import CelEvent, CelFault, Kind, parse
from callcenter.asterisk.cel_follower import Batch, CelFollower
from callcenter.hotline import call_rows
from callcenter.hotline.events import HotlineEvent
from callcenter.hotline.flows import consequences
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.rules.calls import CallRecord, cut, interpret
from callcenter.hotline.tables import CelPosition, CelQuarantine
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds between looks at the file; a look costs some ten microseconds.
LOOK_SECONDS = 0.02
#: Lines after which the event loop gets its turn, so that catching up never stalls the floor.
_BREATH = 300
_LONGEST_WAIT_SECONDS = 5.0
_FIRST_WAIT_SECONDS = 0.1
#: Beginning of every record; a torn one before it is cut off there.
_RECORD = b'{"event'

#: Offset, text, and what it says.
_Line = tuple[int, bytes, CelEvent | CelFault]
#: Takes all events of its type in one batch, in order.
Handler = Callable[[AsyncSession, Sequence[Any]], Awaitable[None]]


class _ElsewhereError(Exception):
    """The position in the database is not where we left it: another historian moved it, or our commit did arrive."""


class _Work:
    """What one batch changes."""

    def __init__(self) -> None:
        self.changed: dict[str, CallRecord] = {}
        self.bad: list[tuple[int, bytes, str]] = []


class Historian:
    """Keeps the call history of `node` up to date with the file at `path`; `policy` says what a missed call is owed.

    `subscribers` maps each event type to handlers that run inside the transaction, in the mapping's order, with all of
    a batch's events of that type; `on_committed` hears the batch's events once they are stored, `on_trouble` why
    storing fails, and None when it works again.
    """

    def __init__(
        self,
        database: Database,
        path: Path,
        *,
        node: str,
        policy: Policy | None = None,
        subscribers: Mapping[type[HotlineEvent], Sequence[Handler]] | None = None,
        on_committed: Callable[[Sequence[HotlineEvent]], None] = lambda _events: None,
        on_trouble: Callable[[str | None], None] = lambda _why: None,
    ) -> None:
        self._database = database
        self._path = path
        self._node = node
        self._policy = policy or Policy()
        self._subscribers = subscribers or {}
        self._on_committed = on_committed
        self._on_trouble = on_trouble
        self._follower: CelFollower | None = None
        #: Calls whose channels are not all gone, as committed.
        self._open: dict[str, CallRecord] = {}
        self._position: tuple[str, int] | None = None
        self._trouble = False

    @property
    def behind(self) -> int:
        """Bytes that Asterisk has written and that are not stored yet."""
        return self._follower.behind() if self._follower else 0

    async def run(self) -> None:
        """Follow the file until cancelled; no failure of file or database ends it or loses a record."""
        try:
            while True:
                if not await self.step():
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            if self._follower:
                self._follower.close()

    async def step(self) -> bool:
        """Store the next batch, as often as it takes; False when there is nothing new."""
        wait = _FIRST_WAIT_SECONDS
        batch: Batch | None = None
        while True:
            try:
                follower = self._follower or await self._begin()
                batch = batch or follower.read()
                if batch:
                    self._on_committed(await self._store(batch))
            except _ElsewhereError:
                _log.warning("cel_position_moved", node=self._node)
                self._forget()
                batch = None
            except Exception as error:  # noqa: BLE001  # whatever it is, the records wait on disk and are tried again
                self._say(error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
            else:
                self._say(None)
                return batch is not None

    def _say(self, error: Exception | None) -> None:
        if error is not None and not self._trouble:
            _log.error("history_not_stored", node=self._node, exc_info=error)
            self._on_trouble(f"{type(error).__name__}: {error}"[:300])
        elif error is None and self._trouble:
            _log.info("history_stored_again", node=self._node)
            self._on_trouble(None)
        self._trouble = error is not None

    def _forget(self) -> None:
        if self._follower:
            self._follower.close()
        self._follower = None

    async def _begin(self) -> CelFollower:
        async with self._database.read() as session:
            position = await session.get(CelPosition, self._node)
            self._open = await call_rows.unfinished(session, self._node)
        self._position = (position.file, position.offset) if position else None
        self._follower = CelFollower(self._path, *(self._position or ()))
        return self._follower

    async def _store(self, batch: Batch) -> list[HotlineEvent]:
        lines = await self._parse(batch)
        async with self._database.begin() as session:
            await self._move(session, batch)
            work = await self._interpret(session, lines)
            await call_rows.upsert(session, [call_rows.to_row(call, self._node) for call in work.changed.values()])
            changes = [(self._open.get(linkedid), call) for linkedid, call in work.changed.items()]
            events = await consequences.of(session, self._node, changes, self._policy)
            await _quarantine(session, self._node, batch.file, work.bad)
            for kind, handlers in self._subscribers.items():
                if concerned := [event for event in events if type(event) is kind]:
                    for handler in handlers:
                        await handler(session, concerned)
        self._position = (batch.file, batch.end)
        for linkedid, call in work.changed.items():
            if call.progress is None:
                self._open.pop(linkedid, None)
            else:
                self._open[linkedid] = call
        return events

    async def _parse(self, batch: Batch) -> list[_Line]:
        parsed: list[_Line] = []
        for count, (offset, line) in enumerate(batch.lines()):
            parsed += _read_line(offset, line)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
        return parsed

    async def _interpret(self, session: AsyncSession, lines: list[_Line]) -> _Work:
        work = _Work()
        events = [entry for _, _, entry in lines if not isinstance(entry, CelFault)]
        strangers = {event.linkedid for event in events if event.linkedid} - self._open.keys()
        # A call that is stored and not open is finished: its records have been read before, or come too late.
        finished = await call_rows.ids(session, self._node, strangers)
        pending: dict[str, list[CelEvent]] = {}
        for count, (offset, line, entry) in enumerate(lines):
            if isinstance(entry, CelFault):
                work.bad.append((offset, line, str(entry)))
            elif entry.kind is Kind.RESTARTED:
                self._interpret_pending(work, pending)
                if entry.detail in {"", self._node}:
                    self._cut(work, entry)
            elif entry.linkedid not in finished:
                pending.setdefault(entry.linkedid, []).append(entry)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
        self._interpret_pending(work, pending)
        return work

    def _interpret_pending(self, work: _Work, pending: dict[str, list[CelEvent]]) -> None:
        for linkedid, events in pending.items():
            call = interpret(work.changed.get(linkedid) or self._open.get(linkedid), events)
            if call is not None:
                work.changed[linkedid] = call
        pending.clear()

    def _cut(self, work: _Work, restarted: CelEvent) -> None:
        for linkedid, call in (self._open | work.changed).items():
            if call.progress is not None:
                work.changed[linkedid] = cut(call, restarted.at)

    async def _move(self, session: AsyncSession, batch: Batch) -> None:
        """Claim the batch: it is ours only while the position is where we left it."""
        after = {"file": batch.file, "offset": batch.end}
        if self._position is None:
            if await session.get(CelPosition, self._node, with_for_update=True):
                raise _ElsewhereError
            await session.execute(insert(CelPosition).values(node=self._node, **after))
            return
        file, offset = self._position
        moved = await session.execute(
            update(CelPosition)
            .where(CelPosition.node == self._node, CelPosition.file == file, CelPosition.offset == offset)
            .values(after)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE returns a CursorResult
            raise _ElsewhereError


def _read_line(offset: int, line: bytes) -> list[_Line]:
    """Parse a line; a record torn by the death of its writer does not take the next one with it."""
    try:
        return [(offset, line, parse(line))]
    except CelFault as fault:
        whole = line.rfind(_RECORD)
        if whole > 0:
            with contextlib.suppress(CelFault):
                return [(offset, line[:whole], fault), (offset, line, parse(line[whole:]))]
        return [(offset, line, fault)]


async def _quarantine(session: AsyncSession, node: str, file: str, bad: list[tuple[int, bytes, str]]) -> None:
    if not bad:
        return
    _log.warning("cel_lines_quarantined", node=node, lines=len(bad), first=bad[0][2])
    connection = await session.connection()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {
            "node": node,
            "file": file,
            "offset": offset,
            "text": line[:4000].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
            "reason": reason[:300],
            "found_at": clock.now(),
        }
        for offset, line, reason in bad
    ]
    await connection.execute(dialect.insert(CelQuarantine).on_conflict_do_nothing(), rows)
