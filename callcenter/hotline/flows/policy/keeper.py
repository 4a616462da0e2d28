"""Carries out the queue policy 排队不超过5人: looks at the floor after each change, acts in Asterisk, keeps the log.

What is decided, and when, is `rules/policy.py`'s. Asterisk's own limit (`maxlen`) holds whether this runs or not.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import structlog

from callcenter import tasks
from callcenter.asterisk.ami import AmiError
from callcenter.hotline.flows.floor import FloorKeeper, join, leave, pause
from callcenter.hotline.flows.policy.log import PolicyLog
from callcenter.hotline.rules import policy as rules
from callcenter.hotline.rules import policy_facts, prediction
from callcenter.hotline.rules.agents import interface_for
from callcenter.hotline.rules.desks import desks_of
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.policy_facts import Standby, Watch
from callcenter.hotline.rules.seats import WRAP_UP
from callcenter.hotline.wallboard import iso
from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.storage import clock

_log = structlog.get_logger()
#: Seconds that Asterisk may take to show what it has acknowledged.
_SEEN_WITHIN = 2.0
#: Seconds between two looks when nothing happens: a prediction ages, and so does a wait.
TICK = 1.0
#: What the dialplan is told of the wait when nobody is at work, though some are signed in: longer than any promise.
NOBODY_AT_WORK = 3600


@dataclass(frozen=True)
class Told:
    """What the dialplan was told, as global variables of Asterisk's."""

    wait: int | None = None
    within: int | None = None


class PolicyKeeper:
    """Runs the policy. Wire `changed` to the floor's changes, then run `run()`.

    `names` returns agent numbers with names, and `owed` the number of open callbacks, as they are now.
    """

    def __init__(
        self,
        keeper: FloorKeeper,
        live: LiveState,
        log: PolicyLog,
        settings: Settings,
        *,
        queue: str,
        names: Callable[[], Mapping[str, str]],
        owed: Callable[[], int],
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._keeper = keeper
        self._live = live
        self._journal = log
        self._queue = queue
        self._names = names
        self._owed = owed
        self._now = now
        self._thresholds = thresholds(settings)
        self._standbys = {one.name: Standby(one.name, one.seat) for one in settings.reserves}
        self._test_number = settings.test_dials.caller_id
        self._watch = Watch(
            prediction.Window(
                now(), timedelta(minutes=settings.policy.window_minutes), float(settings.policy.handling_seconds)
            )
        )
        self._state: rules.State | None = None
        #: Reserves who are in the queue because we asked them.
        self._called_in: set[str] = set()
        #: Those whose last step in the log was to join.
        self._remembered: frozenset[str] = frozenset()
        self._told = Told()
        self._told_at = now()
        self._woken = asyncio.Event()
        self._show(rules.begin(now()), None, prediction.MINUTES[-1])

    def changed(self, before: Floor, after: Floor) -> None:
        """Take note of a change of the floor; never blocks."""
        self._watch = policy_facts.seen(self._watch, before, after, self._now())
        if after.connected and not before.connected:
            self._told = Told()  # an Asterisk that was started anew has forgotten
            self._take_over(after)
        self._woken.set()

    def _take_over(self, floor: Floor) -> None:
        """Find the reserves who are in the queue already, as after a restart of this program.

        One whose name is an agent's may have signed in by themselves: only the log can tell (`remembered`).
        """
        for name, standby in self._standbys.items():
            if policy_facts.member_of(floor, standby) is None:
                if not self._is_joining(name):
                    self._called_in.discard(name)
            elif name in self._remembered or (self._names() and name not in self._names()):
                self._called_in.add(name)

    def _is_joining(self, name: str) -> bool:
        """Whether the reserve was asked to join, and the floor does not show it yet."""
        return self._state is not None and (rules.JoinReserve.word, name) in self._state.asked

    # ---- By hand: `flows/supervising/reserves.py` asks ---------------------------------------------------------------

    @property
    def standbys(self) -> Mapping[str, Standby]:
        """The reserves, by name."""
        return self._standbys

    @property
    def called_in(self) -> frozenset[str]:
        """Those who are in the queue because the policy asked them."""
        return frozenset(self._called_in)

    @property
    def asked_back(self) -> frozenset[str]:
        """Agents on a break whom the policy asks to return."""
        return self._state.called_back if self._state else frozenset()

    async def carry_out_by_hand(self, step: type[rules.Step], whom: str, by: str) -> None:
        """Take a step about a reserve, or undo one, as a supervisor wants it; raises AmiError.

        A reserve who joins so is not sent away by the policy; one who leaves so, and an agent whose break goes on, is
        left in peace until the crowd is over.
        """
        ami, floor = self._keeper.ami, self._keeper.floor
        key = "agent"
        if ami is not None and step is rules.JoinReserve:
            key = "name"
            await join(ami, self._queue, self._interface(floor, whom), whom)
        elif ami is not None and step is rules.LeaveReserve:
            key = "name"
            member = policy_facts.member_of(floor, self._standbys[whom])
            if member is not None:
                await leave(ami, self._queue, member.interface, desks_of(floor, member.interface))
            self._called_in.discard(whom)
            self._spare(rules.JoinReserve.word, whom)
        elif step is rules.ReleaseBreak:
            self._spare(rules.CallBackBreak.word, whom)
        level = self._state.level.word if self._state else rules.Level.CALM.word
        self._journal.note(self._now(), level, step.word, {key: whom, "by": by})
        self._woken.set()

    def _spare(self, word: str, whom: str) -> None:
        if self._state is not None:
            self._state = rules.undo(self._state, word, whom)

    def _remember(self, joined: frozenset[str]) -> None:
        self._remembered = joined
        self._take_over(self._keeper.floor)
        self._remembered = frozenset()  # from here on we know better
        self._woken.set()

    async def run(self) -> None:
        """Keep the policy, until cancelled."""
        writing = tasks.spawn(self._journal.run(self._remember), name="policy-log")
        try:
            while True:
                self._woken.clear()
                if self._keeper.floor.connected:
                    await self._look()
                try:
                    async with asyncio.timeout(self._patience()):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            await tasks.cancel(writing)

    def _patience(self) -> float:
        """Return the seconds until the next look, if nothing happens before."""
        due = rules.next_due(self._state, self._facts(), self._thresholds) if self._state else None
        left = (due - self._now()).total_seconds() if due else TICK
        return min(max(left, 0.01), TICK)

    def _facts(self) -> rules.Facts:
        return policy_facts.facts(
            self._keeper.floor,
            self._now(),
            self._watch.window,
            standbys=tuple(self._standbys.values()),
            called_in=self._called_in,
            no_citizen=self._test_number,
        )

    async def _look(self) -> None:
        """Decide once, and carry out what was decided, in order."""
        now = self._now()
        self._watch = policy_facts.settled(self._watch, now)
        self._notice_leavers(now)
        facts = self._facts()
        state = self._state or rules.begin(now, facts)
        self._state, steps = rules.decide(state, facts, now, self._thresholds)
        within = self._within(now)
        self._show(self._state, facts, within)
        for step in steps:
            await self._carry_out(step, now)
        await self._tell(facts, within)

    def _notice_leavers(self, now: datetime) -> None:
        """Forget reserves who left by themselves: when they sign in again, it is as an agent like any other."""
        for name in sorted(self._called_in):
            here = policy_facts.member_of(self._keeper.floor, self._standbys[name]) is not None
            if not here and not self._is_joining(name):
                self._called_in.discard(name)
                level = self._state.level.word if self._state else rules.Level.CALM.word
                self._journal.note(now, level, rules.LeaveReserve.word, {"name": name, "by": "reserve"})

    def _within(self, now: datetime) -> int:
        window = self._watch.window
        seats = self._keeper.floor.seats.values()
        agents = sum(seat.state not in {"signed_out", "break"} for seat in seats)
        return prediction.promised_minutes(self._owed(), agents, window.handling(now), window.load(now))

    def _show(self, state: rules.State, facts: rules.Facts | None, within: int) -> None:
        predicted = facts.predicted_wait if facts else None
        self._live.set(
            "policy",
            {
                "level": state.level.word,
                "since": iso(state.since),
                "predicted_wait": None if predicted is None else round(predicted),
                "within_minutes": within,
                "called_back": sorted(state.called_back),
                "reserves": sorted(one.name for one in facts.reserves if one.joined) if facts else [],
            },
        )

    async def _carry_out(self, step: rules.Step, now: datetime) -> None:
        fault = None
        try:
            await self._do(step)
        except AmiError as error:
            # What the floor does not show is asked for again; nothing else depends on it.
            _log.warning("policy_step_failed", step=step.word, error=str(error))
            fault = str(error)
        level = self._state.level.word if self._state else rules.Level.CALM.word
        detail: dict[str, Any] = {**step.detail, "failed": fault} if fault else step.detail
        self._journal.note(now, level, step.word, detail)

    async def _do(self, step: rules.Step) -> None:
        ami, floor = self._keeper.ami, self._keeper.floor
        if ami is None:
            return
        match step:
            case rules.EndWrapUp(seat=number):
                member = floor.seats[number].member
                # Meanwhile it may have ended by itself, and a break have begun.
                if member and member.paused and member.reason == WRAP_UP:
                    await pause(ami, member.interface, paused=False)
            case rules.JoinReserve(name=name):
                self._called_in.add(name)
                await join(ami, self._queue, self._interface(floor, name), name)
                standby = self._standbys[name]
                await self._keeper.until(lambda now: policy_facts.member_of(now, standby) is not None, _SEEN_WITHIN)
            case rules.LeaveReserve(name=name):
                member = policy_facts.member_of(floor, self._standbys[name])
                if member is not None:
                    await leave(ami, self._queue, member.interface, desks_of(floor, member.interface))
                self._called_in.discard(name)

    def _interface(self, floor: Floor, name: str) -> str:
        standby = self._standbys[name]
        return interface_for(floor.seats[standby.seat]) if standby.seat else standby.telephone

    async def _tell(self, facts: rules.Facts, within: int) -> None:
        """Tell the dialplan what it may promise, when that has changed, and at most once in a `TICK`."""
        if self._told != Told() and timedelta() <= self._now() - self._told_at < timedelta(seconds=TICK):
            return
        wait = facts.predicted_wait
        if wait is None:
            signed_in = any(seat.member for seat in self._keeper.floor.seats.values())
            wait = NOBODY_AT_WORK if signed_in else 0
        news = Told(round(wait), within)
        for name, value, was in (
            ("HOTLINE_WAIT", news.wait, self._told.wait),
            ("HOTLINE_WITHIN", news.within, self._told.within),
        ):
            if value != was and self._keeper.ami is not None:
                try:
                    await self._keeper.ami.action("Setvar", Variable=name, Value=str(value))
                except AmiError as error:
                    _log.warning("promise_not_told", variable=name, error=str(error))
                    return
        self._told, self._told_at = news, self._now()


def thresholds(settings: Settings) -> rules.Thresholds:
    """Return the settings that the rules go by."""
    known = {threshold.name for threshold in fields(rules.Thresholds)}
    policy = {name: value for name, value in settings.policy.model_dump().items() if name in known}
    return rules.Thresholds(max_waiting=settings.queue.max_waiting, **policy)
