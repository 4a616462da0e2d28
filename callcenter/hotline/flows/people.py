"""Who may take calls: the agents 话务员 by number and name."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.tables import Agent

#: Numbers of the lab's sample agents.
SAMPLES = range(1001, 1011)


async def names(session: AsyncSession) -> dict[str, str]:
    """Return every active agent's number with their name."""
    rows = await session.execute(select(Agent.number, Agent.name).where(Agent.active).order_by(Agent.number))
    return {agent.number: agent.name for agent in rows}


async def ensure_samples(session: AsyncSession) -> None:
    """Make the lab's sample agents where there are no agents at all."""
    if await session.scalar(select(Agent.number).limit(1)) is None:
        session.add_all(Agent(number=str(number), name=f"话务员{number - 1000:02d}", active=True) for number in SAMPLES)
