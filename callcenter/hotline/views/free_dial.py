"""The API of free dialling 自由外呼: by the right to dial outside alone. Thin."""

from typing import Annotated

import structlog
from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.flows.dialling.free import FreeDialler
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.numbers import mask
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

FREE_DIALLER = web.AppKey("free-dialler", FreeDialler)
_log = structlog.get_logger()


class Wanted(Body):
    """A telephone number."""

    number: Annotated[str, Field(min_length=3, max_length=32)]


class Ordered(BaseModel):
    """The agent's phone is about to ring."""

    #: Asterisk's name of the call.
    call: str


class FreeDial(ApiView):
    """/api/v1/dial."""

    @requires("dial.outside")
    @answers(Ordered)
    async def post(self, wanted: Wanted) -> web.Response:
        """Ring one's own phone, then call the number."""
        user = current_user(self.request)
        if user.agent is None:
            raise Problem(403, N_("This account has no agent number, so it cannot sign in to a seat."))
        try:
            call = await self.request.app[FREE_DIALLER].dial(user.agent, wanted.number)
        except Refused as refused:
            raise Problem(409, translate(refused.message) % refused.values) from refused
        try:
            async with self.request.app[DATABASE].begin() as session:
                detail = {"number": mask(wanted.number), "call": call}
                audit.record(
                    session, actor_of(self.request), "number_dialled", at=now(), target=f"agent {user.agent}", **detail
                )
        except (SQLAlchemyError, OSError) as error:  # the call is made; the log has it
            _log.error("audit_not_written", what="number_dialled", call=call, error=type(error).__name__)
        return web.json_response({"call": call})


ROUTES = (("dial", FreeDial),)
