"""What the settings and the names in them mean for bans: what is borne, and who is never banned."""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from datetime import timedelta

from callcenter.hotline.rules import bans as rules
from callcenter.hotline.rules.bans import Limits, Network
from callcenter.settings import Settings

#: Seconds that a name server may take.
_PATIENCE = 2.0


def limits_of(settings: Settings) -> Limits:
    """Return what is borne, from the settings."""
    bans = settings.bans
    return Limits(
        window=timedelta(seconds=bans.window_seconds),
        wrong=bans.wrong,
        names=bans.names,
        flood=bans.flood,
        trusted=timedelta(seconds=bans.trusted_seconds),
        first=timedelta(seconds=bans.first_seconds),
        longest=timedelta(seconds=bans.longest_seconds),
    )


def exempt_of(settings: Settings) -> tuple[Network, ...]:
    """Return the networks that are never banned: this machine, the lines, and those that the settings name.

    The supervisor's own questions come from this machine, and a reverse proxy's may.
    """
    own = ("127.0.0.1", "::1") if settings.bans.loopback else ("127.0.0.0/8", "::1")
    names = [*own, settings.bind, *settings.bans.allow]
    for trunk in settings.trunks:
        names += trunk.match or (trunk.host,)
    return tuple(
        ipaddress.ip_network(name, strict=False)
        for name in names
        if _is_network(name) and not ipaddress.ip_network(name, strict=False).network_address.is_unspecified
    )


def _is_network(name: str) -> bool:
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
    return True


def address_of(uri: str) -> str:
    """Return the host of a contact such as `sip:8001@192.0.2.1:5060;transport=tls`."""
    host = uri.rpartition("@")[2].partition(";")[0]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


async def addresses(name: str) -> Collection[Network]:
    """Return what a host's name stands for now; nothing when no name server says."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, TimeoutError):
        return ()
    return [network for *_, address in found if (network := rules.network_of(str(address[0])))]
