"""Whom to ban from SIP for a time, and for how long. Pure: no clock, `now` is an argument.

Phones make mistakes too, and a whole office may stand behind one address, so what counts depends on what is known:

- a phone with an old password asks for one name, every half minute or so: that is no guessing;
- many names that are no seat's, or requests by the hundred, are;
- where a phone has signed in lately, agents are at work: such an address is banned for nothing but that, and never for
  datagrams, whose sender anybody can forge to have it banned. TCP, TLS and WebSocket prove where they come from.
"""

import ipaddress
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from callcenter.asterisk.events import SignInTried

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: `names`: many names were guessed; `wrong`: one was tried again and again; `flood`: too much of it; `manual`: a
#: person has reasons.
Reason = Literal["names", "wrong", "flood", "manual"]

#: Whoever has one IPv6 address has a network of them (RFC 6177, RFC 4291): bans are for the network.
_IPV6_PREFIX = 64
#: Each further ban lasts so many times the one before.
_GROWTH = 4
#: Addresses remembered at most; the one heard of longest ago goes first.
MOST_REMEMBERED = 10_000
#: Networks banned at once at most: Asterisk compares each request with each of them.
MOST_BANNED = 1000
#: The widest networks that a person may ban.
_WIDEST = {4: 16, 6: 48}


@dataclass(frozen=True, slots=True)
class Limits:
    """What is borne, as the settings section [bans] has it."""

    window: timedelta
    wrong: int
    names: int
    flood: int
    trusted: timedelta
    first: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Verdict:
    """A network that is to be banned, why, and the evidence."""

    network: str
    reason: Reason
    #: Requests within the window that ended in nothing.
    tried: int
    #: The name tried last.
    account: str


@dataclass(slots=True)
class _Tried:
    """What one network has tried within the window."""

    #: When, for which name, and whether that is no seat's or was not let in.
    names: deque[tuple[datetime, str, str]] = field(default_factory=deque)
    #: When each request ended without a proof.
    requests: deque[datetime] = field(default_factory=deque)


class Watch:
    """Counts what is tried, by network, within a sliding window. Nothing grows for ever, and a restart forgives.

    `exempt` networks are never banned.
    """

    def __init__(self, limits: Limits, exempt: Collection[Network] = ()) -> None:
        self._limits = limits
        self._exempt = exempt
        self._tried: OrderedDict[Network, _Tried] = OrderedDict()
        #: Networks of phones -> names that signed in there, each until when it is believed.
        self._trusted: dict[Network, dict[str, datetime]] = {}
        #: All requests that ended in nothing, by second.
        self._seconds: Counter[int] = Counter()

    def heard(self, event: SignInTried) -> Verdict | None:
        """Count an attempt; returns what is to be done about it, None for nothing."""
        network = network_of(event.address)
        if network is None:
            return None
        if event.kind == "signed_in":
            self._signed_in(network, event)
            return None
        if event.kind in {"asked", "wrong"}:
            self._seconds[int(event.at.timestamp())] += 1
        if overlapping(network, self._exempt):
            return None
        trusted = bool(self.phones(network, event.at))
        if trusted and not event.proven:
            return None
        tried = self._remember(network)
        self._count(tried, event)
        reason = self._reason(tried, trusted=trusted)
        return Verdict(str(network), reason, len(tried.requests), event.account) if reason else None

    def phones(self, network: Network, now: datetime) -> list[str]:
        """Return the names of phones that signed in from `network`, or from within it, lately."""
        return sorted(
            name
            for known, names in self._trusted.items()
            if overlapping(known, (network,))
            for name, until in names.items()
            if now < until
        )

    def trust(self, address: str, account: str, now: datetime) -> None:
        """Believe that a phone is signed in from `address`, as Asterisk lists it."""
        if network := network_of(address):
            self._trusted.setdefault(network, {})[account] = now + self._limits.trusted

    def forgive(self, network: Network) -> None:
        """Forget what was tried: a person has lifted the ban."""
        self._tried.pop(network, None)

    def pressure(self, now: datetime) -> int:
        """Return how many requests ended in nothing within the window, wherever they came from."""
        first = int((now - self._limits.window).timestamp())
        for second in [second for second in self._seconds if second < first]:
            del self._seconds[second]
        return self._seconds.total()

    def _signed_in(self, network: Network, event: SignInTried) -> None:
        self.trust(str(network.network_address), event.account, event.at)
        if tried := self._tried.get(network):
            tried.names = deque(row for row in tried.names if row[1] != event.account)
            if tried.requests:
                tried.requests.pop()  # the question that this answers
        if self._seconds[second := int(event.at.timestamp())] > 0:
            self._seconds[second] -= 1

    def _remember(self, network: Network) -> _Tried:
        tried = self._tried.setdefault(network, _Tried())
        self._tried.move_to_end(network)
        while len(self._tried) > MOST_REMEMBERED:
            self._tried.popitem(last=False)
        return tried

    def _count(self, tried: _Tried, event: SignInTried) -> None:
        if event.kind in {"asked", "wrong"}:
            tried.requests.append(event.at)
        if event.kind != "asked" and event.account:
            tried.names.append((event.at, event.account, event.kind))
        began = event.at - self._limits.window
        while tried.names and (tried.names[0][0] <= began or len(tried.names) > self._limits.flood):
            tried.names.popleft()
        while tried.requests and (tried.requests[0] <= began or len(tried.requests) > self._limits.flood):
            tried.requests.popleft()

    def _reason(self, tried: _Tried, *, trusted: bool) -> Reason | None:
        if len(tried.requests) >= self._limits.flood:
            return "flood"
        if len({name for _, name, kind in tried.names if kind == "unknown"}) >= self._limits.names:
            return "names"
        if trusted or not tried.names:
            return None
        # Only the newest can have become too many.
        newest = tried.names[-1][1]
        return "wrong" if sum(name == newest for _, name, _ in tried.names) >= self._limits.wrong else None


def term(times: int, limits: Limits) -> timedelta:
    """Return how long a ban lasts after `times` earlier ones that are still remembered."""
    seconds = limits.first.total_seconds() * _GROWTH ** min(times, 20)
    return timedelta(seconds=min(seconds, limits.longest.total_seconds()))


def network_of(address: str) -> Network | None:
    """Return what is banned for `address`: itself, or its IPv6 network; None for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    if mapped:
        found = mapped
    return ipaddress.ip_network((found, found.max_prefixlen if found.version == 4 else _IPV6_PREFIX), strict=False)  # noqa: PLR2004  # of IP


def parsed(text: str) -> Network | None:
    """Return the network that a person typed: an address stands for itself or its IPv6 network; None for nonsense.

    One that is wider than a person may ban is nonsense too.
    """
    if "/" not in text:
        return network_of(text.strip())
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return network if network.prefixlen >= _WIDEST[network.version] else None


def overlapping(network: Network, others: Iterable[Network]) -> Network | None:
    """Return the first of `others` that has an address in common with `network`, or None."""
    return next((other for other in others if other.version == network.version and other.overlaps(network)), None)
