"""What the API does with what it did not ask for: a 4xx that names it, never a 500."""

import socket
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from served import PASSWORD, Panel, refused

from callcenter.panel import server
from callcenter.panel.access import public, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.keys import Probe

HTML = {"Accept": "text/html"}


class Rows(ApiView):
    """/api/v1/rows."""

    @requires("calls.see")
    @answers(list[str])
    async def get(self, kind: str = "all", limit: int = 200) -> web.Response:
        """List rows."""
        return web.json_response([kind, limit])


@public
async def breaks(_request: web.Request) -> web.Response:
    raise RuntimeError("secret detail")


@pytest.fixture
def features() -> list[server.Feature]:
    def add(app: web.Application) -> None:
        app.router.add_view("/api/v1/rows", Rows)
        app.router.add_get("/breaks", breaks)

    return [add]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"user": "x"}, {"password"}),
        ({"user": "x", "password": 5}, {"password"}),
        ({"user": ["x"], "password": "y"}, {"user"}),
        ({"user": "x", "password": "y", "extra": 1}, {"extra"}),
        ({"user": "x" * 65, "password": "y"}, {"user"}),
        ({"user": "x", "password": "\ud800"}, {"password"}),
        ({}, {"user", "password"}),
    ],
)
async def test_wrong_fields_are_named(panel: Panel, body: dict[str, object], named: set[str]) -> None:
    async with panel.client().post("/api/v1/sign-in", json=body) as answer:
        assert (await refused(answer, 400)).keys() == named


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b"\xff\xfe",
        b'{"user":' + b"[" * 50_000,
        b'[["user","x"]]',
        b'{"user":"a\\u0000","password":"x"}',
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(panel: Panel, body: bytes) -> None:
    async with panel.client().post(
        "/api/v1/sign-in", data=body, headers={"Content-Type": "application/json"}
    ) as answer:
        await refused(answer, 400)


async def test_a_body_where_none_belongs_is_refused(panel: Panel) -> None:
    wang = await panel.signed_in("wang")
    async with wang.post("/api/v1/sign-out", json={"everywhere": True}) as answer:
        assert await refused(answer, 400) == {"everywhere": "unknown field"}


async def test_a_body_too_large_is_refused_before_it_is_read(panel: Panel) -> None:
    async with panel.client().post("/api/v1/sign-in", json={"user": "x" * 300_000}) as answer:
        await refused(answer, 413)


@pytest.mark.parametrize(
    ("query", "named"),
    [("?limit=many", "limit"), ("?limti=5", "limti"), ("?kind=a&kind=b", "kind"), ("?kind=a&x=1", "x")],
)
async def test_wrong_query_parameters_are_named(panel: Panel, query: str, named: str) -> None:
    async with panel.cli().get("/api/v1/rows" + query) as answer:
        assert (await refused(answer, 400)).keys() == {named}


async def test_a_view_without_parameters_takes_none(panel: Panel) -> None:
    async with panel.cli().get("/api/v1/users?role=agent") as answer:
        assert (await refused(answer, 400)).keys() == {"role"}


@pytest.mark.parametrize(
    "change",
    [{"role": None}, {"active": "yes"}, {"role": "root"}, {"name": "a\x01"}, {"agent": "١٠٠١"}, {"password": "x"}],
)
async def test_a_change_that_makes_no_sense_is_refused_and_named(panel: Panel, change: dict[str, object]) -> None:
    await panel.add("wang")
    async with panel.cli().patch("/api/v1/users/wang", json=change) as answer:
        assert (await refused(answer, 400)).keys() == set(change)


async def test_unknown_places_and_methods_answer_in_the_callers_form(panel: Panel) -> None:
    client = panel.client()
    async with client.get("/api/v1/nothing") as answer:
        await refused(answer, 404)
    async with client.delete("/api/v1/users") as answer:
        await refused(answer, 405)
        assert "GET" in answer.headers["Allow"]
    async with client.get("/nothing", headers=HTML) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "404 这里没有内容。" in await answer.text()
    async with client.get("/nothing?lang=en", headers=HTML) as answer:
        assert "404 There is nothing here." in await answer.text()


@pytest.mark.parametrize("path", ["/api/v1/users/%00", "/api/v1/rows?kind=%00"])
async def test_a_zero_character_is_refused_before_it_reaches_the_database(panel: Panel, path: str) -> None:
    async with panel.cli().get(path) as answer:
        await refused(answer, 400)


async def test_a_failure_of_ours_tells_nothing(panel: Panel) -> None:
    for headers in ({}, HTML):
        async with panel.client().get("/breaks", headers=headers) as answer:
            assert answer.status == 500
            assert "secret" not in await answer.text()


async def test_every_answer_is_hardened(panel: Panel) -> None:
    client = panel.client()
    for path in ("/sign-in", "/api/v1/me", "/nothing", "/static/app-1A2B.js", "/healthz", "/breaks"):
        async with client.get(path, headers=HTML) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"]


async def test_built_files_are_kept_for_ever_and_nothing_else_is(panel: Panel) -> None:
    client = panel.client()
    for path, kept in (
        ("/static/app-1A2B.js", "public, max-age=31536000, immutable"),
        ("/static/other.txt", "no-cache"),
        ("/sign-in", "no-store"),
        ("/healthz", "no-store"),
    ):
        async with client.get(path) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (200, kept)
    for escape in ("/static/../templates/base.html", "/static/%2e%2e/templates/base.html", "/static/"):
        async with client.get(escape) as answer:
            assert answer.status in (403, 404)


async def test_garbage_on_the_wire_leaves_the_panel_serving(panel: Panel) -> None:
    place = urlsplit(panel.url)
    for garbage in (
        b"\x00\xff\xfe\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"x" * 100_000,
        b"POST /api/v1/sign-in HT",
    ):
        with socket.create_connection((place.hostname, place.port)) as raw:
            raw.sendall(garbage)
    async with panel.client().get("/healthz") as answer:
        assert answer.status == 200


class TestLanguages:
    async def test_chinese_is_the_default_and_english_is_remembered(self, panel: Panel) -> None:
        client = panel.client()
        async with client.get("/sign-in", headers=HTML) as answer:
            assert "<html lang=zh_CN>" in (text := await answer.text())
            assert "请登录。" in text
        async with client.get("/sign-in?lang=en", headers=HTML) as answer:
            assert "Please sign in." in await answer.text()
        async with client.get("/sign-in", headers=HTML) as answer:
            assert "<html lang=en>" in await answer.text()
        async with client.get("/sign-in?lang=tlh", headers=HTML) as answer:
            assert "<html lang=en>" in await answer.text()

    async def test_refusals_speak_the_callers_language(self, panel: Panel) -> None:
        async with panel.client().get("/api/v1/me") as answer:
            assert (await answer.json())["error"] == "请登录。"
        async with panel.client().get("/api/v1/me", cookies={"lang": "en"}) as answer:
            assert (await answer.json())["error"] == "Please sign in."
        async with panel.cli().get("/api/v1/nothing") as answer:
            assert (await answer.json())["error"] == "There is nothing here."

    async def test_a_users_own_language_is_theirs_everywhere(self, panel: Panel) -> None:
        wang = await panel.signed_in("wang")
        await panel.cli().patch("/api/v1/users/wang", json={"language": "en"})
        async with wang.get("/password", headers=HTML) as answer:
            assert "<html lang=en>" in await answer.text()

    async def test_a_word_cannot_break_out_of_the_page(self, panel: Panel) -> None:
        async with panel.client().get("/sign-in", headers=HTML) as answer:
            assert (await answer.text()).count("</script>") == 1
        async with panel.client().get("/i18n/zh_CN.json") as answer:
            assert (await answer.json())["</script>"] == "</script><b>"


class TestHealth:
    @pytest.fixture
    def probes(self) -> dict[str, Probe]:
        self.wrong: dict[str, str | None] = {"asterisk": None, "database": None}

        async def asterisk() -> str | None:
            return self.wrong["asterisk"]

        async def database() -> str | None:
            if self.wrong["database"]:
                raise ConnectionError("postgresql://user:password@host")
            return None

        return {"asterisk": asterisk, "database": database}

    async def test_each_part_says_how_it_is(self, panel: Panel) -> None:
        client = panel.client()
        async with client.get("/healthz") as answer:
            well = {"ok": True, "reason": None}
            assert await answer.json() == {"ok": True, "parts": {"asterisk": well, "database": well}}
        self.wrong["asterisk"] = "no answer to Ping"
        self.wrong["database"] = "yes"
        async with client.get("/healthz") as answer:
            assert answer.status == 503
            assert await answer.json() == {
                "ok": False,
                "parts": {
                    "asterisk": {"ok": False, "reason": "no answer to Ping"},
                    "database": {"ok": False, "reason": "ConnectionError"},
                },
            }

    async def test_requests_are_measured_by_route_and_never_by_who(self, panel: Panel) -> None:
        await panel.add("wang")
        cli = panel.cli()
        await cli.patch("/api/v1/users/wang", json={"active": False})
        await cli.post("/api/v1/sign-in", json={"user": "wang", "password": PASSWORD})
        async with cli.get("/metrics") as answer:
            text = await answer.text()
        assert 'route="/api/v1/users/{login}",status="200"' in text
        assert "callcenter_live_subscribers 0.0" in text
        assert "wang" not in text
