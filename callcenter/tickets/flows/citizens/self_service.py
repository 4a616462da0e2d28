"""What a citizen who asks by key is told of their requests: by number, or by where they call from."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.merging import state_told
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
    Ticket.merged_into_id,
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
        if row is None:
            return NONE.variables()
        main = await state_told(session, row.state, row.merged_into_id)
    return _told(row, main, own=bool(caller) and _is_of(row, caller)).variables()


async def write_known(database: Database, path: Path, now: datetime | None = None) -> dict[str, str]:
    """Write the file from which citizens are told while nobody can look it up; returns the states by caller.

    Of the newest requests only, so that it stays small: `KNOWN_REQUESTS`, closed ones for `KNOWN_AFTER_CLOSING`; what
    was merged into another as long as that one. Raises OSError, and leaves the file as it was.
    """
    main = aliased(Ticket)
    since = (now or clock.now()) - KNOWN_AFTER_CLOSING
    still_open = or_(Ticket.closed_at.is_(None), and_(main.id.is_not(None), main.closed_at.is_(None)))
    query = (
        select(*_COLUMNS, main.state.label("main_state"), main.merged_into_id.label("main_merged_into_id"))
        .outerjoin(main, main.id == Ticket.merged_into_id)
        .where(Ticket.kind != "missed_call", or_(still_open, Ticket.closed_at >= since, main.closed_at >= since))
        .order_by(Ticket.opened_at.desc())
        .limit(KNOWN_REQUESTS)
    )
    states: dict[str, str] = {}
    written = [aloud.header()]
    async with database.read() as session:
        for row in (await session.execute(query)).all():
            known = [one for one in (row.caller, row.contact_phone) if one and _CALLER.fullmatch(one)]
            fresh = [row.caller] if row.caller in known and row.caller not in states else []
            its_main = row.main_state
            if its_main == "merged":  # a chain from before; there are few
                its_main = await state_told(session, its_main, row.main_merged_into_id)
            if row.caller:
                states.setdefault(row.caller, state_word(its_main or row.state))
            written += aloud.lines(row.number, known, _told(row, its_main, own=True), fresh)
    _write_whole(path, "\n".join((*written, "")))
    return states


def _told(row: Any, main: str | None, *, own: bool) -> Told:  # noqa: ANN401  # a row of _COLUMNS
    if main is not None:
        return aloud.told_with_others(row.number, main, own=own)
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
