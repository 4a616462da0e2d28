"""Tickets as lists show them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import Row, iso
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.access import hides_caller
from callcenter.tickets.flows.time.remaining import left_of, shown
from callcenter.tickets.listings import TicketRow
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.shapes import TimeLeft
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket

#: Characters of a description that a list shows.
EXCERPT = 300
_CHUNK = 500


class Named(BaseModel):
    """What a ticket refers to."""

    code: str
    name: str


class FoundRow(TicketRow):
    """A request 工单 in a list; the description is cut after 300 characters."""

    #: Null without a deadline, on a closed one, and when the calendar does not know the year.
    left: TimeLeft | None
    version: int
    source: str
    urgency: str
    confidential: bool
    category: Named | None
    place: Named | None
    unit_code: str | None
    accepted_by: str | None
    agent: str | None
    dispatched_at: str | None
    satisfaction: str | None
    pending: str | None
    pending_days: int | None
    supervised: bool
    reminded: int
    redone: int


class FoundPage(BaseModel):
    """A page of a list."""

    rows: list[FoundRow]
    #: What to send as `after` for the next page; null at the end.
    next: str | None
    #: How many there are, counted with the first page only, and no further than 10,000.
    total: int | None
    #: Whether there are more than `total`.
    more: bool


async def rows_of(session: AsyncSession, ids: Sequence[int], asker: Identity, countdown: Countdown) -> list[Row]:
    """Return the tickets with `ids`, in their order, as `asker` may see them."""
    tickets = await tickets_of(session, ids)
    names = await names_of(session, tickets)
    left = await left_of(session, tickets, countdown)
    return [_row(ticket, names, asker) | {"left": shown(left.get(ticket.id), countdown)} for ticket in tickets]


async def tickets_of(session: AsyncSession, ids: Sequence[int]) -> list[Ticket]:
    """Return the tickets with `ids`, in their order."""
    found: dict[int, Ticket] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(Ticket).where(Ticket.id.in_(ids[start : start + _CHUNK]))
        found |= {ticket.id: ticket for ticket in await session.scalars(query)}
    return [found[id_] for id_ in ids if id_ in found]


#: Name of the column -> id -> (code, name).
Names = dict[str, dict[int, tuple[str, str]]]


async def names_of(session: AsyncSession, tickets: Sequence[Ticket]) -> Names:
    """Return the codes and names of what `tickets` refer to."""
    tables: tuple[tuple[str, Any], ...] = (("unit_id", MemberUnit), ("category_id", Category), ("place_id", Place))
    names: Names = {}
    for column, table in tables:
        wanted = sorted({id_ for ticket in tickets if (id_ := getattr(ticket, column)) is not None})
        names[column] = {}
        for start in range(0, len(wanted), _CHUNK):
            some = wanted[start : start + _CHUNK]
            query = select(table.id, table.code, table.name).where(table.id.in_(some))
            names[column] |= {id_: (code, name) for id_, code, name in await session.execute(query)}
    return names


def _row(ticket: Ticket, names: Names, asker: Identity) -> Row:
    unit = names["unit_id"].get(ticket.unit_id or 0, (None, None))
    same = ("number", "kind", "state", "title", "version", "source", "urgency", "confidential", "accepted_by", "agent")
    more = ("satisfaction", "pending", "pending_days", "supervised", "reminded", "redone")
    return {
        **{name: getattr(ticket, name) for name in (*same, *more)},
        "caller": "" if hides_caller(asker, ticket) else ticket.caller,
        "description": ticket.description[:EXCERPT],
        "unit": unit[1],
        "unit_code": unit[0],
        "category": _named(names["category_id"].get(ticket.category_id or 0)),
        "place": _named(names["place_id"].get(ticket.place_id or 0)),
        "opened_at": iso(ticket.opened_at),
        "due_at": iso(ticket.due_at),
        "dispatched_at": iso(ticket.dispatched_at),
        "closed_at": iso(ticket.closed_at),
    }


def _named(found: tuple[str, str] | None) -> Row | None:
    return None if found is None else {"code": found[0], "name": found[1]}
