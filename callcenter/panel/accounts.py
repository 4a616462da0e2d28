"""Use cases of whoever signs in: sign in, sign out, change the password."""

import math
from datetime import datetime

from sqlalchemy import delete, select

from callcenter.panel import audit, passwords
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import (
    Actor,
    Identity,
    close_sessions,
    identity_of_user,
    open_session,
    sweep,
    user_by_login,
)
from callcenter.panel.tables import Session, User
from callcenter.panel.throttle import Throttle
from callcenter.storage.engine import Database


async def sign_in(
    database: Database, throttle: Throttle, login: str, password: str, *, node: str, address: str, now: datetime
) -> tuple[str, Identity]:
    """Return the token of a new session and who it belongs to.

    Raises Problem 429 (with Retry-After) after too many failures, 401 when login and password do not belong together:
    the same sentence whether the login exists or not, and after the same time.
    """
    login = login.strip().lower()
    if wait := throttle.wait(login, address, now):
        seconds = math.ceil(wait.total_seconds())
        raise Problem(
            429, N_("Too many failed attempts. Please wait a few minutes."), headers={"Retry-After": str(seconds)}
        )
    throttle.attempt(login, address, now)
    async with database.read() as session:
        found = await session.scalar(select(User).where(User.login == login)) if login.isprintable() else None
    good = await passwords.verify(found.password_hash if found else None, password)
    async with database.begin() as session:
        # Read again: between the two they may have been disabled.
        user = await user_by_login(session, login) if found else None
        if user is None or not good or not user.active or user.password_hash != (found and found.password_hash):
            # What was typed as an unknown login may be somebody's password: not written down.
            audit.record(session, Actor("", node, address), "sign_in_refused", at=now, target=login if found else "")
            token = None
        else:
            await sweep(session, now)
            token = open_session(session, user, node, now)
            user.signed_in_at = now
            audit.record(session, Actor(user.login, node, address), "signed_in", at=now)
    if token is None or user is None:
        raise Problem(401, N_("User name or password is wrong."))
    throttle.forgive(login, address)
    return token, identity_of_user(user)


async def sign_out(database: Database, identity: Identity, actor: Actor, *, now: datetime) -> None:
    """End the session of `identity`."""
    async with database.begin() as session:
        await session.execute(delete(Session).where(Session.token_hash == identity.token_hash))
        audit.record(session, actor, "signed_out", at=now)


async def change_password(
    database: Database, throttle: Throttle, identity: Identity, current: str, new: str, *, actor: Actor, now: datetime
) -> None:
    """Replace the password of `identity` and sign them out everywhere else.

    Raises Problem 403 (field `current`) when the present one is wrong, 422 (field `new`) when the new one is no good.
    """
    if throttle.wait(identity.login, actor.address, now):
        raise Problem(429, N_("Too many failed attempts. Please wait a few minutes."), headers={"Retry-After": "60"})
    if reason := passwords.fault(new, identity.login):
        raise Problem(422, reason, fields={"new": reason})
    throttle.attempt(identity.login, actor.address, now)
    async with database.read() as session:
        known = await session.scalar(select(User.password_hash).where(User.login == identity.login))
    if not await passwords.verify(known, current):
        reason = N_("The present password is wrong.")
        raise Problem(403, reason, fields={"current": reason})
    throttle.forgive(identity.login, actor.address)
    if new == current:
        reason = N_("The new password is the present one.")
        raise Problem(422, reason, fields={"new": reason})
    made = await passwords.hashed(new)
    async with database.begin() as session:
        user = await user_by_login(session, identity.login)
        if user is None or user.password_hash != known:
            raise Problem(409, N_("The password has just been changed elsewhere. Please sign in again."))
        user.password_hash, user.must_change_password, user.password_changed_at = made, False, now
        await close_sessions(session, user, but=identity.token_hash)
        audit.record(session, actor, "password_changed", at=now, target=user.login)
