"""Tables of requests."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode


class Ticket(OfNode, Base):
    """One request 工单."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Day and place in the day, `YYYYMMDD` and five digits; people say it on the telephone.
    number: Mapped[str] = mapped_column(String(20), unique=True)
    #: `enquiry`, `complaint`, `help`, `suggestion`, `report`, `praise`, or `missed_call` 漏接件 until someone asked.
    kind: Mapped[str] = mapped_column(String(20), index=True)
    #: `accepted` 受理 at first, `closed` 办结 at last.
    state: Mapped[str] = mapped_column(String(20), index=True)
    caller: Mapped[str] = mapped_column(String(32), index=True)
    #: Member unit 成员单位 that handles it.
    unit: Mapped[str | None] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)

    opened_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    #: The call that it came from.
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    #: The callback that it stands for.
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callbacks.id"), unique=True)


class TicketCounter(Base):
    """The last number given out on a day; its row is the lock that keeps numbers apart."""

    __tablename__ = "ticket_counters"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int]
