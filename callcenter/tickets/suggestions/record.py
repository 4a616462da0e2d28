"""What was suggested for a form, kept, so that it can be held against what turned out to be right."""

from collections import OrderedDict
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.engine import Database
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.suggestions.guesses import Guesses
from callcenter.tickets.tables import Category, Suggestion, Ticket

#: What was suggested for a form that never became a ticket is kept so long.
_FORGOTTEN = timedelta(days=7)
_REMEMBERED = 500
Kept = tuple[int, str | None, str | None]


class Recorder:
    """Keeps the last suggestion of each form; one that has not changed is not written again."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node
        self._last: OrderedDict[str, Kept] = OrderedDict()

    async def keep(self, draft: str, who: str, model_id: int, guesses: Guesses, *, now: datetime) -> None:
        """Keep what was suggested to `who` for the form `draft`; what another filled in stays theirs."""
        category, unit = guesses.category, guesses.unit
        kept: Kept = (model_id, category.code if category else None, unit.code if unit else None)
        if self._last.get(draft) == kept or (draft not in self._last and category is None and unit is None):
            return
        try:
            async with self._database.begin() as session:
                row = await session.scalar(select(Suggestion).where(Suggestion.draft == draft).with_for_update())
                if row is None:
                    row = Suggestion(node=self._node, draft=draft, who=who)
                    session.add(row)
                elif row.who != who or row.ticket_id is not None:
                    # A ticket's suggestion is the last that was seen before it was sent.
                    return
                row.at, row.model_id, row.category, row.unit = now, *kept
                row.category_probability = category.probability if category else None
                row.unit_probability = unit.probability if unit else None
        except IntegrityError:
            return  # the same form asked twice at once; the next answer is kept
        self._last[draft] = kept
        self._last.move_to_end(draft)
        while len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)


async def join(session: AsyncSession, event: TicketMoved) -> None:
    """Note which ticket came of the form, and the category that was chosen; a subscriber of `flows.mover`."""
    if event.move != "open":
        return
    ticket = await session.get(Ticket, event.ticket_id)
    if ticket is None or ticket.request_id is None:
        return
    row = await session.scalar(select(Suggestion).where(Suggestion.draft == ticket.request_id))
    if row is None or row.ticket_id is not None or row.who != event.who:
        return
    row.ticket_id = ticket.id
    row.chosen = await session.scalar(select(Category.code).where(Category.id == ticket.category_id))


def forgotten(now: datetime) -> ColumnElement[bool]:
    """Return the condition on suggestions that nothing came of."""
    return Suggestion.ticket_id.is_(None) & (Suggestion.at < now - _FORGOTTEN)
