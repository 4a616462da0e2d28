"""Follow-up visits 回访: what is owed to the citizen of an answered ticket, each try, and the link they may use."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode

_OPEN = text("state IN ('waiting', 'dialling', 'answered', 'retry')")


class FollowUp(OfNode, Base):
    """One follow-up visit; a ticket has at most one that is open, and another after each redo 重办."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        Index("uq_follow_ups_open_ticket", "ticket_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_follow_ups_state_next_at", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    #: `rules.follow_ups.State`.
    state: Mapped[str] = mapped_column(String(12))
    #: What is dialled: where the citizen wants to be called, else where they called from; in its one spelling.
    number: Mapped[str] = mapped_column(String(32))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    #: Not dialled before this.
    next_at: Mapped[datetime]
    #: The agent who has it: it is dialled at nobody else's phone.
    assigned: Mapped[str | None] = mapped_column(String(20))
    #: What the citizen said (`rules.words.Satisfaction`), and their words; kept also while a supervisor has to decide.
    satisfaction: Mapped[str | None] = mapped_column(String(12))
    words: Mapped[str | None] = mapped_column(Text)
    #: A login, or `citizen` who answered by the link; and when.
    said_to: Mapped[str | None] = mapped_column(String(64))
    said_at: Mapped[datetime | None]
    #: The citizen is unhappy and the ticket has been redone as often as it may: a supervisor decides.
    needs_supervisor: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]


class FollowUpAttempt(OfNode, Base):
    """One try to reach the citizen, as evidence; on disk before Asterisk is asked to dial."""

    __tablename__ = "follow_up_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_ups.id"), index=True)
    at: Mapped[datetime]
    #: Whose phone rings first.
    agent: Mapped[str] = mapped_column(String(20))
    number: Mapped[str] = mapped_column(String(32))
    #: `dialling` until it is known; then one of `hotline.rules.retries.Result`.
    result: Mapped[str] = mapped_column(String(20))
    ended_at: Mapped[datetime | None]
    #: The call that carried it out, as Asterisk's record tells; the recording is its.
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    note: Mapped[str | None] = mapped_column(String(500))


class FollowUpLink(Base):
    """A link by which a citizen answers by themselves, once. Only the hash of its token is kept."""

    __tablename__ = "follow_up_links"

    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_ups.id"), primary_key=True)
    #: SHA-256 of the token, in hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    #: When the message was handed over; until then it is made anew, with another token.
    sent_at: Mapped[datetime | None]
    #: When the citizen answered, by this link or otherwise: it is dead from then on.
    used_at: Mapped[datetime | None]
