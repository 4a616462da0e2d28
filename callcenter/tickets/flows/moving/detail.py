"""One request 工单 with all that belongs to it, as whoever asks may see it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import iso
from callcenter.hotline.masking import in_hand, shown
from callcenter.hotline.tables import Call
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows import access
from callcenter.tickets.flows.moving import history
from callcenter.tickets.flows.moving.facts import facts_of
from callcenter.tickets.flows.moving.mover import NoSuchTicket
from callcenter.tickets.flows.reference import names
from callcenter.tickets.flows.time.remaining import row_of_left
from callcenter.tickets.rules import lifecycle
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.decisions import Doer, Limits
from callcenter.tickets.rules.follow_ups import OPEN
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.shapes import TicketDetail
from callcenter.tickets.tables import Ticket, TicketClock, TicketUnit

Shown = dict[str, Any]
#: Adds what another part of the hotline knows of a ticket (its id).
Aside = Callable[[AsyncSession, int], Awaitable[Any]]
_Row = TypeVar("_Row", TicketUnit, TicketClock)

_PLAIN = (
    "number",
    "kind",
    "state",
    "version",
    "caller",
    "title",
    "description",
    "source",
    "urgency",
    "confidential",
    "address",
    "contact_name",
    "contact_phone",
    "anonymous",
    "answer",
    "accepted_by",
    "agent",
    "satisfaction",
    "redone",
    "extended",
    "reminded",
    "supervised",
    "pending",
    "pending_days",
    "city_number",
    "linkedid",
)
_TIMES = (
    "opened_at",
    "work_started_at",
    "submitted_at",
    "first_dispatched_at",
    "dispatched_at",
    "signed_at",
    "replied_at",
    "due_at",
    "closed_at",
    "archived_at",
    "followed_up_at",
)
#: What tells who asked.
_OF_CALLER = frozenset({"caller", "contact_name", "contact_phone", "linkedid"})


async def show(
    session: AsyncSession,
    identity: Identity,
    number: str,
    *,
    limits: Limits,
    countdown: Countdown,
    asides: Mapping[str, Aside] | None = None,
) -> Shown:
    """Return the ticket `number` for `identity`. Raises NoSuchTicket, also when they may not see it.

    `countdown` says what is left of its deadlines, and what time it is. `asides` tell what other parts of the hotline
    know of it, by the member's name.
    """
    found = await session.scalar(
        select(Ticket)
        .where(Ticket.number == number, access.visible(identity))
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchTicket(number)
    ticket: Ticket = found
    doer = await access.doer_of(session, identity)
    parts = await _rows(session, TicketUnit, ticket)
    clocks = await _rows(session, TicketClock, ticket)
    entries = await history.entries_of(session, ticket.id, _until(doer, parts))
    files = await history.files_of(session, ticket.id, entries)
    units = await names.of_units(
        session,
        (ticket.unit_id, ticket.first_unit_id, ticket.closing_unit_id),
        (row.unit_id for row in parts),
        (row.unit_id for row in clocks),
        (row.unit_id for row in entries),
        (unit for entry in entries for unit in entry.changes.get("unit_id", ())),
    )
    body: Shown = {name: getattr(ticket, name) for name in _PLAIN}
    body |= {name: iso(getattr(ticket, name)) for name in _TIMES}
    body |= {
        "left": _left(ticket, clocks, countdown),
        "category": await names.category(session, ticket.category_id, ticket.opened_at),
        "place": await names.place(session, ticket.place_id),
        "unit": units.get(ticket.unit_id),
        "first_unit": units.get(ticket.first_unit_id),
        "closing_unit": units.get(ticket.closing_unit_id),
        "merged_into": await names.number(session, ticket.merged_into_id),
        "merged": await _merged(session, ticket, identity),
        "call": await _call(session, ticket) if identity.has("tickets.see_all") else None,
        "units": [_part(row, units) for row in parts],
        "clocks": [_clock(row, units, countdown) for row in clocks],
        "entries": await history.shown(session, entries, units, files),
        "attachments": [history.file(row) for row in files],
        "follow_up": None,
        "moves": await _moves(session, ticket, doer, limits, countdown.now),
    }
    if identity.has("tickets.see_all"):
        body |= {name: await aside(session, ticket.id) for name, aside in (asides or {}).items()}
    if access.hides_caller(identity, ticket):
        return _hidden(body)
    return shown(identity, TicketDetail, body, lambda _: _works_on(identity, doer, body, parts))


def _works_on(identity: Identity, doer: Doer, body: Shown, parts: Iterable[TicketUnit]) -> bool:
    """Whether the request, or the visit that it is owed, is in the hands of `identity`, who may have to call."""
    visit = body["follow_up"]
    if visit and visit["state"] in OPEN and in_hand(identity)(visit):
        return True
    if body["state"] in CLOSED_STATES:
        return False
    if doer.unit_id is not None:
        return any(part.unit_id == doer.unit_id and part.until is None for part in parts)
    return identity.login == body["accepted_by"] or (identity.agent is not None and identity.agent == body["agent"])


def _hidden(body: Shown) -> Shown:
    entries = [
        entry | {"changes": {name: pair for name, pair in entry["changes"].items() if name not in _OF_CALLER}}
        for entry in body["entries"]
    ]
    return body | dict.fromkeys(_OF_CALLER) | {"entries": entries}


def _until(doer: Doer, parts: Iterable[TicketUnit]) -> datetime | None:
    """Return until when `doer` may read its history: a unit that has no part any more, to the end of its last."""
    if doer.role != "unit":
        return None
    ends = [row.until for row in parts if row.unit_id == doer.unit_id]
    return None if None in ends else max((end for end in ends if end), default=None)


async def _rows(session: AsyncSession, table: type[_Row], ticket: Ticket) -> list[_Row]:
    query = select(table).where(table.ticket_id == ticket.id).order_by(table.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def _merged(session: AsyncSession, ticket: Ticket, identity: Identity) -> list[str]:
    query = select(Ticket.number).where(Ticket.merged_into_id == ticket.id, access.visible(identity))
    return list(await session.scalars(query.order_by(Ticket.id)))


async def _call(session: AsyncSession, ticket: Ticket) -> Shown | None:
    """Return the call that it came from, also one that ended after the ticket was written."""
    if ticket.call_id is not None:
        its = Call.id == ticket.call_id
    elif ticket.linkedid:
        its = Call.linkedid == ticket.linkedid
    else:
        return None
    call = await session.scalar(select(Call).where(its).order_by(Call.id.desc()).limit(1))
    if call is None:
        return None
    return {"id": call.id, "started_at": iso(call.started_at), "agent": call.agent, "recording": call.recording}


async def _moves(session: AsyncSession, ticket: Ticket, doer: Doer, limits: Limits, now: datetime) -> list[Shown]:
    rows = lifecycle.available(await facts_of(session, ticket), doer, limits, now)
    return [
        {
            "name": row.name,
            "label": row.label,
            "to": (ticket.merged_from or row.to[0]) if row.name == "unmerge" else row.to[0],
            "needs": list(row.needs),
            "may": list(row.may),
        }
        for row in rows
    ]


def _part(row: TicketUnit, units: Mapping[int | None, names.Name]) -> Shown:
    times = {name: iso(getattr(row, name)) for name in ("since", "until", "signed_at", "replied_at")}
    return {**units[row.unit_id], "part": row.part, **times}


def _left(ticket: Ticket, clocks: Iterable[TicketClock], countdown: Countdown) -> Shown | None:
    """Return what is left of the ticket's own deadline, that of the clock which runs since its first dispatch."""
    if ticket.state in CLOSED_STATES:
        return None
    still = [row.paused_at for row in clocks if row.name == "total" and row.stopped_at is None]
    return row_of_left(countdown, ticket.due_at, still[-1] if still else None)


def _clock(row: TicketClock, units: Mapping[int | None, names.Name], countdown: Countdown) -> Shown:
    times = {name: iso(getattr(row, name)) for name in ("started_at", "due_at", "paused_at", "stopped_at")}
    left = row_of_left(countdown, row.due_at, row.paused_at or row.stopped_at)
    unit = units[row.unit_id]["name"] if row.unit_id in units else None
    return {"name": row.name, "unit": unit, "days": row.days, **times, "left": left}
