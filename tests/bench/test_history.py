"""How fast the historian catches up: records on disk to stored calls, on one core and one transaction a batch.

Of forty citizens thirty-eight are answered, one gives up and one finds the queue full: five in a hundred are owed a
callback and have a ticket, the most that the answer rate of 95 % allows. Memory is the most that this process had,
before and after.
"""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cel_lines import Citizen
from sqlalchemy import func, select

from callcenter.hotline import events
from callcenter.hotline.historian import Historian
from callcenter.hotline.tables import Call, Callback
from callcenter.storage.engine import Database
from callcenter.tickets import flows as tickets

CALLS = 20_000


def traffic(calls: int) -> Iterator[Citizen]:
    for n in range(calls):
        citizen = Citizen(f"node1-{n}.1", f"13{n:09}", start=n * 0.5).queued()
        match n % 40:
            case 7:
                yield citizen.hangs_up(25)
            case 19:
                yield citizen.says("QUEUE_LEFT", 5, "FULL").sent_away(8)
            case _:
                yield citizen.answered().agent_hangs_up(90).says("RATING", 95, "5").hangs_up(97)


@pytest.mark.bench
async def test_catching_up(database: Database, tmp_path: Path) -> None:
    cel = tmp_path / "cel.jsonl"
    lines = 0
    with cel.open("w") as file:
        for citizen in traffic(CALLS):
            file.write("\n".join(citizen) + "\n")
            lines += len(citizen.lines)
    scribe = Historian(
        database,
        cel,
        node="node1",
        subscribers={
            events.CallMissed: [tickets.open_for_missed_calls],
            events.CallbackSettled: [tickets.close_for_settled_callbacks],
        },
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    begin, cpu = time.perf_counter(), time.process_time()
    while await scribe.step():
        pass
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    async with database.read() as session:
        stored = (await session.scalars(select(func.count()).select_from(Call))).one()
        owed = (await session.scalars(select(func.count()).select_from(Callback))).one()
    assert (stored, owed) == (CALLS, CALLS // 20)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(
        f"\n{kind:<11}{lines:>9,} records {stored:>8,} calls {owed:>7,} callbacks and tickets"
        f"{took:>7.1f} s {stored / took:>8,.0f} calls/s {lines / took:>10,.0f} records/s"
        f"{stored / cpu:>8,.0f} calls/s of our CPU; memory {before} -> {after} MiB"
    )
