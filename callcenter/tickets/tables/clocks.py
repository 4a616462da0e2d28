"""Deadlines of tickets, and who was told about them when."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base

_RUNNING = text("stopped_at IS NULL")


class TicketClock(Base):
    """One clock of one ticket, in working days 工作日."""

    __tablename__ = "ticket_clocks"
    __table_args__ = (Index("ix_ticket_clocks_running", "due_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    #: Whose clock; NULL for the ticket's own.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))
    #: `sign` (until signed for), `total` (from the first dispatch; nothing restarts it), `handle` (from sign-off).
    name: Mapped[str] = mapped_column(String(12))
    started_at: Mapped[datetime]
    #: Working days that it was given, with extensions.
    days: Mapped[int]
    #: NULL while it needs a year that the calendar does not know; the sweep fills it in.
    due_at: Mapped[datetime | None]
    #: Since when it stands still; NULL while it runs.
    paused_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    #: When it stood still before: [from, to] in ISO 8601 each; NULL when it never did.
    pauses: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))


class TicketNotice(Base):
    """What somebody is told about a ticket: a deadline, a reminder 催办, a supervision 督办. Told once."""

    __tablename__ = "ticket_notices"
    __table_args__ = (
        UniqueConstraint("clock_id", "kind", "audience", "about"),
        Index("ix_ticket_notices_audience_seen_at", "audience", "seen_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_clocks.id"))
    #: `before`, `at` or `after` a deadline; or the move that is told of.
    kind: Mapped[str] = mapped_column(String(30))
    #: `unit`, `agent` or `supervisor`.
    audience: Mapped[str] = mapped_column(String(12))
    #: Which unit, or whose login; NULL for all of the audience.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"), index=True)
    who: Mapped[str | None] = mapped_column(String(64))
    words: Mapped[str | None] = mapped_column(String(500))
    #: The deadline that it is about: one that was moved is told of anew.
    about: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
