"""Commands about what happened: they read the database, so they work while the hotline is down."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter import databases
from callcenter.cli.output import Json, show
from callcenter.hotline import listings as hotline
from callcenter.reports import indicators as formulas
from callcenter.settings import load
from callcenter.tickets import listings as requests

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, newest first.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day, like 2026-11-23.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(calls)
    app.command()(callbacks)
    app.command()(tickets)
    app.command()(indicators)


def _read(ask: Callable[[AsyncSession], Awaitable[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    async def query() -> list[dict[str, Any]]:
        async with databases.opened(load()) as database, database.read() as session:
            return await ask(session)

    return asyncio.run(query())


def calls(outcome: str = "", agent: str = "", caller: str = "", limit: Limit = 200, json: Json = False) -> None:  # noqa: FBT002
    """List calls, newest first."""
    show(
        _read(
            lambda s: hotline.calls(s, outcome=outcome or None, agent=agent or None, caller=caller or None, limit=limit)
        ),
        as_json=json,
        empty="no calls yet",
    )


def callbacks(state: str = "", caller: str = "", limit: Limit = 200, json: Json = False) -> None:  # noqa: FBT002
    """List callbacks 回拨: one obligation for each citizen whose call was missed."""
    show(
        _read(lambda s: hotline.callbacks(s, state=state or None, caller=caller or None, limit=limit)),
        as_json=json,
        empty="nobody is owed a callback",
    )


def tickets(state: str = "", caller: str = "", limit: Limit = 200, json: Json = False) -> None:  # noqa: FBT002
    """List tickets 工单."""
    show(
        _read(lambda s: requests.tickets(s, state=state or None, caller=caller or None, limit=limit)),
        as_json=json,
        empty="no tickets yet",
    )


def indicators(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")] = None,
    json: Json = False,  # noqa: FBT002
) -> None:
    """Show the twelve indicators 考核指标 of a period, each with its numerator and denominator."""
    settings = load()
    today = databases.today(settings)
    start: date = first.date() if first else today
    end: date = last.date() if last else max(today, start)
    if end < start:
        raise typer.BadParameter(f"--to {end} is before --from {start}")
    workday = formulas.workday_of(settings)
    rows = _read(lambda s: formulas.indicators(s, start, end, time_zone=settings.time_zone, workday=workday))
    show(rows if json else _lines(rows), as_json=json)


def _lines(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the indicators and what they are looked at in more detail by, a line each."""
    columns = ("number", "name_zh", "name", "numerator", "denominator", "value", "target", "met", "reason")
    found = []
    for row in rows:
        found.append({name: row[name] for name in columns})
        found += [{name: {"number": "", "reason": None, **part}[name] for name in columns} for part in row["parts"]]
    return found
