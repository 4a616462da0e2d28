"""Puts the audit trail's rows into the chain: at the commit of the deed that they tell of, in one order for everyone.

A deed's rows wait with its session until everything else is in the database. Only then the head of the chain, a single
row, is locked, the rows are hung on it, and the transaction commits. So whoever holds the head waits for nobody, which
is why no deadlock can come of it, and holds it for one insert, one update and the commit itself: a few milliseconds.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session, SessionTransaction

from callcenter.panel.tables import Audit, AuditHead
from callcenter.panel.trail.chain import first_link, link
from callcenter.panel.trail.witness import Mark, Witness
from callcenter.storage.engine import Database

#: Keys of `Session.info`: rows that wait, what was sealed and is not committed yet, and who is told then.
_WAITING, _SEALED, WITNESS = "audit_waiting", "audit_sealed", "audit_witness"
#: The only row of the head's table.
ONLY = 1


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row, and the savepoint in which it was noted; rolled back, it takes the row along."""

    row: Mapping[str, Any]
    savepoint: SessionTransaction | None


def note(session: Session, row: Mapping[str, Any]) -> None:
    """Let `row` (columns of Audit but those of the chain) be sealed when `session` commits."""
    session.info.setdefault(_WAITING, []).append(_Waiting(row, session.get_nested_transaction()))


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    if session.in_nested_transaction() or not (waiting := session.info.pop(_WAITING, None)):
        return
    session.flush()  # every other lock of this transaction is taken now
    head = _locked_head(session)
    number, hash_ = head.count, head.hash
    rows = []
    for one in waiting:
        number += 1
        row = {**one.row, "number": number, "before": hash_}
        row["hash"] = hash_ = link(hash_, row)
        rows.append(row)
    session.execute(insert(Audit), rows)
    session.execute(update(AuditHead).where(AuditHead.id == ONLY).values(count=number, hash=hash_))
    session.info[_SEALED] = Mark(head.chain, number, hash_)


def _locked_head(session: Session) -> Any:  # noqa: ANN401  # a row with the columns below
    head = select(AuditHead.chain, AuditHead.count, AuditHead.hash).where(AuditHead.id == ONLY).with_for_update()
    found = session.execute(head).one_or_none()
    if found is None:  # the tables were made without the migrations, which begin the chain
        session.execute(insert(AuditHead).values(new_head()))
        found = session.execute(head).one()
    return found


def new_head(chain: str | None = None) -> dict[str, Any]:
    """Return the row that begins a chain. Its name tells it from that of another database in the same data folder."""
    chain = chain or secrets.token_hex(8)
    return {"id": ONLY, "chain": chain, "count": 0, "hash": first_link(chain)}


async def witnessed(database: Database) -> None:
    """Mark how the chain ends now, as at a start: also what was sealed before there was a witness has its mark."""
    witness: Witness | None = database.info.get(WITNESS)
    async with database.read() as session:
        head = await session.get(AuditHead, ONLY)
    if head and head.count and witness:
        witness.write(Mark(head.chain, head.count, head.hash))


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    mark: Mark | None = session.info.pop(_SEALED, None)
    witness: Witness | None = session.info.get(WITNESS)
    if mark and witness:
        witness.write(mark)


@event.listens_for(Session, "after_soft_rollback")
def _rolled_back(session: Session, before: SessionTransaction) -> None:
    if not before.nested:
        session.info.pop(_WAITING, None)
        session.info.pop(_SEALED, None)
        return
    waiting: list[_Waiting] = session.info.get(_WAITING, [])
    session.info[_WAITING] = [one for one in waiting if not _within(one.savepoint, before)]


def _within(savepoint: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while savepoint is not None:
        if savepoint is outer:
            return True
        savepoint = savepoint.parent
    return False
