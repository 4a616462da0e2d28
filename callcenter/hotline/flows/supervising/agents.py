"""A supervisor changes an agent's state, with a message that the agent's desk shows until it is acknowledged."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from callcenter.hotline.flows.agents import AgentDesk
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules.agents import N_, Refused, seat_held_by

#: What is done: the agent is signed out, their wrap-up or break is ended, or they are put on a break.
Deed = Literal["sign_out", "ready", "break"]


class AgentDeeds:
    """Carries deeds out through the desk, as the agent would; raises Refused."""

    def __init__(self, keeper: FloorKeeper, desk: AgentDesk) -> None:
        self._keeper = keeper
        self._desk = desk

    async def do(self, deed: Deed, agent: str, reason: str) -> str | None:
        """Do it, and return the seat where the agent sat; `reason` is a break's."""
        seat = seat_held_by(self._keeper.floor, agent)
        if deed == "ready" and seat is not None and seat.state not in {"wrap_up", "break"}:
            raise Refused(N_("agent %(agent)s is neither in wrap-up nor on a break"), agent=agent)
        deeds: Mapping[Deed, Callable[[], Awaitable[object]]] = {
            "sign_out": lambda: self._desk.sign_out(agent),
            "ready": lambda: self._desk.ready(agent),
            "break": lambda: self._desk.take_break(agent, reason),
        }
        await deeds[deed]()
        return seat.number if seat else None
