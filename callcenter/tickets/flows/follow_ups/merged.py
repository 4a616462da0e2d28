"""Follow-ups 回访 of requests that were merged into another 并单: their citizens hear the main request's answer too.

`heard` runs inside the transaction of the move, after `visits.FollowUps.heard`, which has opened the main request's
own. What their citizen says stays with the merged request, and moves nothing; who is unhappy waits for a supervisor.
A request that is owed a visit has the time of the main one's reply, `replied_at`, as long as that answer holds, and
`followed_up_at` once the citizen has said a word of it or was given up: by these the indicators count it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.events import TicketMoved
from callcenter.tickets.flows.follow_ups.visits import FollowUps, end_link, open_of
from callcenter.tickets.flows.moving.merging import main_of, merged_into
from callcenter.tickets.rules import follow_ups as rules
from callcenter.tickets.rules.follow_ups import ANSWERED, OPEN, Merged
from callcenter.tickets.tables import FollowUp, Ticket, TicketEntry

_SUPERVISES = frozenset({"supervisor", "administrator"})
_CONTENT = frozenset({"satisfied", "fairly"})


@dataclass(frozen=True)
class MergedFollowUps:
    """What moves of tickets do to the follow-ups of those merged into them."""

    visits: FollowUps

    async def heard(self, session: AsyncSession, event: TicketMoved) -> None:
        """A ticket moved: open the follow-ups that are owed now, and close those that are owed no more."""
        ticket = await session.get_one(Ticket, event.ticket_id)
        if event.move in {"merge", "remerge", "unmerge"}:
            await self._has_another_main(session, ticket, event)
        elif event.move == "follow_up" and event.to_state == "merged":
            await self._said(session, ticket, event)
        else:
            match rules.tells_merged(event.move, event.from_state, event.to_state):
                case "owe":
                    await self._owe(session, ticket, event.at)
                case "withdraw":
                    await self._withdraw(session, ticket, event.at)

    async def _owe(self, session: AsyncSession, main: Ticket, at: datetime) -> None:
        """Open a follow-up for every citizen who waits for the answer of `main` and is not asked otherwise."""
        merged = await merged_into(session, main.id)
        if not merged:
            return
        newest = await _newest(session, [main.id, *(one.id for one in merged)])
        own = newest.get(main.id)
        since = own.opened_at if own else main.closed_at or at
        seen = [self._seen(one, newest.get(one.id), since) for one in merged]
        chosen = rules.to_visit(own.number if own else self.visits.telephone_of(main), seen)
        for one in merged:
            if one.id in chosen:
                session.add(self.visits.owed_for(one, at))
                one.replied_at, one.followed_up_at = main.replied_at or since, None
        await session.flush()

    def _seen(self, ticket: Ticket, last: FollowUp | None, since: datetime) -> Merged:
        """Return a merged request, with its `last` follow-up, as the rules see it; the answer holds `since` then."""
        number = last.number if last else self.visits.telephone_of(ticket)
        visited = last is not None and (last.state in OPEN or (last.state != "called_off" and last.opened_at >= since))
        return Merged(ticket.id, number, visited=visited, content=ticket.satisfaction in _CONTENT)

    async def _withdraw(self, session: AsyncSession, main: Ticket, at: datetime) -> None:
        """The answer of `main` holds no more: call off what was not asked yet; what a supervisor had to decide is."""
        merged = await merged_into(session, main.id)
        for one in merged:
            if one.satisfaction not in _CONTENT:  # nobody asks the others again: their word is the last
                one.replied_at = one.followed_up_at = None
        for owed in await _open(session, [one.id for one in merged]):
            if owed.needs_supervisor or owed.state in {"waiting", "retry"}:  # others are being talked to
                await _end(session, owed, at)

    async def _has_another_main(self, session: AsyncSession, ticket: Ticket, event: TicketMoved) -> None:
        entry = await session.get_one(TicketEntry, event.entry_id)
        before, after = entry.changes["merged_into_id"]
        main = await main_of(session, ticket) if after is not None else None
        answered = main is not None and main.state in ANSWERED
        if not answered and (owed := await open_of(session, ticket.id)):
            await _end(session, owed, event.at)
        if main is not None and answered:
            await self._owe(session, main, event.at)
        if before is not None:
            # Others with the same telephone may have been asked by its visit.
            former = await session.get_one(Ticket, before)
            if former.state in ANSWERED:
                await self._owe(session, former, event.at)

    async def _said(self, session: AsyncSession, ticket: Ticket, event: TicketMoved) -> None:
        """Keep what the citizen said with the follow-up; one is opened where nobody was to ask, for no word is lost."""
        owed = await open_of(session, ticket.id)
        unhappy = ticket.satisfaction == "unhappy" and event.role not in _SUPERVISES
        if owed is None:
            if not unhappy:
                return
            owed = self.visits.owed_for(ticket, event.at)
            session.add(owed)
        owed.satisfaction, owed.words = ticket.satisfaction, event.words or owed.words
        owed.said_to, owed.said_at = event.who, event.at
        owed.needs_supervisor = unhappy
        if unhappy:
            owed.state = "answered"
        else:
            owed.state, owed.closed_at = "done", event.at
        await session.flush()
        await end_link(session, owed, event.at)


async def _end(session: AsyncSession, owed: FollowUp, at: datetime) -> None:
    """Close a follow-up that is owed no more; one whose citizen has said their word is done."""
    owed.state, owed.closed_at = "done" if owed.satisfaction else "called_off", at
    owed.needs_supervisor = False
    await session.flush()
    await end_link(session, owed, at)


async def _open(session: AsyncSession, tickets: Sequence[int]) -> Sequence[FollowUp]:
    query = select(FollowUp).where(FollowUp.ticket_id.in_(tickets), FollowUp.state.in_(OPEN)).order_by(FollowUp.id)
    return (await session.scalars(query.with_for_update())).all() if tickets else ()


async def _newest(session: AsyncSession, tickets: Sequence[int]) -> dict[int, Any]:
    """Return the newest follow-up of each ticket that has one."""
    query = select(FollowUp).where(FollowUp.ticket_id.in_(tickets)).order_by(FollowUp.id)
    return {one.ticket_id: one for one in await session.scalars(query.execution_options(populate_existing=True))}
