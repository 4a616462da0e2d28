"""A request 工单 is accepted 受理: from the desk, from the web, from the city platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.numbers import normalised
from callcenter.tickets.flows.moving import calls, linkage
from callcenter.tickets.flows.moving.facts import Order, category_id, facts_of, given_of, place_id
from callcenter.tickets.flows.moving.mover import Mover, Step, attach, check_files
from callcenter.tickets.flows.moving.numbers import ZONE, next_numbers
from callcenter.tickets.rules import lifecycle, texts
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.rules.refusals import MISSING, N_, faulty
from callcenter.tickets.rules.words import REQUEST_KINDS, URGENCIES, Source
from callcenter.tickets.tables import Draft, Ticket, TicketEntry

#: What is done with it at once: it stays with whoever accepted it, goes to review, or was answered on the call.
Then = Literal["keep", "submit", "answer"]


@dataclass(frozen=True, slots=True)
class New:
    """A request before it has its number. Categories and places by their codes."""

    #: Name of the form that it was sent from: the same form twice is one ticket.
    request_id: str
    kind: str
    title: str
    description: str
    source: Source = "phone"
    caller: str = ""
    #: The call that it was written in, and the agent who took it.
    linkedid: str | None = None
    agent: str | None = None
    urgency: str = "normal"
    category: str | None = None
    place: str | None = None
    address: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    anonymous: bool = False
    confidential: bool = False
    attachments: Sequence[int] = ()
    then: Then = "keep"
    answer: str | None = None
    #: Number that the city platform knows it by, and when they want it done.
    city_number: str | None = None
    due_at: datetime | None = None
    #: First words of its history.
    words: str | None = None


async def number_of_form(session: AsyncSession, request_id: str) -> str | None:
    """Return the number of the ticket that the form `request_id` has opened already."""
    found: str | None = await session.scalar(select(Ticket.number).where(Ticket.request_id == request_id))
    return found


async def open_ticket(session: AsyncSession, mover: Mover, new: New, doer: Doer, *, now: datetime) -> Ticket:
    """Open a ticket in the transaction of `session`; the form's draft goes with it.

    Raises Refused that names each faulty field, and IntegrityError when the form, or the city's number, has opened one
    meanwhile (`flows.desk` then finds that one).
    """
    _check(new)
    await check_files(session, new.attachments, doer)
    (number,) = await next_numbers(session, now.astimezone(ZONE).date(), 1)
    ticket = Ticket(
        node=mover.node,
        number=number,
        kind=new.kind,
        state="to_dispatch" if new.source == "city" else "accepted",
        version=1,
        caller=normalised(new.caller.strip()) if new.caller.strip() else "",
        title=new.title.strip(),
        description=new.description.strip(),
        source=new.source,
        urgency=new.urgency,
        confidential=new.confidential,
        category_id=await category_id(session, new.category) if new.category else None,
        place_id=await place_id(session, new.place) if new.place else None,
        address=_text(new.address),
        contact_name=_text(new.contact_name),
        contact_phone=_text(new.contact_phone),
        anonymous=new.anonymous,
        accepted_by=doer.who if doer.role not in {"citizen", "city", "system"} else None,
        agent=new.agent,
        opened_at=now,
        work_started_at=now,
        due_at=new.due_at,
        city_number=new.city_number,
        request_id=new.request_id,
        linkedid=new.linkedid,
        redone=0,
        extended=0,
        reminded=0,
        supervised=False,
    )
    session.add(ticket)
    await session.flush()
    await calls.link(session, ticket)
    entry = TicketEntry(
        node=mover.node,
        ticket_id=ticket.id,
        at=now,
        who=doer.who,
        role=doer.role,
        unit_id=doer.unit_id,
        move="open",
        from_state=None,
        to_state=ticket.state,
        version=1,
        words=_text(new.words),
        changes={},
        request_id=new.request_id,
    )
    session.add(entry)
    await session.flush()
    await attach(session, list(new.attachments), ticket.id, entry.id)
    await mover.tell(session, ticket, entry)
    await linkage.note_of_call(session, ticket)
    if new.then != "keep":
        order = Order(answer=new.answer if new.then == "answer" else None)
        await _go_on(session, mover, Step(ticket, new.then, doer, order, now))
    await session.execute(delete(Draft).where(Draft.id == new.request_id, Draft.who == doer.who))
    return ticket


async def _go_on(session: AsyncSession, mover: Mover, step: Step) -> None:
    facts = await facts_of(session, step.ticket)
    given = await given_of(session, step.order, None)
    decision = lifecycle.decide(facts, step.move, step.doer, given, limits=mover.limits, now=step.now)
    await mover.carry_out(session, step, decision)


def _check(new: New) -> None:
    faults: dict[str, str] = {}
    if new.kind not in REQUEST_KINDS:
        faults["kind"] = N_("is no kind of request")
    if new.urgency not in URGENCIES:
        faults["urgency"] = N_("must be normal, urgent or emergency")
    if not new.title.strip():
        faults["title"] = MISSING
    if new.answer and new.then != "answer":
        faults["answer"] = N_("belongs to what was answered on the call")
    if faults:
        raise faulty(**faults)
    texts.check({name: getattr(new, name) for name in texts.LIMITS})


def _text(text: str | None) -> str | None:
    return (text or "").strip() or None
