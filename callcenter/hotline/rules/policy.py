"""The queue rule's policy 排队不超过5人: what is done, and undone, before the queue reaches its limit.

Five levels, from the number who wait: `calm`, `warning` (the wallboard says so), `reinforce` (after-call work that is
over its time ends, breaks are called back, reserves join), `offer` (newcomers are offered a callback before they are
queued) and `full`. A level rises at once, however far; it falls one level at a time, each after the queue was below it
for a hold time, so that no step is taken and undone in one breath. The limit itself is Asterisk's (`maxlen`), and holds
without any of this.

`decide` is called after every change of the floor and whenever `next_due` says so. The same facts twice ask for nothing
new, and a command that Asterisk did not carry out is asked for again. What it takes is what it undoes: reserves leave,
messages are withdrawn, offers end. Only wrap-ups that were cut short cannot be given back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from callcenter.hotline.rules.policy_steps import (
    CallBackBreak,
    EndWrapUp,
    Figures,
    JoinReserve,
    LeaveReserve,
    Level,
    LevelChanged,
    OfferCallbacks,
    ReleaseBreak,
    Step,
    Unwarn,
    Warn,
)

__all__ = [
    "Break",
    "CallBackBreak",
    "EndWrapUp",
    "Facts",
    "Figures",
    "JoinReserve",
    "LeaveReserve",
    "Level",
    "LevelChanged",
    "OfferCallbacks",
    "ReleaseBreak",
    "Reserve",
    "State",
    "Step",
    "Thresholds",
    "Unwarn",
    "Warn",
    "WrapUp",
    "begin",
    "decide",
    "next_due",
    "undo",
]


#: Reasons for a break that end when the queue needs it; all others but the next are called back only at `offer`.
CALLED_FIRST = frozenset({"rest", "meal", "no_answer"})
#: Nobody is called back from these: work, or a phone that is not there.
NEVER_CALLED = frozenset({"wrap_up", "callback", "phone_offline"})
#: A command that shows no effect on the floor is asked for again after so long.
REPEAT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Settings `[policy]` under the same names, and `[queue] max_waiting`; counts are callers who wait."""

    max_waiting: int = 4
    enabled: bool = True
    warn_wait_seconds: int = 20
    warn_waiting: int = 2
    reinforce_waiting: int = 3
    offer_waiting: int = 4
    hold_seconds: int = 20
    wrap_up_seconds: int = 5
    #: Reinforce as soon as somebody waits and a newcomer is predicted to wait longer; 0 leaves it to the count.
    reinforce_wait_seconds: int = 30

    def level(self, waiting: int, wait: timedelta, predicted: float | None = None) -> Level:
        """Return the level that `waiting` callers ask for.

        The first of them has waited `wait`; a newcomer is predicted to wait `predicted` seconds.
        """
        if not self.enabled or waiting <= 0:
            return Level.CALM
        # A step that stands above the limit is taken at the limit: nobody could ever reach it.
        steps = (
            (Level.FULL, self.max_waiting),
            (Level.OFFER, self.offer_waiting),
            (Level.REINFORCE, self.reinforce_waiting),
            (Level.WARNING, self.warn_waiting),
        )
        count = next((level for level, least in steps if waiting >= min(least, self.max_waiting)), Level.CALM)
        if 0 < self.reinforce_wait_seconds < (predicted or 0.0):
            return max(count, Level.REINFORCE)
        return max(count, Level.WARNING if wait >= timedelta(seconds=self.warn_wait_seconds) else Level.CALM)


@dataclass(frozen=True, slots=True)
class WrapUp:
    """A seat in after-call work 话后处理."""

    seat: str
    since: datetime
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Break:
    """An agent on a break 小休."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Somebody who is called in when the queue fills 紧急调度."""

    name: str
    #: Takes calls from the queue now.
    joined: bool = False
    #: Could be asked to join: their phone is there, and they are not signed in as an agent already.
    available: bool = True
    #: Neither rings nor talks.
    idle: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """The floor as the policy sees it; the order within each tuple means nothing."""

    waiting: int
    #: Since when the first of those who wait does; None when nobody does.
    oldest: datetime | None = None
    #: Agents who could take a call now.
    free: int = 0
    #: Seconds that a newcomer is predicted to wait; None when nobody is there to answer.
    predicted_wait: float | None = None
    wrap_ups: tuple[WrapUp, ...] = ()
    breaks: tuple[Break, ...] = ()
    reserves: tuple[Reserve, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """What the policy remembers between two looks at the floor."""

    level: Level
    #: When the level last changed.
    since: datetime
    #: Since when the queue has been below the level; None while it is not.
    below_since: datetime | None = None
    #: Agents who are on a break and were asked to return.
    called_back: frozenset[str] = frozenset()
    #: (word of the step, reserve or agent) that a supervisor has undone: not taken again before the crowd is over.
    spared: frozenset[tuple[str, str]] = frozenset()
    #: (word of the step, seat or reserve) -> when it was last asked for, while the floor does not show it yet.
    asked: Mapping[tuple[str, str], datetime] = field(default_factory=dict)


def begin(now: datetime, facts: Facts | None = None) -> State:
    """Return the state of a policy that begins; one that finds reserves at work takes them over, and holds them."""
    at_work = facts is not None and any(reserve.joined for reserve in facts.reserves)
    return State(Level.REINFORCE if at_work else Level.CALM, now)


def decide(state: State, facts: Facts, now: datetime, thresholds: Thresholds) -> tuple[State, list[Step]]:
    """Return the policy's next state and the steps that lead there, in the order in which to take them."""
    wait = max(now - facts.oldest, timedelta(0)) if facts.oldest and facts.waiting else timedelta(0)
    predicted = None if facts.predicted_wait is None else round(facts.predicted_wait, 1)
    figures = Figures(facts.waiting, round(wait.total_seconds(), 1), facts.free, predicted)
    after = _moved(state, thresholds.level(facts.waiting, wait, facts.predicted_wait), now, thresholds)
    steps: list[Step] = []
    if after.level != state.level:
        steps.append(LevelChanged(figures, state.level, after.level, _why(state, after, facts, thresholds)))
        steps += _crossed(state.level, after.level, figures)
    if after.level < Level.REINFORCE and after.spared:
        after = replace(after, spared=frozenset())
    after, more = _asked(after, _wanted(after, facts, now, thresholds, figures), now)
    steps += more
    after, more = _breaks(after, facts, figures)
    return after, steps + more


def undo(state: State, word: str, whom: str) -> State:
    """Return the state after a supervisor undid the step `word` for a reserve or an agent, until the crowd is over."""
    return replace(state, called_back=state.called_back - {whom}, spared=state.spared | {(word, whom)})


def next_due(state: State, facts: Facts, thresholds: Thresholds) -> datetime | None:
    """Return when time alone changes the decision, for a `state` that `decide` returned for `facts`; None for never."""
    due: list[datetime] = []
    if state.below_since:
        due.append(state.below_since + timedelta(seconds=thresholds.hold_seconds))
    settled = state.level > Level.WARNING or (state.level == Level.WARNING and state.below_since is None)
    if thresholds.enabled and facts.oldest and facts.waiting and not settled:
        due.append(facts.oldest + timedelta(seconds=thresholds.warn_wait_seconds))
    due += [at + REPEAT for at in state.asked.values()]
    if _crowded(state, facts, thresholds):
        due += [
            wrap_up.since + timedelta(seconds=thresholds.wrap_up_seconds)
            for wrap_up in facts.wrap_ups
            if ("end_wrap_up", wrap_up.seat) not in state.asked
        ]
    return min(due, default=None)


def _moved(state: State, wanted: Level, now: datetime, thresholds: Thresholds) -> State:
    """Return the state at its new level: up at once, down by one after the hold time."""
    if not thresholds.enabled and state.level > Level.CALM:
        return replace(state, level=Level.CALM, since=now, below_since=None)
    if wanted > state.level:
        return replace(state, level=wanted, since=now, below_since=None)
    if wanted == state.level:
        return replace(state, below_since=None)
    # A clock that was set back must not hold the level for ever.
    below_since = min(state.below_since or now, now)
    if now - below_since < timedelta(seconds=thresholds.hold_seconds):
        return replace(state, below_since=below_since)
    level = Level(state.level - 1)
    return replace(state, level=level, since=now, below_since=now if wanted < level else None)


def _why(before: State, after: State, facts: Facts, thresholds: Thresholds) -> str:
    if after.level < before.level:
        return "hold" if thresholds.enabled else "disabled"
    if thresholds.level(facts.waiting, timedelta(0)) >= after.level:
        return "crowd"
    return (
        "prediction" if thresholds.level(facts.waiting, timedelta(0), facts.predicted_wait) >= after.level else "wait"
    )


def _crossed(before: Level, after: Level, figures: Figures) -> list[Step]:
    """Return the steps of the levels that were entered or left."""
    steps: list[Step] = []
    if before < Level.WARNING <= after:
        steps.append(Warn(figures))
    if before < Level.OFFER <= after:
        steps.append(OfferCallbacks(figures, on=True))
    if after < Level.OFFER <= before:
        steps.append(OfferCallbacks(figures, on=False))
    if after < Level.WARNING <= before:
        steps.append(Unwarn(figures))
    return steps


def _presses(state: State, facts: Facts) -> bool:
    """Whether people are asked for more now: in a crowd, and not while its level is only held."""
    return state.level >= Level.REINFORCE and facts.waiting > 0


def _crowded(state: State, facts: Facts, thresholds: Thresholds) -> bool:
    """Whether so many wait that after-call work is cut short: a prediction alone takes no agent's time away."""
    return _presses(state, facts) and facts.waiting >= min(thresholds.reinforce_waiting, thresholds.max_waiting)


def _wanted(
    state: State, facts: Facts, now: datetime, thresholds: Thresholds, figures: Figures
) -> list[tuple[str, Step]]:
    """Return the commands that the floor does not show the effect of, each with the seat or reserve it concerns."""
    wanted: list[tuple[str, Step]] = []
    for wrap_up in sorted(facts.wrap_ups, key=lambda one: one.seat):
        lasted = now - wrap_up.since
        if _crowded(state, facts, thresholds) and lasted >= timedelta(seconds=thresholds.wrap_up_seconds):
            seconds = round(lasted.total_seconds(), 1)
            wanted.append((wrap_up.seat, EndWrapUp(figures, wrap_up.seat, wrap_up.agent, seconds)))
    for reserve in sorted(facts.reserves, key=lambda one: one.name):
        spared = (JoinReserve.word, reserve.name) in state.spared
        if _presses(state, facts) and reserve.available and not reserve.joined and not spared:
            wanted.append((reserve.name, JoinReserve(figures, reserve.name)))
        if state.level < Level.REINFORCE and reserve.joined and reserve.idle:
            wanted.append((reserve.name, LeaveReserve(figures, reserve.name)))
    return wanted


def _asked(state: State, wanted: Iterable[tuple[str, Step]], now: datetime) -> tuple[State, list[Step]]:
    """Return the commands to ask for now, leaving out those that were and may still take effect."""
    asked: dict[tuple[str, str], datetime] = {}
    steps: list[Step] = []
    for whom, step in wanted:
        key = (step.word, whom)
        last = state.asked.get(key)
        if last is None or not timedelta(0) <= now - last < REPEAT:
            steps.append(step)
            last = now
        asked[key] = last
    return replace(state, asked=asked), steps


def _breaks(state: State, facts: Facts, figures: Figures) -> tuple[State, list[Step]]:
    on_break = {one.agent: one.reason for one in facts.breaks if one.reason not in NEVER_CALLED}
    # Who came back by themselves is no longer asked; who is still away when the crowd is gone need not come.
    called = state.called_back & on_break.keys()
    if state.level < Level.REINFORCE:
        return replace(state, called_back=frozenset()), [ReleaseBreak(figures, agent) for agent in sorted(called)]
    steps: list[Step] = []
    for agent, reason in sorted(on_break.items()):
        first = reason in CALLED_FIRST or state.level >= Level.OFFER
        spared = (CallBackBreak.word, agent) in state.spared
        if _presses(state, facts) and first and agent not in called and not spared:
            steps.append(CallBackBreak(figures, agent, reason))
    return replace(state, called_back=called | {step.agent for step in steps if isinstance(step, CallBackBreak)}), steps
