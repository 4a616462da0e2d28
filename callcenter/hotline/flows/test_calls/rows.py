"""Test dials 拨测 as the contract shows them."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, iso, within
from callcenter.hotline.tables import TestDial


class TestDialRow(BaseModel):
    """A test dial and what it found; seconds from dialling."""

    __test__ = False  # pytest takes a class of this name for a test

    id: int
    at: str
    trunk: str
    result: Literal["dialling", "passed", "failed", "yielded"]
    greeting_seconds: float | None
    person_seconds: float | None
    waiting_found: int | None
    detail: str | None


def row_of(dial: TestDial) -> TestDialRow:
    """Return a test dial as the contract shows it."""
    return TestDialRow(
        id=dial.id,
        at=iso(dial.at) or "",
        trunk=dial.trunk,
        result=dial.result,
        greeting_seconds=dial.greeting_seconds,
        person_seconds=dial.person_seconds,
        waiting_found=dial.waiting_found,
        detail=dial.detail,
    )


async def listed(
    session: AsyncSession, *, day: date | None = None, limit: int = 200, time_zone: str = ZONE
) -> list[dict[str, Any]]:
    """Return the test dials of `day`, or the newest, newest first."""
    query = select(TestDial).order_by(TestDial.at.desc(), TestDial.id.desc()).limit(limit)
    query = within(query, TestDial.at, day, None, None, time_zone)
    return [row_of(dial).model_dump() for dial in await session.scalars(query)]
