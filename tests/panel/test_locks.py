"""Locks against guessing, as rows of both databases: they outlive a restart, and keep nobody from their work."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from auth_scene import accounts_of
from served import PASSWORD
from sqlalchemy import func, select

from callcenter.panel import users
from callcenter.panel.accounts import Accounts, SignedIn
from callcenter.panel.auth.guesses import BELIEVED, Place
from callcenter.panel.auth.tables import Guess
from callcenter.panel.auth.vault import Vault
from callcenter.panel.passwords import MOST_WAITING
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

CLI = Actor("cli", "node1")
BAD, GOOD = Place("203.0.113.9"), Place("10.0.0.1")
FAMILIAR = Place("203.0.113.9", browser="her-own")
START = now()
WRONG = "wrong"


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """SQLite, then PostgreSQL, as the migrations make them."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def accounts(database: Database, tmp_path: Path) -> Accounts:
    await users.add(database, users.NewUser("wang", "王", "agent", "1001", PASSWORD), actor=CLI, now=START)
    return accounts_of(database, Vault(tmp_path))


async def status(
    accounts: Accounts, place: Place, password: str = WRONG, *, seconds: float = 0, login: str = "wang"
) -> int:
    """HTTP status that a sign-in comes to."""
    try:
        outcome = await accounts.sign_in(login, password, place, START + timedelta(seconds=seconds))
    except Problem as problem:
        return problem.status if "Retry-After" in problem.headers or problem.status != 429 else 0
    assert isinstance(outcome, SignedIn)
    return 200


async def test_a_lock_outlives_a_restart_and_lets_the_person_in_from_elsewhere(
    accounts: Accounts, database: Database, tmp_path: Path
) -> None:
    assert [await status(accounts, BAD) for _ in range(12)] == [401] * 10 + [429] * 2
    started_anew = accounts_of(database, Vault(tmp_path))
    assert await status(started_anew, BAD, PASSWORD) == 429
    assert await status(started_anew, GOOD, PASSWORD) == 200
    assert await status(started_anew, FAMILIAR, PASSWORD) == 200  # at the guesser's own address, even
    assert await status(started_anew, BAD, PASSWORD, seconds=299) == 429
    assert await status(started_anew, BAD, PASSWORD, seconds=301) == 200


async def test_a_login_that_does_not_exist_is_locked_just_the_same(accounts: Accounts) -> None:
    known = [await status(accounts, BAD) for _ in range(12)]
    assert [await status(accounts, BAD, login="nobody") for _ in range(12)] == known


async def test_parallel_guesses_count_each(accounts: Accounts) -> None:
    found = [*await asyncio.gather(*(status(accounts, BAD) for _ in range(7)))]
    found += await asyncio.gather(*(status(accounts, BAD) for _ in range(7)))
    assert sorted(found) == [401] * 10 + [429] * 4


async def test_so_many_strangers_at_once_that_they_would_wait_for_seconds_are_asked_to_come_again(
    accounts: Accounts,
) -> None:
    strangers = [status(accounts, Place(f"198.51.100.{number}")) for number in range(40)]
    found = await asyncio.gather(*strangers, status(accounts, FAMILIAR, PASSWORD))
    assert sorted(found) == [200] + [401] * MOST_WAITING + [503] * (40 - MOST_WAITING)


async def test_guesses_from_a_thousand_addresses_slow_strangers_down_and_not_the_persons_own_browser(
    accounts: Accounts,
) -> None:
    places = [Place(f"198.51.100.{number}") for number in range(100)]
    assert {await status(accounts, place) for place in places} == {401}
    assert await status(accounts, GOOD, PASSWORD) == 429
    assert await status(accounts, FAMILIAR, PASSWORD) == 200
    assert await status(accounts, GOOD, PASSWORD, seconds=31) == 200


async def test_an_address_that_tries_many_logins_waits_whatever_it_tries_next(accounts: Accounts) -> None:
    found = [await status(accounts, BAD, login=f"user{number}") for number in range(60)]
    assert found == [401] * 50 + [429] * 10
    assert await status(accounts, BAD, PASSWORD) == 429
    assert await status(accounts, FAMILIAR, PASSWORD) == 200


async def test_who_signs_in_between_guesses_does_not_clear_their_address(
    accounts: Accounts, database: Database
) -> None:
    await users.add(database, users.NewUser("eve", "Eve", "agent", None, PASSWORD), actor=CLI, now=START)
    wrong = 0
    for number in range(200):
        if await status(accounts, BAD, login=f"user{number}") == 401:
            wrong += 1
        await status(accounts, BAD, PASSWORD, login="eve")
    assert wrong == 50


async def test_an_administrator_unlocks_and_a_running_panel_sees_it_within_seconds(
    accounts: Accounts, database: Database, tmp_path: Path
) -> None:
    for _ in range(12):
        await status(accounts, BAD)
    async with database.read() as session:
        (locked,) = (await accounts.guesses.locked(session, ["li", "wang"], START))["wang"]
    assert (locked.address, locked.until) == (BAD.address, START + timedelta(minutes=5))
    elsewhere = accounts_of(database, Vault(tmp_path))  # the command line is a process of its own
    await users.unlock(database, elsewhere.guesses, "wang", actor=CLI, now=START)
    assert await status(accounts, BAD, PASSWORD, seconds=BELIEVED.total_seconds()) == 200
    with pytest.raises(Problem):
        await users.unlock(database, elsewhere.guesses, "nobody", actor=CLI, now=START)
    async with database.read() as session:
        trail = (await session.execute(select(Audit.action, Audit.target).order_by(Audit.id))).all()
    assert [tuple(row) for row in trail if row[0] != "sign_in_refused"] == [
        ("user_added", "wang"),
        ("sign_in_locked", "wang"),
        ("user_unlocked", "wang"),
        ("signed_in", ""),
    ]


async def test_what_was_typed_as_a_login_stands_nowhere_in_the_database(accounts: Accounts, database: Database) -> None:
    await status(accounts, BAD, login="my-secret-password")
    async with database.read() as session:
        rows = (await session.scalars(select(Guess))).all()
        assert rows
        assert not any("secret" in f"{row.login}{row.place}" for row in rows)
        trail = (await session.scalars(select(Audit.target))).all()
        assert "my-secret-password" not in trail


async def test_counts_of_long_ago_are_swept_away(accounts: Accounts, database: Database) -> None:
    for _ in range(10):
        await status(accounts, BAD)
    await accounts.guesses.sweep(START + timedelta(hours=23))
    async with database.read() as session:
        assert await session.scalar(select(func.count(Guess.id))) == 3
    await accounts.guesses.sweep(START + timedelta(hours=25))
    async with database.read() as session:
        assert await session.scalar(select(func.count(Guess.id))) == 0
