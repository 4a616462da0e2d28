"""Failed sign-ins, second steps and their recovery codes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callcenter.panel.tables import User
from callcenter.storage.base import Base


class Guess(Base):
    """Failed sign-ins in one place; see `auth.rules.locks`."""

    __tablename__ = "panel_guess"
    __table_args__ = (UniqueConstraint("kind", "login", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: One of `locks.Kind`.
    kind: Mapped[str] = mapped_column(String(10))
    #: Mark of the login that was typed, or empty. Not the login: people type their password there by mistake.
    login: Mapped[str] = mapped_column(String(64), index=True)
    #: A network address, a browser's name, or empty.
    place: Mapped[str] = mapped_column(String(64))
    failures: Mapped[int]
    locks: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]


class SecondStep(Base):
    """The secret that a user's telephone makes codes from. In force once `User.two_step_since` is set."""

    __tablename__ = "panel_second_step"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    #: Encrypted by the vault.
    secret: Mapped[str] = mapped_column(Text)
    #: The half minute (since 1970) of the last code that was used: neither it nor an earlier one is good again.
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """One code that stands in for a lost telephone, once."""

    __tablename__ = "panel_recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    #: Mark of the code.
    mark: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
