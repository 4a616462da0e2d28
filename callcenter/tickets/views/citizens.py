"""Pages and API for citizens 网络受理: `/file` and `/track`. Open to everyone; no account, no cookie."""

import dataclasses
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel.access import public
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import MANIFEST, SETTINGS
from callcenter.panel.pages import render
from callcenter.panel.problems import Problem
from callcenter.tickets.flows.citizens.desk import FILING, CitizenDesk, Tracked
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.rules.citizens import Stage
from callcenter.tickets.rules.numbers import readable
from callcenter.tickets.views.refusals import told

CITIZENS = web.AppKey("citizens", CitizenDesk)

#: Characters of what a citizen may write.
TITLE, DESCRIPTION, ADDRESS, NAME = 100, 5000, 200, 60

Kind = Literal["enquiry", "complaint", "help", "suggestion", "report", "praise"]
Phone = Annotated[str, Field(min_length=1, max_length=32)]

#: Kind -> what it is called, and when it is the right one.
_KINDS: dict[str, tuple[str, str]] = {
    "enquiry": (N_("Enquiry"), N_("I want to know something")),
    "complaint": (N_("Complaint"), N_("Something is not as it should be")),
    "help": (N_("Help"), N_("I need help with something")),
    "suggestion": (N_("Suggestion"), N_("I have an idea")),
    "report": (N_("Report"), N_("Somebody breaks the law")),
    "praise": (N_("Praise"), N_("Somebody did well")),
}
#: What the script says; the page brings the sentences along.
_WORDS = (
    N_("Checking that no robot is writing…"),
    N_("Sending…"),
    N_("Send the request"),
    N_("The server cannot be reached. What you wrote is kept; please try again."),
    N_("Something is missing here."),
    N_("Please check the fields marked in red."),
    N_("Copied"),
    N_("Copy the number"),
    N_("Looking…"),
    N_("Look"),
    N_("Answer"),
    N_("Filed on {date}"),
    N_("What has happened"),
    N_("{count} of {most} characters"),
)


class Filing(Body):
    """A request as a citizen writes it."""

    #: Made by the page: the same form sent twice is one request.
    request_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=TITLE)]
    description: Annotated[str, Field(min_length=1, max_length=DESCRIPTION)]
    place: Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,30}$")] | None = None
    address: Annotated[str, Field(max_length=ADDRESS)] | None = None
    contact_name: Annotated[str, Field(min_length=1, max_length=NAME)]
    contact_phone: Phone
    #: Units do not learn who asked.
    anonymous: bool = False
    #: The task's solution (GET /api/v1/public/task).
    solution: dict[str, Any]
    #: No citizen sees this field; who fills it in is none.
    website: Annotated[str, Field(max_length=1000)] = ""


class Filed(BaseModel):
    """What a citizen keeps."""

    number: str
    #: The number in groups, as it is read aloud.
    readable: str
    #: Where to ask how far it is.
    track: str


class Question(Body):
    """What a request is found by: both together."""

    number: Annotated[str, Field(min_length=1, max_length=40)]
    phone: Phone


class Step(BaseModel):
    """Something that happened to it."""

    at: datetime
    words: str


class Progress(BaseModel):
    """How far a request is, in a citizen's words."""

    number: str
    readable: str
    kind: str
    opened_at: datetime
    stage: Stage
    words: str
    answer: str | None
    steps: list[Step]

    @classmethod
    def of(cls, tracked: Tracked) -> "Progress":
        """Return `tracked` in the language of the request."""
        told = [Step(at=step.at, words=translate(step.words)) for step in tracked.steps]
        known = {field.name: getattr(tracked, field.name) for field in dataclasses.fields(tracked)}
        said = {"kind": translate(_KINDS[tracked.kind][0]), "words": translate(tracked.words), "steps": told}
        return cls.model_validate(known | said | {"readable": readable(tracked.number)})


class Task(ApiView):
    """/api/v1/public/task."""

    @public
    @answers(dict[str, Any])
    async def get(self) -> web.Response:
        """Hand out a task (ALTCHA, version 1) whose solution goes with a request."""
        return web.json_response(_desk(self.request).robots.task(FILING))


class Requests(ApiView):
    """/api/v1/public/requests."""

    @public
    @answers(Filed, status=201)
    async def post(self, filing: Filing) -> web.Response:
        """File a request; the answer is the number under which, with the telephone, it can be tracked."""
        desk = _desk(self.request)
        if filing.website:
            raise Problem(400, N_("This could not be accepted. Please call us instead."))
        given = filing.model_dump(exclude={"solution", "website", "contact_phone"})
        with told():
            number = await desk.file(New(**given), filing.contact_phone, filing.solution, address_of(self.request))
        filed = Filed(number=number, readable=readable(number), track=f"/track?number={number}")
        return web.json_response(filed.model_dump(), status=201)


class Track(ApiView):
    """/api/v1/public/track."""

    @public
    @answers(Progress)
    async def post(self, question: Question) -> web.Response:
        """Tell how far a request is, to whoever knows its number and its telephone."""
        desk = _desk(self.request)
        found = await desk.track(question.number, question.phone, address_of(self.request))
        return web.json_response(Progress.of(found).model_dump(mode="json"))


def address_of(request: web.Request) -> str:
    """Return who asks: the peer, or whom the last of our own proxies names."""
    address = request.remote or ""
    proxies = request.app[SETTINGS].citizens.proxies
    if address not in proxies:
        return address
    named = [one.strip() for line in request.headers.getall("X-Forwarded-For", []) for one in line.split(",")]
    return next((one for one in reversed(named) if one not in proxies), address)


def _desk(request: web.Request) -> CitizenDesk:
    if not request.app[SETTINGS].citizens.enabled:
        raise web.HTTPNotFound
    return request.app[CITIZENS]


@public
async def file_page(request: web.Request) -> web.Response:
    """Show the form."""
    places = await _desk(request).places()
    kinds = [(kind, *(translate(words) for words in said)) for kind, said in _KINDS.items()]
    most = {"title": TITLE, "description": DESCRIPTION, "address": ADDRESS, "name": NAME}
    return _page(request, "citizen_file.html", kinds=kinds, places=places, most=most)


@public
async def track_page(request: web.Request) -> web.Response:
    """Ask for number and telephone."""
    _desk(request)
    return _page(request, "citizen_track.html")


def _page(request: web.Request, template: str, **context: object) -> web.Response:
    words = {sentence: translate(sentence) for sentence in _WORDS}
    hotline = {"words": words, "hotline": request.app[SETTINGS].hotline_number}
    return render(request, template, page=template.removesuffix(".html"), context=hotline | context)


def add_routes(app: web.Application) -> None:
    """Add the citizens' API, and their pages where there is a front end."""
    app.router.add_view("/api/v1/public/task", Task)
    app.router.add_view("/api/v1/public/requests", Requests)
    app.router.add_view("/api/v1/public/track", Track)
    if MANIFEST in app:
        app.router.add_get("/file", file_page)
        app.router.add_get("/track", track_page)
