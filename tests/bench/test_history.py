"""How fast the historian catches up after an outage of days: records on disk to stored calls, callbacks and tickets.

100,000 calls, one every two seconds, their records interleaved as Asterisk writes them. Of fifty citizens 45 are
answered, three give up in the queue, one finds it full and one is served by the menu; two of the four who were missed
dial again and are answered. Our process keeps to one core, SQLite's thread with it; PostgreSQL's server has the rest of
the machine. Memory is what the process holds (RSS) before, halfway and after. The loop's pause is the longest time in
which nothing else got its turn: the floor's clock.
"""

import asyncio
import heapq
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from cel_lines import START, Citizen
from historian_scene import SUBSCRIBERS
from sqlalchemy import func, select

from callcenter.hotline.historian import Historian
from callcenter.hotline.tables import OPEN_STATES, Call, Callback
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn
from callcenter.tickets.tables import Ticket

CALLS = int(os.environ.get("HISTORY_CALLS", "100000"))
SECONDS_BETWEEN = 2.0


def caller(n: int) -> str:
    return f"13{n:09}"


def citizens(number: int) -> Iterator[Citizen]:
    for n in range(number):
        again = {40: 35, 41: 33}.get(n % 50, 0)
        citizen = Citizen(f"node1-{1795395600 + n}.{n}", caller(n - again), start=n * SECONDS_BETWEEN)
        match n % 50:
            case 7 | 5 | 27:
                yield citizen.queued().hangs_up(25)
            case 8:
                yield citizen.queued().says("QUEUE_LEFT", 5, "FULL").sent_away(8)
            case 19:
                yield citizen.says("SELF_SERVICE", 9, "1").sent_away(20)
            case 30:
                yield citizen.queued().rings_in_vain("8002", 6).answered(after=12).agent_hangs_up(80).hangs_up(86)
            case _:
                yield citizen.queued().answered().agent_hangs_up(90).says("RATING", 95, "5").hangs_up(97)


def as_written(number: int) -> Iterator[str]:
    """The lines of all citizens in the order of their times."""
    waiting: list[tuple[str, int, str]] = []
    count = 0
    for citizen in citizens(number):
        begin = f"{START.timestamp() + citizen.start:.6f}"
        while waiting and waiting[0][0] < begin:
            yield heapq.heappop(waiting)[2]
        for text in citizen:
            count += 1
            at = text.index('"eventtime":"') + len('"eventtime":"')
            heapq.heappush(waiting, (text[at : at + 17], count, text))
    while waiting:
        yield heapq.heappop(waiting)[2]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The file, and its lines; half a gigabyte that nobody needs afterwards."""
    path = tmp_path_factory.mktemp("records") / "cel.jsonl"
    lines = 0
    with path.open("w") as file:
        for text in as_written(CALLS):
            file.write(text + "\n")
            lines += 1
    yield path, lines
    path.unlink()


@pytest.fixture
def one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def mebibytes() -> int:
    return int(psutil.Process().memory_info().rss) >> 20


@asynccontextmanager
async def pauses() -> AsyncIterator[list[float]]:
    """The longest time between two turns of the event loop, in milliseconds, less the 5 that were asked for."""
    longest = [0.0]

    async def tick() -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(0.005)
            longest[0] = max(longest[0], (time.perf_counter() - begin) * 1000 - 5)

    ticking = spawn(tick(), name="tick")
    yield longest
    await cancel(ticking)


@pytest.mark.bench
@pytest.mark.usefixtures("one_core")
async def test_catching_up(database: Database, records: tuple[Path, int]) -> None:
    path, lines = records
    scribe = Historian(database, path, node="node1", subscribers=SUBSCRIBERS)
    memory = [mebibytes()]
    half = path.stat().st_size // 2
    async with pauses() as longest:
        begin, cpu = time.perf_counter(), time.process_time()
        while await scribe.step():
            if len(memory) == 1 and 0 < scribe.behind < half:
                memory.append(mebibytes())
        took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    memory.append(mebibytes())
    async with database.read() as session:
        stored = (await session.scalars(select(func.count()).select_from(Call))).one()
        tickets = (await session.scalars(select(func.count()).select_from(Ticket))).one()
        owed = Counter(state in OPEN_STATES for state in await session.scalars(select(Callback.state)))
    rounds = CALLS // 50
    assert (stored, tickets, owed) == (CALLS, rounds * 4, {True: rounds * 2, False: rounds * 2})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(
        f"\n{kind:<11}{lines:>10,} records {stored:>8,} calls, {tickets:,} callbacks and tickets: {took:.1f} s,"
        f" {stored / took:,.0f} calls/s ({stored / cpu:,.0f} calls/s of our CPU);"
        f" memory {' -> '.join(map(str, memory))} MiB (peak {peak});"
        f" longest pause of the loop {longest[0]:.0f} ms"
    )
