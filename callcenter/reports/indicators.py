"""The twelve indicators 业务运行质量标准 (采购需求 七(四)), each formula once, with its numerator and denominator.

A period's calls are those that began in it; a ticket belongs to the period in which it was opened. `value` is a share
from 0 to 1, or null when there is nothing to divide by; what cannot be measured yet says so in `reason`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, day_bounds
from callcenter.hotline.rules.calls import MISSED
from callcenter.hotline.tables import Call, Callback, CallbackCall
from callcenter.storage import clock
from callcenter.storage.functions import SecondsBetween
from callcenter.tickets.tables import Ticket

#: 接通率 and 座席30秒接通率.
ANSWER_TARGET = 0.95
#: 电话座席 30 秒接通率: seconds from asking for a person to hearing one.
PROMPT_SECONDS = 30
#: States of a callback whose obligation is met: reached, answered on their own redial, closed by a supervisor with a
#: reason, or tried the documented number of times.
CALLED_BACK_STATES = ("settled", "unreachable")
#: Ratings of 1 to 5 that count as satisfied 满意.
SATISFIED = 4


class Share(BaseModel):
    """A figure with what it was divided from."""

    numerator: int | None
    denominator: int | None
    value: float | None
    target: float | None
    met: bool | None


class IndicatorRow(Share):
    """One of the twelve."""

    number: int
    name: str
    name_zh: str
    #: Why it cannot be measured yet.
    reason: str | None
    #: For the answer rate: the same within 30 seconds.
    within_30_seconds: Share | None = None


class FiguresToday(BaseModel):
    """Today on the wallboard."""

    day: str
    calls: int
    answer_rate: Share
    answer_rate_30s: Share
    missed: int
    called_back: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What the calls of a period come to."""

    inbound: int
    #: Asked for a person 转接人工: were queued and answered, gave up, or were sent away. Self-service and blocked calls
    #: did not ask. Nor did those who hung up in the greeting, who are missed calls all the same: the indicator divides
    #: by calls handed to people, and the obligation to call back goes further.
    asked: int
    answered: int
    answered_promptly: int
    missed: int
    #: Missed calls whose citizen is, or was, on the callback list; a withheld number cannot be.
    owed: int
    #: Of those, called back, answered on their own redial, or tried the documented number of times.
    called_back: int
    rated: int
    satisfied: int


def share(numerator: int, denominator: int, target: float) -> Share:
    """Return a figure that is to reach `target`; with nothing to divide by it is neither met nor missed."""
    value = numerator / denominator if denominator else None
    met = None if value is None else value >= target
    return Share(numerator=numerator, denominator=denominator, value=value, target=target, met=met)


def max_waiting(waits: Iterable[tuple[datetime, datetime | None]]) -> int:
    """Return the most callers that waited at one instant; each wait is (queued, left), None for one who still waits.

    Who leaves at the instant when another comes has left first: the queue held one, not two.
    """
    steps: list[tuple[datetime, int]] = []
    for queued, left in waits:
        if left is None or left > queued:
            steps.append((queued, 1))
            steps += [(left, -1)] if left else []
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


async def max_waiting_seen(session: AsyncSession, first: date, last: date, time_zone: str = ZONE) -> int:
    """Return the most callers that waited at one instant from `first` to `last`, both included."""
    begin, end = day_bounds(first, last, time_zone)
    # A test dial 拨测 waits in nobody's place: it gives up its own.
    waits = select(Call.queued_at, Call.left_queue_at).where(
        Call.direction == "inbound", Call.queued_at >= begin, Call.queued_at < end
    )
    return max_waiting((queued, left) for queued, left in await session.execute(waits) if queued)


async def count_calls(session: AsyncSession, begin: datetime, end: datetime) -> Counts:
    """Count the inbound calls that began from `begin` until before `end`."""
    answered = Call.answered_at.is_not(None)
    asked = or_(answered, Call.outcome.in_(("abandoned_queue", "overflowed", "unanswered")))
    waited = SecondsBetween(func.coalesce(Call.queued_at, Call.started_at), Call.answered_at)
    linked = CallbackCall.call_id.is_not(None)
    query = (
        select(
            func.count(),
            _count(asked),
            _count(answered),
            _count(and_(answered, waited <= PROMPT_SECONDS)),
            _count(missed()),
            _count(linked),
            _count(and_(linked, Callback.state.in_(CALLED_BACK_STATES))),
            _count(Call.rating.is_not(None)),
            _count(Call.rating >= SATISFIED),
        )
        .select_from(Call)
        .outerjoin(CallbackCall, CallbackCall.call_id == Call.id)
        .outerjoin(Callback, Callback.id == CallbackCall.callback_id)
        .where(Call.direction == "inbound", Call.started_at >= begin, Call.started_at < end)
    )
    return Counts(*(await session.execute(query)).one())


def missed() -> ColumnElement[bool]:
    """Whether a call counts as missed 漏接: its outcome says so, or the citizen asked by key and is owed for it."""
    return or_(Call.outcome.in_(sorted(MISSED)), CallbackCall.call_id.is_not(None))


async def figures(session: AsyncSession, day: date, time_zone: str = ZONE) -> dict[str, Any]:
    """Return what the wallboard shows of `day`; see FiguresToday."""
    counts = await count_calls(session, *day_bounds(day, day, time_zone))
    return FiguresToday(
        day=day.isoformat(),
        calls=counts.inbound,
        answer_rate=answer_rate(counts),
        answer_rate_30s=prompt_answer_rate(counts),
        missed=counts.missed,
        called_back=counts.called_back,
    ).model_dump()


def answer_rate(counts: Counts) -> Share:
    """1 接通率: 人工接听量 / 转接人工来电量."""
    return share(counts.answered, counts.asked, ANSWER_TARGET)


def prompt_answer_rate(counts: Counts) -> Share:
    """座席 30 秒接通率 (采购需求 二): the same, answered within 30 seconds of asking for a person."""
    return share(counts.answered_promptly, counts.asked, ANSWER_TARGET)


def called_back(counts: Counts) -> Share:
    """5 漏接回拨率: missed calls whose obligation is met / missed calls that can be called back."""
    return share(counts.called_back, counts.owed, 1.0)


def agent_rating(counts: Counts) -> Share:
    """12 话务坐席接听评价: satisfied (4 or 5) / rated."""
    return share(counts.satisfied, counts.rated, 0.99)


async def closed_on_time(session: AsyncSession, begin: datetime, end: datetime, now: datetime) -> Share:
    """2 按时办结率: closed by their deadline / closed or past it. A missed call's ticket is judged by indicator 5."""
    in_time = Ticket.closed_at <= Ticket.due_at
    judged = or_(Ticket.closed_at.is_not(None), Ticket.due_at < now)
    query = select(_count(and_(judged, in_time)), _count(judged)).where(
        Ticket.kind != "missed_call", Ticket.due_at.is_not(None), Ticket.opened_at >= begin, Ticket.opened_at < end
    )
    return share(*(await session.execute(query)).one(), 1.0)


async def indicators(
    session: AsyncSession, first: date, last: date, time_zone: str = ZONE, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Return the twelve indicators of the days `first` to `last`, both included; see IndicatorRow."""
    begin, end = day_bounds(first, last, time_zone)
    counts = await count_calls(session, begin, end)
    on_time = await closed_on_time(session, begin, end, now or clock.now())
    rows = [
        _row(1, "answer rate", "接通率", answer_rate(counts)),
        _row(2, "closed on time", "按时办结率", on_time),
        _later(3, "overall satisfaction", "综合满意率", 0.99, "follow-up visits are not recorded yet"),
        _later(4, "dispatch accuracy", "派单准确率", 0.98, "tickets are not dispatched yet"),
        _row(5, "missed calls called back", "漏接回拨率", called_back(counts)),
        _later(6, "follow-up coverage", "回访覆盖率", 1.0, "tickets are not dispatched yet"),
        _later(7, "mean handling time", "平均处理时长", None, "tickets are not submitted for review yet"),
        _later(8, "answers and tickets without error", "业务解答及工单质量", 0.98, "nothing is inspected yet"),
        _later(9, "security and continuity", "系统运行安全", 0.0, "incidents are not recorded yet"),
        _later(10, "reporting on time", "信息报送及线索梳理", 1.0, "reports are not tracked yet"),
        _later(11, "complaints about service", "话务服务投诉", 12.0, "complaints about service are not recorded yet"),
        _row(12, "rating of the agent", "话务坐席接听评价", agent_rating(counts)),
    ]
    rows[0].within_30_seconds = prompt_answer_rate(counts)
    return [row.model_dump() for row in rows]


def _row(number: int, name: str, name_zh: str, figure: Share) -> IndicatorRow:
    reason = None if figure.denominator else "nothing to count in this period"
    return IndicatorRow(number=number, name=name, name_zh=name_zh, reason=reason, **figure.model_dump())


def _later(number: int, name: str, name_zh: str, target: float | None, reason: str) -> IndicatorRow:
    nothing = Share(numerator=None, denominator=None, value=None, target=target, met=None)
    return IndicatorRow(number=number, name=name, name_zh=name_zh, reason=reason, **nothing.model_dump())


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
