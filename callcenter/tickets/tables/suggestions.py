"""Dispatch help 派单建议: what was learned when, and what was suggested for which ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode
from callcenter.tickets.tables.requests import Ticket

# The newest of one category in one place: what a repeat 重复件 is looked for among.
Index("ix_tickets_place_category_newest", Ticket.place_id, Ticket.category_id, Ticket.opened_at, Ticket.id)


class DispatchModel(OfNode, Base):
    """A model that was learned from closed tickets, and how well it did on tickets that it had not seen."""

    __tablename__ = "dispatch_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    trained_at: Mapped[datetime] = mapped_column(index=True)
    #: Name of its file below the data folder's `dispatch-help`, and the SHA-256 of what is in it.
    file: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    #: Closed tickets that it learned from, and seconds that it took.
    tickets: Mapped[int]
    seconds: Mapped[int]
    #: `learning.Figures`: of the newest tickets, from which nothing was learned while they were counted.
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)


class Suggestion(OfNode, Base):
    """What was last suggested while one form was filled in; what was right is read from the ticket that came of it."""

    __tablename__ = "dispatch_suggestions"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Name of the form: the ticket's `request_id`.
    draft: Mapped[str] = mapped_column(String(64), unique=True)
    #: The ticket that came of it; NULL while there is none.
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    #: Who was filling in.
    who: Mapped[str] = mapped_column(String(64))
    model_id: Mapped[int] = mapped_column(ForeignKey("dispatch_models.id"))
    #: Codes, with how sure it was; NULL where it said nothing.
    category: Mapped[str | None] = mapped_column(String(30))
    category_probability: Mapped[float | None]
    unit: Mapped[str | None] = mapped_column(String(30))
    unit_probability: Mapped[float | None]
    #: Code of the category that was chosen at the desk.
    chosen: Mapped[str | None] = mapped_column(String(30))
