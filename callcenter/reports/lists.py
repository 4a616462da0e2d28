"""The list behind an indicator: the calls or requests that its figure counts, by the conditions that count them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from callcenter.hotline.listings import iso
from callcenter.hotline.masking import Phone
from callcenter.hotline.tables import Call, Callback
from callcenter.reports import calls, requests
from callcenter.reports.requests import FORMULAS, Formula, Period
from callcenter.tickets.flows.finding.paging import cursor, int_of, parsed, time_of
from callcenter.tickets.tables import MemberUnit, Ticket

#: All that count, those that are as they should be, and the others.
Which = Literal["denominator", "numerator", "failing"]
#: Whether a call counts, and whether it is as it should be.
_CALLS: dict[int, tuple[ColumnElement[bool], ColumnElement[bool]]] = {
    1: (calls.ASKED, calls.ANSWERED),
    5: (calls.OWED, calls.CALLED_BACK),
    12: (calls.RATED, calls.LIKED),
}
LISTED = frozenset({*FORMULAS, *_CALLS})


class BehindRow(BaseModel):
    """A call or a request behind an indicator."""

    #: Number of the request; of a call, that of the ticket it belongs to.
    ticket: str | None
    call: int | None
    #: The moment that puts it into the period.
    at: str
    title: str | None
    kind: str | None
    #: A request's state, or a call's outcome.
    state: str
    #: The unit that has it, the first one, and the one that closed it.
    unit: str | None
    first_unit: str | None
    closing_unit: str | None
    agent: str | None
    caller: Phone | None
    opened_at: str
    due_at: str | None
    closed_at: str | None
    satisfaction: str | None
    rating: int | None
    #: Working days of handling; of indicator 7 only.
    days: float | None
    #: Whether it is as it should be, so that it stands in the numerator.
    good: bool
    #: Why it is so: a word that the page knows.
    why: str


class Behind(BaseModel):
    """One page of them, oldest first."""

    rows: list[BehindRow]
    #: Hand it back as `after` for the next page; null when this was the last.
    next: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list."""

    which: Which = "denominator"
    after: str | None = None
    limit: int = 100
    #: Whether it tells the titles of confidential requests.
    confidential: bool = True


async def behind(session: AsyncSession, number: int, period: Period, page: Page) -> dict[str, Any]:
    """Return the list behind the indicator `number`; see Behind. Raises `flows.paging.BadCursor`."""
    rows = await (_of_requests if number in FORMULAS else _of_calls)(session, number, period, page)
    some, more = rows[: page.limit], rows[page.limit :]
    last = some[-1] if more else None
    return {"rows": [row for _, row in some], "next": cursor(last[0]) if last else None}


def _after(page: Page, at: Any, id_: Any) -> ColumnElement[bool] | None:  # noqa: ANN401  # columns
    values = parsed(page.after)
    if values is None:
        return None
    last, moment = int_of(values, 0), time_of(values, 1)
    return and_(at >= moment, or_(at > moment, id_ > last))


async def _of_requests(
    session: AsyncSession, number: int, period: Period, page: Page
) -> Sequence[tuple[list[object], dict[str, Any]]]:
    formula = FORMULAS[number]
    first, closing = aliased(MemberUnit), aliased(MemberUnit)
    query = (
        select(Ticket, MemberUnit.name, first.name, closing.name, formula.good(period.now, period.workday))
        .outerjoin(MemberUnit, MemberUnit.id == Ticket.unit_id)
        .outerjoin(first, first.id == Ticket.first_unit_id)
        .outerjoin(closing, closing.id == Ticket.closing_unit_id)
        .where(Ticket.id.in_(_ids(formula, period, page)))
        .order_by(formula.at, Ticket.id)
    )
    found = []
    for ticket, unit, first_name, closing_name, good in await session.execute(query):
        at: datetime = getattr(ticket, formula.at.key)
        days = round((ticket.handled_seconds or 0) / period.workday, 2) if number == 7 else None  # noqa: PLR2004
        row = {
            "ticket": ticket.number,
            "call": None,
            "at": iso(at),
            "title": ticket.title if page.confidential or not ticket.confidential else None,
            "kind": ticket.kind,
            "state": ticket.state,
            "unit": unit,
            "first_unit": first_name,
            "closing_unit": closing_name,
            "agent": ticket.agent,
            "caller": None,
            "opened_at": iso(ticket.opened_at),
            "due_at": iso(ticket.due_at),
            "closed_at": iso(ticket.closed_at),
            "satisfaction": ticket.satisfaction,
            "rating": None,
            "days": days,
            "good": bool(good),
            "why": _why(formula, ticket, good=bool(good)),
        }
        found.append(([ticket.id, at.isoformat()], row))
    return found


def _ids(formula: Formula, period: Period, page: Page) -> Select[int]:
    """Return the ids of one page and one more, asked of the indicator's index alone (`ix_tickets_indicator_N`).

    The few that failed are found among all of a year; to look at each row of the table takes ten times as long.
    """
    query = select(Ticket.id).where(requests.condition(formula, period, page.which))
    if (further := _after(page, formula.at, Ticket.id)) is not None:
        query = query.where(further)
    return query.order_by(formula.at, Ticket.id).limit(page.limit + 1)


def _why(formula: Formula, ticket: Ticket, *, good: bool) -> str:
    """Return why a request is as it should be, or not."""
    match formula.number:
        case 2:
            return "in_time" if good else "closed_late" if ticket.closed_at else "open_late"
        case 3:
            return ticket.satisfaction or ""
        case 4:
            return "another_unit" if not good else "same_unit" if ticket.closing_unit_id else "not_closed_yet"
        case 6:
            return "follow_up_owed" if not good else "asked" if ticket.satisfaction else "not_reached"
        case _:
            return "within_limit" if good else "over_limit"


async def _of_calls(
    session: AsyncSession, number: int, period: Period, page: Page
) -> Sequence[tuple[list[object], dict[str, Any]]]:
    counts, good = _CALLS[number]
    query = calls.of_period(select(Call, Callback, good), period.begin, period.end).where(counts)
    if page.which != "denominator":
        query = query.where(good if page.which == "numerator" else not_(good))
    if (further := _after(page, Call.started_at, Call.id)) is not None:
        query = query.where(further)
    found = []
    query = query.order_by(Call.started_at, Call.id).limit(page.limit + 1)
    for call, callback, is_good in await session.execute(query):
        why = call.outcome
        if number == 5 and callback:  # noqa: PLR2004
            why = f"callback_{callback.state}"
        row = {
            "ticket": call.ticket,
            "call": call.id,
            "at": iso(call.started_at),
            "title": None,
            "kind": None,
            "state": call.outcome,
            "unit": None,
            "first_unit": None,
            "closing_unit": None,
            "agent": call.agent,
            "caller": call.caller,
            "opened_at": iso(call.started_at),
            "due_at": iso(callback.due_at) if callback else None,
            "closed_at": iso(callback.settled_at) if callback else None,
            "satisfaction": None,
            "rating": call.rating,
            "days": None,
            "good": bool(is_good),
            "why": why,
        }
        found.append(([call.id, call.started_at.isoformat()], row))
    return found
