"""What Asterisk is asked for the supervisor's hands: to ring an ear, to let it hear a talk, to move who waits.

Every channel's name comes from a listing of Asterisk's own. Facts, tried with Asterisk 22.10:

- ChanSpy's `E` ends the listening when the agent's channel hangs up, which it does at the end of every talk;
- a redirection in the midst of ChanSpy changes the way of listening within a packet or two, and nobody hears it;
- QueueChangePriorityCaller moves a caller who waits at once, and tells nobody: the order must be asked for;
- QueueWithdrawCaller lets the caller go on in the dialplan, and queue_log says WITHDRAW; a redirection says ABANDON.
  The events of a withdrawal say that the caller gave up (QueueCallerAbandon).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from callcenter.asterisk.ami import AmiRefused
from callcenter.asterisk.fields import Message, field

#: How a supervisor hears a talk: heard by nobody 监听, by the agent alone 耳语, or by both 强插.
How = Literal["listen", "whisper", "barge"]
HOWS: tuple[How, ...] = get_args(How)
_CONTEXT = "hotline-listen"
#: Seconds after which a redirection that was refused is tried again.
_ON_ITS_WAY = (0.1, 0.3)
_NAME = re.compile(r".+-listen-\d+")
_SEAT_CHANNEL = re.compile(r"PJSIP/(\d{1,10})w?-[0-9a-f]{8,}")


class Manager(Protocol):
    """What is needed of the link to Asterisk."""

    async def action(self, name: str, /, **fields: Any) -> Any:  # noqa: ANN401
        """Carry out an action."""

    async def list(self, name: str, /, **fields: Any) -> "list[Message]":  # noqa: ANN401
        """Carry out an action that answers with a list."""


@dataclass(frozen=True, slots=True)
class Ear:
    """A supervisor's phone that hears a talk, or rings to."""

    #: The name that the call was given, and its channel's.
    name: str
    channel: str
    #: Login of whoever listens.
    by: str
    #: The seat whose talk is heard, and how; None while it rings.
    seat: str | None
    how: How | None
    #: It has barged into a talk that is in a room by now, where the agent alone would hear it.
    outside: bool = False
    #: It has barged into a talk that is in no room: both hear it, but what listens to the citizen's channel, as the
    #: recording does, does not.
    beside: bool = False
    #: It is in the room of a talk that the agent has left.
    left: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A caller who waits, as app_queue has them."""

    channel: str
    priority: int


async def talk_of(ami: Manager, seat: str, call: str = "") -> str | None:
    """Return the channel of the seat's phone that is in a talk, of several the one of `call`; None without any."""
    talks = [
        (field(row, "Linkedid") == call, field(row, "Duration"), field(row, "Channel"))
        for row in await ami.list("CoreShowChannels")
        if (found := _SEAT_CHANNEL.fullmatch(field(row, "Channel"))) and found[1] == seat and _talks(row)
    ]
    return max(talks)[2] if talks else None


def _talks(row: Message) -> bool:
    return field(row, "ChannelStateDesc") == "Up" and bool(field(row, "BridgeId"))


async def ring_ear(
    ami: Manager, *, name: str, by: str, interface: str, spied: str, how: How, shown: str, seconds: int, outside: bool
) -> None:
    """Ring the phone at `interface`, which then hears the channel `spied`; an `outside` one must press 1 first.

    Raises AmiError.
    """
    await ami.action(
        "Originate",
        Channel=interface,
        Context=_CONTEXT,
        Exten="telephone" if outside else how,
        Priority=1,
        Timeout=seconds * 1000,
        CallerID=f'"" <{shown}>',
        ChannelId=name,
        Account=by,
        Async="true",
        Variable=[f"SPIED={spied}", f"HOW={how}"],
    )


async def change_ear(ami: Manager, ear: Ear, how: How, spied: str | None = None) -> None:
    """Let an ear hear in another way, or another channel; raises AmiError."""
    if spied is not None:
        await ami.action("Setvar", Channel=ear.channel, Variable="SPIED", Value=spied)
    for wait in (*_ON_ITS_WAY, None):
        try:
            await ami.action("Redirect", Channel=ear.channel, Context=_CONTEXT, Exten=how, Priority=1)
        except AmiRefused:
            if wait is None:
                raise
            # A channel that is on its way from the redirection before is "not up" for a packet or two.
            await asyncio.sleep(wait)
        else:
            return


async def end_ear(ami: Manager, ear: Ear) -> None:
    """Hang an ear up; raises AmiError."""
    await ami.action("Hangup", Channel=ear.channel)


async def ears(ami: Manager) -> list[Ear]:
    """Return every ear that there is, also those of a life of this program before; raises AmiError."""
    rows = await ami.list("CoreShowChannels")
    running = {field(row, "Channel"): field(row, "Application") for row in rows}
    return [await _ear(ami, row, running) for row in rows if _NAME.fullmatch(field(row, "Uniqueid"))]


async def _ear(ami: Manager, row: Message, running: Mapping[str, str]) -> Ear:
    name, channel, by = field(row, "Uniqueid"), field(row, "Channel"), field(row, "AccountCode")
    match field(row, "Application"):
        case "ChanSpy":
            spied, _, options = field(row, "ApplicationData").partition(",")
            how: How = "barge" if "B" in options else "whisper" if "w" in options else "listen"
            roomed = running.get(spied) == "ConfBridge"
            barges = how == "barge" and spied in running
            return Ear(name, channel, by, _seat_of(spied), how, outside=barges and roomed, beside=barges and not roomed)
        case "ConfBridge":
            spied = field((await ami.action("Getvar", Channel=channel, Variable="SPIED")).fields, "Value")
            return Ear(name, channel, by, _seat_of(spied), "barge", left=spied not in running)
    return Ear(name, channel, by, None, None)


def _seat_of(channel: str) -> str | None:
    found = _SEAT_CHANNEL.fullmatch(channel)
    return found[1] if found else None


async def places(ami: Manager, queue: str) -> list[Place]:
    """Return who waits in `queue`, first in line first; raises AmiError."""
    rows = [row for row in await ami.list("QueueStatus", Queue=queue) if row.get("Event") == "QueueEntry"]
    rows.sort(key=lambda row: _number(field(row, "Position")))
    return [Place(field(row, "Channel"), _number(field(row, "Priority"))) for row in rows]


async def move_to_front(ami: Manager, queue: str, channel: str, others: Sequence[Place]) -> None:
    """Put a caller who waits before all `others`; they keep their place and their time. Raises AmiError."""
    priority = 1 + max((place.priority for place in others), default=0)
    await ami.action("QueueChangePriorityCaller", Queue=queue, Caller=channel, Priority=priority, Immediate="yes")


async def move_to_desk(ami: Manager, queue: str, channel: str, desk: str) -> None:
    """Send a caller who waits in `queue` to a special desk's, or without a desk to the hotline's own; raises AmiError.

    Asterisk has taken the order, no more: who is rung for at the moment goes when that phone is silent.
    """
    await ami.action("QueueWithdrawCaller", Queue=queue, Caller=channel, WithdrawInfo=f"desk={desk}")


async def ring_agent(ami: Manager, *, name: str, interface: str, shown: str, seconds: int) -> None:
    """Ring an agent for a caller who still waits; the phone that is picked up waits for them. Raises AmiError."""
    await ami.action(
        "Originate",
        Channel=interface,
        Context="hotline-hand-over",
        Exten="s",
        Priority=1,
        Timeout=seconds * 1000,
        CallerID=f'"" <{shown}>',
        ChannelId=name,
        Async="true",
    )


async def channel_named(ami: Manager, name: str) -> tuple[str, bool] | None:
    """Return the channel of the call that was given `name`, and whether it was picked up; None when it is gone."""
    for row in await ami.list("CoreShowChannels"):
        if field(row, "Uniqueid") == name:
            return field(row, "Channel"), field(row, "ChannelStateDesc") == "Up"
    return None


async def hand_over(ami: Manager, queue: str, channel: str, *, to: str, agent: str, seat: str, name: str) -> None:
    """Let a caller who waits go to the channel `to`, named `name`, where `agent` has picked up; raises AmiError."""
    told = f"{to.removeprefix('PJSIP/')}/{agent}/{seat}/{name}"
    await ami.action("QueueWithdrawCaller", Queue=queue, Caller=channel, WithdrawInfo=told)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else 0
