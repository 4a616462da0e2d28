"""Commands about dispatch help 派单建议. Learning is a process of its own: this one."""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Any

import typer
from sqlalchemy import select

from callcenter import databases
from callcenter.cli.output import Json, show_one
from callcenter.paths import Paths
from callcenter.settings import load
from callcenter.storage import clock
from callcenter.tickets.tables import DispatchModel

dispatch_help = typer.Typer(
    no_args_is_help=True, help="Dispatch help 派单建议: category and unit, suggested from closed tickets."
)
#: Whoever is on the telephone comes first.
_NICE = 15


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(dispatch_help, name="dispatch-help")


@dispatch_help.command()
def train(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """Learn from closed tickets now, and print how well it does on the newest, which it has not seen then."""
    # scikit-learn takes seconds to load
    from callcenter.tickets.suggestions.learning import TooLittle  # noqa: PLC0415
    from callcenter.tickets.suggestions.training import AlreadyLearning  # noqa: PLC0415
    from callcenter.tickets.suggestions.training import train as learn  # noqa: PLC0415

    settings = load()
    with suppress(OSError):
        os.nice(_NICE)

    def told(count: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{count:,} tickets read   ")

    async def run() -> DispatchModel:
        async with databases.opened(settings) as database:
            folder = Paths.of(settings).dispatch_help
            return await learn(database, folder, settings.dispatch_help, node=settings.node, now=clock.now, told=told)

    try:
        row = asyncio.run(run())
    except (TooLittle, AlreadyLearning) as error:
        sys.stderr.write(f"callcenter: {error}\n")
        raise typer.Exit(1) from None
    show_one(summary(row), as_json=json)


@dispatch_help.command()
def figures(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """Print how well the newest model did on tickets that it had not seen."""

    async def run() -> DispatchModel | None:
        async with databases.opened(load()) as database, database.read() as session:
            newest = select(DispatchModel).order_by(DispatchModel.id.desc()).limit(1)
            row: DispatchModel | None = await session.scalar(newest)
            return row

    row = asyncio.run(run())
    if row is None:
        sys.stderr.write("callcenter: nothing has been learned yet (callcenter dispatch-help train)\n")
        raise typer.Exit(1)
    show_one(summary(row), as_json=json)


def summary(row: DispatchModel) -> dict[str, Any]:
    """Return a model's figures in a few lines."""
    lines: dict[str, Any] = {
        "trained_at": row.trained_at.isoformat(),
        "tickets": row.tickets,
        "seconds": row.seconds,
        "features": row.figures["features"],
    }
    for name in ("category", "unit"):
        share = row.figures[name]
        lines[f"{name}_tickets_held_out"] = share["tickets"]
        lines[f"{name}_accuracy"] = _of(share["right"], share["tickets"])
        lines[f"{name}_suggested"] = _of(share["said"], share["tickets"])
        lines[f"{name}_suggested_wrongly"] = _of(share["wrong"], share["said"])
        lines[f"{name}_least_probability"] = round(share["least"], 4)
    return lines


def _of(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
