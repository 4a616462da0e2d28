"""The panel's API as the desk uses it, really served, with browsers that people have signed in with."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from prometheus_client import CollectorRegistry

from callcenter.panel import passwords, server, users
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.keys import TICKETS

PASSWORD = "right horse battery"


@dataclass
class Api:
    """The served API, and its users."""

    url: str
    app: web.Application
    database: Database
    stack: AsyncExitStack

    async def client(self) -> ClientSession:
        """A browser that nobody has used."""
        return await self.stack.enter_async_context(ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)))

    async def as_(
        self, login: str, role: Role = "agent", agent: str | None = None, unit: str | None = None
    ) -> ClientSession:
        """A browser that a new user has signed in with."""
        new = users.NewUser(login, login.title(), role, agent, PASSWORD, unit)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = await self.client()
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client


@asynccontextmanager
async def serving(
    database: Database, folder: Path, features: Sequence[server.Feature], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """Serve `features` on a free port."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()
    settings = Settings(data=folder / "var")

    def tickets(app: web.Application) -> None:
        app[TICKETS] = TicketDesk(database, Mover(settings, KeptCalendar(settings)))

    app = server.build(settings, database, features=[tickets, *features], registry=CollectorRegistry())
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield Api(f"http://127.0.0.1:{runner.addresses[0][1]}", app, database, stack)
