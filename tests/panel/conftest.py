"""A panel that really serves, on a database of its own, with a browser's worth of client."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from served import Panel, serving

from callcenter.panel import passwords, server
from callcenter.panel.keys import Probe
from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.storage.base import Base
from callcenter.storage.engine import Database

TEMPLATES = {
    "base.html": "<html lang={{ lang }}><body data-page={{ page }}>{{ user.login if user else '' }}"
    "{% block main %}{% endblock %}"
    "<script type='application/json'>{{ i18n_json }}</script>{{ asset('app.js') }}</body></html>",
    "error.html": "{% extends 'base.html' %}{% block main %}<h1>{{ status }} {{ message }}</h1>{% endblock %}",
    "sign_in.html": "{% extends 'base.html' %}{% block main %}{{ _('Please sign in.') }}{% endblock %}",
    "password.html": "{% extends 'base.html' %}",
    "users.html": "{% extends 'base.html' %}",
}
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Please sign in."
msgstr "请登录。"

msgid "There is nothing here."
msgstr "这里没有内容。"

msgid "</script>"
msgstr "</script><b>"
"""


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with small costs: the tests are about everything around it."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


@pytest.fixture
def front(tmp_path: Path) -> Path:
    """A front end just large enough."""
    folder = tmp_path / "web"
    (folder / "templates").mkdir(parents=True)
    (folder / "dist").mkdir()
    (folder / "dist" / "manifest.json").write_text('{"app.js": "app-1A2B.js"}')
    (folder / "dist" / "app-1A2B.js").write_text("1")
    (folder / "dist" / "other.txt").write_text("2")
    for name, text in TEMPLATES.items():
        (folder / "templates" / name).write_text(text)
    words = folder / "locale" / "zh_CN" / "LC_MESSAGES"
    words.mkdir(parents=True)
    (words / "messages.po").write_text(CATALOGUE, encoding="utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", port_offset=4000)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite; what asks more of a database is tested on both, in test_accounts_on_both.py."""
    url = f"sqlite:///{tmp_path}/panel.db"
    database = Database(url)
    async with database.begin() as session:
        await (await session.connection()).run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def features() -> list[server.Feature]:
    """Routes that a test adds before the panel starts."""
    return []


@pytest.fixture
def probes() -> dict[str, Probe]:
    return {}


@pytest.fixture
async def panel(
    settings: Settings, database: Database, front: Path, features: list[server.Feature], probes: dict[str, Probe]
) -> AsyncIterator[Panel]:
    live = LiveState()
    app = server.build(
        settings, database, features=features, probes=probes, live=live, registry=CollectorRegistry(), front=front
    )
    async with serving(app) as url:
        panel = Panel(url, (settings.data_folder / "secrets" / "cli.token").read_text().strip(), app, database, live)
        yield panel
        for client in panel.clients:
            await client.close()


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    server.i18n.use(server.i18n.DEFAULT_LANGUAGE)
