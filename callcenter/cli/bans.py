"""Commands about bans 封禁: who is refused over SIP for a time. They ask the running hotline."""

from typing import Annotated
from urllib.parse import quote

import typer

from callcenter.api_client import LocalApi
from callcenter.cli.output import Json, show, show_one
from callcenter.settings import load

bans = typer.Typer(no_args_is_help=True, help="Addresses that are refused over SIP for a time 封禁.")
Address = Annotated[str, typer.Argument(help="An address like 203.0.113.7, or a network like 203.0.113.0/24.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(bans, name="bans")


@bans.command("list")
def list_bans(
    every: Annotated[bool, typer.Option("--every", help="Those that are over too.")] = False,  # noqa: FBT002
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 200,
    json: Json = False,  # noqa: FBT002
) -> None:
    """List who is banned, why, and until when."""
    path = f"/bans?every={str(every).lower()}&limit={limit}"
    show(LocalApi(load()).get(path), as_json=json, empty="nobody is banned")


@bans.command("add")
def add_ban(
    address: Address,
    minutes: Annotated[int, typer.Option(min=1, max=43_200, help="How long.")] = 60,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    json: Json = False,  # noqa: FBT002
) -> None:
    """Refuse an address for a time."""
    wanted = {"address": address, "minutes": minutes, "note": note}
    show_one(LocalApi(load()).post("/bans", wanted), as_json=json)


@bans.command("lift")
def lift_ban(address: Address, json: Json = False) -> None:  # noqa: FBT002
    """Let an address in again."""
    show_one(LocalApi(load()).delete(f"/bans/{quote(address, safe='')}"), as_json=json)
