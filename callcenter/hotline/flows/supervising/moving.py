"""A supervisor moves a caller who waits: to the front of the queue, to a special desk and back, or to one agent.

No move takes a place away: the caller waits on in the queue until an agent has picked up for them, so that at most four
wait at every instant, and a move that fails leaves them where they were.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from callcenter import tasks
from callcenter.asterisk import events, supervising
from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.hotline.flows.floor import FloorKeeper, pause
from callcenter.hotline.rules import desks
from callcenter.hotline.rules import supervising as rules
from callcenter.hotline.rules.agents import N_, Refused, seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import CALLBACK, WRAP_UP, Seat
from callcenter.settings.desks import desk_queue

_log = structlog.get_logger()
#: Seconds that Asterisk may take to show what it has acknowledged.
_SEEN_WITHIN = 2.0
#: Seconds after which nothing comes of a move any more: no announcement and no ringing is longer.
_MOVED_WITHIN = 60.0
#: How often Asterisk is asked whether the agent has picked up, in seconds.
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Before:
    """What an agent did before they were rung."""

    paused: bool
    reason: str


class Moving:
    """Moves waiting callers; every method raises Refused when it is not possible now."""

    def __init__(
        self,
        keeper: FloorKeeper,
        names: Callable[[], Mapping[str, str]],
        clock: Callable[[], datetime],
        *,
        queue: str,
        node: str,
        ring_seconds: int,
    ) -> None:
        self._keeper = keeper
        self._names = names
        self._clock = clock
        self._queue = queue
        self._node = node
        self._ring_seconds = ring_seconds
        self._last = 0
        #: Calls that are being handed over, with the agent.
        self.under_way: dict[str, str] = {}

    async def to_front(self, call: str) -> events.Call:
        """Put a caller before all others; the time that they have waited goes on. Returns them."""
        ami = self._ami()
        waiting = rules.waiting_call(self._keeper.floor, call)
        try:
            queue = self._queue_of(waiting)
            places = await supervising.places(ami, queue)
            others = [place for place in places if place.channel != waiting.channel]
            await supervising.move_to_front(ami, queue, waiting.channel, others)
            now_waiting = await supervising.places(ami, queue)
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        # Asterisk tells nobody of the new order.
        self._keeper.put(events.QueueOrdered(self._clock(), tuple(place.channel for place in now_waiting)))
        await self._keeper.until(lambda floor: _waits(floor, call) is None or _first(floor, call), _SEEN_WITHIN)
        return waiting

    async def to_desk(self, call: str, desk: str) -> events.Call:
        """Send a caller to the queue of a special desk, or with an empty `desk` to the hotline's own. Returns them.

        Their place and the time that they have waited go with them. Who is being told their position, or is rung for,
        goes as soon as that is over: they are `moving` until then.
        """
        ami, floor = self._ami(), self._keeper.floor
        waiting = rules.waiting_call(floor, call)
        desks.checked_move(floor, self._keeper.desks, waiting, desk)
        if call in self.under_way:
            raise Refused(N_("agent %(agent)s is rung for a caller already"), agent=self.under_way[call])
        # Told before Asterisk is: between the two queues they are on the floor all the same.
        self._keeper.put(events.CallerMoving(self._clock(), waiting.channel, begun=True))
        try:
            await supervising.move_to_desk(ami, self._queue_of(waiting), waiting.channel, desk)
        except AmiError as error:
            self._keeper.put(events.CallerMoving(self._clock(), waiting.channel, begun=False))
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        tasks.spawn(self._follow(waiting, desk), name=f"move to {desk or 'the general queue'}")
        await self._keeper.until(lambda now: not _waits_elsewhere(now, call, desk), _SEEN_WITHIN)
        moved = _waits(self._keeper.floor, call)
        if moved is None:
            raise Refused(N_("that caller does not wait any more"))
        return moved

    async def _follow(self, waiting: events.Call, desk: str) -> None:
        """Look on until the caller waits where they were sent, or nothing came of it: their mark on the floor ends."""
        call = waiting.linkedid
        # One who is between two queues for longer than a moment is in neither: they left by key, or were answered.
        await self._keeper.until(
            lambda now: not _waits_elsewhere(now, call, desk) or _is_between(now, call), _MOVED_WITHIN
        )
        await self._keeper.until(lambda now: not _is_between(now, call), _SEEN_WITHIN)
        self._keeper.put(events.CallerMoving(self._clock(), waiting.channel, begun=False))

    def _queue_of(self, waiting: events.Call) -> str:
        return desk_queue(waiting.desk) if waiting.desk else self._queue

    async def to_agent(self, call: str, agent: str) -> events.Call:
        """Ring `agent` for a caller, who goes to them when they pick up and waits on until then. Returns them."""
        ami = self._ami()
        waiting = rules.waiting_call(self._keeper.floor, call)
        seat = rules.agent_for(self._keeper.floor, self._names(), agent)
        if call in self.under_way or agent in self.under_way.values():
            raise Refused(N_("agent %(agent)s is rung for a caller already"), agent=self.under_way.get(call, agent))
        self.under_way[call] = agent
        try:
            before, name = await self._ring(ami, seat, waiting), self._name_of_last
        except AmiError as error:
            self.under_way.pop(call, None)
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        tasks.spawn(self._hand_over(ami, waiting, agent, before, name), name=f"hand over to {agent}")
        return waiting

    async def _ring(self, ami: AmiClient, seat: Seat, waiting: events.Call) -> _Before:
        member = seat.member
        if member is None:
            raise Refused(N_("agent %(agent)s is not signed in"), agent=seat.agent)
        # The queue rings them no more from here on; what they did before comes back if they do not pick up.
        await pause(ami, member.interface, paused=True, reason=CALLBACK)
        await self._keeper.until(lambda floor: _kept(floor.seats[seat.number]), _SEEN_WITHIN)
        self._last = max(self._last + 1, int(self._clock().timestamp() * 1000))
        try:
            await supervising.ring_agent(
                ami,
                name=self._name_of_last,
                interface=member.interface,
                shown=waiting.caller or "anonymous",
                seconds=self._ring_seconds,
            )
        except AmiError:
            await self._give_back(ami, seat.number, _Before(member.paused, member.reason))
            raise
        self._keeper.put(
            events.AgentRang(self._clock(), waiting.linkedid, member.interface, member.agent, waiting.caller)
        )
        return _Before(member.paused, member.reason)

    @property
    def _name_of_last(self) -> str:
        return f"{self._node}-hand-over-{self._last}"

    async def _hand_over(self, ami: AmiClient, waiting: events.Call, agent: str, before: _Before, name: str) -> None:
        """Wait for the agent, then let the caller go to them; whatever fails leaves the caller where they are."""
        seat = seat_held_by(self._keeper.floor, agent)
        handed = False
        try:
            picked_up = await self._picked_up(ami, name, waiting.linkedid)
            if picked_up and seat and seat.member:
                now_waiting = _waits(self._keeper.floor, waiting.linkedid) or waiting
                await supervising.hand_over(
                    ami,
                    self._queue_of(now_waiting),
                    waiting.channel,
                    to=picked_up,
                    agent=agent,
                    seat=seat.number,
                    name=name,
                )
                handed = True
                at = self._clock()
                self._keeper.put(
                    events.AgentConnected(
                        at,
                        waiting.linkedid,
                        seat.member.interface,
                        agent,
                        waiting.caller,
                        waited=(at - waiting.since).total_seconds(),
                        rang=0,
                    )
                )
        except AmiError as error:
            _log.warning("hand_over_failed", agent=agent, error=str(error))
        finally:
            self.under_way.pop(waiting.linkedid, None)
            if not handed:
                with suppress(AmiError):
                    await self._hang_up(ami, name)
                if seat:
                    await self._give_back(ami, seat.number, before)

    async def _picked_up(self, ami: AmiClient, name: str, call: str) -> str | None:
        """Return the agent's channel once they have picked up; None when they do not, or the caller waits no more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._ring_seconds + _SEEN_WITHIN):
                seen = False
                while any(waiting.linkedid == call for waiting in self._keeper.floor.waiting):
                    found = await supervising.channel_named(ami, name)
                    if found and found[1]:
                        return found[0]
                    if seen and not found:
                        return None
                    seen = seen or found is not None
                    await asyncio.sleep(_LOOK_SECONDS)
        return None

    async def _hang_up(self, ami: AmiClient, name: str) -> None:
        if found := await supervising.channel_named(ami, name):
            await ami.action("Hangup", Channel=found[0])

    async def _give_back(self, ami: AmiClient, number: str, before: _Before) -> None:
        """Let an agent go on with what they were at; one whose phone rang in vain is not put on break for it."""
        await self._keeper.until(lambda floor: floor.seats[number].state not in rules.ON_CALL, _SEEN_WITHIN)
        seat = self._keeper.floor.seats[number]
        if seat.member is None:
            return
        reason = before.reason if before.paused and before.reason not in {CALLBACK, WRAP_UP} else ""
        with suppress(AmiError):
            await pause(ami, seat.member.interface, paused=bool(reason), reason=reason)

    def _ami(self) -> AmiClient:
        if self._keeper.ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        return self._keeper.ami


def _first(floor: Floor, call: str) -> bool:
    waiting = _waits(floor, call)
    return waiting is not None and waiting.position == 1


def _waits(floor: Floor, call: str) -> events.Call | None:
    return next((one for one in floor.waiting if one.linkedid == call), None)


def _is_between(floor: Floor, call: str) -> bool:
    waiting = _waits(floor, call)
    return waiting is not None and waiting.between


def _waits_elsewhere(floor: Floor, call: str, desk: str) -> bool:
    waiting = _waits(floor, call)
    return waiting is not None and (waiting.desk != desk or waiting.between)


def _kept(seat: Seat) -> bool:
    return bool(seat.member and seat.member.paused and seat.member.reason == CALLBACK)
