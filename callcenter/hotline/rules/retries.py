"""When a citizen who was not reached is dialled again, and when it is given up."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

Result = Literal[
    "answered",
    "no_answer",
    "busy",
    "refused",
    "wrong_number",
    "voicemail",
    "failed",
    "cancelled",
    "agent_no_answer",
    "not_dialled",
    "expired",
]
#: Results that are an attempt on the citizen; all others are our own side's faults, and cost the citizen none.
COUNTED: frozenset[str] = frozenset({"answered", "no_answer", "busy", "refused", "wrong_number", "voicemail"})
#: After a fault of our own side, so long; an agent who did not pick up is passed over at once.
_SOON = timedelta(minutes=2)


_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Policy:
    """When a callback is due, when it is tried again, and when it may be given up."""

    due: timedelta = timedelta(minutes=15)
    #: A caller who hung up in the greeting sooner than this is owed nothing.
    greeting: timedelta = timedelta(0)
    #: From each attempt in vain to the next; when they are used up the citizen is unreachable.
    retries: tuple[timedelta, ...] = (timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=120))
    #: Retries wait for these hours in `zone`; a first attempt may come at any hour, for the citizen has just called.
    retry_from: time = time(8)
    retry_until: time = time(21)
    zone: tzinfo = _SHANGHAI
    #: The supervisor is told so long before a callback is overdue.
    escalate: timedelta = timedelta(minutes=5)
    #: Area code 区号 that a local number without one belongs to.
    area_code: str = ""


def tries_left(tried: int, policy: Policy) -> bool:
    """Whether there is another attempt after the `tried`-th that counts."""
    return tried <= len(policy.retries)


def next_try(result: str, tried: int, at: datetime, policy: Policy) -> datetime:
    """Return when to dial again after an attempt ended in vain `at` with `result`, the `tried`-th that counts."""
    if result == "agent_no_answer":
        due = at
    elif result in COUNTED:
        due = at + policy.retries[tried - 1]
    else:
        due = at + _SOON
    return within_hours(due, policy) if tried else due


def within_hours(at: datetime, policy: Policy) -> datetime:
    """Return `at`, or the next `retry_from` when `at` is outside the hours in which citizens may be disturbed."""
    local = at.astimezone(policy.zone)
    if policy.retry_from <= local.time() < policy.retry_until:
        return at
    day = local.date() if local.time() < policy.retry_from else local.date() + timedelta(days=1)
    return datetime.combine(day, policy.retry_from, policy.zone).astimezone(at.tzinfo)
