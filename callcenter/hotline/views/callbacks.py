"""The callbacks' API 漏接回拨: the list, and what agents and supervisors do with one."""

from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.hotline import listings
from callcenter.hotline.flows.callbacks.desk import CallbackDesk
from callcenter.hotline.flows.callbacks.work import Note
from callcenter.hotline.masking import in_hand, shown, texts_shown
from callcenter.hotline.rules.agents import Refused
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem

CALLBACK_DESK = web.AppKey("callback_desk", CallbackDesk)

Limit = Annotated[int, Field(ge=1, le=10_000)]
#: What a database holds as an id.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ByWhom(Body):
    """Whose phone rings; one's own when left out."""

    agent: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")] | None = None


class Outcome(Body):
    """What the call came to, as whoever spoke, or did not, knows it."""

    result: Literal["answered", "voicemail", "wrong_number"]
    note: Annotated[str, Field(max_length=500)] = ""


class ForWhom(Body):
    """The agent it is kept for; null for whoever is free."""

    agent: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")] | None


class Reason(Body):
    """Why it needs no call any more."""

    reason: Annotated[str, Field(min_length=2, max_length=500)]


class Nothing(Body):
    """An empty object."""


class Callbacks(ApiView):
    """/api/v1/callbacks."""

    @requires("callbacks.see")
    @answers(list[listings.CallbackRow])
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        day: date | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        state: str | None = None,
        caller: str | None = None,
        limit: Limit = 200,
    ) -> web.Response:
        """List callbacks, newest first; state `open` means all that are still owed."""
        settings = self.request.app[SETTINGS]
        async with self.request.app[DATABASE].read() as session:
            rows = await listings.callbacks(
                session,
                day=day,
                since=since,
                until=until,
                state=state or None,
                caller=caller,
                limit=limit,
                time_zone=settings.time_zone,
                area_code=settings.callbacks.area_code,
            )
        user = current_user(self.request)
        rows = shown(user, listings.CallbackRow, rows, in_hand(user))
        return web.json_response(texts_shown(user, rows, "note", "attempts.note", mine=in_hand(user)))


class _Deed(ApiView):
    @property
    def _desk(self) -> CallbackDesk:
        return self.request.app[CALLBACK_DESK]

    async def _answer(self, deed: Awaitable[listings.Row]) -> web.Response:
        """Answer with the callback as it then is, or with why not."""
        try:
            row = await deed
        except LookupError as error:
            raise Problem(404, N_("There is no such callback.")) from error
        except Refused as error:
            raise Problem(409, translate(error.message) % error.values) from error
        user = current_user(self.request)
        return web.json_response(shown(user, listings.CallbackRow, row, in_hand(user)))


class Dial(_Deed):
    """/api/v1/callbacks/{id}/dial."""

    @requires("callbacks.work")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, wanted: ByWhom) -> web.Response:
        """Call the citizen back now: one's own phone rings first. A supervisor may let another agent's ring."""
        user = current_user(self.request)
        agent = wanted.agent or user.agent
        if agent is None:
            raise Problem(400, N_("Some fields are wrong."), fields={"agent": "say whose phone rings"})
        if agent != user.agent and not user.has("callbacks.manage"):
            raise Problem(403, N_("You may not do this."))
        return await self._answer(self._desk.dial(actor_of(self.request), callback, agent))


class Result(_Deed):
    """/api/v1/callbacks/{id}/result."""

    @requires("callbacks.work")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, wanted: Outcome) -> web.Response:
        """Note what a call that was picked up came to; for the agent who called, or a supervisor."""
        user = current_user(self.request)
        mine = user.agent is not None and await self._desk.dialled_by(callback) == user.agent
        if not mine and not user.has("callbacks.manage"):
            raise Problem(403, N_("You may not do this."))
        noted = Note(wanted.result, wanted.note)
        return await self._answer(self._desk.note(actor_of(self.request), callback, noted))


class Assign(_Deed):
    """/api/v1/callbacks/{id}/assign."""

    @requires("callbacks.manage")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, wanted: ForWhom) -> web.Response:
        """Keep it for one agent, or for nobody."""
        return await self._answer(self._desk.assign(actor_of(self.request), callback, wanted.agent))


class Close(_Deed):
    """/api/v1/callbacks/{id}/close."""

    @requires("callbacks.manage")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, wanted: Reason) -> web.Response:
        """Declare it settled, and say why; a call that is under way goes on."""
        return await self._answer(self._desk.close(actor_of(self.request), callback, wanted.reason))


class Forward(_Deed):
    """/api/v1/callbacks/{id}/forward."""

    @requires("callbacks.manage")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, nothing: Nothing) -> web.Response:  # noqa: ARG002  # an empty body is still JSON
        """Dial it next, also one that was given up as unreachable."""
        return await self._answer(self._desk.forward(actor_of(self.request), callback))


class Allow(_Deed):
    """/api/v1/callbacks/{id}/allow."""

    @requires("callbacks.manage")
    @answers(listings.CallbackRow)
    async def post(self, callback: Id, /, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """Let a number be dialled that is held: an emergency, premium, foreign or unknown one."""
        return await self._answer(self._desk.allow(actor_of(self.request), callback))


#: Path below /api/v1 and view.
ROUTES = (
    ("callbacks", Callbacks),
    ("callbacks/{callback}/dial", Dial),
    ("callbacks/{callback}/result", Result),
    ("callbacks/{callback}/assign", Assign),
    ("callbacks/{callback}/close", Close),
    ("callbacks/{callback}/forward", Forward),
    ("callbacks/{callback}/allow", Allow),
)
