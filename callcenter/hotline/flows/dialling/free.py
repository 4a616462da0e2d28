"""Free dialling 自由外呼, for whoever has the right: the agent's phone rings first, then the number is called.

No attempt is owed, so nothing is stored beforehand: Asterisk's own record makes the call's row, and a call that was
never made leaves none. It goes the way of a callback through the dialplan, with an attempt of no number.
"""

from dataclasses import dataclass
from time import time_ns

from callcenter.asterisk.ami import AmiError
from callcenter.hotline.flows.dialling import orders
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.dialling.kept_agents import KeptAgents
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules.agents import N_, Refused, seat_held_by
from callcenter.hotline.rules.talks import target_number
from callcenter.settings import Settings
from callcenter.storage import clock

#: States of a seat from which one may call somebody.
_FREE = frozenset({"ready", "break", "wrap_up"})


@dataclass(frozen=True)
class FreeDialler:
    """Calls whom an agent names."""

    keeper: FloorKeeper
    dialler: Dialler
    settings: Settings

    async def dial(self, agent: str, number: str) -> str:
        """Ring the agent and then `number`; returns the call's name. Raises Refused when it is not possible now.

        Whether `agent` has the right to dial is for whoever calls to know.
        """
        police = self.settings.talk.police_number
        number = target_number("outside", number, outside=True, police=police)
        ami, floor = self.keeper.ami, self.keeper.floor
        seat = seat_held_by(floor, agent)
        if seat is None:
            raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
        if seat.state not in _FREE or self.dialler.is_engaged(agent):
            raise Refused(N_("you are on a call, or one is on its way to you"))
        if ami is None or not floor.connected or not self.dialler.line:
            raise Refused(N_("there is no line to the telephone network just now"))
        if floor.waiting:
            raise Refused(N_("callers are waiting; they come first"))
        agents = KeptAgents(self.keeper)
        try:
            interface = await agents.keep(seat.number)
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        if interface is None:
            raise Refused(N_("callers are waiting; they come first"))
        rings = self.settings.callbacks.agent_ring_seconds, self.settings.callbacks.ring_seconds
        name = f"{self.settings.node}-free-{time_ns() // 1000}"
        order = orders.Order(name, 0, number, agent, interface, clock.now(), *rings)
        try:
            await orders.originate(ami, order)
        except (AmiError, ValueError) as error:
            await agents.let_go(seat.number)
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        return name
