"""Tickets, their history, who handles them, and what is typed before one is there."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode

_NOW = text("until IS NULL")


_CONFIDENTIAL = text("confidential")


class Ticket(OfNode, Base):
    """One request 工单 as it is now; how it came to be so stands in its entries."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_state_due_at", "state", "due_at"),
        Index("ix_tickets_confidential", "id", sqlite_where=_CONFIDENTIAL, postgresql_where=_CONFIDENTIAL),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Day, place in the day, check digit (`rules.numbers`); people say it on the telephone.
    number: Mapped[str] = mapped_column(String(20), unique=True)
    #: `rules.words.Kind`; `missed_call` 漏接件 until someone asked.
    kind: Mapped[str] = mapped_column(String(20), index=True)
    #: `rules.words.State`.
    state: Mapped[str] = mapped_column(String(20), index=True)
    #: Raised by every change: who changes what they have not seen is told, and loses no text.
    version: Mapped[int] = mapped_column(default=1)

    # What
    caller: Mapped[str] = mapped_column(String(32), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    #: `rules.words.Source`.
    source: Mapped[str] = mapped_column(String(12), default="phone")
    #: `rules.words.Urgency`.
    urgency: Mapped[str] = mapped_column(String(12), default="normal")
    #: Only those who work on it see it.
    confidential: Mapped[bool] = mapped_column(default=False)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_categories.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    address: Mapped[str | None] = mapped_column(String(200))
    contact_name: Mapped[str | None] = mapped_column(String(60))
    #: Where the citizen wants to be called about it, when not at `caller`.
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    #: Units do not learn who asked.
    anonymous: Mapped[bool] = mapped_column(default=False)
    #: What the citizen is told: the answer on the call, or the unit's approved reply.
    answer: Mapped[str | None] = mapped_column(Text)

    # Who
    #: Login of whoever accepted it.
    accepted_by: Mapped[str | None] = mapped_column(String(64))
    #: The agent who took the call.
    agent: Mapped[str | None] = mapped_column(String(20))
    #: The lead unit 主办单位 that has it, the one it was first dispatched to, the one that closed it.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"), index=True)
    first_unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))
    closing_unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))

    # When
    opened_at: Mapped[datetime] = mapped_column(index=True)
    #: When the talk began; what was not a call began when it was opened.
    work_started_at: Mapped[datetime | None]
    #: First submission for review: the end of the handling time of indicator 7.
    submitted_at: Mapped[datetime | None]
    #: Working time from `work_started_at` until then; NULL while it needs a year that the calendar does not know.
    handled_seconds: Mapped[int | None]
    first_dispatched_at: Mapped[datetime | None] = mapped_column(index=True)
    dispatched_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    #: The deadline that counts: of the clock from the first dispatch; before it, of the acceptance.
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    archived_at: Mapped[datetime | None]

    # What happened to it
    #: Last word of the citizen (`rules.words.Satisfaction`), and when; NULL until they were asked.
    satisfaction: Mapped[str | None] = mapped_column(String(12))
    followed_up_at: Mapped[datetime | None]
    redone: Mapped[int] = mapped_column(default=0)
    extended: Mapped[int] = mapped_column(default=0)
    reminded: Mapped[int] = mapped_column(default=0)
    #: Under supervision 督办.
    supervised: Mapped[bool] = mapped_column(default=False)
    #: `extension` while the unit waits for an answer to its request; else NULL.
    pending: Mapped[str | None] = mapped_column(String(12))
    pending_days: Mapped[int | None]
    #: The ticket that it was merged into 并单, and the state that it had.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    merged_from: Mapped[str | None] = mapped_column(String(20))

    # Where from
    #: Number that the city platform 市级平台 knows it by.
    city_number: Mapped[str | None] = mapped_column(String(64), unique=True)
    #: Name of the form that it was sent from: the same form twice is one ticket.
    request_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    #: The call that it came from.
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    #: Asterisk's name of that call: known while it goes on, before the call has a row.
    linkedid: Mapped[str | None] = mapped_column(String(150), index=True)
    #: The callback that it stands for.
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callbacks.id"), unique=True)


class TicketEntry(OfNode, Base):
    """One step in a ticket's history. Rows are only ever added: the database itself refuses to change or remove one."""

    __tablename__ = "ticket_entries"
    __table_args__ = (UniqueConstraint("ticket_id", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime]
    #: A login, `citizen`, `city`, or `system`; and as what they did it.
    who: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    #: The unit on whose behalf.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))
    #: Name in `rules.moves`.
    move: Mapped[str] = mapped_column(String(30))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    #: The ticket's version after it.
    version: Mapped[int]
    words: Mapped[str | None] = mapped_column(Text)
    #: Field -> [before, after], so that earlier texts stay readable.
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: Name that the sender gave the order: the same order twice is one step.
    request_id: Mapped[str | None] = mapped_column(String(64))


class TicketUnit(Base):
    """The part that a unit has, or had, in a ticket: lead 主办 or helper 协办."""

    __tablename__ = "ticket_units"
    __table_args__ = (Index("ix_ticket_units_now", "unit_id", "ticket_id", sqlite_where=_NOW, postgresql_where=_NOW),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("member_units.id"))
    #: `lead` or `helper`.
    part: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]
    #: When it was returned or taken away; NULL for a part that it still has.
    until: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]


class TicketCounter(Base):
    """The last number given out on a day; its row is the lock that keeps numbers apart."""

    __tablename__ = "ticket_counters"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int]


class Draft(OfNode, Base):
    """What somebody is typing, saved as they type; it outlives browser and server until the ticket is there."""

    __tablename__ = "ticket_drafts"

    #: A UUID that the browser made; the ticket's `request_id`, so that a form sent twice is one ticket.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), index=True)
    #: The call that it was begun in.
    linkedid: Mapped[str | None] = mapped_column(String(150))
    #: Number of the ticket that it is about; NULL for a new one.
    ticket: Mapped[str | None] = mapped_column(String(20))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Raised by every save; an older save that comes late changes nothing.
    version: Mapped[int]
    saved_at: Mapped[datetime]


class Attachment(OfNode, Base):
    """A file that belongs to a ticket, stored under the hash of its content."""

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: SHA-256 of the content, in hexadecimal: its name on disk.
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    #: What its owner called it.
    name: Mapped[str] = mapped_column(String(200))
    #: Media type, as found in its content.
    type: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    #: NULL until it is sent with a ticket or a step.
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entries.id"))
