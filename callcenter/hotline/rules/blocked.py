"""Abusive callers 骚扰电话: what a call from a listed number meets, and which numbers may be listed at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from callcenter.hotline.rules.agents import N_, Refused

#: `announce`: a warning, then the call goes on; `limit`: so many calls get through in any hour; `block`: none does.
Level = Literal["announce", "limit", "block"]
#: Calls that get through in an hour when the supervisor names no number.
PER_HOUR = 3
HOUR = timedelta(hours=1)
#: Police, fire, ambulance, traffic: they may call about an emergency of their own.
EMERGENCY = ("110", "119", "120", "122")


@dataclass(frozen=True, slots=True)
class Entry:
    """A number on the list, in its one spelling."""

    number: str
    level: Level
    #: For `limit`.
    per_hour: int | None = None
    #: It ends by itself then; None for never.
    until: datetime | None = None

    def active(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until


def verdict(entry: Entry | None, now: datetime, through: Iterable[datetime]) -> str:
    """Return what a call meets: `announce`, `limit`, `block`, or empty for nothing.

    `through` tells when earlier calls of that number got through. Those that were turned away do not count, or somebody
    who keeps dialling would never be heard again.
    """
    if entry is None or not entry.active(now):
        return ""
    if entry.level != "limit":
        return entry.level
    recent = sum(now - HOUR < at <= now for at in through)
    return "limit" if recent >= (entry.per_hour or PER_HOUR) else ""


def next_end(entries: Iterable[Entry], now: datetime) -> datetime | None:
    """Return when the next entry ends by itself; None when none does."""
    return min((entry.until for entry in entries if entry.until and entry.active(now)), default=None)


def while_alone(entries: Iterable[Entry], now: datetime) -> dict[str, str]:
    """Return number -> level for the time when no controller is there to ask: nobody counts calls then."""
    return {entry.number: entry.level for entry in entries if entry.active(now) and entry.level != "limit"}


def check(number: str, ours: Mapping[str, str]) -> None:
    """Raise Refused when `number` (in its one spelling) may not be listed; `ours` maps the hotline's numbers to words.

    A withheld number is nobody's in particular: to block it would block every citizen who withholds theirs.
    """
    if not number:
        raise Refused(N_("a withheld or empty number cannot be listed: it is no one caller's"))
    if number in ours:
        raise Refused(N_("%(number)s cannot be listed: it is %(what)s"), number=number, what=ours[number])
