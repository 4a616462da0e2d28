"""What is owed to citizens whom nobody got to 漏接回拨, and what settles it.

One open callback per number, however often it dials; settled by a callback that reached them, by their own redial that
was answered, or by a supervisor; given up as unreachable only after a documented number of attempts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

State = Literal["waiting", "dialling", "retry", "settled", "unreachable"]
Result = Literal["reached", "busy", "no_answer", "wrong_number", "failed"]


@dataclass(frozen=True, slots=True)
class Policy:
    """When a callback is due and when it may be given up."""

    due: timedelta = timedelta(minutes=15)
    #: A caller who hung up in the greeting sooner than this is owed nothing.
    greeting: timedelta = timedelta(0)
    retry_after: timedelta = timedelta(minutes=30)
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Owed:
    """A callback as the rules see it."""

    caller: str
    state: State
    reason: str
    opened_at: datetime
    due_at: datetime
    id: int | None = None
    #: Missed calls that it answers for and that are not stored yet.
    calls: tuple[int, ...] = ()
    settled_by: str | None = None
    settled_at: datetime | None = None
    settled_call: int | None = None

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.state in {"waiting", "dialling", "retry"}


@dataclass(frozen=True, slots=True)
class Missed:
    """A citizen reached nobody; `at` is when they were gone."""

    call: int
    caller: str
    outcome: str
    started_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """A citizen who dialled reached a person at `at`."""

    call: int
    caller: str
    at: datetime


@dataclass(slots=True)
class Decision:
    """What to store: callbacks as they are afterwards, in the order in which they began."""

    changed: list[Owed] = field(default_factory=list)
    #: Missed calls that cannot be called back: the number was withheld.
    unreachable: list[Missed] = field(default_factory=list)


def owes(missed: Missed, policy: Policy) -> bool:
    """Whether the citizen is owed anything for `missed`."""
    brief = missed.outcome == "abandoned_greeting" and missed.at - missed.started_at < policy.greeting
    return not brief


def settle(
    happened: Sequence[Missed | Answered],
    owed: Mapping[str, Owed],
    answered: Mapping[str, tuple[int, datetime]],
    policy: Policy,
) -> Decision:
    """Return what a batch of ended and answered calls does to the callbacks.

    `owed` holds the open callback of each caller, `answered` each caller's latest answered call that is stored already:
    nodes are read independently, so a redial may be known before the missed call that it settles.
    """
    now = dict(owed)
    done: list[Owed] = []
    touched: list[str] = []
    decision = Decision()
    latest = dict(answered)
    for event in sorted(happened, key=lambda event: event.at):
        match event:
            case Answered(call, caller, at) if caller:
                if caller not in latest or latest[caller][1] < at:
                    latest[caller] = (call, at)
                if (due := now.get(caller)) and due.opened_at <= at:
                    done.append(_redialled(due, call, at))
                    del now[caller]
            case Missed(caller=""):
                decision.unreachable.append(event)
            case Missed() if owes(event, policy):
                due = now.get(event.caller)
                due = _join(due, event) if due else _open(event, policy)
                redial = latest.get(event.caller)
                if redial and redial[1] >= event.at:
                    done.append(_redialled(due, *redial))
                    now.pop(event.caller, None)
                else:
                    now[event.caller] = due
                    touched.append(event.caller)
    decision.changed = done + [now[caller] for caller in dict.fromkeys(touched) if caller in now]
    return decision


def _open(missed: Missed, policy: Policy) -> Owed:
    return Owed(missed.caller, "waiting", missed.outcome, missed.at, missed.at + policy.due, calls=(missed.call,))


def _join(owed: Owed, missed: Missed) -> Owed:
    return replace(owed, calls=(*owed.calls, missed.call))


def _redialled(owed: Owed, call: int, at: datetime) -> Owed:
    return replace(owed, state="settled", settled_by="redial", settled_at=at, settled_call=call)


def claim(state: State) -> State:
    """An agent takes the callback to dial. Raises ValueError when it is not waiting to be dialled."""
    if state not in {"waiting", "retry"}:
        raise ValueError(f"a callback that is {state} cannot be dialled")
    return "dialling"


def attempted(result: Result, attempts: int, policy: Policy) -> State:
    """Return the state after attempt number `attempts` ended with `result`."""
    if result == "reached":
        return "settled"
    return "unreachable" if attempts >= policy.attempts else "retry"


def as_state(stored: str) -> State:
    """Return `stored` as a state. Raises ValueError for any other word."""
    for state in get_args(State):
        if state == stored:
            return cast("State", state)
    raise ValueError(f"{stored} is no state of a callback")
