"""Who may do what: roles, the command line's token, other sites, routes that forgot to say."""

import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from served import PASSWORD, Panel, refused
from sqlalchemy.exc import OperationalError

from callcenter.panel import openapi, server
from callcenter.panel.access import check_routes, ensure_cli_token
from callcenter.panel.api import ApiView
from callcenter.panel.keys import SESSIONS
from callcenter.panel.sessions import BELIEVED, IDLE, SEEN_STEP, Sessions, open_session, user_by_login
from callcenter.settings import Settings
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

#: All that a stranger may reach.
OPEN = {("POST", "/api/v1/sign-in"), ("POST", "/api/v1/sign-in/code"), ("GET", "/api/v1/openapi.json")}
HTML = {"Accept": "text/html"}


async def test_a_stranger_reaches_nothing_of_the_api(panel: Panel) -> None:
    client = panel.client()
    found = {(operation.method, operation.path) for operation in openapi.operations(panel.app)}
    assert found > OPEN
    for method, path in found - OPEN:
        async with client.request(
            method, path.replace("{login}", "wang").replace("{name}", "x"), json={} if method != "GET" else None
        ) as answer:
            await refused(answer, 401)


async def test_a_stranger_is_shown_the_way_in_and_back(panel: Panel) -> None:
    async with panel.client().get("/users?day=2026-11-23", headers=HTML, allow_redirects=False) as answer:
        place = urlsplit(answer.headers["Location"])
        assert (place.path, parse_qs(place.query)) == ("/sign-in", {"next": ["/users?day=2026-11-23"]})


@pytest.mark.parametrize(("role", "status"), [("agent", 403), ("supervisor", 403), ("administrator", 200)])
async def test_users_are_the_administrators_business(panel: Panel, role: str, status: int) -> None:
    client = await panel.signed_in("wang", role)  # type: ignore[arg-type]
    async with client.get("/api/v1/users") as answer:
        assert answer.status == status
    async with client.get("/users", headers=HTML) as answer:
        assert answer.status == status
        assert "html" in answer.content_type


@pytest.mark.parametrize(("role", "place"), [("agent", "/desk"), ("supervisor", "/wallboard")])
async def test_home_is_where_the_work_is(panel: Panel, role: str, place: str) -> None:
    client = await panel.signed_in("wang", role)  # type: ignore[arg-type]
    async with client.get("/", allow_redirects=False) as answer:
        assert answer.headers["Location"] == place


async def test_the_command_line_is_a_local_administrator(panel: Panel, settings: Settings) -> None:
    file = settings.data_folder / "secrets" / "cli.token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ensure_cli_token(file.parent) == panel.token
    async with panel.cli().get("/api/v1/me") as answer:
        assert (await answer.json())["login"] == "cli"
    for wrong in ("", "x", "中文", panel.token + "x"):
        async with panel.client().get("/api/v1/me", headers={"Authorization": f"Bearer {wrong}"}) as answer:
            await refused(answer, 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine
    ],
)
async def test_another_site_cannot_use_a_signed_in_browser(panel: Panel, headers: dict[str, str]) -> None:
    wang = await panel.signed_in("wang")
    async with wang.post("/api/v1/sign-out", json={}, headers=headers) as answer:
        await refused(answer, 403)
    async with wang.post("/api/v1/sign-out", data="{}", headers={"Content-Type": "text/plain"}) as answer:
        await refused(answer, 415)
    good = {"Origin": panel.url, "Sec-Fetch-Site": "same-origin"}
    async with wang.post("/api/v1/sign-out", json={}, headers=good) as answer:
        assert answer.status == 204


def test_a_route_that_does_not_say_who_may_use_it_does_not_start() -> None:
    class Forgot(ApiView):
        async def get(self) -> web.Response:
            return web.Response()

    async def forgot(_request: web.Request) -> web.Response:
        return web.Response()

    for route in (web.view("/api/v1/forgot", Forgot), web.get("/forgot", forgot)):
        app = web.Application()
        app.add_routes([route])
        with pytest.raises(TypeError, match=r"(GET|HEAD) /.*forgot"):
            check_routes(app)


async def test_a_feature_that_forgets_stops_the_panel(settings: Settings, database: Database) -> None:
    async def forgot(_request: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(TypeError, match="/forgot"):
        server.build(settings, database, features=[lambda app: app.router.add_get("/forgot", forgot) and None])


async def test_a_session_ends_when_nobody_uses_it(panel: Panel) -> None:
    await panel.add("wang")
    began = now()
    async with panel.database.begin() as session:
        user = await user_by_login(session, "wang")
        assert user
        token = open_session(session, user, "node1", began)
    sessions = Sessions(panel.database)
    assert await sessions.identify(token, began + SEEN_STEP * 2)
    assert await Sessions(panel.database).identify(token, began + SEEN_STEP * 2 + IDLE)  # its use was written down
    assert not await Sessions(panel.database).identify(token, began + SEEN_STEP * 3 + IDLE * 2)


async def test_whoever_is_signed_in_stays_so_while_the_database_is_away(
    panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = await panel.signed_in("wang")
    async with wang.get("/api/v1/me") as answer:
        assert answer.status == 200

    def away() -> None:
        raise OperationalError("select", None, Exception("disk I/O error"))

    monkeypatch.setattr(panel.database, "read", away)
    for kept in panel.app[SESSIONS]._kept.values():
        kept.looked_up -= BELIEVED * 2
    async with wang.get("/api/v1/me") as answer:
        assert answer.status == 200
    async with panel.client().post("/api/v1/sign-in", json={"user": "wang", "password": PASSWORD}) as answer:
        await refused(answer, 503)
        assert answer.headers["Retry-After"]
    async with panel.client().get("/api/v1/me", cookies={"callcenter_12080": "unknown"}) as answer:
        await refused(answer, 503)
    async with panel.client().get("/sign-in", headers=HTML, cookies={"callcenter_12080": "unknown"}) as answer:
        assert answer.status == 200


class TestScreenOnTheWall:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data=tmp_path / "var", port_offset=4000, sign_in={"kiosks": ("wall1",)})  # type: ignore[arg-type]

    async def test_it_shows_the_wallboard_and_opens_nothing_else(self, panel: Panel) -> None:
        wall = await panel.signed_in("wall1", "administrator")
        async with wall.get("/", allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/wallboard"
        async with wall.get("/api/v1/live") as answer:
            assert answer.status == 200
        async with wall.get("/api/v1/users") as answer:
            await refused(answer, 403)
        async with wall.get("/users", headers=HTML) as answer:
            assert answer.status == 403
        async with wall.get("/api/v1/me") as answer:
            assert (await answer.json())["session_ends_at"] is None
