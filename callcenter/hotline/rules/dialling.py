"""Which callback 回拨 or follow-up 回访 is dialled now, and whose phone rings for it. Pure: figures in, dials out.

Live callers come first: nothing is dialled while anybody waits, a free agent is kept for each caller in the greeting,
and there are never more dials than free agents. So callbacks can neither starve the queue nor outnumber the agents.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.numbers import normalised
from callcenter.hotline.rules.records import ErrandKind


@dataclass(frozen=True, slots=True)
class Pending:
    """An open callback or follow-up that nobody dials yet."""

    id: int
    #: The citizen, and the number to dial; both in their one spelling.
    caller: str
    number: str
    #: When the citizen first called: the order in which they are called back.
    called_at: datetime
    #: Not before this.
    next_at: datetime
    #: Higher is sooner.
    priority: int = 0
    #: The agent it is kept for.
    assigned: str | None = None
    #: Why it needs a supervisor's leave.
    held: str | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """An agent who is ready, since `since`."""

    agent: str
    seat: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring `agent` at `seat`, then the citizen."""

    #: What is owed: the id of the callback or of the follow-up.
    errand: int
    agent: str
    seat: str
    number: str
    kind: ErrandKind = "callback"


def free_agents(floor: Floor, engaged: Collection[str] = ()) -> list[Free]:
    """Return the agents who are ready, longest idle first; `engaged` are those whom a dial has just been given."""
    return sorted(
        (
            Free(seat.agent, seat.number, seat.since)
            for seat in floor.seats.values()
            if seat.state == "ready" and seat.agent and seat.since and seat.agent not in engaged
        ),
        key=lambda free: (free.since, free.seat),
    )


def on_the_line(floor: Floor, area_code: str = "") -> set[str]:
    """Return the numbers of citizens who wait, are rung for or talk, in their one spelling."""
    numbers = {call.caller for call in floor.waiting} | {seat.caller or "" for seat in floor.seats.values()}
    return {normalised(number, area_code) for number in numbers} - {""}


def room(*, free: int, waiting: int, greeting: int, reserve: int) -> int:
    """Return how many callbacks may be begun now, with so many `free` agents.

    None while anybody waits; and a free agent stays for each of the `greeting` callers, who may ask for a person in a
    moment, and `reserve` more.
    """
    return 0 if waiting else max(free - greeting - reserve, 0)


def room_for_lesser(*, free: int, waiting: int, greeting: int, reserve: int) -> int:
    """Return how many errands that come after callbacks may be begun now: one, and never by the last free agent.

    A call that comes in while an agent visits a citizen by telephone must find somebody.
    """
    return min(room(free=free, waiting=waiting, greeting=greeting, reserve=max(reserve, 1)), 1)


def choose(
    pending: Iterable[Pending],
    free: Iterable[Free],
    now: datetime,
    *,
    places: int,
    busy: Collection[str] = (),
    kind: ErrandKind = "callback",
) -> list[Dial]:
    """Return at most `places` dials for `free` agents, in the order given, and the callbacks that may be dialled `now`.

    In the order of priority and then of the citizens' first calls. `busy` are the numbers that are on the line or being
    dialled: never two calls to one number, also when two callbacks name the same one.
    """
    idle = list(free)
    taken = set(busy)
    dials: list[Dial] = []
    for callback in sorted(pending, key=lambda one: (-one.priority, one.called_at, one.id)):
        if len(dials) >= places or not idle:
            break
        if callback.held or callback.next_at > now or {callback.number, callback.caller} & taken:
            continue
        agent = next((one for one in idle if callback.assigned in {None, one.agent}), None)
        if agent is None:
            continue  # kept for somebody who is not free: others need not wait for them
        idle.remove(agent)
        taken |= {callback.number, callback.caller}
        dials.append(Dial(callback.id, agent.agent, agent.seat, callback.number, kind))
    return dials
