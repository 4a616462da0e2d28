"""Tickets as the contract shows them: `callcenter tickets --json`, `/api/v1/tickets`. Newest first."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import LIMIT, ZONE, Row, iso, within
from callcenter.panel.sessions import Identity
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.access import visible
from callcenter.tickets.rules.words import state_word
from callcenter.tickets.tables import MemberUnit, Ticket

#: What citizens may ask about while nobody can look it up: so many of the newest requests, closed ones for so long.
KNOWN_REQUESTS = 20_000
KNOWN_AFTER_CLOSING = timedelta(days=30)


class TicketRow(BaseModel):
    """A request 工单."""

    number: str
    kind: str
    state: str
    caller: str
    unit: str | None
    opened_at: str
    due_at: str | None
    closed_at: str | None
    title: str
    description: str


async def tickets(
    session: AsyncSession,
    *,
    day: date | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    state: str | None = None,
    caller: str | None = None,
    limit: int = LIMIT,
    time_zone: str = ZONE,
    identity: Identity | None = None,
) -> list[Row]:
    """Return tickets opened on `day`, or from `since` until before `until`, with the other filters.

    Only those that `identity` may see; all of them for the command line, which gives none.
    """
    query: Any = (
        select(Ticket, MemberUnit.name)
        .outerjoin(MemberUnit, MemberUnit.id == Ticket.unit_id)
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(limit)
    )
    query = within(query, Ticket.opened_at, day, since, until, time_zone)
    if state is not None:
        query = query.where(Ticket.state == state)
    if caller is not None:
        query = query.where(Ticket.caller == caller)
    if identity is not None:
        query = query.where(visible(identity))
    return [_ticket(ticket, unit) for ticket, unit in await session.execute(query)]


async def states_by_caller(database: Database, now: datetime | None = None) -> dict[str, str]:
    """Return caller -> `open` or `closed`: how far the newest request of each is, as `state_for_caller` would say it.

    Of the newest requests only, so that it stays small: `KNOWN_REQUESTS`, closed ones for `KNOWN_AFTER_CLOSING`.
    """
    query = (
        select(Ticket.caller, Ticket.state)
        .where(
            Ticket.caller != "",
            Ticket.kind != "missed_call",
            or_(Ticket.closed_at.is_(None), Ticket.closed_at >= (now or clock.now()) - KNOWN_AFTER_CLOSING),
        )
        .order_by(Ticket.opened_at.desc())
        .limit(KNOWN_REQUESTS)
    )
    states: dict[str, str] = {}
    async with database.read() as session:
        for caller, state in await session.execute(query):
            states.setdefault(caller, state_word(state))
    return states


def _ticket(ticket: Ticket, unit: str | None) -> Row:
    return {
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "caller": ticket.caller,
        "unit": unit,
        "opened_at": iso(ticket.opened_at),
        "due_at": iso(ticket.due_at),
        "closed_at": iso(ticket.closed_at),
        "title": ticket.title,
        "description": ticket.description,
    }
