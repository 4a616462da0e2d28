"""Dispatch help 派单建议: what the history says of a form, and how far that can be trusted."""

from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel

from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, MANIFEST, SETTINGS
from callcenter.panel.pages import add_page
from callcenter.storage.clock import now
from callcenter.tickets.rules import repeats
from callcenter.tickets.suggestions.accuracy import accuracy
from callcenter.tickets.suggestions.advice import Adviser, Asked
from callcenter.tickets.suggestions.shapes import Accuracy
from callcenter.tickets.views.requests import Code, Description, Kind, Phone, RequestId, Title

ADVISER = web.AppKey("adviser", Adviser)
_WHY = {
    repeats.SAME_CALLER: N_("the same caller"),
    repeats.SAME_SPOT: N_("the same road or estate"),
    repeats.SAME_PLACE: N_("the same town or street"),
    repeats.SAME_CATEGORY: N_("the same category"),
    repeats.SAME_WORDS: N_("nearly the same words"),
    repeats.ALIKE: N_("similar words"),
}


class Form(Body):
    """A form as it is being filled in; `draft` is its name, so that suggestions can be held against the truth."""

    title: Title = ""
    description: Description = ""
    kind: Kind | None = None
    place: Code | None = None
    caller: Phone | None = None
    draft: RequestId | None = None


class Guessed(BaseModel):
    """A category or a unit, and how sure that is."""

    code: str
    name: str
    probability: float


class PastTicket(BaseModel):
    """A closed ticket that speaks for the suggestion."""

    number: str
    title: str
    unit: str
    category: str | None


class Repeat(BaseModel):
    """An earlier ticket that may be about the same matter, and why."""

    number: str
    title: str
    opened_at: str
    state: str
    why: list[str]
    score: float


class Advice(BaseModel):
    """What the history says; null and empty where it says nothing."""

    category: Guessed | None
    unit: Guessed | None
    reasons: list[str]
    tickets: list[PastTicket]
    repeats: list[Repeat]


class Suggestions(ApiView):
    """/api/v1/suggestions."""

    @requires("tickets.open")
    @answers(Advice)
    async def post(self, form: Form) -> web.Response:
        """Suggest category and unit for what is being written, with reasons, and show what may be the same matter."""
        asked = Asked(form.title, form.description, form.kind, form.place, form.caller, form.draft)
        answer = await self.request.app[ADVISER].advise(current_user(self.request), asked, now=now())
        for repeat in answer["repeats"]:
            repeat["why"] = [translate(_WHY[reason]) for reason in repeat["why"]]
        return web.json_response(answer)


class SuggestionAccuracy(ApiView):
    """/api/v1/suggestions/accuracy."""

    @requires("dispatch_help.see")
    @answers(Accuracy)
    async def get(self) -> web.Response:
        """Show how often suggestions were wrong: on tickets that were set aside, and on those really shown."""
        settings = self.request.app[SETTINGS]
        async with self.request.app[DATABASE].read() as session:
            found: Any = await accuracy(
                session,
                now=now(),
                zone=ZoneInfo(settings.time_zone),
                used=self.request.app[ADVISER].keeper.model_id,
                enabled=settings.dispatch_help.enabled,
            )
        return web.json_response(found)


def add_routes(app: web.Application) -> None:
    """Add the API, and the page where there is a front end."""
    app.router.add_view("/api/v1/suggestions", Suggestions)
    app.router.add_view("/api/v1/suggestions/accuracy", SuggestionAccuracy)
    if MANIFEST in app:
        add_page(app, "/dispatch-help", "dispatch_help.html", right="dispatch_help.see")
