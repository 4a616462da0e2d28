"""The API of requests: one form is one ticket, what is refused and why, and who sees what."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from life_scene import TO_HANDLING, TO_REVIEW, TO_UNIT, Life, living
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select, update
from yarl import URL

from callcenter.hotline.tables import Call
from callcenter.panel import i18n, passwords, server, users
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.paths import ROOT
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.shapes import TicketDetail
from callcenter.tickets.tables import Draft, Ticket
from callcenter.tickets.views import requests

PASSWORD = "right horse battery"
ROUTES = (("GET", ""), ("POST", "/moves/comment"))


@dataclass
class Api:
    url: str
    life: Life
    stack: AsyncExitStack

    async def as_(self, login: str, role: Role, unit: str | None = None) -> ClientSession:
        """A browser that somebody has signed in with."""
        database = self.life.database
        new = users.NewUser(login, login.title(), role, None, PASSWORD, unit=unit)
        await users.add(database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(client)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client


def form(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    wanted = {"request_id": str(uuid.uuid4()), "kind": "complaint", "title": "路灯不亮", "description": "三天不亮"}
    return wanted | {"category": "roads.lamp"} | fields


def step(version: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"version": version, "request_id": str(uuid.uuid4())} | fields


async def send(client: ClientSession, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with client.post(f"/api/v1/tickets{path}", json=body) as answer:
        return answer.status, await answer.json()


async def see(client: ClientSession, number: str) -> tuple[int, Any]:
    async with client.get(f"/api/v1/tickets/{number}") as answer:
        return answer.status, await answer.json()


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()
    life = await living(database, tmp_path)
    settings = Settings(data=tmp_path / "var")
    app = server.build(settings, database, features=[requests.add_routes], registry=CollectorRegistry(), front=tmp_path)
    app[TICKETS] = TicketDesk(database, life.mover)
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield Api(f"http://127.0.0.1:{runner.addresses[0][1]}", life, stack)


async def test_a_form_sent_twice_even_at_once_is_one_ticket_and_its_draft_is_gone(api: Api) -> None:
    li = await api.as_("li", "agent")
    body = form(then="submit")
    async with api.life.database.begin() as session:
        for who, id_ in (("li", body["request_id"]), ("li", "another-one")):
            session.add(Draft(node="n", id=id_, who=who, fields={}, version=1, saved_at=clock.now()))
    answers = await asyncio.gather(*(send(li, "", body) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 200, 201]
    assert len({ticket["number"] for _, ticket in answers}) == 1
    async with api.life.database.read() as session:
        assert await session.scalar(select(func.count(Ticket.id))) == 1
        assert list(await session.scalars(select(Draft.id))) == ["another-one"]
    TicketDetail.model_validate(answers[0][1], strict=True)
    assert answers[0][1]["state"] == "reviewing"


async def test_what_is_wrong_with_a_form_is_named_and_nothing_is_opened(api: Api) -> None:
    li = await api.as_("li", "agent")
    for fields, named in (
        ({"title": "长" * 201}, "title"),
        ({"title": "  "}, "title"),
        ({"description": "长" * 10_001}, "description"),
        ({"description": "\ud800"}, "description"),
        ({"kind": "missed_call"}, "kind"),
        ({"urgency": "very"}, "urgency"),
        ({"category": "none"}, "category"),
        ({"place": "none"}, "place"),
        ({"contact_phone": "1" * 33}, "contact_phone"),
        ({"then": "answer"}, "answer"),
        ({"then": "submit", "category": None}, "category"),
        ({"then": "submit", "answer": "x"}, "answer"),
        ({"then": "submit", "description": " "}, "description"),
        ({"attachments": [77]}, "attachments"),
        ({"request_id": "x"}, "request_id"),
        ({"surprise": 1}, "surprise"),
        ({"anonymous": "yes"}, "anonymous"),
    ):
        status, answer = await send(li, "", form(**fields))
        assert (status, list(answer["fields"])) == (400, [named]), fields
    async with api.life.database.read() as session:
        assert await session.scalar(select(func.count(Ticket.id))) == 0


async def test_of_two_who_move_one_ticket_at_once_one_wins_and_the_other_is_told(api: Api) -> None:
    number = await api.life.open()
    await api.life.go(number, *TO_REVIEW)
    first, second = await api.as_("boss1", "supervisor"), await api.as_("boss2", "supervisor")
    answers = await asyncio.gather(
        send(first, f"/{number}/moves/dispatch", step(2, unit="roads")),
        send(second, f"/{number}/moves/refuse", step(2, words="不属职责范围")),
    )
    won, lost = sorted(answers, key=lambda one: one[0])
    assert (won[0], won[1]["version"]) == (200, 3)
    assert (lost[0], lost[1]["fields"]) == (409, {"version": "3"})
    assert "期间" in lost[1]["error"] or "meanwhile" in lost[1]["error"]
    assert len(await api.life.entries(number)) == 3


async def test_each_refusal_says_why(api: Api) -> None:
    number = await api.life.open()
    li, roads = await api.as_("li", "agent"), await api.as_("roads1", "unit", "roads")
    status, answer = await send(li, f"/{number}/moves/close", step(1))
    assert (status, answer["fields"]) == (409, {}), answer
    assert answer["error"]
    assert (await send(li, f"/{number}/moves/fly", step(1)))[0] == 409
    assert (await send(roads, f"/{number}/moves/comment", step(1, words="x")))[0] == 404
    assert (await send(li, "/20260101000018/moves/submit", step(1)))[0] == 404
    assert (await send(li, f"/{number}/moves/set_urgency", step(1, urgency="normal")))[0] == 409
    status, answer = await send(li, f"/{number}/moves/submit", step(1, days=2))
    assert (status, list(answer["fields"])) == (400, ["days"])
    status, answer = await send(li, f"/{number}/moves/amend", step(1, fields={"kind": None}))
    assert (status, list(answer["fields"])) == (400, ["fields.kind"])
    await api.life.go(number, *TO_REVIEW)
    assert (await send(li, f"/{number}/moves/approve", step(2)))[0] == 403


async def test_a_unit_sees_its_own_and_nothing_else_on_every_route(api: Api) -> None:
    api.life.now = clock.now()  # a unit may ask for more time only before the deadline
    own, foreign, before = [await api.life.open(anonymous=one, contact_name="张三") for one in (True, False, False)]
    await api.life.go(own, *TO_HANDLING)
    await api.life.go(foreign, *TO_REVIEW, ("dispatch", "boss", {"unit": "water"}))
    await api.life.go(before, *TO_REVIEW)
    roads = await api.as_("roads1", "unit", "roads")
    for number, expected in ((own, 200), (foreign, 404), (before, 404)):
        for method, path in ROUTES:
            body = step(1, words="x") if method == "POST" else None
            async with roads.request(method, f"/api/v1/tickets/{number}{path}", json=body) as answer:
                assert answer.status in {expected, 409 if expected == 200 else expected}, (method, path)
    for path in ("", "?caller=13800000001"):
        async with roads.get(f"/api/v1/tickets{path}") as answer:
            assert answer.status == 403, "the hotline's listing is not theirs"
    assert (await send(roads, "", form()))[0] == 403
    _, ticket = await see(roads, own)
    assert [ticket[name] for name in ("caller", "contact_name", "linkedid", "call")] == [None] * 4
    assert "张三" not in str(ticket)
    assert {move["name"] for move in ticket["moves"]} == {"reply", "return", "ask_extension", "comment", "attach"}


async def test_a_unit_that_has_returned_a_ticket_reads_up_to_there(api: Api) -> None:
    number = await api.life.open()
    await api.life.go(number, *TO_UNIT, ("return", "roads", {"words": "不归我们"}), ("uphold_return", "boss"))
    api.life.now = api.life.now.replace(hour=5)
    await api.life.go(number, ("comment", "li", {"words": "内部讨论"}))
    roads = await api.as_("roads1", "unit", "roads")
    status, ticket = await see(roads, number)
    assert status == 200
    assert ticket["entries"][-1]["move"] == "uphold_return"
    assert ticket["moves"] == []
    await api.life.move(number, "set_confidential", "boss", confidential=True)
    assert (await see(roads, number))[0] == 404


async def test_a_confidential_ticket_is_for_those_who_work_on_it_and_the_trail_says_who_looked(api: Api) -> None:
    number = await api.life.open("li", confidential=True)
    await api.life.go(number, *TO_UNIT)
    seen = {}
    for login, role, unit in (
        ("li", "agent", None),
        ("wang", "agent", None),
        ("boss", "supervisor", None),
        ("roads1", "unit", "roads"),
        ("water1", "unit", "water"),
    ):
        client = await api.as_(login, role, unit)  # type: ignore[arg-type]
        seen[login] = (await see(client, number))[0]
        if role != "unit":
            async with client.get("/api/v1/tickets") as answer:
                assert [row["number"] for row in await answer.json()] == [number] * (seen[login] == 200)
    assert seen == {"li": 200, "wang": 404, "boss": 200, "roads1": 200, "water1": 404}
    async with api.life.database.read() as session:
        rows = await session.execute(select(Audit.who, Audit.target).where(Audit.action == "confidential_ticket_seen"))
        trail = [tuple(row) for row in rows]
    assert trail == [(who, f"ticket {number}") for who in ("li", "boss", "roads1")]


async def test_a_ticket_is_linked_to_its_call_once_the_call_is_stored(api: Api) -> None:
    li = await api.as_("li", "agent")
    _, ticket = await send(li, "", form(linkedid="1700000000.42", caller="+8613800000001"))
    assert (ticket["caller"], ticket["call"]) == ("13800000001", None)
    async with api.life.database.begin() as session:
        now = clock.now()
        session.add(
            Call(
                node="node1",
                linkedid="1700000000.42",
                caller="13800000001",
                direction="inbound",
                started_at=now,
                answered_at=now,
                agent="1001",
                outcome="answered",
                recording="2026/a.wav",
            )
        )
    _, shown = await see(li, ticket["number"])
    assert (shown["call"]["agent"], shown["call"]["recording"]) == ("1001", "2026/a.wav")
    _, moved = await send(li, f"/{ticket['number']}/moves/submit", step(1))
    assert (moved["agent"], moved["work_started_at"]) == ("1001", now.isoformat())
    async with api.life.database.read() as session:
        assert await session.scalar(select(Call.ticket)) == ticket["number"]


async def test_numbers_are_taken_as_people_write_them(api: Api) -> None:
    number = await api.life.open()
    li = await api.as_("li", "agent")
    assert (await see(li, f"{number[:8]} {number[8:-1]}-{number[-1]}"))[0] == 200
    assert (await see(li, "99"))[0] == 404


async def test_the_history_names_what_it_refers_to(api: Api) -> None:
    number = await api.life.open()
    await api.life.move(number, "amend", "li", fields={"category": "water", "place": "east"})
    await api.life.go(number, *TO_UNIT)
    async with api.life.database.begin() as session:
        await session.execute(update(Ticket).values(address="x"))
    _, ticket = await see(await api.as_("li", "agent"), number)
    assert ticket["entries"][1]["changes"] == {"category": ["路灯", "供水"], "place": [None, "东城街道"]}
    assert ticket["entries"][3]["changes"]["unit"] == [None, "roads局"]
    assert (ticket["entries"][1]["who"], ticket["entries"][1]["name"]) == ("li", "Li"), "people, not logins"
    assert ticket["category"] == {"code": "water", "name": "供水", "path": "供水"}
    TicketDetail.model_validate(ticket, strict=True)


async def test_each_reads_the_names_of_moves_in_their_own_language(api: Api) -> None:
    i18n.load(ROOT / "web" / "locale")
    number = await api.life.open()
    await api.life.go(number, *TO_REVIEW)
    boss = await api.as_("boss", "supervisor")
    for language, opened, possible in (
        ("zh_CN", ["受理", "提交审核"], "不予受理"),
        ("en", ["Accept the request", "Submit for review"], "Not admissible"),
    ):
        boss.cookie_jar.update_cookies({i18n.COOKIE: language}, URL(api.url))
        _, body = await see(boss, number)
        assert [entry["label"] for entry in body["entries"]] == opened
        assert {move["name"]: move["label"] for move in body["moves"]}["refuse"] == possible
