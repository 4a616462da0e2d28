"""What a figure is made of: numerator, denominator, target; and a row of the twelve."""

from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func


class Share(BaseModel):
    """A figure with what it was divided from."""

    #: A count; of indicator 7 the sum of working days.
    numerator: int | float | None
    denominator: int | None
    value: float | None
    target: float | None
    met: bool | None


class Part(Share):
    """A figure that belongs to an indicator."""

    name: str
    name_zh: str


class IndicatorRow(Share):
    """One of the twelve."""

    number: int
    name: str
    name_zh: str
    #: What `value` is: a share from 0 to 1, or working days, which are to stay at or below the target.
    unit: Literal["share", "working_days", "count"] = "share"
    #: Why it cannot be measured yet.
    reason: str | None
    #: For the answer rate: the same within 30 seconds.
    within_30_seconds: Share | None = None
    #: What it is looked at in more detail by.
    parts: list[Part] = []
    #: Whether /api/v1/indicators/{number}/list has the calls or requests behind it.
    listed: bool = False


class FiguresToday(BaseModel):
    """Today on the wallboard."""

    day: str
    calls: int
    answer_rate: Share
    answer_rate_30s: Share
    missed: int
    called_back: int
    #: Requests 工单 that are not closed, and those of them that are past their deadline, whenever they were opened.
    requests_open: int = 0
    requests_overdue: int = 0


def share(numerator: int, denominator: int, target: float) -> Share:
    """Return a figure that is to reach `target`; with nothing to divide by it is neither met nor missed."""
    value = numerator / denominator if denominator else None
    met = None if value is None else value >= target
    return Share(numerator=numerator, denominator=denominator, value=value, target=target, met=met)


def part(name: str, name_zh: str, figure: Share) -> Part:
    """Return `figure` as part of an indicator."""
    return Part(name=name, name_zh=name_zh, **figure.model_dump())


def row(number: int, name: str, name_zh: str, figure: Share, **more: Any) -> IndicatorRow:  # noqa: ANN401  # further fields
    """Return `figure` as the indicator `number`."""
    reason = None if figure.denominator else "nothing to count in this period"
    fields = figure.model_dump() | {"listed": True} | more
    return IndicatorRow(number=number, name=name, name_zh=name_zh, reason=reason, **fields)


def later(number: int, name: str, name_zh: str, target: float | None, reason: str) -> IndicatorRow:
    """Return an indicator that cannot be measured yet."""
    nothing = Share(numerator=None, denominator=None, value=None, target=target, met=None)
    return IndicatorRow(number=number, name=name, name_zh=name_zh, reason=reason, **nothing.model_dump())


def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return how many rows fulfil `condition`."""
    return func.count().filter(condition)
