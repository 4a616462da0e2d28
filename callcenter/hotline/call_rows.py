"""Between the interpreter's record of a call and its row; writes many at once."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Dialect, Insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.rules.calls import CallRecord, Progress
from callcenter.hotline.tables import Call

_FIELDS = (
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
)
#: Rows of one IN list; both databases take more, and the statement is compiled for each length.
_CHUNK = 500


def to_row(record: CallRecord, node: str) -> dict[str, Any]:
    """Return the columns of `record`."""
    row = {name: getattr(record, name) for name in _FIELDS}
    row["node"] = node
    row["progress"] = record.progress.dump() if record.progress else None
    return row


def from_row(call: Call) -> CallRecord:
    """Return what `to_row` stored."""
    record = CallRecord(**{name: getattr(call, name) for name in _FIELDS})
    record.progress = None if call.progress is None else Progress.load(call.progress)
    return record


async def upsert(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Write calls; a call that is there already (same node and linkedid) is replaced."""
    if rows:
        # Straight on the connection: the ORM would look at every row first.
        connection = await session.connection()
        await connection.execute(_upsert(connection.dialect), rows)


async def unfinished(session: AsyncSession, node: str) -> dict[str, CallRecord]:
    """Return the calls of `node` whose channels are not all gone, by linkedid."""
    calls = await session.scalars(select(Call).where(Call.node == node, Call.progress.is_not(None)))
    return {call.linkedid: from_row(call) for call in calls}


async def ids(session: AsyncSession, node: str, linkedids: Iterable[str]) -> dict[str, int]:
    """Return the ids of those calls of `node` that are stored, by linkedid."""
    wanted = list(linkedids)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        query = select(Call.linkedid, Call.id).where(Call.node == node, Call.linkedid.in_(chunk))
        found |= {call.linkedid: call.id for call in await session.execute(query)}
    return found


def _upsert(dialect: Dialect) -> Insert:
    statement = sqlite.insert(Call) if dialect.name == "sqlite" else postgresql.insert(Call)
    replaced = {name: statement.excluded[name] for name in (*_FIELDS[1:], "progress")}
    return statement.on_conflict_do_update(index_elements=["node", "linkedid"], set_=replaced)
