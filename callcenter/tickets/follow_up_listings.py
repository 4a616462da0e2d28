"""Follow-up visits 回访 as pages and API show them: what was asked, what the unit answered, what the citizen said."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import LIMIT, Row, iso
from callcenter.hotline.masking import Phone
from callcenter.hotline.rules.numbers import held
from callcenter.hotline.tables import Call
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.access import visible
from callcenter.tickets.flows.moving.merging import mains_of
from callcenter.tickets.rules.follow_ups import OPEN
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, FollowUpLink, MemberUnit, Ticket

#: Which are listed: `due` may be dialled now, `mine` are the asker's, `decide` wait for a supervisor.
View = Literal["open", "due", "mine", "decide", "done", "unreached", "all"]


class TriedRow(BaseModel):
    """One try to reach the citizen."""

    id: int
    at: str
    agent: str
    number: Phone
    result: str
    ended_at: str | None
    call: int | None
    recording: str | None
    note: str | None


class FollowUpRow(BaseModel):
    """A follow-up visit, with what its agent needs to read while talking."""

    id: int
    state: str
    ticket: str
    kind: str
    urgency: str
    title: str
    description: str
    #: None of one that was merged into another: the answer stands in its main request 主单.
    answer: str | None
    merged: bool
    #: The number of the main request, for those who may see it.
    main: str | None
    unit: str | None
    contact_name: str | None
    anonymous: bool
    redone: int
    replied_at: str | None
    number: Phone
    #: Why the number is not dialled: `emergency`, `premium`, `foreign`, `unknown`, or `none`; null when it can be.
    held: str | None
    opened_at: str
    next_at: str
    assigned: str | None
    satisfaction: str | None
    words: str | None
    said_to: str | None
    said_at: str | None
    needs_supervisor: bool
    #: When the link that the citizen was sent ends; null when there is none.
    link_until: str | None
    closed_at: str | None
    attempts: list[TriedRow]


async def follow_ups(
    session: AsyncSession,
    identity: Identity,
    *,
    view: View = "open",
    ticket: str | None = None,
    follow_up: int | None = None,
    now: datetime,
    limit: int = LIMIT,
) -> list[Row]:
    """Return the follow-ups of tickets that `identity` may see: open ones in the order of work, others newest first."""
    query: Any = (
        select(FollowUp, Ticket, MemberUnit.name, FollowUpLink.expires_at)
        .join(Ticket, Ticket.id == FollowUp.ticket_id)
        .outerjoin(MemberUnit, MemberUnit.id == Ticket.unit_id)
        .outerjoin(FollowUpLink, FollowUpLink.follow_up_id == FollowUp.id)
        .where(visible(identity))
        .limit(limit)
    )
    if view in {"all", "done", "unreached"}:
        query = query.order_by(FollowUp.opened_at.desc(), FollowUp.id.desc())
    else:
        query = query.where(FollowUp.state.in_(OPEN)).order_by(FollowUp.next_at, FollowUp.id)
    match view:
        case "done" | "unreached":
            query = query.where(FollowUp.state == view)
        case "due":
            query = query.where(FollowUp.state.in_(("waiting", "retry", "answered")), FollowUp.next_at <= now)
        case "mine":
            query = query.where(FollowUp.assigned == (identity.agent or ""))
        case "decide":
            query = query.where(FollowUp.needs_supervisor.is_(True))
    if ticket is not None:
        query = query.where(Ticket.number == ticket)
    if follow_up is not None:
        query = query.where(FollowUp.id == follow_up)
    found = (await session.execute(query)).all()
    tries = await _attempts(session, [row[0].id for row in found])
    mains = await _mains(session, identity, [row[1] for row in found])
    return [
        _row(owed, of, unit, until, tries[owed.id]) | {"main": mains.get(of.merged_into_id)}
        for owed, of, unit, until in found
    ]


async def of_ticket(session: AsyncSession, ticket_id: int) -> Row | None:
    """Return the newest follow-up of a ticket, as the ticket's own page shows it."""
    query = select(FollowUp).where(FollowUp.ticket_id == ticket_id).order_by(FollowUp.id.desc()).limit(1)
    owed = (await session.scalars(query)).first()
    if owed is None:
        return None
    return _own(owed) | {"attempts": (await _attempts(session, [owed.id]))[owed.id]}


async def count_open(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Count what is owed, what of it may be dialled now, and what waits for a supervisor."""
    query = select(
        func.count(),
        func.count().filter(FollowUp.next_at <= now, FollowUp.state.in_(("waiting", "retry"))),
        func.count().filter(FollowUp.needs_supervisor.is_(True)),
    ).where(FollowUp.state.in_(OPEN))
    owed, due, decide = (await session.execute(query)).one()
    return {"open": owed, "due": due, "decide": decide}


async def _mains(session: AsyncSession, identity: Identity, tickets: Sequence[Ticket]) -> dict[int | None, str]:
    """Return the numbers of the main requests that `identity` may see, by what `tickets` were merged into."""
    mains = await mains_of(session, {one.merged_into_id for one in tickets if one.merged_into_id is not None})
    query = select(Ticket.id, Ticket.number).where(Ticket.id.in_(set(mains.values())), visible(identity))
    numbers = {row.id: row.number for row in await session.execute(query)} if mains else {}
    return {head: numbers[main] for head, main in mains.items() if main in numbers}


async def _attempts(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[Row]]:
    query = (
        select(FollowUpAttempt, Call.recording)
        .outerjoin(Call, Call.id == FollowUpAttempt.call_id)
        .where(FollowUpAttempt.follow_up_id.in_(ids))
        .order_by(FollowUpAttempt.id)
    )
    attempts: dict[int, list[Row]] = defaultdict(list)
    for one, recording in await session.execute(query):
        attempts[one.follow_up_id].append(
            {
                "id": one.id,
                "at": iso(one.at),
                "agent": one.agent,
                "number": one.number,
                "result": one.result,
                "ended_at": iso(one.ended_at),
                "call": one.call_id,
                "recording": recording,
                "note": one.note,
            }
        )
    return attempts


def _own(owed: FollowUp) -> Row:
    return {
        "id": owed.id,
        "state": owed.state,
        "number": owed.number,
        "held": held(owed.number) if owed.number else "none",
        "opened_at": iso(owed.opened_at),
        "next_at": iso(owed.next_at),
        "assigned": owed.assigned,
        "satisfaction": owed.satisfaction,
        "words": owed.words,
        "said_to": owed.said_to,
        "said_at": iso(owed.said_at),
        "needs_supervisor": owed.needs_supervisor,
        "closed_at": iso(owed.closed_at),
    }


def _row(owed: FollowUp, of: Ticket, unit: str | None, until: datetime | None, tries: list[Row]) -> Row:
    return _own(owed) | {
        "ticket": of.number,
        "kind": of.kind,
        "urgency": of.urgency,
        "title": of.title,
        "description": of.description,
        "answer": None if of.state == "merged" else of.answer,
        "merged": of.state == "merged",
        "unit": unit,
        "contact_name": of.contact_name,
        "anonymous": of.anonymous,
        "redone": of.redone,
        "replied_at": iso(of.replied_at),
        "link_until": iso(until),
        "attempts": tries,
    }
