"""What accounts ask of a database, on SQLite and on PostgreSQL: locks, constraints, cascades."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from auth_scene import accounts_of
from served import PASSWORD
from sqlalchemy import func, select

from callcenter.panel import users
from callcenter.panel.accounts import SignedIn
from callcenter.panel.auth.guesses import Place
from callcenter.panel.auth.vault import Vault
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor, Sessions
from callcenter.panel.tables import Audit, Session
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

CLI = Actor("cli", "node1")
HERE = Place("10.0.0.1")


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """SQLite, then PostgreSQL, as the migrations make them."""
    database = Database(database_url)
    yield database
    await database.close()


async def test_two_nodes_that_start_at_once_make_one_administrator(database: Database) -> None:
    given = await asyncio.gather(*(users.ensure_administrator(database) for _ in range(4)))
    assert len([password for password in given if password]) == 1


async def test_two_administrators_cannot_remove_each_other_at_once(database: Database) -> None:
    for login in ("first", "second"):
        await users.add(database, users.NewUser(login, login, "administrator", None, PASSWORD), actor=CLI, now=now())

    async def remove(login: str, by: str) -> int:
        try:
            await users.change(
                database, login, {"active": False}, reset_password=False, actor=Actor(by, "node1"), now=now()
            )
        except Problem as problem:
            return problem.status
        return 200

    removed = await asyncio.gather(remove("first", "second"), remove("second", "first"))
    assert sorted(removed) == [200, 409]


async def test_an_agent_number_belongs_to_one_user(database: Database) -> None:
    async def add(login: str) -> int:
        try:
            await users.add(database, users.NewUser(login, login, "agent", "1001", PASSWORD), actor=CLI, now=now())
        except Problem as problem:
            return problem.status
        return 200

    assert sorted(await asyncio.gather(*map(add, ("wang", "li", "zhao")))) == [200, 409, 409]


async def test_a_session_from_sign_in_to_sign_out(database: Database, tmp_path: Path) -> None:
    await users.add(database, users.NewUser("wang", "王", "agent", "1001", PASSWORD), actor=CLI, now=now())
    accounts = accounts_of(database, Vault(tmp_path))
    signed_in = await accounts.sign_in("wang", PASSWORD, HERE, now())
    assert isinstance(signed_in, SignedIn)
    known = await Sessions(database).identify(signed_in.token, now())
    assert known
    assert (known.login, known.name, known.agent, known.must_change_password) == ("wang", "王", "1001", True)
    assert signed_in.identity.login == "wang"
    actor = Actor("wang", "node1", "10.0.0.1")
    news = "another good one"
    again = await accounts.change_password(known, PASSWORD, news, place=HERE, actor=actor, now=now())
    assert await Sessions(database).identify(signed_in.token, now()) is None
    assert await Sessions(database).identify(again.token, now())
    await accounts.sign_out(again.identity, actor, now())
    assert await Sessions(database).identify(again.token, now()) is None
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Session)) == 0
        trail = await session.execute(select(Audit.who, Audit.action, Audit.address).order_by(Audit.id))
        assert [tuple(row) for row in trail] == [
            ("cli", "user_added", ""),
            ("wang", "signed_in", "10.0.0.1"),
            ("wang", "password_changed", "10.0.0.1"),
            ("wang", "signed_out", "10.0.0.1"),
        ]
