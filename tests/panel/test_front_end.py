"""The real templates in the real panel: nothing undefined, every file there. Needs a built front end."""

import gzip
import re

import pytest
from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry
from served import Panel, serving

from callcenter.panel import server
from callcenter.panel.keys import MANIFEST
from callcenter.panel.live import LiveState
from callcenter.panel.pages import add_page
from callcenter.paths import ROOT
from callcenter.settings import Settings
from callcenter.storage.engine import Database

FRONT = ROOT / "web"
HTML = {"Accept": "text/html"}

pytestmark = pytest.mark.skipif(
    not (FRONT / "dist" / "manifest.json").exists(), reason="the front end is not built (npm run build in web/)"
)


def _pages(app: web.Application) -> None:
    for name in ("wallboard", "desk", "calls", "callbacks", "tickets"):
        add_page(app, f"/{name}", f"{name}.html", right="calls.take")


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
async def test_every_page_shows_itself(settings: Settings, database: Database, lang: str) -> None:
    live = LiveState()
    app = server.build(settings, database, features=[_pages], live=live, registry=CollectorRegistry(), front=FRONT)
    async with serving(app) as url:
        panel = Panel(url, "", app, database, live)
        admin = await panel.signed_in("boss", "administrator")
        stranger = panel.client()
        for client, path, status in [
            (stranger, "/sign-in", 200),
            (stranger, "/nothing", 404),
            *[
                (admin, path, 200)
                for path in ("/password", "/users", "/wallboard", "/desk", "/calls", "/callbacks", "/tickets")
            ],
            (admin, "/nothing", 404),
        ]:
            async with client.get(f"{path}?lang={lang}", headers=HTML) as answer:
                text = await answer.text()
                assert (answer.status, path) == (status, path)
            assert f'data-lang="{lang}"' in text
            for file in set(re.findall(r'"(/static/[^"]+)"', text)):
                async with client.get(file) as answer:
                    assert (answer.status, file) == (200, file)
                    assert "immutable" in answer.headers["Cache-Control"]
        for client in panel.clients:
            await client.close()


def test_a_desk_weighs_little_and_the_wallboard_carries_no_telephone() -> None:
    files = {path.name: path.read_bytes() for path in (FRONT / "dist").glob("*") if path.suffix in {".js", ".css"}}
    weight = sum(len(gzip.compress(content)) for name, content in files.items() if not name.startswith("citizen"))
    assert weight < 500_000, f"{weight} bytes"
    telephones = [name for name, content in files.items() if b"JsSIP" in content]
    assert telephones
    assert all(name.startswith("part-") for name in telephones), "fetched by the desk alone"


async def test_what_is_built_comes_compressed_and_as_it_is_to_whoever_cannot_read_that(
    settings: Settings, database: Database
) -> None:
    app = server.build(settings, database, live=LiveState(), registry=CollectorRegistry(), front=FRONT)
    manifest = app[MANIFEST]
    async with serving(app) as url, ClientSession(url, auto_decompress=False) as client:

        async def get(path: str, accepted: str) -> tuple[str, bytes]:
            async with client.get(path, headers={"Accept-Encoding": accepted, **HTML}) as answer:
                assert answer.status == 200
                return answer.headers.get("Content-Encoding", ""), await answer.read()

        for name in ("app.js", "style.css", "citizen.js"):
            path = f"/static/{manifest[name]}"
            _, plain = await get(path, "identity")
            assert plain == (FRONT / "dist" / manifest[name]).read_bytes()
            encoding, zipped = await get(path, "gzip")
            assert (encoding, gzip.decompress(zipped)) == ("gzip", plain)
            encoding, least = await get(path, "gzip, deflate, br, zstd")
            assert encoding == "br"
            assert len(least) < len(zipped) < len(plain) / 2
        encoding, page = await get("/sign-in", "gzip, deflate, br")
        assert encoding == "gzip"
        encoding, plain = await get("/sign-in", "identity")
        assert encoding == ""
        assert len(page) < len(plain) / 2
        assert gzip.decompress(page).startswith(b"<!doctype html>")
