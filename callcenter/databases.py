"""Which database the settings mean, and opening it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from callcenter.panel.trail import sealing
from callcenter.panel.trail.witness import Witness
from callcenter.paths import Paths
from callcenter.settings import Settings
from callcenter.storage import clock, migrate
from callcenter.storage.engine import Database
from callcenter.storage.errors import DatabaseAway


def url(settings: Settings) -> str:
    """Return the database's URL: the one set, or SQLite in the data folder."""
    return settings.database_url or f"sqlite:///{Paths.of(settings).database}"


def of(settings: Settings) -> Database:
    """Return the database that the settings mean, its audit trail witnessed in the data folder; nothing is opened."""
    database = Database(url(settings))
    database.info[sealing.WITNESS] = Witness(Paths.of(settings).witness)
    return database


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, its schema up to date, and close it at the end. Raises DatabaseAway."""
    Paths.of(settings).make()
    database = of(settings)
    try:
        await migrate.upgrade(url(settings))
        yield database
    except (OSError, SQLAlchemyError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseAway(f"the database does not answer: {cause}; check CALLCENTER_DATABASE_URL") from error
    finally:
        await database.close()


def today(settings: Settings) -> date:
    """Return the date that it is on the floor."""
    return clock.now().astimezone(ZoneInfo(settings.time_zone)).date()
