"""Keeping floods away from what everybody may use: so many of one sender in an hour, so many of all. Pure.

`now` is in seconds of any clock that never goes back.
"""

from collections import OrderedDict, deque
from ipaddress import ip_address, ip_network

HOUR = 3600.0
#: Senders that are remembered at most; those heard of longest ago go first.
MOST_REMEMBERED = 20_000
_IPV6_HOME = 64


def sender_of(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 that one household has of IPv6."""
    try:
        found = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return ""
    if found.version == 4:  # noqa: PLR2004  # IPv4
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _IPV6_HOME), strict=False))


class Allowance:
    """So many times for each sender within an hour, at any instant."""

    def __init__(self, limit: int, *, most: int = MOST_REMEMBERED) -> None:
        self._limit = limit
        self._most = most
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, sender: str, now: float) -> float:
        """Return for how many seconds `sender` has none left; 0 when they have."""
        times = self._times.get(sender)
        while times and times[0] <= now - HOUR:
            times.popleft()
        return times[-self._limit] + HOUR - now if times and len(times) >= self._limit else 0.0

    def use(self, sender: str, now: float) -> None:
        """Count one; whether it was there is `wait`'s to say."""
        self._times.setdefault(sender, deque(maxlen=self._limit)).append(now)
        self._times.move_to_end(sender)
        while len(self._times) > self._most:
            self._times.popitem(last=False)

    def give_back(self, sender: str) -> None:
        """Count the last one as not used: nothing came of it."""
        if times := self._times.get(sender):
            times.pop()
