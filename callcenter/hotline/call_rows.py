"""Between the interpreter's record of a call and its row; writes many at once."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from operator import attrgetter

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.calls import CallRecord, Progress
from callcenter.hotline.tables import Call
from callcenter.storage import bulk

#: Columns that a call's records decide.
FIELDS = (
    "linkedid",
    "started_at",
    "direction",
    "caller",
    "queued_at",
    "left_queue_at",
    "answered_at",
    "ended_at",
    "agent",
    "seat",
    "outcome",
    "recording",
    "rating",
    "wants_callback",
    "callback_number",
    "attempt_id",
    "dial_result",
    "cut",
    "mos_citizen",
    "mos_agent",
    "line_loss",
    "line_jitter_ms",
    "line_rtt_ms",
)
#: In the order of a row.
_COLUMNS = (*FIELDS, "node", "progress", "parties")
_values = attrgetter(*FIELDS)


def from_row(call: Call) -> CallRecord:
    """Return what `upsert` stored."""
    record = CallRecord(**{name: getattr(call, name) for name in FIELDS})
    record.progress = None if call.progress is None else Progress.load(call.progress)
    record.parties = list(call.parties or ())
    return record


async def upsert(session: AsyncSession, node: str, calls: Sequence[CallRecord]) -> None:
    """Write `calls`; one that is there already (same node and linkedid) is replaced."""
    rows = [
        (
            *_values(call),
            node,
            json.dumps(call.progress.dump()) if call.progress else None,
            json.dumps(call.parties) if call.parties else None,
        )
        for call in calls
    ]
    await bulk.execute_many(session, _upsert(session.get_bind().dialect.name), _COLUMNS, rows)


async def unfinished(session: AsyncSession, node: str) -> dict[str, CallRecord]:
    """Return the calls of `node` whose channels are not all gone, by linkedid."""
    calls = await session.scalars(select(Call).where(Call.node == node, Call.progress.is_not(None)))
    return {call.linkedid: from_row(call) for call in calls}


async def ids(session: AsyncSession, node: str, linkedids: Collection[str]) -> dict[str, int]:
    """Return the ids of those calls of `node` that are stored, by linkedid."""
    if not linkedids:
        return {}
    query = select(Call.linkedid, Call.id).where(Call.node == node, bulk.among(session, Call.linkedid, linkedids))
    return {call.linkedid: call.id for call in await session.execute(query)}


@cache
def _upsert(dialect: str) -> Insert:
    statement = sqlite.insert(Call) if dialect == "sqlite" else postgresql.insert(Call)
    replaced = {name: statement.excluded[name] for name in (*FIELDS[1:], "progress", "parties")}
    return statement.on_conflict_do_update(index_elements=["node", "linkedid"], set_=replaced)
