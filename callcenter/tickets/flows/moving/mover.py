"""The one mover of requests 工单: whatever happens to a ticket that is there goes through here, in one transaction.

Two people who move one ticket at once wait for each other at its row; the second finds another version and is told.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.settings import Settings
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.flows.moving import calls, linkage, merging
from callcenter.tickets.flows.moving.facts import Order, facts_of, given_of, number_of
from callcenter.tickets.flows.time.clockwork import Clockwork
from callcenter.tickets.rules import lifecycle
from callcenter.tickets.rules.attachments import MOST_OF_TICKET
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.decisions import AMENDABLE, SYSTEM, Decision, Doer, Given, Limits
from callcenter.tickets.rules.refusals import N_, faulty
from callcenter.tickets.tables import Attachment, Ticket, TicketEntry, TicketNotice, TicketUnit

#: Hears of a move in the move's own transaction.
Subscriber = Callable[[AsyncSession, TicketMoved], Awaitable[None]]
#: Whether the doer may see the ticket with this id; asked after it is locked.
Sees = Callable[[AsyncSession, int], Awaitable[bool]]

#: Columns whose earlier values stay readable in the history; the others follow from its entries.
RECORDED = (
    *AMENDABLE,
    "answer",
    "urgency",
    "confidential",
    "unit_id",
    "satisfaction",
    "accepted_by",
    "pending_days",
    "merged_into_id",
    "due_at",
)
_NOTICE_WORDS = 500


class NoSuchTicket(LookupError):
    """There is no ticket of this number, or whoever asks may not see it."""


class MovedMeanwhile(Exception):
    """The ticket is not as whoever asks saw it: nothing was done."""

    def __init__(self, number: str, version: int) -> None:
        super().__init__(f"ticket {number} is at version {version} now")
        self.number = number
        self.version = version


@dataclass(frozen=True, slots=True)
class Step:
    """A move that is being made: with which ticket, by whom, as asked for how."""

    ticket: Ticket
    move: str
    doer: Doer
    order: Order
    now: datetime


class Mover:
    """Moves tickets; `subscribers` hear of each move inside its transaction, in order.

    `calendar` returns the one that is in force.
    """

    def __init__(
        self, settings: Settings, calendar: Callable[[], WorkCalendar], subscribers: Sequence[Subscriber] = ()
    ) -> None:
        tickets = settings.tickets
        self.calendar = calendar
        self.warn_hours = tickets.remind_before_hours
        self.subscribers = list(subscribers)
        self.limits = Limits(tickets.most_redos, tickets.most_extensions, tickets.most_extension_days)
        self.terms = tickets.terms.model_dump()
        self.node = settings.node

    async def move(
        self,
        session: AsyncSession,
        number: str,
        move: str,
        doer: Doer,
        order: Order,
        *,
        now: datetime,
        sees: Sees | None = None,
    ) -> TicketMoved | None:
        """Make `move` with ticket `number` in the transaction of `session`; None when this very order was done before.

        Raises NoSuchTicket, MovedMeanwhile for a version that is not the ticket's any more, and
        `rules.refusals.Refused` with the reason for what is not possible. Nothing has been changed then.
        """
        kin = await merging.kin(session, number) if move in merging.CONCERN_THE_MERGED else ()
        ticket, main = await self._locked(session, number, number_of(order.main), kin)
        if ticket is None or (sees is not None and not await sees(session, ticket.id)):
            raise NoSuchTicket(number)
        if order.request_id and (done := await _done(session, ticket, order.request_id)):
            if done != move:
                raise faulty(request_id=N_("was the name of another step"))
            return None
        if order.version is not None and order.version != ticket.version:
            raise MovedMeanwhile(ticket.number, ticket.version)
        if main is not None and sees is not None and not await sees(session, main.id):
            main = None
        facts = await facts_of(session, ticket, with_reply=move == "approve_reply")
        given = await given_of(session, order, main)
        decision = lifecycle.decide(facts, move, doer, given, limits=self.limits, now=now)
        await check_files(session, order.attachments, doer)
        before = ticket.merged_into_id
        event = await self.carry_out(session, Step(ticket, move, doer, order, now), decision)
        for follower in await merging.followers(session, ticket, move, before):
            await self._take_along(session, follower, main or ticket, now)
        return event

    async def carry_out(self, session: AsyncSession, step: Step, decision: Decision) -> TicketMoved:
        """Write what was decided: clocks, the ticket, its units, the entry, files, notices; and tell subscribers."""
        ticket, doer, now = step.ticket, step.doer, step.now
        if await calls.link(session, ticket):
            await linkage.note_of_call(session, ticket)
        await Clockwork(session, ticket, now, self.calendar(), self.terms).apply(decision)
        entry = TicketEntry(
            node=self.node,
            ticket_id=ticket.id,
            at=now,
            who=doer.who,
            role=doer.role,
            unit_id=doer.unit_id,
            move=step.move,
            from_state=ticket.state,
            to_state=decision.to,
            version=ticket.version + 1,
            words=(step.order.words or "").strip() or None,
            changes=_recorded(ticket, decision.changes),
            request_id=step.order.request_id,
        )
        for name, value in decision.changes.items():
            setattr(ticket, name, value)
        ticket.state = decision.to
        ticket.version += 1
        session.add(entry)
        await session.flush()
        await _give_parts(session, ticket, decision, now)
        await attach(session, step.order.attachments, ticket.id, entry.id)
        _notify(session, entry, decision)
        return await self.tell(session, ticket, entry)

    async def tell(self, session: AsyncSession, ticket: Ticket, entry: TicketEntry) -> TicketMoved:
        """Tell the subscribers of an entry that was written."""
        await session.flush()
        event = TicketMoved(
            at=entry.at,
            ticket_id=ticket.id,
            number=ticket.number,
            entry_id=entry.id,
            move=entry.move,
            from_state=entry.from_state,
            to_state=entry.to_state,
            who=entry.who,
            role=entry.role,
            unit_id=ticket.unit_id,
            words=entry.words,
        )
        for subscriber in self.subscribers:
            await subscriber(session, event)
        return event

    async def _take_along(self, session: AsyncSession, follower: Ticket, main: Ticket, now: datetime) -> None:
        """Let what was merged into a ticket be merged into `main` from now on, as its own history tells."""
        given = Given(main=await facts_of(session, main))
        facts = await facts_of(session, follower)
        decision = lifecycle.decide(facts, "remerge", SYSTEM, given, limits=self.limits, now=now)
        await self.carry_out(session, Step(follower, "remerge", SYSTEM, Order(), now), decision)

    @staticmethod
    async def _locked(
        session: AsyncSession, number: str, main: str | None, kin: Collection[int] = ()
    ) -> tuple[Ticket | None, Ticket | None]:
        """Return the tickets, locked with their `kin` until the transaction ends; in one order: none waits for ever."""
        wanted = Ticket.number.in_({number, main} - {None})
        query = select(Ticket).where(or_(wanted, Ticket.id.in_(kin)) if kin else wanted).order_by(Ticket.id)
        locked = query.with_for_update().execution_options(populate_existing=True)
        found = {ticket.number: ticket for ticket in await session.scalars(locked)}
        return found.get(number), found.get(main or "")


async def check_files(session: AsyncSession, ids: Sequence[int], doer: Doer) -> None:
    """Raise Refused when one of the files is not the sender's own, or belongs to a step already."""
    if not ids:
        return
    mine = (Attachment.id.in_(ids), Attachment.ticket_id.is_(None), Attachment.by == doer.who)
    if len((await session.scalars(select(Attachment.id).where(*mine).with_for_update())).all()) != len(set(ids)):
        raise faulty(attachments=N_("names a file that is not there, not yours, or sent already"))


async def attach(session: AsyncSession, ids: Sequence[int], ticket_id: int, entry_id: int) -> None:
    """Link files to a step. Raises Refused when the ticket would have too many."""
    if ids:
        has = await session.scalar(select(func.count(Attachment.id)).where(Attachment.ticket_id == ticket_id)) or 0
        if has + len(ids) > MOST_OF_TICKET:
            raise faulty(attachments=N_("A request may have 20 files at most."))
        await session.execute(
            update(Attachment).where(Attachment.id.in_(ids)).values(ticket_id=ticket_id, entry_id=entry_id)
        )


async def _done(session: AsyncSession, ticket: Ticket, request_id: str) -> str | None:
    found: str | None = await session.scalar(
        select(TicketEntry.move).where(TicketEntry.ticket_id == ticket.id, TicketEntry.request_id == request_id)
    )
    return found


def _recorded(ticket: Ticket, changes: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the changes that people may want to read one day, as [before, after]."""
    before = {name: getattr(ticket, name) for name in RECORDED if name in changes}
    return {name: [_plain(old), _plain(changes[name])] for name, old in before.items() if old != changes[name]}


def _plain(value: Any) -> Any:  # noqa: ANN401  # a column's value, as JSON
    return value.isoformat() if isinstance(value, datetime) else value


async def _give_parts(session: AsyncSession, ticket: Ticket, decision: Decision, now: datetime) -> None:
    for order in decision.parts:
        if order.deed == "give":
            session.add(TicketUnit(ticket_id=ticket.id, unit_id=order.unit_id, part=order.part, since=now))
            continue
        column = {"end": "until", "sign": "signed_at", "reply": "replied_at"}[order.deed]
        await session.execute(
            update(TicketUnit)
            .where(
                TicketUnit.ticket_id == ticket.id,
                TicketUnit.unit_id == order.unit_id,
                TicketUnit.part == order.part,
                TicketUnit.until.is_(None),
            )
            .values({column: now})
        )


def _notify(session: AsyncSession, entry: TicketEntry, decision: Decision) -> None:
    for notice in decision.notices:
        session.add(
            TicketNotice(
                ticket_id=entry.ticket_id,
                kind=entry.move,
                audience=notice.audience,
                unit_id=notice.unit_id,
                who=notice.who,
                words=entry.words[:_NOTICE_WORDS] if entry.words else None,
                made_at=entry.at,
            )
        )
