"""Use cases of whoever looks after users: list, add, change, disable; and the first administrator.

API and command line call the same functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import column, func, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel import audit, passwords
from callcenter.panel.auth.guesses import Guesses
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.rights import Role, may
from callcenter.panel.sessions import Actor, close_sessions, user_by_login
from callcenter.panel.tables import User
from callcenter.storage import clock
from callcenter.storage.engine import Database

#: Login of the first administrator.
FIRST = "admin"
#: Member units 成员单位 are the tickets' own, which lie above accounts; here only whether one is there.
_UNITS = table("member_units", column("code"), column("active"))


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to get access."""

    login: str
    name: str
    role: Role
    agent: str | None = None
    #: For their first sign-in; None has one made.
    password: str | None = field(default=None, repr=False)
    #: Code of the member unit 成员单位 they work for: of the role `unit`, and of no other.
    unit: str | None = None


async def ensure_administrator(database: Database, *, node: str = "node1") -> str | None:
    """Make the user `admin` when there is no user at all.

    Returns the one-time password, this once, or None when there are users already. It must be changed at first sign-in.
    """
    async with database.read() as session:
        if await session.scalar(select(func.count(User.id))):
            return None
    password = passwords.one_time()
    made = await passwords.hashed(password)
    now = clock.now()
    try:
        async with database.begin() as session:
            if await session.scalar(select(func.count(User.id))):
                return None
            _add(session, NewUser(FIRST, FIRST, "administrator"), made, node, now)
            audit.record(session, Actor("", node), "user_added", at=now, target=FIRST, role="administrator")
    except IntegrityError:  # another node was first
        return None
    return password


async def listing(database: Database) -> Sequence[User]:
    """Return every user, by login."""
    async with database.read() as session:
        return (await session.scalars(select(User).order_by(User.login))).all()


async def add(database: Database, new: NewUser, *, actor: Actor, now: datetime) -> tuple[User, str | None]:
    """Add a user; return them and, unless one was given, their one-time password, which is shown this once.

    Either must be changed at first sign-in. Raises Problem 409 with the field that is taken (`login` or `agent`), 422
    for a password that is no good, 400 for a unit that is missing, unknown or not for this role.
    """
    if new.password is not None and (reason := passwords.fault(new.password, new.login)):
        raise Problem(422, reason, fields={"password": reason})
    password = None if new.password is not None else passwords.one_time()
    made = await passwords.hashed(new.password or password or "")
    try:
        async with database.begin() as session:
            await _must_fit(session, new.role, new.unit, new.agent)
            await _must_be_free(session, login=new.login, agent=new.agent)
            user = _add(session, new, made, actor.node, now)
            told = {"role": new.role, "agent": new.agent} | ({"unit": new.unit} if new.unit else {})
            audit.record(session, actor, "user_added", at=now, target=new.login, **told)
    except IntegrityError:
        raise Problem(409, N_("Somebody else has just taken this user name or agent number.")) from None
    return user, password


async def change(
    database: Database, login: str, changes: dict[str, Any], *, reset_password: bool, actor: Actor, now: datetime
) -> tuple[User, str | None]:
    """Change `name`, `role`, `agent`, `unit`, `active` or `language`; return the user and, if asked, a new password.

    Whoever is disabled, gets another role, unit or one-time password is signed out everywhere. A change of role takes
    away what does not belong to the new one: the unit, or the agent number. Raises Problem 404 for an unknown login,
    409 for an agent number that is taken, for one's own role and access, and when no active administrator would be
    left, 400 for a unit that is missing, unknown or not for this role.
    """
    password = passwords.one_time() if reset_password else None
    made = await passwords.hashed(password) if password else None
    try:
        async with database.begin() as session:
            administrators = await _lock_administrators(session)
            user = await user_by_login(session, login)
            if user is None:
                raise Problem(404, N_("There is no such user."))
            wanted = _with_role(user, changes)
            news = {name: value for name, value in wanted.items() if getattr(user, name) != value}
            loses = news.get("active") is False or "role" in news or "unit" in news
            if loses and login == actor.who:
                raise Problem(409, N_("You cannot take away your own access."))
            if loses and administrators == {login}:
                raise Problem(409, N_("The last administrator cannot go."))
            await _must_still_fit(session, user, news)
            for name, value in news.items():
                setattr(user, name, value)
            if made:
                user.password_hash, user.must_change_password = made, True
            if loses or made:
                await close_sessions(session, user)
            if news or made:
                audit.record(session, actor, "user_changed", at=now, target=login, changes=news, password=bool(made))
    except IntegrityError:
        raise Problem(409, N_("Somebody else has just taken this user name or agent number.")) from None
    return user, password


async def unlock(database: Database, guesses: Guesses, login: str, *, actor: Actor, now: datetime) -> None:
    """Forget the failed sign-ins of `login`, wherever they were made. Raises Problem 404 for an unknown login."""
    async with database.begin() as session:
        if await user_by_login(session, login) is None:
            raise Problem(404, N_("There is no such user."))
        counts = await guesses.unlock(session, login)
        audit.record(session, actor, "user_unlocked", at=now, target=login, counts=counts)


def _add(session: AsyncSession, new: NewUser, password_hash: str, node: str, now: datetime) -> User:
    user = User(
        node=node,
        login=new.login,
        name=new.name,
        role=new.role,
        agent=new.agent,
        unit=new.unit,
        active=True,
        password_hash=password_hash,
        must_change_password=True,
        created_at=now,
    )
    session.add(user)
    return user


def _with_role(user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """Return `changes`, and what another role takes away by itself."""
    role = changes.get("role", user.role)
    if role == user.role:
        return changes
    return ({} if role == "unit" else {"unit": None}) | ({} if may(role, "phone.use") else {"agent": None}) | changes


async def _must_still_fit(session: AsyncSession, user: User, news: dict[str, Any]) -> None:
    if news.keys() & {"role", "unit", "agent"}:
        future = {name: news.get(name, getattr(user, name)) for name in ("role", "unit", "agent")}
        await _must_fit(session, **future)
    if news.get("agent"):
        await _must_be_free(session, agent=news["agent"])


async def _must_fit(session: AsyncSession, role: Role, unit: str | None, agent: str | None) -> None:
    faults = {}
    if role != "unit":
        if unit is not None:
            faults["unit"] = N_("Only people of a member unit have one.")
    elif unit is None:
        faults["unit"] = N_("Please choose their member unit.")
    else:
        active = await session.scalar(select(_UNITS.c.active).where(_UNITS.c.code == unit))
        if not active:
            unknown, closed = N_("There is no such member unit."), N_("This member unit is closed.")
            faults["unit"] = unknown if active is None else closed
    if agent is not None and not may(role, "phone.use"):
        faults["agent"] = N_("People of this role take no calls.")
    if faults:
        raise Problem(400, N_("Some fields are wrong."), fields=faults)


async def _must_be_free(session: AsyncSession, *, login: str | None = None, agent: str | None = None) -> None:
    taken = {}
    if login and await session.scalar(select(User.id).where(User.login == login)):
        taken["login"] = N_("This user name is taken.")
    if agent and await session.scalar(select(User.id).where(User.agent == agent)):
        taken["agent"] = N_("Another user has this agent number.")
    if taken:
        raise Problem(409, next(iter(taken.values())), fields=taken)


async def _lock_administrators(session: AsyncSession) -> set[str]:
    """Return the active ones, locked: two of them cannot disable each other at once."""
    found = select(User.login).where(User.role == "administrator", User.active).order_by(User.id).with_for_update()
    return set(await session.scalars(found))
