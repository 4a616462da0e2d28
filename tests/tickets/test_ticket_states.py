"""What of the requests is known while nobody can look them up: the newest of each caller, and not too many."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from callcenter.storage.engine import Database
from callcenter.tickets.flows.citizens import self_service
from callcenter.tickets.tables import Ticket

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


async def store(database: Database, *rows: dict[str, Any]) -> None:
    common = {"node": "node1", "kind": "help", "state": "accepted", "title": "t", "description": "d", "closed_at": None}
    async with database.begin() as session:
        await session.execute(
            insert(Ticket), [common | {"number": str(number)} | row for number, row in enumerate(rows)]
        )


def opened(days_ago: float) -> datetime:
    return NOW - timedelta(days=days_ago)


async def states(database: Database, folder: Path) -> dict[str, str]:
    return await self_service.write_known(database, folder / "ticket-states", NOW)


async def test_each_caller_has_the_state_of_their_newest_request(database: Database, tmp_path: Path) -> None:
    await store(
        database,
        {"caller": "1", "opened_at": opened(3), "state": "closed", "closed_at": opened(2)},
        {"caller": "1", "opened_at": opened(1)},
        {"caller": "2", "opened_at": opened(3)},
        {"caller": "2", "opened_at": opened(2), "state": "archived", "closed_at": opened(1)},
        {"caller": "3", "opened_at": opened(1), "kind": "missed_call"},
        {"caller": "", "opened_at": opened(1)},
        {"caller": "4", "opened_at": opened(60), "state": "closed", "closed_at": opened(31)},
        {"caller": "5", "opened_at": opened(400)},
    )
    found = await states(database, tmp_path)
    assert found == {"1": "open", "2": "closed", "5": "open"}


async def test_of_too_many_the_newest_are_known(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_service, "KNOWN_REQUESTS", 10)
    await store(database, *({"caller": f"1{n}", "opened_at": opened(n)} for n in range(30)))
    assert set(await states(database, tmp_path)) == {f"1{n}" for n in range(10)}
