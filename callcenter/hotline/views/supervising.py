"""The supervisor's hands: the API for listening, moving callers, changing agents' states and calling reserves in."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from callcenter.asterisk import events
from callcenter.asterisk.supervising import How
from callcenter.hotline.flows.supervising import desk_messages
from callcenter.hotline.flows.supervising.agents import AgentDeeds, Deed
from callcenter.hotline.flows.supervising.listening import Listening
from callcenter.hotline.flows.supervising.moving import Moving
from callcenter.hotline.flows.supervising.reserves import Reserves, Undoable
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.masking import Phone
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.views.floor import AgentRow, agent_row
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, LIVE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

Seat = Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]
Agent = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Hands:
    """What these views use of the running hotline."""

    listening: Listening
    moving: Moving
    agents: AgentDeeds
    reserves: Reserves


HANDS = web.AppKey("hands", Hands)


class ListeningRow(BaseModel):
    """A supervisor's phone that hears a talk, or rings to."""

    id: str
    #: Login.
    by: str
    seat: str
    mode: How
    state: Literal["ringing", "listening"]
    #: The seat or number at which they listen; null when this program has started since.
    phone: str | None
    since: str


class ListenTo(Body):
    """Whose talk to hear, and how: heard by nobody, by the agent alone, or by both."""

    seat: Seat | None = None
    agent: Agent | None = None
    mode: How = "listen"
    #: A free seat whose phone rings; left out one's own, or the one of the settings.
    phone: Seat | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ListenTo":
        if (self.seat is None) == (self.agent is None):
            raise ValueError("say a seat or an agent, one of them")
        return self


class ListenSo(Body):
    """Another way of listening."""

    mode: How


class Moved(BaseModel):
    """A caller who was moved, or is about to go to an agent."""

    id: str
    #: Masked.
    caller: Phone
    position: int | None
    #: The special desk that they wait for by now; null in the general queue.
    desk: str | None
    #: They go to another queue as soon as the announcement that they hear is over.
    moving: bool


class MoveTo(Body):
    """Where a caller who waits goes: to the front, an agent, a special desk 专席, or the general queue."""

    to: Literal["front", "agent", "desk", "queue"]
    agent: Agent | None = None
    desk: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,20}$")] | None = None

    @model_validator(mode="after")
    def _agent_or_desk_is_named(self) -> "MoveTo":
        if (self.to == "agent") != (self.agent is not None):
            raise ValueError("name the agent, for `agent` and for nothing else")
        if (self.to == "desk") != (self.desk is not None):
            raise ValueError("name the desk, for `desk` and for nothing else")
        return self


class ChangeOfState(Body):
    """What is done to an agent's state, and what their desk says about it."""

    deed: Deed
    message: Annotated[str, Field(max_length=desk_messages.LONGEST)] = ""
    reason: Literal["rest", "meal", "training", "meeting"] = "rest"


class ReserveRow(BaseModel):
    """A reserve 备班."""

    name: str
    seat: str | None
    joined: bool
    by: Literal["policy", "hand"] | None
    busy: bool
    #: Why they cannot be called in: no phone, somebody else at the seat, or signed in elsewhere.
    obstacle: Literal["phone", "taken", "elsewhere"] | None


class Join(Body):
    """Whether a reserve shall take calls."""

    joined: bool


class Undo(Body):
    """A step of the queue policy, by its word in the log and whom it concerns."""

    step: Undoable
    whom: Annotated[str, Field(min_length=1, max_length=60)]


class Undone(BaseModel):
    """What was undone."""

    step: str
    whom: str


async def carried_out(deed: Awaitable[_T]) -> _T:
    """Await a deed; a refusal becomes an answer that says why."""
    try:
        return await deed
    except Refused as error:
        values = {name: translate(value) if isinstance(value, str) else value for name, value in error.values.items()}
        raise Problem(409, translate(error.message) % values) from error


class _Deed(ApiView):
    async def _note(self, action: str, target: str, **detail: Any) -> None:  # noqa: ANN401  # any JSON
        async with self.request.app[DATABASE].begin() as session:
            audit.record(session, actor_of(self.request), action, at=now(), target=target, **detail)


class Listen(_Deed):
    """/api/v1/supervision/listen."""

    @requires("floor.supervise")
    @answers(list[ListeningRow])
    async def get(self) -> web.Response:
        """List who listens to which talk."""
        return web.json_response(self.request.app[HANDS].listening.rows)

    @requires("floor.supervise")
    @answers(ListeningRow)
    async def post(self, wanted: ListenTo) -> web.Response:
        """Ring the supervisor's phone, which then hears the talk; who listens already goes on at the same phone."""
        user = current_user(self.request)
        # On the trail before anything is heard: without a trail nobody listens.
        await self._note(
            "listening_ordered", f"seat {wanted.seat}" if wanted.seat else f"agent {wanted.agent}", mode=wanted.mode
        )
        row = await carried_out(
            self.request.app[HANDS].listening.start(
                user.login, user.agent, seat=wanted.seat, whom=wanted.agent, how=wanted.mode, phone=wanted.phone
            )
        )
        return web.json_response(row)


class OneListening(_Deed):
    """/api/v1/supervision/listen/{name}."""

    @requires("floor.supervise")
    @answers(ListeningRow)
    async def post(self, name: str, /, wanted: ListenSo) -> web.Response:
        """Listen on in another way; to one's own listening only."""
        self._own(name)
        await self._note("listening_changed", name, mode=wanted.mode)
        return web.json_response(await self._there(self.request.app[HANDS].listening.change(name, wanted.mode)))

    @requires("floor.supervise")
    @answers(None, status=204)
    async def delete(self, name: str, /) -> web.Response:
        """End a listening; any supervisor may end any."""
        await self._there(self.request.app[HANDS].listening.stop(name))
        await self._note("listening_ended", name)
        return web.Response(status=204)

    def _own(self, name: str) -> None:
        try:
            own = self.request.app[HANDS].listening.whose(name) == current_user(self.request).login
        except LookupError:
            raise Problem(404, N_("Nobody listens there any more.")) from None
        if not own:
            raise Problem(403, N_("You may not do this."))

    async def _there(self, deed: Awaitable[_T]) -> _T:
        try:
            return await carried_out(deed)
        except LookupError:
            raise Problem(404, N_("Nobody listens there any more.")) from None


class WaitingCaller(_Deed):
    """/api/v1/supervision/waiting/{call}."""

    @requires("floor.supervise")
    @answers(Moved)
    async def post(self, call: str, /, wanted: MoveTo) -> web.Response:
        """Move a caller who waits; what fails leaves them where they are."""
        moved = await carried_out(self._deed(call, wanted))
        to = wanted.agent or (f"desk {wanted.desk}" if wanted.desk else wanted.to)
        await self._note("caller_moved", f"call {call}", to=to)
        waiting = self.request.app[HOTLINE].keeper.floor.waiting
        now_waiting = next((one for one in waiting if one.linkedid == call), None)
        row = Moved(
            id=call,
            caller=mask(moved.caller),
            position=now_waiting.position if now_waiting else None,
            desk=now_waiting.desk or None if now_waiting else None,
            moving=bool(now_waiting and now_waiting.moving),
        )
        return web.json_response(row.model_dump())

    def _deed(self, call: str, wanted: MoveTo) -> Awaitable[events.Call]:
        moving = self.request.app[HANDS].moving
        if wanted.agent:
            return moving.to_agent(call, wanted.agent)
        if wanted.to == "front":
            return moving.to_front(call)
        return moving.to_desk(call, wanted.desk or "")


class AgentState(_Deed):
    """/api/v1/supervision/agents/{agent}."""

    @requires("floor.supervise")
    @answers(AgentRow)
    async def post(self, agent: str, /, wanted: ChangeOfState) -> web.Response:
        """Sign an agent out, end their wrap-up or break, or put them on one; their desk shows it with the message."""
        app, user = self.request.app, current_user(self.request)
        seat = await carried_out(app[HANDS].agents.do(wanted.deed, agent, wanted.reason))
        async with app[DATABASE].begin() as session:
            message = desk_messages.write(
                session, app[SETTINGS].node, now(), agent=agent, seat=seat, by=user, to_desk=True,
                text=desk_messages.harmless(wanted.message), deed=wanted.deed,
            )  # fmt: skip
            await session.flush()
            row = desk_messages.row_of(message)
            target = f"agent {agent}"
            audit.record(
                session,
                actor_of(self.request),
                f"agent_{wanted.deed}_by_supervisor",
                at=now(),
                target=target,
                message=message.id,
            )
        app[LIVE].tell("message", row, desk_messages.concerns(agent))
        hotline = app[HOTLINE]
        return web.json_response(
            agent_row(hotline.keeper.floor, agent, hotline.board.names.get(agent, agent)).model_dump()
        )


class ReserveList(_Deed):
    """/api/v1/supervision/reserves."""

    @requires("floor.supervise")
    @answers(list[ReserveRow])
    async def get(self) -> web.Response:
        """List the reserves, and who of them takes calls now."""
        return web.json_response(self.request.app[HANDS].reserves.rows())


class OneReserve(_Deed):
    """/api/v1/supervision/reserves/{name}."""

    @requires("floor.supervise")
    @answers(ReserveRow)
    async def post(self, name: str, /, wanted: Join) -> web.Response:
        """Call a reserve in by hand, or let them go back."""
        reserves, by = self.request.app[HANDS].reserves, current_user(self.request).login
        row = await carried_out(reserves.call_in(name, by) if wanted.joined else reserves.send_back(name, by))
        await self._note("reserve_called_in" if wanted.joined else "reserve_sent_back", f"reserve {name}")
        return web.json_response(row)


class UndoStep(_Deed):
    """/api/v1/supervision/undo."""

    @requires("floor.supervise")
    @answers(Undone)
    async def post(self, wanted: Undo) -> web.Response:
        """Undo a step of the queue policy that still holds; it is not taken again before the crowd is over."""
        by = current_user(self.request).login
        await carried_out(self.request.app[HANDS].reserves.undo(wanted.step, wanted.whom, by))
        await self._note("policy_step_undone", f"{wanted.step} {wanted.whom}")
        return web.json_response({"step": wanted.step, "whom": wanted.whom})


ROUTES = (
    ("supervision/listen", Listen),
    ("supervision/listen/{name}", OneListening),
    ("supervision/waiting/{call}", WaitingCaller),
    ("supervision/agents/{agent}", AgentState),
    ("supervision/reserves", ReserveList),
    ("supervision/reserves/{name}", OneReserve),
    ("supervision/undo", UndoStep),
)
