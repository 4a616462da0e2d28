"""The audit trail as a chain, on SQLite and on PostgreSQL: whatever is done to it behind our back is found."""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from alembic import command
from database import new_postgresql
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from callcenter.panel import audit
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit, AuditHead, User
from callcenter.panel.trail.chain import first_link, link
from callcenter.panel.trail.proof import prove
from callcenter.panel.trail.sealing import WITNESS, witnessed
from callcenter.panel.trail.witness import Witness
from callcenter.paths import ROOT
from callcenter.storage.base import UtcDateTime
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.storage.migrate import _config, upgrade

LI = Actor("li", "node1", "192.0.2.1")
#: How long one deed may wait while fifty others are written at the same instant.
MOST_WAITED = 5.0


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """On both, as the migrations make it."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def witness(database: Database, tmp_path: Path) -> Witness:
    witness = Witness(tmp_path / "audit")
    database.info[WITNESS] = witness
    return witness


async def deed(database: Database, action: str = "number_revealed", **detail: object) -> None:
    async with database.begin() as session:
        audit.record(session, LI, action, at=now(), target="call 7", **detail)


async def deeds(database: Database, count: int) -> None:
    for number in range(1, count + 1):
        await deed(database, number=number)


async def behind_our_back(database: Database, *statements: str) -> None:
    """Do what somebody with the database's password can do: take the triggers away, and then anything."""
    sqlite = database.is_sqlite
    off = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
    if not sqlite:
        off = ["ALTER TABLE audit DISABLE TRIGGER USER"]
    async with database.begin() as session:
        for statement in (*off, *statements):
            await session.execute(text(statement))


async def test_rows_hang_on_each_other_and_a_whole_trail_is_proved(database: Database, witness: Witness) -> None:
    hostile = {"text": "张三\u2028<script>'\"\\", "pair": (1, 2.5, None), "deep": {"b": [True], "a": {3: "x"}}}
    await deed(database, **hostile)
    await deeds(database, 4)
    async with database.read() as session:
        rows = (await session.scalars(select(Audit).order_by(Audit.id))).all()
        head = await session.get(AuditHead, 1)
    assert head
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [row.before for row in rows] == [first_link(head.chain), *(row.hash for row in rows[:-1])]
    assert (head.count, head.hash) == (5, rows[-1].hash)
    proof = await prove(database, witness)
    assert (proof.rows, proof.marks, proof.faults) == (5, 5, [])
    assert [mark.count for mark in witness.marks()] == [1, 2, 3, 4, 5]


async def test_a_deed_that_fails_leaves_no_row_and_no_gap(database: Database, witness: Witness) -> None:
    await deed(database)

    async def fails() -> None:
        async with database.begin() as session:
            audit.record(session, LI, "user_added", at=now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    async with database.begin() as session:
        audit.record(session, LI, "kept", at=now())
        savepoint = await session.begin_nested()
        audit.record(session, LI, "taken_back", at=now())
        await savepoint.rollback()
        async with session.begin_nested():
            audit.record(session, LI, "kept_too", at=now())
    async with database.read() as session:
        rows = (await session.execute(select(Audit.number, Audit.action).order_by(Audit.number))).all()
    assert [tuple(row) for row in rows] == [(1, "number_revealed"), (2, "kept"), (3, "kept_too")]
    assert (await prove(database, witness)).faults == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET who = 'x'", "DELETE FROM audit", "DELETE FROM audit_head", "TRUNCATE audit"]
)
async def test_the_database_itself_refuses_to_change_it(database: Database, witness: Witness, statement: str) -> None:
    if statement.startswith("TRUNCATE") and database.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    await deeds(database, 2)
    async with database.begin() as session:
        with pytest.raises(DBAPIError, match="rows are only ever added"):
            await session.execute(text(statement))
        await session.rollback()
    assert (await prove(database, witness)).rows == 2


SWAP = (
    "UPDATE audit SET number = -1 WHERE number = 2",
    "UPDATE audit SET number = 2 WHERE number = 3",
    "UPDATE audit SET number = 3 WHERE number = -1",
)
TAIL = (
    "DELETE FROM audit WHERE number > 4",
    "UPDATE audit_head SET count = 4, hash = (SELECT hash FROM audit WHERE number = 4)",
)
INSERT = (
    "INSERT INTO audit (node, at, who, action, target, address, detail, number, before, hash) "
    "SELECT node, at, 'wang', action, target, address, detail, {number}, before, hash FROM audit WHERE number = 2"
)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE audit SET who = 'wang' WHERE number = 3"], "row 3 was changed"),
        (["UPDATE audit SET detail = '{\"number\": 9}' WHERE number = 3"], "row 3 was changed"),
        (["UPDATE audit SET hash = before WHERE number = 3"], "row 3 was changed"),
        (["DELETE FROM audit WHERE number = 3"], "row 3 is missing"),
        (["DELETE FROM audit WHERE number IN (2, 3)"], "rows 2 to 3 are missing"),
        (["DELETE FROM audit WHERE number = 1"], "row 1 is missing"),
        (SWAP, "row 2 does not hang on row 1: removed, inserted, or in another order"),
        ([INSERT.format(number=7)], "rows were inserted: the head counts 6 rows, 7 are there"),
        ([INSERT.format(number=0)], "row 0 was inserted"),
        (["DELETE FROM audit WHERE number > 4"], "the end was cut off: the head counts 6 rows, 4 are there"),
        (TAIL, "the end was cut off: the witness saw 6 rows, 4 are there"),
        (["UPDATE audit_head SET hash = 'x'"], "the head does not know row 6"),
    ],
)
async def test_what_was_done_to_it_is_found_and_named(
    database: Database, witness: Witness, statements: Sequence[str], told: str
) -> None:
    await deeds(database, 6)
    await behind_our_back(database, *statements)
    proof = await prove(database, witness)
    assert told in proof.faults
    assert proof.count == len(proof.faults)


async def test_a_chain_that_was_hashed_anew_contradicts_the_witness(database: Database, witness: Witness) -> None:
    await deeds(database, 6)
    await behind_our_back(database)
    async with database.begin() as session:
        rows = [dict(row) for row in (await session.execute(select(Audit.__table__).order_by(Audit.number))).mappings()]
        rows[2]["who"], before = "wang", rows[1]["hash"]
        for row in rows[2:]:
            row["before"], row["hash"] = before, link(before, row)
            before = row["hash"]
            await session.execute(update(Audit).where(Audit.id == row["id"]).values(**row))
        await session.execute(update(AuditHead).values(hash=before))
    assert (await prove(database, Witness(witness.folder / "none"))).faults == [], "in itself it is whole"
    faults = (await prove(database, witness)).faults
    assert faults == [f"row {number} is not the one that the witness saw" for number in (3, 4, 5, 6)]


async def test_another_database_in_its_place_is_noticed(database: Database, witness: Witness) -> None:
    await deeds(database, 2)
    async with database.begin() as session:
        await session.execute(update(AuditHead).values(chain="0" * 16))
    assert any("of another chain" in fault for fault in (await prove(database, witness)).faults)


async def test_a_witness_that_cannot_write_stops_nobody_and_catches_up_at_the_next_start(
    database: Database, witness: Witness
) -> None:
    witness.folder.write_text("a file where the folder should be")
    await deeds(database, 3)
    witness.folder.unlink()
    await witnessed(database)
    (marks,) = witness.folder.iterdir()
    marks.write_text(marks.read_text() + "cut sho")
    proof = await prove(database, witness)
    assert (proof.rows, proof.marks, proof.faults) == (3, 1, [])


async def test_fifty_writers_at_once_make_one_chain_and_nobody_waits_long(database: Database, witness: Witness) -> None:
    """Each also changes rows of its own in another order, as real deeds do: no deadlock may come of it."""
    async with database.begin() as session:
        for number in range(5):
            session.add(_user(f"user{number}"))
    waited: list[float] = []
    rng = random.Random(5)
    orders = [rng.sample(range(5), 2) for _ in range(50)]

    async def writer(number: int) -> None:
        for turn in range(4):
            began = time.perf_counter()
            # Rows of its own are locked after the trail is noted: what would deadlock if noting took the head.
            first, second = sorted(orders[(number + turn) % 50])
            async with database.begin() as session:
                audit.record(session, LI, "first", at=now(), target=f"{number}.{turn}")
                await session.execute(update(User).where(User.login == f"user{first}").values(signed_in_at=now()))
                audit.record(session, LI, "second", at=now(), target=f"{number}.{turn}")
                await session.execute(update(User).where(User.login == f"user{second}").values(signed_in_at=now()))
            waited.append(time.perf_counter() - began)

    await asyncio.gather(*map(writer, range(50)))
    proof = await prove(database, witness)
    assert (proof.rows, proof.marks, proof.faults) == (400, 200, [])
    async with database.read() as session:
        pairs = (await session.execute(select(Audit.action, Audit.target).order_by(Audit.number))).all()
    assert all(
        (pairs[place].action, pairs[place + 1].action) == ("first", "second") and pairs[place][1] == pairs[place + 1][1]
        for place in range(0, 400, 2)
    ), "the rows of one deed stand together"
    waited.sort()
    print(f"200 deeds of 50 writers: p50 {waited[100] * 1000:.0f} ms, p95 {waited[190] * 1000:.0f} ms")
    assert waited[-1] < MOST_WAITED


async def test_two_programs_write_one_chain(database: Database, witness: Witness) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    other.info[WITNESS] = witness
    try:
        await asyncio.gather(*(deeds(one, 20) for one in (database, other)))
    finally:
        await other.close()
    proof = await prove(database, witness)
    assert (proof.rows, proof.marks, proof.faults) == (40, 40, [])


async def test_the_proof_of_a_hundred_thousand_rows_takes_seconds(database: Database, witness: Witness) -> None:
    await deed(database)
    async with database.read() as session:
        head = await session.get(AuditHead, 1)
    assert head
    number, hash_, rows = head.count, head.hash, []
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    while number < 100_000:
        number += 1
        row = {
            "node": "node1", "at": at, "who": "li", "action": "call_seen", "target": f"call {number}",
            "address": "", "detail": {"n": number}, "number": number, "before": hash_,
        }  # fmt: skip
        hash_ = row["hash"] = link(hash_, row)
        rows.append(row)
    async with database.begin() as session:
        await session.execute(insert(Audit), rows)
        await session.execute(update(AuditHead).values(count=number, hash=hash_))
    began = time.perf_counter()
    proof = await prove(database, witness)
    took = time.perf_counter() - began
    print(f"{proof.rows} rows proved in {took:.1f} s")
    assert (proof.rows, proof.faults) == (100_000, [])
    assert took < 30


def _user(login: str) -> User:
    return User(
        node="node1", login=login, name=login, role="supervisor", active=True, password_hash="x",
        must_change_password=False, created_at=now(),
    )  # fmt: skip


async def test_rows_from_before_the_chain_are_hung_on_it_by_the_migration(
    database_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    url = f"sqlite:///{tmp_path}/old.db"
    if kind == "postgresql":
        url = await new_postgresql(request.getfixturevalue("postgresql_server"))
    await asyncio.to_thread(_migrated_to, url, "0012")
    old = Database(url)
    try:
        async with old.begin() as session:
            for number in (3, 7, 4000):
                row = {
                    "id": number,
                    "at": now(),
                    "who": "li",
                    "detail": json.dumps({"市民": number}, ensure_ascii=False),
                }
                statement = (
                    "INSERT INTO audit (id, node, at, who, action, target, address, detail) "
                    "VALUES (:id, 'node1', :at, :who, 'signed_in', '', '', :detail)"
                )
                bound = text(statement).bindparams(bindparam("at", type_=UtcDateTime()))
                await session.execute(bound, row)
        await upgrade(url)
        witness = Witness(tmp_path / "audit")
        old.info[WITNESS] = witness
        proof = await prove(old, witness)
        assert (proof.rows, proof.marks, proof.faults) == (3, 0, [])
        await witnessed(old)
        if kind == "postgresql":  # ids that were given by hand
            async with old.begin() as session:
                await session.execute(text("SELECT setval('audit_id_seq', 5000)"))
        await deed(old)
        proof = await prove(old, witness)
        assert (proof.rows, proof.marks, proof.faults) == (4, 2, [])
    finally:
        await old.close()


def test_the_command_line_proves_it_and_says_what_is_wrong(tmp_path: Path) -> None:
    environment = {**os.environ, "CALLCENTER_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("CALLCENTER_DATABASE_URL", None)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        called = [sys.executable, "-m", "callcenter", *words]
        return subprocess.run(called, capture_output=True, text=True, env=environment, check=False)

    for login in ("wang", "li", "zhao"):
        assert run("user", "add", login).returncode == 0
    done = run("verify-audit")
    assert (done.returncode, done.stdout) == (0, "audit trail whole: 3 rows, 3 marks of the witness agree\n")
    with closing(sqlite3.connect(tmp_path / "callcenter.db")) as file, file:
        file.execute("DROP TRIGGER audit_no_delete")
        file.execute("DELETE FROM audit WHERE number = 2")
    done = run("verify-audit")
    assert done.returncode == 1
    assert done.stderr == "callcenter: audit trail broken: row 2 is missing (and 1 more; see --json)\n"
    done = run("verify-audit", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"], told["rows"], told["marks"], told["fault_count"]) == (1, False, 2, 3, 2)


def _migrated_to(url: str, revision: str) -> None:
    command.upgrade(_config(url), revision)
