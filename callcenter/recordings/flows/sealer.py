"""Takes what Asterisk recorded once a call is over: seals it, writes its row, and only then removes the raw file.

The raw file is the record that there is something to do, so nothing is forgotten, whoever dies when.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.tables import Call
from callcenter.recordings import key_file, rules, store
from callcenter.recordings.audio import frames_of
from callcenter.recordings.tables import Recording
from callcenter.settings import Settings
from callcenter.storage import bulk, clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds between two looks when nobody says that a call has ended; and while something is being recorded, for a call's
#: last channel may go long after the call counts as ended.
LOOK_SECONDS, BUSY_SECONDS = 30.0, 5.0
#: Takes an alarm's kind and its figures; None when it is over.
OnAlarm = Callable[[str, Mapping[str, Any] | None], None]


class Sealer:
    """Seals the recordings of one node, one at a time, the oldest first.

    Raises and ends the alarm `recordings_not_sealed` (`files`, `reason`).
    """

    def __init__(self, database: Database, settings: Settings, raw: Path, folder: Path, on_alarm: OnAlarm) -> None:
        self._database = database
        self._settings = settings
        self._raw = raw
        self._folder = folder
        self._on_alarm = on_alarm
        self._wake = asyncio.Event()
        self._stop = threading.Event()
        self._busy = False

    def calls_ended(self) -> None:
        """Calls are over: look soon."""
        self._wake.set()

    async def run(self) -> None:
        """Look for ever."""
        try:
            while True:
                self._wake.clear()
                waiting = await self.sweep()
                if waiting:  # quiet for too short a time yet: looked at again as soon as it may be complete
                    await asyncio.sleep(rules.QUIET.total_seconds() / 2)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(BUSY_SECONDS if self._busy else LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            self._stop.set()

    async def sweep(self) -> int:
        """Seal everything that is complete; returns how many recordings of calls that are over must wait a moment."""
        failed, waiting, reason = 0, 0, ""
        try:
            found = await asyncio.to_thread(store.raws, self._raw)
            calls = await self._calls([raw.stem for raw, _ in found])
        except (OSError, SQLAlchemyError) as error:
            _log.warning("recordings_not_looked_at", reason=str(error))
            return 0
        self._busy = bool(found)
        for raw, written in found:
            call = calls.get(raw.stem)
            written_at, now = datetime.fromtimestamp(written, UTC), clock.now()
            if call is None or call.progress is not None:
                continue
            if not rules.complete(call_over=True, written_at=written_at, now=now):
                waiting += 1
                continue
            try:
                await self.take(raw, call)
            except store.Stopped:
                raise
            except store.Grown:
                waiting += 1
            except (OSError, SQLAlchemyError, key_file.KeyFileError, RuntimeError) as error:
                failed, reason = failed + 1, str(error)
                _log.error("recording_not_sealed", recording=raw.name, reason=reason)
        self._on_alarm("recordings_not_sealed", {"files": failed, "reason": reason[:300]} if failed else None)
        return waiting

    async def take(self, raw: Path, call: Call) -> None:
        """Seal one raw recording of `call`, which is over. Whatever of this was done before is not done twice."""
        known = await self._row(call)
        if await asyncio.to_thread(frames_of, raw) and not (known and await self._is_there(known)):
            await self._seal(raw, call)
        await asyncio.to_thread(store.drop_raw, raw)

    async def _is_there(self, known: Recording) -> bool:
        """Tell whether a row speaks for itself: its file is there, or was deleted when its time was over."""
        if known.state == "deleted":
            return True
        return await asyncio.to_thread(store.is_stored, self._folder, known.path, known.size, known.sha256)

    async def _seal(self, raw: Path, call: Call) -> None:
        settings = self._settings.recordings
        keys = await asyncio.to_thread(key_file.ensure, settings.keys, clock.now())
        path = call.recording or f"{call.started_at:%Y/%m/%d}/{call.linkedid}{store.SEALED}"
        stored = await asyncio.to_thread(
            store.store, raw, self._folder, path, form=settings.format, key=keys.current, stop=self._stop
        )
        ended_at = call.ended_at or call.started_at
        async with self._database.begin() as session:
            query = select(Recording).where(Recording.node == call.node, Recording.linkedid == call.linkedid)
            row = await session.scalar(query)
            if row is None:
                row = Recording(node=call.node, linkedid=call.linkedid, legal_hold=False)
                session.add(row)
            row.call_id, row.path, row.state, row.gone_at = call.id, path, "kept", None
            row.started_at = call.answered_at or call.started_at
            row.seconds, row.format, row.size, row.sha256 = stored.seconds, stored.format, stored.size, stored.sha256
            row.key_id, row.waveform, row.sealed_at = stored.key_id, stored.waveform, clock.now()
            row.delete_after = rules.delete_after(ended_at, settings.keep_days)
        _log.info("recording_sealed", call=call.linkedid, seconds=round(stored.seconds, 1), bytes=stored.size)

    async def _row(self, call: Call) -> Recording | None:
        async with self._database.read() as session:
            query = select(Recording).where(Recording.node == call.node, Recording.linkedid == call.linkedid)
            return await session.scalar(query)

    async def _calls(self, linkedids: Sequence[str]) -> dict[str, Call]:
        """Return those calls that are known, by name."""
        if not linkedids:
            return {}
        async with self._database.read() as session:
            query = select(Call).where(Call.node == self._settings.node, bulk.among(session, Call.linkedid, linkedids))
            return {call.linkedid: call for call in await session.scalars(query)}
