"""Looks what is owed and who is free, and has it dialled: the rules say which and when, `Dialling` does it.

Callbacks come first; lesser errands, as follow-up visits 回访, are dialled only while no callback can be, and yield to
whoever waits. It also shows what is under way, lets agents go whose call came to nothing, and sweeps what time decides.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter import tasks
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.events import CallbackSettled, CallbackTried, ErrandTried, HotlineEvent
from callcenter.hotline.flows.callbacks import figures as callback_figures
from callcenter.hotline.flows.callbacks import sweep as callback_sweep
from callcenter.hotline.flows.callbacks.errand import CallbackErrand
from callcenter.hotline.flows.callbacks.figures import Figures
from callcenter.hotline.flows.callbacks.obligations import policy_of
from callcenter.hotline.flows.dialling import orders
from callcenter.hotline.flows.dialling.dialling import Dialling
from callcenter.hotline.flows.dialling.display import Display, Shown
from callcenter.hotline.flows.dialling.errands import Errand, UnderWay
from callcenter.hotline.flows.dialling.kept_agents import KeptAgents
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules import dialling
from callcenter.hotline.rules.agents import N_, Refused, seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.numbers import normalised
from callcenter.hotline.rules.records import ErrandKind
from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds between two looks when nothing happens, and at least between any two.
_TICK, _BREATH = 1.0, 0.1
#: Seconds between two sweeps: escalation, and attempts that never began.
_SWEEP = 3.0
#: History that was up to date so short a time ago is; each call makes it late for a moment.
_CURRENT = timedelta(seconds=2)
#: News older than this is history being caught up with, and nothing to act on.
_NEWS = timedelta(seconds=30)


@dataclass
class Dialler:
    """Keeps the promise that a missed call is called back. Wire `floor_changed` and `heard`, then `run()` it.

    `history_is_current` tells whether all that Asterisk wrote is stored: while it is not, nobody is dialled, for they
    may have been answered. `on_shown` is told what the seats' sections of the live document have as `callback` and
    `follow_up`. `lesser` are errands that come after callbacks, the more urgent first.
    """

    database: Database
    keeper: FloorKeeper
    settings: Settings
    live: LiveState
    alarms: Alarms
    history_is_current: Callable[[], bool]
    on_shown: Callable[[Shown], None] = lambda _seats: None
    lesser: Sequence[Errand] = ()
    _figures: Figures = field(default_factory=Figures)
    _under_way: list[UnderWay] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _current_at: datetime | None = None
    _swept_at: datetime | None = None
    _trouble: bool = False
    #: Attempts that were ended because the citizen was answered on their own call, or others came first.
    _called_off: set[tuple[ErrandKind, int]] = field(default_factory=set)
    #: Whether there is a trunk, and its far end answers; agents are not rung for a call that cannot be made.
    _line: bool = False

    def __post_init__(self) -> None:
        self._policy = policy_of(self.settings)
        self._agents = KeptAgents(self.keeper)
        self._wanted = self.settings.callbacks
        callbacks = CallbackErrand(self.settings.node, self._policy, self._wanted.mode)
        self._errands: Mapping[ErrandKind, Errand] = {one.kind: one for one in (callbacks, *self.lesser)}
        self._dialling = Dialling(
            self.database, self.keeper, self.settings, self._errands, self._agents, on_begun=self.look
        )
        self._display = Display(self.live, self.alarms, self._wanted.mode, self.on_shown)
        self._trunk = self.settings.line(self._wanted.trunk)
        self._display.figures(self._figures, line=self._line)

    def floor_changed(self, before: Floor, after: Floor) -> None:
        """The floor changed: stages, and perhaps there is room for a dial. Never blocks."""
        if self._under_way and before.seats is not after.seats:
            self._display.seats(after, self._under_way)
        if len(after.waiting) > len(before.waiting):
            self._yield()
        if self._figures.open and (before.seats is not after.seats or len(before.waiting) > len(after.waiting)):
            self._wake.set()

    def heard(self, events: Sequence[HotlineEvent]) -> None:
        """History was committed: see whom it concerns. Never blocks."""
        if self.history_is_current():
            self._current_at = clock.now()
        for event in events:
            if isinstance(event, CallbackTried):
                self._tried("callback", event)
            elif isinstance(event, ErrandTried):
                self._tried("follow-up", event)
            elif isinstance(event, CallbackSettled) and event.by == "redial":
                self.call_off("callback", event.callback_id)
        if events or self._under_way:
            self._wake.set()

    @property
    def line(self) -> bool:
        """Whether there is a line to the telephone network."""
        return self._line

    def is_engaged(self, agent: str) -> bool:
        """Whether `agent` has been given somebody to call."""
        return agent in self._dialling.engaged

    def look(self) -> None:
        """Something was changed by people: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Dial, sweep and show, for ever; a database or an Asterisk that is away is waited for."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._turn(clock.now())
            except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; it is tried again
                if not self._trouble:
                    _log.warning("callbacks_wait", error=f"{type(error).__name__}: {error}"[:300])
                self._trouble = True
                await asyncio.sleep(_TICK)
            else:
                self._trouble = False
            await asyncio.sleep(_BREATH)

    async def dial(self, errand: int, agent: str, kind: ErrandKind = "callback") -> int:
        """An agent starts one by themselves 预览; returns the attempt.

        Raises Refused when it cannot be dialled now, and LookupError when there is no such errand.
        """
        floor, what = self.keeper.floor, self._errands[kind]
        seat = seat_held_by(floor, agent)
        if seat is None or seat.state not in {"ready", "break", "wrap_up"} or agent in self._dialling.engaged:
            raise Refused(N_("agent %(agent)s cannot call anybody back now"), agent=agent)
        if not self._line or what.mode == "off":
            raise Refused(N_("there is no line for callbacks just now"))
        if floor.waiting:
            raise Refused(N_("callers are waiting; they come first"))
        async with self.database.read() as session:
            owed = await what.find(session, errand)
            busy = await callback_figures.on_calls(session, self._policy.area_code)
        if owed.held:
            raise Refused(N_("the number is held; a supervisor must allow it"))
        if owed.assigned not in {None, agent}:
            raise Refused(N_("the callback is kept for agent %(agent)s"), agent=owed.assigned)
        if {owed.number, owed.caller} & self._busy(busy):
            raise Refused(N_("the citizen is on the line just now"))
        attempt = await self._dialling.begin(dialling.Dial(errand, agent, seat.number, owed.number, kind))
        if attempt is None:
            raise Refused(N_("it could not be begun just now; look again in a moment"))
        return attempt

    # ---- A turn: look, show, dial ------------------------------------------------------------------------------------

    async def _turn(self, now: datetime) -> None:
        if self.history_is_current():
            self._current_at = now
        if self._swept_at is None or (now - self._swept_at).total_seconds() >= _SWEEP:
            self._swept_at = now
            await self._sweep(now)
        async with self.database.read() as session:
            self._figures = await callback_figures.count(session, now)
            self._under_way = [one for what in self._errands.values() for one in await what.under_way(session)]
            self._display.figures(self._figures, line=self._line)
            self._display.seats(self.keeper.floor, self._under_way)
            dials = await self._choose(session, now)
        for dial in dials:
            self._dialling.engage(dial)
            tasks.spawn(self._dialling.begin(dial), name=f"{dial.kind} {dial.errand}")
        self._dialling.forget(now)
        await self._agents.free_stranded(self._dialling.beginning(), now)

    async def _choose(self, session: AsyncSession, now: datetime) -> list[dialling.Dial]:
        floor = self.keeper.floor
        if not self._line or not floor.connected or not self._is_current(now):
            return []
        free = dialling.free_agents(floor, self._dialling.engaged)
        room = {
            "free": len(free),
            "waiting": len(floor.waiting),
            "greeting": len(floor.greeting),
            "reserve": self._wanted.reserve_agents,
        }
        if not dialling.room(**room):
            return []
        busy: set[str] | None = None
        for what in self._errands.values():  # in the order of their urgency
            lesser = what.kind != "callback"
            if lesser and (what.mode != "automatic" or self._dialling.has_lesser()):
                continue
            if what.mode == "off" or (not lesser and self._figures.open <= self._figures.dialling):
                continue
            if busy is None:
                busy = self._busy(await callback_figures.on_calls(session, self._policy.area_code))
            owed = await what.pending(session, now, {one.agent for one in free}, busy)
            if what.mode == "preview" and owed:
                return []  # somebody may click on it at any moment, and it comes before what follows
            if what.mode == "automatic":
                places = dialling.room_for_lesser(**room) if lesser else dialling.room(**room)
                if dials := dialling.choose(owed, free, now, places=places, busy=busy, kind=what.kind):
                    return dials
        return []

    def _is_current(self, now: datetime) -> bool:
        return self._current_at is not None and now - self._current_at <= _CURRENT

    def _busy(self, on_calls: set[str]) -> set[str]:
        area_code = self._policy.area_code
        dialled = {normalised(one.number, area_code) for one in self._under_way}
        return on_calls | dialled | dialling.on_the_line(self.keeper.floor, area_code)

    async def _sweep(self, now: datetime) -> None:
        await callback_sweep.escalate(self.database, self._policy, now)
        late = now - timedelta(seconds=self._wanted.agent_ring_seconds) - orders.LATE - callback_sweep.MARGIN
        ami = self.keeper.ami
        if ami is None or not self.keeper.floor.connected:
            return
        self._line = self._trunk is not None and await orders.line_is_there(ami, self._trunk.name)
        for errand in self._errands.values():
            await callback_sweep.give_back(
                self.database,
                self.settings.node,
                errand,
                lambda: orders.in_progress(ami),
                self.history_is_current,
                before=late,
                now=now,
            )

    # ---- What came of it ---------------------------------------------------------------------------------------------

    def _tried(self, kind: ErrandKind, event: CallbackTried | ErrandTried) -> None:
        self._dialling.tried(kind, event.attempt_id, event.agent)
        if event.result != "answered" and clock.now() - event.at < _NEWS:
            # An agent whose phone we made stop ringing did not let it ring in vain.
            picked_up = event.result != "agent_no_answer" or (kind, event.attempt_id) in self._called_off
            tasks.spawn(self._agents.without_talk(event.agent, picked_up=picked_up), name="after a try")

    def call_off(self, kind: ErrandKind, errand: int) -> None:
        """It is owed no more: nobody rings for the citizen, or rings them, any more; a talk goes on."""
        self._dialling.cancel(kind, errand)
        for one in self._under_way:
            if (one.kind, one.errand) == (kind, errand) and one.stage != "talking":
                self._hang_up(one)

    def _yield(self) -> None:
        """Somebody waits: an agent whose phone rings for a lesser errand is freed; a citizen who is rung is not."""
        for engaged in self._dialling.engaged.values():
            if engaged.kind != "callback":
                self._dialling.cancel(engaged.kind, engaged.errand)
        for one in self._under_way:
            if one.kind != "callback" and one.stage == "ringing":
                self._hang_up(one)

    def _hang_up(self, one: UnderWay) -> None:
        self._called_off.add((one.kind, one.attempt))
        tasks.spawn(self._dialling.hang_up(one.kind, one.attempt), name=f"hang up {one.kind} {one.attempt}")
