"""Commands that start and install the hotline, and check its settings."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from callcenter import preparation, programs, supervisor, systemd
from callcenter.settings import load
from callcenter.storage import clock
from callcenter.tickets.flows.time import calendar


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(run)
    app.command()(check)
    app.command("systemd")(units)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(
    only: Annotated[str, typer.Option(help="asterisk or controller alone, for systemd.")] = "",
) -> None:
    """Run the hotline in the foreground: Asterisk and the controller, watched and restarted."""
    if only not in {"", *programs.NAMES}:
        raise typer.BadParameter(f"--only {only!r}: say {' or '.join(programs.NAMES)}")
    settings = load()
    wanted = [only] if only else list(programs.NAMES)
    if refusal := supervisor.refusal(settings, wanted):
        sys.stderr.write(f"callcenter: {refusal}\n")
        raise typer.Exit(1)
    try:
        prepared = preparation.prepare(settings, _say)
    except preparation.NotReady as error:
        for fault in error.faults:
            sys.stderr.write(f"callcenter: {fault}\n")
        raise typer.Exit(1) from error
    raise typer.Exit(asyncio.run(supervisor.run(settings, programs.compose(settings, prepared), only=only or None)))


def check() -> None:
    """Render the configuration to a temporary folder and report every fault at once."""
    settings = load()
    with tempfile.TemporaryDirectory(prefix="callcenter-check-") as folder:
        faults = preparation.faults(settings, Path(folder)) + calendar.faults(settings)
    for fault in faults:
        sys.stderr.write(f"callcenter: {fault}\n")
    if faults:
        raise typer.Exit(2)
    _say("ok: settings are sound and Asterisk's configuration renders")
    if warning := calendar.warning(calendar.load(settings), clock.now()):
        _say(f"soon: {warning}")


def units(
    into: Annotated[Path | None, typer.Option(help="Folder to write the units to; printed when left out.")] = None,
    user: Annotated[str, typer.Option(help="The user that the hotline runs as.")] = "callcenter",
) -> None:
    """Render systemd units for a permanent installation."""
    for name, text in systemd.render(load(), user).items():
        if into is None:
            _say(f"# ---- {name}\n{text}")
        else:
            into.mkdir(parents=True, exist_ok=True)
            (into / name).write_text(text)
            _say(str(into / name))
