"""Use cases of one's own sessions: where am I signed in, and end the others."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select

from callcenter.panel import audit
from callcenter.panel.auth.bodies import SessionRow
from callcenter.panel.auth.terms import Terms
from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import IDLE, Actor, Identity
from callcenter.panel.tables import Session, User
from callcenter.storage.engine import Database


async def listing(database: Database, identity: Identity, terms: Terms, now: datetime) -> list[SessionRow]:
    """Return the sessions of `identity` that go on, this one first, then the one used last."""
    async with database.read() as session:
        rows = (
            await session.scalars(
                select(Session)
                .join(User, User.id == Session.user_id)
                .where(User.login == identity.login, Session.expires_at > now, Session.seen_at > now - IDLE)
                .order_by(Session.seen_at.desc())
            )
        ).all()
    found = []
    for row in rows:
        end = terms.end(identity.login, identity.role, row.created_at)
        found.append(
            SessionRow(
                id=name_of(row.token_hash),
                began_at=row.created_at,
                seen_at=row.seen_at,
                ends_at=end.at if end else None,
                address=row.address,
                browser=row.browser,
                here=row.token_hash == identity.token_hash,
            )
        )
    return sorted(found, key=lambda row: not row.here)


async def end(database: Database, identity: Identity, name: str | None, *, actor: Actor, now: datetime) -> int:
    """End the session called `name`, or without one all but this; return how many. Raises Problem 404 for no such."""
    async with database.begin() as session:
        asked = select(Session.token_hash).join(User, User.id == Session.user_id)
        others = await session.scalars(
            asked.where(User.login == identity.login, Session.token_hash != identity.token_hash)
        )
        wanted = [one for one in others if name is None or name_of(one) == name]
        if name is not None and not wanted:
            raise Problem(404, N_("This session has ended already."))
        await session.execute(delete(Session).where(Session.token_hash.in_(wanted)))
        if wanted:
            audit.record(session, actor, "sessions_ended", at=now, target=identity.login, sessions=len(wanted))
    return len(wanted)


def name_of(token_hash: str) -> str:
    """Return a session's name for its owner; what the database finds it by stays in the database."""
    return hashlib.sha256(token_hash.encode()).hexdigest()[:16]
