"""Which unit was mailed its digest of which day."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base


class TicketDigest(Base):
    """One day's digest of one unit, that the mail server has accepted or that there was nothing to say in."""

    __tablename__ = "ticket_digests"

    unit_id: Mapped[int] = mapped_column(ForeignKey("member_units.id"), primary_key=True)
    #: Day on the floor's clock.
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    sent_at: Mapped[datetime]
    #: Tickets that it named; 0 when none was sent.
    tickets: Mapped[int]
