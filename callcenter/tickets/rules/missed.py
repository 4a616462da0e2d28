"""Tickets that missed calls open 漏接件."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from callcenter.tickets.rules.words import Kind

#: How long staff have to look at a missed call that nobody can be called back for.
WITHHELD_DUE = timedelta(days=1)

_REASONS = {
    "abandoned_greeting": "市民在语音播报或菜单中挂断",
    "abandoned_queue": "市民在排队等待时挂断",
    "overflowed": "排队人数已满",
    "unanswered": "无话务员接听、等待超时或系统中断",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket before it has its number."""

    kind: Kind
    caller: str
    title: str
    description: str
    opened_at: datetime
    due_at: datetime | None


def for_missed_call(
    caller: str, outcome: str, at: datetime, due_at: datetime | None, number: str | None = None
) -> Draft:
    """Return the ticket of a missed call 漏接件; an empty `caller` withheld their number and cannot be called back.

    `number` is another one that they keyed to be called on.
    """
    reason = _REASONS.get(outcome, outcome)
    if caller:
        where = f"{number}（市民按键留下的号码）" if number and number != caller else ""
        return Draft("missed_call", caller, f"漏接来电 {caller}", f"{reason}。须回拨{where}。", at, due_at)
    text = f"{reason}。来电号码隐藏，无法回拨。"
    return Draft("missed_call", "", "漏接来电（号码隐藏）", text, at, at + WITHHELD_DUE)


def given_up(attempts: int) -> str:
    """Return what is added to the ticket of a citizen who was not reached in so many attempts."""
    return f"已回拨 {attempts} 次，均未接通。"
