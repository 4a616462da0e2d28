"""What tickets refer to: member units, the category tree, places. A change never rewrites an old ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base


class MemberUnit(Base):
    """A member unit 成员单位, to which tickets are dispatched."""

    __tablename__ = "member_units"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What programs call it, such as `housing`; never changes.
    code: Mapped[str] = mapped_column(String(30), unique=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    #: The duty telephone, for a transfer.
    phone: Mapped[str | None] = mapped_column(String(32))
    #: Where digests and reminders are mailed.
    email: Mapped[str | None] = mapped_column(String(200))
    #: Working days by kind where they differ from the settings', as in `{"enquiry": 1}`.
    terms: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    #: An inactive one keeps its tickets and gets no new ones.
    active: Mapped[bool] = mapped_column(default=True)


class Category(Base):
    """One version of one node of the category tree; a renamed node is a new row, and old tickets keep theirs."""

    __tablename__ = "ticket_categories"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The same for all versions of a node.
    code: Mapped[str] = mapped_column(String(30), index=True)
    version: Mapped[int]
    #: Code of the node above; NULL at the top.
    parent: Mapped[str | None] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(100))
    #: Place among its neighbours.
    rank: Mapped[int] = mapped_column(default=0)
    #: The unit that usually handles it.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("member_units.id"))
    since: Mapped[datetime]
    #: When a newer version replaced it, or it was retired; NULL for what can be chosen now.
    until: Mapped[datetime | None]


class Place(Base):
    """A town, street or village 镇街."""

    __tablename__ = "places"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    #: Code of the place that it lies in; NULL at the top.
    parent: Mapped[str | None] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(default=True)
