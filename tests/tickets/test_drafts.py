"""Drafts: on disk before they are answered, the last version wins, nobody reads another's, quick while fifty type."""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from desk_api import Api, serving
from sqlalchemy import func, select, update

from callcenter.panel.problems import Problem
from callcenter.storage.engine import Database
from callcenter.tickets.flows.writing.drafts import MOST_OF_ONE, DraftKeeper, Save
from callcenter.tickets.tables import Draft, Ticket
from callcenter.tickets.views import drafts as views

#: Beyond the first plane, an emoji, and from right to left.
TEXT = "\U00020bb7\U0001f600\u200f\u0639"
ID = "3d9f1f0e-0000-4000-8000-000000000001"
SCRIPT = """
import asyncio, sys
from callcenter.storage.engine import Database
from callcenter.tickets.flows.writing.drafts import DraftKeeper, Save

async def main():
    keeper = DraftKeeper(Database(sys.argv[1]), "node1")
    version = 0
    while True:
        version += 1
        saved = await keeper.save(Save(sys.argv[2], "li", version, {"description": "字" * version}))
        print(saved.version, flush=True)

asyncio.run(main())
"""


@pytest_asyncio.fixture
async def panel(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    async with serving(database, tmp_path, [views.add_routes], monkeypatch) as api:
        yield api


async def refused(answer: ClientResponse, status: int) -> dict[str, str]:
    """The fields that a refusal names."""
    body = await answer.json()
    assert answer.status == status, body
    fields: dict[str, str] = body["fields"]
    return fields


def draft(version: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    return {"version": version, "fields": fields}


async def test_the_last_version_wins_and_an_older_one_that_comes_late_changes_nothing(panel: Api) -> None:
    li = await panel.as_("li")
    async with li.put(f"/api/v1/drafts/{ID}", json=draft(1, title="路") | {"linkedid": "1.1"}) as answer:
        assert (answer.status, (await answer.json())["version"]) == (200, 1)
    async with li.put(f"/api/v1/drafts/{ID}", json=draft(3, title="路灯不亮") | {"linkedid": "1.1"}) as answer:
        saved = await answer.json()
    async with li.put(f"/api/v1/drafts/{ID}", json=draft(2, title="路灯") | {"linkedid": "1.1"}) as answer:
        assert await answer.json() == saved, "who comes late learns what is kept"
    async with li.get("/api/v1/drafts") as answer:
        (row,) = await answer.json()
    assert row == {"id": ID, "linkedid": "1.1", "ticket": None, "fields": {"title": "路灯不亮"}, **saved}
    for _ in range(2):
        async with li.delete(f"/api/v1/drafts/{ID}", json={}) as answer:
            assert answer.status == 204
    async with li.get("/api/v1/drafts") as answer:
        assert await answer.json() == []


async def test_nobody_reads_changes_or_discards_anothers(panel: Api) -> None:
    li, wang = await panel.as_("li"), await panel.as_("wang", "administrator")
    async with li.put(f"/api/v1/drafts/{ID}", json=draft(1, title="保密")) as answer:
        assert answer.status == 200
    async with wang.get("/api/v1/drafts") as answer:
        assert await answer.json() == []
    async with wang.put(f"/api/v1/drafts/{ID}", json=draft(9, title="别人的")) as answer:
        await refused(answer, 403)
    async with wang.delete(f"/api/v1/drafts/{ID}", json={}) as answer:
        assert answer.status == 204
    async with li.get("/api/v1/drafts") as answer:
        assert [row["fields"] for row in await answer.json()] == [{"title": "保密"}]
    nobody = await panel.client()
    async with nobody.get("/api/v1/drafts") as answer:
        assert answer.status == 401


async def test_what_is_no_draft_is_refused_by_name(panel: Api) -> None:
    li = await panel.as_("li")
    for id_, body, field in (
        (ID, draft(0), "version"),
        (ID, draft(2**31), "version"),
        (ID, {"version": 1, "fields": []}, "fields"),
        (ID, draft(1, description="字" * 22_000), "fields"),
        (ID, draft(1) | {"linkedid": "x" * 151}, "linkedid"),
        (ID, draft(1) | {"who": "wang"}, "who"),
        ("..%2f..%2fetc", draft(1), "draft"),
    ):
        async with li.put(f"/api/v1/drafts/{id_}", json=body) as answer:
            assert field in await refused(answer, 400), body
    whole = draft(1, description=TEXT * 4000)
    async with li.put(f"/api/v1/drafts/{ID}", json=whole) as answer:
        assert answer.status == 200
    async with li.get("/api/v1/drafts") as answer:
        assert (await answer.json())[0]["fields"] == {"description": TEXT * 4000}


async def test_a_save_that_crosses_the_sending_does_not_bring_the_draft_back(panel: Api) -> None:
    li = await panel.as_("li")
    async with panel.database.begin() as session:
        session.add(
            Ticket(
                node="node1",
                number="20261124000010",
                kind="help",
                state="accepted",
                caller="",
                title="t",
                description="d",
                opened_at=datetime(2026, 11, 24, tzinfo=UTC),
                request_id=ID,
            )
        )
    async with li.put(f"/api/v1/drafts/{ID}", json=draft(7, title="晚到")) as answer:
        assert await refused(answer, 409) == {"ticket": "20261124000010"}
    async with li.get("/api/v1/drafts") as answer:
        assert await answer.json() == []


async def test_a_hundred_saves_at_once_keep_the_highest_of_each(database: Database) -> None:
    keeper = DraftKeeper(database, "node1")
    saves = [Save(f"draft-{at % 10:04}", f"who{at % 10}", at + 1, {"n": at}) for at in range(100)]
    await asyncio.gather(*(keeper.save(one) for one in reversed(saves)))
    async with database.read() as session:
        kept = {row.id: (row.version, row.fields) for row in await session.scalars(select(Draft))}
    assert kept == {f"draft-{at:04}": (91 + at, {"n": 90 + at}) for at in range(10)}


async def test_one_that_is_refused_costs_its_neighbours_nothing(database: Database) -> None:
    keeper = DraftKeeper(database, "node1")
    await keeper.save(Save("draft-of-li", "li", 1, {}))
    told = await asyncio.gather(
        *(keeper.save(Save(f"draft-{at:04}", "wang", 1, {})) for at in range(5)),
        keeper.save(Save("draft-of-li", "wang", 2, {})),
        *(keeper.save(Save(f"many-{at:04}", "zhao", 1, {})) for at in range(MOST_OF_ONE + 1)),
        return_exceptions=True,
    )
    assert [one.status for one in told if isinstance(one, Problem)] == [403, 409]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Draft)) == 6 + MOST_OF_ONE


async def test_a_database_that_fails_is_told_and_the_next_save_goes_through(database: Database) -> None:
    class Failing(Database):
        """The same, but the next transaction fails."""

        down = True

        def begin(self) -> Any:  # noqa: ANN401  # a context manager
            if self.down:
                raise OSError("gone")
            return database.begin()

    failing = Failing(str(database.url.render_as_string(hide_password=False)))
    keeper = DraftKeeper(failing, "node1")
    told = await asyncio.gather(*(keeper.save(Save(ID, "li", at, {})) for at in (1, 2)), return_exceptions=True)
    assert [type(one) for one in told] == [OSError, OSError]
    failing.down = False
    assert (await keeper.save(Save(ID, "li", 3, {"title": "又来"}))).version == 3


async def test_whatever_was_answered_survives_a_kill(database: Database, database_url: str) -> None:
    """A program that saves as fast as it can is killed; the draft is at least as new as its last answer."""
    program = subprocess.Popen(  # noqa: ASYNC220  # it is read in a thread
        [sys.executable, "-c", SCRIPT, database_url, ID], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert program.stdout
    answered = 0
    try:
        while answered < 100:
            answered = int(await asyncio.to_thread(program.stdout.readline))
    finally:
        os.kill(program.pid, signal.SIGKILL)
        rest = await asyncio.to_thread(program.stdout.read)
        program.wait()
    answered = int(([str(answered), *rest.split()])[-1])
    async with database.read() as session:
        kept = await session.get(Draft, ID)
    assert kept
    assert answered <= kept.version <= answered + 1
    assert kept.fields == {"description": "字" * kept.version}


async def test_the_sweep_forgets_what_nobody_touched_for_thirty_days(database: Database) -> None:
    keeper = DraftKeeper(database, "node1")
    for id_ in ("old-draft", "new-draft"):
        await keeper.save(Save(id_, "li", 1, {}))
    async with database.begin() as session:
        long_ago = datetime.now(UTC) - timedelta(days=30, minutes=1)
        await session.execute(update(Draft).where(Draft.id == "old-draft").values(saved_at=long_ago))
    await keeper.sweep()
    async with database.read() as session:
        assert list(await session.scalars(select(Draft.id))) == ["new-draft"]


async def test_fifty_agents_save_each_second_without_waiting(panel: Api) -> None:
    """Over HTTP, two kilobytes each, for three seconds; the bench does it for longer."""
    li = await panel.as_("li")
    took: list[float] = []

    async def agent(number: int) -> None:
        await asyncio.sleep(number / 50)
        for version in (1, 2, 3):
            began = time.perf_counter()
            body = draft(version, title="路灯", description="字" * 700)
            async with li.put(f"/api/v1/drafts/draft-{number:06}", json=body) as answer:
                assert answer.status == 200
            took.append(time.perf_counter() - began)
            await asyncio.sleep(max(0, 1 - took[-1]))

    await asyncio.gather(*(agent(number) for number in range(50)))
    worst = statistics.quantiles(took, n=20)[-1]
    print(f"p50 {statistics.median(took) * 1000:.1f} ms, p95 {worst * 1000:.1f} ms, max {max(took) * 1000:.1f} ms")
    # The promise, 50 ms on a machine of its own, is held by tests/bench; here others work too, and only a jam shows.
    assert worst < 1
