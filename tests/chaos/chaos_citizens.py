"""The crowd: citizens who dial by the hundred from one SIPp process, and what became of each by SIPp's own log.

Everything random comes from the seed. Some citizens hang up in the greeting, some in the queue, some wait until they
are told; some numbers dial twice or three times, at times before their first call is over.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callcenter.demo.citizens import Citizen
from callcenter.demo.seats import Seat
from callcenter.demo.sipp import Server, Sipp, Step, running

__all__ = ["Attempt", "Citizen", "Crowd", "Dial", "Talk", "crowd", "talks_of"]

#: Milliseconds between a citizen's looks at their patience.
_TICK_MS = 100
#: Milliseconds that a citizen gives Asterisk to pick up.
_SETUP_MS = 20_000
#: Share of citizens who hang up in the greeting, and in the queue; the others stay for `longest` seconds.
_IN_GREETING, _IN_QUEUE = 0.15, 0.35
#: Share of numbers that dial a second time, and of these a third.
_AGAIN = 0.25
#: A citizen dials so many seconds after their turn, so that calls come in clusters.
_LATEST_DELAY = 4.0


@dataclass(frozen=True, slots=True)
class Dial:
    """One call to be made; seconds. `patience` counts from the moment Asterisk picks up."""

    number: str
    patience: float
    delay: float


@dataclass(slots=True)
class Attempt:
    """What SIPp knows of one call of a citizen's; seconds since the epoch."""

    number: str
    dialled: float
    #: First answer of any kind: from here on Asterisk knew of the call.
    heard_of: float | None = None
    #: Asterisk picked up.
    answered: float | None = None
    #: The citizen hung up, or heard the other side hang up; None when the call just fell silent.
    over: float | None = None
    #: How it ended: `hung_up` by the citizen, `ended` by the hotline, `refused`, `gave_up` unheard; empty: unknown.
    how: str = ""


@dataclass(slots=True)
class Talk:
    """What a seat's phone knows of one call: it picked up at `began`; `over` as in Attempt."""

    seat: str
    caller: str
    began: float
    over: float | None = None
    #: It rang and then knew no more: a phone on an overloaded machine may lose the message that says it has the call.
    unsure: bool = False


def crowd(chance: random.Random, count: int, *, longest: float) -> list[Dial]:
    """Return `count` calls in the order in which their turns come."""
    numbers = iter(chance.sample(range(10**8), count))
    dials: list[Dial | None] = [None] * count
    for turn in range(count):
        if dials[turn] is not None:
            continue
        number = f"139{next(numbers):08d}"
        dials[turn] = _dial(chance, number, longest)
        at = turn
        while chance.random() < _AGAIN:
            at += chance.randint(1, 60)
            if at < count and dials[at] is None:
                dials[at] = _dial(chance, number, longest)
    return [dial for dial in dials if dial]


def _dial(chance: random.Random, number: str, longest: float) -> Dial:
    kind = chance.random()
    if kind < _IN_GREETING:
        patience = chance.uniform(0.1, 1.5)
    elif kind < _IN_GREETING + _IN_QUEUE:
        patience = chance.uniform(2.5, max(longest * 0.6, 3.0))
    else:
        patience = longest
    return Dial(number, patience, chance.uniform(0, _LATEST_DELAY))


class Crowd:
    """Makes the calls of `dials` at `rate` a second."""

    def __init__(self, server: Server, folder: Path, dials: Sequence[Dial], *, rate: float, words: bytes) -> None:
        stream = folder / "crowd.alaw"
        folder.mkdir(parents=True, exist_ok=True)
        stream.write_bytes(words)
        self.expected = len(dials)
        self.sipp = Sipp(
            server,
            "crowd-citizen",
            {"dialled": "12345", "stream": str(stream), "setup_ms": _SETUP_MS, "tick_ms": _TICK_MS},
            folder,
            rows=[
                f"{dial.number};{max(round(dial.patience * 1000 / _TICK_MS), 1)};{round(dial.delay * 1000)}".encode()
                for dial in dials
            ],
            arguments=("-m", str(len(dials)), "-r", str(max(round(rate * 10), 1)), "-rp", "10000", "-l", "2000"),
        )

    async def call(self, within: float) -> None:
        """Make all calls and wait until each is over, for `within` seconds at most."""
        with suppress(TimeoutError):
            async with running(self.sipp):
                await asyncio.wait_for(self.sipp.watch(), within)

    def attempts(self) -> list[Attempt]:
        """Return what became of each call that was dialled, in the order of dialling."""
        self.sipp.look()
        return sorted(_attempts(self.sipp.steps), key=lambda attempt: attempt.dialled)


def _attempts(steps: Iterable[Step]) -> Iterator[Attempt]:
    known: dict[int, Attempt] = {}
    for step in steps:
        if step.word == "dialled":
            known[step.call] = Attempt(step.rest.strip(), step.at)
            continue
        attempt = known[step.call]
        if step.word in {"heard_of", "answered", "refused"}:
            attempt.heard_of = attempt.heard_of or step.at
        if step.word == "answered":
            attempt.answered = attempt.answered or step.at
        elif step.word in {"hung_up", "ended", "refused", "gave_up"} and not attempt.how:
            attempt.over, attempt.how = step.at, step.word
    yield from known.values()


def talks_of(seat: Seat) -> list[Talk]:
    """Return the talks of a seat's phone so far, in order."""
    seat.sipp.look()
    talks: dict[int, Talk] = {}
    for step in seat.sipp.steps:
        if step.word == "ringing":
            talks[step.call] = Talk(seat.user, step.rest.rpartition(" ")[2], step.at, unsure=True)
        elif step.word == "cancelled":
            talks.pop(step.call, None)
        elif talk := talks.get(step.call):
            if step.word == "answered":
                talk.began, talk.unsure = step.at, False
            elif step.word in {"hung_up", "ended"} and talk.over is None:
                talk.over = step.at
    return list(talks.values())
