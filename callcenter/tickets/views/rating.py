"""The citizen's own page 满意度评价: one link, three buttons, one answer. Asking for the page changes nothing.

The token is a secret: it stands in the page's address alone, and scripts send it in the body, so that no log has it.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel.access import public
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import MANIFEST
from callcenter.panel.pages import render
from callcenter.panel.problems import Problem
from callcenter.panel.throttle import Throttle
from callcenter.storage import clock
from callcenter.tickets.flows.follow_ups.links import FollowUpLinks, Looked
from callcenter.tickets.rules.words import Satisfaction
from callcenter.tickets.views.refusals import told


@dataclass(frozen=True)
class Rating:
    """The links, and a brake on whoever tries many."""

    links: FollowUpLinks
    throttle: Throttle = field(default_factory=lambda: Throttle(per_login=20, per_address=60))


RATING = web.AppKey("rating", Rating)

Token = Annotated[str, Field(max_length=100)]


class Key(Body):
    """The link's last part."""

    token: Token


class Rated(Body):
    """What the citizen says; who is unhappy says why."""

    token: Token
    satisfaction: Satisfaction
    words: Annotated[str, Field(max_length=2000)] = ""


class Shown(BaseModel):
    """What a link opens; texts only while it is open."""

    state: Literal["open", "answered", "expired", "unknown"]
    number: str
    title: str
    answer: str
    #: It was handled together with the same request of others.
    merged: bool


class _Public(ApiView):
    def _slow_down(self, token: str) -> None:
        """Count the try. Raises Problem when there were too many with this link, or from this address."""
        throttle, address, now = self.request.app[RATING].throttle, self.request.remote or "", clock.now()
        if wait := throttle.wait(token, address, now).total_seconds():
            seconds = str(int(wait) + 1)
            raise Problem(429, N_("Too many tries. Please wait a few minutes."), headers={"Retry-After": seconds})
        throttle.attempt(token, address, now)

    @staticmethod
    def _shown(looked: Looked) -> web.Response:
        answer = {
            "state": looked.state,
            "number": looked.number,
            "title": looked.title,
            "answer": looked.answer,
            "merged": looked.merged,
        }
        return web.json_response(answer, status=404 if looked.state == "unknown" else 200)


class Look(_Public):
    """/api/v1/rate/look."""

    @public
    @answers(Shown)
    async def post(self, wanted: Key) -> web.Response:
        """Tell what a link is about; changes nothing."""
        self._slow_down(wanted.token)
        return self._shown(await self.request.app[RATING].links.look(wanted.token))


class Rate(_Public):
    """/api/v1/rate."""

    @public
    @answers(Shown)
    async def post(self, wanted: Rated) -> web.Response:
        """Take the citizen's answer, once."""
        self._slow_down(wanted.token)
        if wanted.satisfaction == "unhappy" and len(wanted.words) < 2:  # noqa: PLR2004  # a reason has two characters
            raise Problem(400, N_("Some fields are wrong."), fields={"words": N_("please say what is not settled")})
        with told():
            looked = await self.request.app[RATING].links.rate(wanted.token, wanted.satisfaction, wanted.words)
        return self._shown(looked)


@public
async def _page(request: web.Request) -> web.Response:
    """Show the page; what the link is about, its script asks for."""
    answer = render(request, "rate.html", page="rate")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def add_routes(app: web.Application) -> None:
    """Add the citizens' page and its API."""
    app.router.add_view("/api/v1/rate/look", Look)
    app.router.add_view("/api/v1/rate", Rate)
    if MANIFEST in app:
        app.router.add_get("/rate/{token}", _page, name="page-rate")
