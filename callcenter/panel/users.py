"""Use cases of whoever looks after users: list, add, change, disable; and the first administrator.

API and command line call the same functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel import audit, passwords
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor, Role, close_sessions, user_by_login
from callcenter.panel.tables import User
from callcenter.storage import clock
from callcenter.storage.engine import Database

#: Login of the first administrator.
FIRST = "admin"


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to get access."""

    login: str
    name: str
    role: Role
    agent: str | None = None
    #: For their first sign-in; None has one made.
    password: str | None = field(default=None, repr=False)


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
    for a password that is no good.
    """
    if new.password is not None and (reason := passwords.fault(new.password, new.login)):
        raise Problem(422, reason, fields={"password": reason})
    password = None if new.password is not None else passwords.one_time()
    made = await passwords.hashed(new.password or password or "")
    try:
        async with database.begin() as session:
            await _must_be_free(session, login=new.login, agent=new.agent)
            user = _add(session, new, made, actor.node, now)
            audit.record(session, actor, "user_added", at=now, target=new.login, role=new.role, agent=new.agent)
    except IntegrityError:
        raise Problem(409, N_("Somebody else has just taken this user name or agent number.")) from None
    return user, password


async def change(
    database: Database, login: str, changes: dict[str, Any], *, reset_password: bool, actor: Actor, now: datetime
) -> tuple[User, str | None]:
    """Change `name`, `role`, `agent`, `active` or `language`; return the user and, if asked, a new one-time password.

    Whoever is disabled, demoted or given a new password is signed out everywhere. Raises Problem 404 for an unknown
    login, 409 for an agent number that is taken, for one's own role and access, and when no
    active administrator would be left.
    """
    password = passwords.one_time() if reset_password else None
    made = await passwords.hashed(password) if password else None
    try:
        async with database.begin() as session:
            administrators = await _lock_administrators(session)
            user = await user_by_login(session, login)
            if user is None:
                raise Problem(404, N_("There is no such user."))
            news = {name: value for name, value in changes.items() if getattr(user, name) != value}
            loses = news.get("active") is False or "role" in news
            if loses and login == actor.who:
                raise Problem(409, N_("You cannot take away your own access."))
            if loses and administrators == {login}:
                raise Problem(409, N_("The last administrator cannot go."))
            if news.get("agent"):
                await _must_be_free(session, agent=news["agent"])
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


def _add(session: AsyncSession, new: NewUser, password_hash: str, node: str, now: datetime) -> User:
    user = User(
        node=node,
        login=new.login,
        name=new.name,
        role=new.role,
        agent=new.agent,
        active=True,
        password_hash=password_hash,
        must_change_password=True,
        created_at=now,
    )
    session.add(user)
    return user


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
