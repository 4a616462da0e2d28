"""Days of an indicator that are counted already, so that a year of a million requests is a few hundred numbers.

A figure is always exact: a day that is over and was counted is taken from its row, unless one of the moments of a
request that lies in it was touched since (triggers note that, whoever changes the request); every other day is counted
from the requests themselves, by the same formula. So the sweep only makes figures quick, never right.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import day_bounds
from callcenter.reports.requests import FORMULAS, Formula, Period, tally
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.tables import IndicatorDay, TouchedMoment

#: Touched moments that are looked at one by one; with more, nothing that was counted is trusted.
_MOST_TOUCHED = 20_000
#: Days that the sweep counts in one transaction.
_BATCH = 4


async def tallied(  # noqa: PLR0917  # the days twice: as dates, and as moments
    session: AsyncSession, formula: Formula, first: date, last: date, period: Period, time_zone: str
) -> list[int]:
    """Return the sums of the days `first` to `last`, which are `period`."""
    touched = await _touched(session, time_zone)
    sums: list[int] = []
    counted: set[date] = set()
    if touched is not None:
        query = select(IndicatorDay.day, IndicatorDay.tallies).where(
            IndicatorDay.number == formula.number,
            IndicatorDay.basis == _basis(time_zone, period.workday),
            IndicatorDay.day >= first,
            IndicatorDay.day <= last,
        )
        for day, figures in await session.execute(query):
            if day not in touched:
                counted.add(day)
                sums = _added(sums, figures)
    for begin, end in _spans(first, last, counted):
        bounds = day_bounds(begin, end, time_zone)
        sums = _added(sums, await tally(session, formula, Period(*bounds, period.now, period.workday)))
    return sums


class Rollups:
    """Keeps the days counted; `workday` are the seconds of a working day."""

    def __init__(self, database: Database, time_zone: str, workday: int) -> None:
        self._database = database
        self._time_zone = time_zone
        self._workday = workday

    async def sweep(self) -> None:
        """Count the days that are over and were touched, or never counted."""
        await self.count()

    async def count(self) -> int:
        """Count them, and return how many they were."""
        while await self._forget():
            pass
        basis = _basis(self._time_zone, self._workday)
        now = clock.now()
        yesterday = now.astimezone(ZoneInfo(self._time_zone)).date() - timedelta(days=1)
        async with self._database.read() as session:
            missing = await self._missing(session, basis, yesterday)
        for start in range(0, len(missing), _BATCH):
            async with self._database.begin() as session:
                for day in missing[start : start + _BATCH]:
                    period = Period(*day_bounds(day, day, self._time_zone), now, self._workday)
                    rows = [
                        {"number": number, "day": day, "basis": basis, "tallies": await tally(session, formula, period)}
                        for number, formula in FORMULAS.items()
                    ]
                    await session.execute(insert(IndicatorDay), rows)
        return len(missing)

    async def _forget(self) -> bool:
        """Forget the days that were touched; returns whether there may be more.

        A moment that is noted from here on, or by who has not committed yet, stays for the next time: until then its
        day is counted from the requests, whatever is written of it.
        """
        async with self._database.begin() as session:
            taken = select(TouchedMoment.id).order_by(TouchedMoment.id).limit(_MOST_TOUCHED).scalar_subquery()
            gone = delete(TouchedMoment).where(TouchedMoment.id.in_(taken)).returning(TouchedMoment.at)
            moments = (await session.scalars(gone)).all()
            if stale := _days(moments, self._time_zone):
                await session.execute(delete(IndicatorDay).where(IndicatorDay.day.in_(stale)))
        return len(moments) == _MOST_TOUCHED

    async def _missing(self, session: AsyncSession, basis: str, yesterday: date) -> list[date]:
        """Return the days from the first request's until yesterday that are not counted, the newest first."""
        # Said in so many words that no NULL is meant: else SQLite would not look into the index, but read every row.
        queries = [select(func.min(one.at)).where(one.at.is_not(None)) for one in FORMULAS.values()]
        firsts = [begin for query in queries if (begin := await session.scalar(query)) is not None]
        if not firsts:
            return []
        first = min(_days(firsts, self._time_zone))
        known = set(await session.scalars(select(IndicatorDay.day).where(IndicatorDay.basis == basis).distinct()))
        every = [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]
        return [day for day in reversed(every) if day not in known]


async def _touched(session: AsyncSession, time_zone: str) -> set[date] | None:
    """Return the days that are to be counted anew; None when they are too many to say."""
    moments = (await session.scalars(select(TouchedMoment.at).limit(_MOST_TOUCHED + 1))).all()
    return None if len(moments) > _MOST_TOUCHED else _days(moments, time_zone)


def _days(moments: Iterable[Any], time_zone: str) -> set[date]:
    zone = ZoneInfo(time_zone)
    return {at.astimezone(zone).date() for at in moments}


def _spans(first: date, last: date, without: Collection[date]) -> Iterator[tuple[date, date]]:
    """Yield the runs of days from `first` to `last` that are not among `without`."""
    begin: date | None = None
    day = first
    while day <= last:
        if day in without:
            if begin is not None:
                yield begin, day - timedelta(days=1)
            begin = None
        elif begin is None:
            begin = day
        day += timedelta(days=1)
    if begin is not None:
        yield begin, last


def _added(sums: Sequence[int], more: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(sums, more, strict=True)] if sums else list(more)


def _basis(time_zone: str, workday: int) -> str:
    return f"{time_zone} {workday}"
