"""Keeps the floor: one ordered consumer applies events, shows each change, and carries out the rules' commands."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from callcenter import tasks
from callcenter.asterisk import events
from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.asterisk.floor_listing import list_floor
from callcenter.asterisk.translate import Translator
from callcenter.hotline.rules import agents as rules
from callcenter.hotline.rules import desks as desk_rules
from callcenter.hotline.rules.desks import Desk
from callcenter.hotline.rules.floor import Floor, apply, expire
from callcenter.hotline.rules.seats import WRAP_UP
from callcenter.settings.desks import desk_queue

_log = structlog.get_logger()
#: Events that may wait to be applied; a floor that falls this far behind is listed afresh instead.
_BACKLOG = 20_000

OnChange = Callable[[Floor, Floor], None]


class FloorKeeper:
    """Owns the floor. `on_change(before, after)` is called for each change, in order.

    Wire `on_message`, `on_up` and `on_down` to an AmiClient, then run `run()`.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        queue: str,
        clock: Callable[[], datetime],
        on_change: OnChange,
        desks: Sequence[Desk] = (),
    ) -> None:
        self.floor = floor
        self.desks = desks
        self._queue_name = queue
        self._clock = clock
        self._on_change = on_change
        self._desk_names = tuple(desk.name for desk in desks)
        self._translator = Translator(tuple(floor.seats), queue=queue, desks=self._desk_names)
        self._events: asyncio.Queue[events.AnyEvent] = asyncio.Queue(_BACKLOG)
        self._commands: asyncio.Queue[rules.Command | desk_rules.Command] = asyncio.Queue()
        #: Events heard while the floor is being listed: they come after the listing, whatever it saw of them.
        self._meanwhile: list[events.AnyEvent] | None = None
        self._changed = asyncio.Event()
        self._pending_end: set[str] = set()
        self.ami: AmiClient | None = None

    def on_message(self, message: dict[str, Any]) -> None:
        """Take one message of Asterisk's; never blocks."""
        for event in self._translator.feed(message, self._clock()):
            self.put(event)

    def put(self, event: events.AnyEvent) -> None:
        """Take an event that Asterisk raises no message for; never blocks."""
        if self._meanwhile is not None:
            self._meanwhile.append(event)
        else:
            self._put(event)

    def _put(self, event: events.AnyEvent) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            _log.error("floor_fell_behind", dropped=self._events.qsize())
            while not self._events.empty():
                self._events.get_nowait()
            tasks.spawn(self.on_up(), name="floor-resync")

    async def on_up(self) -> None:
        """List the floor afresh; events that arrive meanwhile follow the listing."""
        if self.ami is None or self._meanwhile is not None:
            return
        self._meanwhile = []
        try:
            seats = tuple(self.floor.seats)
            listed = await list_floor(self.ami, seats, queue=self._queue_name, desks=self._desk_names)
            self._put(listed)
        finally:
            meanwhile, self._meanwhile = self._meanwhile, None
            for event in meanwhile:
                self._put(event)

    def on_down(self) -> None:
        """The link is gone; what is shown from here on is old."""
        self._put(events.Disconnected(self._clock()))

    def begin_day(self, most: int) -> None:
        """A day begins, or the program does within one: `most` callers waited at once in what there was of it."""
        before = self.floor
        self.floor = replace(before, max_waiting_seen=max(most, len(before.waiting)))
        self._show(before, self.floor)

    async def until(self, condition: Callable[[Floor], bool], seconds: float) -> bool:
        """Wait until the floor meets `condition`; returns False when it has not within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not condition(self.floor):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Apply events and let time pass, until cancelled."""
        commands = tasks.spawn(self._carry_out(), name="floor-commands")
        try:
            while True:
                event = await self._next()
                if event is None:
                    self._let_time_pass(self._clock())
                else:
                    self._apply(event)
        finally:
            await tasks.cancel(commands)

    async def _next(self) -> events.AnyEvent | None:
        """Return the next event, or None when a wrap-up's time has come."""
        due = rules.next_due(self.floor)
        if due is None:
            return await self._events.get()
        # A command that is under way needs no second look before Asterisk answers; half a second bounds a lost one.
        seconds = max((due - self._clock()).total_seconds(), 0.5 if self._pending_end else 0.0)
        try:
            async with asyncio.timeout(seconds):
                return await self._events.get()
        except TimeoutError:
            self._pending_end.clear()
            return None

    def _apply(self, event: events.AnyEvent) -> None:
        before = self.floor
        after = self.floor = apply(before, event)
        for command in rules.decide(before, event, after):
            self._commands.put_nowait(command)
        for step in desk_rules.decide(self.desks, before, event, after):
            self._commands.put_nowait(step)
        if isinstance(event, events.MemberChanged):
            self._pending_end.discard(event.member.interface)
        if after is not before:
            self._show(before, after)

    def _let_time_pass(self, now: datetime) -> None:
        before = self.floor
        after = self.floor = expire(before, now)
        for command in rules.due(after, now):
            self._command_once(command)
        if after is not before:
            self._show(before, after)

    def _show(self, before: Floor, after: Floor) -> None:
        self._changed.set()
        self._on_change(before, after)

    def _command_once(self, command: rules.Command) -> None:
        if isinstance(command, rules.EndWrapUp):
            if command.interface in self._pending_end:
                return
            self._pending_end.add(command.interface)
        self._commands.put_nowait(command)

    async def _carry_out(self) -> None:
        """Carry commands out in order; one that fails is logged, for the next resync shows what is true."""
        while True:
            command = await self._commands.get()
            if self.ami is None:
                continue
            try:
                await self._do(self.ami, command)
            except AmiError as error:
                _log.warning("command_failed", command=type(command).__name__, error=str(error))

    def _do(self, ami: AmiClient, command: rules.Command | desk_rules.Command) -> Awaitable[None]:
        queue = self._queue_name
        match command:
            case rules.BeginWrapUp():
                return pause(ami, command.interface, paused=True, reason=WRAP_UP)
            case rules.EndWrapUp():
                return pause(ami, command.interface, paused=False)
            case rules.MovePhone():
                return _move(ami, queue, command)
            case desk_rules.JoinDesk() | desk_rules.PauseAsBefore():
                return self._as_in_the_hotline(ami, command)
            case desk_rules.LeaveDesk():
                return leave(ami, desk_queue(command.desk), command.interface)

    async def _as_in_the_hotline(self, ami: AmiClient, command: desk_rules.JoinDesk | desk_rules.PauseAsBefore) -> None:
        """Do it as the member is by now; who has signed out meanwhile is left out."""
        member = next((one for one in desk_rules.members(self.floor) if one.interface == command.interface), None)
        if member is None:
            return
        how: dict[str, Any] = {"paused": member.paused, "reason": member.reason}
        if isinstance(command, desk_rules.JoinDesk):
            await join(ami, desk_queue(command.desk), member.interface, member.agent, **how)
        else:
            await pause(ami, member.interface, **how)


async def pause(ami: AmiClient, interface: str, *, paused: bool, reason: str = "") -> None:
    """Pause or unpause a phone in every queue that it is a member of; raises AmiError."""
    await ami.action("QueuePause", Interface=interface, Paused="true" if paused else "false", Reason=reason)


async def join(
    ami: AmiClient, queue: str, interface: str, agent: str, *, paused: bool = False, reason: str = ""
) -> None:
    """Add an agent's phone to the queue; raises AmiError."""
    await ami.action(
        "QueueAdd",
        Queue=queue,
        Interface=interface,
        MemberName=agent,
        Penalty=0,
        Paused="true" if paused else "false",
        Reason=reason,
    )


async def leave(ami: AmiClient, queue: str, interface: str, desks: Sequence[str] = ()) -> None:
    """Take a phone out of the queue, and out of those of `desks` before, which else could ring it; raises AmiError."""
    for desk in desks:
        await ami.action("QueueRemove", Queue=desk_queue(desk), Interface=interface)
    await ami.action("QueueRemove", Queue=queue, Interface=interface)


async def _move(ami: AmiClient, queue: str, command: rules.MovePhone) -> None:
    member = command.member
    # The new phone joins before the old one leaves, so that the queue is never empty for a waiting caller.
    await join(ami, queue, command.interface, member.agent, paused=member.paused, reason=member.reason)
    await leave(ami, queue, member.interface)
