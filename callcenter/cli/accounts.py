"""Commands about who may use the panel; they work on the database, so also while the hotline is down."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from callcenter import databases
from callcenter.cli.output import Json, show, show_one
from callcenter.panel import rights, users
from callcenter.panel.auth import two_step
from callcenter.panel.auth.guesses import Guesses
from callcenter.panel.auth.vault import Vault
from callcenter.panel.problems import Problem
from callcenter.panel.rights import ROLES
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import User
from callcenter.paths import Paths
from callcenter.settings import Settings, load
from callcenter.storage import clock
from callcenter.storage.engine import Database

user = typer.Typer(no_args_is_help=True, help="Who may use the panel.")
Login = Annotated[str, typer.Argument(help="What they type to sign in.")]
_Result = TypeVar("_Result")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(user, name="user")


def _with_database(act: Callable[[Database, Settings], Awaitable[_Result]]) -> _Result:
    async def run() -> _Result:
        settings = load()
        async with databases.opened(settings) as database:
            return await act(database, settings)

    try:
        return asyncio.run(run())
    except Problem as problem:
        raise typer.BadParameter("; ".join([*problem.fields.values()] or [problem.message])) from problem


def _row(found: User) -> dict[str, Any]:
    return {
        "user": found.login,
        "name": found.name,
        "role": found.role,
        "agent": found.agent,
        "unit": found.unit,
        "active": found.active,
    }


@user.command("list")
def listing(json: Json = False) -> None:  # noqa: FBT002  # a command-line flag
    """List the users."""
    found = _with_database(lambda database, _: users.listing(database))
    show([_row(each) for each in found], as_json=json, empty="no users yet: the first start makes one")


@user.command("add")
def add(  # noqa: PLR0917  # typer's options
    login: Login,
    role: Annotated[str, typer.Option(help=f"{', '.join(ROLES)}.")] = "agent",
    name: Annotated[str, typer.Option(help="The person's name; the login when left out.")] = "",
    agent: Annotated[str, typer.Option(help="The agent number they take calls as.")] = "",
    unit: Annotated[str, typer.Option(help="Code of the member unit they work for; with --role unit.")] = "",
    json: Json = False,  # noqa: FBT002
) -> None:
    """Add a user and print their one-time password, this once."""
    if role not in ROLES:
        raise typer.BadParameter(f"--role {role!r}: say {', '.join(ROLES)}")
    new = users.NewUser(login, name or login, role, agent or None, unit=unit or None)
    made, password = _with_database(
        lambda database, settings: users.add(database, new, actor=Actor("cli", settings.node), now=clock.now())
    )
    show_one(_row(made) | {"one_time_password": password}, as_json=json)


@user.command("rights")
def table(
    into: Annotated[
        list[Path] | None,
        typer.Option(help="A file to draw it into, between its markers; may be given more than once."),
    ] = None,
) -> None:
    """Draw the table of rights: who may do what; names that end in .zh-CN.md get it in Chinese."""
    if not into:
        sys.stdout.write(rights.section("en") + "\n")
    for path in into or []:
        before = path.read_text(encoding="utf-8")
        try:
            after = rights.replaced(before, "zh" if path.name.endswith(".zh-CN.md") else "en")
        except ValueError as error:
            raise typer.BadParameter(f"{path}: {error}") from error
        if after != before:
            path.write_text(after, encoding="utf-8")


@user.command("disable")
def disable(login: Login, json: Json = False) -> None:  # noqa: FBT002
    """Take a user's access away; their history stays."""
    changed, _ = _change(login, {"active": False}, reset=False)
    show_one(_row(changed), as_json=json)


@user.command("reset-password")
def reset_password(login: Login, json: Json = False) -> None:  # noqa: FBT002
    """Give a user a new one-time password and print it, this once."""
    changed, password = _change(login, {}, reset=True)
    show_one(_row(changed) | {"one_time_password": password}, as_json=json)


@user.command("unlock")
def unlock(login: Login) -> None:
    """Forget a user's failed sign-ins, so that they need not wait; takes effect within seconds."""

    async def forget(database: Database, settings: Settings) -> None:
        guesses = Guesses(database, Vault(Paths.of(settings).secrets), settings.sign_in, settings.node)
        await users.unlock(database, guesses, login, actor=Actor("cli", settings.node), now=clock.now())

    _with_database(forget)
    sys.stdout.write(f"{login}: unlocked\n")


@user.command("reset-two-step")
def reset_two_step(login: Login, json: Json = False) -> None:  # noqa: FBT002
    """Let a user whose telephone is lost sign in with the password alone; signs them out everywhere."""
    changed = _with_database(
        lambda database, settings: two_step.reset(database, login, actor=Actor("cli", settings.node), now=clock.now())
    )
    show_one(_row(changed), as_json=json)


def _change(login: str, changes: dict[str, Any], *, reset: bool) -> tuple[User, str | None]:
    return _with_database(
        lambda database, settings: users.change(
            database,
            login,
            changes,
            reset_password=reset,
            actor=Actor("cli", settings.node),
            now=clock.now(),
        )
    )
