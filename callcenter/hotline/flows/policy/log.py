"""The supervisor's log of the queue policy: every step that was taken or undone, and the figures that led to it."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import structlog
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, iso, within
from callcenter.hotline.rules.policy import JoinReserve, LeaveReserve
from callcenter.hotline.tables import PolicyStep
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Steps that wait to be written while the database is away: days of a busy hotline. The oldest go first.
_BACKLOG = 20_000
_AGAIN_SECONDS = 2.0


class PolicyLogRow(BaseModel):
    """One step of the queue policy."""

    at: str
    #: The level from then on.
    level: str
    step: str
    #: Whom it concerns, the figures that led to it, and `failed` with the reason when it was not carried out.
    detail: dict[str, Any]


class PolicyLog:
    """Takes steps at once, and writes those that wait in one transaction; a database that is away gets them later."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node
        self._due: asyncio.Queue[PolicyStep] = asyncio.Queue(_BACKLOG)
        self._away = False

    def note(self, at: datetime, level: str, step: str, detail: dict[str, Any]) -> None:
        """Note a step; never blocks."""
        if self._due.full():
            lost = self._due.get_nowait()
            _log.error("policy_step_lost", step=lost.step, at=lost.at.isoformat())
        self._due.put_nowait(PolicyStep(node=self._node, at=at, level=level, step=step, detail=detail))

    async def run(self, on_read: Callable[[frozenset[str]], None]) -> None:
        """Tell `on_read` which reserves joined and have not left, once the log can be read; then write, for ever."""
        while (joined := await self._read()) is None:  # noqa: ASYNC110  # a database tells nobody that it is back
            await asyncio.sleep(_AGAIN_SECONDS)
        on_read(joined)
        while True:
            batch = [await self._due.get()]
            while not self._due.empty():
                batch.append(self._due.get_nowait())
            while not await self._write(batch):  # noqa: ASYNC110
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _read(self) -> frozenset[str] | None:
        try:
            async with self._database.read() as session:
                return await _joined(session, self._node)
        except (SQLAlchemyError, OSError) as error:
            self._complain(error)
            return None

    async def _write(self, batch: list[PolicyStep]) -> bool:
        try:
            async with self._database.begin() as session:
                # Rows of their own for each try: one that failed leaves its objects in a state nobody can use.
                session.add_all(
                    PolicyStep(node=row.node, at=row.at, level=row.level, step=row.step, detail=row.detail)
                    for row in batch
                )
        except (SQLAlchemyError, OSError) as error:
            self._complain(error)
            return False
        self._away = False
        return True

    def _complain(self, error: Exception) -> None:
        """Log once, until it works again."""
        if not self._away:
            _log.warning("policy_log_waits", error=type(error).__name__)
        self._away = True


async def _joined(session: AsyncSession, node: str) -> frozenset[str]:
    """Return the reserves whose last step on `node` was to join."""
    moves = (
        select(func.max(PolicyStep.id))
        .where(PolicyStep.node == node, PolicyStep.step.in_((JoinReserve.word, LeaveReserve.word)))
        .group_by(PolicyStep.detail["name"].as_string())
    )
    rows = await session.scalars(
        select(PolicyStep).where(PolicyStep.id.in_(moves), PolicyStep.step == JoinReserve.word)
    )
    # Whom a supervisor called in by hand, the policy does not send away.
    return frozenset(str(row.detail["name"]) for row in rows if "by" not in row.detail)


async def listed(
    session: AsyncSession, *, day: date | None = None, limit: int = 200, time_zone: str = ZONE
) -> list[dict[str, Any]]:
    """Return the steps of `day`, or the newest, newest first."""
    query = select(PolicyStep).order_by(PolicyStep.at.desc(), PolicyStep.id.desc()).limit(limit)
    query = within(query, PolicyStep.at, day, None, None, time_zone)
    return [
        PolicyLogRow(at=iso(row.at) or "", level=row.level, step=row.step, detail=row.detail).model_dump()
        for row in await session.scalars(query)
    ]
