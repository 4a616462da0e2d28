"""The list of abusive callers 骚扰电话 as supervisors keep it: in memory for every call, in the database, on disk.

A call is never kept waiting for a database: the list is read at the start and after each change. What a caller meets
while no controller is there comes from the snapshot file, in every spelling in which the network may deliver a number.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules import blocked as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.blocked import Entry, Level
from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.hotline.rules.records import sanitised
from callcenter.hotline.tables import BlockedCaller, Call
from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds until a database that is away is tried again.
_AGAIN = 2.0
#: Told number -> level, in every spelling, as the snapshot file has it.
OnChange = Callable[[Mapping[str, str]], Any]


class BlockedCallers:
    """Keeps the list; `verdict` says what a call meets. `on_change` is told what the snapshot file is to hold.

    `known` is what that file held (number -> level): it stands until the list has been read.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        known: Mapping[str, str] | None = None,
        on_change: OnChange = lambda _: None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._area_code = settings.callbacks.area_code
        self._ours = _ours(settings, self._area_code)
        self._on_change = on_change
        self._now = now
        self._entries = _known(known or {}, self._area_code)
        #: Of numbers that are limited: when their calls got through, for the last hour.
        self._through: dict[str, deque[datetime]] = {}
        self._changed = asyncio.Event()

    def verdict(self, caller: str) -> str:
        """Return what a call from `caller` meets now, and count it when it gets through; never blocks."""
        number = normalised(caller, self._area_code)
        entry = self._entries.get(number)
        if entry is None:
            return ""
        now = self._now()
        through = self._through.setdefault(number, deque())
        while through and through[0] <= now - rules.HOUR:
            through.popleft()
        met = rules.verdict(entry, now, through)
        if not met and entry.level == "limit":
            through.append(now)
        return met

    async def load(self) -> None:
        """Read the list; raises what the database does, and then the list stays as it was."""
        async with self._database.read() as session:
            rows = list(await session.scalars(select(BlockedCaller)))
            entries = {row.number: _entry(row) for row in rows}
            counted = {}
            for number, entry in entries.items():
                if entry.level == "limit" and number not in self._through:
                    counted[number] = await self._counted(session, number)
        self._entries = entries
        self._through = {number: self._through.get(number, deque()) for number in entries} | counted
        self._tell()
        self._changed.set()

    async def _counted(self, session: AsyncSession, number: str) -> deque[datetime]:
        """Return when calls of `number` got through in the last hour, as the history has it."""
        began = await session.scalars(
            select(Call.started_at)
            .where(Call.caller.in_(variants(number, self._area_code)))
            .where(Call.started_at > self._now() - rules.HOUR, Call.outcome != "blocked", Call.direction == "inbound")
            .order_by(Call.started_at)
        )
        return deque(began)

    def _tell(self) -> None:
        alone = rules.while_alone(self._entries.values(), self._now())
        self._on_change(
            {spelling: level for number, level in alone.items() for spelling in variants(number, self._area_code)}
        )

    async def run(self) -> None:
        """Read the list, then let entries end when their time comes, until cancelled."""
        while True:
            try:
                await self.load()
                break
            except (SQLAlchemyError, OSError) as error:
                _log.warning("blocked_callers_not_read", error=type(error).__name__)
                await asyncio.sleep(_AGAIN)
        while True:
            self._changed.clear()
            self._tell()  # the file must forget whose time is over: the script that reads it knows no time
            end = rules.next_end(self._entries.values(), self._now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max((end - self._now()).total_seconds(), 0) if end else None):
                    await self._changed.wait()

    def _spelled(self, number: str) -> str:
        """Return the one spelling of what a person typed, filtered as the dialplan filters what the network says."""
        return normalised(sanitised(number), self._area_code)

    async def add(
        self,
        number: str,
        level: Level,
        *,
        actor: Actor,
        per_hour: int | None = None,
        note: str = "",
        until: datetime | None = None,
    ) -> BlockedCaller:
        """List `number`, or change its entry. Raises Refused for one that may not be listed, or has no time left."""
        now = self._now()
        spelled = self._spelled(number)
        rules.check(spelled, self._ours)
        if until is not None and until <= now:
            raise Refused(N_("the entry would be over already: name a later end, or none"))
        row = BlockedCaller(
            number=spelled,
            level=level,
            per_hour=(per_hour or rules.PER_HOUR) if level == "limit" else None,
            note=note,
            by=actor.who,
            since=now,
            until=until,
        )
        async with self._database.begin() as session:
            row = await session.merge(row)
            detail = {"level": level, "per_hour": row.per_hour, "until": until.isoformat() if until else None}
            audit.record(session, actor, "caller_listed", at=now, target=spelled, **detail, note=note)
        await self.load()
        return row

    async def remove(self, number: str, *, actor: Actor) -> str:
        """Take `number`, in whatever spelling, off the list; returns its one spelling. Raises Refused."""
        spelled = self._spelled(number)
        async with self._database.begin() as session:
            row = await session.get(BlockedCaller, spelled)
            if row is None:
                raise Refused(N_("%(number)s is not on the list"), number=spelled)
            audit.record(session, actor, "caller_unlisted", at=self._now(), target=spelled, level=row.level)
            await session.delete(row)
        await self.load()
        return spelled


async def listed(session: AsyncSession) -> list[BlockedCaller]:
    """Return the list, newest first; entries whose time is over stay on it until a supervisor takes them off."""
    return list(await session.scalars(select(BlockedCaller).order_by(BlockedCaller.since.desc(), BlockedCaller.number)))


def _entry(row: BlockedCaller) -> Entry:
    level: Level = row.level  # type: ignore[assignment]  # nothing else is ever written
    return Entry(row.number, level, row.per_hour, row.until)


def _known(known: Mapping[str, str], area_code: str) -> dict[str, Entry]:
    levels: dict[str, Level] = {"announce": "announce", "block": "block"}
    spelled = {normalised(number, area_code): level for number, level in known.items()}
    return {number: Entry(number, levels[level]) for number, level in spelled.items() if level in levels}


def _ours(settings: Settings, area_code: str) -> dict[str, str]:
    """Return the hotline's own numbers, each with what it is: to block one would cut off the hotline itself."""
    ours = dict.fromkeys(rules.EMERGENCY, N_("an emergency service's number"))
    ours |= {seat: N_("a seat") for seat in settings.seats.numbers}
    ours |= {reserve.number: N_("a reserve's telephone") for reserve in settings.reserves if reserve.number}
    ours |= {trunk.caller_id: N_("a line's own number") for trunk in settings.trunks}
    ours[settings.test_dials.caller_id] = N_("the number that test dials come from")
    ours[settings.hotline_number] = N_("the hotline's own number")
    return {normalised(number, area_code): what for number, what in ours.items()}
