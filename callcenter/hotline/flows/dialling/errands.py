"""Errands for which citizens are dialled through an agent's phone: callbacks 回拨 first, then follow-up visits 回访.

An errand's attempt is on disk before Asterisk is asked, and is carried out by the call that the order named,
`NODE-KIND-ATTEMPT`; never is one ordered twice. What came of it is told by Asterisk's own record of that call.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.dialling import Dial, Pending
from callcenter.hotline.rules.records import ErrandKind
from callcenter.hotline.tables import Call


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An attempt that is not over."""

    kind: ErrandKind
    attempt: int
    #: What is owed: the id of the callback or of the follow-up.
    errand: int
    agent: str
    caller: str
    number: str
    #: `ringing` the agent, `dialling` the citizen, or `talking`.
    stage: str
    #: Number of the ticket 工单 that it is about, where it is about one.
    ticket: str | None = None


class Errand(Protocol):
    """One kind of errand, as the dialler needs it. All raise what the database raises."""

    @property
    def kind(self) -> ErrandKind:
        """Part of the names of its calls."""

    @property
    def mode(self) -> str:
        """`automatic`, `preview` or `off`."""

    async def find(self, session: AsyncSession, errand: int) -> Pending:
        """Return one that may be dialled. Raises LookupError when there is none of this id, Refused when it may not."""

    async def pending(
        self, session: AsyncSession, now: datetime, agents: Collection[str], busy: Collection[str]
    ) -> Sequence[Pending]:
        """Return some of what may be dialled `now` and by one of `agents`; `busy` are numbers on the line."""

    async def begin(self, session: AsyncSession, dial: Dial, now: datetime) -> int | None:
        """Take it to be dialled, and return the attempt; None when another took it, or it is owed no more."""

    async def under_way(self, session: AsyncSession) -> Sequence[UnderWay]:
        """Return its attempts on this node that are ordered, ring, or talk."""

    async def never_began(self, session: AsyncSession, before: datetime) -> Sequence[int]:
        """Return its attempts here, older than `before`, that are `dialling` though no call of theirs is stored."""

    async def not_dialled(self, session: AsyncSession, attempt: int, now: datetime, why: str) -> None:
        """Note that an attempt was never carried out, and give it back; what a record told meanwhile stays."""


def name_of(node: str, kind: ErrandKind, attempt: int) -> str:
    """Return the name that Asterisk is told to give to the call of an attempt."""
    return f"{node}-{kind}-{attempt}"


async def stages(session: AsyncSession, node: str, kind: ErrandKind) -> dict[int, str]:
    """Return how far the attempts are whose calls are not over: attempt -> `ringing`, `dialling` or `talking`."""
    # That the agent has picked up is in the record: their phone's state is the same while it rings.
    query = select(Call.linkedid, Call.attempt_id, Call.agent.is_not(None), Call.answered_at.is_not(None)).where(
        Call.node == node, Call.direction == "outbound", Call.progress.is_not(None), Call.ended_at.is_(None)
    )
    return {
        attempt: "talking" if answered else "dialling" if picked_up else "ringing"
        for name, attempt, picked_up, answered in await session.execute(query)
        if attempt is not None and name == name_of(node, kind, attempt)
    }


async def unheard(session: AsyncSession, node: str, kind: ErrandKind, attempts: Iterable[int]) -> list[int]:
    """Return those of `attempts` of which no call is stored."""
    names = {name_of(node, kind, attempt): attempt for attempt in attempts}
    calls = set(await session.scalars(select(Call.linkedid).where(Call.node == node, Call.linkedid.in_(names))))
    return [attempt for name, attempt in names.items() if name not in calls]


async def free_id(session: AsyncSession, node: str, kind: ErrandKind, attempt: int) -> int:
    """Return `attempt`, or a higher id when a record of another life has its name.

    That is so when the database was lost, and Asterisk's files were not.
    """
    if await unheard(session, node, kind, [attempt]):
        return attempt
    carried = select(func.max(Call.attempt_id)).where(Call.direction == "outbound")
    return ((await session.scalars(carried)).one() or attempt) + 1


async def count_on(session: AsyncSession, table: str) -> None:
    """Let the next id of `table` follow those that were written with an id of their own; SQLite does so by itself."""
    if session.get_bind().dialect.name == "postgresql":
        highest = f"(SELECT max(id) FROM {table})"  # noqa: S608  # a table's name of ours
        await session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})"))
