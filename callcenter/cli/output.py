"""Listings as JSON for programs or as tables for people."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print JSON: an array of objects, or one object.")]


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str = "nothing") -> None:
    """Print a listing; `empty` is what people read when there are no rows."""
    if as_json:
        _json(list(rows))
        return
    if not rows:
        sys.stdout.write(empty + "\n")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "))
    for row in rows:
        # Text, not markup: a caller's number may hold anything.
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    Console().print(table)


def show_one(item: dict[str, Any], *, as_json: bool) -> None:
    """Print one object."""
    if as_json:
        _json(item)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in item.items():
        table.add_row(Text(name.replace("_", " "), style="bold"), Text(_cell(value)))
    Console().print(table)


def _json(value: Any) -> None:  # noqa: ANN401  # what json takes
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _cell(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return str(len(value)) if value and isinstance(value[0], dict) else ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return str(value)
