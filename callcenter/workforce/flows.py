"""Use cases of workforce: keep who did what when."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.workforce.tables import AgentActivity


async def note_activity(
    session: AsyncSession, node: str, agent: str, *, state: str, seat: str | None, reason: str | None, at: datetime
) -> None:
    """An agent is in another state since `at`: end the stretch before, begin the next; signing out begins none."""
    await session.execute(
        update(AgentActivity).where(AgentActivity.agent == agent, AgentActivity.until.is_(None)).values(until=at)
    )
    if state != "signed_out":
        session.add(AgentActivity(node=node, agent=agent, seat=seat, state=state, reason=reason, since=at))
