"""The whole panel as the composition root wires it, before a database full of made-up requests: every page there is."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, CookieJar, web
from database import migrated_sqlite
from panel_server import callback, floor, owed, policy, seat
from sqlalchemy import select

from callcenter.app import compose
from callcenter.demo.requests.loading import Wish, generate
from callcenter.panel import server, users
from callcenter.panel.keys import DATABASE, LIVE
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.time.calendar import load
from callcenter.tickets.tables import Ticket

PASSWORD = "right horse battery"
#: Pages that no route of ours names as one: those of people who have not signed in.
OF_NOBODY = ("/sign-in",)


@dataclass
class Whole:
    """The served panel."""

    url: str
    app: web.Application
    database: Database
    #: What stands for a part of a page's path.
    parts: dict[str, str]

    def pages(self) -> list[str]:
        """Every page, by its path; a part of a path that nothing stands for is an error that names it."""
        found = []
        for route in self.app.router.routes():
            path = route.resource.canonical if route.resource else ""
            if route.method != "GET" or path.startswith(("/api/", "/static", "/i18n", "/metrics", "/healthz")):
                continue
            if path != "/":
                found.append(path.format(**self.parts))
        return sorted({*found, *OF_NOBODY})

    async def cookie(self, login: str) -> dict[str, str]:
        """What a browser of theirs carries."""
        async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)) as client:
            async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
                assert answer.status == 200, await answer.text()
            (found,) = [{"name": one.key, "value": one.value} for one in client.cookie_jar if one["path"] == "/"]
        return {**found, "url": self.url}


@asynccontextmanager
async def whole_panel(tickets: int = 200) -> AsyncIterator[Whole]:
    """Serve it on a free port, with `tickets` requests, a busy floor, and an administrator `root` who is agent 1001."""
    with tempfile.TemporaryDirectory(prefix="cc-whole-") as folder:
        url = await migrated_sqlite(Path(folder) / "panel.db")
        settings = Settings(data=Path(folder) / "var", database_url=url)
        app = compose(settings).panel
        database = app[DATABASE]
        await generate(database, settings, load(settings), Wish(tickets, 1, 30, clock.now()))
        new = users.NewUser("root", "管理员", "administrator", "1001", PASSWORD, None)
        await users.add(database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with database.begin() as session:
            user = await users.user_by_login(session, "root")
            assert user
            user.must_change_password = False
            number = (await session.scalars(select(Ticket.number).order_by(Ticket.id.desc()).limit(1))).one()
        app[LIVE].update(_floor())
        async with server.serving(app, "127.0.0.1", 0) as runner:
            address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield Whole(address, app, database, {"number": number, "token": "a" * 43, "agent": "1001", "id": "1"})
        await database.close()


def _floor() -> dict[str, object]:
    states = ("ready", "talking", "ringing", "wrap_up", "break", "ready", "talking")
    seats = [seat(8001 + at, state, f"话务员{at + 1:02}", caller="138****0001") for at, state in enumerate(states)]
    return floor(
        (31, 9), [*seats, *(seat(8008 + at) for at in range(3))], callbacks=owed(open=3), policy=policy("warned")
    )


__all__ = ["OF_NOBODY", "Whole", "callback", "whole_panel"]
