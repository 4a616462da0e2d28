"""A masked number in full, for whoever has the right and says why; what was shown to whom is in the audit trail."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.tables import Call, Callback
from callcenter.panel.sessions import Identity
from callcenter.tickets.flows.access import visible
from callcenter.tickets.tables import FollowUp, Ticket

#: What a number stands on.
Of = Literal["call", "callback", "follow_up", "ticket"]


async def numbers(session: AsyncSession, reader: Identity, of: Of, key: str) -> dict[str, str] | None:
    """Return the numbers on the row `key` (an id; of a ticket its number) by the name of their field.

    None when there is no such row, or one that `reader` may not see.
    """
    if of == "ticket":
        return await _one(session, [Ticket.caller, Ticket.contact_phone], Ticket.number == key, visible(reader))
    if not key.isascii() or not key.isdigit() or int(key) >= 2**31:
        return None
    if of == "call":
        return await _one(session, [Call.caller], Call.id == int(key))
    if of == "callback":
        found = await _one(session, [Callback.caller, Callback.number], Callback.id == int(key))
        # As its row shows it: what is dialled is the citizen's own number unless they keyed another.
        return found and {"caller": found["caller"], "number": found.get("number") or found["caller"]}
    its_ticket = select(Ticket.id).where(Ticket.id == FollowUp.ticket_id, visible(reader)).exists()
    return await _one(session, [FollowUp.number], FollowUp.id == int(key), its_ticket)


async def _one(session: AsyncSession, columns: Sequence[Any], *conditions: Any) -> dict[str, str] | None:  # noqa: ANN401
    row = (await session.execute(select(*columns).where(*conditions))).mappings().one_or_none()
    return None if row is None else {name: number for name, number in row.items() if number}
