"""A panel that really serves, and those who use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientResponse, ClientSession, CookieJar, web
from sqlalchemy import select

from callcenter.panel import server, users
from callcenter.panel.live import LiveState
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

PASSWORD = "right horse battery"


@dataclass
class Panel:
    """The served panel and those who use it."""

    url: str
    token: str
    app: web.Application
    database: Database
    live: LiveState
    clients: list[ClientSession] = field(default_factory=list)

    def client(self, **headers: str) -> ClientSession:
        """A browser that nobody has used."""
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), headers=headers)
        self.clients.append(client)
        return client

    def cli(self) -> ClientSession:
        """The command line."""
        return self.client(Authorization=f"Bearer {self.token}")

    async def add(
        self,
        login: str,
        role: Role = "agent",
        *,
        agent: str | None = None,
        unit: str | None = None,
        settled: bool = True,
    ) -> None:
        """Add a user with PASSWORD; `settled` ones need not change it first."""
        new = users.NewUser(login, login.title(), role, agent, PASSWORD, unit)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = not settled

    async def signed_in(
        self,
        login: str,
        role: Role = "agent",
        *,
        agent: str | None = None,
        unit: str | None = None,
        settled: bool = True,
    ) -> ClientSession:
        """A browser of a new user, signed in."""
        await self.add(login, role, agent=agent, unit=unit, settled=settled)
        return await self.sign_in(login)

    async def sign_in(self, login: str, password: str = PASSWORD) -> ClientSession:
        client = self.client()
        async with client.post("/api/v1/sign-in", json={"user": login, "password": password}) as answer:
            assert answer.status == 200, await answer.text()
        return client

    async def trail(self) -> list[tuple[str, str, str]]:
        """(who, action, target) of the audit trail, in order."""
        async with self.database.read() as session:
            rows = await session.scalars(select(Audit).order_by(Audit.id))
            return [(row.who, row.action, row.target) for row in rows]


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    async with server.serving(app, "127.0.0.1", 0) as runner:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"


async def refused(answer: ClientResponse, status: int) -> dict[str, str]:
    """Assert that the API refused with `status` in its one form; return the fields it names."""
    body = await answer.json()
    assert answer.status == status, body
    assert body["error"]
    assert body.keys() == {"error", "fields"}
    return body["fields"]
