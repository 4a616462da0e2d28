"""People of member units 成员单位: who they are, and that they reach what is theirs and nothing of the hotline's."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from prometheus_client import CollectorRegistry
from served import PASSWORD, Panel, refused, serving
from sqlalchemy import select, update

from callcenter.hotline import views as hotline_views
from callcenter.panel import server
from callcenter.panel.access import guard_of
from callcenter.panel.live import LiveState
from callcenter.panel.rights import Right, may
from callcenter.panel.tables import Audit
from callcenter.reports import views as reports_views
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets import views as tickets_views
from callcenter.tickets.tables import MemberUnit

#: All that the people of a member unit may reach beside what is open to everyone. Whoever adds to it has thought of
#: what they see there.
THEIRS = {
    ("GET", "/"),
    ("GET", "/account"),
    ("GET", "/password"),
    ("GET", "/two-step"),
    ("GET", "/tickets/{number}"),
    ("GET", "/unit"),
    ("GET", "/api/v1/attachments/{id}"),
    ("POST", "/api/v1/attachments"),
    ("GET", "/api/v1/drafts"),
    ("DELETE", "/api/v1/drafts/{draft}"),
    ("PUT", "/api/v1/drafts/{draft}"),
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/notices"),
    ("POST", "/api/v1/notices/seen"),
    ("POST", "/api/v1/notices/{id}/seen"),
    ("POST", "/api/v1/password"),
    ("GET", "/api/v1/saved-lists"),
    ("POST", "/api/v1/saved-lists"),
    ("DELETE", "/api/v1/saved-lists/{kept_list}"),
    ("PATCH", "/api/v1/saved-lists/{kept_list}"),
    ("GET", "/api/v1/sessions"),
    ("POST", "/api/v1/sessions/end-others"),
    ("POST", "/api/v1/sessions/{name}/end"),
    ("POST", "/api/v1/sign-out"),
    ("GET", "/api/v1/two-step"),
    ("POST", "/api/v1/two-step"),
    ("POST", "/api/v1/two-step/confirm"),
    ("POST", "/api/v1/two-step/recovery-codes"),
    ("POST", "/api/v1/two-step/stop"),
    ("GET", "/api/v1/tickets/export"),
    ("GET", "/api/v1/tickets/search"),
    ("GET", "/api/v1/tickets/{number}"),
    ("POST", "/api/v1/tickets/{number}/moves/{move}"),
}
WANG = {"login": "wang", "name": "王芳"}


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.begin() as session:
        for code, active in (("housing", True), ("water", True), ("gone", False)):
            session.add(MemberUnit(code=code, name=f"{code}局", active=active))
    yield database
    await database.close()


@pytest.fixture
async def panel(tmp_path: Path, database: Database) -> AsyncIterator[Panel]:
    """The whole panel, with every feature, and its pages where they are built."""
    settings = Settings(data=tmp_path / "var", port_offset=4000)
    live = LiveState()
    features = [hotline_views.add_routes, tickets_views.add_routes, reports_views.add_routes]
    app = server.build(settings, database, features=features, live=live, registry=CollectorRegistry())
    async with serving(app) as url:
        token = (settings.data_folder / "secrets" / "cli.token").read_text().strip()
        panel = Panel(url, token, app, database, live)
        yield panel
        for client in panel.clients:
            await client.close()


def routes(app: web.Application) -> Iterator[tuple[str, str, Right | None]]:
    """Every method and path, and the right that it needs."""
    for route in app.router.routes():
        if isinstance(route.resource, web.StaticResource) or route.method == "HEAD" or route.resource is None:
            continue
        handler: Any = route.handler
        for method in sorted(handler.allowed_methods) if isinstance(handler, type) else [route.method]:
            guard = guard_of(handler, method)
            assert guard
            yield method, route.resource.canonical, guard.right


async def test_they_reach_what_is_theirs_and_not_one_route_more(panel: Panel) -> None:
    found = list(routes(panel.app))
    assert {(method, path) for method, path, right in found if right and may("unit", right)} == THEIRS
    client = await panel.signed_in("wang", "unit", unit="housing")
    for method, path, right in found:
        if right is None or may("unit", right):
            continue
        where = path.replace("{", "").replace("}", "")
        async with client.request(method, where, json=None if method == "GET" else {}, allow_redirects=False) as answer:
            assert answer.status == 403, (method, path)


async def test_their_home_is_the_list_of_their_unit(panel: Panel) -> None:
    client = await panel.signed_in("wang", "unit", unit="housing")
    async with client.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/unit")
    async with client.get("/api/v1/me") as answer:
        assert (await answer.json())["unit"] == "housing"
    async with client.get("/password", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 200
        assert "成员单位" in await answer.text()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"role": "unit"}, "unit"),
        ({"role": "unit", "unit": "nowhere"}, "unit"),
        ({"role": "unit", "unit": "gone"}, "unit"),
        ({"role": "agent", "unit": "housing"}, "unit"),
        ({"role": "administrator", "unit": "housing"}, "unit"),
        ({"role": "unit", "unit": "housing", "agent": "1001"}, "agent"),
        ({"role": "unit", "unit": ""}, "unit"),
        ({"role": "unit", "unit": "x" * 31}, "unit"),
    ],
)
async def test_a_unit_belongs_to_this_role_and_to_no_other(panel: Panel, fields: dict[str, str], named: str) -> None:
    async with panel.cli().post("/api/v1/users", json=WANG | fields) as answer:
        assert list(await refused(answer, 400)) == [named]
    async with panel.cli().get("/api/v1/users") as answer:
        assert await answer.json() == []


async def test_another_role_takes_away_what_does_not_belong_to_it_and_ends_the_session(panel: Panel) -> None:
    admin = panel.cli()
    client = await panel.signed_in("wang", "agent", agent="1001")

    async def change(**wanted: object) -> dict[str, Any]:
        async with admin.patch("/api/v1/users/wang", json=wanted) as answer:
            return {"status": answer.status, **await answer.json()}

    assert (await change(role="unit"))["status"] == 400
    row = await change(role="unit", unit="housing")
    assert (row["role"], row["unit"], row["agent"]) == ("unit", "housing", None)
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 401
    client = await panel.sign_in("wang")
    row = await change(unit="water")
    assert (row["status"], row["unit"]) == (200, "water")
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 401, "another unit sees other requests: they sign in anew"
    assert (await change(unit=None))["status"] == 400
    assert (await change(agent="1002"))["status"] == 400
    row = await change(role="agent", agent="1002")
    assert (row["unit"], row["agent"]) == (None, "1002")
    async with panel.database.read() as session:
        trail = [row.detail for row in await session.scalars(select(Audit).where(Audit.action == "user_changed"))]
    assert trail[0]["changes"] == {"role": "unit", "unit": "housing", "agent": None}


async def test_whoever_works_for_a_unit_that_is_closed_still_sees_to_its_requests(panel: Panel) -> None:
    await panel.add("wang", "unit", unit="housing")
    async with panel.database.begin() as session:
        await session.execute(update(MemberUnit).values(active=False))
    client = await panel.sign_in("wang", PASSWORD)
    async with panel.cli().patch("/api/v1/users/wang", json={"name": "王小明"}) as answer:
        assert answer.status == 200
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 200
