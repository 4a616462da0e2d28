"""What people switch while the hotline runs."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.tables import Switch

ANNOUNCEMENT = "announcement"


async def is_on(session: AsyncSession, name: str) -> bool:
    """Return whether the switch is on; one that nobody touched is off."""
    switch = await session.get(Switch, name)
    return switch is not None and switch.on


async def turn(session: AsyncSession, name: str, *, on: bool, by: str, now: datetime) -> None:
    """Set the switch and note who did it."""
    await session.merge(Switch(name=name, on=on, changed_at=now, changed_by=by))
