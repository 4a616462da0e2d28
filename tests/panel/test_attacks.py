"""Attacks on every route there is, made from the route table: another role's URL, another site, numbers, paths.

A route that is added tomorrow is attacked tomorrow, without a line here.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, ClientSession
from attack_scene import MASKED, NUMBER, TICKET, Route, Scene, whole
from database import migrated_sqlite
from pydantic import BaseModel
from sqlalchemy import select

from callcenter.hotline.masking import Phones
from callcenter.panel import openapi
from callcenter.panel.access import UPLOAD_TYPE
from callcenter.panel.keys import CLI_TOKEN, SETTINGS
from callcenter.panel.rights import ROLES, Role, may
from callcenter.panel.tables import Audit

HTML = {"Accept": "text/html"}
SAFE = {"GET", "HEAD", "OPTIONS"}
#: Where a number in full is the point: it was in the question, or the request is in the hands of whoever asks.
IN_FULL = {("agent", "/api/v1/callers/{number}"), ("supervisor", "/api/v1/callers/{number}")}
IN_FULL |= {("administrator", "/api/v1/callers/{number}"), ("unit", "/api/v1/tickets/{number}")}
#: Names of fields that hold a citizen's number, and the shapes in which they are no citizen's or the reader's own.
OF_CITIZENS = {"caller", "contact_phone"}
OWN = {"DeskCall", "CallerCard"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("attacks")
    async with whole(folder, await migrated_sqlite(folder / "panel.db")) as scene:
        yield scene


pytestmark = pytest.mark.asyncio(loop_scope="module")


def body_of(route: Route) -> dict[str, Any]:
    """What a browser would send there, however little."""
    if route.method in SAFE:
        return {}
    if route.method == "DELETE":
        return {"headers": {"Content-Type": "application/json"}}
    if route.takes_file:
        return {"data": b"x", "headers": {"Content-Type": UPLOAD_TYPE}}
    return {"json": {}}


async def ask(client: ClientSession, route: Route, where: str = "", **more: Any) -> ClientResponse:  # noqa: ANN401
    asked = body_of(route) | more
    async with client.request(route.method, where or route.where(), allow_redirects=False, **asked) as answer:
        if not route.stays_open:
            await answer.read()
        return answer


async def test_whoever_is_not_signed_in_reaches_nothing_that_needs_a_right(scene: Scene) -> None:
    nobody = scene.client(None)
    checked = 0
    for route in scene.routes():
        if route.right is None:
            continue
        answer = await ask(nobody, route)
        assert answer.status == (401 if route.api else 303), (route.method, route.path)
        checked += 1
    assert checked > 90


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_without_the_right_gets_403_on_every_route(scene: Scene, role: Role) -> None:
    client = scene.client(role)
    refused = 0
    for route in scene.routes():
        if route.right is None or may(role, route.right):
            continue
        answer = await ask(client, route)
        assert answer.status == 403, (role, route.method, route.path)
        refused += 1
    assert refused > 0 or role == "administrator"


@pytest.mark.parametrize("role", ROLES)
async def test_no_route_breaks_in_the_hands_of_whoever_may_use_it(scene: Scene, role: Role) -> None:
    """An empty order, and whatever a path may hold: a refusal that says why, or the answer; never a fault of ours."""
    client = scene.client(role)
    for route in scene.routes():
        if route.right is None or not may(role, route.right) or route.stays_open or route.path.endswith("/sign-out"):
            continue
        for part in ("", "%00", "..%2F..%2Fsecrets%2Fcli.token", "1%27%20OR%201=1--", "%F0%9F%92%A3", "9" * 40):
            where = re.sub(r"\{[^}]+\}", part, route.path) if part else ""
            if part and where == route.path:
                continue
            answer = await ask(client, route, where)
            # 503: what needs Asterisk says that it is not there.
            assert answer.status < 500 or answer.status == 503, (role, route.method, route.path, part)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_other_site_can_give_an_order(scene: Scene, role: Role, headers: dict[str, str]) -> None:
    client = scene.client(role)
    before = await trail(scene)
    for route in scene.routes():
        if route.method in SAFE or (route.right and not may(role, route.right)):
            continue
        more = body_of(route)
        answer = await ask(client, route, headers={**more.get("headers", {}), **headers})
        assert answer.status == 403, (role, route.method, route.path)
    assert await trail(scene) == before


@pytest.mark.parametrize(
    "content", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
async def test_no_form_can_give_an_order(scene: Scene, content: str | None) -> None:
    client = scene.client("administrator")
    before = await trail(scene)
    for route in scene.routes():
        if route.method in SAFE:
            continue
        headers = {"Content-Type": content} if content else {}
        skip = None if content else ["Content-Type"]
        sent = {"data": b"{}", "headers": headers, "skip_auto_headers": skip}
        async with client.request(route.method, route.where(), **sent) as answer:  # type: ignore[arg-type]
            assert answer.status == 415, (route.method, route.path)
    assert await trail(scene) == before


async def test_every_page_forbids_scripts_that_are_not_files_of_ours(scene: Scene) -> None:
    for role in (None, *ROLES):
        client = scene.client(role)
        for route in scene.routes():
            if route.api or route.method != "GET" or route.stays_open:
                continue
            async with client.get(route.where(), headers=HTML, allow_redirects=True) as answer:
                text = await answer.text()
                policy = dict(one.strip().split(" ", 1) for one in answer.headers["Content-Security-Policy"].split(";"))
                assert policy["default-src"] == "'self'", route.path
                assert "unsafe" not in answer.headers["Content-Security-Policy"], route.path
                assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
                assert policy["form-action"] == "'self'"
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            if answer.content_type == "text/html":
                scripts = re.findall(r"<script\b([^>]*)>", text)
                assert all("src=" in one or 'type="application/json"' in one for one in scripts), route.path
                assert not re.search(r"<[^>]+\s(?:on\w+|style)\s*=", text), route.path


@pytest.mark.parametrize("role", ROLES)
async def test_no_listing_shows_a_citizens_number_in_full(scene: Scene, role: Role) -> None:
    client = scene.client(role)
    masked = 0
    for route in scene.routes():
        if route.method != "GET" or route.stays_open or (route.right and not may(role, route.right)):
            continue
        addresses = [route.where()]
        if "/indicators/" in route.path:
            addresses = [route.path.replace("{number}", one) for one in ("1", "3", "5", "12")]
        for where in addresses:
            async with client.get(where) as answer:
                raw = await answer.read()
        if (role, route.path) in IN_FULL:
            continue
        assert NUMBER.encode() not in raw, (role, route.path)
        masked += MASKED.encode() in raw
    assert masked >= (1 if role == "unit" else 6)


async def test_the_live_stream_shows_no_number_in_full(scene: Scene) -> None:
    async with scene.client("agent").get("/api/v1/live") as answer:
        seen = b""
        async with asyncio.timeout(10):
            while b"snapshot" not in seen or not seen.endswith(b"\n\n"):
                seen += await answer.content.readany()
    assert NUMBER.encode() not in seen


async def test_the_command_line_of_the_machine_sees_them(scene: Scene) -> None:
    token = scene.app[CLI_TOKEN]
    client = scene.client(None, Authorization=f"Bearer {token}")
    for path in ("calls", "callbacks", "tickets", f"tickets/{TICKET}", "follow-ups", "missed-calls"):
        async with client.get(f"/api/v1/{path}") as answer:
            assert NUMBER in await answer.text(), path


async def test_the_shapes_of_all_answers_say_where_citizens_numbers_are(scene: Scene) -> None:
    """A new answer with a caller in it fails here until its shape says so: `caller: Phone`."""
    faults = []
    for operation in openapi.operations(scene.app):
        answer = getattr(operation.handler, "answer", None)
        for shape in shapes_in(answer.type if answer else None):
            for name, field in shape.model_fields.items():
                told = str(field.metadata) + str(field.annotation)
                if name in OF_CITIZENS and shape.__name__ not in OWN and Phones.__name__ not in told:
                    faults.append(f"{operation.path}: {shape.__name__}.{name}")
    assert faults == []


async def test_a_number_is_revealed_by_right_with_a_reason_and_each_time_is_kept(scene: Scene) -> None:
    boss = scene.client("supervisor")
    before = len(await trail(scene))
    shown = {"call": ("1", {"caller"}), "callback": ("1", {"caller", "number"}), "follow_up": ("1", {"number"})}
    shown["ticket"] = (TICKET, {"caller", "contact_phone"})
    for of, (key, names) in shown.items():
        order = {"of": of, "key": key, "reason": "联系市民核实诉求"}
        async with boss.post("/api/v1/numbers/reveal", json=order) as answer:
            assert answer.status == 200, await answer.text()
            assert (await answer.json())["numbers"] == dict.fromkeys(names, NUMBER)
        async with scene.client("agent").post("/api/v1/numbers/reveal", json=order) as answer:
            assert answer.status == 403
    kept = (await trail(scene))[before:]
    assert [row[:2] for row in kept] == [("a-supervisor", "number_revealed")] * 4
    assert [row[2] for row in kept] == ["call 1", "callback 1", "follow-up 1", f"ticket {TICKET}"]
    assert all(row[3] == {"reason": "联系市民核实诉求"} for row in kept)
    assert NUMBER not in json.dumps(kept)
    for wrong in (
        {"of": "call", "key": "1"},
        {"of": "call", "key": "1", "reason": ""},
        {"of": "user", "key": "1", "reason": "xx"},
        {"of": "call", "key": "x", "reason": "xx"},
    ):
        async with boss.post("/api/v1/numbers/reveal", json=wrong) as answer:
            assert answer.status == 400, wrong
    for key in ("999", "9" * 20):
        async with boss.post("/api/v1/numbers/reveal", json={"of": "call", "key": key, "reason": "xx"}) as answer:
            assert answer.status == 404, key
    assert len(await trail(scene)) == before + 4, "what was not shown is not in the trail"


async def test_a_masked_number_that_comes_back_overwrites_nothing(scene: Scene) -> None:
    order = {"version": 3, "request_id": "masked-000000001", "fields": {"contact_phone": MASKED}}
    async with scene.client("supervisor").post(f"/api/v1/tickets/{TICKET}/moves/amend", json=order) as answer:
        assert answer.status == 400
        assert list((await answer.json())["fields"]) == ["fields.contact_phone"]


async def test_no_path_leads_out_of_the_folders_that_are_served(scene: Scene) -> None:
    client = scene.client("administrator")
    secret = scene.app[CLI_TOKEN]
    ups = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "/", "%2f", "..%c0%af")
    for base in ("/static/", "/api/v1/attachments/", "/api/v1/tickets/", "/i18n/"):
        for up in ups:
            for depth in (1, 3, 6):
                for goal in ("var/secrets/cli.token", "secrets/cli.token", "etc/passwd", "package.json"):
                    where = f"{base}{up * depth}{goal}"
                    # As it is: a client that tidies the path would take the attack out of it.
                    status, raw = await raw_get(scene, client, where)
                    assert status in {301, 302, 303, 400, 403, 404, 405}, where
                    assert secret.encode() not in raw
                    assert b"root:" not in raw


@pytest.mark.parametrize(
    "name",
    ["../../../secrets/cli.token", "/etc/passwd", "..\\..\\boot.ini", "a\x00.txt", ".", "..", "~/.ssh/id", "😈" * 90],
)
async def test_the_name_of_an_attachment_is_no_path(scene: Scene, name: str) -> None:
    client, settings = scene.client("agent"), scene.app[SETTINGS]
    before = {one for one in settings.data_folder.rglob("*") if "attachments" not in one.parts}
    async with client.post(
        "/api/v1/attachments", params={"name": name}, data="说明\n".encode(), headers={"Content-Type": UPLOAD_TYPE}
    ) as answer:
        body = await answer.json()
        assert answer.status in {200, 201, 400, 415, 422}, body
    assert {one for one in settings.data_folder.rglob("*") if "attachments" not in one.parts} - before == set()
    if answer.status in {200, 201}:
        async with client.get(f"/api/v1/attachments/{body['id']}") as answer:
            told = answer.headers["Content-Disposition"]
            assert answer.status == 200
            assert "/" not in told.split("filename", 1)[1].replace("%2F", "").replace("UTF-8''", "")
            assert "\\" not in told
            assert "\x00" not in told


async def raw_get(scene: Scene, client: ClientSession, where: str) -> tuple[int, bytes]:
    host, port = scene.url.removeprefix("http://").split(":")
    cookie = "; ".join(f"{one.key}={one.value}" for one in client.cookie_jar)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET {where} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
    )
    async with asyncio.timeout(10):
        raw = await reader.read()
    writer.close()
    return int(raw.split(b" ", 2)[1]), raw


def shapes_in(annotation: Any) -> set[type[BaseModel]]:  # noqa: ANN401  # a type expression
    """Every model within a type."""
    found: set[type[BaseModel]] = set()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        found.add(annotation)
        for field in annotation.model_fields.values():
            found |= shapes_in(field.annotation)
    for inner in get_args(annotation):
        found |= shapes_in(inner)
    return found


async def trail(scene: Scene) -> list[tuple[str, str, str, Any]]:
    async with scene.database.read() as session:
        query = select(Audit.who, Audit.action, Audit.target, Audit.detail).order_by(Audit.number)
        return [tuple(row) for row in await session.execute(query)]
