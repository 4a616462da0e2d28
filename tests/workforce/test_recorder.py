"""What agents did is written down in stretches that touch, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from callcenter.asterisk import events
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn
from callcenter.workforce.recorder import Recorder
from callcenter.workforce.tables import AgentActivity

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MEMBER = events.Member(
    interface="PJSIP/8001",
    agent="1001",
    device="not_in_use",
    paused=False,
    reason="",
    paused_since=None,
    in_call=False,
    last_call=None,
)


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def stretches(database: Database) -> list[tuple[str, str, str | None, datetime, datetime | None]]:
    async with database.read() as session:
        rows = await session.scalars(select(AgentActivity).order_by(AgentActivity.id))
        return [(row.agent, row.state, row.reason, row.since, row.until) for row in rows]


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)


async def test_a_shift_is_kept_in_stretches_that_touch(database: Database) -> None:
    recorder = Recorder(database, "node1")
    running = spawn(recorder.run(), name="recorder")
    floor: Floor = empty(["8001"], timedelta(seconds=15))
    heard = (
        events.FloorListed(at(0), (), (), {"8001": True}),
        events.MemberChanged(at(10), MEMBER),
        events.MemberChanged(at(11), MEMBER),  # the same again is no new stretch
        events.MemberChanged(at(60), replace(MEMBER, paused=True, reason="meal")),
        events.MemberChanged(at(90), MEMBER),
        events.MemberRemoved(at(200), "PJSIP/8001", "1001"),
    )
    for event in heard:
        before, floor = floor, apply(floor, event)
        recorder.changed(before, floor)

    async def signed_out() -> bool:
        rows = await stretches(database)
        return bool(rows) and rows[-1][-1] is not None and len(rows) == 3

    await eventually(signed_out)
    await cancel(running)
    assert await stretches(database) == [
        ("1001", "ready", None, at(10), at(60)),
        ("1001", "break", "meal", at(60), at(90)),
        ("1001", "ready", None, at(90), at(200)),
    ]
