"""Notices and reference data over the API: each sees their own, and only administrators change what all choose from."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from desk_api import PASSWORD, Api, serving
from notice_scene import at, clock, ticket, unit
from sqlalchemy import select

from callcenter.panel import users
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.tickets.flows.telling import notices as flows
from callcenter.tickets.reference_listings import CategoryRow, PlaceRow, UnitRow
from callcenter.tickets.tables import TicketNotice
from callcenter.tickets.views import notices, reference


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    features = [notices.add_routes, reference.add_routes]
    async with serving(database, tmp_path, features, monkeypatch) as served:
        yield served


async def of_unit(api: Api, login: str, code: str) -> ClientSession:
    """A browser of a unit's own people."""
    new = users.NewUser(login, login, "unit", None, PASSWORD, unit=code)
    await users.add(api.database, new, actor=Actor("cli", "node1"), now=now())
    async with api.database.begin() as session:
        user = await users.user_by_login(session, login)
        assert user
        user.must_change_password = False
    client = await api.client()
    async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
        assert answer.status == 200
    return client


async def told(database: Database, ticket_id: int, audience: str, **columns: Any) -> int:  # noqa: ANN401
    async with database.begin() as session:
        notice = TicketNotice(
            **{"ticket_id": ticket_id, "kind": "remind", "audience": audience, "made_at": now()} | columns
        )
        session.add(notice)
        await session.flush()
        return notice.id


async def get(client: ClientSession, path: str) -> Any:  # noqa: ANN401
    async with client.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def send(client: ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:  # noqa: ANN401
    async with client.request(method, f"/api/v1/{path}", json=body if body is not None else {}) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_each_sees_what_they_are_told_and_nobody_elses(api: Api) -> None:
    housing, water = await unit(api.database), await unit(api.database, "water")
    id_ = await ticket(api.database, "20261124000019", housing)
    total = await clock(api.database, id_, "2026-11-23T10:00", 2)
    made = now()
    ids = {
        "housing": await told(api.database, id_, "unit", unit_id=housing, clock_id=total, about=at("2026-11-25T17:30")),
        "water": await told(api.database, id_, "unit", unit_id=water),
        "zhang": await told(api.database, id_, "agent", who="zhang"),
        "li": await told(api.database, id_, "agent", who="li"),
        "all": await told(api.database, id_, "supervisor", made_at=made + timedelta(seconds=1)),
    }
    await told(api.database, id_, "agent", who="zhang", made_at=made - timedelta(days=31))
    seen_by = {
        "h": (await of_unit(api, "h", "housing"), ["housing"]),
        "w": (await of_unit(api, "w", "water"), ["water"]),
        "zhang": (await api.as_("zhang"), ["zhang"]),
        "boss": (await api.as_("boss", "supervisor"), ["all"]),
        "li": (await api.as_("li", "supervisor"), ["all", "li"]),
        "admin2": (await api.as_("admin2", "administrator"), ["all"]),
    }
    for client, wanted in seen_by.values():
        rows = await get(client, "notices")
        assert [row["id"] for row in rows] == [ids[name] for name in wanted]
        for row in rows:
            flows.NoticeRow.model_validate(row, strict=True)
    (row,) = await get(seen_by["h"][0], "notices")
    assert row["clock"] == "total"
    assert row["about"] == "2026-11-25T09:30:00+00:00"
    assert row["ticket"] == {"number": "20261124000019", "title": "路灯不亮", "state": "handling"}


async def test_what_was_seen_is_noted_once_and_only_for_oneself(api: Api) -> None:
    housing = await unit(api.database)
    id_ = await ticket(api.database, "1", housing)
    mine = [await told(api.database, id_, "agent", who="zhang") for _ in range(3)]
    theirs = await told(api.database, id_, "agent", who="li")
    zhang = await api.as_("zhang")
    assert (await send(zhang, "POST", f"notices/{mine[0]}/seen"))[0] == 204
    first = (await get(zhang, "notices?seen=true"))[0]["seen_at"]
    assert (await send(zhang, "POST", f"notices/{mine[0]}/seen"))[0] == 204
    assert (await get(zhang, "notices?seen=true"))[0]["seen_at"] == first
    assert (await send(zhang, "POST", f"notices/{theirs}/seen"))[0] == 404
    assert (await send(zhang, "POST", "notices/999999/seen"))[0] == 404
    assert (await send(zhang, "POST", "notices/seen", {"ids": [*mine, theirs]}))[0] == 204
    assert await get(zhang, "notices?seen=false") == []
    async with api.database.read() as session:
        assert (await session.get_one(TicketNotice, theirs)).seen_at is None
    for body in ({"ids": []}, {"ids": ["1"]}, {"ids": [0]}, {"ids": [2**40]}, {"ids": [1] * 501}, {}):
        assert (await send(zhang, "POST", "notices/seen", body))[0] == 400


async def test_a_former_unit_no_longer_reads_the_title_of_a_confidential_ticket(api: Api) -> None:
    housing, water = await unit(api.database), await unit(api.database, "water")
    id_ = await ticket(api.database, "1", housing, confidential=True)
    for one in (housing, water):
        await told(api.database, id_, "unit", unit_id=one)
    titles = [
        (await get(await of_unit(api, code, code), "notices"))[0]["ticket"]["title"] for code in ("housing", "water")
    ]
    assert titles == ["路灯不亮", None]


async def test_nobody_is_told_anything_who_is_not_signed_in(api: Api) -> None:
    for path in ("notices", "units", "categories", "places"):
        async with (await api.client()).get(f"/api/v1/{path}") as answer:
            assert answer.status == 401


async def test_staff_read_and_administrators_change_what_all_choose_from(api: Api) -> None:
    boss, agent, admin = (
        await api.as_("boss", "supervisor"),
        await api.as_("li"),
        await api.as_("root", "administrator"),
    )
    new = {
        "units": {"code": "urban", "name": "城管局"},
        "categories": {"code": "lamp", "name": "路灯", "unit": "urban"},
    }
    new["places"] = {"code": "town-1", "name": "清澜街道"}
    for kind, body in new.items():
        for who in (agent, boss):
            assert (await send(who, "POST", kind, body))[0] == 403
            assert (await send(who, "PATCH", f"{kind}/{body['code']}", {"name": "x"}))[0] == 403
        assert (await send(admin, "POST", kind, body))[0] == 201
        status, answer = await send(admin, "POST", kind, body)
        assert (status, list(answer["fields"])) == (409, ["code"])
        assert (await send(admin, "PATCH", f"{kind}/none", {"name": "x"}))[0] == 404
    for kind, model in (("units", UnitRow), ("categories", CategoryRow), ("places", PlaceRow)):
        (row,) = await get(agent, kind)
        model.model_validate(row, strict=True)
    status, row = await send(admin, "PATCH", "categories/lamp", {"name": "照明"})
    assert (status, row["version"], row["unit"]) == (200, 2, "urban"), "what is left out stays"
    assert [one["version"] for one in await get(agent, "categories/lamp")] == [2, 1]
    assert len(await get(agent, "categories?retired=true")) == 2
    assert (await send(admin, "PATCH", "units/urban", {"email": "duty@urban.example", "terms": {"enquiry": 1}}))[
        0
    ] == 200
    assert (await send(admin, "PATCH", "units/urban", {"email": ""}))[1]["email"] is None
    assert (await get(agent, "units"))[0]["terms"] == {"enquiry": 1}
    async with agent.get("/api/v1/categories/none") as answer:
        assert answer.status == 404
    async with api.database.read() as session:
        trail = (await session.execute(select(Audit.who, Audit.action, Audit.target).order_by(Audit.id))).all()
    assert [tuple(row) for row in trail if row.who == "root" and row.action != "signed_in"] == [
        ("root", "unit_added", "urban"),
        ("root", "category_added", "lamp"),
        ("root", "place_added", "town-1"),
        ("root", "category_changed", "lamp"),
        ("root", "unit_changed", "urban"),
        ("root", "unit_changed", "urban"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "units", {"code": "X!", "name": "x"}, "code"),
        ("POST", "units", {"code": "x"}, "name"),
        ("POST", "units", {"code": "x", "name": ""}, "name"),
        ("POST", "units", {"code": "x", "name": "x", "email": "a@b\r\nBcc: c@d.example"}, "email"),
        ("POST", "units", {"code": "x", "name": "x", "terms": {"enquiry": 0}}, "terms"),
        ("POST", "units", {"code": "x", "name": "x", "terms": {"enquiry": "1"}}, "terms.enquiry"),
        ("POST", "units", {"code": "x", "name": "x", "colour": "red"}, "colour"),
        ("POST", "categories", {"code": "x", "name": "x", "parent": "y"}, "parent"),
        ("POST", "categories", {"code": "x", "name": "x", "unit": "y"}, "unit"),
        ("POST", "categories", {"code": "x", "name": "x", "rank": -1}, "rank"),
        ("PATCH", "units/known", {"name": "   "}, "name"),
        ("PATCH", "units/known", {"code": "other"}, "code"),
        ("PATCH", "units/known", {"name": None}, "name"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_changed(
    api: Api, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    await unit(api.database, "known")
    admin = await api.as_("root", "administrator")
    before = await get(admin, "units")
    status, answer = await send(admin, method, path, body)
    assert (status, list(answer["fields"])) == (400, [field])
    assert await get(admin, "units") == before
