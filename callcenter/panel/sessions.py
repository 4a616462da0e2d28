"""Signed-in browsers: tokens, how long they last, and who is behind one."""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.rights import ROLES, Right, Role, may
from callcenter.panel.tables import Session, User
from callcenter.storage.engine import Database

_log = structlog.get_logger()

#: A browser that has not been heard of for this long is signed out; an open wallboard is heard of all the time.
IDLE = timedelta(hours=12)
#: However busy, it signs in again after this long.
LONGEST = timedelta(days=30)
#: How exact `seen_at` is: each update is a write.
SEEN_STEP = timedelta(minutes=5)
#: A session looked up this recently is believed; what this process itself changes takes effect at once.
BELIEVED = timedelta(seconds=5)
#: Sessions kept in memory.
MOST_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks."""

    login: str
    name: str
    role: Role
    #: Their agent number, or None for those who take no calls.
    agent: str | None = None
    #: Code of the member unit 成员单位 they work for, or None for the hotline's own people.
    unit: str | None = None
    language: str | None = None
    #: Nothing but changing the password is allowed.
    must_change_password: bool = False
    #: Of the browser's session; empty for the command line.
    token_hash: str = ""
    #: The command line on the machine itself.
    local: bool = False

    def has(self, right: Right) -> bool:
        """Whether they have `right`."""
        return may(self.role, right)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, for the audit trail."""

    who: str
    node: str
    address: str = ""


@dataclass(slots=True)
class _Kept:
    identity: Identity
    looked_up: datetime
    seen_at: datetime
    expires_at: datetime


class Sessions:
    """The signed-in browsers of one hotline.

    The wallboard must live on while the database is away, so a session that was looked up before is believed then.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def identify(self, token: str, now: datetime) -> Identity | None:
        """Return who is behind `token`, or None when nobody is signed in with it.

        Raises what the database raises when it is away and the session is not known yet.
        """
        key = hash_of(token)
        kept = self._kept.get(key)
        if kept is None or now - kept.looked_up > BELIEVED:
            kept = await self._look_up(key, kept, now)
        if kept is None or now - kept.seen_at > IDLE or now >= kept.expires_at:
            return None
        if now - kept.seen_at > SEEN_STEP:
            await self._seen(key, kept, now)
        return kept.identity

    def forget(self, *logins: str) -> None:
        """Look the sessions of `logins` up again: something about them has changed."""
        for key in [key for key, kept in self._kept.items() if kept.identity.login in logins]:
            del self._kept[key]

    async def _look_up(self, key: str, kept: _Kept | None, now: datetime) -> _Kept | None:
        try:
            async with self._database.read() as session:
                row = await session.get(Session, key)
        except (SQLAlchemyError, OSError) as error:
            if kept is None:
                raise
            _log.warning("session_believed", login=kept.identity.login, error=type(error).__name__)
            kept.looked_up = now
            return kept
        self._kept.pop(key, None)
        if row is None or not row.user.active:
            return None
        self._kept[key] = kept = _Kept(identity_of_user(row.user, key), now, row.seen_at, row.expires_at)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _seen(self, key: str, kept: _Kept, now: datetime) -> None:
        kept.seen_at = now
        try:
            async with self._database.begin() as session:
                await session.execute(update(Session).where(Session.token_hash == key).values(seen_at=now))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("session_not_updated", error=type(error).__name__)


def hash_of(token: str) -> str:
    """Return what is kept of `token`. It has 256 random bits, so one round without salt is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def identity_of_user(user: User, token_hash: str = "") -> Identity:
    """Return `user` as one who asks."""
    role = next(role for role in ROLES if role == user.role)
    return Identity(
        user.login, user.name, role, user.agent, user.unit, user.language, user.must_change_password, token_hash
    )


def open_session(session: AsyncSession, user: User, node: str, now: datetime) -> str:
    """Sign `user` in and return the token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    session.add(
        Session(
            node=node, token_hash=hash_of(token), user_id=user.id, created_at=now, seen_at=now, expires_at=now + LONGEST
        )
    )
    return token


async def close_sessions(session: AsyncSession, user: User, *, but: str = "") -> None:
    """Sign `user` out everywhere, except for the session with the token hash `but`."""
    await session.execute(delete(Session).where(Session.user_id == user.id, Session.token_hash != but))


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Delete sessions that are over."""
    await session.execute(delete(Session).where((Session.expires_at <= now) | (Session.seen_at <= now - IDLE)))


async def user_by_login(session: AsyncSession, login: str) -> User | None:
    """Return the user, locked until the transaction ends where the database locks rows."""
    found: User | None = await session.scalar(select(User).where(User.login == login).with_for_update())
    return found
