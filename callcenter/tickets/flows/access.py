"""Who may see which requests 工单: one rule, for every listing, page, file and suggestion.

The hotline's people (right `tickets.see_all`) see all of them, but a confidential one only whoever accepted it and who
has `tickets.see_confidential`. A member unit
sees those in which it has or had a part, and a confidential one only while it has it. Whoever asked anonymously is
hidden from units.
"""

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, and_, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Identity
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.tables import MemberUnit, Ticket, TicketUnit


def visible(identity: Identity) -> ColumnElement[bool]:
    """Return the condition on `Ticket` that `identity` may see it."""
    if identity.has("tickets.see_all"):
        return visible_part(identity)
    has_part = exists().where(TicketUnit.unit_id == _unit(identity), TicketUnit.ticket_id == Ticket.id)
    return and_(has_part, visible_part(identity))


def visible_part(identity: Identity) -> ColumnElement[bool]:
    """Return the same for tickets of which it is known that the identity's unit, if it is of one, has or had a part."""
    if identity.has("tickets.see_confidential"):
        return true()
    if identity.has("tickets.see_all"):
        return or_(Ticket.confidential.is_(False), Ticket.accepted_by == identity.login)
    return or_(Ticket.confidential.is_(False), _has_now(identity, Ticket.id))


def visible_ids(identity: Identity, ids: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition of `visible_part` on many ids: only the confidential tickets are read for it."""
    if identity.has("tickets.see_confidential"):
        return true()
    plain = ids.not_in(select(Ticket.id).where(Ticket.confidential))
    if identity.has("tickets.see_all"):
        return or_(plain, ids.in_(select(Ticket.id).where(Ticket.confidential, Ticket.accepted_by == identity.login)))
    return or_(plain, _has_now(identity, ids))


def _has_now(identity: Identity, ticket_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    parts = select(TicketUnit.id).where(
        TicketUnit.unit_id == _unit(identity), TicketUnit.ticket_id == ticket_id, TicketUnit.until.is_(None)
    )
    # OFFSET: so that PostgreSQL asks for the few confidential ones, and does not first collect all that the unit has.
    return parts.offset(0).exists()


def _unit(identity: Identity) -> ScalarSelect[int]:
    return select(MemberUnit.id).where(MemberUnit.code == (identity.unit or "")).scalar_subquery()


async def may_see(session: AsyncSession, identity: Identity, ticket_id: int) -> bool:
    """Whether `identity` may see the ticket with the id `ticket_id`."""
    return await session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, visible(identity))) is not None


def hides_caller(identity: Identity, ticket: Ticket) -> bool:
    """Whether `identity` is not to learn who asked."""
    return ticket.anonymous and not identity.has("tickets.see_all")


async def doer_of(session: AsyncSession, identity: Identity) -> Doer:
    """Return `identity` as one who makes moves."""
    unit = None
    if identity.role == "unit":
        unit = await session.scalar(select(MemberUnit.id).where(MemberUnit.code == (identity.unit or "")))
    return Doer(identity.login, identity.role, unit, identity.unit)
