"""Where the city platform sends its messages, and what supervisors see and do of the interchange."""

import json
from contextlib import suppress
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy import select

from callcenter.hotline.listings import iso
from callcenter.panel import audit
from callcenter.panel.access import actor_of, public, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, MANIFEST, SETTINGS
from callcenter.panel.pages import add_page
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets.interchange import outbox, signing
from callcenter.tickets.interchange.inbox import Inbox, NameTaken, Replayed
from callcenter.tickets.interchange.messages import FromCity, ToldCity
from callcenter.tickets.interchange.sender import Sender
from callcenter.tickets.interchange.signing import Parties
from callcenter.tickets.rules.refusals import Refused
from callcenter.tickets.tables import CityMessage, Ticket
from callcenter.tickets.views.refusals import sentence

PATH = "/api/v1/city/messages"
_NONCE: web.RequestKey[str] = web.RequestKey("city_nonce", str)


class Interchange:
    """The running interchange, as its views use it; without `parties` it is off."""

    def __init__(self, inbox: Inbox, parties: Parties | None, sender: Sender | None) -> None:
        self.inbox = inbox
        self.parties = parties
        self.sender = sender


INTERCHANGE = web.AppKey("interchange", Interchange)


class OutboxRow(BaseModel):
    """A message of ours."""

    id: int
    message_id: str
    kind: str
    number: str
    title: str
    made_at: str
    next_at: str | None
    attempts: int
    error: str | None
    refused: bool
    stuck: bool
    sent_at: str | None
    given_up_at: str | None
    given_up_by: str | None
    reason: str | None


class InboxRow(BaseModel):
    """A message of theirs."""

    message_id: str
    kind: str
    number: str | None
    received_at: str


class State(BaseModel):
    """Whether the interchange works."""

    on: bool
    url: str
    stuck: int
    received: list[InboxRow]


class Reason(Body):
    """Why it is not sent any more."""

    reason: Annotated[str, Field(min_length=2, max_length=500)]


class CityMessages(ApiView):
    """/api/v1/city/messages: for the city platform, which signs instead of signing in."""

    async def _iter(self) -> web.StreamResponse:
        """Believe nothing before the signature holds, not even enough to say what is wrong with a field.

        From there on every answer is signed, refusals too.
        """
        if self.request.method == "POST":
            self.request[_NONCE] = await self._signed()
        try:
            return await super()._iter()
        except Problem as problem:
            if _NONCE not in self.request:
                raise
            told = ToldCity(
                message_id=await self._name(), result="refused", error=problem.message, fields=problem.fields
            )
            return self._answer(problem.status, told)

    async def _name(self) -> str:
        """Return the message's name where it has one, however wrong the rest is."""
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            return str(json.loads(await self.request.read())["message_id"])[:64]
        return ""

    @public
    @answers(ToldCity)
    async def post(self, message: FromCity) -> web.Response:
        """Take a message of the city platform.

        Signed with X-Hotline-Id, -Time, -Nonce and -Signature: HMAC-SHA256 over method, path, time, nonce and the
        SHA-256 of the body, one to a line. The same `message_id` again is answered as before and done once.
        """
        interchange = self.request.app[INTERCHANGE]
        try:
            told = await interchange.inbox.take(message, await self.request.read())
        except NameTaken:
            raise Problem(409, N_("Another message had this name."), fields={"message_id": "names another"}) from None
        except Refused as error:
            raise Problem(400 if error.fields else 409, sentence(error), fields=error.fields) from error
        return self._answer(200, told)

    async def _signed(self) -> str:
        parties = self.request.app[INTERCHANGE].parties
        if parties is None:
            raise Problem(503, N_("The interchange is not set up."))
        body = await self.request.read()
        try:
            nonce = signing.verify(
                parties, "POST", self.request.path, self.request.headers, body, clock.now().timestamp()
            )
        except signing.BadSignature as error:
            field = str(error).split(" ", 1)[0]
            raise Problem(401, N_("The signature does not hold."), fields={field: str(error)}) from error
        try:
            await self.request.app[INTERCHANGE].inbox.first_time(nonce)
        except Replayed:
            reason = {signing.NONCE: f"{signing.NONCE} was used before"}
            raise Problem(401, N_("The message was replayed."), fields=reason) from None
        return nonce

    def _answer(self, status: int, told: ToldCity) -> web.Response:
        body = told.model_dump_json().encode()
        parties = self.request.app[INTERCHANGE].parties
        assert parties is not None  # noqa: S101  # only what was signed is answered so
        headers = signing.signed_answer(
            parties, self.request.path, self.request[_NONCE], body, now=clock.now().timestamp()
        )
        return web.Response(status=status, body=body, headers=headers, content_type="application/json")


class OutboxList(ApiView):
    """/api/v1/city/outbox."""

    @requires("interchange.manage")
    @answers(list[OutboxRow])
    async def get(
        self, which: Literal["stuck", "open", "all"] = "open", limit: Annotated[int, Field(ge=1, le=1000)] = 200
    ) -> web.Response:
        """List messages to the city, newest first."""
        after = self.request.app[SETTINGS].interchange.stuck_after
        async with self.request.app[DATABASE].read() as session:
            return web.json_response(await outbox.listing(session, after, which=which, limit=limit))


class StateView(ApiView):
    """/api/v1/city."""

    @requires("interchange.manage")
    @answers(State)
    async def get(self) -> web.Response:
        """Show whether the interchange works, and what came last."""
        wanted = self.request.app[SETTINGS].interchange
        last = (
            select(CityMessage, Ticket.number)
            .outerjoin(Ticket, Ticket.id == CityMessage.ticket_id)
            .order_by(CityMessage.received_at.desc())
            .limit(20)
        )
        async with self.request.app[DATABASE].read() as session:
            stuck = await outbox.count_stuck(session, wanted.stuck_after)
            rows = [
                {
                    "message_id": one.message_id,
                    "kind": one.kind,
                    "number": number,
                    "received_at": iso(one.received_at),
                }
                for one, number in await session.execute(last)
            ]
        on = self.request.app[INTERCHANGE].parties is not None
        return web.json_response({"on": on, "url": wanted.url, "stuck": stuck, "received": rows})


class _OneOut(ApiView):
    async def _deed(self, id_: int, action: str, reason: str | None = None) -> web.Response:
        actor, now = actor_of(self.request), clock.now()
        try:
            async with self.request.app[DATABASE].begin() as session:
                if reason is None:
                    await outbox.retry(session, id_, now)
                else:
                    await outbox.give_up(session, id_, actor.who, reason, now)
                audit.record(session, actor, action, at=now, target=f"city message {id_}", reason=reason)
        except LookupError as error:
            raise Problem(404, N_("There is no such message on its way.")) from error
        if sender := self.request.app[INTERCHANGE].sender:
            sender.look()
        return web.json_response({})


class Retry(_OneOut):
    """/api/v1/city/outbox/{id}/retry."""

    @requires("interchange.manage")
    @answers(dict[str, str])
    async def post(self, id_: Annotated[int, Field(ge=1, le=2**31 - 1)], /) -> web.Response:
        """Send a message again, now."""
        return await self._deed(id_, "city_message_retried")


class GiveUp(_OneOut):
    """/api/v1/city/outbox/{id}/give-up."""

    @requires("interchange.manage")
    @answers(dict[str, str])
    async def post(self, id_: Annotated[int, Field(ge=1, le=2**31 - 1)], /, wanted: Reason) -> web.Response:
        """Send a message no more, and say why; those behind it go on."""
        return await self._deed(id_, "city_message_given_up", wanted.reason)


def add_routes(app: web.Application) -> None:
    """Add the interchange's API."""
    app.router.add_view(PATH, CityMessages)
    app.router.add_view("/api/v1/city", StateView)
    app.router.add_view("/api/v1/city/outbox", OutboxList)
    app.router.add_view("/api/v1/city/outbox/{id_}/retry", Retry)
    app.router.add_view("/api/v1/city/outbox/{id_}/give-up", GiveUp)
    if MANIFEST in app:
        add_page(app, "/interchange", "interchange.html", right="interchange.manage")
