"""A missed call opens a ticket 漏接件, a settled callback closes it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Insert, bindparam, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.events import CallbackReopened, CallbackSettled, CallbackUnreachable, CallMissed, HotlineEvent
from callcenter.hotline.tables import Call, Callback
from callcenter.storage import bulk
from callcenter.tickets.flows.moving.numbers import ZONE, next_numbers
from callcenter.tickets.rules import missed as rules
from callcenter.tickets.rules.moves import MOVES
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.tables import Ticket, TicketEntry

#: Values of one IN list.
_CHUNK = 500
#: Columns of an entry that these moves fill.
_ENTRY = (
    "node",
    "ticket_id",
    "at",
    "who",
    "role",
    "move",
    "from_state",
    "to_state",
    "version",
    "words",
    "changes",
)
#: How a callback was settled, in the history's words.
_SETTLED = {"callback": "已回拨。", "redial": "市民再次来电，已接通。", "supervisor": "班长确认无须再回拨。"}


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
    await _move(session, "callback_settled", [(event.callback_id, event, _SETTLED.get(event.by)) for event in settled])


async def close_for_unreachable_citizens(session: AsyncSession, given_up: Sequence[CallbackUnreachable]) -> None:
    """Close the tickets of citizens whom no attempt reached, and say how many there were."""
    said = [(event.callback_id, event, rules.given_up(event.attempts)) for event in given_up]
    await _move(session, "callback_settled", said, adds_words=True)


async def reopen_for_reopened_callbacks(session: AsyncSession, reopened: Sequence[CallbackReopened]) -> None:
    """Open the tickets again of callbacks that are owed again."""
    await _move(session, "callback_reopened", [(event.callback_id, event, None) for event in reopened])


async def _move(
    session: AsyncSession,
    move: str,
    happened: Sequence[tuple[int, HotlineEvent, str | None]],
    *,
    adds_words: bool = False,
) -> None:
    """Move the tickets of callbacks by the table of moves, in three statements for all of them.

    `happened` are callback, event, and words for the history; `adds_words` puts these into the ticket's text as well.
    """
    row = MOVES[move]
    of_callback = {callback: (event, words) for callback, event, words in happened}
    query = select(Ticket.id, Ticket.version, Ticket.callback_id, Ticket.description).where(
        bulk.among(session, Ticket.callback_id, of_callback.keys()),
        Ticket.kind == "missed_call",
        Ticket.state == row.source,
    )
    tickets, entries = [], []
    for id_, version, callback, before in (await session.execute(query)).all():
        event, words = of_callback[callback or 0]
        text = before + (words or "") if adds_words else before
        changes = json.dumps({"description": [before, text]} if text != before else {}, ensure_ascii=False)
        tickets.append((id_, row.to[0], event.at if row.to[0] in CLOSED_STATES else None, version + 1, text))
        at = (event.node, id_, event.at, "system", "system", move)
        entries.append((*at, row.source, row.to[0], version + 1, words, changes))
    moved = update(Ticket).where(Ticket.id == bindparam("of"))
    await bulk.execute_many(session, moved, ["of", "state", "closed_at", "version", "description"], tickets)
    await bulk.execute_many(session, insert(TicketEntry), _ENTRY, entries)


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
            "version": 1,
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
        connection = await session.connection()
        await connection.execute(insert(Ticket), rows)
        await connection.execute(_first_entries(session, numbers))
    return numbers


def _first_entries(session: AsyncSession, numbers: Sequence[str]) -> Insert:
    """Return the statement that begins the history of the tickets with these numbers."""
    said = {"who": "system", "role": "system", "move": "open", "changes": {}}
    given = select(
        *(Ticket.node, Ticket.id, Ticket.opened_at, Ticket.state, Ticket.version),
        *(literal(value, type_=TicketEntry.__table__.c[name].type) for name, value in said.items()),
    )
    return insert(TicketEntry).from_select(
        ["node", "ticket_id", "at", "to_state", "version", *said],
        given.where(bulk.among(session, Ticket.number, numbers)),
        include_defaults=False,
    )


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
