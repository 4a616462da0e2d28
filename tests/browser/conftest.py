"""Chromium, and a panel whose floor the test moves by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from panel_server import WEB, Panel
from playwright.async_api import Browser, async_playwright
from screen import Screens, chromium
from tickets_server import Desks, TicketPanel

from callcenter.panel import passwords

ARTEFACTS = Path(__file__).parents[1] / "artefacts"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser, and so one event loop, for all of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.name != "test_catalogues.py":
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser for all the tests here."""
    if not (WEB / "dist" / "manifest.json").exists():
        pytest.fail("the front end is not built: make setup")
    async with async_playwright() as playwright, chromium(playwright) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def panel() -> AsyncIterator[Panel]:
    """A panel with an empty floor, and an administrator who is also agent 1001."""
    async with Panel() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def screens(browser: Browser, panel: Panel) -> AsyncIterator[Screens]:
    """Screens before that panel; afterwards no console may have an error on it that the test did not expect."""
    opened = Screens(browser, panel.url, ARTEFACTS)
    yield opened
    await opened.close()
    assert opened.faults == []


@pytest_asyncio.fixture(loop_scope="session")
async def requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TicketPanel]:
    """The real panel with member units, categories, places and people, and no request yet."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    async with TicketPanel(tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def desks(browser: Browser, requests: TicketPanel) -> AsyncIterator[Desks]:
    """Browsers of its people; afterwards no console may have an error on it that the test did not expect."""
    opened = Desks(browser, requests, ARTEFACTS)
    yield opened
    await opened.close()
    assert opened.faults == []
