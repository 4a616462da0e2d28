"""The line between supervisors and desks 座席消息: its API. What is new comes over the live stream, to them alone."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.hotline.flows.supervising import desk_messages
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.rules.agents import Refused, seat_held_by
from callcenter.hotline.views.supervising import Agent
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, LIVE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Identity
from callcenter.storage.clock import now


class MessageRow(BaseModel):
    """A message between supervisors and an agent's desk."""

    id: int
    at: str
    #: Whose thread it is in, and where they sat.
    agent: str
    seat: str | None
    #: Login and name of the writer.
    by: str
    by_name: str
    #: From a supervisor to the desk, or the other way.
    to_desk: bool
    text: str
    #: What the supervisor did to the agent's state with it.
    deed: str | None
    #: When it was read; one with a deed when it was acknowledged.
    read_at: str | None


class Thread(BaseModel):
    """A thread, and for supervisors how many messages of each agent nobody has read."""

    messages: list[MessageRow]
    unread: dict[str, int]


class NewMessage(Body):
    """What to write; a supervisor says to whom, an agent writes to the supervisors."""

    text: Annotated[str, Field(min_length=1, max_length=desk_messages.LONGEST)]
    agent: Agent | None = None


class ReadUntil(Body):
    """Up to which message a thread was read."""

    until: Annotated[int, Field(ge=1)]
    agent: Agent | None = None
    #: Also what was done to one's state: acknowledged.
    deeds: bool = False


class MarkedRead(BaseModel):
    """The messages that are read now and were not before."""

    agent: str
    ids: list[int]
    to_desk: bool


class Messages(ApiView):
    """/api/v1/desk-messages."""

    @requires("chat.write")
    @answers(Thread)
    async def get(
        self,
        agent: Agent | None = None,
        before: Annotated[int | None, Field(ge=1)] = None,
        limit: Annotated[int, Field(ge=1, le=200)] = 50,
    ) -> web.Response:
        """Show an agent's thread, the newest messages in their order; a supervisor may ask for anybody's."""
        user = current_user(self.request)
        whose = self._whose(user, agent)
        async with self.request.app[DATABASE].read() as session:
            messages = await desk_messages.thread(session, whose, before=before, limit=limit) if whose else []
            unread = await desk_messages.unread(session) if user.has("floor.supervise") else {}
        return web.json_response({"messages": messages, "unread": unread})

    @requires("chat.write")
    @answers(MessageRow)
    async def post(self, wanted: NewMessage) -> web.Response:
        """Write a message; the parties see it at once."""
        app, user = self.request.app, current_user(self.request)
        to_desk = user.has("floor.supervise") and wanted.agent is not None
        agent = self._whose(user, wanted.agent)
        if not agent or agent not in app[HOTLINE].board.names:
            raise Problem(409, translate("agent %(agent)s does not exist") % {"agent": agent or "—"})
        try:
            text = desk_messages.cleaned(wanted.text)
        except Refused as error:
            raise Problem(409, translate(error.message)) from error
        seat = seat_held_by(app[HOTLINE].keeper.floor, agent)
        async with app[DATABASE].begin() as session:
            message = desk_messages.write(
                session, app[SETTINGS].node, now(), agent=agent, seat=seat.number if seat else None, by=user,
                to_desk=to_desk, text=text,
            )  # fmt: skip
            await session.flush()
            row = desk_messages.row_of(message)
            audit.record(
                session,
                actor_of(self.request),
                "message_written",
                at=now(),
                target=f"agent {agent}",
                message=message.id,
            )
        app[LIVE].tell("message", row, desk_messages.concerns(agent))
        return web.json_response(row)

    @staticmethod
    def _whose(user: Identity, agent: str | None) -> str:
        """Return the agent whose thread is meant: an agent's own, whatever they ask for."""
        if agent is not None and agent != user.agent and not user.has("floor.supervise"):
            raise Problem(403, N_("You may not do this."))
        return agent or user.agent or ""


class ReadMessages(Messages):
    """/api/v1/desk-messages/read."""

    @requires("chat.write")
    @answers(MarkedRead)
    async def post(self, wanted: ReadUntil) -> web.Response:  # type: ignore[override]
        """Mark a thread as read: by the agent what came from supervisors, by a supervisor what came from the agent."""
        app, user = self.request.app, current_user(self.request)
        agent = self._whose(user, wanted.agent)
        to_desk = wanted.agent is None or not user.has("floor.supervise")
        async with app[DATABASE].begin() as session:
            ids = await desk_messages.mark_read(
                session, agent, to_desk=to_desk, until=wanted.until, by=user.login, at=now(), deeds=wanted.deeds
            )
        told = {"agent": agent, "ids": list(ids), "to_desk": to_desk}
        if ids:
            app[LIVE].tell("read", told, desk_messages.concerns(agent))
        return web.json_response(told)


ROUTES = (("desk-messages", Messages), ("desk-messages/read", ReadMessages))
