"""One dial from beginning to order: the agent is kept free, the attempt stored, and only then is Asterisk asked, once.

What came of it is told by the historian, from Asterisk's own record; nothing here decides it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from callcenter.asterisk.ami import AmiDown, AmiError, AmiRefused
from callcenter.hotline.flows.dialling import orders
from callcenter.hotline.flows.dialling.errands import Errand, name_of
from callcenter.hotline.flows.dialling.kept_agents import KeptAgents
from callcenter.hotline.flows.dialling.orders import Order
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules.dialling import Dial
from callcenter.hotline.rules.records import ErrandKind
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()


@dataclass(slots=True)
class Engaged:
    """An agent who was given an errand, until it is known what came of it."""

    kind: ErrandKind
    errand: int
    seat: str
    since: datetime
    attempt: int | None = None
    #: The citizen has been answered meanwhile, or others come first: do not dial.
    cancelled: bool = False


@dataclass
class Dialling:
    """Carries out dials of `errands` by their kind; `engaged` are the agents whom one has been given."""

    database: Database
    keeper: FloorKeeper
    settings: Settings
    errands: Mapping[ErrandKind, Errand]
    agents: KeptAgents
    #: Called when something was begun.
    on_begun: Callable[[], None]
    engaged: dict[str, Engaged] = field(default_factory=dict)

    def engage(self, dial: Dial) -> Engaged:
        """Note at once that an agent has a dial, so that they get no second one."""
        return self.engaged.setdefault(dial.agent, Engaged(dial.kind, dial.errand, dial.seat, clock.now()))

    async def begin(self, dial: Dial) -> int | None:
        """Keep the agent free, put the attempt on disk, and ask Asterisk; None when it came to nothing before that."""
        engaged = self.engage(dial)
        order: Order | None = None
        try:
            if interface := await self.agents.keep(dial.seat):
                order = await self._commit(dial, interface)
                if order is None:
                    await self.agents.let_go(dial.seat)
        except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; nothing was asked of Asterisk yet
            why = f"{type(error).__name__}: {error}"[:300]
            _log.warning("dial_not_begun", kind=dial.kind, errand=dial.errand, error=why)
            await self.agents.let_go(dial.seat)
        finally:
            if order is None:
                self.engaged.pop(dial.agent, None)
        if order is None:
            return None
        engaged.attempt = order.attempt
        await self._ask(order, engaged)
        self.on_begun()
        return order.attempt

    async def _commit(self, dial: Dial, interface: str) -> Order | None:
        """Put the attempt on disk; None when another has the errand, or it is owed no more."""
        now = clock.now()
        async with self.database.begin() as session:
            attempt = await self.errands[dial.kind].begin(session, dial, now)
        if attempt is None:
            return None
        wanted = self.settings.callbacks
        rings = wanted.agent_ring_seconds, wanted.ring_seconds
        name = name_of(self.settings.node, dial.kind, attempt)
        return Order(name, attempt, dial.number, dial.agent, interface, now, *rings)

    async def _ask(self, order: Order, engaged: Engaged) -> None:
        """Ask Asterisk once, and never again: whether it acted is for its record to tell."""
        try:
            await self._originate(order, engaged)
        except (AmiDown, AmiRefused, ValueError) as error:
            _log.warning("not_dialled", call=order.name, error=str(error))
            await self.agents.let_go(engaged.seat)
            with suppress(Exception):  # whatever the driver raises: the sweep finds it
                async with self.database.begin() as session:
                    await self.errands[engaged.kind].not_dialled(session, order.attempt, clock.now(), str(error))
            self.engaged.pop(order.agent, None)
        except AmiError as error:
            _log.warning("dial_outcome_unknown", call=order.name, error=str(error))
        else:
            _log.info("dialled", agent=order.agent, call=order.name)
            if engaged.cancelled:
                await self.hang_up(engaged.kind, order.attempt)

    async def _originate(self, order: Order, engaged: Engaged) -> None:
        if self.keeper.ami is None:
            raise AmiDown("no link to Asterisk")
        if engaged.cancelled:
            raise AmiDown("it was called off meanwhile")
        if clock.now() - order.at > orders.LATE:
            raise AmiDown("too late")
        await orders.originate(self.keeper.ami, order)

    def tried(self, kind: ErrandKind, attempt: int, agent: str) -> None:
        """An attempt was answered or is over: its agent may be given another."""
        engaged = self.engaged.get(agent)
        if engaged and (engaged.kind, engaged.attempt) == (kind, attempt):
            del self.engaged[agent]

    def cancel(self, kind: ErrandKind, errand: int) -> None:
        """The citizen was answered on their own call: what is not ordered yet is not ordered any more."""
        for engaged in self.engaged.values():
            if (engaged.kind, engaged.errand) == (kind, errand):
                engaged.cancelled = True

    async def hang_up(self, kind: ErrandKind, attempt: int) -> None:
        """End the call of an attempt, if there is one."""
        if self.keeper.ami is not None:
            with suppress(AmiError):
                await orders.hang_up(self.keeper.ami, name_of(self.settings.node, kind, attempt))

    def forget(self, now: datetime) -> None:
        """Forget those of whom nothing will be heard any more."""
        wanted = self.settings.callbacks
        longest = timedelta(seconds=wanted.agent_ring_seconds + wanted.ring_seconds) + orders.LATE
        for agent, engaged in list(self.engaged.items()):
            if now - engaged.since > longest:
                del self.engaged[agent]

    def has_lesser(self) -> bool:
        """Whether an agent has an errand other than a callback that is not answered yet, or over."""
        return any(engaged.kind != "callback" for engaged in self.engaged.values())

    def beginning(self) -> set[str]:
        """Return the seats whose phone is about to be asked to ring."""
        return {one.seat for one in self.engaged.values() if one.attempt is None}
