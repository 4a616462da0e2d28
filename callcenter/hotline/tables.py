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
_UNREAD = text("read_at IS NULL")


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
    #: `inbound`, `outbound`, `internal`, or `test` for a test dial 拨测, which no figure counts.
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
    #: Whether the citizen asked by key to be called back, and on which other number if they keyed one.
    wants_callback: Mapped[bool] = mapped_column(default=False)
    callback_number: Mapped[str | None] = mapped_column(String(32))
    #: The attempt (of a callback or a follow-up, as the name says) or the test dial that this call carries out; what
    #: Dial() said of it.
    attempt_id: Mapped[int | None]
    dial_result: Mapped[str | None] = mapped_column(String(20))
    #: Whether it ended because Asterisk died.
    cut: Mapped[bool] = mapped_column(default=False)

    #: Whoever else was called into the talk 咨询/转接/三方, in order (`rules.records.CallRecord.parties`); or NULL.
    parties: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))

    # How good the lines were, as RTCP told: `rules.line_quality`
    #: Mean opinion scores, 1.0 to 4.4, of the citizen's line and of the agent's.
    mos_citizen: Mapped[float | None]
    mos_agent: Mapped[float | None]
    #: The worst of all legs: percent of packets lost, milliseconds of jitter, and there and back.
    line_loss: Mapped[float | None]
    line_jitter_ms: Mapped[float | None]
    line_rtt_ms: Mapped[float | None]

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
    #: The citizen's number in its one spelling (`rules.numbers.normalised`).
    caller: Mapped[str] = mapped_column(String(32), index=True)
    #: The number that they keyed to be called on; NULL for their own.
    number: Mapped[str | None] = mapped_column(String(32))
    #: `waiting`, `dialling`, `retry`, `settled` or `unreachable`.
    state: Mapped[str] = mapped_column(String(12))
    #: Outcome of the missed call that opened it, or `requested`.
    reason: Mapped[str] = mapped_column(String(20))
    #: When the citizen first called: the order in which they are called back.
    called_at: Mapped[datetime]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    #: Not dialled by itself before this.
    next_at: Mapped[datetime]
    #: Higher is dialled sooner; a supervisor who brings one forward raises it.
    priority: Mapped[int] = mapped_column(default=0)
    #: Why only a supervisor may have the number dialled: `emergency`, `premium`, `foreign`, `unknown`; else NULL.
    held: Mapped[str | None] = mapped_column(String(12))
    #: The agent it is kept for.
    assigned: Mapped[str | None] = mapped_column(String(20))
    #: When the supervisor was told that it is about to be overdue.
    escalated_at: Mapped[datetime | None]
    #: `callback`, `redial` or `supervisor`.
    settled_by: Mapped[str | None] = mapped_column(String(12))
    settled_at: Mapped[datetime | None]
    #: The redial or callback that settled it.
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


class CallbackAttempt(OfNode, Base):
    """One try to reach the citizen, as evidence; on disk before Asterisk is asked to dial."""

    __tablename__ = "callback_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callbacks.id"), index=True)
    at: Mapped[datetime]
    #: Whose phone rings first.
    agent: Mapped[str] = mapped_column(String(20))
    #: What is dialled.
    number: Mapped[str] = mapped_column(String(32))
    #: `dialling` until it is known; then one of `rules.callbacks.Result`.
    result: Mapped[str] = mapped_column(String(20))
    ended_at: Mapped[datetime | None]
    #: The call that carried it out, as Asterisk's record tells.
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    note: Mapped[str | None] = mapped_column(String(500))


class PolicyStep(OfNode, Base):
    """A step of the queue policy, taken or undone, with what it answered; the supervisor's log."""

    __tablename__ = "policy_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    #: `calm`, `warning`, `reinforce`, `offer` or `full`: the level from then on.
    level: Mapped[str] = mapped_column(String(12))
    #: What was done: `warn`, `end_wrap_up`, `call_back_break`, `join_reserve`, `leave_reserve`, `offer_callbacks`, ...
    step: Mapped[str] = mapped_column(String(30))
    #: Whom it concerns (agent, seat, reserve), and the figures that led to it.
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class DeskMessage(OfNode, Base):
    """A message between supervisors and an agent's desk 座席消息."""

    __tablename__ = "desk_messages"
    __table_args__ = (
        Index("ix_desk_messages_agent_id", "agent", "id"),
        Index("ix_desk_messages_unread", "agent", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    #: Whose thread it is in, and where they sat.
    agent: Mapped[str] = mapped_column(String(20))
    seat: Mapped[str | None] = mapped_column(String(20))
    #: Login and name of the writer.
    by: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(100))
    #: From a supervisor to the desk, or the other way.
    to_desk: Mapped[bool]
    text: Mapped[str] = mapped_column(String(500))
    #: What the supervisor did to the agent's state with it: `signed_out`, `ready` or `break`; NULL for a mere message.
    deed: Mapped[str | None] = mapped_column(String(20))
    #: When it was read, or acknowledged, and by whom.
    read_at: Mapped[datetime | None]
    read_by: Mapped[str | None] = mapped_column(String(64))


class BlockedCaller(Base):
    """A number on the list of abusive callers 骚扰电话, kept by supervisors."""

    __tablename__ = "blocked_callers"

    #: In its one spelling.
    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    #: `announce` (a warning first), `limit` (so many calls an hour), or `block`.
    level: Mapped[str] = mapped_column(String(12))
    per_hour: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]
    #: It ends by itself then; NULL for never.
    until: Mapped[datetime | None]


class TestDial(OfNode, Base):
    """A test dial 拨测 and what it found; on disk before Asterisk is asked to dial."""

    __tablename__ = "test_dials"
    __test__ = False  # pytest takes a class of this name for a test

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    trunk: Mapped[str] = mapped_column(String(31))
    #: `dialling`, `passed`, `failed`, or `yielded` when it gave up its place to a citizen.
    result: Mapped[str] = mapped_column(String(12))
    #: Seconds to the greeting and to a person; callers found waiting.
    greeting_seconds: Mapped[float | None]
    person_seconds: Mapped[float | None]
    waiting_found: Mapped[int | None]
    #: What was wrong.
    detail: Mapped[str | None] = mapped_column(String(300))


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
