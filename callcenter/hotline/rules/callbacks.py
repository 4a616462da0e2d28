"""What is owed to citizens whom nobody got to 漏接回拨, and what settles it.

One open callback per citizen, however often they dial; settled by a callback that reached them, by their own redial
that was answered, or by a supervisor; given up as unreachable only after every retry that the settings name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from callcenter.hotline.rules.numbers import held
from callcenter.hotline.rules.owed import Answered, Attempt, Missed, Owed, State, Tried, as_state
from callcenter.hotline.rules.retries import COUNTED, Policy, Result, next_try, tries_left

__all__ = [
    "Answered",
    "Attempt",
    "Decision",
    "Missed",
    "Owed",
    "Policy",
    "Result",
    "State",
    "Tried",
    "as_state",
    "owes",
    "settle",
]

#: Results that Asterisk's record may still correct: it is under way, or was believed never to have begun.
UNDECIDED: frozenset[str] = frozenset({"dialling", "not_dialled"})


@dataclass(slots=True)
class Decision:
    """What to store: callbacks as they are afterwards, in the order in which something happened to them."""

    changed: list[Owed] = field(default_factory=list)
    #: Missed calls that cannot be called back: the number was withheld and no other was keyed.
    unreachable: list[Missed] = field(default_factory=list)
    #: Attempts of which no callback is known.
    orphans: list[Tried] = field(default_factory=list)


def owes(missed: Missed, policy: Policy) -> bool:
    """Whether the citizen is owed anything for `missed`."""
    brief = missed.outcome == "abandoned_greeting" and missed.at - missed.started_at < policy.greeting
    return missed.requested or not brief


def settle(
    happened: Sequence[Missed | Answered | Tried],
    owed: Mapping[str, Owed],
    answered: Mapping[str, tuple[int, datetime]],
    policy: Policy,
    attempts: Mapping[int, Owed] | None = None,
) -> Decision:
    """Return what a batch of ended and answered calls does to the callbacks.

    `owed` holds the open callback of each caller, `answered` each caller's latest answered call that is stored already:
    nodes are read independently, so a redial may be known before the missed call that it settles. `attempts` holds, for
    each attempt that was tried, its callback in whatever state, with the attempts that are stored.
    """
    book = _Book(owed, attempts or {}, policy)
    decision = Decision()
    # What is answered in this batch comes in its own order below: read at once or as it happens, the same must follow.
    fresh = {event.call for event in happened if isinstance(event, Answered)}
    latest = {caller: answer for caller, answer in answered.items() if answer[0] not in fresh}
    for event in sorted(happened, key=lambda event: event.at):
        match event:
            case Answered(call, caller, at) if caller:
                if caller not in latest or latest[caller][1] < at:
                    latest[caller] = (call, at)
                if (due := book.open_of(caller)) and due.opened_at <= at:
                    book.write(_settled(due, "redial", call, at))
            case Missed(caller=""):
                decision.unreachable.append(event)
            case Missed() if owes(event, policy):
                due = book.open_of(event.caller) or book.opened_with(event)
                due = _join(due, event) if due else _open(event, policy)
                redial = latest.get(event.caller)
                book.write(_settled(due, "redial", *redial) if due.open and redial and redial[1] >= event.at else due)
            case Tried():
                due = book.of_attempt(event)
                if due is None:
                    decision.orphans.append(event)
                else:
                    book.write(after_try(due, event, policy))
    decision.changed = book.changed()
    return decision


class _Book:
    """The callbacks while a batch is gone through: each as it is by then."""

    def __init__(self, owed: Mapping[str, Owed], attempts: Mapping[int, Owed], policy: Policy) -> None:
        self._policy = policy
        #: Of each caller whatever callbacks there are, the open one last.
        self._rows: dict[tuple[str, datetime], Owed] = {}
        self._touched: dict[tuple[str, datetime], None] = {}
        self._attempts = attempts
        self._open: dict[str, tuple[str, datetime]] = {}
        for one in (*attempts.values(), *owed.values()):
            key = (one.caller, one.opened_at)
            if key not in self._rows or one.attempts:
                self._rows[key] = one
            if one.open:
                self._open[one.caller] = key

    def open_of(self, caller: str) -> Owed | None:
        key = self._open.get(caller)
        return self._rows[key] if key else None

    def opened_with(self, missed: Missed) -> Owed | None:
        """Return the callback that another call of the citizen opened at the same instant, settled though it may be.

        Asterisk's death ends all their calls at once; they are one obligation.
        """
        return self._rows.get((missed.caller, missed.at))

    def of_attempt(self, tried: Tried) -> Owed | None:
        """Return the callback of an attempt: the one it is stored with, else the newest that names the number."""
        stored = self._attempts.get(tried.attempt)
        if stored and tried.attempt in stored.attempts:
            return self._rows[stored.caller, stored.opened_at]
        named = [one for one in self._rows.values() if one.target == tried.number and one.opened_at <= tried.at]
        return max(named, key=lambda one: (one.open, one.opened_at), default=None)

    def write(self, owed: Owed) -> None:
        key = (owed.caller, owed.opened_at)
        self._rows[key] = owed
        self._touched[key] = None
        if owed.open:
            self._open[owed.caller] = key
        elif self._open.get(owed.caller) == key:
            del self._open[owed.caller]

    def changed(self) -> list[Owed]:
        return [self._rows[key] for key in self._touched]


def after_try(owed: Owed, tried: Tried, policy: Policy) -> Owed:
    """Return the callback after an attempt of it was answered or ended; the same news twice change nothing.

    What the citizen's call came to is Asterisk's to say; what a person noted of it afterwards stays.
    """
    before = owed.attempts.get(tried.attempt)
    news = before is None or before.result in UNDECIDED
    attempt = Attempt(
        tried.attempt,
        before.at if before else tried.began_at,
        (before.agent if before else "") or tried.agent,
        (before.number if before else "") or tried.number,
        tried.result if before is None or news else before.result,
        tried.ended_at or (before.ended_at if before else None),
        tried.call,
    )
    owed = replace(owed, attempts={**owed.attempts, tried.attempt: attempt})
    if not news or not (owed.open or owed.state == "unreachable"):
        return owed
    if tried.result == "answered":
        return _settled(owed, "callback", tried.call, tried.at)
    others = any(one.result == "dialling" and one.id != tried.attempt for one in owed.attempts.values())
    return owed if others or not owed.open else in_vain(owed, tried.result, tried.at, policy)


def in_vain(owed: Owed, result: Result, at: datetime, policy: Policy) -> Owed:
    """Return the callback after an attempt (one of its `attempts`) that did not reach the citizen ended at `at`."""
    counted = result in COUNTED
    if result == "wrong_number" or (counted and not tries_left(owed.tried, policy)):
        return replace(owed, state="unreachable", settled_by=None, settled_at=None, settled_call=None)
    after = replace(
        owed,
        state="retry" if owed.tried else "waiting",
        next_at=next_try(result, owed.tried, at, policy),
        settled_by=None,
        settled_at=None,
        settled_call=None,
    )
    if not counted:
        return after
    # What was promised was done; the next try has a deadline of its own, and is escalated by itself.
    return replace(after, due_at=after.next_at + policy.due, escalated_at=None)


def _open(missed: Missed, policy: Policy) -> Owed:
    number = missed.number if missed.number != missed.caller else None
    return Owed(
        missed.caller,
        "waiting",
        "requested" if missed.requested else missed.outcome,
        called_at=missed.started_at,
        opened_at=missed.at,
        due_at=missed.at + policy.due,
        next_at=missed.at,
        number=number,
        held=held(number or missed.caller),
        calls=(missed.call,),
    )


def _join(owed: Owed, missed: Missed) -> Owed:
    owed = replace(owed, calls=(*owed.calls, missed.call), called_at=min(owed.called_at, missed.started_at))
    if not missed.number or missed.number == owed.target:
        return owed
    number = missed.number if missed.number != owed.caller else None
    # Another number is another question: what a supervisor allowed was the old one.
    return replace(owed, number=number, held=held(missed.number))


def _settled(owed: Owed, by: str, call: int, at: datetime) -> Owed:
    return replace(owed, state="settled", settled_by=by, settled_at=at, settled_call=call)
