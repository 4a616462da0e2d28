"""The command that fills an empty database with made-up requests of years."""

import asyncio
import os
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from callcenter import databases
from callcenter.demo.requests.loading import NotEmpty, Wish
from callcenter.demo.requests.loading import generate as fill
from callcenter.paths import Paths
from callcenter.settings import Settings, load
from callcenter.storage import clock, migrate
from callcenter.storage.engine import Database, async_url
from callcenter.storage.errors import DatabaseAway
from callcenter.tickets.flows.time.calendar import load as load_calendar


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(generate)


def generate(  # noqa: PLR0917  # a command's options
    tickets: Annotated[int, typer.Option(min=1, max=50_000_000, help="How many requests.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same requests.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=5000, help="Over so many days.")] = 1095,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to this day's end; now.")] = None,
    into: Annotated[str, typer.Option(help="URL of an empty database; else the one in use, in the lab only.")] = "",
    search: Annotated[bool, typer.Option(help="Make them searchable as well.")] = True,  # noqa: FBT002
) -> None:
    """Fill an empty database with made-up requests of years, to try things out; never beside real ones."""
    settings = load()
    try:
        _check(settings, into)
        now = until.replace(hour=23, minute=59, tzinfo=ZoneInfo(settings.time_zone)) if until else clock.now()
        wish = Wish(tickets, seed, days, min(now, clock.now()))
        asyncio.run(_fill(settings, into or databases.url(settings), wish, search=search))
    except NotEmpty as error:
        sys.stderr.write(f"callcenter: {error}\n")
        raise typer.Exit(1) from None


def _check(settings: Settings, into: str) -> None:
    """Raise NotEmpty for a database that is none to fill."""
    if not into:
        if settings.profile == "production":
            raise NotEmpty("this is a production hotline: name an empty database with --into")
        return
    try:
        named = async_url(into)
    except (ValueError, ArgumentError) as error:
        raise NotEmpty(f"--into {into}: {error}") from error
    if named == async_url(databases.url(settings)) and settings.profile == "production":
        raise NotEmpty("--into names the production hotline's database; name an empty one")
    folder = Path(named.database or "").parent
    if named.get_backend_name() == "sqlite" and not folder.is_dir():
        raise NotEmpty(f"--into {into}: there is no folder {folder}")


async def _fill(settings: Settings, url: str, wish: Wish, *, search: bool) -> None:
    Paths.of(settings).make()
    database = Database(url)
    begin = time.monotonic()
    show = sys.stderr.isatty()

    def told(what: str, count: int) -> None:
        if show:
            sys.stderr.write(f"\r{what}: {count:,}   ")
            sys.stderr.flush()

    try:
        await migrate.upgrade(url)
        processes = max(1, (os.cpu_count() or 1) - 1)
        await fill(database, settings, load_calendar(settings), wish, processes=processes, search=search, told=told)
    except (OSError, SQLAlchemyError) as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseAway(f"the database does not answer: {cause}") from error
    finally:
        with suppress(SQLAlchemyError):
            await database.close()
    sys.stdout.write(f"{wish.tickets:,} requests of {wish.days} days in {time.monotonic() - begin:.0f} s\n")
