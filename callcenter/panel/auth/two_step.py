"""Use cases of the second step: set it up, prove it, stop it, get new recovery codes, reset it for somebody."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel import audit
from callcenter.panel.auth import codes
from callcenter.panel.auth.tables import RecoveryCode, SecondStep
from callcenter.panel.auth.vault import Vault, VaultError
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor, close_sessions, user_by_login
from callcenter.panel.tables import User
from callcenter.storage.engine import Database

_log = structlog.get_logger()
WRONG_CODE = N_("The code is wrong, or has been used already.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a telephone needs to make codes; shown once."""

    secret: str
    uri: str
    qr_size: int
    qr_path: str


@dataclass(frozen=True, slots=True)
class Status:
    """How it is with somebody's second step."""

    since: datetime | None
    codes_left: int


async def status(database: Database, login: str) -> Status:
    """Return how it is with the second step of `login`."""
    async with database.read() as session:
        user = await session.scalar(select(User).where(User.login == login))
        left = await session.scalar(
            select(func.count(RecoveryCode.id)).where(
                RecoveryCode.user_id == (user.id if user else 0), RecoveryCode.used_at.is_(None)
            )
        )
    return Status(user.two_step_since if user else None, left or 0)


async def begin(database: Database, vault: Vault, login: str, now: datetime) -> Enrolment:
    """Make a secret for `login`; it is not in force before `confirm`. Raises Problem 409 when one is already."""
    secret = codes.new_secret()
    async with database.begin() as session:
        user = await _user(session, login)
        if user.two_step_since is not None:
            raise Problem(409, N_("The second step is set up already."))
        await session.execute(delete(SecondStep).where(SecondStep.user_id == user.id))
        session.add(SecondStep(user_id=user.id, secret=vault.encrypt(secret), last_step=0, created_at=now))
    uri = codes.uri(secret, login)
    return Enrolment(secret, uri, *codes.qr(uri))


async def confirm(
    session: AsyncSession, vault: Vault, user: User, code: str, *, actor: Actor, now: datetime
) -> list[str]:
    """Put the secret of `user` in force with a code made from it; return their recovery codes, shown once.

    Raises Problem 409 when none was begun or one is in force already, 422 for a wrong code.
    """
    step = await session.get(SecondStep, user.id, with_for_update=True)
    if step is None or user.two_step_since is not None:
        raise Problem(409, N_("Please begin again."))
    if not _matches(vault, step, codes.plain(code), now, user.login):
        raise Problem(422, WRONG_CODE, fields={"code": WRONG_CODE})
    user.two_step_since = now
    audit.record(session, actor, "two_step_enabled", at=now, target=user.login)
    return await _new_recovery_codes(session, vault, user)


async def prove(session: AsyncSession, vault: Vault, user: User, code: str, now: datetime) -> str | None:
    """Return how `code` proves that it is `user`: `totp` or `recovery`, or None. It is used up by that."""
    plain = codes.plain(code)
    if codes.is_recovery(plain):
        used = await session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user.id,
                RecoveryCode.mark == vault.mark("recovery", plain),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now)
            .returning(RecoveryCode.id)
        )
        return "recovery" if used.all() else None
    step = await session.get(SecondStep, user.id, with_for_update=True)
    return "totp" if step is not None and _matches(vault, step, plain, now, user.login) else None


async def stop(session: AsyncSession, user: User, actor: Actor, now: datetime, *, action: str) -> None:
    """Take the second step of `user` away."""
    user.two_step_since = None
    await session.execute(delete(SecondStep).where(SecondStep.user_id == user.id))
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    audit.record(session, actor, action, at=now, target=user.login)


async def renew_codes(session: AsyncSession, vault: Vault, user: User, actor: Actor, now: datetime) -> list[str]:
    """Replace the recovery codes of `user`; return the new ones, shown once."""
    audit.record(session, actor, "recovery_codes_renewed", at=now, target=user.login)
    return await _new_recovery_codes(session, vault, user)


async def reset(database: Database, login: str, *, actor: Actor, now: datetime) -> User:
    """Let `login`, whose telephone is lost, sign in with the password alone, and sign them out everywhere.

    Raises Problem 404 for an unknown login, 409 where there is no second step.
    """
    async with database.begin() as session:
        user = await user_by_login(session, login)
        if user is None:
            raise Problem(404, N_("There is no such user."))
        if user.two_step_since is None:
            raise Problem(409, N_("This user has no second step."))
        await stop(session, user, actor, now, action="two_step_reset")
        await close_sessions(session, user)
    return user


async def _user(session: AsyncSession, login: str) -> User:
    user = await user_by_login(session, login)
    if user is None:
        raise Problem(404, N_("There is no such user."))
    return user


def _matches(vault: Vault, step: SecondStep, code: str, now: datetime, login: str) -> bool:
    try:
        secret = vault.decrypt(step.secret)
    except VaultError as error:
        _log.error("second_step_unreadable", login=login, error=str(error))
        raise Problem(503, N_("The second step cannot be checked. Please ask an administrator.")) from None
    used = codes.step_of(secret, code, now, after=step.last_step)
    if used is None:
        return False
    step.last_step = used
    return True


async def _new_recovery_codes(session: AsyncSession, vault: Vault, user: User) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    made = codes.recovery_codes()
    session.add_all(
        RecoveryCode(user_id=user.id, mark=vault.mark("recovery", codes.plain(code)), used_at=None) for code in made
    )
    return made
