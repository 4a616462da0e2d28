"""The follow-ups' API 回访 for the hotline's people: the work list, dialling, and what the citizen said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.hotline.listings import Row
from callcenter.hotline.masking import in_hand, shown, texts_shown
from callcenter.hotline.rules.agents import Refused
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, MANIFEST
from callcenter.panel.pages import add_page
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets import follow_up_listings as listings
from callcenter.tickets.flows.follow_ups.desk import FollowUpDesk, Noted
from callcenter.tickets.flows.follow_ups.visits import NoSuchFollowUp
from callcenter.tickets.follow_up_listings import FollowUpRow
from callcenter.tickets.rules.follow_ups import Result as Said
from callcenter.tickets.views.refusals import told

FOLLOW_UP_DESK = web.AppKey("follow_up_desk", FollowUpDesk)

#: What a database holds as an id.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ByWhom(Body):
    """Whose phone rings; one's own when left out."""

    agent: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")] | None = None


class Outcome(Body):
    """The citizen's word, or that it was not to be had; who is unhappy says why."""

    result: Said
    words: Annotated[str, Field(max_length=2000)] = ""


class Counted(BaseModel):
    """How many are owed, may be dialled now, and wait for a supervisor."""

    open: int
    due: int
    decide: int


@contextmanager
def _answered() -> Iterator[None]:
    """Turn what the desk raises within the block into an answer."""
    with told():
        try:
            yield
        except NoSuchFollowUp as error:
            raise Problem(404, N_("There is no such follow-up.")) from error
        except Refused as error:
            raise Problem(409, translate(error.message) % error.values) from error


class FollowUps(ApiView):
    """/api/v1/follow-ups."""

    @requires("follow_ups.see")
    @answers(list[FollowUpRow])
    async def get(
        self,
        view: listings.View = "open",
        ticket: Annotated[str, Field(max_length=40)] | None = None,
        limit: Annotated[int, Field(ge=1, le=1000)] = 200,
    ) -> web.Response:
        """List follow-ups: open ones in the order in which they are due, all others newest first."""
        async with self.request.app[DATABASE].read() as session:
            rows = await listings.follow_ups(
                session, current_user(self.request), view=view, ticket=ticket or None, now=clock.now(), limit=limit
            )
        user = current_user(self.request)
        rows = shown(user, FollowUpRow, rows, in_hand(user))
        texts = ("title", "description", "answer", "words", "attempts.note")
        return web.json_response(texts_shown(user, rows, *texts, mine=in_hand(user)))


class Counts(ApiView):
    """/api/v1/follow-ups/counts."""

    @requires("follow_ups.see")
    @answers(Counted)
    async def get(self) -> web.Response:
        """Count what is owed."""
        async with self.request.app[DATABASE].read() as session:
            return web.json_response(await listings.count_open(session, clock.now()))


class One(ApiView):
    """/api/v1/follow-ups/{follow_up}."""

    @requires("follow_ups.see")
    @answers(FollowUpRow)
    async def get(self, follow_up: Id, /) -> web.Response:
        """Show one follow-up."""
        async with self.request.app[DATABASE].read() as session:
            rows = await listings.follow_ups(
                session, current_user(self.request), view="all", follow_up=follow_up, now=clock.now()
            )
        if not rows:
            raise Problem(404, N_("There is no such follow-up."))
        return _row(self.request, rows[0])


class Dial(ApiView):
    """/api/v1/follow-ups/{follow_up}/dial."""

    @requires("follow_ups.work")
    @answers(FollowUpRow)
    async def post(self, follow_up: Id, /, wanted: ByWhom) -> web.Response:
        """Call the citizen now: one's own phone rings first. A supervisor may let another agent's ring."""
        user = current_user(self.request)
        agent = wanted.agent or user.agent
        if agent is None:
            raise Problem(400, N_("Some fields are wrong."), fields={"agent": "say whose phone rings"})
        if agent != user.agent and not user.has("follow_ups.manage"):
            raise Problem(403, N_("You may not do this."))
        with _answered():
            row = await self.request.app[FOLLOW_UP_DESK].dial(user, actor_of(self.request), follow_up, agent)
        return _row(self.request, row)


class Result(ApiView):
    """/api/v1/follow-ups/{follow_up}/result."""

    @requires("follow_ups.work")
    @answers(FollowUpRow)
    async def post(self, follow_up: Id, /, wanted: Outcome) -> web.Response:
        """Note what the citizen said: who is unhappy has it done again; for the agent who spoke, or a supervisor."""
        if wanted.result == "unhappy" and len(wanted.words) < 2:  # noqa: PLR2004  # a reason has two characters
            raise Problem(400, N_("Some fields are wrong."), fields={"words": N_("say why the citizen is unhappy")})
        noted = Noted(wanted.result, wanted.words)
        with _answered():
            row = await self.request.app[FOLLOW_UP_DESK].note(
                current_user(self.request), actor_of(self.request), follow_up, noted
            )
        return _row(self.request, row)


def _row(request: web.Request, row: Row) -> web.Response:
    user = current_user(request)
    return web.json_response(shown(user, FollowUpRow, row, in_hand(user)))


def add_routes(app: web.Application) -> None:
    """Add the follow-ups' API and page."""
    app.router.add_view("/api/v1/follow-ups", FollowUps)
    app.router.add_view("/api/v1/follow-ups/counts", Counts)
    app.router.add_view("/api/v1/follow-ups/{follow_up}", One)
    app.router.add_view("/api/v1/follow-ups/{follow_up}/dial", Dial)
    app.router.add_view("/api/v1/follow-ups/{follow_up}/result", Result)
    if MANIFEST in app:
        add_page(app, "/follow-ups", "follow_ups.html", right="follow_ups.see")
