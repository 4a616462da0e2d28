"""What somebody is typing 草稿, saved as they type: answered only once it is on disk, and quick while fifty do it.

Saves that come while one transaction is under way share the next, so that a floor of typing agents costs the database
one commit at a time, and the historian never queues behind fifty of them. The highest version of a draft stays; one
that comes late changes nothing. What has become a ticket is not brought back by a save that was still on its way.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter import tasks
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.rules.refusals import N_
from callcenter.tickets.tables import Draft, Ticket, TicketEntry

#: Kept for so long after the last save.
KEPT = timedelta(days=30)
#: Most drafts of one person, and saves of one transaction.
MOST_OF_ONE, TOGETHER = 200, 200


@dataclass(frozen=True, slots=True)
class Save:
    """One save: what was typed until then, by whom."""

    id: str
    who: str
    version: int
    fields: dict[str, Any]
    linkedid: str | None = None
    #: Number of the ticket that it is about; None for a new one.
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What is on disk now: the version asked for, or a higher one."""

    version: int
    saved_at: datetime


_Waiting = tuple[Save, "asyncio.Future[Saved]"]


class DraftKeeper:
    """Saves drafts. To be used from one event loop."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node
        self._waiting: list[_Waiting] = []
        self._busy = False

    async def save(self, save: Save) -> Saved:
        """Return what is on disk afterwards.

        Raises Problem for a draft of somebody else's, one that has been sent, and one too many; raises what the
        database does when it is away, and then nothing was saved.
        """
        done: asyncio.Future[Saved] = asyncio.get_running_loop().create_future()
        self._waiting.append((save, done))
        if not self._busy:
            self._busy = True
            tasks.spawn(self._work(), name="drafts")
        return await done

    async def of(self, session: AsyncSession, who: str) -> Sequence[Draft]:
        """Return the drafts of `who`, the one saved last first."""
        sent = exists().where(Ticket.request_id == Draft.id)  # a save and the sending may cross
        mine = select(Draft).where(Draft.who == who, ~sent).order_by(Draft.saved_at.desc(), Draft.id)
        mine = mine.limit(MOST_OF_ONE)
        return (await session.scalars(mine)).all()

    async def begun(self, session: AsyncSession, linkedid: str, by_others_than: str) -> dict[str, Any] | None:
        """Return what somebody else wrote last of a call and has not sent; None when there is nothing."""
        sent = exists().where(Ticket.request_id == Draft.id)
        query = select(Draft.fields).where(Draft.linkedid == linkedid, Draft.who != by_others_than, ~sent)
        query = query.where(Draft.ticket.is_(None)).order_by(Draft.saved_at.desc(), Draft.id).limit(1)
        return await session.scalar(query)

    async def discard(self, who: str, id_: str) -> bool:
        """Forget a draft of `who`; returns whether there was one."""
        async with self._database.begin() as session:
            mine = delete(Draft).where(Draft.id == id_, Draft.who == who).returning(Draft.id)
            return await session.scalar(mine) is not None

    async def sweep(self) -> None:
        """Forget what nobody has touched for `KEPT`."""
        async with self._database.begin() as session:
            await session.execute(delete(Draft).where(Draft.saved_at < clock.now() - KEPT))

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
                await self._together(batch)
        finally:
            self._busy = False
            for _, done in self._waiting:
                done.cancel()
            self._waiting = []

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        """Save all of `batch` in one transaction, and tell each what came of it."""
        told: list[tuple[asyncio.Future[Saved], Saved | Exception]] = []
        try:
            async with self._database.begin() as session:
                drafts = await _stored(session, {save.id for save, _ in batch})
                sent = await _sent(session, [save for save, _ in batch])
                counts = await _counts(session, {save.who for save, _ in batch if save.id not in drafts})
                for save, done in batch:
                    try:
                        told.append((done, self._apply(session, save, drafts, sent, counts)))
                    except Problem as problem:
                        told.append((done, problem))
        except Exception as error:  # noqa: BLE001  # each who asked is told, whatever it is
            told = [(done, error) for _, done in batch]
        finally:
            for done, came in told:
                if done.done():
                    continue  # whoever asked is gone
                if isinstance(came, Saved):
                    done.set_result(came)
                else:
                    done.set_exception(came)
            for _, done in batch:
                done.cancel()  # of those who were not told, as the program ends

    def _apply(
        self, session: AsyncSession, save: Save, drafts: dict[str, Draft], sent: dict[str, str], counts: dict[str, int]
    ) -> Saved:
        if number := sent.get(save.id):
            raise Problem(409, N_("This has been sent already."), fields={"ticket": number})
        draft = drafts.get(save.id)
        if draft is None:
            if counts.get(save.who, 0) >= MOST_OF_ONE:
                raise Problem(409, N_("There are too many unsent drafts; send or discard some."))
            counts[save.who] = counts.get(save.who, 0) + 1
            draft = drafts[save.id] = Draft(node=self._node, id=save.id, who=save.who, version=0, ticket=save.ticket)
            session.add(draft)
        elif draft.who != save.who:
            raise Problem(403, N_("This draft is somebody else's."))
        if save.version > draft.version:
            draft.version = save.version
            draft.fields = save.fields
            draft.linkedid = save.linkedid
            draft.ticket = save.ticket
            draft.saved_at = clock.now()
        return Saved(draft.version, draft.saved_at)


async def _stored(session: AsyncSession, ids: Collection[str]) -> dict[str, Draft]:
    """Return what is there, and on PostgreSQL hold it until it is saved: SQLite writes one after another anyway."""
    query = select(Draft).where(Draft.id.in_(ids)).order_by(Draft.id).with_for_update()
    return {draft.id: draft for draft in await session.scalars(query)}


async def _sent(session: AsyncSession, saves: Sequence[Save]) -> dict[str, str]:
    """Return the numbers of the tickets that drafts have become, or have gone into."""
    new = {save.id for save in saves if save.ticket is None}
    steps = {save.id: save.ticket for save in saves if save.ticket is not None}
    sent: dict[str, str] = {}
    if new:
        query = select(Ticket.request_id, Ticket.number).where(Ticket.request_id.in_(new))
        sent |= {id_: number for id_, number in await session.execute(query) if id_}
    if steps:
        entries = (
            select(TicketEntry.request_id, Ticket.number)
            .join(Ticket, Ticket.id == TicketEntry.ticket_id)
            .where(Ticket.number.in_(set(steps.values())), TicketEntry.request_id.in_(steps))
        )
        sent |= {id_: number for id_, number in await session.execute(entries) if id_}
    return sent


async def _counts(session: AsyncSession, who: Collection[str]) -> dict[str, int]:
    if not who:
        return {}
    query = select(Draft.who, func.count()).where(Draft.who.in_(who)).group_by(Draft.who)
    return {row[0]: row[1] for row in await session.execute(query)}
