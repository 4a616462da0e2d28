"""Callbacks 回拨 as the dialler's first errand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.flows.callbacks import attempts
from callcenter.hotline.flows.callbacks import figures as callback_figures
from callcenter.hotline.flows.callbacks import sweep as callback_sweep
from callcenter.hotline.flows.dialling.errands import UnderWay
from callcenter.hotline.rules.dialling import Dial, Pending
from callcenter.hotline.rules.records import ErrandKind
from callcenter.hotline.rules.retries import Policy


@dataclass(frozen=True)
class CallbackErrand:
    """What the dialler needs of callbacks (`errands.Errand`)."""

    node: str
    policy: Policy
    mode: str
    kind: Final[ErrandKind] = "callback"

    async def find(self, session: AsyncSession, errand: int) -> Pending:
        """Return one that is owed and may be dialled."""
        return await callback_figures.find(session, errand)

    async def pending(
        self, session: AsyncSession, now: datetime, agents: Collection[str], busy: Collection[str]
    ) -> Sequence[Pending]:
        """Return what may be dialled now, first come first."""
        return await callback_figures.pending(session, now, agents, busy)

    async def begin(self, session: AsyncSession, dial: Dial, now: datetime) -> int | None:
        """Take the callback to be dialled."""
        return await attempts.begin(session, self.node, dial, now)

    async def under_way(self, session: AsyncSession) -> Sequence[UnderWay]:
        """Return the attempts that are ordered, ring, or talk."""
        return await callback_figures.under_way(session, self.node)

    async def never_began(self, session: AsyncSession, before: datetime) -> Sequence[int]:
        """Return the attempts of which Asterisk never told."""
        return await attempts.never_began(session, self.node, before)

    async def not_dialled(self, session: AsyncSession, attempt: int, now: datetime, why: str) -> None:
        """Give the callback of an attempt back."""
        await callback_sweep.not_dialled(session, attempt, self.policy, now, why)
