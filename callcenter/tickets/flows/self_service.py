"""What a citizen who asks by key is told of their requests."""

from sqlalchemy import select

from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.storage.engine import Database
from callcenter.tickets.rules.words import state_word
from callcenter.tickets.tables import Ticket


async def state_for_caller(database: Database, caller: str) -> str:
    """Return `open`, `closed` or `none`: how far the newest request of `caller` is."""
    if not caller:
        return state_word(None)
    newest = (
        select(Ticket.state)
        .where(Ticket.caller.in_({caller, *variants(normalised(caller))}), Ticket.kind != "missed_call")
        .order_by(Ticket.opened_at.desc())
        .limit(1)
    )
    async with database.read() as session:
        return state_word(await session.scalar(newest))
