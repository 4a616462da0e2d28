"""The supervisor's API: who may use it, what it takes, and what it refuses with the reason."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar, web
from prometheus_client import CollectorRegistry

from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.answering.blocked import BlockedCallers
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.test_calls.dials import TestDials
from callcenter.hotline.rules.floor import empty
from callcenter.hotline.tables import PolicyStep, TestDial
from callcenter.hotline.views import supervision
from callcenter.panel import server, users
from callcenter.panel.live import LiveState
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

PASSWORD = "right horse battery"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Api:
    """The served API, and its users."""

    url: str
    database: Database
    blocked: BlockedCallers
    clients: list[ClientSession] = field(default_factory=list)

    async def as_(self, role: Role) -> ClientSession:
        new = users.NewUser(role, role.title(), role, None, PASSWORD)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, role)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        async with client.post("/api/v1/sign-in", json={"user": role, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client


def routes(app: web.Application) -> None:
    for path, view in (
        ("policy-log", supervision.PolicyLog),
        ("blocked-callers", supervision.BlockedCallersList),
        ("blocked-callers/{number}", supervision.OneBlockedCaller),
        ("test-dials", supervision.TestDialsList),
    ):
        app.router.add_view(f"/api/v1/{path}", view)


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    settings, live = Settings(data=tmp_path / "var"), LiveState()
    app = server.build(
        settings, database, live=live, features=[routes], registry=CollectorRegistry(), front=tmp_path / "none"
    )
    keeper = FloorKeeper(
        empty(["8001"], timedelta(seconds=15)), queue="hotline", clock=clock.now, on_change=lambda *_: None
    )
    blocked = BlockedCallers(database, settings)
    app[supervision.SUPERVISION] = supervision.Supervision(blocked, TestDials(database, keeper, settings, Alarms(live)))
    async with server.serving(app, "127.0.0.1", 0) as runner:
        port = cast("Any", runner.addresses[0])[1]
        served = Api(f"http://127.0.0.1:{port}", database, blocked)
        yield served
        for client in served.clients:
            await client.close()


JSON = {"Content-Type": "application/json"}


async def test_agents_may_read_test_dials_and_nothing_else_here(api: Api) -> None:
    agent = await api.as_("agent")
    async with agent.get("/api/v1/test-dials") as answer:
        assert (answer.status, await answer.json()) == (200, [])
    for method, path, body in (
        ("GET", "policy-log", None),
        ("GET", "blocked-callers", None),
        ("POST", "blocked-callers", {"number": "13800138000", "level": "block"}),
        ("DELETE", "blocked-callers/13800138000", None),
        ("POST", "test-dials", {}),
    ):
        async with agent.request(method, f"/api/v1/{path}", json=body, headers=JSON) as answer:
            assert answer.status == 403, (method, path)


async def test_a_supervisor_lists_changes_and_unlists_a_caller(api: Api) -> None:
    boss = await api.as_("supervisor")
    until = (clock.now() + timedelta(days=1)).isoformat()
    wanted = {"number": "+86 138-0013-8000", "level": "limit", "per_hour": 2, "note": "shouts", "until": until}
    async with boss.post("/api/v1/blocked-callers", json=wanted) as answer:
        row = await answer.json()
        assert answer.status == 200, row
    assert (row["number"], row["level"], row["per_hour"], row["by"], row["active"]) == (
        "13800138000",
        "limit",
        2,
        "supervisor",
        True,
    )
    async with boss.get("/api/v1/blocked-callers?limit=100") as answer:
        assert await answer.json() == [row]
    async with boss.delete("/api/v1/blocked-callers/%2B8613800138000", headers=JSON) as answer:
        assert (answer.status, await answer.json()) == (200, {"number": "13800138000"})
    async with boss.delete("/api/v1/blocked-callers/13800138000", headers=JSON) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"number": "12345", "level": "block"}, 409),
        ({"number": "8001", "level": "block"}, 409),
        ({"number": "anonymous", "level": "block"}, 409),
        ({"number": "13800138000", "level": "block", "until": "2020-01-01T00:00:00+08:00"}, 409),
        ({"number": "13800138000", "level": "shout"}, 400),
        ({"number": "", "level": "block"}, 400),
        ({"number": "13800138000", "level": "limit", "per_hour": 0}, 400),
        ({"number": "13800138000", "level": "block", "until": "2030-01-01T00:00:00"}, 400),
        ({"number": "1" * 65, "level": "block"}, 400),
        ({"number": 13800138000, "level": "block"}, 400),
    ],
)
async def test_what_cannot_be_listed_is_refused_and_nothing_is_written(
    api: Api, body: dict[str, Any], status: int
) -> None:
    boss = await api.as_("supervisor")
    async with boss.post("/api/v1/blocked-callers", json=body) as answer:
        assert answer.status == status, await answer.text()
        assert (await answer.json())["error"]
    async with boss.get("/api/v1/blocked-callers") as answer:
        assert await answer.json() == []


async def test_the_policys_log_and_the_test_dials_are_listed_newest_first(api: Api) -> None:
    async with api.database.begin() as session:
        for hour in range(3):
            at = NOW + timedelta(hours=hour)
            session.add(PolicyStep(node="node1", at=at, level="calm", step=f"step{hour}", detail={"waiting": hour}))
            session.add(TestDial(node="node1", at=at, trunk="main", result="passed", waiting_found=hour))
    boss = await api.as_("supervisor")
    async with boss.get("/api/v1/policy-log?limit=2") as answer:
        assert [row["step"] for row in await answer.json()] == ["step2", "step1"]
    async with boss.get("/api/v1/policy-log?day=2026-11-23") as answer:
        assert await answer.json() == []
    async with boss.get("/api/v1/test-dials?day=2026-11-24&limit=1") as answer:
        assert [row["waiting_found"] for row in await answer.json()] == [2]


async def test_a_test_dial_without_a_line_is_refused_with_the_mend(api: Api) -> None:
    boss = await api.as_("supervisor")
    async with boss.post("/api/v1/test-dials", json={}) as answer:
        assert answer.status == 409
        assert "trunks" in (await answer.json())["error"]
