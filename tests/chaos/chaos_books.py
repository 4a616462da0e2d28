"""What the hotline says of the calls, read from its database and from no program of its."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """A citizen's call as stored; times in seconds since the epoch."""

    id: int
    linkedid: str
    caller: str
    started: float
    answered: float | None
    ended: float | None
    outcome: str
    cut: bool
    agent: str | None


@dataclass(frozen=True, slots=True)
class Debt:
    """A callback as stored, with the ids of the missed calls that it answers for."""

    id: int
    caller: str
    state: str
    settled_by: str | None
    calls: tuple[int, ...]
    #: Result of each attempt, in order.
    attempts: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still owed."""
        return self.state in {"waiting", "dialling", "retry"}


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that is stored."""

    calls: list[Row] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)


def read(database: Path) -> Books:
    """Return what the database holds."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as books:
        calls = [
            Row(id_, linkedid, caller, _seconds(started) or 0.0, _seconds(answered), _seconds(ended), *rest)
            for id_, linkedid, caller, started, answered, ended, *rest in books.execute(
                "select id, linkedid, caller, started_at, answered_at, ended_at, outcome, cut, agent from calls"
                " where direction = 'inbound' order by started_at"
            )
        ]
        joined: dict[int, list[int]] = {}
        for callback, call in books.execute("select callback_id, call_id from callback_calls order by call_id"):
            joined.setdefault(callback, []).append(call)
        tried: dict[int, list[str]] = {}
        for callback, result in books.execute("select callback_id, result from callback_attempts order by id"):
            tried.setdefault(callback, []).append(result)
        debts = [
            Debt(id_, caller, state, settled_by, tuple(joined.get(id_, ())), tuple(tried.get(id_, ())))
            for id_, caller, state, settled_by in books.execute(
                "select id, caller, state, settled_by from callbacks order by id"
            )
        ]
        bad = [f"{reason}: {text[:200]}" for reason, text in books.execute("select reason, text from cel_quarantine")]
    return Books(calls, debts, bad)


def caught_up(database: Path, record: Path) -> bool:
    """Whether every byte of Asterisk's record is done and no call is open."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as books:
        done = books.execute("select max(offset) from cel_positions").fetchone()[0]
        still = books.execute("select count(*) from calls where progress is not null").fetchone()[0]
    return done == record.stat().st_size and not still


def _seconds(stored: str | None) -> float | None:
    if stored is None:
        return None
    at = datetime.fromisoformat(stored)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
