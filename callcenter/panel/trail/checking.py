"""The check of the whole trail as somebody at the panel orders it: in the background, and never in the calls' way."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter import tasks
from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.panel.trail import reading
from callcenter.panel.trail.proof import Proof, prove
from callcenter.panel.trail.witness import Witness
from callcenter.storage.clock import now
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Rows at once: a few milliseconds of the loop that also steers the floor.
PIECE = 250
#: What is said of a broken trail here; the command line tells more.
TOLD = 10
VERIFIED = "audit_verified"


@dataclass(slots=True)
class Standing:
    """What is known of the chain: `rows` is how far the check is, or how far it went."""

    state: Literal["never", "running", "whole", "broken", "failed"] = "never"
    rows: int = 0
    at: datetime | None = None
    #: Who ordered it.
    by: str = ""
    faults: list[str] = field(default_factory=list)


class Checker:
    """Checks the trail, one check at a time, and remembers the outcome; so does the trail itself."""

    def __init__(self, database: Database, witness: Witness) -> None:
        self._database = database
        self._witness = witness
        self._standing: Standing | None = None
        self._task: asyncio.Task[None] | None = None

    async def standing(self) -> Standing:
        """Return how the chain stands: what is running, the last outcome here, or that of an earlier life."""
        if self._standing is None:
            async with self._database.read() as session:
                last = await reading.newest(session, VERIFIED)
            if self._standing is None:
                self._standing = _told(last["at"], last["who"], last["detail"]) if last else Standing()
        return self._standing

    def begin(self, actor: Actor) -> Standing:
        """Check it, unless a check is running already."""
        if self._standing is None or self._task is None or self._task.done():
            self._standing = Standing("running", at=now(), by=actor.who)
            self._task = tasks.spawn(self._check(self._standing, actor), name="audit-check")
        return self._standing

    async def close(self) -> None:
        """End a check that is running."""
        await tasks.cancel(self._task)

    async def _check(self, running: Standing, actor: Actor) -> None:
        def far(proof: Proof) -> None:
            running.rows = proof.rows

        try:
            proof = await prove(self._database, self._witness, piece=PIECE, seen=far)
            at = now()
            detail: dict[str, Any] = {"rows": proof.rows, "faults": proof.count, "first": proof.faults[:TOLD]}
            async with self._database.begin() as session:
                audit.record(session, actor, VERIFIED, at=at, **detail)
        except (SQLAlchemyError, OSError) as error:
            self._standing = Standing("failed", running.rows, now(), actor.who, [type(error).__name__])
            _log.error("audit_not_checked", error=str(error))
            return
        self._standing = _told(at, actor.who, detail)
        if proof.count:
            _log.error("audit_trail_broken", rows=proof.rows, faults=proof.count, first=proof.faults[0])


def _told(at: datetime, by: str, detail: dict[str, Any]) -> Standing:
    rows, first = detail.get("rows"), detail.get("first")
    return Standing(
        "broken" if detail.get("faults") else "whole",
        rows if isinstance(rows, int) else 0,
        at,
        by,
        [str(one) for one in first] if isinstance(first, list) else [],
    )
