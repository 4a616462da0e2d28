"""Asks Asterisk for the whole floor, as after a link was made anew; what each answer holds is proven as in `translate`.

A queue entry has no linkedid, so the channels are asked for too.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from callcenter.asterisk import events
from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.fields import NONSENSE, Message, caller, field, member, needed
from callcenter.asterisk.translate import endpoints
from callcenter.settings.desks import desk_queue

_log = structlog.get_logger()
#: Device states, as `PJSIPShowEndpoints` spells them, of an endpoint that has no reachable phone.
_GONE = frozenset({"Unavailable", "Invalid", "Unknown", ""})


class Manager(Protocol):
    """What is needed of the link to Asterisk."""

    async def list(self, name: str, /) -> "list[Message]":
        """Carry out an action that answers with a list."""

    async def action(self, name: str, /, **fields: Any) -> Any:  # noqa: ANN401
        """Carry out an action."""


async def list_floor(
    ami: Manager, seats: Sequence[str], *, queue: str = "hotline", desks: Sequence[str] = ()
) -> events.FloorListed:
    """Ask Asterisk for the whole floor; raises what `ami.list` raises.

    Events that arrive meanwhile belong after it: apply them again, in their order, on what it returns.
    """
    at = datetime.now(UTC)
    status = await ami.list("QueueStatus")
    channels = {field(channel, "Channel"): field(channel, "Linkedid") for channel in await ami.list("CoreShowChannels")}
    states = {field(row, "ObjectName"): field(row, "DeviceState") for row in await ami.list("PJSIPShowEndpoints")}
    members: list[events.Member] = []
    at_desks: dict[tuple[str, str], events.Member] = {}
    waiting: list[events.Call] = []
    desk_of = {queue: "", **{desk_queue(desk): desk for desk in desks}}
    for row in status:
        if (desk := desk_of.get(field(row, "Queue"))) is None:
            continue
        try:
            if row.get("Event") == "QueueMember":
                found = member(row, needed(row, "Location"), field(row, "Name"))
                if desk:
                    at_desks[desk, found.interface] = found
                else:
                    members.append(found)
            elif row.get("Event") == "QueueEntry" and (linkedid := channels.get(needed(row, "Channel"))):
                # A channel that is not there any more hung up between the two questions.
                call = replace(_waiting(row, linkedid, at), desk=desk)
                waiting.append(await _as_it_began(ami, call) if desks else call)
        except NONSENSE as error:
            _log.warning("ami_listing_not_understood", error=f"{type(error).__name__}: {error}")
    # app_queue counts a member's calls for each queue apart.
    talking = {interface for (_, interface), found in at_desks.items() if found.in_call}
    return events.FloorListed(
        at,
        waiting=tuple(sorted(waiting, key=lambda call: (call.desk, call.position))),
        members=tuple(replace(one, in_call=True) if one.interface in talking else one for one in members),
        phones={endpoint: states.get(endpoint, "") not in _GONE for endpoint in sorted(endpoints(seats))},
        at_desks=at_desks,
    )


async def _as_it_began(ami: Manager, call: events.Call) -> events.Call:
    """Return a caller who waits with the time since when they do: app_queue counts from the last move."""
    try:
        told = await ami.action("Getvar", Channel=call.channel, Variable="HOTLINE_SINCE")
        return replace(call, since=datetime.fromtimestamp(float(field(told.fields, "Value")), UTC))
    except (AmiError, *NONSENSE):  # they have hung up
        return call


def _waiting(row: Message, linkedid: str, at: datetime) -> events.Call:
    since = at - timedelta(seconds=int(needed(row, "Wait")))
    return events.Call(linkedid, needed(row, "Channel"), caller(row), int(needed(row, "Position")), since)
