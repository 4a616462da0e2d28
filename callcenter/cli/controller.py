"""The controller as a program of its own; the supervisor or systemd starts it."""

import asyncio

import typer

from callcenter import app as controller
from callcenter.settings import load


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("controller", hidden=True)(run)


def run() -> None:
    """Run the controller alone."""
    raise typer.Exit(asyncio.run(controller.run(load())))
