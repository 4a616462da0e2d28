"""Reserves 紧急调度 by hand, and the queue policy's steps undone: a supervisor's wish goes before the policy's."""

from typing import Any, Literal

from callcenter.asterisk.ami import AmiError
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.policy.keeper import PolicyKeeper
from callcenter.hotline.rules import policy as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.policy_facts import Standby, member_of
from callcenter.hotline.rules.supervising import ON_CALL

#: Steps of the policy that can be undone; after-call work that was cut short cannot be given back.
Undoable = Literal["join_reserve", "call_back_break"]
_SEEN_WITHIN = 2.0


class Reserves:
    """The reserves as they are now, and what a supervisor does with them; methods raise Refused."""

    def __init__(self, keeper: FloorKeeper, policy: PolicyKeeper) -> None:
        self._keeper = keeper
        self._policy = policy

    def rows(self) -> list[dict[str, Any]]:
        """Return every reserve: whether they are in the queue, by whom, and what stands in the way."""
        return [self._row(standby) for standby in self._policy.standbys.values()]

    def _row(self, standby: Standby) -> dict[str, Any]:
        floor = self._keeper.floor
        joined = member_of(floor, standby) is not None
        obstacle = None if joined else self._obstacle(standby)
        return {
            "name": standby.name,
            "seat": standby.seat or None,
            "joined": joined,
            "by": None if not joined else "policy" if standby.name in self._policy.called_in else "hand",
            "busy": joined and self._busy(standby),
            "obstacle": obstacle,
        }

    async def call_in(self, name: str, by: str) -> dict[str, Any]:
        """Have a reserve take calls from the queue; the policy does not send them away again."""
        standby = self._known(name)
        if member_of(self._keeper.floor, standby) is None:
            obstacle = self._obstacle(standby)
            if obstacle == "phone":
                raise Refused(
                    N_("the phone of seat %(seat)s is not registered; start the softphone"), seat=standby.seat
                )
            if obstacle == "taken":
                raise Refused(N_("another agent sits at seat %(seat)s"), seat=standby.seat)
            if obstacle == "elsewhere":
                raise Refused(N_("%(name)s is signed in at another seat"), name=name)
            await self._carry_out(rules.JoinReserve, name, by)
            await self._keeper.until(lambda floor: member_of(floor, standby) is not None, _SEEN_WITHIN)
        return self._row(standby)

    async def send_back(self, name: str, by: str) -> dict[str, Any]:
        """Let a reserve go back to what they were at; the policy leaves them in peace until the crowd is over."""
        standby = self._known(name)
        if member_of(self._keeper.floor, standby) is not None:
            if self._busy(standby):
                raise Refused(N_("%(name)s is on a call; end it first"), name=name)
            await self._carry_out(rules.LeaveReserve, name, by)
            await self._keeper.until(lambda floor: member_of(floor, standby) is None, _SEEN_WITHIN)
        return self._row(standby)

    async def undo(self, step: Undoable, whom: str, by: str) -> None:
        """Undo a step that the policy has taken and that still holds."""
        if step == "join_reserve":
            if whom not in self._policy.called_in:
                raise Refused(N_("the policy has not called %(name)s in, or they have gone back"), name=whom)
            await self.send_back(whom, by)
        else:
            if whom not in self._policy.asked_back:
                raise Refused(N_("agent %(agent)s is not asked to come back"), agent=whom)
            await self._carry_out(rules.ReleaseBreak, whom, by)

    def _known(self, name: str) -> Standby:
        if self._keeper.ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        if (standby := self._policy.standbys.get(name)) is None:
            raise Refused(N_("there is no reserve %(name)s"), name=name)
        return standby

    def _obstacle(self, standby: Standby) -> Literal["phone", "taken", "elsewhere"] | None:
        if not standby.seat:
            return None
        seats = self._keeper.floor.seats
        seat = seats.get(standby.seat)
        if any(one.agent == standby.name for one in seats.values()):
            return "elsewhere"
        if seat is not None and seat.agent:
            return "taken"
        return None if seat is not None and seat.phones else "phone"

    def _busy(self, standby: Standby) -> bool:
        if standby.seat:
            seat = self._keeper.floor.seats.get(standby.seat)
            return bool(seat and seat.state in ON_CALL)
        member = member_of(self._keeper.floor, standby)
        return bool(member and (member.in_call or member.device not in {"not_in_use", "unknown"}))

    async def _carry_out(self, step: type[rules.Step], whom: str, by: str) -> None:
        try:
            await self._policy.carry_out_by_hand(step, whom, by)
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
