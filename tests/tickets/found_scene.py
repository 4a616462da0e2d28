"""A hotline with some units, places, categories and tickets that can be found, and those who look for them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from callcenter.panel import passwords, server, users
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding import search_index
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket, TicketEntry, TicketUnit
from callcenter.tickets.views import knowledge, search

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PASSWORD = "right horse battery"
UNITS = {"housing": "住建局", "power": "供电公司", "water": "自来水公司"}


@dataclass
class Scene:
    """The served API, its database, and who is signed in."""

    url: str
    database: Database
    stack: AsyncExitStack

    def __post_init__(self) -> None:
        self._numbers = count(1)

    async def as_(self, login: str, role: Role, *, unit: str | None = None, agent: str | None = None) -> ClientSession:
        """A browser that somebody has signed in with."""
        new = users.NewUser(login, login.title(), role, agent, PASSWORD, unit)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(client)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client

    async def ticket(self, title: str = "路灯不亮", *, said: str | None = None, **fields: Any) -> str:  # noqa: ANN401
        """A ticket that can be found; `unit` is the code of the lead unit. Returns its number."""
        place = next(self._numbers)
        number = f"T{place:05}"
        plain = {"kind": "complaint", "state": "handling", "caller": f"1380000{place:04}", "description": title}
        unit = fields.pop("unit", None)
        async with self.database.begin() as session:
            ids = {code: id_ for id_, code in await session.execute(select(MemberUnit.id, MemberUnit.code))}
            values = {"unit_id": ids.get(unit), "opened_at": T0 + timedelta(minutes=place)} | plain | fields
            ticket = Ticket(node="node1", number=number, title=title, **values)
            session.add(ticket)
            await session.flush()
            if unit:
                session.add(TicketUnit(ticket_id=ticket.id, unit_id=ids[unit], part="lead", since=T0))
            if said:
                row = {"node": "node1", "at": T0, "who": "x", "role": "unit", "move": "comment", "version": 2}
                session.add(TicketEntry(ticket_id=ticket.id, to_state=ticket.state, words=said, changes={}, **row))
            await session.flush()
            await search_index.index(session, [ticket.id])
        return number

    async def trail(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(who, action, detail) of the audit trail, in order."""
        async with self.database.read() as session:
            rows = await session.scalars(select(Audit).order_by(Audit.id))
            return [(row.who, row.action, row.detail) for row in rows]


@asynccontextmanager
async def scene(database: Database, folder: Path) -> AsyncIterator[Scene]:
    """Serve the search and the knowledge base on `database`."""
    passwords._nobody.cache_clear()
    async with database.begin() as session:
        session.add_all([MemberUnit(code=code, name=name) for code, name in UNITS.items()])
        session.add_all([Place(code="south", name="南门街道"), Place(code="happy", parent="south", name="幸福小区")])
        tree = (("city", None, 1, "市政"), ("lamp", "city", 1, "路灯"), ("lamp", "city", 2, "照明设施"))
        session.add_all(
            [
                Category(code=code, parent=above, version=version, name=name, since=T0)
                for code, above, version, name in tree
            ]
        )
    settings = Settings(data=folder / "var")
    app = server.build(
        settings,
        database,
        features=[search.add_routes, knowledge.add_routes],
        registry=CollectorRegistry(),
    )
    app[TICKETS] = TicketDesk(database, Mover(settings, KeptCalendar(settings)))
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield Scene(f"http://127.0.0.1:{runner.addresses[0][1]}", database, stack)


async def ask(
    client: ClientSession,
    path: str,
    body: Any = None,  # noqa: ANN401  # any JSON
    *,
    method: str = "",
    **query: Any,  # noqa: ANN401
) -> tuple[int, Any]:
    """Send a request to the API; returns status and answer."""
    method = method or ("GET" if body is None else "POST")
    sent = {} if method == "GET" else {"json": body or {}}
    async with client.request(method, f"/api/v1/{path}", params=query, **sent) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else await answer.read()


async def numbers(client: ClientSession, **query: Any) -> list[str]:  # noqa: ANN401
    """Numbers of the tickets found, in order."""
    status, page = await ask(client, "tickets/search", **query)
    assert status == 200, page
    return [row["number"] for row in page["rows"]]
