"""Agents who are kept free of queue calls while they call a citizen back: a pause with a reason of its own."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from callcenter.asterisk.ami import AmiError
from callcenter.hotline.flows.floor import FloorKeeper, pause
from callcenter.hotline.rules.agents import seat_held_by
from callcenter.hotline.rules.seats import CALLBACK, Seat

#: Seconds that Asterisk may take to show a pause that it has acknowledged.
_SEEN_WITHIN = 2.0
#: An agent kept free whose phone is silent for so long is let go.
_STRANDED = timedelta(seconds=5)


class KeptAgents:
    """Keeps agents free and lets them go; `rules.agents` ends the pause of those whose phone was heard to be idle."""

    def __init__(self, keeper: FloorKeeper) -> None:
        self._keeper = keeper
        #: Seat -> since when its phone has been silent.
        self._silent: dict[str, datetime] = {}

    async def keep(self, number: str) -> str | None:
        """Keep the agent at a seat free, and return their phone's interface.

        None, and they are let go, when a caller of the queue was quicker, or somebody waits by now: the floor is looked
        at again, for from here on the queue rings them no more. Raises AmiError.
        """
        ami, member = self._keeper.ami, self._keeper.floor.seats[number].member
        if ami is None or member is None:
            return None
        await pause(ami, member.interface, paused=True, reason=CALLBACK)
        await self._keeper.until(lambda floor: kept(floor.seats[number]), _SEEN_WITHIN)
        floor = self._keeper.floor
        seat = floor.seats[number]
        taken = seat.party or (seat.member and seat.member.in_call)
        moved = seat.member is None or seat.member.interface != member.interface
        if kept(seat) and not taken and not moved and not floor.waiting:
            return member.interface
        await self.let_go(number)
        return None

    async def let_go(self, number: str) -> None:
        """End the pause of the agent at a seat, if there is one; what fails, the next look at the silent ones mends."""
        seat = self._keeper.floor.seats[number]
        if self._keeper.ami is not None and seat.member is not None:
            with suppress(AmiError):
                await pause(self._keeper.ami, seat.member.interface, paused=False)

    async def without_talk(self, agent: str, *, picked_up: bool) -> None:
        """A call to a citizen came to no talk: there is nothing to write up, and the agent is free at once.

        One whose phone rang in vain is put on break, as the queue does; else it would ring on and on. Asterisk shows a
        phone that rings like one that talks, so the floor took it for a talk.
        """
        await self._keeper.until(lambda floor: not kept(seat_held_by(floor, agent)), _SEEN_WITHIN)
        seat = seat_held_by(self._keeper.floor, agent)
        if self._keeper.ami is None or seat is None or seat.member is None or seat.state not in {"ready", "wrap_up"}:
            return
        how = {"paused": False} if picked_up else {"paused": True, "reason": "no_answer"}
        with suppress(AmiError):
            await pause(self._keeper.ami, seat.member.interface, **how)

    async def free_stranded(self, beginning: Collection[str], now: datetime) -> None:
        """Let go whoever is kept free for a callback of which nothing came, as when this program was killed.

        `beginning` are seats whose phone is about to be asked to ring.
        """
        silent = {
            seat.number
            for seat in self._keeper.floor.seats.values()
            if kept(seat) and seat.member and seat.member.device == "not_in_use" and seat.number not in beginning
        }
        self._silent = {number: self._silent.get(number, now) for number in silent}
        for number, since in self._silent.items():
            if now - since >= _STRANDED:
                await self.let_go(number)


def kept(seat: Seat | None) -> bool:
    """Whether an agent is kept free of queue calls for a callback."""
    return bool(seat and seat.member and seat.member.paused and seat.member.reason == CALLBACK)
