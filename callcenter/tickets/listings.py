"""Tickets as the contract shows them: `callcenter tickets --json`, `/api/v1/tickets`. Newest first."""

from datetime import date, datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import LIMIT, ZONE, Row, iso, within
from callcenter.tickets.tables import Ticket


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
) -> list[Row]:
    """Return tickets opened on `day`, or from `since` until before `until`, with the other filters."""
    query = select(Ticket).order_by(Ticket.opened_at.desc(), Ticket.id.desc()).limit(limit)
    query = within(query, Ticket.opened_at, day, since, until, time_zone)
    if state is not None:
        query = query.where(Ticket.state == state)
    if caller is not None:
        query = query.where(Ticket.caller == caller)
    return [_ticket(ticket) for ticket in await session.scalars(query)]


def _ticket(ticket: Ticket) -> Row:
    return {
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "caller": ticket.caller,
        "unit": ticket.unit,
        "opened_at": iso(ticket.opened_at),
        "due_at": iso(ticket.due_at),
        "closed_at": iso(ticket.closed_at),
        "title": ticket.title,
        "description": ticket.description,
    }
