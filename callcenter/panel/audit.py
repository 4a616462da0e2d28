"""The audit trail 审计: one call to add a row, in the transaction of what it tells."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.sessions import Actor
from callcenter.panel.trail import sealing
from callcenter.panel.trail.chain import plain


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    at: datetime,
    target: str = "",
    **detail: Any,  # noqa: ANN401  # any JSON
) -> None:
    """Let `session` add that `actor` did `action` (a past-tense word) to `target`; `detail` is JSON without secrets.

    The row is there, and in the chain, once the session has committed; see `trail.sealing`.
    """
    sealing.note(
        session.sync_session,
        {
            "node": actor.node,
            "at": at,
            "who": actor.who,
            "action": action,
            "target": target[:100],
            "address": actor.address,
            "detail": plain(detail),
        },
    )
