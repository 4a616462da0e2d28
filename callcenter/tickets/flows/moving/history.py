"""The history of a request 工单 as it is shown: its entries, what each changed, and the files that came with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import iso
from callcenter.tickets.flows.reference import names
from callcenter.tickets.rules.moves import MOVES
from callcenter.tickets.tables import Attachment, TicketEntry

#: Columns that hold a row of elsewhere, and what they are called where its name is shown.
_REFERENCES = {"unit_id": "unit", "category_id": "category", "place_id": "place", "merged_into_id": "merged_into"}


async def entries_of(session: AsyncSession, ticket_id: int, until: datetime | None) -> list[TicketEntry]:
    """Return the entries in order, up to those at `until`."""
    query = select(TicketEntry).where(TicketEntry.ticket_id == ticket_id).order_by(TicketEntry.id)
    return list(await session.scalars(query if until is None else query.where(TicketEntry.at <= until)))


async def files_of(session: AsyncSession, ticket_id: int, entries: Sequence[TicketEntry]) -> list[Attachment]:
    """Return the files that came with `entries`."""
    query = select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id)
    shown = {entry.id for entry in entries}
    return [file for file in await session.scalars(query) if file.entry_id in shown]


async def shown(
    session: AsyncSession,
    entries: Sequence[TicketEntry],
    units: Mapping[int | None, names.Name],
    files: Iterable[Attachment],
) -> list[dict[str, Any]]:
    """Return `entries` as the API shows them: what their changes refer to has its name."""
    known: dict[str, Mapping[Any, str]] = {
        "unit_id": {id_: unit["name"] for id_, unit in units.items()},
        "category_id": await names.of_categories(session, _referred(entries, "category_id")),
        "place_id": await names.of_places(session, _referred(entries, "place_id")),
        "merged_into_id": await names.numbers(session, _referred(entries, "merged_into_id")),
    }
    staff = await names.of_staff(session, (entry.who for entry in entries))
    sent: dict[int | None, list[int]] = defaultdict(list)
    for file in files:
        sent[file.entry_id].append(file.id)
    return [
        {
            "id": entry.id,
            "at": iso(entry.at),
            "who": entry.who,
            "name": staff.get(entry.who),
            "role": entry.role,
            "unit": units[entry.unit_id]["name"] if entry.unit_id in units else None,
            "move": entry.move,
            "label": label_of(entry.move),
            "from_state": entry.from_state,
            "to_state": entry.to_state,
            "version": entry.version,
            "words": entry.words,
            "changes": dict(_change(name, pair, known) for name, pair in entry.changes.items()),
            "attachments": sent[entry.id],
        }
        for entry in entries
    ]


def label_of(move: str) -> str:
    """Return what `move` is called, to be translated; one that is no longer in the table stands for itself."""
    return MOVES[move].label if move in MOVES else move


def file(row: Attachment) -> dict[str, Any]:
    """Return a file as the API shows it."""
    return {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "bytes": row.bytes,
        "by": row.by,
        "at": iso(row.at),
        "entry": row.entry_id,
    }


def _referred(entries: Iterable[TicketEntry], column: str) -> set[int]:
    return {id_ for entry in entries for id_ in entry.changes.get(column, ()) if id_ is not None}


def _change(name: str, pair: Sequence[Any], known: Mapping[str, Mapping[Any, str]]) -> tuple[str, list[Any]]:
    if name not in _REFERENCES:
        return name, list(pair)
    return _REFERENCES[name], [known[name].get(id_) for id_ in pair]
