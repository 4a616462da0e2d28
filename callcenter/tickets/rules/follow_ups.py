"""Follow-up visits 回访: when one is owed, when a citizen is tried again, and what their word means. Pure.

Every dispatched ticket gets one when its reply is approved; the citizen's word moves the ticket on. Whose request was
merged into another 并单 is owed one when that one is answered: their word stays with their own, and moves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from callcenter.hotline.rules.retries import COUNTED, next_try, tries_left, within_hours
from callcenter.hotline.rules.retries import Policy as Hours
from callcenter.tickets.rules.words import Satisfaction

#: `answered`: somebody picked up, and the agent has not noted yet what they said.
#: `called_off`: it is owed no more, for the merge was undone or the answer withdrawn.
State = Literal["waiting", "dialling", "answered", "retry", "done", "unreached", "called_off"]
#: What an agent notes: the citizen's word, or that it was not to be had.
Result = Literal["satisfied", "fairly", "unhappy", "no_answer", "wrong_number"]

STATES: dict[str, str] = {
    "waiting": "待回访",
    "dialling": "拨号中",
    "answered": "待录结果",
    "retry": "待重拨",
    "done": "已回访",
    "unreached": "未联系上",
    "called_off": "已取消",
}
#: States in which a follow-up is still owed, and those in which it can be dialled.
OPEN = ("waiting", "dialling", "answered", "retry")
DIALLABLE = ("waiting", "retry", "answered")
#: Results that Asterisk's record may still correct: it is under way, or was believed never to have begun.
UNDECIDED = frozenset({"dialling", "not_dialled"})

#: States of a main request 主单 that has its answer.
ANSWERED = frozenset({"follow_up", "to_close", "closed", "archived"})

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Policy:
    """When a citizen may be rung, and how often."""

    #: From each attempt in vain to the next; when they are used up the citizen counts as not reached.
    retries: tuple[timedelta, ...] = (timedelta(hours=2), timedelta(hours=24))
    #: Hours in which citizens may be disturbed, in `zone`.
    earliest: time = time(8)
    latest: time = time(21)
    zone: tzinfo = _SHANGHAI
    #: How long a link can be used.
    link: timedelta = timedelta(days=7)

    @property
    def hours(self) -> Hours:
        """The same, as the rules of retries take it."""
        return Hours(retries=self.retries, retry_from=self.earliest, retry_until=self.latest, zone=self.zone)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up as the rules see it."""

    state: State
    next_at: datetime
    #: Attempts that reached the citizen's telephone.
    tried: int = 0


def as_state(text: str) -> State:
    """Return a stored state. Raises KeyError for what is none."""
    return {state: state for state in get_args(State)}[text]  # type: ignore[no-any-return]  # get_args says Any


def first_try(opened_at: datetime, policy: Policy) -> datetime:
    """Return when a citizen may be rung for the first time: by day, never at night."""
    return within_hours(opened_at, policy.hours)


def tells(from_state: str | None, to_state: str) -> Literal["open", "close"] | None:
    """Tell what a ticket's move means for its follow-up."""
    if to_state == "follow_up":
        return "open" if from_state != "follow_up" else None
    return "close" if from_state == "follow_up" else None


def tells_merged(move: str, from_state: str | None, to_state: str) -> Literal["owe", "withdraw"] | None:
    """Tell what a ticket's move means for those merged into it: it was answered, or its answer holds no more."""
    if move == "answer" or (to_state == "follow_up" and from_state != "follow_up"):
        return "owe"
    return "withdraw" if from_state in ANSWERED and to_state not in ANSWERED else None


@dataclass(frozen=True, slots=True)
class Merged:
    """A request that was merged into an answered one, as whoever decides on its visit sees it."""

    id: int
    #: Where its citizen is called; empty when that is not known.
    number: str
    #: It has a visit that is open, or had one about this very answer.
    visited: bool = False
    #: Its citizen is content already.
    content: bool = False


def to_visit(main: str, merged: Iterable[Merged]) -> list[int]:
    """Return which of `merged` get a visit of their own: every citizen is asked once, told by their telephone.

    `main` is the telephone of the main request's citizen, who is visited, or was answered on the call.
    """
    some = list(merged)
    asked = {main, *(one.number for one in some if one.visited or one.content)}
    chosen = []
    for one in some:
        if one.visited or one.content or (one.number and one.number in asked):
            continue
        chosen.append(one.id)
        asked.add(one.number)
    return chosen


def closed_by(move: str) -> State:
    """Return the state of a follow-up that ended because its ticket made `move`."""
    return "unreached" if move == "follow_up_unreached" else "done"


def move_for(satisfaction: Satisfaction) -> str:
    """Return the move that the citizen's word makes of the ticket: who is unhappy has it redone 重办."""
    return "redo" if satisfaction == "unhappy" else "follow_up"


def after_try(owed: FollowUp, result: str, at: datetime, policy: Policy) -> FollowUp:
    """Return the follow-up after an attempt, counted in `tried` already, ended `at` with `result` or was answered."""
    if result == "answered":
        return replace(owed, state="answered", next_at=at)
    return in_vain(owed, result, at, policy)


def in_vain(owed: FollowUp, result: str, at: datetime, policy: Policy) -> FollowUp:
    """Return the follow-up after an attempt that brought no word of the citizen; `unreached` after the last."""
    counted = result in COUNTED
    if result == "wrong_number" or (counted and not tries_left(owed.tried, policy.hours)):
        return replace(owed, state="unreached")
    due = next_try(result, owed.tried, at, policy.hours)
    return replace(owed, state="retry" if owed.tried else "waiting", next_at=within_hours(due, policy.hours))
