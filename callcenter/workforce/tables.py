"""Tables of who worked when."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode


class AgentActivity(OfNode, Base):
    """A stretch of time in which an agent 话务员 was in one state; the ground of attendance 考勤."""

    __tablename__ = "agent_activities"
    __table_args__ = (Index("ix_agent_activities_agent_since", "agent", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(20))
    #: `ready`, `break`, `ringing`, `talking` or `wrap_up`.
    state: Mapped[str] = mapped_column(String(20))
    #: Why, for a break.
    reason: Mapped[str | None] = mapped_column(String(40))
    since: Mapped[datetime]
    #: Empty while it lasts.
    until: Mapped[datetime | None]
