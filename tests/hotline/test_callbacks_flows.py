"""Agents and supervisors work on callbacks: what they do is kept as evidence."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from callcenter.hotline import listings
from callcenter.hotline.flows import callbacks
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.tables import Callback
from callcenter.storage.engine import Database

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
POLICY = Policy(attempts=2)


def owed(state: str = "waiting") -> Callback:
    return Callback(
        node="node1", caller="138", state=state, reason="overflowed", opened_at=NOW, due_at=NOW + timedelta(minutes=15)
    )


async def stored(database: Database) -> int:
    async with database.begin() as session:
        session.add(callback := owed())
        await session.flush()
        return callback.id


async def row(database: Database) -> listings.Row:
    async with database.read() as session:
        (found,) = await listings.callbacks(session)
    listings.CallbackRow.model_validate(found, strict=True)
    return found


async def test_an_attempt_in_vain_comes_back_later_and_the_last_gives_up(database: Database) -> None:
    callback = await stored(database)
    for expected in ("retry", "unreachable"):
        async with database.begin() as session:
            await callbacks.claim(session, callback)
        assert (await row(database))["state"] == "dialling"
        async with database.begin() as session:
            event = await callbacks.attempted(
                session, callback, agent="1001", result="no_answer", policy=POLICY, now=NOW
            )
        assert event is None
        assert (await row(database))["state"] == expected
    assert [attempt["result"] for attempt in (await row(database))["attempts"]] == ["no_answer", "no_answer"]


async def test_a_citizen_who_was_reached_is_owed_no_more(database: Database) -> None:
    callback = await stored(database)
    async with database.begin() as session:
        event = await callbacks.attempted(session, callback, agent="1001", result="reached", policy=POLICY, now=NOW)
    assert event is not None
    assert event.by == "callback"
    assert (await row(database))["settled_by"] == "callback"
    async with database.begin() as session:
        with pytest.raises(ValueError, match="settled already"):
            await callbacks.settle(session, callback, "twice", NOW)


async def test_a_supervisor_settles_and_says_why(database: Database) -> None:
    callback = await stored(database)
    async with database.begin() as session:
        await callbacks.settle(session, callback, "came in person", NOW)
    assert (await row(database))["settled_by"] == "supervisor"
    async with database.begin() as session:
        with pytest.raises(callbacks.NoSuchCallback, match="9999"):
            await callbacks.claim(session, 9999)


async def test_the_database_itself_allows_one_open_callback_per_citizen(database: Database) -> None:
    await stored(database)
    async with database.begin() as session:
        session.add(owed("settled"))
    with pytest.raises(IntegrityError):
        async with database.begin() as session:
            session.add(owed("retry"))
