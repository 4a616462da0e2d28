"""Lists that people keep, and the indexes behind lists of tickets. Words are found by `storage.fulltext`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base
from callcenter.tickets.tables.requests import Ticket, TicketUnit

_OPEN = text("closed_at IS NULL")

# Newest first among those of a unit, a category...; each ends as the order of a list does.
for _column in (
    *(Ticket.unit_id, Ticket.category_id, Ticket.place_id, Ticket.agent, Ticket.accepted_by),
    *(Ticket.state, Ticket.kind, Ticket.urgency, Ticket.source),
):
    Index(f"ix_tickets_{_column.key}_newest", _column, Ticket.opened_at, Ticket.id)
Index("ix_tickets_newest", Ticket.opened_at, Ticket.id)
# What is due next; few tickets are open at any time.
Index("ix_tickets_due_next", Ticket.due_at, Ticket.id, sqlite_where=_OPEN, postgresql_where=_OPEN)
# All that a unit ever had a part in.
Index("ix_ticket_units_ever", TicketUnit.unit_id, TicketUnit.ticket_id)


class SavedList(Base):
    """A choice of tickets under a name of somebody's own."""

    __tablename__ = "saved_lists"
    __table_args__ = (UniqueConstraint("who", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Login of its owner.
    who: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(60))
    #: What to ask the search, as in its query string.
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Shown to everyone of the hotline's own.
    shared: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
