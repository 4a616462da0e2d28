"""Citizens before a panel that really serves, each from an address of their own."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from life_scene import Life, living
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from callcenter.panel import server
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.citizens.desk import CitizenDesk
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.tables import Ticket
from callcenter.tickets.views import citizens

PHONE = "13800000001"
Json = dict[str, Any]


def solved(task: Json) -> Json:
    """Do the work of `task`, as a browser would."""
    for number in range(task["maxNumber"] + 1):
        if hashlib.sha256(f"{task['salt']}{number}".encode()).hexdigest() == task["challenge"]:
            return {name: task[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": number}
    raise AssertionError("the task has no solution")


@dataclass
class Web:
    """The served API, and the requests behind it."""

    url: str
    life: Life
    client: ClientSession

    async def task(self) -> Json:
        async with self.client.get("/api/v1/public/task") as answer:
            assert answer.status == 200
            found: Json = await answer.json()
            return found

    async def post(self, path: str, body: Any, address: str = "192.0.2.1", **headers: str) -> tuple[int, Json]:  # noqa: ANN401  # JSON
        """Send from `address`."""
        sent = {"X-Forwarded-For": address, **headers}
        async with self.client.post(f"/api/v1/public/{path}", json=body, headers=sent) as answer:
            return answer.status, await answer.json()

    async def form(self, **fields: object) -> Json:
        """A good form, its task done."""
        wanted = {"request_id": uuid.uuid4().hex, "kind": "complaint", "title": "路灯不亮", "description": "三天不亮"}
        known = {"contact_name": "张三", "contact_phone": PHONE, "solution": solved(await self.task())}
        return wanted | known | fields

    async def file(self, sender: str = "192.0.2.1", **fields: object) -> tuple[int, Json]:
        return await self.post("requests", await self.form(**fields), sender)

    async def track(self, number: str, phone: str = PHONE, address: str = "192.0.2.1") -> tuple[int, Json]:
        return await self.post("track", {"number": number, "phone": phone}, address)

    async def tickets(self) -> list[Ticket]:
        async with self.life.database.read() as session:
            return list(await session.scalars(select(Ticket).order_by(Ticket.id)))


@asynccontextmanager
async def web_of(
    database: Database, folder: Path, *, front: Path | None = None, **citizens_settings: object
) -> AsyncIterator[Web]:
    """Serve the citizens' API, and their pages where `front` is built; the tests' machine is a proxy before it."""
    life = await living(database, folder)
    given: Any = {"work": 200, "proxies": ("127.0.0.1",), **citizens_settings}
    settings = Settings(data=folder / "var", citizens=given)
    app = server.build(
        settings, database, features=[citizens.add_routes], registry=CollectorRegistry(), front=front or folder
    )
    app[citizens.CITIZENS] = CitizenDesk(database, TicketDesk(database, life.mover), settings.citizens)
    async with server.serving(app, "127.0.0.1", 0) as runner:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession(url) as client:
            yield Web(url, life, client)


async def at_once(*work: Any) -> list[Any]:  # noqa: ANN401  # whatever they return
    """Do everything at the same moment."""
    return list(await asyncio.gather(*work))
