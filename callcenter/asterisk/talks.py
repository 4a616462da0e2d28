"""What a talk needs of Asterisk: its channels as they are now, and to send them where the dialplan goes on.

Never by REFER: an attended transfer by SIP was seen to deadlock PJSIP (asterisk/asterisk issue 2166). Two channels that
are joined are redirected in one action (`ExtraChannel`), or the first to leave would end the other's call.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.fields import field

TALK = "hotline-talk"


class Channel(NamedTuple):
    """A channel as `CoreShowChannels` lists it."""

    linkedid: str
    channel: str
    uniqueid: str
    context: str
    exten: str
    #: Empty when it is in none.
    bridge: str


async def channels(ami: AmiClient) -> list[Channel]:
    """Return every channel of a telephone. Raises AmiError."""
    return [
        Channel(
            field(row, "Linkedid"),
            field(row, "Channel"),
            field(row, "Uniqueid"),
            field(row, "Context"),
            field(row, "Exten"),
            field(row, "BridgeId"),
        )
        for row in await ami.list("CoreShowChannels")
        if field(row, "Channel").startswith("PJSIP/")
    ]


async def set_variables(ami: AmiClient, variables: Mapping[str, Mapping[str, str]]) -> None:
    """Set variables, by channel; a name that begins with `__` is inherited by channels that it calls. Raises AmiError.

    Asked all at once, for Asterisk answers in order, and an agent waits for the sum of all ways there and back.
    """
    await asyncio.gather(
        *(
            ami.action("Setvar", Channel=channel, Variable=name, Value=value)
            for channel, its in variables.items()
            for name, value in its.items()
        )
    )


async def send(ami: AmiClient, channel: str, exten: str, *, with_: tuple[str, str] | None = None) -> None:
    """Send a channel to an extension of the talk's context, and another with it. Raises AmiError."""
    extra: dict[str, Any] = {}
    if with_ is not None:
        other, its_exten = with_
        extra = {"ExtraChannel": other, "ExtraContext": TALK, "ExtraExten": its_exten, "ExtraPriority": "1"}
    await ami.action("Redirect", Channel=channel, Context=TALK, Exten=exten, Priority=1, **extra)


async def hang_up(ami: AmiClient, channel: str) -> None:
    """End a channel. Raises AmiRefused when there is none."""
    await ami.action("Hangup", Channel=channel)
