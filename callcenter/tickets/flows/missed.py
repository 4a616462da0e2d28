"""A missed call opens a ticket 漏接件, a settled callback closes it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallbackReopened, CallbackSettled, CallbackUnreachable, CallMissed
from callcenter.hotline.tables import Call, Callback
from callcenter.tickets.flows.numbers import ZONE, next_numbers
from callcenter.tickets.rules import missed as rules
from callcenter.tickets.tables import Ticket

#: Values of one IN list.
_CHUNK = 500


async def open_for_missed_calls(session: AsyncSession, missed: Sequence[CallMissed]) -> None:
    """Open a ticket for each missed call, or note it on the one that its citizen has for their callback already."""
    callbacks = await _callbacks(session, {event.callback_id for event in missed if event.callback_id is not None})
    numbers = {callback: number for callback, (number, _) in callbacks.items() if number}
    first: dict[int | tuple[None, int], CallMissed] = {}
    for event in missed:
        if event.callback_id is None:
            # A caller with a number and no callback hung up too soon to be owed anything.
            if not event.caller:
                first[None, event.call_id] = event
        elif event.callback_id not in numbers:
            first.setdefault(event.callback_id, event)
    drafts = [
        (event, rules.for_missed_call(event.caller, event.outcome, event.at, _due(event, callbacks), event.number))
        for event in first.values()
    ]
    opened = dict(zip(first, await _open(session, drafts), strict=True))
    fresh = {callback: number for callback, number in opened.items() if isinstance(callback, int)}
    numbers |= fresh
    of_call = {event.call_id: numbers[event.callback_id] for event in missed if event.callback_id in numbers}
    of_call |= {key[1]: number for key, number in opened.items() if isinstance(key, tuple)}
    await _note(session, Callback, fresh)
    await _note(session, Call, of_call)


async def close_for_settled_callbacks(session: AsyncSession, settled: Sequence[CallbackSettled]) -> None:
    """Close the tickets of callbacks that are no longer owed; one that has become a request of its own stays open."""
    statement = (
        update(Ticket)
        .where(Ticket.callback_id == bindparam("of"), Ticket.kind == "missed_call", Ticket.closed_at.is_(None))
        .values(state="closed", closed_at=bindparam("at"))
    )
    connection = await session.connection()
    await connection.execute(statement, [{"of": event.callback_id, "at": event.at} for event in settled])


async def close_for_unreachable_citizens(session: AsyncSession, given_up: Sequence[CallbackUnreachable]) -> None:
    """Close the tickets of citizens whom no attempt reached, and say how many there were."""
    for event in given_up:
        await session.execute(
            update(Ticket)
            .where(Ticket.callback_id == event.callback_id, Ticket.kind == "missed_call", Ticket.closed_at.is_(None))
            .values(state="closed", closed_at=event.at, description=Ticket.description + rules.given_up(event.attempts))
        )


async def reopen_for_reopened_callbacks(session: AsyncSession, reopened: Sequence[CallbackReopened]) -> None:
    """Open the tickets again of callbacks that are owed again."""
    for event in reopened:
        await session.execute(
            update(Ticket)
            .where(Ticket.callback_id == event.callback_id, Ticket.kind == "missed_call", Ticket.state == "closed")
            .values(state="accepted", closed_at=None)
        )


async def _open(session: AsyncSession, drafts: Sequence[tuple[CallMissed, rules.Draft]]) -> list[str]:
    """Store the tickets and return their numbers, in order."""
    days = [draft.opened_at.astimezone(ZONE).date() for _, draft in drafts]
    free = {day: iter(await next_numbers(session, day, count)) for day, count in Counter(days).items()}
    numbers = [next(free[day]) for day in days]
    rows = [
        {
            "node": event.node,
            "number": number,
            "kind": draft.kind,
            "source": "missed_call",
            "state": "accepted",
            "caller": draft.caller,
            "title": draft.title,
            "description": draft.description,
            "opened_at": draft.opened_at,
            "due_at": draft.due_at,
            "call_id": event.call_id,
            "callback_id": event.callback_id,
        }
        for (event, draft), number in zip(drafts, numbers, strict=True)
    ]
    if rows:
        await (await session.connection()).execute(insert(Ticket), rows)
    return numbers


def _due(event: CallMissed, callbacks: Mapping[int, tuple[str | None, datetime]]) -> datetime | None:
    return None if event.callback_id is None else callbacks[event.callback_id][1]


async def _callbacks(session: AsyncSession, ids: Iterable[int]) -> dict[int, tuple[str | None, datetime]]:
    """Return the ticket number and the deadline of each callback."""
    wanted = sorted(ids)
    found: dict[int, tuple[str | None, datetime]] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(Callback.id, Callback.ticket, Callback.due_at).where(
            Callback.id.in_(wanted[start : start + _CHUNK])
        )
        found |= {id_: (number, due_at) for id_, number, due_at in await session.execute(query)}
    return found


async def _note(session: AsyncSession, table: type[Call | Callback], numbers: Mapping[int, str]) -> None:
    if not numbers:
        return
    statement = update(table).where(table.id == bindparam("of")).values(ticket=bindparam("its_ticket"))
    connection = await session.connection()
    await connection.execute(statement, [{"of": id_, "its_ticket": number} for id_, number in numbers.items()])
