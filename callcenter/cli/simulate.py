"""The command that shows a hotline at work with nobody on the telephone."""

import asyncio
import sys

import typer

from callcenter.demo import run
from callcenter.settings import load


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(demo)


def demo() -> None:
    """Run a hotline of its own with simulated citizens and seats, so that the wallboard lives."""
    raise typer.Exit(asyncio.run(run(load(), _say)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
