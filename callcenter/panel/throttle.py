"""Slowing down whoever guesses passwords. Pure: no clock, `now` is an argument."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

#: Failures are forgotten after this long.
WINDOW = timedelta(minutes=5)
#: Names and addresses remembered at most; the oldest go first.
MOST_REMEMBERED = 10_000


class Throttle:
    """Counts failed sign-ins by login and by address, in memory: a restart forgives, and nothing grows for ever."""

    def __init__(self, *, per_login: int = 10, per_address: int = 50) -> None:
        self._limits = {"login": per_login, "address": per_address}
        self._failures: OrderedDict[tuple[str, str], deque[datetime]] = OrderedDict()

    def wait(self, login: str, address: str, now: datetime) -> timedelta:
        """Return how long this login from this address has to wait for its next attempt; zero when it need not."""
        return max(self._wait("login", login, now), self._wait("address", address, now))

    def attempt(self, login: str, address: str, now: datetime) -> None:
        """Count an attempt as failed; made before the password is checked, so that parallel guesses count too."""
        for kind, value in (("login", login), ("address", address)):
            self._failures.setdefault((kind, value), deque()).append(now)
            self._failures.move_to_end((kind, value))
        while len(self._failures) > MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def forgive(self, login: str, address: str) -> None:
        """The attempt was right: forget the login's failures and this one of the address."""
        self._failures.pop(("login", login), None)
        if times := self._failures.get(("address", address)):
            times.pop()

    def _wait(self, kind: str, value: str, now: datetime) -> timedelta:
        times = self._failures.get((kind, value))
        if times is None:
            return timedelta(0)
        while times and times[0] <= now - WINDOW:
            times.popleft()
        limit = self._limits[kind]
        return max(timedelta(0), times[-limit] + WINDOW - now) if len(times) >= limit else timedelta(0)
