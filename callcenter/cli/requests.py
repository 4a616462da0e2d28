"""Commands about requests 工单: the table of their moves, and one ticket with its history."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter import databases
from callcenter.cli.output import Json, show, show_one
from callcenter.panel.sessions import Identity
from callcenter.settings import SettingsError, load
from callcenter.storage import clock
from callcenter.tickets.flows.moving import detail
from callcenter.tickets.flows.moving.mover import NoSuchTicket
from callcenter.tickets.flows.time import calendar
from callcenter.tickets.rules import drawing
from callcenter.tickets.rules.calendar_file import CalendarFault
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.decisions import Limits
from callcenter.tickets.rules.numbers import readable, said

_CHINESE = ".zh-CN.md"
_STEPS = ("at", "who", "role", "unit", "move", "to_state", "words")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("tickets-table")(tickets_table)
    ticket = typer.Typer(no_args_is_help=True, help="One request 工单.")
    ticket.callback()(lambda: None)
    ticket.command("show")(ticket_show)
    app.add_typer(ticket, name="ticket")


def tickets_table(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to draw it into, between their markers.")] = None,
    into: Annotated[Path | None, typer.Option(help="A file to draw it into; more may follow.")] = None,
) -> None:
    """Draw the table of what can happen to a ticket; names that end in .zh-CN.md get it in Chinese."""
    targets = [path for path in (into, *(files or [])) if path]
    if not targets:
        sys.stdout.write(drawing.section("zh") + "\n")
    for path in targets:
        before = path.read_text(encoding="utf-8")
        try:
            after = drawing.replaced(before, "zh" if path.name.endswith(_CHINESE) else "en")
        except ValueError as error:
            raise typer.BadParameter(f"{path}: {error}") from error
        if after != before:
            path.write_text(after, encoding="utf-8")


def ticket_show(number: str, json: Json = False) -> None:  # noqa: FBT002
    """Show one ticket with its history, as an administrator sees it."""

    async def ask() -> dict[str, Any]:
        reader = Identity("cli", "cli", "administrator", local=True)
        settings = load()
        try:
            workdays = calendar.load(settings)
        except CalendarFault as fault:
            raise SettingsError(fault.faults) from fault
        countdown = Countdown(workdays, clock.now(), settings.tickets.remind_before_hours)
        async with databases.opened(settings) as database, database.read() as session:
            return await detail.show(session, reader, said(number), limits=Limits(), countdown=countdown)

    try:
        body = asyncio.run(ask())
    except NoSuchTicket:
        sys.stderr.write(f"callcenter: there is no ticket {said(number)[:40]}\n")
        raise typer.Exit(1) from None
    if json:
        show_one(body, as_json=True)
        return
    lists = {name for name, value in body.items() if isinstance(value, list)}
    plain = {name: value for name, value in body.items() if name not in lists and value is not None and value != ""}
    show_one(plain | {"number": readable(body["number"])}, as_json=False)
    show([{name: entry[name] for name in _STEPS} for entry in body["entries"]], as_json=False)
