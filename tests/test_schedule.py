"""What is done by the clock: the jobs there are, when they come, and that the sweep sweeps, on both databases."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callcenter import schedule
from callcenter.panel import users
from callcenter.panel.tables import Session, User
from callcenter.storage import clock
from callcenter.storage.engine import Database

ZONE = "Asia/Shanghai"


async def test_a_new_day_begins_at_the_floors_midnight(database: Database) -> None:
    jobs = {job.id: job for job in schedule.build(database, ZONE, at_midnight=lambda: None).get_jobs()}
    assert set(jobs) == {"new-day", "sweep-sessions"}
    evening = datetime(2026, 11, 23, 20, 0, tzinfo=ZoneInfo(ZONE))
    next_day = jobs["new-day"].trigger.get_next_fire_time(None, evening)
    assert next_day == datetime(2026, 11, 24, 0, 0, tzinfo=ZoneInfo(ZONE))


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
