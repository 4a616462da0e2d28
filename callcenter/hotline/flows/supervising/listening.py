"""Supervisors listen to talks 监听 耳语 强插: rings their phone, follows what each of them hears, and ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcenter.asterisk import supervising
from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.asterisk.supervising import Ear, How
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules import supervising as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.wallboard import iso
from callcenter.settings import Settings

#: Seconds that a supervisor's phone rings.
RING_SECONDS = 20
#: How often Asterisk is asked who listens, in seconds, while anybody does.
_LOOK_SECONDS = 0.5
#: An order that Asterisk shows nothing of after so many seconds has come to nothing.
_BEGUN_WITHIN = 3.0


@dataclass(frozen=True, slots=True)
class Order:
    """What a supervisor asked for."""

    by: str
    seat: str
    how: How
    phone: str
    at: datetime


class Listening:
    """Who listens to whom. `on_change(rows)` is told whenever that is another; run `run()`.

    `gather(seat)` brings the talk at a seat into a room, for who barges in; it may raise Refused.

    The truth is Asterisk's: a listening goes on when this program ends, and is found again.
    """

    def __init__(
        self,
        keeper: FloorKeeper,
        settings: Settings,
        clock: Callable[[], datetime],
        on_change: Callable[[list[dict[str, Any]]], None],
        gather: Callable[[str], Awaitable[None]],
    ) -> None:
        self._keeper = keeper
        self._settings = settings
        self._clock = clock
        self._on_change = on_change
        self._gather = gather
        self._orders: dict[str, Order] = {}
        self._ears: dict[str, Ear] = {}
        self._last = 0
        self._wake = asyncio.Event()
        self._wake.set()
        self._ordering = asyncio.Lock()
        self.rows: list[dict[str, Any]] = []

    async def start(
        self, by: str, agent: str | None, *, seat: str | None, whom: str | None, how: How, phone: str | None
    ) -> dict[str, Any]:
        """Let the supervisor `by`, who is perhaps `agent`, hear the talk at `seat` or of the agent `whom`.

        Who listens already goes on at the same phone, with the other talk or in the other way. Returns the row of it;
        raises Refused.
        """
        ami, floor = self._ami(), self._keeper.floor
        heard = rules.heard_seat(floor, seat, whom)
        async with self._ordering:
            await self._look(ami)
            mine = self._of(by)
            spied = await self._talk(ami, heard.number, heard.party.linkedid if heard.party else "")
            if mine is not None and mine.how is not None:
                await self._tell(supervising.change_ear(ami, mine, how, None if mine.seat == heard.number else spied))
                name, used = mine.name, self._orders[mine.name].phone if mine.name in self._orders else ""
            else:
                if mine is not None:
                    raise Refused(N_("your phone rings already; answer it"))
                place = rules.phone_for(floor, agent, phone, self._settings.supervision.phones.get(by, ""))
                if place.seat == heard.number:
                    raise Refused(N_("that is your own seat; listen at another phone"))
                name, used = self._name(), place.seat or place.number
                await self._ring(ami, name, by, place, spied, how, heard.number)
            self._orders[name] = Order(by, heard.number, how, used, self._clock())
            self._wake.set()
            return self._row(name, self._orders[name], None)

    async def change(self, name: str, how: How) -> dict[str, Any]:
        """Let whoever listens under `name` hear the same talk in another way; raises Refused, or LookupError."""
        ami = self._ami()
        async with self._ordering:
            await self._look(ami)
            ear = self._ears[name]
            if ear.how is None:
                raise Refused(N_("your phone rings already; answer it"))
            await self._tell(supervising.change_ear(ami, ear, how))
            order = self._orders.get(name) or Order(ear.by, ear.seat or "", how, "", self._clock())
            self._orders[name] = Order(order.by, order.seat, how, order.phone, order.at)
            self._wake.set()
            return self._row(name, self._orders[name], ear)

    async def stop(self, name: str) -> None:
        """Hang up whoever listens under `name`; raises Refused, LookupError for nobody."""
        ami = self._ami()
        await self._look(ami)
        await self._tell(supervising.end_ear(ami, self._ears[name]))
        self._wake.set()

    def whose(self, name: str) -> str:
        """Return the login of whoever listens under `name`; raises LookupError for nobody."""
        if (order := self._orders.get(name)) is not None:
            return order.by
        return self._ears[name].by

    def floor_changed(self, before: Floor, after: Floor) -> None:
        """Look afresh when the link is there again; never blocks."""
        if after.connected and not before.connected:
            self._wake.set()

    async def run(self) -> None:
        """Follow who listens, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if self._orders or self._ears else None):
                    await self._wake.wait()
            self._wake.clear()
            if self._keeper.ami is None or not self._keeper.floor.connected:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            with suppress(AmiError):  # it is asked again
                async with self._ordering:
                    await self._look(self._keeper.ami)
                    await self._settle(self._keeper.ami)

    async def _settle(self, ami: AmiClient) -> None:
        """Let whoever barges in be where all hear them, and nobody be where the agent has left."""
        for ear in self._ears.values():
            # Whoever was just told to hear otherwise is shown as before for a moment.
            barges = ear.name in self._orders and self._orders[ear.name].how == "barge"
            if barges and ear.outside:  # the talk was held, or a third has joined: they are to be heard by all again
                await supervising.change_ear(ami, ear, "barge")
            elif ear.left:
                await supervising.end_ear(ami, ear)
            elif barges and ear.beside and ear.seat:  # the recording hears a room, and so them
                with suppress(Refused):  # the agent talks with a third, and the citizen hears nobody
                    await self._gather(ear.seat)

    async def _look(self, ami: AmiClient) -> None:
        self._ears = {ear.name: ear for ear in await supervising.ears(ami)}
        now = self._clock()
        self._orders = {
            name: order
            for name, order in self._orders.items()
            if name in self._ears or (now - order.at).total_seconds() < _BEGUN_WITHIN
        }
        for name, ear in self._ears.items():
            if name not in self._orders:
                self._orders[name] = Order(ear.by, ear.seat or "", ear.how or "listen", "", now)
        rows = [self._row(name, order, self._ears.get(name)) for name, order in sorted(self._orders.items())]
        if rows != self.rows:
            self.rows = rows
            self._on_change(rows)

    def _row(self, name: str, order: Order, ear: Ear | None) -> dict[str, Any]:
        hears = ear is not None and ear.how is not None
        return {
            "id": name,
            "by": order.by,
            "seat": (ear.seat if ear else None) or order.seat,
            "mode": (ear.how if ear else None) or order.how,
            "state": "listening" if hears else "ringing",
            "phone": order.phone or None,
            "since": iso(order.at),
        }

    def _of(self, by: str) -> Ear | None:
        return next((ear for ear in self._ears.values() if ear.by == by), None)

    def _name(self) -> str:
        # Later than any of a life before: the clock's milliseconds, and never the same twice.
        self._last = max(self._last + 1, int(self._clock().timestamp() * 1000))
        return f"{self._settings.node}-listen-{self._last}"

    async def _talk(self, ami: AmiClient, seat: str, call: str) -> str:
        try:
            spied = await supervising.talk_of(ami, seat, call)
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
        if spied is None:
            raise Refused(N_("nobody talks at seat %(seat)s just now"), seat=seat)
        return spied

    async def _ring(  # noqa: PLR0917
        self, ami: AmiClient, name: str, by: str, place: rules.Phone, spied: str, how: How, shown: str
    ) -> None:
        interface = place.interface
        if place.number:
            line = self._settings.line(self._settings.callbacks.trunk)
            if line is None:
                raise Refused(N_("there is no line to dial %(number)s with"), number=place.number)
            interface, shown = f"PJSIP/{place.number}@trunk-{line.name}", line.caller_id
        await self._tell(
            supervising.ring_ear(
                ami,
                name=name,
                by=by,
                interface=interface,
                spied=spied,
                how=how,
                shown=shown,
                seconds=RING_SECONDS,
                outside=bool(place.number),
            )
        )

    def _ami(self) -> AmiClient:
        if self._keeper.ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        return self._keeper.ami

    async def _tell(self, action: Any) -> None:  # noqa: ANN401
        try:
            await action
        except AmiError as error:
            raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
