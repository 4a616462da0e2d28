"""What of a ticket can be found, kept with it: whoever changes a ticket calls `index` in the same transaction.

Missed calls 漏接件 say nothing that anybody would look for, and come by the thousand: they are not in it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.engine import Database
from callcenter.storage.fulltext import Document, FullText
from callcenter.tickets.events import TicketMoved
from callcenter.tickets.tables import Ticket, TicketEntry, TicketUnit

TICKETS = FullText("tickets")
#: Tickets of one transaction while everything is indexed anew.
BATCH = 2000
_CHUNK = 500

_WANTED = (
    Ticket.id,
    Ticket.number,
    Ticket.kind,
    Ticket.state,
    Ticket.caller,
    Ticket.title,
    Ticket.description,
    Ticket.answer,
    Ticket.address,
    Ticket.contact_name,
    Ticket.contact_phone,
    Ticket.city_number,
    Ticket.source,
    Ticket.urgency,
    Ticket.unit_id,
    Ticket.category_id,
    Ticket.place_id,
    Ticket.agent,
    Ticket.accepted_by,
    Ticket.pending,
    Ticket.opened_at,
    Ticket.anonymous,
)


async def index_moved(session: AsyncSession, event: TicketMoved) -> None:
    """Index a ticket that was opened or has moved; a subscriber of `flows.mover`."""
    await index(session, [event.ticket_id])


async def index(session: AsyncSession, ids: Collection[int], *, fresh: bool = False) -> None:
    """Index the tickets with `ids` as they are now in `session`; `fresh` promises that they are not indexed yet."""
    wanted = list(ids)
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        rows = (await session.execute(select(*_WANTED).where(Ticket.id.in_(some), Ticket.kind != "missed_call"))).all()
        await TICKETS.put(session, await _documents(session, rows), fresh=fresh)


async def rebuild(database: Database, told: Callable[[int], object] = lambda _count: None) -> int:
    """Index every ticket anew, `told` of how many are done; returns their number. Work on tickets may go on."""
    async with database.begin() as session:
        await TICKETS.empty(session)
    done = 0
    last = 0
    while True:
        async with database.begin() as session:
            # A move that waits for this lock indexes its ticket after us, not before.
            query = select(*_WANTED).where(Ticket.id > last, Ticket.kind != "missed_call").order_by(Ticket.id)
            rows = (await session.execute(query.limit(BATCH).with_for_update(read=True))).all()
            if not rows:
                break
            last = rows[-1].id
            await TICKETS.put(session, await _documents(session, rows), fresh=not database.is_sqlite)
        done += len(rows)
        told(done)
    async with database.begin() as session:
        await TICKETS.filled(session)
    return done


async def _documents(session: AsyncSession, rows: Iterable[Any]) -> list[Document]:
    tickets = list(rows)
    ids = [row.id for row in tickets]
    said: dict[int, list[str]] = defaultdict(list)
    parts: dict[int, set[int]] = defaultdict(set)
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        words = select(TicketEntry.ticket_id, TicketEntry.words).where(
            TicketEntry.ticket_id.in_(some), TicketEntry.words.is_not(None)
        )
        for id_, text in await session.execute(words.order_by(TicketEntry.id)):
            said[id_].append(text or "")
        for id_, unit in await session.execute(
            select(TicketUnit.ticket_id, TicketUnit.unit_id).where(TicketUnit.ticket_id.in_(some))
        ):
            parts[id_].add(unit)
    return [_document(row, said[row.id], parts[row.id]) for row in tickets]


def _document(row: Any, said: list[str], parts: Iterable[int]) -> Document:  # noqa: ANN401  # a row of _WANTED
    # Who asked without wanting to be known cannot be found out by asking for a number or a name.
    person = () if row.anonymous else (row.caller, row.contact_phone, row.contact_name)
    texts = (row.number, row.city_number, *person, row.address, row.description, row.answer, *said)
    body = "\n".join(text for text in texts if text)
    return Document(row.id, row.title, body, list(_marks(row, parts)))


def _marks(row: Any, parts: Iterable[int]) -> Iterable[str]:  # noqa: ANN401
    yield mark("state", row.state)
    yield mark("kind", row.kind)
    yield mark("source", row.source)
    yield mark("urgency", row.urgency)
    for name in ("unit_id", "category_id", "place_id", "agent", "accepted_by", "pending"):
        if (value := getattr(row, name)) is not None:
            yield mark(name, value)
    yield mark("opened_at", f"{row.opened_at:%Y%m}")
    for unit in parts:
        yield mark("part", unit)


def mark(name: str, value: object) -> str:
    """Return the mark of a value of a column, in the letters and digits that marks are made of."""
    text = str(value)
    return _NAMES[name] + (text if text.isascii() and text.isalnum() else text.encode().hex())


_NAMES = {
    "state": "s",
    "kind": "k",
    "source": "o",
    "urgency": "y",
    "unit_id": "u",
    "category_id": "c",
    "place_id": "l",
    "agent": "a",
    "accepted_by": "b",
    "pending": "w",
    "part": "p",
    "opened_at": "m",
}
