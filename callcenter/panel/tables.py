"""Who may use the panel, who is signed in, and what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callcenter.panel.rights import ROLES
from callcenter.storage.base import Base, OfNode


class User(OfNode, Base):
    """Somebody who may sign in to the panel."""

    __tablename__ = "panel_user"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role_known"),
        CheckConstraint("(role = 'unit') = (unit IS NOT NULL)", name="unit_of_its_role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What they type; lower case.
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    #: One of `rights.ROLES`.
    role: Mapped[str] = mapped_column(String(20))
    #: The agent 话务员 they are, or null for those who take no calls.
    agent: Mapped[str | None] = mapped_column(String(20), unique=True)
    #: Code of the member unit 成员单位 they work for; set for the role `unit` and for no other.
    unit: Mapped[str | None] = mapped_column(String(30))
    #: `zh_CN` or `en`; null follows the panel.
    language: Mapped[str | None] = mapped_column(String(10))
    #: A disabled user keeps their history and cannot sign in.
    active: Mapped[bool] = mapped_column(default=True)

    # Password
    #: Argon2id with its salt and costs.
    password_hash: Mapped[str] = mapped_column(String(200))
    #: True for a one-time password: nothing but changing it is allowed.
    must_change_password: Mapped[bool] = mapped_column(default=True)
    password_changed_at: Mapped[datetime | None]
    #: Since when a code is asked for after the password; null where it is not. See `panel.auth.two_step`.
    two_step_since: Mapped[datetime | None]

    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]


class Session(OfNode, Base):
    """One browser that is signed in; only a hash of its token is kept."""

    __tablename__ = "panel_session"

    #: SHA-256 of the token, in hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    #: Updated every few minutes, not on every request.
    seen_at: Mapped[datetime]
    #: However busy it is, it ends then.
    expires_at: Mapped[datetime] = mapped_column(index=True)
    #: Where it was opened: network address, and what the browser calls itself.
    address: Mapped[str] = mapped_column(String(45), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Audit(OfNode, Base):
    """The audit trail 审计: who did what, when, from where.

    Rows are only ever added, each hung on the one before by its hash; the database refuses a change. See `panel.trail`.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_who_at", "who", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    #: A login, `cli` for the command line, or empty when nobody known was behind it.
    who: Mapped[str] = mapped_column(String(64))
    #: A word such as `signed_in`, `password_changed`, `user_changed`.
    action: Mapped[str] = mapped_column(String(50))
    #: What it was done to: a login, an agent number, a call.
    target: Mapped[str] = mapped_column(String(100))
    #: Network address, or empty for the machine itself.
    address: Mapped[str] = mapped_column(String(45))
    #: Old and new values and the like; never a password.
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)

    # The chain
    #: Its place: 1, 2, 3... without a gap.
    number: Mapped[int] = mapped_column(unique=True)
    #: Hash of the row before, and its own, in hexadecimal.
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The end of the audit trail's chain: a single row, locked by whoever adds to it."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Its name, made when it began.
    chain: Mapped[str] = mapped_column(String(16))
    #: How many rows it has, and the hash of the last.
    count: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
