"""Whether the audit trail is whole: every row hashed again, in order, and compared with the marks outside.

Found are a row that was changed, removed, inserted or put elsewhere, an end that was cut off, and a chain that was
hashed anew by somebody who could write to the database and not to the witness's folder.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.tables import Audit, AuditHead
from callcenter.panel.trail.chain import first_link, link
from callcenter.panel.trail.sealing import ONLY
from callcenter.panel.trail.witness import Witness
from callcenter.storage.engine import Database

#: Rows read at once.
_PIECE = 5000
#: Faults that are told; one broken row may break many.
MOST_TOLD = 100
_COLUMNS = (
    Audit.number, Audit.node, Audit.at, Audit.who, Audit.action, Audit.target, Audit.address, Audit.detail,
    Audit.before, Audit.hash,
)  # fmt: skip


@dataclass(slots=True)
class Proof:
    """What was found."""

    chain: str = ""
    rows: int = 0
    #: Marks of this chain that were compared.
    marks: int = 0
    #: What is wrong, in the order of the rows, the first `MOST_TOLD` of them, and how many in all.
    faults: list[str] = field(default_factory=list)
    count: int = 0

    def wrong(self, fault: str) -> None:
        """Note what is wrong."""
        self.count += 1
        if self.count <= MOST_TOLD:
            self.faults.append(fault)


async def prove(
    database: Database, witness: Witness, *, piece: int = _PIECE, seen: Callable[[Proof], None] | None = None
) -> Proof:
    """Check the whole trail against itself and `witness`. Raises what the database raises, OSError for its folder.

    `piece` is how many rows are read at once. `seen` is told how far it is after each piece; with it the check shares
    its loop with others, and rests as long as it worked.
    """
    # Marks first: whatever is marked was committed before, so the rows read afterwards must have it.
    marks = await asyncio.to_thread(lambda: list(witness.marks()))
    async with database.read() as session:
        head = (await session.execute(select(AuditHead).where(AuditHead.id == ONLY))).scalar_one_or_none()
        proof = Proof(head.chain if head else "")
        own = {mark.count: mark.hash for mark in marks if mark.chain == proof.chain}
        proof.marks = len(own)
        last = await _follow(session, proof, own, piece, seen)
    _check_end(proof, head, last, max(own, default=0))
    if proof.rows and marks and not own:
        proof.wrong(f"the marks in {witness.folder} are of another chain: this is not the database that wrote them")
    return proof


async def _follow(
    session: AsyncSession, proof: Proof, marks: Mapping[int, str], piece: int, seen: Callable[[Proof], None] | None
) -> str:
    """Hash every row again; return the hash that the last one should have."""
    expected, number, began = first_link(proof.chain), 0, time.monotonic()
    async for row in _rows(session, piece):
        proof.rows += 1
        if seen and proof.rows % piece == 0:
            seen(proof)
            await asyncio.sleep(time.monotonic() - began)
            began = time.monotonic()
        at = row["number"]
        if at < 1:
            proof.wrong(f"row {at} was inserted")
            continue
        if at != number + 1:
            gone = f"row {number + 1} is" if at == number + 2 else f"rows {number + 1} to {at - 1} are"
            proof.wrong(f"{gone} missing")
        elif row["before"] != expected:
            proof.wrong(f"row {at} does not hang on row {number}: removed, inserted, or in another order")
        if link(row["before"], row) != row["hash"]:
            proof.wrong(f"row {at} was changed")
        if marks.get(at, row["hash"]) != row["hash"]:
            proof.wrong(f"row {at} is not the one that the witness saw")
        expected, number = row["hash"], at
    return expected


async def _rows(session: AsyncSession, size: int) -> AsyncIterator[Mapping[str, Any]]:
    """Yield every row in order. Keyset paging: neither database has to hold a million of them at once."""
    after: int | None = None
    while True:
        query = select(*_COLUMNS).order_by(Audit.number).limit(size)
        if after is not None:
            query = query.where(Audit.number > after)
        piece = (await session.execute(query)).mappings().all()
        for row in piece:
            yield dict(row)
        if len(piece) < size:
            return
        after = piece[-1]["number"]


def _check_end(proof: Proof, head: AuditHead | None, last: str, marked: int) -> None:
    if head is None:
        if proof.rows:
            proof.wrong("the head of the chain is missing")
        return
    if head.count > proof.rows:
        proof.wrong(f"the end was cut off: the head counts {head.count} rows, {proof.rows} are there")
    elif head.count < proof.rows:
        proof.wrong(f"rows were inserted: the head counts {head.count} rows, {proof.rows} are there")
    elif head.hash != last:
        proof.wrong(f"the head does not know row {head.count}")
    if marked > max(head.count, proof.rows):
        proof.wrong(f"the end was cut off: the witness saw {marked} rows, {proof.rows} are there")
