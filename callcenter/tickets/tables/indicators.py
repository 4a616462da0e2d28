"""What the indicators of requests 工单 are read from: indexes that hold all a formula asks, and days counted already.

Triggers of migration 0009 note every moment of a ticket that is changed, by whatever way, so that the day in which it
lies is counted anew (`reports.rollups`). On SQLite a migration that makes `tickets` anew has to make them anew too.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Index, String, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from callcenter.storage.base import Base
from callcenter.tickets.tables.requests import Ticket

_OPEN = text("closed_at IS NULL")
_ASKED: dict[int, tuple[InstrumentedAttribute[Any], ...]] = {
    2: (Ticket.due_at, Ticket.closed_at, Ticket.kind, Ticket.state),
    3: (Ticket.followed_up_at, Ticket.satisfaction, Ticket.state),
    4: (Ticket.first_dispatched_at, Ticket.first_unit_id, Ticket.closing_unit_id),
    6: (Ticket.replied_at, Ticket.state, Ticket.first_dispatched_at, Ticket.satisfaction, Ticket.followed_up_at),
    7: (Ticket.submitted_at, Ticket.kind, Ticket.handled_seconds),
}
for _number, _columns in _ASKED.items():
    _there = text(f"{_columns[0].key} IS NOT NULL")
    # The id last: the list behind an indicator is a page of ids, read from the index alone.
    Index(f"ix_tickets_indicator_{_number}", *_columns, Ticket.id, sqlite_where=_there, postgresql_where=_there)
Index("ix_tickets_standing", Ticket.kind, Ticket.due_at, Ticket.state, sqlite_where=_OPEN, postgresql_where=_OPEN)


class IndicatorDay(Base):
    """What an indicator's formula came to on one day that is over."""

    __tablename__ = "indicator_days"

    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    #: What it was counted by: the zone whose midnight begins a day, the seconds of a working day.
    basis: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: The formula's sums, in its order.
    tallies: Mapped[list[int]] = mapped_column(JSON)


class TouchedMoment(Base):
    """A moment of a ticket that was changed, noted by triggers: its day is to be counted anew."""

    __tablename__ = "touched_moments"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
