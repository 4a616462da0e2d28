"""Failed sign-ins as rows, so that a restart forgives nobody; whoever knows their password gets in all the same.

`rules.locks` says why there are several counts. A place that is locked costs neither a hash nor a write: its lock is
believed for a few seconds, and then read.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel import audit
from callcenter.panel.auth.rules import locks
from callcenter.panel.auth.rules.locks import Count, Kind
from callcenter.panel.auth.tables import Guess
from callcenter.panel.auth.vault import Vault
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import User
from callcenter.settings.sign_in import SignIn
from callcenter.storage.engine import Database

#: A lock is believed for so long without asking the database, where an administrator may have lifted it.
BELIEVED = timedelta(seconds=5)
#: Locks kept in memory.
MOST_KEPT = 10_000
#: How often a count is begun when others begin the same one.
_TRIES = 5

_Key = tuple[Kind, str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a try comes from."""

    address: str
    #: Name of a browser in which this very login has signed in before; see `auth.familiar`.
    browser: str = ""
    #: What the browser calls itself.
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Locked:
    """A place where a login is locked now."""

    until: datetime
    #: A network address; empty where it is another place.
    address: str


class Guesses:
    """The counts of one hotline."""

    def __init__(self, database: Database, vault: Vault, settings: SignIn, node: str) -> None:
        self._database = database
        self._vault = vault
        self._node = node
        self._limits = locks.limits(
            settings.wrong_passwords,
            timedelta(minutes=settings.lock_minutes),
            timedelta(minutes=settings.longest_lock_minutes),
        )
        #: Locked key -> (until, believed until).
        self._kept: OrderedDict[_Key, tuple[datetime, datetime]] = OrderedDict()

    async def admit(self, login: str, place: Place, now: datetime, *, code: bool = False) -> None:
        """Count a try as failed, before it is looked at, so that parallel guesses count too; `forgive` takes it back.

        Raises Problem 429 with Retry-After where there is a wait.
        """
        keys = self._keys(login, place, code=code)
        for key in keys:
            until, believed = self._kept.get(key, (now, now))
            if now < believed:
                _refuse(until - now)
        async with self._database.read() as session:
            self._must_not_wait(await self._counts(session, keys), now)
        for _ in range(_TRIES):
            try:
                await self._count_failure(keys, login, place, now)
            except IntegrityError:  # another try made the same row at the same instant
                continue
            return
        _refuse(timedelta(seconds=1))

    async def _count_failure(self, keys: list[_Key], login: str, place: Place, now: datetime) -> None:
        async with self._database.begin() as session:
            rows = await self._counts(session, keys, lock=True)
            self._must_not_wait(rows, now)
            news = {key: locks.failed(_count(row), self._limits[key[0]], now) for key, row in rows.items()}
            for key, row in rows.items():
                _write(session, key, row, news[key])
            if any(count.locked_until for (kind, *_), count in news.items() if kind != "login"):
                known = await session.scalar(select(User.id).where(User.login == login))
                actor = Actor("", self._node, place.address)
                # An unknown login may be a password.
                audit.record(session, actor, "sign_in_locked", at=now, target=login if known else "")

    async def forgive(self, session: AsyncSession, login: str, place: Place, *, code: bool = False) -> None:
        """The try was right: take it back, in the transaction of what it leads to."""
        rows = await self._counts(session, self._keys(login, place, code=code), lock=True)
        for key, row in rows.items():
            if row is not None:
                _write(session, key, row, locks.forgiven(_count(row), key[0], self._limits[key[0]]))
                if row.failures == row.locks == 0:
                    await session.delete(row)
            self._kept.pop(key, None)

    async def unlock(self, session: AsyncSession, login: str) -> int:
        """Forget every failure of `login`, wherever it was made; return how many counts there were."""
        mark = self._vault.mark("login", login)
        gone = await session.execute(delete(Guess).where(Guess.login == mark).returning(Guess.id))
        for key in [key for key in self._kept if key[1] == mark]:
            del self._kept[key]
        return len(gone.all())

    async def locked(self, session: AsyncSession, logins: Iterable[str], now: datetime) -> dict[str, list[Locked]]:
        """Return where each of `logins` is locked now, those that are."""
        marks = {self._vault.mark("login", login): login for login in logins}
        found: dict[str, list[Locked]] = {}
        rows = await session.scalars(
            select(Guess).where(Guess.locked_until > now, Guess.kind != "login", Guess.login != "").order_by(Guess.id)
        )
        for row in rows:
            login = marks.get(row.login)
            if login and row.locked_until and (row.kind in self._limits):
                address = row.place if row.kind == "pair" else ""
                found.setdefault(login, []).append(Locked(row.locked_until, address))
        return found

    async def sweep(self, now: datetime) -> None:
        """Delete what is worth nothing any more."""
        async with self._database.begin() as session:
            await session.execute(
                delete(Guess).where(
                    Guess.last_at < locks.stale(now), Guess.locked_until.is_(None) | (Guess.locked_until < now)
                )
            )

    def _keys(self, login: str, place: Place, *, code: bool) -> list[_Key]:
        """Return the counts that concern this try, in the order in which everybody locks them."""
        mark = self._vault.mark("login", login)
        if place.browser:  # codes apart: the right password, which clears the other count, must not clear theirs
            return [("code" if code else "browser", mark, place.browser)]
        network = network_of(place.address)
        last: _Key = ("code", mark, "") if code else ("login", mark, "")
        return [("address", "", network), last, ("pair", mark, network)]

    async def _counts(self, session: AsyncSession, keys: list[_Key], *, lock: bool = False) -> dict[_Key, Guess | None]:
        found: dict[_Key, Guess | None] = {}
        for key in keys:
            kind, login, place = key
            asked = select(Guess).where(Guess.kind == kind, Guess.login == login, Guess.place == place)
            found[key] = await session.scalar(asked.with_for_update() if lock else asked)
        return found

    def _must_not_wait(self, rows: dict[_Key, Guess | None], now: datetime) -> None:
        for key, row in rows.items():
            if left := locks.wait(_count(row), self._limits[key[0]], now):
                self._kept[key] = (now + left, min(now + left, now + BELIEVED))
                self._kept.move_to_end(key)
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
                _refuse(left)


def network_of(address: str) -> str:
    """Return what one guesser has of addresses: of IPv6 a whole /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _refuse(left: timedelta) -> None:
    """Refuse with the same words whether the login exists or not, and whatever was counted."""
    seconds = max(1, math.ceil(left.total_seconds()))
    raise Problem(
        429, N_("Too many failed attempts. Please wait a few minutes."), headers={"Retry-After": str(seconds)}
    )


def _count(row: Guess | None) -> Count:
    return Count(row.failures, row.locks, row.last_at, row.locked_until) if row else Count()


def _write(session: AsyncSession, key: _Key, row: Guess | None, count: Count) -> None:
    if row is None:
        kind, login, place = key
        row = Guess(kind=kind, login=login, place=place)
        session.add(row)
    row.failures, row.locks, row.locked_until = count.failures, count.locks, count.locked_until
    row.last_at = count.last_at or row.last_at
