"""Commands of the supervisor: the queue policy's log, abusive callers, test dials. They ask the running hotline."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from callcenter.api_client import LocalApi
from callcenter.cli.output import Json, show, show_one
from callcenter.settings import load

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")]
Day = Annotated[str, typer.Option(help="A day, like 2026-11-23; left out, the newest.")]
Number = Annotated[str, typer.Argument(help="The caller's number, in any spelling.")]
blocked = typer.Typer(no_args_is_help=True, help="Keep the list of abusive callers 骚扰电话.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("policy-log")(policy_log)
    app.command("test-dials")(list_test_dials)
    app.command("test-dial")(dial_a_test)
    app.add_typer(blocked, name="blocked")


def policy_log(day: Day = "", limit: Limit = 200, json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """List the steps of the queue policy 排队不超过5人, newest first."""
    show(LocalApi(load()).get(f"/policy-log{_query(day, limit)}"), as_json=json, empty="no steps yet")


def list_test_dials(day: Day = "", limit: Limit = 200, json: Json = False) -> None:  # noqa: FBT002
    """List the test dials 拨测, newest first."""
    show(LocalApi(load()).get(f"/test-dials{_query(day, limit)}"), as_json=json, empty="no test dials yet")


def dial_a_test(json: Json = False) -> None:  # noqa: FBT002
    """Dial the hotline through a line now, as a citizen would; `test-dials` shows later what was found."""
    show_one(LocalApi(load()).post("/test-dials", {}), as_json=json)


@blocked.command("list")
def list_blocked(json: Json = False) -> None:  # noqa: FBT002
    """List the abusive callers."""
    show(LocalApi(load()).get("/blocked-callers"), as_json=json, empty="nobody is on the list")


@blocked.command("add")
def add_blocked(  # noqa: PLR0917  # each is a word of the command line
    number: Number,
    level: Annotated[str, typer.Option(help="announce: a warning first; limit: so many an hour; block: none.")],
    per_hour: Annotated[int, typer.Option(min=0, max=1000, help="For limit; 0 leaves it to the hotline.")] = 0,
    until: Annotated[str, typer.Option(help="When it ends by itself, like 2026-12-01T00:00:00+08:00.")] = "",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    json: Json = False,  # noqa: FBT002
) -> None:
    """List a number, or change its entry."""
    wanted: dict[str, Any] = {"number": number, "level": level, "note": note}
    if per_hour:
        wanted["per_hour"] = per_hour
    if until:
        wanted["until"] = until
    show_one(LocalApi(load()).post("/blocked-callers", wanted), as_json=json)


@blocked.command("remove")
def remove_blocked(number: Number, json: Json = False) -> None:  # noqa: FBT002
    """Take a number off the list."""
    show_one(LocalApi(load()).delete(f"/blocked-callers/{quote(number, safe='')}"), as_json=json)


def _query(day: str, limit: int) -> str:
    return f"?limit={limit}" + (f"&day={quote(day, safe='')}" if day else "")
