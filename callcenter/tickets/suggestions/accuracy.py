"""How often suggestions were wrong, against the contract's 2 %: on what was set aside, and on what was really shown."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from callcenter.hotline.listings import iso
from callcenter.tickets.tables import Category, DispatchModel, MemberUnit, Suggestion, Ticket

#: 派单差错率不高于 2% (采购需求 七(四)4).
LIMIT = 0.02
_MONTHS, _WRONG_ONES, _CONFUSIONS = 12, 50, 10


_Closing = aliased(MemberUnit)
_Final = aliased(Category)


async def accuracy(
    session: AsyncSession, *, now: datetime, zone: ZoneInfo, used: int | None, enabled: bool
) -> Mapping[str, Any]:
    """Return a `shapes.Accuracy`; `used` is the id of the model that is in use."""
    newest = await session.scalar(select(DispatchModel).order_by(DispatchModel.id.desc()).limit(1))
    figures = newest.figures if newest else None
    names = {row.code: row.name for row in await session.execute(select(MemberUnit.code, MemberUnit.name))}
    wrong = _Closing.code != Suggestion.unit
    live = (await session.execute(_judged(func.count(), _sum(wrong)))).one()
    category = (await session.execute(_of_categories())).one()
    return {
        "enabled": enabled,
        "model": newest and _learned(newest, used),
        "held_out": figures and {name: _held_out(figures[name]) for name in ("category", "unit")},
        "live": _error(live[1], live[0]),
        "live_category": _error(category[1], category[0]),
        "months": await _months(session, wrong, now, zone),
        "confused": await _confused(session, wrong, names),
        "wrong": await _wrong(session, wrong, names),
        "held_out_wrong": await _held_out_wrong(session, figures["wrong"] if figures else [], names),
    }


def _judged(*columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401  # of any type
    """Return a SELECT over the suggested units whose ticket a unit has closed."""
    return (
        select(*columns)
        .select_from(Suggestion)
        .join(Ticket, Ticket.id == Suggestion.ticket_id)
        .join(_Closing, _Closing.id == Ticket.closing_unit_id)
        .where(Suggestion.unit.is_not(None), Ticket.closed_at.is_not(None))
    )


def _of_categories() -> Select[*tuple[Any, ...]]:
    return (
        select(func.count(), _sum(_Final.code != Suggestion.category))
        .select_from(Suggestion)
        .join(Ticket, Ticket.id == Suggestion.ticket_id)
        .join(_Final, _Final.id == Ticket.category_id)
        .where(Suggestion.category.is_not(None), Ticket.closed_at.is_not(None))
    )


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _error(wrong: int, all_: int) -> dict[str, Any]:
    value = wrong / all_ if all_ else None
    met = None if value is None else value <= LIMIT
    return {"numerator": wrong, "denominator": all_, "value": value, "target": LIMIT, "met": met}


def _learned(row: DispatchModel, used: int | None) -> dict[str, Any]:
    return {
        "trained_at": iso(row.trained_at),
        "tickets": row.tickets,
        "seconds": row.seconds,
        "features": row.figures["features"],
        "used": row.id == used,
    }


def _held_out(share: Mapping[str, Any]) -> dict[str, Any]:
    tickets, right, said = share["tickets"], share["right"], share["said"]
    return {
        "tickets": tickets,
        "right": right,
        "accuracy": right / tickets if tickets else None,
        "coverage": said / tickets if tickets else None,
        "error": _error(share["wrong"], said),
        "least": share["least"],
    }


async def _months(
    session: AsyncSession, wrong: ColumnElement[bool], now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    local = now.astimezone(zone)
    count = local.year * 12 + local.month - 1
    starts = [
        datetime.combine(local.date().replace(year=n // 12, month=n % 12 + 1, day=1), time(), zone)
        for n in range(count - _MONTHS + 1, count + 2)
    ]
    sums: list[ColumnElement[int]] = []
    for start, end in pairwise(starts):
        within = and_(Ticket.closed_at >= start, Ticket.closed_at < end)
        sums += [_sum(within), _sum(and_(within, wrong))]
    row = (await session.execute(_judged(*sums).where(Ticket.closed_at >= starts[0]))).one()
    return [
        {"month": f"{start:%Y-%m}", **_error(row[2 * place + 1], row[2 * place])}
        for place, start in enumerate(starts[:-1])
        if row[2 * place]
    ]


async def _confused(
    session: AsyncSession, wrong: ColumnElement[bool], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    often = func.count().label("often")
    query = _judged(Suggestion.unit, _Closing.code, often).where(wrong).group_by(Suggestion.unit, _Closing.code)
    rows = await session.execute(query.order_by(often.desc(), Suggestion.unit, _Closing.code).limit(_CONFUSIONS))
    return [
        {"suggested": _unit(one, names), "right": _unit(other, names), "count": count} for one, other, count in rows
    ]


async def _wrong(session: AsyncSession, wrong: ColumnElement[bool], names: Mapping[str, str]) -> list[dict[str, Any]]:
    columns = (
        Ticket.number,
        Ticket.title,
        Ticket.closed_at,
        Suggestion.unit,
        _Closing.code,
        Suggestion.unit_probability,
    )
    query = _judged(*columns).where(wrong).order_by(Ticket.closed_at.desc(), Ticket.id.desc()).limit(_WRONG_ONES)
    return [
        {
            "number": number,
            "title": title,
            "at": iso(at),
            "suggested": _unit(unit, names),
            "right": _unit(right, names),
            "probability": probability,
        }
        for number, title, at, unit, right, probability in await session.execute(query)
    ]


async def _held_out_wrong(
    session: AsyncSession, wrong: Iterable[list[Any]], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    rows = list(wrong)
    query = select(Ticket.number, Ticket.title).where(Ticket.number.in_([row[0] for row in rows]))
    titles = {row.number: row.title for row in await session.execute(query)}
    return [
        {
            "number": number,
            "title": titles.get(number),
            "at": None,
            "suggested": _unit(unit, names),
            "right": _unit(right, names),
            "probability": probability,
        }
        for number, unit, right, probability in rows
    ]


def _unit(code: str, names: Mapping[str, str]) -> dict[str, str]:
    return {"code": code, "name": names.get(code, code)}
