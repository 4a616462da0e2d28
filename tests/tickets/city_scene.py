"""Two platforms: ours as it really serves, and a city that answers as a test tells it to, over real TLS."""

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, web
from life_scene import Life

from callcenter.asterisk import certificate
from callcenter.panel import server
from callcenter.settings import Settings
from callcenter.settings.requests import Interchange as Wanted
from callcenter.storage import clock
from callcenter.tickets.interchange import signing, views
from callcenter.tickets.interchange.inbox import Inbox
from callcenter.tickets.interchange.sender import Sender

KEY = "k" * 40
OURS, THEIRS = signing.Parties("district", "city", KEY.encode()), signing.Parties("city", "district", KEY.encode())
PATH = "/api/v1/city/messages"
Json = dict[str, Any]


@dataclass
class District:
    """Our side."""

    url: str
    life: Life
    session: ClientSession

    async def say(
        self, message: Json | bytes, *, now: float | None = None, nonce: str | None = None, **headers: str
    ) -> tuple[int, Json]:
        """Send a message as the city would; `headers` replace those of the signature."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        at = clock.now().timestamp() if now is None else now
        name = nonce or secrets.token_urlsafe(24)
        signed = signing.signed(THEIRS, "POST", PATH, body, now=at, nonce=name)
        signed |= {"X-Hotline-" + word.title(): value for word, value in headers.items()}
        async with self.session.post(
            self.url + PATH, data=body, headers={**signed, "Content-Type": "application/json"}
        ) as answer:
            await self._check(answer, name)
            return answer.status, await answer.json()

    async def _check(self, answer: ClientResponse, nonce: str) -> None:
        """What answers a signed message is signed."""
        if signing.SIGNATURE in answer.headers:
            said = await answer.read()
            signing.verify_answer(THEIRS, PATH, nonce, answer.headers, said, clock.now().timestamp())


@asynccontextmanager
async def district(life: Life, folder: Path) -> AsyncIterator[District]:
    settings = Settings(data=folder / "var", port_offset=4000)

    def feature(app: web.Application) -> None:
        app[views.INTERCHANGE] = views.Interchange(Inbox(life.database, life.mover), OURS, None)
        views.add_routes(app)

    front = folder / "no-front"
    front.mkdir()
    app = server.build(settings, life.database, features=[feature], front=front)
    async with (
        server.serving(app, "127.0.0.1", 0) as runner,
        ClientSession() as session,
    ):
        yield District(f"http://127.0.0.1:{runner.addresses[0][1]}", life, session)


def asks(number: str = "SZ-1", message_id: str = "message-1", **ticket: Any) -> Json:  # noqa: ANN401  # JSON
    """A city-level ticket."""
    wanted = {"kind": "help", "title": "井盖丢失", "description": "人民路口井盖丢失。", **ticket}
    return {"message_id": message_id, "kind": "ticket", "city_number": number, "ticket": wanted}


@dataclass
class City:
    """Their side: what it was sent, and how it answers."""

    url: str = ""
    ca_file: Path | None = None
    got: list[Json] = field(default_factory=list)
    #: Answers one request; by default as the protocol wants.
    manner: Callable[["City", web.Request], Awaitable[web.StreamResponse]] | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        signing.verify(THEIRS, "POST", request.path, request.headers, body, clock.now().timestamp())
        self.got.append(json.loads(body))
        return await self.manner(self, request) if self.manner else self.confirm(request)

    def confirm(self, request: web.Request, status: int = 200, **changes: Any) -> web.Response:  # noqa: ANN401  # JSON
        """Confirm the message that came last, with `changes` of the answer."""
        said = {"message_id": self.got[-1]["message_id"], "result": "ok", **changes}
        return self.signed(request, json.dumps(said).encode(), status)

    @staticmethod
    def signed(
        request: web.Request, body: bytes, status: int = 200, *, now: float | None = None, nonce: str | None = None
    ) -> web.Response:
        at = clock.now().timestamp() if now is None else now
        headers = signing.signed_answer(THEIRS, request.path, nonce or request.headers[signing.NONCE], body, now=at)
        return web.Response(status=status, body=body, headers=headers, content_type="application/json")

    def distinct(self) -> list[str]:
        """The names of what it was sent, each once, in order."""
        return list(dict.fromkeys(one["message_id"] for one in self.got))


@asynccontextmanager
async def city(folder: Path) -> AsyncIterator[City]:
    """A city behind HTTPS with a certificate of its own authority."""
    pem, key = certificate.ensure(folder / "city", ["localhost", "127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    its = City(ca_file=pem)
    app = web.Application()
    app.router.add_post("/in", its.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    its.url = f"https://localhost:{runner.addresses[0][1]}/in"
    try:
        yield its
    finally:
        await runner.cleanup()


def sender(life: Life, wanted: Wanted) -> tuple[Sender, list[tuple[str, Any]]]:
    """Return a sender and the alarms that it told."""
    alarms: list[tuple[str, Any]] = []
    return Sender(life.database, wanted, OURS, lambda kind, figures: alarms.append((kind, figures))), alarms


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
