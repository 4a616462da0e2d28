"""The API of requests 工单: open one, see one, move one."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from callcenter.hotline.masking import WHOLE
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.rules import texts
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.rules.numbers import said
from callcenter.tickets.shapes import TicketDetail
from callcenter.tickets.views.listing import Tickets as Listing
from callcenter.tickets.views.refusals import told

RequestId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
Code = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,30}$")]
Number = Annotated[str, Field(min_length=1, max_length=40)]
Title = Annotated[str, Field(max_length=texts.TITLE)]
Description = Annotated[str, Field(max_length=texts.DESCRIPTION)]
Words = Annotated[str, Field(max_length=texts.WORDS)]
LongAnswer = Annotated[str, Field(max_length=texts.ANSWER)]
Address = Annotated[str, Field(max_length=texts.ADDRESS)]
ContactName = Annotated[str, Field(max_length=texts.CONTACT_NAME)]
Phone = Annotated[str, Field(max_length=texts.PHONE), WHOLE]
Kind = Literal["enquiry", "complaint", "help", "suggestion", "report", "praise"]
Urgency = Literal["normal", "urgent", "emergency"]
Files = Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(max_length=20)]
Helpers = Annotated[list[Code], Field(max_length=20)]


class NewRequest(Body):
    """A request as it is written at the desk; `request_id` is the name of its draft."""

    request_id: RequestId
    kind: Kind
    title: Annotated[Title, Field(min_length=1)]
    description: Description
    linkedid: Annotated[str, Field(max_length=150)] | None = None
    caller: Phone | None = None
    urgency: Urgency = "normal"
    category: Code | None = None
    place: Code | None = None
    address: Address | None = None
    contact_name: ContactName | None = None
    contact_phone: Phone | None = None
    anonymous: bool = False
    confidential: bool = False
    attachments: Files = Field(default_factory=list)
    then: Literal["keep", "submit", "answer"] = "keep"
    answer: LongAnswer | None = None


class Amended(Body):
    """New values of what was written; what is left out stays."""

    kind: Kind | None = None
    title: Title | None = None
    description: Description | None = None
    category: Code | None = None
    place: Code | None = None
    address: Address | None = None
    contact_name: ContactName | None = None
    contact_phone: Phone | None = None
    anonymous: bool | None = None


class Step(Body):
    """A move: the version that was seen, the name of the order, and what the move takes."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    request_id: RequestId
    words: Words | None = None
    unit: Code | None = None
    helpers: Helpers = Field(default_factory=list)
    days: Annotated[int, Field(ge=1, le=250)] | None = None
    main: Number | None = None
    urgency: Urgency | None = None
    satisfaction: Literal["satisfied", "fairly", "unhappy"] | None = None
    answer: LongAnswer | None = None
    confidential: bool | None = None
    fields: Amended | None = None
    attachments: Files = Field(default_factory=list)


class Requests(Listing):
    """/api/v1/tickets: the listing, and where new ones are sent."""

    @requires("tickets.open")
    @answers(TicketDetail, status=201)
    async def post(self, wanted: NewRequest) -> web.Response:
        """Open a ticket 受理; the same `request_id` again answers 200 with the ticket that it opened."""
        user = current_user(self.request)
        desk = self.request.app[TICKETS]
        given = wanted.model_dump(exclude={"caller", "attachments"})
        new = New(**given, caller=wanted.caller or "", agent=user.agent, attachments=tuple(wanted.attachments))
        with told():
            number, fresh = await desk.open(new, Doer(user.login, user.role))
            async with desk.database.read() as session:
                body = await desk.show_in(session, number, user)
        return web.json_response(_in_words(body), status=201 if fresh else 200)


class Request(ApiView):
    """/api/v1/tickets/{number}."""

    @requires("tickets.see")
    @answers(TicketDetail)
    async def get(self, number: Number, /) -> web.Response:
        """Show a ticket with its history and what may be done with it now. 404 when one may not see it."""
        user = current_user(self.request)
        desk = self.request.app[TICKETS]
        with told():
            async with desk.database.read() as session:
                body = await desk.show_in(session, said(number), user)
        if body["confidential"]:
            async with self.request.app[DATABASE].begin() as session:
                target = f"ticket {body['number']}"
                audit.record(session, actor_of(self.request), "confidential_ticket_seen", at=clock.now(), target=target)
        return web.json_response(_in_words(body))


class Moves(ApiView):
    """/api/v1/tickets/{number}/moves/{move}."""

    @requires("tickets.move")
    @answers(TicketDetail)
    async def post(self, number: Number, move: Annotated[str, Field(max_length=40)], /, wanted: Step) -> web.Response:
        """Make a move. 409 with `fields.version` when the ticket has moved meanwhile, 409 when it is not possible."""
        given = wanted.model_dump(exclude={"fields", "helpers", "attachments", "main"})
        fields: dict[str, Any] = wanted.fields.model_dump(exclude_unset=True) if wanted.fields else {}
        if unset := [name for name in ("kind", "anonymous") if name in fields and fields[name] is None]:
            raise Problem(400, "Some fields are wrong.", fields={f"fields.{name}": "is missing" for name in unset})
        order = Order(
            **given,
            fields=fields,
            main=said(wanted.main) if wanted.main else None,
            helpers=tuple(wanted.helpers),
            attachments=tuple(wanted.attachments),
        )
        with told():
            body = await self.request.app[TICKETS].move_as(said(number), move, current_user(self.request), order)
        return web.json_response(_in_words(body))


def _in_words(body: dict[str, Any]) -> dict[str, Any]:
    """Return the ticket with its moves, possible and made, named in the language of the request."""
    lists = {name: [one | {"label": translate(one["label"])} for one in body[name]] for name in ("moves", "entries")}
    return body | lists


def add_routes(app: web.Application) -> None:
    """Add the API of one ticket; the listing's view takes new ones."""
    app.router.add_view("/api/v1/tickets", Requests)
    app.router.add_view(r"/api/v1/tickets/{number:[0-9][0-9 .\-]*}", Request)
    app.router.add_view(r"/api/v1/tickets/{number:[0-9][0-9 .\-]*}/moves/{move}", Moves)
