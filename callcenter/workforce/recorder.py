"""Writes down who did what when, as the floor shows it: the ground of attendance 考勤 and performance 绩效."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat
from callcenter.storage.engine import Database
from callcenter.workforce.flows import note_activity

_log = structlog.get_logger()
#: States that wait to be written while the database is away: a shift of ten seats. The oldest go first.
_BACKLOG = 20_000
_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Stretch:
    agent: str
    seat: str
    state: str
    reason: str | None
    at: datetime


class Recorder:
    """Hears every change of the floor, and stores the agents' states in order, one transaction for all that wait."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node
        self._due: asyncio.Queue[_Stretch] = asyncio.Queue(_BACKLOG)

    def changed(self, before: Floor, after: Floor) -> None:
        """Note what agents do now; never blocks."""
        for number, seat in after.seats.items():
            was = before.seats.get(number)
            if was is seat or was is None or seat.since is None:
                continue
            if was.agent and was.agent != seat.agent:
                self._put(_Stretch(was.agent, number, "signed_out", None, seat.since))
            if seat.agent and _doing(was) != _doing(seat):
                self._put(_Stretch(seat.agent, number, seat.state, seat.reason, seat.since))

    def _put(self, stretch: _Stretch) -> None:
        if self._due.full():
            _log.error("agent_activity_lost", lost=self._due.get_nowait().agent)
        self._due.put_nowait(stretch)

    async def run(self) -> None:
        """Store what waits, for ever; a database that is away is tried again."""
        while True:
            batch = [await self._due.get()]
            while not self._due.empty():
                batch.append(self._due.get_nowait())
            stored = await self._store(batch)
            while not stored:
                await asyncio.sleep(_AGAIN_SECONDS)
                stored = await self._store(batch)

    async def _store(self, batch: list[_Stretch]) -> bool:
        try:
            async with self._database.begin() as session:
                for each in batch:
                    await note_activity(
                        session,
                        self._node,
                        each.agent,
                        state=each.state,
                        seat=each.seat,
                        reason=each.reason,
                        at=each.at,
                    )
        except (SQLAlchemyError, OSError) as error:
            _log.warning("agent_activity_waits", stretches=len(batch), error=type(error).__name__)
            return False
        return True


def _doing(seat: Seat) -> tuple[str | None, str, str | None]:
    return seat.agent, seat.state, seat.reason
