"""The indicators of requests 工单: 2, 3, 4, 6 and 7, each formula once.

A formula says which moment puts a request into a period, which requests count, and which of those are as they should
be. The figure and the list behind it are made of the same two conditions. The moment is always the one at which the
matter is decided, so that a month that is over changes only when the request itself is taken up again:

- 2 按时办结率: the deadline. Requests that fell due in the period; closed in time / closed, or past it. One that was
  closed early counts in the period of its deadline, one that is open and not due yet in none. Not counted: missed
  calls, which indicator 5 judges; what was answered on the call, which has no deadline; what was merged or refused;
  and what is with the city platform, where the clock stands still.
- 3 综合满意率: the last word of the citizen. Satisfied or fairly satisfied / all who said a word that ended it. Who was
  unhappy and has it done again 重办 has not said the last word yet. Whose request was merged into another 并单 and was
  asked about the answer of that one counts with their own request; unhappy until that one is taken up again.
- 4 派单准确率: the first dispatch. The document's error is requests whose closing unit is not the first unit / requests
  first dispatched; shown is what is left of 1. One that is not closed yet is no error so far.
- 6 回访覆盖率: the reply of the unit. Followed up / dispatched requests whose reply was approved, for only then is a
  follow-up owed. One whose citizen was not reached in the documented number of attempts counts as followed up, and a
  second figure says how many said a word. A request that was merged into another counts as one visit of its own where
  one is owed, from the reply to its main request 主单 on; who has the telephone of another of them is asked with that
  one, and owed none.
- 7 平均处理时长: the first submission for review, or the answer on the call, which ends the work just so. Working time
  since the talk began; on average at most 2 working days for an enquiry 咨询, 4 for any other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.reports.figures import IndicatorRow, Part, Share, count, part, row, share
from callcenter.tickets.tables import Ticket

#: The citizen has been asked, or was not to be reached.
_ASKED = ("to_close", "closed", "archived")
#: Working days, on average, of an enquiry 咨询 and of any other request.
ENQUIRY_DAYS, OTHER_DAYS = 2, 4
#: 派单错误率小于 2%.
ERROR_LIMIT = 0.02
_IS_REQUEST = Ticket.kind != "missed_call"


@dataclass(frozen=True, slots=True)
class Formula:
    """What a figure counts."""

    number: int
    name: str
    name_zh: str
    target: float
    #: The moment that puts a request into a period.
    at: InstrumentedAttribute[datetime | None]
    #: Given now and the seconds of a working day: whether a request counts, and whether it is as it should be.
    counts: Callable[[datetime, int], ColumnElement[bool]]
    good: Callable[[datetime, int], ColumnElement[bool]]


def _within_limit(workday: int) -> ColumnElement[bool]:
    limit = case((Ticket.kind == "enquiry", ENQUIRY_DAYS * workday), else_=OTHER_DAYS * workday)
    return Ticket.handled_seconds <= limit


FORMULAS: Mapping[int, Formula] = {
    one.number: one
    for one in (
        Formula(
            2,
            "closed on time",
            "按时办结率",
            1.0,
            Ticket.due_at,
            lambda now, _: and_(
                _IS_REQUEST,
                Ticket.state.not_in(("merged", "refused", "city")),
                or_(Ticket.closed_at.is_not(None), Ticket.due_at < now),
            ),
            lambda _now, _: and_(Ticket.closed_at.is_not(None), Ticket.closed_at <= Ticket.due_at),
        ),
        Formula(
            3,
            "overall satisfaction",
            "综合满意率",
            0.99,
            Ticket.followed_up_at,
            lambda _now, _: and_(Ticket.satisfaction.is_not(None), Ticket.state.in_((*_ASKED, "merged"))),
            lambda _now, _: Ticket.satisfaction.in_(("satisfied", "fairly")),
        ),
        Formula(
            4,
            "dispatch accuracy",
            "派单准确率",
            1 - ERROR_LIMIT,
            Ticket.first_dispatched_at,
            lambda _now, _: Ticket.first_unit_id.is_not(None),
            lambda _now, _: or_(Ticket.closing_unit_id.is_(None), Ticket.closing_unit_id == Ticket.first_unit_id),
        ),
        Formula(
            6,
            "follow-up coverage",
            "回访覆盖率",
            1.0,
            Ticket.replied_at,
            # Only what is owed a visit of its own has a reply while it is merged (`flows.follow_ups.merged`).
            lambda _now, _: or_(
                and_(Ticket.first_dispatched_at.is_not(None), Ticket.state.in_(("follow_up", *_ASKED))),
                Ticket.state == "merged",
            ),
            lambda _now, _: or_(Ticket.state.in_(_ASKED), Ticket.followed_up_at.is_not(None)),
        ),
        Formula(
            7,
            "mean handling time",
            "平均处理时长",
            1.0,
            Ticket.submitted_at,
            lambda _now, _: and_(_IS_REQUEST, Ticket.handled_seconds.is_not(None)),
            lambda _now, workday: _within_limit(workday),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin` until before `end`, seen from `now`; a working day has `workday` seconds."""

    begin: datetime
    end: datetime
    now: datetime
    workday: int


def condition(formula: Formula, period: Period, which: str = "denominator") -> ColumnElement[bool]:
    """Return the condition of a request that is in `period`, and in the `numerator`, `denominator` or `failing`."""
    within = and_(formula.at >= period.begin, formula.at < period.end, formula.counts(period.now, period.workday))
    good = formula.good(period.now, period.workday)
    match which:
        case "numerator":
            return and_(within, good)
        case "failing":
            # Nothing of the conditions may be unknown (NULL) where `counts` holds; the tests hold them to it.
            return and_(within, not_(good))
    return within


def tallies(formula: Formula, period: Period) -> tuple[ColumnElement[Any], ...]:
    """Return the sums that the figure is made of; they may be added up over days."""
    good = formula.good(period.now, period.workday)
    match formula.number:
        case 6:
            return func.count(), count(good), count(Ticket.satisfaction.is_not(None))
        case 7:
            enquiry = Ticket.kind == "enquiry"
            seconds = func.sum(Ticket.handled_seconds)
            return func.count(), count(good), count(enquiry), seconds, seconds.filter(enquiry)
        case _:
            return func.count(), count(good)


async def tally(session: AsyncSession, formula: Formula, period: Period) -> list[int]:
    """Return the sums of `period`, counted from the requests themselves."""
    query = select(*tallies(formula, period)).where(condition(formula, period))
    # A sum of nothing is NULL, and PostgreSQL's sums are of a type of their own.
    return [int(value or 0) for value in (await session.execute(query)).one()]


def indicator(number: int, sums: Sequence[int], workday: int) -> IndicatorRow:
    """Return the indicator `number` of a period whose sums are `sums`."""
    formula = FORMULAS[number]
    whole, good, *more = sums
    figure = share(good, whole, formula.target)
    match number:
        case 4:
            error = dispatch_error(whole - good, whole)
            # “小于 2%”: exactly 2 % is too much already.
            figure = figure.model_copy(update={"met": error.met})
            return _row(formula, figure, part("dispatch error", "派单错误率", error))
        case 6:
            said = share(more[0], good, 0.0).model_copy(update={"target": None, "met": None})
            return _row(formula, figure, part("citizens who said a word", "回访成功率", said))
        case 7:
            enquiries, seconds, their_seconds = more
            parts = (
                part("enquiries", "咨询类", mean(their_seconds, enquiries, workday, ENQUIRY_DAYS)),
                part(
                    "other requests",
                    "非咨询类",
                    mean(seconds - their_seconds, whole - enquiries, workday, OTHER_DAYS),
                ),
                part("within the limit", "时限内占比", figure.model_copy(update={"target": None, "met": None})),
            )
            judged = [one.met for one in parts if one.met is not None]
            both = mean(seconds, whole, workday, OTHER_DAYS)
            both = both.model_copy(update={"met": all(judged) if judged else None})
            return _row(formula, both, *parts, unit="working_days")
        case _:
            return _row(formula, figure)


def _row(formula: Formula, figure: Share, *parts: Part, unit: str = "share") -> IndicatorRow:
    named = [one.model_dump() for one in parts]
    return row(formula.number, formula.name, formula.name_zh, figure, parts=named, unit=unit)


def dispatch_error(wrong: int, dispatched: int) -> Share:
    """派单错误率: 首次派发部门与最终办结部门不一致的诉求数量 / 首次派发部门工单总量."""
    figure = share(wrong, dispatched, ERROR_LIMIT)
    return figure.model_copy(update={"met": None if figure.value is None else figure.value < ERROR_LIMIT})


def mean(seconds: int, requests: int, workday: int, limit: int) -> Share:
    """Return working days / requests, which are not to be more than `limit` on average."""
    days = seconds / workday
    value = days / requests if requests else None
    met = None if value is None else value <= limit
    return Share(numerator=round(days, 2), denominator=requests, value=value, target=float(limit), met=met)


async def standing(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Return how many requests are open now, and how many of those are past their deadline."""
    late = and_(Ticket.due_at < now, Ticket.state != "city")
    query = select(func.count(), count(late)).where(Ticket.closed_at.is_(None), _IS_REQUEST)
    whole, overdue = (await session.execute(query)).one()
    return whole, overdue
