"""What the rules need to know of a ticket, and what names in an order stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.rules.decisions import Facts, Given
from callcenter.tickets.rules.numbers import said
from callcenter.tickets.rules.refusals import N_, faulty
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket, TicketEntry, TicketUnit

_BESIDE = {"helpers", "reply", "main_answered"}
_COLUMNS = tuple(one.name for one in fields(Facts) if one.name not in _BESIDE)


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for with a move, in names: codes of units, categories and places, numbers of tickets."""

    #: The version that they saw; None for what follows from no sight of it.
    version: int | None = None
    #: The same name twice is one step.
    request_id: str | None = None
    words: str | None = None
    unit: str | None = None
    helpers: tuple[str, ...] = ()
    days: int | None = None
    main: str | None = None
    urgency: str | None = None
    satisfaction: str | None = None
    answer: str | None = None
    confidential: bool | None = None
    #: Of `rules.decisions.AMENDABLE`, with `category` and `place` by their codes.
    fields: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[int, ...] = ()


async def facts_of(session: AsyncSession, ticket: Ticket, *, with_reply: bool = False) -> Facts:
    """Return `ticket` as the rules see it; with the words of its last reply when those matter."""
    helpers = await session.scalars(
        select(TicketUnit.unit_id).where(
            TicketUnit.ticket_id == ticket.id, TicketUnit.part == "helper", TicketUnit.until.is_(None)
        )
    )
    reply = None
    if with_reply:
        reply = await session.scalar(
            select(TicketEntry.words)
            .where(TicketEntry.ticket_id == ticket.id, TicketEntry.move == "reply")
            .order_by(TicketEntry.id.desc())
            .limit(1)
        )
    answered = False
    if ticket.merged_into_id is not None:
        its_main = select(Ticket.answer).where(Ticket.id == ticket.merged_into_id)
        answered = await session.scalar(its_main) is not None
    columns = {name: getattr(ticket, name) for name in _COLUMNS}
    return Facts(**columns, helpers=frozenset(helpers), reply=reply, main_answered=answered)


async def given_of(session: AsyncSession, order: Order, main: Ticket | None) -> Given:
    """Return `order` with its names looked up. Raises Refused that names what is not there."""
    if order.main is not None and main is None:
        raise faulty(main=N_("is no ticket's number"))
    return Given(
        words=order.words,
        unit=await unit_id(session, order.unit) if order.unit else None,
        helpers=tuple([await unit_id(session, code, name="helpers") for code in dict.fromkeys(order.helpers)]),
        days=order.days,
        main=await facts_of(session, main) if main else None,
        urgency=order.urgency,
        satisfaction=order.satisfaction,
        answer=order.answer,
        confidential=order.confidential,
        fields=await columns_of(session, order.fields),
        attachments=tuple(dict.fromkeys(order.attachments)),
    )


async def columns_of(session: AsyncSession, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` by the ticket's columns: `category` and `place` are looked up; an empty text is none."""
    columns = {name: (value.strip() or None) if isinstance(value, str) else value for name, value in given.items()}
    for name in ("title", "description"):
        if name in columns and columns[name] is None:
            columns[name] = ""
    if "category" in columns:
        code = columns.pop("category")
        columns["category_id"] = await category_id(session, code) if code else None
    if "place" in columns:
        code = columns.pop("place")
        columns["place_id"] = await place_id(session, code) if code else None
    return columns


async def unit_id(session: AsyncSession, code: str, *, name: str = "unit") -> int:
    """Return the row of the unit named `code`. Raises Refused when it is unknown or gets no new tickets."""
    row = (await session.execute(select(MemberUnit.id, MemberUnit.active).where(MemberUnit.code == code))).first()
    if row is None:
        raise faulty(**{name: N_("is no member unit")})
    if not row.active:
        raise faulty(**{name: N_("gets no new tickets any more")})
    return int(row.id)


async def category_id(session: AsyncSession, code: str) -> int:
    """Return the row of the category `code` as it is now. Raises Refused when it cannot be chosen."""
    query = select(Category.id).where(Category.code == code, Category.until.is_(None)).order_by(Category.version.desc())
    found = await session.scalar(query.limit(1))
    if found is None:
        raise faulty(category=N_("is no category that can be chosen"))
    return int(found)


async def place_id(session: AsyncSession, code: str) -> int:
    """Return the row of the place `code`. Raises Refused when it cannot be chosen."""
    found = await session.scalar(select(Place.id).where(Place.code == code, Place.active.is_(True)))
    if found is None:
        raise faulty(place=N_("is no place that can be chosen"))
    return int(found)


def number_of(text: str | None) -> str | None:
    """Return a ticket's number as it is stored, however people wrote it."""
    return said(text) if text else None
