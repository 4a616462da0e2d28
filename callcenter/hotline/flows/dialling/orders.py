"""What Asterisk is asked for callbacks: to ring the agent and then the citizen, to end that, and what it has now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.fields import field

#: An order may come so much later than the agent's phone could have rung; the dialplan dials nobody after that.
LATE = timedelta(seconds=10)
#: States of an endpoint whose other side does not answer.
_GONE = frozenset({"Unavailable", "Invalid", ""})


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt as Asterisk is asked for it; times in seconds."""

    #: The name that the call is given.
    name: str
    #: 0 for a call that is nobody's errand.
    attempt: int
    number: str
    agent: str
    #: The agent's phone, as a queue member's interface.
    interface: str
    at: datetime
    agent_ring: int
    ring: int

    @property
    def dial_before(self) -> datetime:
        """The citizen is not dialled after this, whatever held the order up."""
        return self.at + timedelta(seconds=self.agent_ring) + LATE


async def originate(ami: AmiClient, order: Order) -> None:
    """Ask once. Raises AmiDown and AmiRefused when nothing was begun, AmiError when that is unknown."""
    await ami.action(
        "Originate",
        Channel=order.interface,
        Context="hotline-callback",
        Exten="s",
        Priority=1,
        Timeout=order.agent_ring * 1000,
        CallerID=f'"" <{order.number}>',
        ChannelId=order.name,
        Async="true",
        Variable=[
            f"ATTEMPT={order.attempt or ''}",
            f"NUMBER={order.number}",
            f"AGENT={order.agent}",
            f"DIAL_BEFORE={int(order.dial_before.timestamp())}",
            f"DIAL_SECONDS={order.ring}",
        ],
    )


async def hang_up(ami: AmiClient, name: str) -> None:
    """End the call of that name. Raises AmiRefused when there is none."""
    await ami.action("Hangup", Channel=name)


async def line_is_there(ami: AmiClient, trunk: str) -> bool:
    """Tell whether the far end of a trunk answers Asterisk's questions; without it nobody can be dialled."""
    endpoints = await ami.list("PJSIPShowEndpoints")
    states = {field(row, "ObjectName"): field(row, "DeviceState") for row in endpoints}
    return states.get(f"trunk-{trunk}", "Unavailable") not in _GONE


async def in_progress(ami: AmiClient) -> set[str]:
    """Return the names of all calls that Asterisk has. Raises AmiError."""
    channels = await ami.list("CoreShowChannels")
    return {name for row in channels for name in (field(row, "Uniqueid"), field(row, "Linkedid"))}
