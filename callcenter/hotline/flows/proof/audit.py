"""Audit: the calls in the database compared with Asterisk's queue_log, call by call; nobody expects a difference."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.asterisk import queue_log
from callcenter.asterisk.queue_log import QueueEvent, Unreadable
from callcenter.hotline.rules import audit as rules
from callcenter.hotline.rules.audit import Difference, Findings, MostWaiting, Stored
from callcenter.hotline.rules.witnesses import most_waited, witnesses
from callcenter.hotline.tables import Call
from callcenter.storage.engine import Database

#: Returns the names of those calls of a node whose recording was deleted when its time was over.
Deleted = Callable[[AsyncSession, str], Awaitable[Collection[str]]]
#: A call that began in a period goes on for so long after it at most.
_LONGEST_CALL = timedelta(days=1)
#: Values of one IN list.
_CHUNK = 500
_COLUMNS = (
    Call.linkedid,
    Call.direction,
    Call.caller,
    Call.started_at,
    Call.queued_at,
    Call.left_queue_at,
    Call.answered_at,
    Call.ended_at,
    Call.agent,
    Call.outcome,
    Call.cut,
    Call.recording,
)


class AuditError(Exception):
    """The two cannot be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is audited: the calls of `node` that began from `begin` until before `end`, as far as they went by `as_of`.

    `log` is Asterisk's queue_log, `recordings` the folder of recordings, `limit` how many may wait at once, `deleted`
    tells which recordings are rightly gone.
    """

    node: str
    begin: datetime
    end: datetime
    as_of: datetime
    log: Path
    recordings: Path
    limit: int
    deleted: Deleted | None = None


@dataclass(slots=True)
class Report:
    """What was found."""

    findings: Findings
    #: The most that waited at one instant, as the database's times and as app_queue's positions tell it.
    most_in_database: int = 0
    most_in_queue_log: int = 0
    limit: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the two agree."""
        return not self.differences

    def as_row(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "compared": self.findings.compared,
            "in_progress": self.findings.in_progress,
            "too_fresh": self.findings.fresh,
            "most_waiting": {
                "database": self.most_in_database,
                "queue_log": self.most_in_queue_log,
                "limit": self.limit,
            },
            "explained": self.findings.explained,
            "differences": [asdict(difference) for difference in self.differences],
        }


async def audit(database: Database, scope: Scope, most_waiting: MostWaiting) -> Report:
    """Compare the two for `scope`; `most_waiting` is the formula of the indicators.

    Raises AuditError when the log cannot be read, and what the database raises.
    """
    try:
        # The log first: what it has by then, the database must have.
        events, unreadable = await asyncio.to_thread(_read_log, scope)
    except OSError as error:
        raise AuditError(f"queue_log cannot be read: {error}") from error
    witnessed, most = witnesses(events), most_waited(events, scope.end)
    async with database.read() as session:
        stored = await _stored(session, scope)
        strangers = [
            call.call
            for call in witnessed.values()
            if call.call not in stored and scope.begin <= call.entered_at < scope.end
        ]
        of_other_days = await _known(session, scope.node, strangers)
        deleted = await scope.deleted(session, scope.node) if scope.deleted else ()
    await asyncio.to_thread(_look_up_recordings, stored.values(), scope.recordings, deleted)
    findings = Findings()
    for linkedid, call in stored.items():
        rules.compare(call, witnessed.get(linkedid), findings, as_of=scope.as_of)
    for linkedid in strangers:
        if linkedid not in of_other_days:
            rules.compare(None, witnessed[linkedid], findings, as_of=scope.as_of)
    report = Report(findings, most_in_queue_log=most, limit=scope.limit)
    report.most_in_database = most_waiting(
        (call.queued_at, call.left_queue_at) for call in stored.values() if call.queued_at and call.direction != "test"
    )
    report.differences = [*findings.differences, *map(_unreadable, unreadable)]
    if most > scope.limit:
        report.differences.append(
            Difference("too_many_waited", "", "", f"{report.most_in_database} at once", f"{most} at once")
        )
    return report


def _read_log(scope: Scope) -> tuple[list[QueueEvent], list[Unreadable]]:
    events: list[QueueEvent] = []
    unreadable: list[Unreadable] = []
    for entry in queue_log.read(scope.log, scope.begin, scope.end + _LONGEST_CALL):
        if isinstance(entry, Unreadable):
            unreadable.append(entry)
        else:
            events.append(entry)
    return events, unreadable


async def _stored(session: AsyncSession, scope: Scope) -> dict[str, Stored]:
    query = select(*_COLUMNS).where(
        Call.node == scope.node,
        Call.direction.in_(("inbound", "outbound", "test")),
        Call.started_at >= scope.begin,
        Call.started_at < scope.end,
    )
    rows = await session.execute(query.order_by(Call.started_at))
    return {row.linkedid: Stored(**row._mapping) for row in rows}  # noqa: SLF001  # SQLAlchemy's public name for it


async def _known(session: AsyncSession, node: str, linkedids: Sequence[str]) -> set[str]:
    """Return those of `linkedids` that the database has."""
    found: set[str] = set()
    for start in range(0, len(linkedids), _CHUNK):
        query = select(Call.linkedid).where(Call.node == node, Call.linkedid.in_(linkedids[start : start + _CHUNK]))
        found.update(await session.scalars(query))
    return found


def _look_up_recordings(calls: Iterable[Stored], folder: Path, deleted: Collection[str]) -> None:
    if not folder.is_dir():
        return
    for call in calls:
        if call.answered_at:
            sealed, raw = folder / str(call.recording), folder / "raw" / f"{call.linkedid}.raw"
            there = sealed.is_file() or (raw.is_file() and raw.stat().st_size > 0)
            call.recorded = bool(call.recording) and (there or call.linkedid in deleted)


def _unreadable(line: Unreadable) -> Difference:
    return Difference("unreadable_line", "", "", "-", f"{line.file}, line {line.line}: {line.reason}")
