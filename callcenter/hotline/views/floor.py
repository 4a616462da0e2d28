"""The floor's API: seats, agents and what they do, the queue, the announcement."""

from collections.abc import Awaitable
from typing import Annotated, Any, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.flows import switches
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.masking import Phone, shown
from callcenter.hotline.rules.agents import Refused, seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat
from callcenter.hotline.wallboard import agents_by_state, iso
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

_log = structlog.get_logger()


class SeatRow(BaseModel):
    """A seat 座席 and its SIP account."""

    seat: str
    sip_user: str
    sip_password: str
    agent: str | None


class AgentRow(BaseModel):
    """An agent 话务员 and what they do now."""

    agent: str
    name: str
    state: Literal["signed_out", "ready", "break", "ringing", "talking", "wrap_up"]
    seat: str | None
    since: str | None
    reason: str | None


class WaitingRow(BaseModel):
    """A caller who waits."""

    caller: Phone
    position: int
    since: str
    #: The special desk 专席 that they wait for, by its name; null in the general queue.
    desk: str | None


class QueueNow(BaseModel):
    """The queue against its limit."""

    waiting: list[WaitingRow]
    limit: int
    max_waiting_seen: int
    agents: dict[str, int]


class AnnouncementState(BaseModel):
    """The holiday or emergency announcement."""

    on: bool


class AtSeat(Body):
    """Where an agent signs in."""

    seat: Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]


class BreakReason(Body):
    """Why an agent takes a break."""

    reason: Literal["rest", "meal", "training", "meeting"] = "rest"


class Nothing(Body):
    """An empty object."""


class AnnouncementSwitch(Body):
    """On or off."""

    on: bool


class Seats(ApiView):
    """/api/v1/seats."""

    @requires("seats.see")
    @answers(list[SeatRow])
    async def get(self) -> web.Response:
        """List the seats with their SIP accounts."""
        hotline = self.request.app[HOTLINE]
        rows = [
            SeatRow(seat=number, sip_user=number, sip_password=hotline.passwords[number], agent=seat.agent)
            for number, seat in hotline.keeper.floor.seats.items()
        ]
        return web.json_response([row.model_dump() for row in rows])


class Agents(ApiView):
    """/api/v1/agents."""

    @requires("floor.see")
    @answers(list[AgentRow])
    async def get(self) -> web.Response:
        """List the agents with their state."""
        hotline = self.request.app[HOTLINE]
        rows = [
            agent_row(hotline.keeper.floor, number, name).model_dump() for number, name in hotline.board.names.items()
        ]
        return web.json_response(rows)


def agent_row(floor: Floor, number: str, name: str) -> AgentRow:
    """Return what agent `number` does on `floor`."""
    seat = seat_held_by(floor, number) or Seat("")
    return AgentRow(
        agent=number,
        name=name,
        state=seat.state,
        seat=seat.number or None,
        since=iso(seat.since),
        reason=seat.reason,
    )


class _AgentAction(ApiView):
    async def _act(self, agent: str, action: Awaitable[Any], what: str) -> web.Response:
        """Carry out `action` for `agent`, as themselves or as their supervisor, and answer their new state."""
        hotline = self.request.app[HOTLINE]
        try:
            await action
        except Refused as error:
            raise Problem(409, translate(error.message) % error.values) from error
        await _note(self.request, what, f"agent {agent}")
        row = agent_row(hotline.keeper.floor, agent, hotline.board.names.get(agent, agent))
        return web.json_response(row.model_dump())

    def _may(self, agent: str) -> None:
        user = current_user(self.request)
        if user.agent != agent and not user.has("floor.supervise"):
            raise Problem(403, N_("You may not do this."))


class SignIn(_AgentAction):
    """/api/v1/agents/{agent}/sign-in."""

    @requires("phone.use")
    @answers(AgentRow)
    async def post(self, agent: str, /, wanted: AtSeat) -> web.Response:
        """Sign an agent in at a seat."""
        self._may(agent)
        return await self._act(agent, self.request.app[HOTLINE].desk.sign_in(agent, wanted.seat), "agent_signed_in")


class SignOut(_AgentAction):
    """/api/v1/agents/{agent}/sign-out."""

    @requires("phone.use")
    @answers(AgentRow)
    async def post(self, agent: str, /, nothing: Nothing) -> web.Response:  # noqa: ARG002  # an empty body is still JSON
        """Sign an agent out."""
        self._may(agent)
        return await self._act(agent, self.request.app[HOTLINE].desk.sign_out(agent), "agent_signed_out")


class Break(_AgentAction):
    """/api/v1/agents/{agent}/break."""

    @requires("phone.use")
    @answers(AgentRow)
    async def post(self, agent: str, /, wanted: BreakReason) -> web.Response:
        """Put an agent on break; during a talk the break follows it."""
        self._may(agent)
        return await self._act(agent, self.request.app[HOTLINE].desk.take_break(agent, wanted.reason), "break_began")


class Ready(_AgentAction):
    """/api/v1/agents/{agent}/ready."""

    @requires("phone.use")
    @answers(AgentRow)
    async def post(self, agent: str, /, nothing: Nothing) -> web.Response:  # noqa: ARG002
        """End an agent's break or wrap-up."""
        self._may(agent)
        return await self._act(agent, self.request.app[HOTLINE].desk.ready(agent), "break_ended")


class Queue(ApiView):
    """/api/v1/queue."""

    @requires("queue.see")
    @answers(QueueNow)
    async def get(self) -> web.Response:
        """Show who waits, against the limit."""
        hotline = self.request.app[HOTLINE]
        floor = hotline.keeper.floor
        queue = QueueNow(
            waiting=[
                WaitingRow(
                    caller=call.caller, position=call.position, since=iso(call.since) or "", desk=call.desk or None
                )
                for call in floor.waiting
            ],
            limit=hotline.limit,
            max_waiting_seen=floor.max_waiting_seen,
            agents=agents_by_state(floor),
        )
        return web.json_response(shown(current_user(self.request), QueueNow, queue.model_dump()))


class Announcement(ApiView):
    """/api/v1/announcement."""

    @requires("floor.see")
    @answers(AnnouncementState)
    async def get(self) -> web.Response:
        """Show whether the announcement is played to callers."""
        async with self.request.app[DATABASE].read() as session:
            return web.json_response({"on": await switches.is_on(session, switches.ANNOUNCEMENT)})

    @requires("announcement.switch")
    @answers(AnnouncementState)
    async def post(self, wanted: AnnouncementSwitch) -> web.Response:
        """Switch the announcement on or off; the next caller hears it."""
        user = current_user(self.request)
        await self.request.app[HOTLINE].switch_announcement(wanted.on, user.login)
        await _note(self.request, "announcement_switched", "on" if wanted.on else "off")
        return web.json_response({"on": wanted.on})


async def _note(request: web.Request, what: str, target: str) -> None:
    """Write into the audit trail; a database that is away must not keep an agent from their calls."""
    try:
        async with request.app[DATABASE].begin() as session:
            audit.record(session, actor_of(request), what, at=now(), target=target)
    except (SQLAlchemyError, OSError) as error:
        _log.error("audit_not_written", what=what, target=target, error=type(error).__name__)
