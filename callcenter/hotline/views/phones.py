"""The phone in the browser: its short-lived password, and a line to Asterisk through the panel's own address."""

import asyncio
import ipaddress
from typing import Annotated, Any
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, hdrs, web
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.flows.phones import Phones
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.phones import Held
from callcenter.hotline.wallboard import iso
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, long_lived, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now
from callcenter.tasks import cancel, spawn

PHONES = web.AppKey("phones", Phones)
#: The largest SIP message either way, in bytes; an INVITE with its candidates has four thousand.
LARGEST_MESSAGE = 32 * 1024
#: Seconds without a sign of life after which a line is dead.
HEARTBEAT_SECONDS = 10.0
Page = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class Wanted(Body):
    """Which page of the panel wants to be the phone."""

    #: A name that the page makes up, and keeps while it is open.
    page: Page
    #: Also when another page of this agent is it now.
    take_over: bool = False


class Leaving(Body):
    """Which page is the phone no longer."""

    page: Page


class PhoneCredential(BaseModel):
    """What a page registers with."""

    seat: str
    sip_user: str
    sip_password: str
    #: How long the password counts, in seconds.
    seconds: int
    #: WebSocket addresses that lead to Asterisk, the best first.
    addresses: list[str]
    #: The server's time.
    now: str


class Done(BaseModel):
    """Nothing to tell."""


class Phone(ApiView):
    """/api/v1/phone."""

    @requires("phone.use")
    @answers(PhoneCredential)
    async def post(self, wanted: Wanted) -> web.Response:
        """Make a page the phone of the seat where its agent sits, or let it go on, with a new password."""
        user, phones = current_user(self.request), self.request.app[PHONES]
        if user.agent is None:
            raise Problem(403, N_("This account has no agent number, so it cannot sign in to a seat."))
        known = phones.held_by(user.agent, wanted.page)
        try:
            given = await phones.grant(user.agent, wanted.page, user.token_hash, take_over=wanted.take_over)
        except Held as held:
            reason = translate(held.message) % held.values
            raise Problem(409, reason, fields={"take_over": reason}) from held
        except Refused as refused:
            raise Problem(409, translate(refused.message) % refused.values) from refused
        if not known:
            await _note(self.request, given.seat)
        answer = PhoneCredential(
            seat=given.seat,
            sip_user=given.user,
            sip_password=given.password,
            seconds=given.seconds,
            addresses=_addresses(self.request, wanted.page),
            now=iso(now()) or "",
        )
        return web.json_response(answer.model_dump())

    @requires("phone.use")
    @answers(Done)
    async def delete(self, leaving: Leaving) -> web.Response:
        """Say that a page is the phone no longer, as when it is closed."""
        await self.request.app[PHONES].release(current_user(self.request).agent or "", leaving.page)
        return web.json_response({})


async def _note(request: web.Request, seat: str) -> None:
    try:
        async with request.app[DATABASE].begin() as session:
            audit.record(session, actor_of(request), "phone_taken", at=now(), target=f"seat {seat}")
    except (SQLAlchemyError, OSError):
        return  # a database that is away keeps no agent from their calls


def _addresses(request: web.Request, page: str) -> list[str]:
    """Asterisk itself first, so that calls need no program of ours; through the panel where that cannot be reached."""
    settings = request.app[SETTINGS]
    scheme, port = ("wss", settings.https_port) if request.secure else ("ws", settings.http_port)
    through = f"{scheme}://{request.host}/phone?page={page}"
    name = urlsplit(f"//{request.host}").hostname or ""
    if not request.secure and not _is_loopback(name):
        return [through]  # Asterisk's plain port is on loopback only
    return [f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}/ws", through]


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


@long_lived
@requires("phone.use")
async def line(request: web.Request) -> web.StreamResponse:
    """GET /phone: SIP over WebSocket (RFC 7118) to Asterisk, for a page that has been granted a phone."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    if urlsplit(origin).netloc != request.host:
        raise Problem(403, N_("The request came from another site."))
    agent, page = current_user(request).agent or "", request.query.get("page", "")
    phones = request.app[PHONES]
    if not phones.held_by(agent, page):
        raise Problem(403, N_("You may not do this."))
    near = web.WebSocketResponse(protocols=("sip",), max_msg_size=LARGEST_MESSAGE, heartbeat=HEARTBEAT_SECONDS)
    if not near.can_prepare(request):
        raise Problem(400, N_("The request could not be understood."))
    url = f"ws://127.0.0.1:{request.app[SETTINGS].http_port}/ws"
    with phones.line(agent, page) as over:
        async with ClientSession(timeout=ClientTimeout(total=None, sock_connect=5)) as client:
            try:
                far = await client.ws_connect(url, protocols=("sip",), max_msg_size=LARGEST_MESSAGE)
            except (ClientError, OSError, TimeoutError):
                raise Problem(
                    503, N_("Asterisk is not connected just now; try again in a moment"), headers={"Retry-After": "2"}
                ) from None
            async with far:
                await near.prepare(request)
                await _join(near, far, over)
    return near


async def _join(near: Any, far: Any, over: asyncio.Event) -> None:  # noqa: ANN401  # two WebSockets, of two classes
    """Carry messages both ways until either side, or the grant, ends."""
    works = [
        spawn(_carry(near, far), name="phone-line-in"),
        spawn(_carry(far, near), name="phone-line-out"),
        spawn(over.wait(), name="phone-line-over"),
    ]
    try:
        await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(*works)
    await near.close()


async def _carry(source: Any, drain: Any) -> None:  # noqa: ANN401
    async for message in source:
        try:
            if message.type is WSMsgType.TEXT:
                await drain.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await drain.send_bytes(message.data)
        except (ConnectionError, ClientError):
            return
