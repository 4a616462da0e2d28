"""Commands about the floor as it is now: they ask the running hotline."""

from contextlib import suppress
from typing import Annotated

import typer

from callcenter.api_client import HotlineDown, LocalApi
from callcenter.asterisk import secrets
from callcenter.cli.output import Json, show, show_one
from callcenter.paths import Paths
from callcenter.settings import load

Agent = Annotated[str, typer.Argument(help="The agent's number, like 1001.")]
agent = typer.Typer(no_args_is_help=True, help="Sign an agent in or out, begin or end a break.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(seats)
    app.command()(agents)
    app.command()(queue)
    app.command()(announcement)
    app.add_typer(agent, name="agent")


def seats(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """List the seats 座席 with their SIP accounts and who is signed in."""
    settings = load()
    paths = Paths.of(settings)
    paths.make()
    passwords = secrets.ensure(paths.secrets, settings).seats
    signed_in: dict[str, str | None] = {}
    with suppress(HotlineDown):  # the accounts are known without it
        signed_in = {row["seat"]: row["agent"] for row in LocalApi(settings).get("/seats")}
    show(
        [
            {"seat": seat, "sip_user": seat, "sip_password": passwords[seat], "agent": signed_in.get(seat)}
            for seat in settings.seats.numbers
        ],
        as_json=json,
    )


def agents(json: Json = False) -> None:  # noqa: FBT002
    """List the agents 话务员 with their state."""
    show(LocalApi(load()).get("/agents"), as_json=json, empty="no agents yet")


def queue(json: Json = False) -> None:  # noqa: FBT002
    """Show who waits, against the limit of 5."""
    show_one(LocalApi(load()).get("/queue"), as_json=json)


def announcement(
    state: Annotated[str, typer.Argument(help="on or off; left out, it is only shown.")] = "",
    json: Json = False,  # noqa: FBT002
) -> None:
    """Show the holiday or emergency announcement, or switch it on or off."""
    api = LocalApi(load())
    if state not in {"", "on", "off"}:
        raise typer.BadParameter(f"{state!r}: say on or off")
    show_one(api.post("/announcement", {"on": state == "on"}) if state else api.get("/announcement"), as_json=json)


@agent.command("sign-in")
def sign_in(
    agent: Agent,
    seat: Annotated[str, typer.Option(help="The seat, like 8001.")],
    json: Json = False,  # noqa: FBT002
) -> None:
    """Sign an agent in at a seat."""
    show_one(LocalApi(load()).post(f"/agents/{_number(agent)}/sign-in", {"seat": seat}), as_json=json)


@agent.command("sign-out")
def sign_out(agent: Agent, json: Json = False) -> None:  # noqa: FBT002
    """Sign an agent out."""
    show_one(LocalApi(load()).post(f"/agents/{_number(agent)}/sign-out", {}), as_json=json)


@agent.command("break")
def take_break(
    agent: Agent,
    reason: Annotated[str, typer.Option(help="rest, meal, training or meeting.")] = "rest",
    json: Json = False,  # noqa: FBT002
) -> None:
    """Put an agent on break; during a talk the break follows it."""
    show_one(LocalApi(load()).post(f"/agents/{_number(agent)}/break", {"reason": reason}), as_json=json)


@agent.command("ready")
def ready(agent: Agent, json: Json = False) -> None:  # noqa: FBT002
    """End an agent's break or wrap-up."""
    show_one(LocalApi(load()).post(f"/agents/{_number(agent)}/ready", {}), as_json=json)


def _number(agent: str) -> str:
    if not (agent.isascii() and agent.isalnum()):
        raise typer.BadParameter(f"{agent!r} is no agent's number")
    return agent
