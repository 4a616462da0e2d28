"""The call that a request 工单 came from: its row is there once the historian has stored it."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallEnded
from callcenter.hotline.tables import Call
from callcenter.storage import bulk
from callcenter.tickets.tables import Ticket


async def link(session: AsyncSession, ticket: Ticket) -> bool:
    """Link `ticket` to the row of its call, when it names one that is there and no row yet; and the call to it.

    A call that the historian is writing just now is left alone: it holds the call and may want the ticket, we hold the
    ticket. The next step, or the end of the call, links it; until then the call is found by its name. Returns whether
    it was linked just now.
    """
    if ticket.call_id is not None or not ticket.linkedid:
        return False
    found = await session.execute(
        select(Call.id, Call.answered_at, Call.started_at, Call.agent)
        .where(Call.linkedid == ticket.linkedid)
        .order_by(Call.id.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    call = found.first()
    if call is not None:
        ticket.call_id = call.id
        ticket.work_started_at = call.answered_at or call.started_at
        ticket.agent = ticket.agent or call.agent
        await session.execute(
            update(Call).where(Call.id == call.id, Call.ticket.is_(None)).values(ticket=ticket.number)
        )
    return call is not None


async def link_ended_calls(session: AsyncSession, ended: Sequence[CallEnded]) -> None:
    """Link the tickets that were written while their calls went on; for the historian's transaction."""
    known = {event.linkedid for event in ended if event.linkedid}
    if not known:
        return
    waiting = select(Ticket).where(bulk.among(session, Ticket.linkedid, known), Ticket.call_id.is_(None))
    for ticket in await session.scalars(waiting):
        await link(session, ticket)
