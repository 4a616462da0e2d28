"""What went between us and the city platform 市级平台."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.storage.base import Base, OfNode

_OPEN = text("sent_at IS NULL AND given_up_at IS NULL")


class CityMessage(OfNode, Base):
    """A message of theirs that was carried out; the same again gets the same answer."""

    __tablename__ = "city_messages"

    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: SHA-256 of the body: another text under the same name is refused.
    digest: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    #: What we answered, as JSON.
    answer: Mapped[str] = mapped_column(Text)


class CityNonce(Base):
    """A nonce that was used; remembered for as long as its message would be believed."""

    __tablename__ = "city_nonces"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


class CityOutbox(OfNode, Base):
    """A message of ours, from the move that it tells of until they have confirmed it."""

    __tablename__ = "city_outbox"
    __table_args__ = (Index("ix_city_outbox_open", "ticket_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Never changes, so that they can tell a message that was sent twice.
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    #: `ticket` or `progress`.
    kind: Mapped[str] = mapped_column(String(12))
    #: JSON.
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    #: Not sent before this.
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    #: What the last attempt met.
    error: Mapped[str | None] = mapped_column(String(500))
    #: They refused it: only a person sends it again.
    refused: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    given_up_at: Mapped[datetime | None]
    given_up_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))
