"""Use cases of requests: a missed call opens a ticket 漏接件, a settled callback closes it."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallbackSettled, CallMissed
from callcenter.hotline.tables import Call, Callback
from callcenter.storage.engine import Database
from callcenter.tickets import rules
from callcenter.tickets.tables import Ticket, TicketCounter

#: The zone whose date stands in a ticket's number.
ZONE = ZoneInfo("Asia/Shanghai")


async def open_for_missed_call(session: AsyncSession, event: CallMissed) -> None:
    """Open the ticket of a missed call, or note it on the one that its citizen has for their callback already."""
    callback = None if event.callback_id is None else await session.get(Callback, event.callback_id)
    if callback is None and event.caller:
        return  # they hung up too soon to be owed anything
    number = callback.ticket if callback else None
    if number is None:
        draft = rules.for_missed_call(event.caller, event.outcome, event.at, callback.due_at if callback else None)
        number = await _open(session, event, draft)
        if callback:
            callback.ticket = number
    await session.execute(update(Call).where(Call.id == event.call_id).values(ticket=number))


async def close_for_settled_callback(session: AsyncSession, event: CallbackSettled) -> None:
    """Close the ticket of a callback that is no longer owed; one that has become a request of its own stays open."""
    await session.execute(
        update(Ticket)
        .where(Ticket.callback_id == event.callback_id, Ticket.kind == "missed_call", Ticket.closed_at.is_(None))
        .values(state="closed", closed_at=event.at)
    )


async def state_for_caller(database: Database, caller: str) -> str:
    """Return `open`, `closed` or `none`: how far the newest request of `caller` is."""
    if not caller:
        return rules.state_word(None)
    newest = (
        select(Ticket.state)
        .where(Ticket.caller == caller, Ticket.kind != "missed_call")
        .order_by(Ticket.opened_at.desc())
        .limit(1)
    )
    async with database.read() as session:
        return rules.state_word(await session.scalar(newest))


async def next_number(session: AsyncSession, day: date) -> str:
    """Return a ticket number of `day` that no other transaction has or gets."""
    connection = await session.connection()
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(TicketCounter)
        .values(day=day, last=1)
        .on_conflict_do_update(index_elements=["day"], set_={"last": TicketCounter.last + 1})
        .returning(TicketCounter.last)
    )
    return rules.number(day, (await connection.execute(statement)).scalar_one())


async def _open(session: AsyncSession, event: CallMissed, draft: rules.Draft) -> str:
    number = await next_number(session, draft.opened_at.astimezone(ZONE).date())
    session.add(
        Ticket(
            node=event.node,
            number=number,
            kind=draft.kind,
            state="accepted",
            caller=draft.caller,
            title=draft.title,
            description=draft.description,
            opened_at=draft.opened_at.astimezone(UTC),
            due_at=draft.due_at,
            call_id=event.call_id,
            callback_id=event.callback_id,
        )
    )
    await session.flush()
    return number
