"""Use cases of whoever signs in: password, code, sign-out, a new password, one's second step, one's sessions."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel import audit, passwords
from callcenter.panel.auth import two_step
from callcenter.panel.auth.guesses import Guesses, Place
from callcenter.panel.auth.terms import Terms
from callcenter.panel.auth.vault import Vault
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import (
    Actor,
    Identity,
    close_sessions,
    hash_of,
    identity_of_user,
    open_session,
    sweep,
    user_by_login,
)
from callcenter.panel.tables import Session, User
from callcenter.storage.engine import Database

#: How long somebody may take between password and code.
CODE_WITHIN = timedelta(minutes=5)
#: So soon after a sign-in its password need not be given again for what asks for it.
FRESH = timedelta(minutes=10)
_PENDING = "pending"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session's token, and who it belongs to."""

    token: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right and a code is still wanted. No session: it opens nothing but the second step."""

    token: str
    login: str


@dataclass(frozen=True)
class Accounts:
    """The use cases, with what they need."""

    database: Database
    guesses: Guesses
    vault: Vault
    terms: Terms
    node: str

    async def sign_in(
        self, login: str, password: str, place: Place, now: datetime, *, replaces: str = ""
    ) -> SignedIn | Pending:
        """Sign in, or ask for the code; `replaces` is the token hash of the session that the browser has had so far.

        Raises Problem 429 (with Retry-After) after too many failures, 401 when login and password do not belong
        together: the same sentence whether the login exists or not, and after the same time; 503 while too many wait.
        """
        login = login.strip().lower()
        known = bool(place.browser)
        with passwords.waiting_room(known=known):
            await self.guesses.admit(login, place, now)
            async with self.database.read() as session:
                found = await session.scalar(select(User).where(User.login == login)) if login.isprintable() else None
            good = await passwords.verify(found.password_hash if found else None, password, known=known)
        renewed = await passwords.renewed(found.password_hash, password) if good and found else None
        async with self.database.begin() as session:
            # Read again: between the two they may have been disabled.
            user = await user_by_login(session, login) if found else None
            if user is not None and good and user.active and user.password_hash == (found and found.password_hash):
                if renewed:
                    user.password_hash = renewed
                await self.guesses.forgive(session, login, place)
                if user.two_step_since is not None:
                    return self._pending(user, now)
                return await self._open(session, user, place, now, replaces=replaces)
            # What was typed as an unknown login may be somebody's password: not written down.
            actor = Actor("", self.node, place.address)
            audit.record(session, actor, "sign_in_refused", at=now, target=login if found else "")
        raise Problem(401, N_("User name or password is wrong."))

    def login_of(self, pending: str, now: datetime) -> str:
        """Return whose password the token `pending` stands for. Raises Problem 410 when it is over, or none of ours."""
        content = self.vault.unseal(_PENDING, pending, most=CODE_WITHIN, now=now)
        if content is None:
            raise Problem(410, N_("That took too long. Please sign in again."))
        return str(content["login"])

    async def give_code(self, pending: str, code: str, place: Place, now: datetime, *, replaces: str = "") -> SignedIn:
        """Sign in with the code that was still wanted.

        Raises Problem 410 when the token is too old or the password has changed, 429 after too many failures, 422
        (field `code`) for a wrong code, 503 when it cannot be checked.
        """
        login = self.login_of(pending, now)
        await self.guesses.admit(login, place, now, code=True)
        actor = Actor("", self.node, place.address)
        async with self.database.begin() as session:
            user = await user_by_login(session, login)
            content = self.vault.unseal(_PENDING, pending, most=CODE_WITHIN, now=now) or {}
            if user is None or not user.active or content.get("password") != self._password_mark(user):
                raise Problem(410, N_("That took too long. Please sign in again."))
            proof = await two_step.prove(session, self.vault, user, code, now)
            if proof is not None:
                await self.guesses.forgive(session, login, place, code=True)
                if proof == "recovery":
                    audit.record(session, replace(actor, who=login), "recovery_code_used", at=now, target=login)
                return await self._open(session, user, place, now, replaces=replaces)
            audit.record(session, actor, "code_refused", at=now, target=login)
        raise Problem(422, two_step.WRONG_CODE, fields={"code": two_step.WRONG_CODE})

    async def sign_out(self, identity: Identity, actor: Actor, now: datetime) -> None:
        """End the session of `identity`."""
        async with self.database.begin() as session:
            await session.execute(delete(Session).where(Session.token_hash == identity.token_hash))
            audit.record(session, actor, "signed_out", at=now)

    async def change_password(
        self, identity: Identity, current: str, new: str, *, place: Place, actor: Actor, now: datetime
    ) -> SignedIn:
        """Replace the password of `identity`, end all their sessions, and return a new one for this browser.

        Raises Problem 403 (field `current`) when the present one is wrong, 422 (field `new`) when the new one is no
        good.
        """
        if reason := passwords.fault(new, identity.login):
            raise Problem(422, reason, fields={"new": reason})
        known = await self._check_password(identity.login, current, "current", place, now)
        if new == current:
            reason = N_("The new password is the present one.")
            raise Problem(422, reason, fields={"new": reason})
        made = await passwords.hashed(new)
        async with self.database.begin() as session:
            user = await user_by_login(session, identity.login)
            if user is None or user.password_hash != known:
                raise Problem(409, N_("The password has just been changed elsewhere. Please sign in again."))
            user.password_hash, user.must_change_password, user.password_changed_at = made, False, now
            audit.record(session, actor, "password_changed", at=now, target=user.login)
            return await self._renew(session, user, place, now)

    async def begin_two_step(
        self, identity: Identity, password: str, place: Place, now: datetime
    ) -> two_step.Enrolment:
        """Make a secret for the second step of `identity`.

        Raises Problem 403 (field `password`) when the sign-in is not fresh and the password is wrong: whoever finds an
        open browser must not be able to take the account over. 409 when there is a second step already.
        """
        if not await self.is_fresh(identity, now):
            await self._check_password(identity.login, password, "password", place, now)
        return await two_step.begin(self.database, self.vault, identity.login, now)

    async def confirm_two_step(
        self, identity: Identity, code: str, *, place: Place, actor: Actor, now: datetime
    ) -> tuple[SignedIn, list[str]]:
        """Put the second step in force; return this browser's new session, the only one, and the recovery codes."""
        async with self.database.begin() as session:
            user = await self._user(session, identity)
            made = await two_step.confirm(session, self.vault, user, code, actor=actor, now=now)
            return await self._renew(session, user, place, now), made

    async def stop_two_step(
        self, identity: Identity, code: str, *, place: Place, actor: Actor, now: datetime
    ) -> SignedIn:
        """Take the second step away, with a code to prove it; return the new session of this browser, the only one.

        Raises Problem 403 where their role requires one, 422 for a wrong code.
        """
        if identity.role in self.terms.two_step_roles:
            raise Problem(403, N_("Your role requires the second step."))
        await self.guesses.admit(identity.login, place, now, code=True)
        async with self.database.begin() as session:
            user = await self._prove(session, identity, code, place, now)
            await two_step.stop(session, user, actor, now, action="two_step_disabled")
            return await self._renew(session, user, place, now)

    async def renew_recovery_codes(
        self, identity: Identity, code: str, *, place: Place, actor: Actor, now: datetime
    ) -> list[str]:
        """Return new recovery codes in the place of the old ones. Raises Problem 422 for a wrong code."""
        await self.guesses.admit(identity.login, place, now, code=True)
        async with self.database.begin() as session:
            user = await self._prove(session, identity, code, place, now)
            return await two_step.renew_codes(session, self.vault, user, actor, now)

    async def is_fresh(self, identity: Identity, now: datetime) -> bool:
        """Whether they signed in a moment ago."""
        async with self.database.read() as session:
            row = await session.get(Session, identity.token_hash)
        return row is not None and timedelta(0) <= now - row.created_at < FRESH

    async def _check_password(self, login: str, password: str, field: str, place: Place, now: datetime) -> str:
        """Return the hash that `password` belongs to. Raises Problem 403 with the field, 429 after many failures."""
        await self.guesses.admit(login, place, now)
        async with self.database.read() as session:
            known = await session.scalar(select(User.password_hash).where(User.login == login))
        if known is None or not await passwords.verify(known, password):
            reason = N_("The present password is wrong.")
            raise Problem(403, reason, fields={field: reason})
        async with self.database.begin() as session:
            await self.guesses.forgive(session, login, place)
        return known

    async def _prove(self, session: AsyncSession, identity: Identity, code: str, place: Place, now: datetime) -> User:
        user = await self._user(session, identity)
        if user.two_step_since is None:
            raise Problem(409, N_("There is no second step to stop."))
        if await two_step.prove(session, self.vault, user, code, now) is None:
            raise Problem(422, two_step.WRONG_CODE, fields={"code": two_step.WRONG_CODE})
        await self.guesses.forgive(session, user.login, place, code=True)
        return user

    async def _user(self, session: AsyncSession, identity: Identity) -> User:
        user = await user_by_login(session, identity.login)
        if user is None:
            raise Problem(409, N_("The command line has no password."))
        return user

    def _pending(self, user: User, now: datetime) -> Pending:
        content = {"login": user.login, "password": self._password_mark(user), "once": secrets.token_urlsafe(8)}
        return Pending(self.vault.seal(_PENDING, content, now), user.login)

    def _password_mark(self, user: User) -> str:
        return self.vault.mark("password", user.password_hash)

    async def _open(self, session: AsyncSession, user: User, place: Place, now: datetime, *, replaces: str) -> SignedIn:
        await sweep(session, now)
        if replaces:  # a browser has one session: the cookie that it carried until now is good for nothing more
            await session.execute(delete(Session).where(Session.token_hash == replaces))
        user.signed_in_at = now
        audit.record(session, Actor(user.login, self.node, place.address), "signed_in", at=now)
        return self._session(session, user, place, now)

    async def _renew(self, session: AsyncSession, user: User, place: Place, now: datetime) -> SignedIn:
        """What they may do has changed: end every session, and begin this browser's anew."""
        await close_sessions(session, user)
        return self._session(session, user, place, now)

    def _session(self, session: AsyncSession, user: User, place: Place, now: datetime) -> SignedIn:
        token = open_session(session, user, self.node, now, address=place.address, browser=place.agent)
        return SignedIn(token, identity_of_user(user, hash_of(token), terms=self.terms, began=now))
