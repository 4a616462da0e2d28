"""The only writer of call history: follows what Asterisk wrote, and stores what the interpreter makes of it.

One transaction holds a batch of records: the calls, how far the file is done, the callbacks, and whatever subscribers
make of it (tickets). So at any instant, whatever dies, each record has been stored once or is still to be read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.asterisk.cel_bulk import Fault
from callcenter.asterisk.cel_follower import CelFollower
from callcenter.hotline import call_rows
from callcenter.hotline.cel_batches import Batch, Batches, Unreadable
from callcenter.hotline.events import HotlineEvent
from callcenter.hotline.flows.callbacks import consequences
from callcenter.hotline.history_alarms import HistoryAlarms, OnAlarm
from callcenter.hotline.open_calls import OpenCalls, told_by
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.tables import CelPosition, CelQuarantine
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds between looks at the file; a look costs some ten microseconds.
LOOK_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 5.0
_FIRST_WAIT_SECONDS = 0.1

#: Takes all events of its type in one batch, in order.
Handler = Callable[[AsyncSession, Sequence[Any]], Awaitable[None]]


class _ElsewhereError(Exception):
    """The position in the database is not where we left it: another historian moved it, or our commit did arrive."""


class Historian:
    """Keeps the call history of `node` up to date with the file at `path`; `policy` says what a missed call is owed.

    `subscribers` maps each event type to handlers that run inside the transaction, in the mapping's order, with all of
    a batch's events of that type; `on_committed` hears a batch's events once they are stored, `on_trouble` why
    storing fails, and None when it works again; `on_alarm` what people should know of the history (`history_alarms`).
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
        on_alarm: OnAlarm = lambda _kind, _detail: None,
    ) -> None:
        self._database = database
        self._path = path
        self._node = node
        self._policy = policy or Policy()
        self._subscribers = subscribers or {}
        self._on_committed = on_committed
        self._on_trouble = on_trouble
        self._alarms = HistoryAlarms(path, on_alarm)
        #: None until the database has told where to go on.
        self._batches: Batches | None = None
        self._open = OpenCalls(node, {})
        self._position: tuple[str, int] | None = None
        self._trouble = False

    @property
    def behind(self) -> int:
        """Bytes that Asterisk has written and that are not stored yet, as far as they can be seen."""
        try:
            return self._batches.behind() if self._batches else 0
        except OSError:
            return 0

    @property
    def current(self) -> bool:
        """Whether all that Asterisk wrote, as far as it can be seen, is stored."""
        return self._batches is not None and not self._trouble and self.behind == 0

    async def run(self) -> None:
        """Follow the file until cancelled; no failure of file or database ends it or loses a record."""
        try:
            while True:
                if not await self.step():
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._forget()

    async def step(self) -> bool:
        """Store the next batch, as often as it takes; False when there is nothing new."""
        wait = _FIRST_WAIT_SECONDS
        batch: Batch | None = None
        while True:
            try:
                batches = self._batches or await self._begin()
                batch = batch or await batches.next()
                if batch:
                    batches.go_ahead()
                    self._on_committed(await self._store(batches, batch))
            except _ElsewhereError:
                _log.warning("cel_position_moved", node=self._node)
                await self._forget()
                batch = None
                self._on_committed([])  # something is stored, whoever did it
            except Exception as error:  # noqa: BLE001  # whatever it is, the records wait on disk and are tried again
                self._say(error)
                self._alarms.looked(lambda: self.behind, caught_up=False, reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
            else:
                self._say(None)
                self._alarms.looked(lambda: self.behind, caught_up=batch is None, reason="")
                return batch is not None

    def _say(self, error: Exception | None) -> None:
        if isinstance(error, Unreadable):
            self._alarms.damaged(str(error))
        elif error is not None and not self._trouble:
            self._trouble = True
            _log.error("history_not_stored", node=self._node, exc_info=error)
            self._on_trouble(f"{type(error).__name__}: {error}"[:300])
        elif error is None and self._trouble:
            self._trouble = False
            _log.info("history_stored_again", node=self._node)
            self._on_trouble(None)

    async def _forget(self) -> None:
        if self._batches:
            await self._batches.close()
        self._batches = None

    async def _begin(self) -> Batches:
        async with self._database.read() as session:
            position = await session.get(CelPosition, self._node)
            self._open = OpenCalls(self._node, await call_rows.unfinished(session, self._node))
        self._position = (position.file, position.offset) if position else None
        follower = CelFollower(self._path, *(self._position or ()), on_damage=self._alarms.damaged)
        # SQLite's thread waits for ours at each row that it writes: there, ahead would be behind.
        self._batches = Batches(follower, ahead=not self._database.is_sqlite)
        return self._batches

    async def _store(self, batches: Batches, batch: Batch) -> list[HotlineEvent]:
        async with self._database.begin() as session:
            await self._move(session, batch)
            # A call that is stored and not open is finished: its records have been read before, or come too late.
            told = told_by(batch.events)
            finished = await call_rows.ids(session, self._node, self._open.strangers(told))
            changes = await self._open.interpret(told, finished)
            await call_rows.upsert(session, self._node, [call for _, call in changes])
            events = await consequences.of(session, self._node, changes, self._policy)
            await _quarantine(session, self._node, batch)
            for kind, handlers in self._subscribers.items():
                if concerned := [event for event in events if type(event) is kind]:
                    for handler in handlers:
                        await handler(session, concerned)
        self._position = (batch.file, batch.end)
        self._open.commit(changes)
        batches.stored(batch)
        self._alarms.quarantined(batch.file, batch.faults)
        return events

    async def _move(self, session: AsyncSession, batch: Batch) -> None:
        """Claim the batch: it is ours only while the position is where we left it."""
        after = {"file": batch.file, "offset": batch.end}
        connection = await session.connection()
        if self._position is None:
            first = _insert(connection.dialect.name, CelPosition).values(node=self._node, **after)
            moved = await connection.execute(first.on_conflict_do_nothing())
        else:
            file, offset = self._position
            moved = await connection.execute(
                update(CelPosition)
                .where(CelPosition.node == self._node, CelPosition.file == file, CelPosition.offset == offset)
                .values(after)
            )
        if moved.rowcount != 1:
            raise _ElsewhereError


async def _quarantine(session: AsyncSession, node: str, batch: Batch) -> None:
    if not batch.faults:
        return
    _log.warning("cel_lines_quarantined", node=node, lines=len(batch.faults), first=batch.faults[0].reason)
    connection = await session.connection()
    rows = [_quarantined(node, batch.file, fault) for fault in batch.faults]
    await connection.execute(_insert(connection.dialect.name, CelQuarantine).on_conflict_do_nothing(), rows)


def _quarantined(node: str, file: str, fault: Fault) -> dict[str, Any]:
    return {
        "node": node,
        "file": file,
        "offset": fault.offset,
        "text": fault.line[:4000].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "reason": fault.reason[:300],
        "found_at": clock.now(),
    }


def _insert(dialect: str, table: type[CelPosition | CelQuarantine]) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
