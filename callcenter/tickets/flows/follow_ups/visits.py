"""Follow-up visits 回访: opened when a ticket's reply is approved, closed when the ticket goes on, tried in between.

`heard` runs inside the transaction of the ticket's move, so a ticket that waits for its follow-up has exactly one, and
one that has gone on has none, whatever dies. `tried` runs inside the historian's: what an attempt came to is Asterisk's
record to tell. What is exhausted only waits there for `give_up`, for no move of a ticket may hold the history up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import ErrandTried
from callcenter.hotline.rules.numbers import normalised
from callcenter.hotline.rules.retries import COUNTED
from callcenter.settings import Settings
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.rules import follow_ups as rules
from callcenter.tickets.rules.follow_ups import OPEN, UNDECIDED, Policy
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, FollowUpLink, Ticket

_log = structlog.get_logger()
#: An attempt and the record that bears its name began at most so far apart; else a database was put back, and the
#: record is of another life.
_SAME = timedelta(minutes=10)


class NoSuchFollowUp(LookupError):
    """No follow-up has this id, or whoever asks may not see its ticket."""


def policy_of(settings: Settings) -> Policy:
    """Return what the settings say of follow-ups, as the rules take it; the hours are those of callbacks."""
    return Policy(
        retries=tuple(timedelta(hours=hours) for hours in settings.follow_ups.retry_hours),
        earliest=settings.callbacks.retry_from,
        latest=settings.callbacks.retry_until,
        zone=ZoneInfo(settings.time_zone),
        link=timedelta(days=settings.follow_ups.link_days),
    )


@dataclass(frozen=True)
class FollowUps:
    """What moves of tickets, and calls, do to follow-ups."""

    node: str
    policy: Policy
    area_code: str = ""

    async def heard(self, session: AsyncSession, event: TicketMoved) -> None:
        """A ticket moved: open its follow-up, or close it."""
        match rules.tells(event.from_state, event.to_state):
            case "open":
                await self._open(session, event)
            case "close":
                await self._close(session, event)

    async def tried(self, session: AsyncSession, events: Sequence[ErrandTried]) -> None:
        """Attempts were answered, or are over; the same news twice change nothing."""
        for event in events:
            if event.kind == "follow-up":
                await self._tried(session, event)

    async def in_vain(self, session: AsyncSession, owed: FollowUp, result: str, at: datetime) -> None:
        """An attempt, stored already, brought no word of the citizen."""
        after = rules.in_vain(await as_owed(session, owed), result, at, self.policy)
        owed.state, owed.next_at, owed.assigned = after.state, after.next_at, None
        if after.state == "unreached":
            await _given_up(session, owed, at)

    def owed_for(self, ticket: Ticket, at: datetime) -> FollowUp:
        """Return a follow-up of `ticket` that is owed since `at`, to be stored."""
        return FollowUp(
            node=self.node,
            ticket_id=ticket.id,
            state="waiting",
            number=self.telephone_of(ticket),
            opened_at=at,
            next_at=rules.first_try(at, self.policy),
        )

    def telephone_of(self, ticket: Ticket) -> str:
        """Return where its citizen is called, in the one spelling; empty when that is not known."""
        return normalised(ticket.contact_phone or ticket.caller or "", self.area_code)

    async def _open(self, session: AsyncSession, event: TicketMoved) -> None:
        if await open_of(session, event.ticket_id) is not None:
            return
        session.add(self.owed_for(await session.get_one(Ticket, event.ticket_id), event.at))
        await session.flush()

    async def _close(self, session: AsyncSession, event: TicketMoved) -> None:
        owed = await open_of(session, event.ticket_id)
        if owed is None:
            return
        ticket = await session.get_one(Ticket, event.ticket_id)
        owed.state, owed.closed_at = rules.closed_by(event.move), event.at
        owed.needs_supervisor = False
        if event.move in {"follow_up", "redo"}:
            owed.satisfaction = "unhappy" if event.move == "redo" else ticket.satisfaction
            owed.words, owed.said_to, owed.said_at = event.words or owed.words, event.who, event.at
        await end_link(session, owed, event.at)
        await session.flush()

    async def _tried(self, session: AsyncSession, event: ErrandTried) -> None:
        of = select(FollowUpAttempt.follow_up_id).where(FollowUpAttempt.id == event.attempt_id)
        id_ = (await session.scalars(of)).first()
        # The follow-up first, as everybody does: so two of them never wait for each other.
        owed = await session.get(FollowUp, id_, with_for_update=True) if id_ else None
        attempt = await session.get(FollowUpAttempt, event.attempt_id, with_for_update=True)
        another_life = attempt is not None and (
            event.number not in {"", attempt.number} or abs(attempt.at - event.began_at) > _SAME
        )
        if owed is None or attempt is None or another_life:
            # What Asterisk did is in the calls; but there is nothing here that it was done for.
            _log.warning("attempt_without_follow_up", attempt=event.attempt_id, call=event.call_id)
            return
        news = attempt.result in UNDECIDED
        attempt.call_id, attempt.ended_at = event.call_id, event.ended_at or attempt.ended_at
        if not news:
            return
        attempt.result = event.result
        await session.flush()
        if owed.state not in {"dialling", "waiting", "retry"} or await _another_dials(session, owed.id, attempt.id):
            return
        after = rules.after_try(await as_owed(session, owed), event.result, event.at, self.policy)
        owed.state, owed.next_at = after.state, after.next_at
        owed.assigned = attempt.agent if after.state == "answered" else None
        if after.state == "unreached":
            await _given_up(session, owed, event.at)


async def open_of(session: AsyncSession, ticket_id: int) -> FollowUp | None:
    """Return the open follow-up of a ticket; nobody else changes it until the commit."""
    query = select(FollowUp).where(FollowUp.ticket_id == ticket_id, FollowUp.state.in_(OPEN)).with_for_update()
    return (await session.scalars(query)).first()


async def end_link(session: AsyncSession, owed: FollowUp, at: datetime) -> None:
    """Let the link that the citizen was sent open nothing from now on."""
    its = FollowUpLink.follow_up_id == owed.id, FollowUpLink.used_at.is_(None)
    await session.execute(update(FollowUpLink).where(*its).values(used_at=at))


async def _given_up(session: AsyncSession, owed: FollowUp, at: datetime) -> None:
    owed.closed_at = at
    # No move follows where the request was merged into another.
    its = Ticket.id == owed.ticket_id, Ticket.state == "merged"
    await session.execute(update(Ticket).where(*its).values(followed_up_at=at))


async def as_owed(session: AsyncSession, owed: FollowUp) -> rules.FollowUp:
    """Return a stored follow-up as the rules see it."""
    tried = select(func.count()).where(
        FollowUpAttempt.follow_up_id == owed.id, FollowUpAttempt.result.in_(sorted(COUNTED))
    )
    return rules.FollowUp(rules.as_state(owed.state), owed.next_at, (await session.scalars(tried)).one())


async def _another_dials(session: AsyncSession, follow_up: int, attempt: int) -> bool:
    query = select(FollowUpAttempt.id).where(
        FollowUpAttempt.follow_up_id == follow_up, FollowUpAttempt.result == "dialling", FollowUpAttempt.id != attempt
    )
    return (await session.scalars(query.limit(1))).first() is not None
