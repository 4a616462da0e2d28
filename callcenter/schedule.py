"""What the hotline does by the clock. In memory: what must survive a restart is a row that one of the sweeps finds."""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from callcenter.panel import sessions
from callcenter.storage import clock
from callcenter.storage.engine import Database


def build(database: Database, time_zone: str, *, at_midnight: Callable[[], None]) -> AsyncIOScheduler:
    """Return the scheduler with every job; start it inside the event loop. `at_midnight` begins the floor's new day.

    A job that comes late, after a night in which the machine slept, runs once and is not dropped (the library's default
    would drop it with a log line). One that fails is logged by the library and runs again at its next time.
    """
    scheduler = AsyncIOScheduler(
        timezone=time_zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    scheduler.add_job(at_midnight, CronTrigger(hour=0, timezone=time_zone), id="new-day")
    scheduler.add_job(sweep_sessions(database), IntervalTrigger(hours=1), id="sweep-sessions")
    return scheduler


def sweep_sessions(database: Database) -> Callable[[], Awaitable[None]]:
    """Return the job that forgets whoever is signed in no longer."""

    async def sweep() -> None:
        async with database.begin() as session:
            await sessions.sweep(session, clock.now())

    return sweep
