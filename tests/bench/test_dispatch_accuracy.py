"""Dispatch help: how often it is right on what it has not seen, how long it learns, and how long an answer takes.

An answer is all that the desk is told: category, unit, reasons, past tickets, repeats; asked for the newest requests,
one after the other.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callcenter.demo.requests.loading import Wish, generate
from callcenter.panel.sessions import Identity
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.time.calendar import load
from callcenter.tickets.suggestions.advice import Adviser, Asked
from callcenter.tickets.suggestions.keeper import ModelKeeper
from callcenter.tickets.suggestions.record import Recorder
from callcenter.tickets.suggestions.training import train
from callcenter.tickets.tables import Place, Ticket

TICKETS = int(os.environ.get("SUGGESTION_TICKETS", "100000"))
ASKED = 500


@pytest.fixture
async def hotline(database: Database, tmp_path: Path) -> tuple[Database, Settings]:
    settings = Settings(data=tmp_path)
    await generate(database, settings, load(settings), Wish(TICKETS, 1, 365, clock.now()), processes=1)
    return database, settings


@pytest.mark.bench
async def test_suggestions(hotline: tuple[Database, Settings]) -> None:
    database, settings = hotline
    folder = settings.data_folder / "dispatch-help"
    begin = time.perf_counter()
    row = await train(database, folder, settings.dispatch_help, node=settings.node, now=clock.now)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"\n{kind}: learned from {row.tickets:,} closed requests in {time.perf_counter() - begin:.0f} s")
    for name in ("category", "unit"):
        share = row.figures[name]
        print(
            f"  {name:<9} {share['tickets']:>7,} held out: {share['right'] / share['tickets']:.2%} right;"
            f" suggests for {share['said'] / share['tickets']:.2%}, {share['wrong'] / share['said']:.2%} of it wrong"
        )
    keeper = ModelKeeper(database, folder, settings)
    await keeper.look()
    assert keeper.model
    adviser = Adviser(database, keeper, Recorder(database, settings.node))
    query = select(Ticket.title, Ticket.description, Ticket.kind, Place.code, Ticket.caller, Ticket.opened_at)
    query = query.outerjoin(Place, Place.id == Ticket.place_id).where(Ticket.kind != "missed_call")
    async with database.read() as session:
        rows = list(await session.execute(query.order_by(Ticket.id.desc()).limit(ASKED)))
    agent, at = Identity("agent01", "agent01", "agent"), rows[0].opened_at + timedelta(minutes=1)
    alone, whole = [], []
    for one in rows:
        begin = time.perf_counter()
        keeper.model.guess(*one[:4])
        alone.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        await adviser.advise(agent, Asked(*one[:5]), now=at)
        whole.append(time.perf_counter() - begin)
    for name, times in (("the guess alone", alone), ("the whole answer", whole)):
        times.sort()
        middle, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000
        print(f"  {name:<17} p50 {middle:6.1f} ms  p95 {late:6.1f} ms")
