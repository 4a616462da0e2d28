"""The linkage with the police 110联动: what a call's record says of it is noted in the history of the call's requests.

It comes from the call's record alone, as Asterisk wrote it, so that what stands there happened, whoever commanded it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallEnded
from callcenter.hotline.tables import Call
from callcenter.storage import bulk
from callcenter.tickets.rules.linkage import noted
from callcenter.tickets.tables import Ticket, TicketEntry

Parties = Sequence[Mapping[str, Any]]


async def note_ended_calls(session: AsyncSession, ended: Sequence[CallEnded]) -> None:
    """Note the linkage on tickets that were written while their calls went on; for the historian's transaction."""
    known = {event.linkedid for event in ended if event.linkedid}
    if not known:
        return
    found = await session.execute(select(Call.linkedid, Call.parties).where(bulk.among(session, Call.linkedid, known)))
    linked = {linkedid: parties for linkedid, parties in found.all() if parties and _concern_police(parties)}
    if not linked:
        return
    # Locked like any ticket that moves: an agent may be saving it at this moment.
    tickets = select(Ticket).where(bulk.among(session, Ticket.linkedid, linked.keys())).order_by(Ticket.id)
    for ticket in await session.scalars(tickets.with_for_update().execution_options(populate_existing=True)):
        await note(session, ticket, linked[ticket.linkedid or ""])


async def note_of_call(session: AsyncSession, ticket: Ticket) -> None:
    """Note the linkage on a ticket that was written after its call had ended."""
    if ticket.call_id is None:
        return
    over = select(Call.parties).where(Call.id == ticket.call_id, Call.ended_at.is_not(None))
    await note(session, ticket, await session.scalar(over) or ())


async def note(session: AsyncSession, ticket: Ticket, parties: Parties) -> None:
    """Note the linkage of a call that is over, when the police were called in it and it is not noted yet."""
    if not _concern_police(parties):
        return
    name = f"linkage-{ticket.linkedid}"[:64]
    there = select(TicketEntry.id).where(TicketEntry.ticket_id == ticket.id, TicketEntry.request_id == name)
    if await session.scalar(there):
        return
    ticket.version += 1
    words, at = noted(parties)
    session.add(
        TicketEntry(
            node=ticket.node,
            ticket_id=ticket.id,
            at=at,
            who="system",
            role="system",
            move="comment",
            from_state=ticket.state,
            to_state=ticket.state,
            version=ticket.version,
            words=words,
            changes={},
            request_id=name,
        )
    )
    await session.flush()


def _concern_police(parties: Collection[Mapping[str, Any]]) -> bool:
    return any(party.get("kind") == "police" for party in parties)
