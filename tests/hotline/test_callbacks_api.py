"""The callbacks' API: who may do what, what is refused and why, and the trail that each deed leaves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from callcenter.hotline import events
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.callbacks.desk import CallbackDesk
from callcenter.hotline.flows.callbacks.obligations import policy_of
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules.floor import empty
from callcenter.hotline.tables import Callback, CallbackAttempt
from callcenter.hotline.views.callbacks import CALLBACK_DESK, ROUTES
from callcenter.panel import passwords, server, users
from callcenter.panel.live import LiveState
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.settings.sections import Trunk
from callcenter.storage import clock
from callcenter.storage.engine import Database

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PASSWORD = "right horse battery"


@dataclass
class Api:
    url: str
    database: Database
    heard: list[events.HotlineEvent]
    stack: AsyncExitStack

    async def as_(self, login: str, role: Role, agent: str | None = None) -> ClientSession:
        """A browser that somebody has signed in with."""
        new = users.NewUser(login, login.title(), role, agent, PASSWORD)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(client)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200
        return client

    async def owed(self, *results: str, **fields: Any) -> int:  # noqa: ANN401  # columns
        wanted = {"state": "waiting", "caller": "13800000001"} | fields
        async with self.database.begin() as session:
            callback = Callback(
                node="node1",
                reason="overflowed",
                called_at=T0,
                opened_at=T0,
                next_at=T0,
                due_at=T0 + timedelta(minutes=15),
                **wanted,
            )
            session.add(callback)
            await session.flush()
            for result in results:
                session.add(
                    CallbackAttempt(
                        node="node1", callback_id=callback.id, at=T0, agent="1001", number="138", result=result
                    )
                )
            return callback.id


async def ask(client: ClientSession, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    async with client.post(f"/api/v1/callbacks/{path}", json=body or {}) as answer:
        return answer.status, await answer.json()


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()
    settings = Settings(data=tmp_path / "var", trunks=(Trunk(name="carrier", host="127.0.0.1"),))
    live = LiveState()
    keeper = FloorKeeper(
        empty(settings.seats.numbers, timedelta(0)), queue="hotline", clock=clock.now, on_change=lambda *_: None
    )
    dialler = Dialler(database, keeper, settings, live, Alarms(live), lambda: True)
    heard: list[events.HotlineEvent] = []

    def routes(app: Any) -> None:  # noqa: ANN401  # the application
        for path, view in ROUTES:
            app.router.add_view(f"/api/v1/{path}", view)

    app = server.build(settings, database, live=live, features=[routes], registry=CollectorRegistry())
    app[CALLBACK_DESK] = CallbackDesk(
        database, dialler, policy_of(settings), {}, lambda: {"1001": "李敏", "1002": "王芳"}, heard.extend
    )
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield Api(f"http://127.0.0.1:{runner.addresses[0][1]}", database, heard, stack)


async def test_a_supervisor_works_on_a_callback_and_each_deed_is_on_the_trail(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    id_ = await api.owed(number="+14155550000", held="foreign")
    status, row = await ask(boss, f"{id_}/assign", {"agent": "1002"})
    assert (status, row["assigned"]) == (200, "1002")
    assert (await ask(boss, f"{id_}/allow"))[1]["held"] is None
    assert (await ask(boss, f"{id_}/forward"))[1]["priority"] == 1
    status, row = await ask(boss, f"{id_}/close", {"reason": "来过窗口"})
    assert (row["state"], row["settled_by"], row["note"]) == ("settled", "supervisor", "来过窗口")
    assert [type(event) for event in api.heard] == [events.CallbackSettled]
    async with api.database.read() as session:
        trail = [(one.who, one.action, one.target) for one in await session.scalars(select(Audit).order_by(Audit.id))]
    assert trail[-4:] == [
        ("boss", f"callback_{what}", f"callback {id_}")
        for what in ("assigned", "number_allowed", "brought_forward", "closed")
    ]


async def test_what_is_not_possible_is_refused_with_its_reason(api: Api) -> None:
    boss = await api.as_("boss", "supervisor")
    id_ = await api.owed(state="settled")
    for path, body in (("assign", {"agent": None}), ("close", {"reason": "again"}), ("forward", {}), ("allow", {})):
        status, answer = await ask(boss, f"{id_}/{path}", body)
        assert (status, bool(answer["error"])) == (409, True), path
    assert (await ask(boss, "999/forward"))[0] == 404
    assert (await ask(boss, "0/forward"))[0] == 400
    assert (await ask(boss, f"{id_}/close", {"reason": ""}))[0] == 400
    assert (await ask(boss, f"{id_}/close", {"reason": "x" * 501}))[0] == 400
    assert (await ask(boss, f"{id_}/dial"))[0] == 400, "a supervisor without a phone says whose rings"


async def test_agents_do_what_is_theirs_and_no_more(api: Api) -> None:
    li = await api.as_("li", "agent", "1001")
    wang = await api.as_("wang", "agent", "1002")
    id_ = await api.owed("answered")
    for path, body in (("assign", {"agent": "1001"}), ("close", {"reason": "no"}), ("forward", {}), ("allow", {})):
        assert (await ask(li, f"{id_}/{path}", body))[0] == 403, path
    assert (await ask(wang, f"{id_}/result", {"result": "voicemail"}))[0] == 403
    status, row = await ask(li, f"{id_}/result", {"result": "voicemail", "note": "无人"})
    assert (status, row["attempts"][0]["result"], row["attempts"][0]["note"]) == (200, "voicemail", "无人")
    assert (await ask(li, f"{id_}/result", {"result": "busy"}))[0] == 400
    assert (await ask(li, f"{id_}/dial", {"agent": "1002"}))[0] == 403
    status, answer = await ask(li, f"{id_}/dial")
    assert (status, bool(answer["error"])) == (409, True), "not signed in at any seat"


async def test_the_list_finds_a_citizen_in_every_spelling_and_shows_all_that_is_owed(api: Api) -> None:
    li = await api.as_("li", "agent", "1001")
    await api.owed("no_answer", number="13900000000")
    async with li.get("/api/v1/callbacks", params={"caller": "+8613800000001", "state": "open"}) as answer:
        (row,) = await answer.json()
    assert (row["number"], row["attempts"][0]["number"]) == ("13900000000", "138")


async def test_a_number_that_somebody_noted_is_masked_in_the_list_but_for_whoever_works_on_it(api: Api) -> None:
    id_ = await api.owed("voicemail", state="settled", note="已用66551234联系")
    async with api.database.begin() as session:
        (attempt,) = await session.scalars(select(CallbackAttempt).where(CallbackAttempt.callback_id == id_))
        attempt.note = "让打13800001234"
    seen = {}
    for login, agent in (("li", "1001"), ("wang", "1002")):
        client = await api.as_(login, "agent", agent)
        async with client.get("/api/v1/callbacks") as answer:
            (row,) = await answer.json()
        seen[login] = (row["note"], row["attempts"][0]["note"])
    assert seen["wang"] == ("已用******34联系", "让打138****1234")
    assert seen["li"] == ("已用66551234联系", "让打13800001234")
