"""What another site could make a signed-in browser send, beside the orders that `test_attacks.py` tries."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from served import Panel, serving

from callcenter.hotline import views as hotline_views
from callcenter.panel import server
from callcenter.panel.access import is_upload
from callcenter.panel.live import LiveState
from callcenter.reports import views as reports_views
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets import views as tickets_views
from callcenter.tickets.interchange import views as interchange_views


@pytest.fixture
async def panel(tmp_path: Path, database: Database) -> AsyncIterator[Panel]:
    """The whole panel, with every feature."""
    settings = Settings(data=tmp_path / "var", port_offset=4000)
    live = LiveState()
    features = [view.add_routes for view in (hotline_views, tickets_views, interchange_views, reports_views)]
    app = server.build(settings, database, features=features, live=live, registry=CollectorRegistry())
    async with serving(app) as url:
        token = (settings.data_folder / "secrets" / "cli.token").read_text().strip()
        panel = Panel(url, token, app, database, live)
        yield panel
        for client in panel.clients:
            await client.close()


def changing(app: web.Application) -> list[tuple[str, str, bool]]:
    """Method and path of every route that may change something, and whether it takes a file."""
    found = []
    for route in app.router.routes():
        if route.resource is None or isinstance(route.resource, web.StaticResource):
            continue
        handler: Any = route.handler
        methods = handler.allowed_methods if isinstance(handler, type) else {route.method}
        path = re.sub(r"\{[^}]*\}", "1", route.resource.canonical)
        found += [(m, path, is_upload(handler, m)) for m in sorted(methods - {"GET", "HEAD", "OPTIONS"})]
    return found


async def test_bytes_of_an_empty_type_are_no_file(panel: Panel) -> None:
    """To the library an empty type is that of a file, and any site's script may send it."""
    root = await panel.signed_in("root", "administrator", agent="1001")
    files = [(method, path) for method, path, file in changing(panel.app) if file]
    assert files
    for method, path in files:
        async with root.request(method, path, data=b"{}", headers={"Content-Type": ""}) as answer:
            assert answer.status == 415, (method, path)


async def test_another_site_cannot_sign_somebody_in_as_eve(panel: Panel) -> None:
    await panel.add("eve")
    body = b'{"user": "eve", "password": "right horse battery"}'
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json", "Origin": "https://evil.example"},
    ):
        async with panel.client().post("/api/v1/sign-in", data=body, headers=headers) as answer:
            assert answer.status in (403, 415)
            assert not answer.cookies


async def test_no_answer_lets_another_site_read_or_ask(panel: Panel) -> None:
    root = await panel.signed_in("root", "administrator")
    evil = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in {path for _, path, _ in changing(panel.app)} | {"/api/v1/me", "/api/v1/users", "/healthz"}:
        async with root.options(path, headers=evil) as answer:
            assert not [name for name in answer.headers if name.lower().startswith("access-control")], path
        async with root.get(path, headers=evil) as answer:
            assert not [name for name in answer.headers if name.lower().startswith("access-control")], path


async def test_looking_at_a_page_changes_nothing(panel: Panel) -> None:
    """A link or an image of another site makes a browser send GET: only what may be seen hangs on it."""
    root = await panel.signed_in("root", "administrator", agent="1001")
    before = await panel.trail()
    for route in panel.app.router.routes():
        resource = route.resource
        if route.method not in {"GET", "*"} or resource is None or isinstance(resource, web.StaticResource):
            continue
        path = re.sub(r"\{[^}]*\}", "1", resource.canonical)
        if path.endswith("/live") or "/api/" not in path:
            continue
        await root.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    told = [row for row in await panel.trail() if row not in before]
    # To have looked is itself told of some things.
    seen = {"number_revealed", "recording_heard", "tickets_exported", "audit_seen", "audit_exported"}
    assert {action for _, action, _ in told} <= seen, told
