"""What requests 工单 have left of their working time, as the API shows it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.tickets.flows.time.clocks import standing_since
from callcenter.tickets.rules.countdown import Countdown, Left
from callcenter.tickets.rules.words import CLOSED_STATES
from callcenter.tickets.tables import Ticket


async def left_of(session: AsyncSession, tickets: Sequence[Ticket], countdown: Countdown) -> dict[int, Left]:
    """Return what is left to each of `tickets`, by id; those that are closed or have no deadline are left out.

    So are those whose deadline, or the time until it, needs a year that the calendar does not know.
    """
    counting = [ticket for ticket in tickets if ticket.due_at and ticket.state not in CLOSED_STATES]
    still = await standing_since(session, [ticket.id for ticket in counting])
    found = ((ticket.id, countdown.left(ticket.due_at, still.get(ticket.id))) for ticket in counting)
    return {id_: left for id_, left in found if left is not None}


def shown(left: Left | None, countdown: Countdown) -> dict[str, Any] | None:
    """Return `left` as `shapes.TimeLeft`."""
    if left is None:
        return None
    return asdict(left) | {"day_minutes": countdown.day_minutes, "warn_minutes": countdown.warn_minutes}


def row_of_left(countdown: Countdown, due: datetime | None, still_since: datetime | None) -> dict[str, Any] | None:
    """Return what is left until `due`, as `shapes.TimeLeft`."""
    return shown(countdown.left(due, still_since), countdown)
