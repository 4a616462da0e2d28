"""The indicators of calls: 1 接通率, 5 漏接回拨率, 12 话务坐席接听评价. A period's calls are those that began in it.

The conditions stand here once: what is counted by them is listed by them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, day_bounds
from callcenter.hotline.rules.calls import MISSED
from callcenter.hotline.tables import Call, Callback, CallbackCall
from callcenter.reports.figures import Share, count, share
from callcenter.storage.functions import SecondsBetween

#: 接通率 and 座席30秒接通率.
ANSWER_TARGET = 0.95
#: 电话座席 30 秒接通率: seconds from asking for a person to hearing one.
PROMPT_SECONDS = 30
#: States of a callback whose obligation is met: reached, answered on their own redial, closed by a supervisor with a
#: reason, or tried the documented number of times.
CALLED_BACK_STATES = ("settled", "unreachable")
#: Ratings of 1 to 5 that count as satisfied 满意.
SATISFIED = 4

_WAITED = SecondsBetween(func.coalesce(Call.queued_at, Call.started_at), Call.answered_at)
ANSWERED = Call.answered_at.is_not(None)
#: Asked for a person 转接人工: were queued and answered, gave up, or were sent away. Self-service and blocked calls did
#: not ask. Nor did those who hung up in the greeting, who are missed calls all the same: the indicator divides by calls
#: handed to people, and the obligation to call back goes further.
ASKED = or_(ANSWERED, Call.outcome.in_(("abandoned_queue", "overflowed", "unanswered")))
#: Missed calls whose citizen is, or was, on the callback list; a withheld number cannot be.
OWED = CallbackCall.call_id.is_not(None)
CALLED_BACK = and_(OWED, Callback.state.in_(CALLED_BACK_STATES))
RATED = Call.rating.is_not(None)
LIKED = Call.rating >= SATISFIED


@dataclass(frozen=True, slots=True)
class Counts:
    """What the calls of a period come to."""

    inbound: int
    asked: int
    answered: int
    answered_promptly: int
    missed: int
    owed: int
    #: Of those, called back, answered on their own redial, or tried the documented number of times.
    called_back: int
    rated: int
    satisfied: int


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
    query = of_period(
        select(
            func.count(),
            count(ASKED),
            count(ANSWERED),
            count(and_(ANSWERED, _WAITED <= PROMPT_SECONDS)),
            count(missed()),
            count(OWED),
            count(CALLED_BACK),
            count(RATED),
            count(LIKED),
        ),
        begin,
        end,
    )
    return Counts(*(await session.execute(query)).one())


def of_period(query: Select[*tuple[Any, ...]], begin: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    """Return `query` from the inbound calls that began from `begin` until before `end`, with what is owed for them."""
    return (
        query.select_from(Call)
        .outerjoin(CallbackCall, CallbackCall.call_id == Call.id)
        .outerjoin(Callback, Callback.id == CallbackCall.callback_id)
        .where(Call.direction == "inbound", Call.started_at >= begin, Call.started_at < end)
    )


def missed() -> ColumnElement[bool]:
    """Whether a call counts as missed 漏接: its outcome says so, or the citizen asked by key and is owed for it."""
    return or_(Call.outcome.in_(sorted(MISSED)), CallbackCall.call_id.is_not(None))


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
