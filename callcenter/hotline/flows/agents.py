"""Agents sign in to a seat, take breaks, come back, sign out: ask the rules, tell Asterisk, wait to see it done."""

from collections.abc import Awaitable, Callable, Mapping

from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.hotline.flows.floor import FloorKeeper, join, leave, pause
from callcenter.hotline.rules import agents as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.desks import desks_of
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat

#: How long Asterisk may take to show what it has acknowledged, in seconds.
_SEEN_WITHIN = 2.0


class AgentDesk:
    """What an agent can do with their place on the floor; every method raises Refused when it is not possible now.

    `names` returns agent numbers with names, as they are now.
    """

    def __init__(self, keeper: FloorKeeper, names: Callable[[], Mapping[str, str]], *, queue: str) -> None:
        self._keeper = keeper
        self._names = names
        self._queue = queue

    async def sign_in(self, agent: str, seat: str) -> Seat:
        """Sign `agent` in at `seat`; doing it twice changes nothing. Returns the seat as it then is."""
        ami = self._ami()
        interface = rules.sign_in(self._keeper.floor, self._names(), agent, seat)
        if self._keeper.floor.seats[seat].agent != agent:
            await self._tell(join(ami, self._queue, interface, agent))
            await self._see(lambda floor: floor.seats[seat].agent == agent)
        return self._keeper.floor.seats[seat]

    async def sign_out(self, agent: str) -> None:
        """Sign `agent` out; Refused while they ring or talk."""
        ami = self._ami()
        member = rules.member_of(self._keeper.floor, self._names(), agent)
        seat = rules.seat_held_by(self._keeper.floor, agent)
        if seat and seat.state in {"ringing", "talking"}:
            raise Refused(
                N_("agent %(agent)s is on a call; end it first, or take a break to get no further one"), agent=agent
            )
        desks = desks_of(self._keeper.floor, member.interface)
        await self._tell(leave(ami, self._queue, member.interface, desks))
        await self._see(lambda floor: rules.seat_held_by(floor, agent) is None)

    async def take_break(self, agent: str, reason: str) -> Seat:
        """Put `agent` on break 小休; during a talk, the break follows it."""
        ami = self._ami()
        if reason not in rules.BREAK_REASONS:
            known = ", ".join(rules.BREAK_REASONS)
            raise Refused(N_("reason %(reason)s is unknown; reasons are %(known)s"), reason=reason, known=known)
        member = rules.member_of(self._keeper.floor, self._names(), agent)
        await self._tell(pause(ami, member.interface, paused=True, reason=reason))
        await self._see(lambda floor: _pause_reason(floor, agent) == reason)
        return self._seat(agent)

    async def ready(self, agent: str) -> Seat:
        """Take calls again: ends a break or wrap-up."""
        ami = self._ami()
        member = rules.member_of(self._keeper.floor, self._names(), agent)
        await self._tell(pause(ami, member.interface, paused=False))
        await self._see(lambda floor: _pause_reason(floor, agent) is None)
        seat = self._seat(agent)
        if seat.reason == "phone_offline":
            raise Refused(N_("the phone of seat %(seat)s is not registered; start the softphone"), seat=seat.number)
        return seat

    def _ami(self) -> AmiClient:
        if self._keeper.ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        return self._keeper.ami

    def _seat(self, agent: str) -> Seat:
        seat = rules.seat_held_by(self._keeper.floor, agent)
        if seat is None:
            raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
        return seat

    async def _tell(self, action: Awaitable[None]) -> None:
        try:
            await action
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error

    async def _see(self, condition: Callable[[Floor], bool]) -> None:
        if not await self._keeper.until(condition, _SEEN_WITHIN):
            raise Refused(N_("Asterisk accepted it but has not shown it yet; look again in a moment"))


def _pause_reason(floor: Floor, agent: str) -> str | None:
    seat = rules.seat_held_by(floor, agent)
    return seat.member.reason if seat and seat.member and seat.member.paused else None
