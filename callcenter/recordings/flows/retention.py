"""What becomes of recordings later: deleted when their time is over, held when the law wants them, found to be gone."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.tables import Call
from callcenter.panel import audit
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.recordings import rules, store
from callcenter.recordings.flows.sealer import OnAlarm
from callcenter.recordings.tables import Recording
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
_BATCH = 200
#: How far back a sweep looks for what is missing; the audit looks at any day.
_LOOK_BACK = timedelta(days=7)


class Retention:
    """Sweeps the recordings of one node; raises and ends the alarm `recording_missing` (`calls`, `linkedid`)."""

    def __init__(self, database: Database, node: str, folder: Path, on_alarm: OnAlarm) -> None:
        self._database = database
        self._node = node
        self._folder = folder
        self._on_alarm = on_alarm

    async def delete_due(self) -> None:
        """Delete the sound of whatever has been kept long enough and is not held. The row stays and says so."""
        while due := await self._due(clock.now()):
            for recording in due:
                # The row first, and held back until the file is gone: a hold that comes meanwhile waits for it.
                async with self._database.begin() as session:
                    row = await session.get(Recording, recording.id, with_for_update=True)
                    if row is None or row.legal_hold or row.state != "kept":
                        continue
                    await asyncio.to_thread(store.delete, self._folder, row.path)
                    row.state, row.gone_at = "deleted", clock.now()
                    actor = Actor("retention", self._node)
                    audit.record(session, actor, "recording_deleted", at=clock.now(), target=target_of(row))

    async def _due(self, now: datetime) -> Sequence[Recording]:
        async with self._database.read() as session:
            query = select(Recording).where(
                Recording.node == self._node,
                Recording.state == "kept",
                Recording.delete_after <= now,
                Recording.legal_hold.is_(False),
            )
            return (await session.scalars(query.order_by(Recording.delete_after).limit(_BATCH))).all()

    async def look_for_missing(self) -> None:
        """Raise the alarm for answered calls of the last days whose recording is not there."""
        now = clock.now()
        query = select(Recording).where(
            Recording.node == self._node,
            Recording.state != "deleted",
            Recording.started_at > now - _LOOK_BACK,
            Recording.delete_after > now,
        )
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        changed = await asyncio.to_thread(
            lambda: [row.id for row in rows if self._is_there(row) != (row.state == "kept")]
        )
        for number in changed:
            async with self._database.begin() as session:
                row = await session.get(Recording, number, with_for_update=True)
                if row and row.state != "deleted":
                    there = self._is_there(row)
                    row.state, row.gone_at = ("kept", None) if there else ("lost", now)
                    _log.error("recording_back" if there else "recording_lost", recording=row.path)
        missing = await self._missing(now)
        figures = {"calls": len(missing), "linkedid": missing[-1]} if missing else None
        self._on_alarm("recording_missing", figures)

    def _is_there(self, row: Recording) -> bool:
        return (self._folder / row.path).is_file()

    async def _missing(self, now: datetime) -> list[str]:
        """Return the calls without a recording, by Asterisk's name, the oldest first."""
        there = select(Recording.id).where(Recording.call_id == Call.id, Recording.state != "lost").exists()
        query = (
            select(Call.linkedid, Call.answered_at, Call.ended_at, Call.cut)
            .where(
                Call.node == self._node,
                Call.direction.in_(("inbound", "outbound")),
                Call.started_at > now - _LOOK_BACK,
                Call.answered_at.is_not(None),
                Call.ended_at.is_not(None),
                ~there,
            )
            .order_by(Call.started_at)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return [
            row.linkedid
            for row in rows
            if rules.owed(talked=row.ended_at - row.answered_at, cut=row.cut, ended_at=row.ended_at, now=now)
        ]


async def deleted_recordings(session: AsyncSession, node: str) -> set[str]:
    """Return the names of the calls of `node` whose recording was deleted when its time was over."""
    query = select(Recording.linkedid).where(Recording.node == node, Recording.state == "deleted")
    return set(await session.scalars(query))


async def keys_in_use(session: AsyncSession, node: str) -> set[str]:
    """Return the ids of the master keys without which recordings of `node` could not be heard."""
    query = select(Recording.key_id).where(Recording.node == node, Recording.state != "deleted").distinct()
    return set(await session.scalars(query))


async def hold(session: AsyncSession, number: int, reason: str, *, actor: Actor, now: datetime) -> Recording:
    """Keep a recording until it is released, whatever its age. Raises Problem."""
    row = await _found(session, number)
    if row.state != "kept":
        raise Problem(410, N_("The recording is no longer there."))
    if row.legal_hold:
        raise Problem(409, N_("The recording is held already."))
    row.legal_hold, row.hold_reason, row.held_by, row.held_at = True, reason, actor.who, now
    audit.record(session, actor, "recording_held", at=now, target=target_of(row), reason=reason)
    return row


async def release(session: AsyncSession, number: int, reason: str, *, actor: Actor, now: datetime) -> Recording:
    """End a legal hold; when its time is over, the recording is deleted by the next sweep. Raises Problem."""
    row = await _found(session, number)
    if not row.legal_hold:
        raise Problem(409, N_("The recording is not held."))
    audit.record(
        session, actor, "recording_released", at=now, target=target_of(row), reason=reason, held_by=row.held_by
    )
    row.legal_hold, row.hold_reason, row.held_by, row.held_at = False, None, None, None
    return row


def target_of(row: Recording) -> str:
    """Return how the audit trail names a recording."""
    return f"recording {row.id}"


async def _found(session: AsyncSession, number: int) -> Recording:
    row = await session.get(Recording, number, with_for_update=True)
    if row is None:
        raise Problem(404, N_("There is nothing here."))
    return row
