"""The twelve indicators 业务运行质量标准 (采购需求 七(四)), each with its numerator and denominator.

The formulas stand in `calls` and `requests`, which say what puts a call or a request into a period. `value` is a share
from 0 to 1, or null when there is nothing to divide by; what cannot be measured yet says so in `reason`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, day_bounds
from callcenter.reports import requests, rollups
from callcenter.reports.calls import (
    CALLED_BACK_STATES,
    Counts,
    agent_rating,
    answer_rate,
    called_back,
    count_calls,
    max_waiting,
    max_waiting_seen,
    missed,
    prompt_answer_rate,
)
from callcenter.reports.figures import FiguresToday, IndicatorRow, Share, later, row, share
from callcenter.reports.requests import Period
from callcenter.settings import Settings
from callcenter.storage import clock

__all__ = [
    "CALLED_BACK_STATES",
    "Counts",
    "FiguresToday",
    "IndicatorRow",
    "Share",
    "count_calls",
    "figures",
    "indicators",
    "max_waiting",
    "max_waiting_seen",
    "missed",
    "period_of",
    "share",
    "workday_of",
]

#: Seconds of a working day of 08:30-12:00 and 14:00-17:30.
WORKDAY = 7 * 3600
_OF_CALLS = {1, 5, 12}
_LATER = {
    8: later(8, "answers and tickets without error", "业务解答及工单质量", 0.98, "nothing is inspected yet"),
    9: later(9, "security and continuity", "系统运行安全", 0.0, "incidents are not recorded yet"),
    10: later(10, "reporting on time", "信息报送及线索梳理", 1.0, "reports are not tracked yet"),
    11: later(11, "complaints about service", "话务服务投诉", 12.0, "complaints about service are not recorded yet"),
}
NUMBERS = tuple(range(1, 13))


def workday_of(settings: Settings) -> int:
    """Return the seconds of a working day."""
    return 60 * sum(end - begin for begin, end in settings.tickets.working_minutes)


def period_of(
    first: date, last: date, time_zone: str = ZONE, *, now: datetime | None = None, workday: int = WORKDAY
) -> Period:
    """Return the days `first` to `last`, both included."""
    return Period(*day_bounds(first, last, time_zone), now or clock.now(), workday)


async def figures(session: AsyncSession, day: date, time_zone: str = ZONE) -> dict[str, Any]:
    """Return what the wallboard shows of `day`; see FiguresToday."""
    counts = await count_calls(session, *day_bounds(day, day, time_zone))
    whole, overdue = await requests.standing(session, clock.now())
    return FiguresToday(
        day=day.isoformat(),
        calls=counts.inbound,
        answer_rate=answer_rate(counts),
        answer_rate_30s=prompt_answer_rate(counts),
        missed=counts.missed,
        called_back=counts.called_back,
        requests_open=whole,
        requests_overdue=overdue,
    ).model_dump()


async def indicators(
    session: AsyncSession,
    first: date,
    last: date,
    time_zone: str = ZONE,
    *,
    now: datetime | None = None,
    workday: int = WORKDAY,
    only: int | None = None,
) -> list[dict[str, Any]]:
    """Return the twelve indicators of the days `first` to `last`, both included, or the one `only`; see IndicatorRow.

    `workday` is the length of a working day in seconds.
    """
    period = period_of(first, last, time_zone, now=now, workday=workday)
    wanted = NUMBERS if only is None else (only,)
    counts = await count_calls(session, period.begin, period.end) if _OF_CALLS & set(wanted) else None
    rows = []
    for number in wanted:
        if number in requests.FORMULAS:
            sums = await rollups.tallied(session, requests.FORMULAS[number], first, last, period, time_zone)
            rows.append(requests.indicator(number, sums, workday))
        elif counts is not None and number in _OF_CALLS:
            rows.append(_of_calls(number, counts))
        else:
            rows.append(_LATER[number])
    return [one.model_dump() for one in rows]


def _of_calls(number: int, counts: Counts) -> IndicatorRow:
    match number:
        case 1:
            prompt = prompt_answer_rate(counts).model_dump()
            return row(1, "answer rate", "接通率", answer_rate(counts), within_30_seconds=prompt)
        case 5:
            return row(5, "missed calls called back", "漏接回拨率", called_back(counts))
        case _:
            return row(12, "rating of the agent", "话务坐席接听评价", agent_rating(counts))
