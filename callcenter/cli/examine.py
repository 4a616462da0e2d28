"""The command that examines everything."""

import typer

from callcenter import doctor as checks
from callcenter.cli.output import Json, show
from callcenter.settings import load


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(doctor)


def doctor(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """Check everything the hotline needs; say what is wrong and how to mend it."""
    found = checks.examine(load())
    show([finding.as_row() for finding in found], as_json=json)
    if any(not finding.ok for finding in found):
        raise typer.Exit(1)
