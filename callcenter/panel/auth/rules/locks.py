"""Slowing down whoever guesses passwords, without locking out whoever knows theirs. Pure.

A lock on the login alone would be a gift: anybody who knows that 1001 signs in as `wang` could keep her from her desk
for good, with ten wrong passwords every few minutes. So failures are counted where they come from:

- A browser in which this login has signed in before (a cookie that only we can make) has a count of its own, and none
  of the others concerns it. Whatever strangers do elsewhere, it lets her in.
- Everybody else is counted by login and address together: ten wrong passwords lock that login at that address.
- And by address: whoever tries many logins from one place waits at that place, whatever login they try.
- And by login alone, from anywhere: after a hundred failures it is not locked but slowed down, to one try in half a
  minute. That ends the guessing of a thousand addresses together, which the other counts would each let try.

A count is the same whether the login exists or not, so that a lock tells nobody that it does.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["browser", "pair", "address", "login", "code"]

#: Failures that led to no lock are forgotten after so long without another.
FORGOTTEN = timedelta(hours=1)
#: So long after the last failure, how often there was a lock is forgotten too.
ALL_FORGOTTEN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Limit:
    """When a count locks, and for how long."""

    #: Failures up to the first lock, and up to each further one.
    wrong: int
    again: int
    #: How long the first lock lasts; each further one twice as long, up to the longest.
    first: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Count:
    """Failures in one place."""

    #: Since the last lock.
    failures: int = 0
    #: Locks one after the other.
    locks: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None


def limits(wrong: int, first: timedelta, longest: timedelta) -> dict[Kind, Limit]:
    """Return the limit of each kind of count, where `wrong` passwords lock a login at an address for `first`."""
    here = Limit(wrong, max(1, wrong // 3), first, longest)
    return {
        "browser": here,
        "pair": here,
        # An office is one address to the outside: many people's slips of the finger together, and a shorter lock.
        "address": Limit(5 * wrong, wrong, first, max(first, timedelta(minutes=15))),
        "login": Limit(10 * wrong, 1, timedelta(seconds=30), timedelta(seconds=30)),
        # Who gets as far as the code knows the password. A code has a million values, so here places do not matter.
        "code": here,
    }


def wait(count: Count, limit: Limit, now: datetime) -> timedelta:
    """Return how long this place has to wait before its next try; zero when it need not."""
    if count.locked_until is None:
        return timedelta(0)
    left = count.locked_until - now
    # A lock that lasts longer than the longest was made by a clock that was wrong: nobody shall wait for a year.
    return left if timedelta(0) < left <= limit.longest else timedelta(0)


def failed(count: Count, limit: Limit, now: datetime) -> Count:
    """Return the count after one more failure, made at `now` when there was no wait."""
    silence = now - count.last_at if count.last_at else timedelta(0)
    if silence > ALL_FORGOTTEN:
        count = Count()
    elif silence > FORGOTTEN:
        count = replace(count, failures=0)
    failures = count.failures + 1
    if failures < (limit.again if count.locks else limit.wrong):
        return replace(count, failures=failures, last_at=now, locked_until=None)
    lasts = min(limit.longest, limit.first * 2 ** min(count.locks, 30))
    return Count(0, count.locks + 1, now, now + lasts)


def forgiven(count: Count, kind: Kind, limit: Limit) -> Count:
    """Return the count after the try turned out to be right.

    Where the person is known by it, all is forgotten. Elsewhere only this try: somebody with an account of their own
    could otherwise clear an address, or a login under attack, again and again.
    """
    if kind in {"browser", "pair", "code"}:
        return Count()
    if count.locked_until and count.failures == 0:  # it was this try that locked
        before = (limit.again if count.locks > 1 else limit.wrong) - 1
        return replace(count, failures=before, locks=count.locks - 1, locked_until=None)
    return replace(count, failures=max(0, count.failures - 1))


def stale(now: datetime) -> datetime:
    """Return the moment before which a count's last failure makes it worth nothing."""
    return now - ALL_FORGOTTEN
