"""The newest model that is whole, held by the controller; and the job that has one learned each night.

Nothing of what learns is loaded here, and numpy only once there is a model. A file that is broken is not used: the
model before it stays, and an alarm says so.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter import tasks
from callcenter.settings import Settings
from callcenter.storage import clock, segmenting
from callcenter.storage.engine import Database
from callcenter.tickets.rules.training import due
from callcenter.tickets.suggestions.examples import closed_tickets
from callcenter.tickets.tables import DispatchModel

if TYPE_CHECKING:
    from callcenter.tickets.suggestions.model import Model

_log = structlog.get_logger()
ALARM = "dispatch_help_broken"
_EVERY_SECONDS = 60
#: Models of which one is hoped to be whole.
_TRIED = 3
_COMMAND = (sys.executable, "-m", "callcenter", "dispatch-help", "train")


class ModelKeeper:
    """Holds the model; looks for a newer one, and has one learned when it is time."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        settings: Settings,
        on_alarm: Callable[[str, Mapping[str, Any] | None], None] = lambda _kind, _figures: None,
        *,
        now: Callable[[], datetime] = clock.now,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self.model: Model | None = None
        #: The row of the model that is held.
        self.model_id: int | None = None
        self._database = database
        self._folder = folder
        self._settings = settings
        self._on_alarm = on_alarm
        self._now = now
        self._command = command
        self._looked_at: int | None = None
        self._tried: datetime | None = None
        self._learning: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look every minute, until cancelled; a training that runs ends with us."""
        try:
            while True:
                await self.minutely()
                await asyncio.sleep(_EVERY_SECONDS)
        finally:
            await tasks.cancel(self._learning)

    async def minutely(self) -> None:
        """Look for a newer model; have one learned when it is time. A database that is away is asked again later."""
        if not self._settings.dispatch_help.enabled:
            return
        try:
            newest = await self.look()
            if self._learning is None or self._learning.done():
                await self._learn_when_due(newest)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("dispatch_help_waits", error=type(error).__name__)

    async def look(self) -> DispatchModel | None:
        """Take the newest model that is whole; returns the newest row, whole or not."""
        own = select(DispatchModel).where(DispatchModel.node == self._settings.node)
        async with self._database.read() as session:
            rows = list(await session.scalars(own.order_by(DispatchModel.id.desc()).limit(_TRIED)))
        if not rows or rows[0].id == self._looked_at:
            return rows[0] if rows else None
        await segmenting.warmed()
        for row in rows:
            if row.id == self.model_id:
                break
            model, fault = await asyncio.to_thread(_loaded, self._folder / row.file, row.sha256)
            if model is not None:
                self.model, self.model_id = model, row.id
                _log.info("dispatch_help_loaded", file=row.file, tickets=row.tickets)
                break
            _log.error("dispatch_help_broken", file=row.file, reason=fault)
        whole = self.model_id == rows[0].id
        self._on_alarm(ALARM, None if whole else {"file": rows[0].file})
        self._looked_at = rows[0].id
        return rows[0]

    async def _learn_when_due(self, newest: DispatchModel | None) -> None:
        zone = ZoneInfo(self._settings.time_zone)
        tries = [at for at in (self._tried, newest.trained_at if newest else None) if at is not None]
        now = self._now()
        if not due(now.astimezone(zone), self._settings.dispatch_help.train_at, max(tries, default=None)):
            return
        self._tried = now
        async with self._database.read() as session:
            least = self._settings.dispatch_help.least_tickets
            # Asked here as well: a process that finds nothing to learn is a second's work for nothing.
            enough = await closed_tickets(session, least) >= least
        if enough:
            self._learning = tasks.spawn(self._learn(), name="dispatch help")

    async def _learn(self) -> None:
        """Run the training process; it ends with us."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "CALLCENTER_DATA": str(self._settings.data_folder)},
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            reason = said.decode(errors="replace").strip().splitlines()[-1:]
            _log.warning("dispatch_help_not_learned", status=process.returncode, reason=" ".join(reason)[:300])
        await self.look()


def _loaded(path: Path, sha256: str) -> "tuple[Model | None, str]":
    """Return the model of a file, or why there is none."""
    # Loaded with the first model: a hotline that has none yet does without numpy.
    from callcenter.tickets.suggestions import model  # noqa: PLC0415

    try:
        content = model.read(path)
        if hashlib.sha256(content).hexdigest() != sha256:
            return None, "it is not what was written"
        return model.loaded(content), ""
    except model.BadModel as error:
        return None, str(error)
