"""Follow-up visits 回访 as the dialler's errand: on disk before Asterisk is asked, given back when it never was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from callcenter.hotline.flows.dialling import errands
from callcenter.hotline.flows.dialling.errands import UnderWay
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.dialling import Dial, Pending
from callcenter.hotline.rules.numbers import held
from callcenter.hotline.rules.records import ErrandKind
from callcenter.tickets.flows.follow_ups.visits import NoSuchFollowUp, as_owed
from callcenter.tickets.rules import follow_ups as rules
from callcenter.tickets.rules.follow_ups import DIALLABLE, OPEN, Policy
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, Ticket

_KIND: Final[ErrandKind] = "follow-up"
#: Follow-ups that are looked at for one that may be dialled.
_SOME = 50
#: Attempts that are looked at for one that never began; there is no index but the id.
_RECENT = 2000


@dataclass(frozen=True)
class FollowUpErrand:
    """What the dialler needs of follow-ups (`hotline.flows.errands.Errand`)."""

    node: str
    policy: Policy
    mode: str
    kind: Final[ErrandKind] = _KIND

    async def find(self, session: AsyncSession, errand: int) -> Pending:
        """Return one that may be dialled, at whatever hour: an agent has asked for it."""
        row = await session.get(FollowUp, errand)
        if row is None:
            raise NoSuchFollowUp(errand)
        if row.state == "dialling":
            raise Refused(N_("the follow-up is being dialled already"))
        if row.state not in OPEN:
            raise Refused(N_("the follow-up is over already"))
        if not row.number:
            raise Refused(N_("no number is known at which the citizen can be reached"))
        if held(row.number):
            raise Refused(N_("%(number)s is no number that can be dialled"), number=row.number)
        return _as_pending(row)

    async def pending(
        self, session: AsyncSession, now: datetime, agents: Collection[str], busy: Collection[str]
    ) -> Sequence[Pending]:
        """Return what may be dialled now, the longest owed first; nobody is disturbed at night."""
        if rules.first_try(now, self.policy) != now:
            return []
        main = aliased(Ticket)
        query = (
            select(FollowUp)
            .join(Ticket, Ticket.id == FollowUp.ticket_id)
            .outerjoin(main, main.id == Ticket.merged_into_id)
            .where(
                # Who may see a confidential one, or the confidential one whose answer is told, starts it by themselves.
                Ticket.confidential.is_(False),
                or_(main.id.is_(None), main.confidential.is_(False)),
                FollowUp.state.in_(("waiting", "retry")),
                FollowUp.next_at <= now,
                FollowUp.number != "",
                or_(FollowUp.assigned.is_(None), FollowUp.assigned.in_(sorted(agents))),
            )
            .order_by(FollowUp.opened_at, FollowUp.id)
            .limit(_SOME + len(busy))
        )
        return [_as_pending(row) for row in await session.scalars(query)]

    async def begin(self, session: AsyncSession, dial: Dial, now: datetime) -> int | None:
        """Take the follow-up to be dialled; None when another took it, or it is owed no more."""
        taken = await session.execute(
            update(FollowUp)
            .where(FollowUp.id == dial.errand, FollowUp.state.in_(DIALLABLE), FollowUp.number == dial.number)
            .values(state="dialling", assigned=dial.agent)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE returns a CursorResult
            return None
        row = FollowUpAttempt(
            node=self.node, follow_up_id=dial.errand, at=now, agent=dial.agent, number=dial.number, result="dialling"
        )
        session.add(row)
        await session.flush()
        free = await errands.free_id(session, self.node, _KIND, row.id)
        if free != row.id:
            await session.execute(update(FollowUpAttempt).where(FollowUpAttempt.id == row.id).values(id=free))
            await errands.count_on(session, FollowUpAttempt.__tablename__)
        return free

    async def under_way(self, session: AsyncSession) -> Sequence[UnderWay]:
        """Return the attempts that are ordered, ring, or talk."""
        calling = await errands.stages(session, self.node, _KIND)
        query = (
            select(
                FollowUpAttempt.id,
                FollowUpAttempt.follow_up_id,
                FollowUpAttempt.agent,
                FollowUpAttempt.number,
                Ticket.number,
            )
            .join(FollowUp, FollowUp.id == FollowUpAttempt.follow_up_id)
            .join(Ticket, Ticket.id == FollowUp.ticket_id)
            .where(
                FollowUpAttempt.node == self.node,
                or_(
                    FollowUpAttempt.id.in_(calling),
                    (FollowUp.state == "dialling") & (FollowUpAttempt.result == "dialling"),
                ),
            )
        )
        return [
            UnderWay(_KIND, id_, errand, agent, number, number, calling.get(id_, "ringing"), ticket)
            for id_, errand, agent, number, ticket in await session.execute(query)
        ]

    async def never_began(self, session: AsyncSession, before: datetime) -> Sequence[int]:
        """Return the attempts of which Asterisk never told."""
        newest = (await session.scalars(select(func.max(FollowUpAttempt.id)))).one() or 0
        query = select(FollowUpAttempt.id).where(
            FollowUpAttempt.id > newest - _RECENT,
            FollowUpAttempt.node == self.node,
            FollowUpAttempt.result == "dialling",
            FollowUpAttempt.at < before,
        )
        return await errands.unheard(session, self.node, _KIND, await session.scalars(query))

    async def not_dialled(self, session: AsyncSession, attempt: int, now: datetime, why: str) -> None:
        """Give the follow-up of an attempt back; it was owed before, and is again at once."""
        of = select(FollowUpAttempt.follow_up_id).where(FollowUpAttempt.id == attempt)
        owed = await session.get(FollowUp, (await session.scalars(of)).one(), with_for_update=True)
        row = await session.get(FollowUpAttempt, attempt, with_for_update=True)
        if row is None or row.result != "dialling":
            return
        row.result, row.ended_at, row.note = "not_dialled", now, why[:500]
        await session.flush()
        if owed is None or owed.state != "dialling":
            return
        after = rules.in_vain(await as_owed(session, owed), "not_dialled", now, self.policy)
        owed.state, owed.next_at, owed.assigned = after.state, after.next_at, None


def _as_pending(row: FollowUp) -> Pending:
    return Pending(row.id, row.number, row.number, row.opened_at, row.next_at, held=held(row.number))
