"""What a citizen who asks by key is told of their requests: by number, or by where they call from."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select

from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.numbers import ZONE
from callcenter.tickets.rules import aloud
from callcenter.tickets.rules.aloud import NONE, WRONG, Told
from callcenter.tickets.rules.numbers import is_number, said
from callcenter.tickets.rules.words import state_word
from callcenter.tickets.tables import Ticket

#: What citizens may ask about while nobody can look it up: so many of the newest requests, closed ones for so long.
KNOWN_REQUESTS = 20_000
KNOWN_AFTER_CLOSING = timedelta(days=30)
_COLUMNS = (
    Ticket.number,
    Ticket.state,
    Ticket.caller,
    Ticket.contact_phone,
    Ticket.due_at,
    Ticket.replied_at,
    Ticket.closed_at,
)
#: What a line of the file may hold as a caller.
_CALLER = re.compile(r"[0-9A-Za-z+*#_.]{1,32}")


async def tell(database: Database, caller: str, number: str) -> dict[str, str]:
    """Return the channel variables for whoever keyed `number`, or nothing, and calls from `caller`."""
    digits = said(number)
    if digits and not is_number(digits):
        return WRONG.variables()
    query = select(*_COLUMNS).where(Ticket.kind != "missed_call")
    if digits:
        query = query.where(Ticket.number == digits)
    elif caller:
        query = query.where(Ticket.caller.in_(_spellings(caller))).order_by(Ticket.opened_at.desc()).limit(1)
    else:
        return NONE.variables()
    async with database.read() as session:
        row = (await session.execute(query)).first()
    return (_told(row, own=bool(caller) and _is_of(row, caller)) if row else NONE).variables()


async def state_for_caller(database: Database, caller: str) -> str:
    """Return `open`, `closed` or `none`: how far the newest request of `caller` is."""
    if not caller:
        return state_word(None)
    newest = (
        select(Ticket.state)
        .where(Ticket.caller.in_(_spellings(caller)), Ticket.kind != "missed_call")
        .order_by(Ticket.opened_at.desc())
        .limit(1)
    )
    async with database.read() as session:
        return state_word(await session.scalar(newest))


async def write_known(database: Database, path: Path, now: datetime | None = None) -> dict[str, str]:
    """Write the file from which citizens are told while nobody can look it up; returns the states by caller.

    Of the newest requests only, so that it stays small: `KNOWN_REQUESTS`, closed ones for `KNOWN_AFTER_CLOSING`. Raises
    OSError, and leaves the file as it was.
    """
    query = (
        select(*_COLUMNS)
        .where(
            Ticket.kind != "missed_call",
            or_(Ticket.closed_at.is_(None), Ticket.closed_at >= (now or clock.now()) - KNOWN_AFTER_CLOSING),
        )
        .order_by(Ticket.opened_at.desc())
        .limit(KNOWN_REQUESTS)
    )
    states: dict[str, str] = {}
    written = [aloud.header()]
    async with database.read() as session:
        for row in await session.execute(query):
            known = [one for one in (row.caller, row.contact_phone) if one and _CALLER.fullmatch(one)]
            fresh = [row.caller] if row.caller in known and row.caller not in states else []
            if row.caller:
                states.setdefault(row.caller, state_word(row.state))
            written += aloud.lines(row.number, known, _told(row, own=True), fresh)
    _write_whole(path, "\n".join((*written, "")))
    return states


def _told(row: Any, *, own: bool) -> Told:  # noqa: ANN401  # a row of _COLUMNS
    answered = row.replied_at or row.closed_at
    return aloud.told(row.number, row.state, own=own, due_at=row.due_at, answered_at=answered, zone=ZONE)


def _is_of(row: Any, caller: str) -> bool:  # noqa: ANN401
    return bool({row.caller, row.contact_phone} & _spellings(caller))


def _spellings(caller: str) -> set[str]:
    return {caller, *variants(normalised(caller))}


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
