"""An agent in a talk holds, consults, transfers, makes it three, calls 110: look, ask the rules, tell Asterisk.

Each deed begins with a look at the channels as they are. How it goes on is the dialplan's alone; what becomes of it is
told by events, and shown on the seat.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from callcenter.asterisk import talks as asterisk
from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules import talks as rules
from callcenter.hotline.rules.agents import N_, Refused, seat_held_by
from callcenter.hotline.rules.talks import Deed, Kind, Leg, Mode, Stage, Talk


@dataclass(frozen=True, slots=True)
class Third:
    """Who is to be called, and how they are brought in."""

    kind: Kind
    number: str
    mode: Mode


@dataclass(frozen=True)
class TalkDesk:
    """What an agent can do with the talk at their seat; every method raises Refused when it is not possible now."""

    keeper: FloorKeeper
    police: str
    #: Returns the telephones of the member units 成员单位.
    telephones: Callable[[], Awaitable[Collection[str]]]
    #: One hand at a time at an agent's talk: a supervisor who barges in moves it too, and a hold is not undone by that.
    _hands: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock), init=False)

    async def stage(self, agent: str) -> Stage | None:
        """Return how the agent's talk stands; None when they are in none."""
        talk = await self._look(self._ami(), agent)
        return talk.stage if talk else None

    async def hold(self, agent: str) -> None:
        """The citizen hears music 保持."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "hold")
            await self._go(ami, talk, agent, "away")

    async def resume(self, agent: str) -> None:
        """The agent is with the citizen again."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "resume")
            await self._go(ami, talk, agent, "room")

    async def dial(self, agent: str, third: Third, *, outside: bool) -> None:
        """Call a third; the citizen hears music until that has come to something."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "dial")
            listed = await self.telephones() if third.kind == "unit" else ()
            who = rules.target_number(third.kind, third.number, outside=outside, police=self.police, telephones=listed)
            if third.kind == "seat":
                self._there(who, agent)
            names = {"__TALK_KIND": third.kind, "__TALK_WHO": who, "__TALK_MODE": third.mode}
            await self._go(ami, talk, agent, "dial", names)

    async def gather(self, seat: str) -> None:
        """The agent at `seat` and their citizen talk on in a room: who joins them there is heard by the recording too.

        Nothing happens when they are in one; raises Refused when the two do not just talk.
        """
        holder = self.keeper.floor.seats.get(seat)
        agent = (holder.agent if holder else None) or ""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "hold")
            if not talk.in_room:
                await self._go(ami, talk, agent, "room")

    async def complete(self, agent: str) -> None:
        """The agent leaves: the third has the citizen 转接."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "complete")
            third = talk.third
            if third is None:
                raise Refused(N_("the third is gone already"))
            await self._tell(
                asterisk.send(ami, talk.agent.channel, "release")
                if talk.stage == "three_way"
                else asterisk.send(ami, third.channel, "party", with_=(talk.agent.channel, "release"))
            )

    async def merge(self, agent: str) -> None:
        """All three hear each other 三方通话."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "merge")
            third = talk.third
            if third is None:
                raise Refused(N_("the third is gone already"))
            await self._tell(asterisk.send(ami, talk.agent.channel, "gathered", with_=(third.channel, "joins")))

    async def drop(self, agent: str) -> None:
        """Let the third go, or give up calling them; the agent is with the citizen again."""
        async with self._hands[agent]:
            ami, talk = await self._may(agent, "drop")
            third = talk.third
            if talk.stage == "three_way" and third is not None:
                await self._tell(asterisk.hang_up(ami, third.channel))
            else:
                # Whoever is being called, or talked with, ends with the Dial() that the agent leaves.
                await self._tell(asterisk.send(ami, talk.agent.channel, "room"))

    # ---- How ---------------------------------------------------------------------------------------------------------

    async def _may(self, agent: str, deed: Deed) -> tuple[AmiClient, Talk]:
        ami = self._ami()
        return ami, rules.check(await self._look(ami, agent), deed)

    async def _look(self, ami: AmiClient, agent: str) -> Talk | None:
        seat = seat_held_by(self.keeper.floor, agent)
        if seat is None:
            raise Refused(N_("agent %(agent)s is not signed in"), agent=agent)
        try:
            listed = await asterisk.channels(ami)
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        return rules.talk_of(
            seat.number,
            [(row.linkedid, Leg(row.channel, row.uniqueid, row.context, row.exten, row.bridge)) for row in listed],
        )

    async def _go(
        self, ami: AmiClient, talk: Talk, agent: str, exten: str, names: dict[str, str] | None = None
    ) -> None:
        """Send the agent to `exten`, and the citizen to a room first when they are in none yet."""
        seat = seat_held_by(self.keeper.floor, agent)
        room = talk.linkedid
        mine = {
            "__TALK_ROOM": room,
            "__TALK_CITIZEN": talk.citizen.channel,
            "__TALK_AGENT": talk.agent.channel,
            "__TALK_SEAT": seat.number if seat else "",
            **(names or {}),
        }
        theirs = {"TALK_ROOM": room, "TALK_AGENT": talk.agent.channel}
        try:
            await asterisk.set_variables(ami, {talk.agent.channel: mine, talk.citizen.channel: theirs})
            if talk.in_room:
                await asterisk.send(ami, talk.agent.channel, exten)
            else:
                await asterisk.send(ami, talk.citizen.channel, "citizen", with_=(talk.agent.channel, exten))
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error

    def _there(self, number: str, agent: str) -> None:
        """Whether a seat can be called. Raises Refused when it cannot."""
        seat = self.keeper.floor.seats.get(number)
        if seat is None:
            raise Refused(N_("seat %(seat)s does not exist"), seat=number)
        if seat.agent == agent:
            raise Refused(N_("that is your own seat"))
        if not seat.phones:
            raise Refused(N_("the phone of seat %(seat)s is not registered; start the softphone"), seat=number)
        if seat.state in {"talking", "ringing"}:
            raise Refused(N_("seat %(seat)s is on a call"), seat=number)

    def _ami(self) -> AmiClient:
        if self.keeper.ami is None or not self.keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        return self.keeper.ami

    @staticmethod
    async def _tell(action: Awaitable[None]) -> None:
        try:
            await action
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
