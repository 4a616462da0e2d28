"""Commands about units, categories and places; they work on the database, so also while the hotline is down."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter import databases
from callcenter.cli.output import Json, show
from callcenter.panel.sessions import Actor
from callcenter.settings import load
from callcenter.storage import clock
from callcenter.tickets import reference_listings as listings
from callcenter.tickets.flows.reference import importing as reference_import
from callcenter.tickets.rules.reference import KINDS, ImportFault, Kind

reference = typer.Typer(
    no_args_is_help=True, help="What tickets refer to: units 成员单位, categories 分类, places 镇街."
)
Which = Annotated[str, typer.Argument(help=f"{', '.join(KINDS)}.", metavar="KIND")]
File = Annotated[
    Path,
    typer.Argument(
        help="A CSV file whose first line names its columns: code, name; units also phone, email, terms (as in "
        "enquiry=1); categories parent, rank, unit; places parent."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(reference, name="reference")


@reference.command("import")
def import_(which: Which, file: File) -> None:
    """Take over a CSV file: all of it, or nothing and every fault with its line."""
    kind = _kind(which)

    async def run() -> Counter[str]:
        settings = load()
        async with databases.opened(settings) as database:
            actor = Actor("cli", settings.node)
            return await reference_import.import_file(database, kind, file, actor=actor, now=clock.now())

    try:
        counts = asyncio.run(run())
    except ImportFault as fault:
        for line in fault.faults:
            sys.stderr.write(f"callcenter: {line}\n")
        raise typer.Exit(1) from fault
    sys.stdout.write(", ".join(f"{count} {word}" for word, count in counts.items()) + "\n")


@reference.command("list")
def listing(which: Which, json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """List the units, categories or places."""
    kind = _kind(which)

    async def run() -> list[dict[str, Any]]:
        async with databases.opened(load()) as database, database.read() as session:
            if kind == "units":
                return await listings.units(session)
            return await (listings.categories if kind == "categories" else listings.places)(session)

    show(asyncio.run(run()), as_json=json, empty="none yet")


def _kind(which: str) -> Kind:
    for kind in KINDS:
        if kind == which:
            return kind
    raise typer.BadParameter(f"{which!r}: say {', '.join(KINDS)}")
