"""Test dials 拨测: what one of them shows of the hotline, from the records of its two sides.

The hotline dials itself through a line as a citizen would: the side that dials is one call in the history, the side
that arrives another. Both are as Asterisk wrote them; what the floor showed meanwhile tells whether anybody was free.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: The customer's rule 采购需求 七(四)1: a test dial must never find this many waiting.
TOO_MANY = 5
#: A test dial is over after so long, whatever became of it; the dialplan takes a call for one no longer than this.
LONGEST = timedelta(seconds=90)
#: Until what Asterisk wrote has been read.
_GRACE = timedelta(seconds=3)
#: From the greeting on one side to the arrival on the other, which was a moment earlier.
_ARRIVES = timedelta(seconds=5)

Result = Literal["passed", "failed", "yielded"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings `[test_dials]`: seconds until the greeting and until a person, from dialling."""

    greeting: float = 10
    person: float = 30


@dataclass(frozen=True, slots=True)
class Dialled:
    """The side that dials; `answered_at` is when the greeting could be heard."""

    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """The side that arrives; `found` is the number of callers that it found waiting."""

    queued_at: datetime | None = None
    left_queue_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    found: int | None = None


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What the floor showed from the order on; as it stands here when nobody looked, as after a crash."""

    #: An agent was free the whole time, or was rung by the test dial.
    free: bool = False
    #: Somebody waited whom the test dial had to give way to.
    citizen: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test dial went."""

    result: Result
    greeting_seconds: float | None = None
    person_seconds: float | None = None
    waiting_found: int | None = None
    #: What was wrong, or worth knowing.
    detail: str | None = None


def judge(  # noqa: PLR0917  # each is one word of the sentence
    ordered_at: datetime,
    dialled: Dialled | None,
    arrived: Arrived | None,
    meanwhile: Meanwhile,
    now: datetime,
    limits: Limits,
) -> Verdict | None:
    """Return the verdict on a test dial that was ordered at `ordered_at`; None while it is too early for one."""
    if dialled is None or dialled.answered_at is None:
        return _unheard(ordered_at, dialled, now, limits)
    begun = dialled.started_at
    greeting = _seconds(begun, dialled.answered_at)
    if arrived is None:
        lost = now >= dialled.answered_at + _ARRIVES
        why = "the call did not arrive from the test dials' number: the line shows another, or answered it elsewhere"
        return Verdict("failed", greeting, detail=why) if lost else None
    if not _decided(begun, dialled, arrived, now, limits):
        return None
    person = _seconds(begun, arrived.answered_at) if arrived.answered_at else None
    faults = _faults(greeting, person, arrived, meanwhile, limits)
    if faults:
        return Verdict("failed", greeting, person, arrived.found, "; ".join(faults))
    if person is not None:
        return Verdict("passed", greeting, person, arrived.found)
    result, detail = _without_a_person(begun, arrived, meanwhile, limits)
    return Verdict(result, greeting, None, arrived.found, detail)


def _unheard(ordered_at: datetime, dialled: Dialled | None, now: datetime, limits: Limits) -> Verdict | None:
    if dialled is None:
        late = now >= ordered_at + timedelta(seconds=limits.greeting) + _GRACE
        return Verdict("failed", detail="there is no record of the call: it was never dialled") if late else None
    if dialled.ended_at is not None:
        return Verdict("failed", detail="the line refused the call, or ended it before the greeting")
    if now >= dialled.started_at + timedelta(seconds=limits.greeting):
        return Verdict("failed", detail=f"no greeting within {limits.greeting:g} s")
    return None


def _decided(begun: datetime, dialled: Dialled, arrived: Arrived, now: datetime, limits: Limits) -> bool:
    """Whether a person answered, or none will be waited for any more."""
    over = arrived.answered_at or arrived.ended_at or dialled.ended_at
    return bool(over) or now >= begun + timedelta(seconds=limits.person)


def _faults(greeting: float, person: float | None, arrived: Arrived, meanwhile: Meanwhile, limits: Limits) -> list[str]:
    faults = []
    if greeting > limits.greeting:
        faults.append(f"the greeting came after {greeting:g} s, not within {limits.greeting:g} s")
    if arrived.found is not None and arrived.found >= TOO_MANY:
        faults.append(f"{arrived.found} callers were waiting")
    if meanwhile.free and (person is None or person > limits.person) and not meanwhile.citizen:
        faults.append(f"nobody answered within {limits.person:g} s although an agent was free")
    elif (
        person is None
        and arrived.queued_at is None
        and arrived.ended_at
        and not meanwhile.citizen
        and not arrived.found
    ):
        faults.append("the call ended before it reached the queue")
    return faults


def _without_a_person(begun: datetime, arrived: Arrived, meanwhile: Meanwhile, limits: Limits) -> tuple[Result, str]:
    if arrived.queued_at and arrived.left_queue_at == arrived.queued_at:
        return "passed", "no agent was there"
    over = arrived.left_queue_at or arrived.ended_at
    if over and over < begun + timedelta(seconds=limits.person):
        return "yielded", "it gave up its place to a citizen"
    return "passed", f"nobody answered within {limits.person:g} s" if meanwhile.citizen else "no agent was free"


def _seconds(since: datetime, until: datetime) -> float:
    return max(round((until - since).total_seconds(), 2), 0.0)
