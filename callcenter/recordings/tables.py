"""Table of recordings: what is kept of each conversation, where, and for how long."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callcenter.hotline.tables import Call
from callcenter.storage.base import Base, OfNode

_KEPT = text("state = 'kept'")


class Recording(OfNode, Base):
    """One conversation as it was recorded 录音; it stays as a row when the sound is deleted."""

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("node", "linkedid"),
        Index("ix_recordings_due", "delete_after", sqlite_where=_KEPT, postgresql_where=_KEPT),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey(Call.id), index=True)
    #: Asterisk's name of the call.
    linkedid: Mapped[str] = mapped_column(String(150))
    #: Below the folder of recordings; also what the sealed file is bound to.
    path: Mapped[str] = mapped_column(String(255))
    #: When the two could first hear each other.
    started_at: Mapped[datetime] = mapped_column(index=True)
    seconds: Mapped[float]
    #: `opus` or `wav`.
    format: Mapped[str] = mapped_column(String(10))

    # The sealed file
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    #: Id of the master key.
    key_id: Mapped[str] = mapped_column(String(16))
    #: Loudness of the agent and the citizen in turns, a byte each: `audio.Waveform`. Read only where it is asked for.
    waveform: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sealed_at: Mapped[datetime]

    # How long
    #: `kept`, `deleted` when its time was over, or `lost` when the file was found to be gone.
    state: Mapped[str] = mapped_column(String(10), default="kept")
    delete_after: Mapped[datetime]
    #: When the sound was deleted, or found to be gone.
    gone_at: Mapped[datetime | None]
    #: A legal hold 封存 keeps it until it is released: why, by whom, since when.
    legal_hold: Mapped[bool] = mapped_column(default=False)
    hold_reason: Mapped[str | None] = mapped_column(String(500))
    held_by: Mapped[str | None] = mapped_column(String(64))
    held_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship(lazy="raise")
