"""Tickets as the contract shows them: `callcenter tickets --json`, `/api/v1/tickets`. Newest first."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import LIMIT, ZONE, Row, iso, within
from callcenter.hotline.masking import Phone
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.access import visible
from callcenter.tickets.tables import MemberUnit, Ticket


class TicketRow(BaseModel):
    """A request 工单."""

    number: str
    kind: str
    state: str
    caller: Phone
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
