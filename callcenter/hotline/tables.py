"""Tables of the hotline: calls as they were, what is owed to citizens, agents, and where the historian stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode

#: States in which a callback is still owed.
OPEN_STATES = ("waiting", "dialling", "retry")
_OPEN = text("state IN ('waiting', 'dialling', 'retry')")
_UNFINISHED = text("progress IS NOT NULL")


class Call(OfNode, Base):
    """One call 来电, written by the historian alone."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("node", "linkedid"),
        Index("ix_calls_open", "node", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_calls_caller_answered_at", "caller", "answered_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Asterisk's name of the call.
    linkedid: Mapped[str] = mapped_column(String(150))
    #: The citizen's number; empty when it was withheld.
    caller: Mapped[str] = mapped_column(String(32))
    #: `inbound`, `outbound` or `internal`.
    direction: Mapped[str] = mapped_column(String(10))

    # When
    started_at: Mapped[datetime] = mapped_column(index=True)
    queued_at: Mapped[datetime | None]
    #: When the caller stopped waiting, for whatever reason; equals `queued_at` for one who was never let in.
    left_queue_at: Mapped[datetime | None]
    #: When citizen and agent could first hear each other.
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    # Who and how
    agent: Mapped[str | None] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(20))
    #: One of the contract's outcomes; `in_progress` until the citizen is gone.
    outcome: Mapped[str] = mapped_column(String(20))
    #: Below the folder of recordings.
    recording: Mapped[str | None] = mapped_column(String(255))
    #: 1 to 5, from the satisfaction question 话务坐席接听评价.
    rating: Mapped[int | None]
    #: Whether it ended because Asterisk died.
    cut: Mapped[bool] = mapped_column(default=False)
    #: Number of the ticket 工单 that it led to.
    ticket: Mapped[str | None] = mapped_column(String(20))
    #: What the interpreter needs to go on; NULL once the call's last channel is gone.
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Callback(OfNode, Base):
    """What is owed to a citizen whom nobody got to 漏接回拨: one open callback per number, however often they dial."""

    __tablename__ = "callbacks"
    __table_args__ = (
        Index("uq_callbacks_open_caller", "caller", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_callbacks_state_due_at", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(String(32), index=True)
    #: `waiting`, `dialling`, `retry`, `settled` or `unreachable`.
    state: Mapped[str] = mapped_column(String(12))
    #: Outcome of the missed call that opened it.
    reason: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    #: `callback`, `redial` or `supervisor`.
    settled_by: Mapped[str | None] = mapped_column(String(12))
    settled_at: Mapped[datetime | None]
    #: The redial that settled it.
    settled_call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    #: Why a supervisor settled it.
    note: Mapped[str | None] = mapped_column(String(500))
    #: Number of its ticket 工单.
    ticket: Mapped[str | None] = mapped_column(String(20))


class CallbackCall(Base):
    """A missed call that a callback answers for; a call belongs to one callback at most."""

    __tablename__ = "callback_calls"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callbacks.id"), index=True)


class CallbackAttempt(Base):
    """One try to reach the citizen, as evidence."""

    __tablename__ = "callback_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callbacks.id"), index=True)
    at: Mapped[datetime]
    agent: Mapped[str] = mapped_column(String(20))
    #: `reached`, `busy`, `no_answer`, `wrong_number` or `failed`.
    result: Mapped[str] = mapped_column(String(20))


class Agent(Base):
    """A person who may take calls 话务员."""

    __tablename__ = "agents"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    active: Mapped[bool] = mapped_column(default=True)


class Switch(Base):
    """Something that people switch while the hotline runs, such as `announcement`."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    on: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(60))


class CelPosition(OfNode, Base):
    """How far the historian has read, moved in the same transaction as what it wrote."""

    __tablename__ = "cel_positions"

    node: Mapped[str] = mapped_column(String(30), primary_key=True)
    #: Identity of the file, from its first line.
    file: Mapped[str] = mapped_column(String(64))
    #: Bytes of it that are done.
    offset: Mapped[int] = mapped_column(BigInteger)


class CelQuarantine(OfNode, Base):
    """A line of the call record that could not be understood, kept for a person to look at."""

    __tablename__ = "cel_quarantine"
    __table_args__ = (UniqueConstraint("node", "file", "offset"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(String(64))
    offset: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(300))
    found_at: Mapped[datetime]
