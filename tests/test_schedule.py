"""What is done by the clock: the jobs there are, when they come, and that the sweep sweeps."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callcenter import schedule
from callcenter.panel import users
from callcenter.panel.tables import Session, User
from callcenter.schedule import Job
from callcenter.storage import clock
from callcenter.storage.engine import Database

ZONE = "Asia/Shanghai"


async def test_a_new_day_begins_at_the_floors_midnight() -> None:
    asked = [Job("new-day", lambda: None), Job("sweep", lambda: None, seconds=3600)]
    jobs = {job.id: job for job in schedule.build(ZONE, asked).get_jobs()}
    assert set(jobs) == {"new-day", "sweep"}
    evening = datetime(2026, 11, 23, 20, 0, tzinfo=ZoneInfo(ZONE))
    assert jobs["new-day"].trigger.get_next_fire_time(None, evening) == datetime(2026, 11, 24, tzinfo=ZoneInfo(ZONE))
    assert jobs["sweep"].trigger.get_next_fire_time(evening, evening) == evening + timedelta(hours=1)


async def test_a_job_that_fails_runs_again_at_its_next_time() -> None:
    ran = asyncio.Event()
    times: list[int] = []

    async def fails() -> None:
        times.append(1)
        if len(times) == 1:
            raise OSError("the disk is full")
        ran.set()

    scheduler = schedule.build(ZONE, [Job("fails", fails, seconds=0.05)])
    scheduler.start()
    try:
        await asyncio.wait_for(ran.wait(), 10)
    finally:
        scheduler.shutdown(wait=False)


async def test_the_sweep_forgets_who_is_signed_in_no_longer_and_nobody_else(database: Database) -> None:
    await users.ensure_administrator(database)
    now = clock.now()
    async with database.begin() as session:
        user = (await session.scalars(select(User))).one()
        for name, expires in (("over", now - timedelta(seconds=1)), ("going on", now + timedelta(hours=1))):
            session.add(
                Session(token_hash=name, user_id=user.id, created_at=now, seen_at=now, expires_at=expires, node="n")
            )
    await schedule.sweep_sessions(database)()
    async with database.read() as session:
        assert list(await session.scalars(select(Session.token_hash))) == ["going on"]
