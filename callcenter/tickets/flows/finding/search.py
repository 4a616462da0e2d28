"""Tickets found by words and filters, newest first, a page at a time: fast on a million of them, on both databases.

Words go to the full-text index, which knows the filters too, as marks, and gives the newest first. Without words an
index that ends in the list's order is walked, or, where a filter leaves few, those few are sorted. SQLite keeps no
statistics that could tell it which: so the few are counted here, and the other columns kept out of its choice.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from callcenter.panel.sessions import Identity
from callcenter.storage.segmenting import Term, terms, warmed
from callcenter.tickets.flows.access import visible_part
from callcenter.tickets.flows.finding.filters import OPEN_STATES, Condition, Filters, conditions
from callcenter.tickets.flows.finding.in_postgresql import in_postgresql
from callcenter.tickets.flows.finding.paging import by_age, by_due, by_id, parsed
from callcenter.tickets.flows.finding.question import (
    MOST_COUNTED,
    RANKED,
    SURELY_MORE,
    Page,
    Wanted,
    best,
    count,
    is_marked,
    paged,
    with_words,
)
from callcenter.tickets.flows.finding.search_index import TICKETS, mark
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.numbers import is_number, said
from callcenter.tickets.tables import MemberUnit, Ticket, TicketUnit

Sort = Literal["newest", "due", "relevance"]
#: Columns whose index SQLite may walk in the list's order: first those that usually leave the fewest.
_WALKED = ("place_id", "category_id", "unit_id", "urgency", "source", "agent", "kind")
#: What a missed call has none of.
_OF_REQUESTS = ("unit_id", "category_id", "place_id", "part")


async def search(
    session: AsyncSession,
    filters: Filters,
    asker: Identity,
    *,
    countdown: Countdown,
    zone: ZoneInfo,
    sort: Sort = "newest",
    after: str | None = None,
    limit: int = 50,
    counted: bool = True,
) -> Page:
    """Return a page of the tickets that meet `filters` and that `asker` may see.

    Raises filters.Unknown for a name that is not there, BadCursor for `after` that no page gave.
    """
    found = await conditions(session, filters, asker, countdown=countdown, zone=zone)
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not asker.has("tickets.see_all"):
        found.append(await _part(session, asker))
    if sort == "due" and not any(one.name in ("state", "due") for one in found):
        found.append(Condition("state", OPEN_STATES, Ticket.state.in_(OPEN_STATES)))
    always = [visible_part(asker)]  # a unit's part is a condition of its own
    wanted = Wanted(found, always, None, sqlite, asker, parsed(after), limit, counted)
    question = (filters.q or "").strip()
    if is_number(said(question)):
        always.append(Ticket.number == said(question))
    elif question:
        await warmed()
        if not (asked := terms(question)):
            return Page([], None, 0)
        wanted = _indexed(session, wanted, asked, asker)
    elif sqlite and sort == "newest" and _marks_suffice(found):
        wanted = _indexed(session, wanted, [], asker)
    if wanted.words is not None and not sqlite and sort != "due":
        return await in_postgresql(session, wanted, wanted.words, ranked=sort == "relevance")
    query = with_words(wanted) if wanted.words is not None else _without(wanted, await _driver(session, wanted))
    if wanted.words is not None and sort == "relevance":
        newest = query.add_columns(wanted.words.rank.label("rank")).order_by(wanted.words.id.desc()).limit(RANKED)
        return best(list(await session.execute(newest)), wanted)
    return await _in_order(session, wanted, query, sort)


async def _in_order(session: AsyncSession, wanted: Wanted, query: Select[Any], sort: Sort) -> Page:
    total = await _total(session, wanted, query) if wanted.counted else 0
    if sort == "due":
        rows = await by_due(session, query, wanted.at, wanted.limit)
    elif wanted.words is not None:
        rows = await by_id(session, query, wanted.words.id, wanted.at, wanted.limit)
    else:
        rows = await by_age(session, query, wanted.at, wanted.limit)
    return paged(rows, wanted.limit, total)


async def _total(session: AsyncSession, wanted: Wanted, query: Select[Any]) -> int:
    if [one.name for one in wanted.found] == ["part"] and wanted.words is None:
        # All that a unit ever had: told without looking at each ticket.
        ever = select(TicketUnit.ticket_id).where(TicketUnit.unit_id == (wanted.found[0].values or (0,))[0])
        if await count(session, ever.distinct(), SURELY_MORE) > SURELY_MORE:
            return MOST_COUNTED + 1
    return await count(session, query)


def _indexed(session: AsyncSession, wanted: Wanted, asked: Sequence[Term], asker: Identity) -> Wanted:
    """Return the question as one to the full-text index."""
    marks = _marks(wanted.found, asker)
    return replace(wanted, words=TICKETS.find(session, asked, marks=marks, ranked=bool(asked)))


def _marks(found: list[Condition], asker: Identity) -> list[list[str]]:
    known = [one for one in found if one.values and (is_marked(one) or one.name == "opened_at")]
    marks = [[mark(one.name, value) for value in one.values or ()] for one in known]
    for one in found:
        # Narrows what the conditions on the ticket itself are tried on.
        if one.name == "due":
            marks.append([mark("state", state) for state in OPEN_STATES])
        elif one.name == "mine":
            whose = [("accepted_by", asker.login), ("agent", asker.agent)]
            marks.append([mark(name, value) for name, value in whose if value])
    return marks


def _marks_suffice(found: list[Condition]) -> bool:
    """Whether the full-text index, which knows of no missed calls, answers by its marks alone.

    It does so where several filters must meet that leave many each: to walk one's index and try the other on each row
    takes long when they rarely meet.
    """
    marked = [one for one in found if is_marked(one) and one.values]
    requests_only = any(
        one.name in _OF_REQUESTS or (one.name == "kind" and "missed_call" not in (one.values or ())) for one in marked
    )
    return requests_only and (len(marked) > 1 or any(one.name == "part" for one in marked))


async def _part(session: AsyncSession, asker: Identity) -> Condition:
    unit = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == (asker.unit or "")))
    ever = select(TicketUnit.ticket_id).where(TicketUnit.unit_id == unit)
    return Condition("part", (unit or 0,), Ticket.id.in_(ever))


# What to walk


async def _driver(session: AsyncSession, wanted: Wanted) -> Condition | None:
    """Return the condition whose index SQLite is to use: one that leaves few, or else one that is in order anyway."""
    if not wanted.sqlite:
        return None
    in_order: list[Condition] = []
    for one in wanted.found:
        if one.name in ("due", "caller"):
            return one
    for one in wanted.found:
        if one.name in (*_WALKED, "part", "mine", "state", "pending"):
            if await _few(session, one):
                return one
            if one.name in _WALKED and one.values is not None and len(one.values) == 1:
                in_order.append(one)
    return min(in_order, key=lambda one: _WALKED.index(one.name), default=None)


async def _few(session: AsyncSession, condition: Condition) -> bool:
    where = Ticket.state == "handling" if condition.name == "pending" else condition.where
    some: Select[Any] = select(Ticket.id).where(where)
    if condition.name == "part" and condition.values:
        some = select(TicketUnit.ticket_id).where(TicketUnit.unit_id == condition.values[0])
    return await count(session, some) <= MOST_COUNTED


def _without(wanted: Wanted, driver: Condition | None) -> Select[Any]:
    query = select(Ticket.id).where(*wanted.always)
    for one in wanted.found:
        if not wanted.sqlite or one is driver or one.name in ("opened_at", "due", "mine"):
            where = one.where
            if one.name == "pending" and wanted.sqlite:
                where = and_(Ticket.state == "handling", where)
        elif one.name == "part":
            where = (
                select(literal(1))
                .where(TicketUnit.ticket_id == Ticket.id, TicketUnit.unit_id == (one.values or (0,))[0])
                .exists()
            )
        else:
            where = _aside(one)
        query = query.where(where)
    return query


def _aside(condition: Condition) -> ColumnElement[bool]:
    """Return the condition with its column kept out of SQLite's choice of an index, by a plus before it."""
    if condition.name == "pending" or condition.values is None:
        return condition.where
    column = getattr(Ticket, condition.name)
    return UnaryExpression(column, operator=operators.custom_op("+"), type_=column.type).in_(condition.values)
