"""Requests that were merged into another 并单: which they are, and who follows when their main request 主单 is merged.

A main request that is merged itself takes those merged into it along, so that all lead to the one that is worked on;
undoing that merge takes them back. Older histories may have longer chains, and they are followed to their end.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.tables import Ticket, TicketEntry

#: Moves after which something happens to those merged into the ticket, or to those merged into its main request.
CONCERN_THE_MERGED = frozenset({"approve_reply", "from_city", "answer", "redo", "reopen", "merge", "unmerge"})


async def kin(session: AsyncSession, number: str) -> Collection[int]:
    """Return the ids that a move of ticket `number` may concern: its main request, and all merged into either."""
    query = select(Ticket.id, Ticket.merged_into_id).where(Ticket.number == number)
    heads = {id_ for row in await session.execute(query) for id_ in row if id_ is not None}
    merged = select(Ticket.id).where(Ticket.merged_into_id.in_(heads))
    return {*heads, *await session.scalars(merged)} if heads else ()


async def merged_into(session: AsyncSession, main: int) -> list[Ticket]:
    """Return all that were merged into the ticket with the id `main`, by any number of steps, oldest first.

    They are locked until the transaction ends: whether they are merged does not change before.
    """
    found: dict[int, Ticket] = {}
    heads = {main}
    while heads:
        query = select(Ticket).where(Ticket.merged_into_id.in_(heads)).order_by(Ticket.id)
        locked = query.with_for_update().execution_options(populate_existing=True)
        fresh = {one.id: one for one in await session.scalars(locked) if one.id not in found}
        found |= fresh
        heads = set(fresh)
    return [found[id_] for id_ in sorted(found)]


async def main_of(session: AsyncSession, ticket: Ticket) -> Ticket | None:
    """Return the request that is worked on in place of `ticket`; None when it is not merged."""
    at, seen = ticket, {ticket.id}
    while at.merged_into_id is not None and at.merged_into_id not in seen:
        at = await session.get_one(Ticket, at.merged_into_id)
        seen.add(at.id)
    return None if at is ticket else at


async def mains_of(session: AsyncSession, heads: Collection[int]) -> dict[int, int]:
    """Return, for each id in `heads`, the id of what is worked on in its place: itself unless it was merged."""
    known: dict[int, int | None] = {}
    fresh = set(heads)
    while fresh:
        query = select(Ticket.id, Ticket.merged_into_id).where(Ticket.id.in_(fresh))
        known |= {row.id: row.merged_into_id for row in await session.execute(query)}
        fresh = {into for into in known.values() if into is not None} - known.keys()
    found = {}
    for head in heads:
        at, seen = head, {head}
        while (into := known.get(at)) is not None and into not in seen:
            at = into
            seen.add(at)
        found[head] = at
    return found


async def state_told(session: AsyncSession, state: str, merged_into_id: int | None) -> str | None:
    """Return the state of the request that is worked on in place of one in `state`; None when that is not merged.

    All that a citizen may be told of a main request: its text, number, days and people are others'.
    """
    if state != "merged":
        return None
    if merged_into_id is None:
        return state
    main = (await mains_of(session, [merged_into_id]))[merged_into_id]
    return await session.scalar(select(Ticket.state).where(Ticket.id == main))


async def followers(session: AsyncSession, ticket: Ticket, move: str, before: int | None) -> Sequence[Ticket]:
    """Return who follows a ticket that was merged, or whose merge into the one with the id `before` was undone."""
    if move == "merge":
        query = select(Ticket).where(Ticket.merged_into_id == ticket.id)
    elif move == "unmerge" and before is not None:
        came = select(TicketEntry.ticket_id, TicketEntry.move, TicketEntry.changes).where(
            TicketEntry.ticket_id.in_(select(Ticket.id).where(Ticket.merged_into_id == before)),
            TicketEntry.move.in_(("merge", "remerge")),
        )
        along: set[int] = set()
        for id_, step, changes in await session.execute(came.order_by(TicketEntry.id)):
            if step == "merge":
                along.discard(id_)  # somebody merged it anew, by itself
            elif changes.get("merged_into_id", [None])[0] == ticket.id:
                along.add(id_)
        query = select(Ticket).where(Ticket.id.in_(along))
    else:
        return ()
    return (await session.scalars(query.order_by(Ticket.id).with_for_update())).all()
