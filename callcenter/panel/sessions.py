"""Signed-in browsers: tokens, how long they last, and who is behind one."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.auth.rules.shifts import TOLERANCE, End, is_over
from callcenter.panel.auth.terms import Terms
from callcenter.panel.rights import ROLES, Right, Role, rights_of
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
#: A clock that goes this much further than time does has been set, and for so long nobody is signed out for it.
LEAP = timedelta(minutes=1)
PATIENCE = timedelta(minutes=10)


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
    #: What they may do; None is what their role may.
    rights: frozenset[Right] | None = None
    #: Nothing but setting up the second step is allowed.
    must_enrol: bool = False
    #: When their shift, and with it this session, ends; None when it does not.
    ends: End | None = None

    def has(self, right: Right) -> bool:
        """Whether they have `right`."""
        return right in self.all_rights

    @property
    def all_rights(self) -> frozenset[Right]:
        """Every right they have."""
        return rights_of(self.role) if self.rights is None else self.rights


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
    #: Ended by us, whatever the database still says.
    over: bool = False


class Sessions:
    """The signed-in browsers of one hotline.

    The wallboard must live on while the database is away, so a session that was looked up before is believed then.
    `busy` tells whether an agent is in the midst of a talk, or of what belongs to it.
    """

    def __init__(
        self,
        database: Database,
        terms: Terms | None = None,
        *,
        busy: Callable[[str], bool] = lambda _agent: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self.terms = terms or Terms()
        self.busy = busy
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._monotonic = monotonic
        self._clocks: tuple[datetime, float] | None = None
        self._patient_until = float("-inf")

    async def identify(self, token: str, now: datetime) -> Identity | None:
        """Return who is behind `token`, or None when nobody is signed in with it.

        Raises what the database raises when it is away and the session is not known yet.
        """
        patient = self._clock_has_leapt(now)
        key = hash_of(token)
        kept = self._kept.get(key)
        if kept is None or now - kept.looked_up > BELIEVED:
            kept = await self._look_up(key, kept, now)
        if kept is None or kept.over:
            return None
        if not patient:
            if now - kept.seen_at > IDLE or now >= kept.expires_at:
                return None
            if self._shift_is_over(kept.identity, now):
                await self._end(key, kept)
                return None
        if now - kept.seen_at > SEEN_STEP:
            await self._seen(key, kept, now)
        return kept.identity

    def forget(self, *logins: str) -> None:
        """Look the sessions of `logins` up again: something about them has changed."""
        for key in [key for key, kept in self._kept.items() if kept.identity.login in logins]:
            del self._kept[key]

    def _clock_has_leapt(self, now: datetime) -> bool:
        """Whether the machine's clock was set forward a moment ago: an hour nobody worked ends nobody's session.

        Those that end by it get the time in which people are told, and sign in again. Seen by comparing with a clock
        that cannot be set.
        """
        steady = self._monotonic()
        if self._clocks is not None:
            before, steady_before = self._clocks
            leap = (now - before) - timedelta(seconds=steady - steady_before)
            if leap > LEAP:
                _log.warning("clock_leapt", seconds=round(leap.total_seconds()))
                self._patient_until = steady + PATIENCE.total_seconds()
        self._clocks = (now, steady)
        return steady < self._patient_until

    def _shift_is_over(self, identity: Identity, now: datetime) -> bool:
        if identity.ends is None or now < identity.ends.at:
            return False
        return is_over(identity.ends.at, now, talking=bool(identity.agent) and self.busy(identity.agent or ""))

    async def _end(self, key: str, kept: _Kept) -> None:
        """End a session for good: an agent whose next call comes in does not bring it back."""
        kept.over = True
        _log.info("session_ended_with_shift", login=kept.identity.login)
        try:
            async with self._database.begin() as session:
                await session.execute(delete(Session).where(Session.token_hash == key))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("session_not_deleted", error=type(error).__name__)

    async def _look_up(self, key: str, kept: _Kept | None, now: datetime) -> _Kept | None:
        try:
            async with self._database.read() as session:
                row = await session.get(Session, key)
            if row is not None and row.created_at > now + TOLERANCE:
                await self._begin_anew(row, now)
        except (SQLAlchemyError, OSError) as error:
            if kept is None:
                raise
            _log.warning("session_believed", login=kept.identity.login, error=type(error).__name__)
            kept.looked_up = now
            return kept
        self._kept.pop(key, None)
        if row is None or not row.user.active or (kept is not None and kept.over):
            return None
        identity = identity_of_user(row.user, key, terms=self.terms, began=row.created_at)
        self._kept[key] = kept = _Kept(identity, now, row.seen_at, row.expires_at)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _begin_anew(self, row: Session, now: datetime) -> None:
        """Let a session that began in the future begin now: the clock was set back, and it must end all the same."""
        row.created_at, row.seen_at, row.expires_at = now, now, now + LONGEST
        news = {"created_at": now, "seen_at": now, "expires_at": now + LONGEST}
        async with self._database.begin() as session:
            await session.execute(update(Session).where(Session.token_hash == row.token_hash).values(news))

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


def identity_of_user(
    user: User, token_hash: str = "", *, terms: Terms | None = None, began: datetime | None = None
) -> Identity:
    """Return `user` as one who asks, in a session that `began` then."""
    terms = terms or Terms()
    role = next(role for role in ROLES if role == user.role)
    return Identity(
        user.login,
        user.name,
        role,
        user.agent,
        user.unit,
        user.language,
        user.must_change_password,
        token_hash,
        rights=terms.rights(user.login, role),
        must_enrol=role in terms.two_step_roles and user.two_step_since is None and user.login not in terms.kiosks,
        ends=terms.end(user.login, role, began) if began else None,
    )


def open_session(
    session: AsyncSession, user: User, node: str, now: datetime, *, address: str = "", browser: str = ""
) -> str:
    """Sign `user` in and return the token, which is kept nowhere. Every sign-in has a token of its own."""
    token = secrets.token_urlsafe(32)
    session.add(
        Session(
            node=node,
            token_hash=hash_of(token),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST,
            address=address[:45],
            browser="".join(letter for letter in browser if letter.isprintable())[:200],
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
