"""Recordings as the API lists them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager

from callcenter.hotline.listings import iso, within
from callcenter.hotline.masking import Phone
from callcenter.hotline.rules.numbers import normalised, variants
from callcenter.hotline.tables import Call
from callcenter.recordings.tables import Recording
from callcenter.tickets.tables import FollowUp, FollowUpAttempt, Ticket


class Hold(BaseModel):
    """A legal hold 封存."""

    reason: str
    by: str
    at: str


class RecordingRow(BaseModel):
    """A recorded conversation."""

    id: int
    #: Id of the call, and Asterisk's name of it.
    call: int
    linkedid: str
    node: str
    caller: Phone
    direction: Literal["inbound", "outbound", "internal", "test"]
    agent: str | None
    #: Number of the ticket that the call led to.
    ticket: str | None
    started_at: str
    seconds: float
    format: Literal["opus", "wav"]
    #: Of the sealed file; the sum is for whoever moves it.
    bytes: int
    sha256: str
    #: Id of the master key in the file of keys.
    key: str
    #: `deleted` when its time was over; `lost` when it was found to be gone.
    state: Literal["kept", "deleted", "lost"]
    delete_after: str
    gone_at: str | None
    hold: Hold | None


async def recordings(
    session: AsyncSession,
    *,
    number: int | None = None,
    call: int | None = None,
    ticket: str | None = None,
    caller: str | None = None,
    agent: str | None = None,
    day: date | None = None,
    held: bool | None = None,
    limit: int,
    time_zone: str,
) -> list[dict[str, Any]]:
    """Return recordings, the newest first, with every filter that is not None."""
    query = (
        select(Recording)
        .join(Recording.call)
        .options(contains_eager(Recording.call))
        .order_by(Recording.started_at.desc(), Recording.id.desc())
        .limit(limit)
    )
    query = within(query, Recording.started_at, day, None, None, time_zone)
    wanted: Sequence[tuple[Any, Any]] = (
        (Recording.id, number),
        (Recording.call_id, call),
        (Call.agent, agent),
        (Recording.legal_hold, held),
    )
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    if caller is not None:
        query = query.where(Call.caller.in_({caller, *variants(normalised(caller))}))
    if ticket is not None:
        query = query.where(_of_ticket(ticket))
    return [row(recording) for recording in await session.scalars(query)]


def _of_ticket(ticket: str) -> ColumnElement[bool]:
    """The call it came from, every call that led to it, and those in which its citizen was asked afterwards."""
    asked = (
        select(FollowUpAttempt.call_id)
        .join(FollowUp, FollowUp.id == FollowUpAttempt.follow_up_id)
        .join(Ticket, Ticket.id == FollowUp.ticket_id)
        .where(Ticket.number == ticket, FollowUpAttempt.call_id.is_not(None))
    )
    came_from = select(Ticket.call_id).where(Ticket.number == ticket, Ticket.call_id.is_not(None))
    return or_(Call.ticket == ticket, Call.id.in_(came_from), Call.id.in_(asked))


def row(recording: Recording) -> dict[str, Any]:
    """Return a recording, whose call is loaded, as the API shows it."""
    call = recording.call
    hold = {"reason": recording.hold_reason or "", "by": recording.held_by or "", "at": iso(recording.held_at)}
    return {
        "id": recording.id,
        "call": call.id,
        "linkedid": recording.linkedid,
        "node": recording.node,
        "caller": call.caller,
        "direction": call.direction,
        "agent": call.agent,
        "ticket": call.ticket,
        "started_at": iso(recording.started_at),
        "seconds": recording.seconds,
        "format": recording.format,
        "bytes": recording.size,
        "sha256": recording.sha256,
        "key": recording.key_id,
        "state": recording.state,
        "delete_after": iso(recording.delete_after),
        "gone_at": iso(recording.gone_at),
        "hold": hold if recording.legal_hold else None,
    }
