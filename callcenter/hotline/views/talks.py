"""The API of a talk: what the agent at a seat does with it. Thin."""

from collections.abc import Awaitable
from typing import Annotated, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.flows.talks import TalkDesk, Third
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.rules.talks import ALLOWED, Stage
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

TALK_DESK = web.AppKey("talk-desk", TalkDesk)
_log = structlog.get_logger()


class TalkRow(BaseModel):
    """How the talk at one's own seat stands."""

    #: Null when there is none.
    stage: Stage | None
    #: What may be done with it now.
    may: list[str]


class WhomToCall(Body):
    """A third, and how they are brought in."""

    kind: Literal["seat", "unit", "outside", "police"]
    #: A seat, or a telephone number; nothing for the police.
    number: Annotated[str, Field(max_length=32)] = ""
    #: `consult`: the agent speaks with them first; `transfer`: they get the citizen; `three_way`: all together.
    mode: Literal["consult", "transfer", "three_way"] = "consult"


class Nothing(Body):
    """An empty object."""


class _TalkView(ApiView):
    @property
    def _agent(self) -> str:
        user = current_user(self.request)
        if user.agent is None:
            raise Problem(403, N_("This account has no agent number, so it cannot sign in to a seat."))
        return user.agent

    async def _do(self, action: Awaitable[None], what: str, **detail: str) -> web.Response:
        try:
            await action
        except Refused as refused:
            raise Problem(409, translate(refused.message) % refused.values) from refused
        try:
            async with self.request.app[DATABASE].begin() as session:
                target = f"agent {self._agent}"
                audit.record(session, actor_of(self.request), what, at=now(), target=target, **detail)
        except (SQLAlchemyError, OSError) as error:  # a database that is away keeps no agent from their call
            _log.error("audit_not_written", what=what, error=type(error).__name__)
        return web.json_response({})


class Done(BaseModel):
    """Asterisk was told; what becomes of it is shown at the seat."""


class TalkNow(_TalkView):
    """/api/v1/talk."""

    @requires("talk.handle")
    @answers(TalkRow)
    async def get(self) -> web.Response:
        """Show how the talk at one's own seat stands."""
        try:
            stage = await self.request.app[TALK_DESK].stage(self._agent)
        except Refused as refused:
            raise Problem(409, translate(refused.message) % refused.values) from refused
        return web.json_response({"stage": stage, "may": sorted(ALLOWED[stage]) if stage else []})


class TalkDial(_TalkView):
    """/api/v1/talk/dial."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, wanted: WhomToCall) -> web.Response:
        """Call a third: to consult, to transfer the citizen to, or for a call of three."""
        outside = current_user(self.request).has("dial.outside")
        third = Third(wanted.kind, wanted.number, wanted.mode)
        deed = self.request.app[TALK_DESK].dial(self._agent, third, outside=outside)
        who = wanted.number if wanted.kind in {"seat", "police"} else mask(wanted.number)
        return await self._do(deed, "third_called", kind=wanted.kind, mode=wanted.mode, who=who)


class TalkHold(_TalkView):
    """/api/v1/talk/hold."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002  # an empty body is still JSON
        """Put the citizen on hold."""
        return await self._do(self.request.app[TALK_DESK].hold(self._agent), "talk_held")


class TalkResume(_TalkView):
    """/api/v1/talk/resume."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """Be with the citizen again."""
        return await self._do(self.request.app[TALK_DESK].resume(self._agent), "talk_resumed")


class TalkComplete(_TalkView):
    """/api/v1/talk/complete."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """Leave the citizen to the third."""
        return await self._do(self.request.app[TALK_DESK].complete(self._agent), "talk_transferred")


class TalkMerge(_TalkView):
    """/api/v1/talk/merge."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """Bring citizen and third together."""
        return await self._do(self.request.app[TALK_DESK].merge(self._agent), "talk_of_three_begun")


class TalkDrop(_TalkView):
    """/api/v1/talk/drop."""

    @requires("talk.handle")
    @answers(Done)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """Let the third go, or give up calling them."""
        return await self._do(self.request.app[TALK_DESK].drop(self._agent), "third_let_go")


ROUTES = (
    ("talk", TalkNow),
    ("talk/dial", TalkDial),
    ("talk/hold", TalkHold),
    ("talk/resume", TalkResume),
    ("talk/complete", TalkComplete),
    ("talk/merge", TalkMerge),
    ("talk/drop", TalkDrop),
)
