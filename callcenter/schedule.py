"""What the hotline does by the clock. In memory: what must survive a restart is a row that one of the sweeps finds."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from callcenter.panel import sessions
from callcenter.panel.auth.guesses import Guesses
from callcenter.storage import clock
from callcenter.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done again and again: at the floor's midnight, or every so many `seconds`."""

    name: str
    work: Callable[[], Awaitable[None] | None]
    #: 0 is midnight.
    seconds: float = 0


def build(time_zone: str, jobs: Iterable[Job]) -> AsyncIOScheduler:
    """Return the scheduler with every job; start it inside the event loop.

    A job that comes late, after a night in which the machine slept, runs once and is not dropped (the library's default
    would drop it with a log line). One that fails is logged by the library and runs again at its next time.
    """
    scheduler = AsyncIOScheduler(
        timezone=time_zone, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for job in jobs:
        trigger = IntervalTrigger(seconds=job.seconds) if job.seconds else CronTrigger(hour=0, timezone=time_zone)
        scheduler.add_job(job.work, trigger, id=job.name)
    return scheduler


def sweep_sessions(database: Database) -> Callable[[], Awaitable[None]]:
    """Return the job that forgets whoever is signed in no longer."""

    async def sweep() -> None:
        async with database.begin() as session:
            await sessions.sweep(session, clock.now())

    return sweep


def sweep_guesses(guesses: Guesses) -> Callable[[], Awaitable[None]]:
    """Return the job that forgets failed sign-ins of long ago."""

    async def sweep() -> None:
        await guesses.sweep(clock.now())

    return sweep
