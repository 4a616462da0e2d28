"""The real templates in the real panel: nothing undefined, every file there. Needs a built front end."""

import gzip
import re

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from served import Panel, serving

from callcenter.panel import server
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
