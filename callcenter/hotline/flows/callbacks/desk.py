"""Callback work 回拨 as the panel asks for it: one transaction holds the deed, what follows from it, and its trail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import listings
from callcenter.hotline.events import HotlineEvent
from callcenter.hotline.flows.callbacks import work as callback_work
from callcenter.hotline.flows.callbacks.work import Note
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.subscribers import Subscribers, publish
from callcenter.hotline.rules.retries import Policy
from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.storage import clock
from callcenter.storage.engine import Database

_Deed = Callable[[AsyncSession, datetime], Awaitable[Sequence[HotlineEvent] | None]]


@dataclass(frozen=True)
class CallbackDesk:
    """What agents and supervisors do with callbacks; every method returns the callback as listed afterwards.

    All raise LookupError when there is no such callback, and Refused when it is not possible now. `agents` returns
    agent numbers with names, as they are now; `on_committed` hears what happened once it is stored.
    """

    database: Database
    dialler: Dialler
    policy: Policy
    subscribers: Subscribers
    agents: Callable[[], Mapping[str, str]]
    on_committed: Callable[[Sequence[HotlineEvent]], None]

    async def dial(self, actor: Actor, callback: int, agent: str) -> listings.Row:
        """Ring `agent` and then the citizen, now."""
        attempt = await self.dialler.dial(callback, agent)

        async def begun(_session: AsyncSession, _now: datetime) -> None:
            """It is on disk already."""

        return await self._do(actor, callback, "callback_dialled", begun, attempt=attempt, agent=agent)

    async def note(self, actor: Actor, callback: int, noted: Note) -> listings.Row:
        """Note what the last call came to."""

        async def deed(session: AsyncSession, now: datetime) -> list[HotlineEvent]:
            return await callback_work.note(session, callback, noted, self.policy, now)

        return await self._do(actor, callback, "callback_result_noted", deed, result=noted.result, note=noted.text)

    async def assign(self, actor: Actor, callback: int, agent: str | None) -> listings.Row:
        """Keep it for one agent, or for nobody."""

        async def deed(session: AsyncSession, _now: datetime) -> None:
            await callback_work.assign(session, callback, agent, self.agents())

        return await self._do(actor, callback, "callback_assigned", deed, agent=agent)

    async def close(self, actor: Actor, callback: int, reason: str) -> listings.Row:
        """Declare it settled."""

        async def deed(session: AsyncSession, now: datetime) -> list[HotlineEvent]:
            return await callback_work.close(session, callback, reason, now)

        return await self._do(actor, callback, "callback_closed", deed, reason=reason)

    async def forward(self, actor: Actor, callback: int) -> listings.Row:
        """Dial it next."""

        async def deed(session: AsyncSession, now: datetime) -> list[HotlineEvent]:
            return await callback_work.forward(session, callback, self.policy, now)

        return await self._do(actor, callback, "callback_brought_forward", deed)

    async def allow(self, actor: Actor, callback: int) -> listings.Row:
        """Let a held number be dialled."""

        async def deed(session: AsyncSession, _now: datetime) -> None:
            await callback_work.allow(session, callback)

        return await self._do(actor, callback, "callback_number_allowed", deed)

    async def dialled_by(self, callback: int) -> str | None:
        """Return who dialled the callback last."""
        async with self.database.read() as session:
            attempt = await callback_work.last_attempt(session, callback)
        return attempt.agent if attempt else None

    async def _do(self, actor: Actor, callback: int, what: str, deed: _Deed, **detail: Any) -> listings.Row:  # noqa: ANN401  # any JSON
        now = clock.now()
        async with self.database.begin() as session:
            events = list(await deed(session, now) or ())
            await publish(session, events, self.subscribers)
            audit.record(session, actor, what, at=now, target=f"callback {callback}", **detail)
            await session.flush()
            (row,) = await listings.callbacks(session, callback=callback)
        self.on_committed(events)
        self.dialler.look()
        return row
