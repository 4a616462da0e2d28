"""Screen pop 来电弹屏: who calls the asker's own seat, and what is known of a caller.

A desk that listens is told both by itself (`flows/writing/popping.py`); these are for one that was away.
"""

from typing import Annotated, Any, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.listings import iso
from callcenter.hotline.rules.agents import seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.numbers import normalised
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.storage.clock import now
from callcenter.tickets.flows.writing.callers import CallerCard, card
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.views.drafts import DRAFTS

_log = structlog.get_logger()

#: As the network delivers a number, or somebody types it; what else it holds is no number that anybody has.
Number = Annotated[str, Field(pattern=r"^[0-9A-Za-z+*#._~-]{1,32}$")]

#: What rings at a seat, or is on its line.
DeskState = Literal["ringing", "talking"]


class DeskCall(BaseModel):
    """The call at the asker's own seat; all null when there is none."""

    linkedid: str | None
    #: Unmasked, for it is theirs to answer; empty when it was withheld.
    caller: str | None
    state: DeskState | None
    since: str | None
    #: Whether a colleague calls about this citizen, or has passed them on 转接.
    passed: bool


class BegunForm(BaseModel):
    """What a colleague wrote of the call that is now at the asker's seat, and has not sent; null when there is none."""

    fields: dict[str, Any] | None


class Caller(ApiView):
    """/api/v1/callers/{number}."""

    @requires("callers.see")
    @answers(CallerCard)
    async def get(self, number: Number, /) -> web.Response:
        """Show earlier calls, tickets, missed calls and what is owed; a number that does not call is noted."""
        settings = self.request.app[SETTINGS]
        area_code = settings.callbacks.area_code
        user = current_user(self.request)
        if normalised(number, area_code) != normalised(_own_call(self.request).caller or "", area_code):
            await _note(self.request, number)
        async with self.request.app[DATABASE].read() as session:
            countdown = self.request.app[TICKETS].countdown(now())
            found = await card(session, user, number, countdown=countdown, area_code=area_code)
        return web.json_response(found)


class CallAtDesk(ApiView):
    """/api/v1/desk/call."""

    @requires("calls.take")
    @answers(DeskCall)
    async def get(self) -> web.Response:
        """Show who rings at the asker's own seat, or is on its line: the number in full, which others see masked."""
        return web.json_response(_own_call(self.request).model_dump())


class BegunAtDesk(ApiView):
    """/api/v1/desk/begun."""

    @requires("calls.take")
    @answers(BegunForm)
    async def get(self) -> web.Response:
        """Show what a colleague has written of the call that they pass on: no citizen says everything twice."""
        call = _own_call(self.request)
        fields = None
        if call.passed and call.linkedid:
            async with self.request.app[DATABASE].read() as session:
                fields = await self.request.app[DRAFTS].begun(session, call.linkedid, current_user(self.request).login)
        return web.json_response({"fields": fields})


def _own_call(request: web.Request) -> DeskCall:
    agent = current_user(request).agent
    seat = seat_held_by(_floor(request), agent) if agent else None
    party = seat.party if seat else None
    if seat is None or party is None:
        return DeskCall(linkedid=None, caller=None, state=None, since=None, passed=False)
    state: DeskState = "talking" if seat.state == "talking" else "ringing"
    passed = party is seat.passed
    return DeskCall(linkedid=party.linkedid, caller=party.caller, state=state, since=iso(seat.since), passed=passed)


def _floor(request: web.Request) -> Floor:
    return request.app[HOTLINE].keeper.floor


async def _note(request: web.Request, number: str) -> None:
    """Write into the audit trail; a database that cannot be written still shows who called."""
    try:
        async with request.app[DATABASE].begin() as session:
            audit.record(session, actor_of(request), "caller_looked_up", at=now(), target=f"caller {number}")
    except (SQLAlchemyError, OSError) as error:
        _log.error("audit_not_written", what="caller_looked_up", error=type(error).__name__)


def add_routes(app: web.Application) -> None:
    """Add the API."""
    for path, view in ROUTES:
        app.router.add_view(f"/api/v1/{path}", view)


#: Path below /api/v1 and view.
ROUTES = (("callers/{number}", Caller), ("desk/call", CallAtDesk), ("desk/begun", BegunAtDesk))
