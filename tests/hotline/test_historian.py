"""Records on disk become calls, callbacks and tickets, each exactly once, however they are cut into batches."""

import asyncio
import contextlib
import random
from datetime import timedelta
from pathlib import Path

import pytest
from cel_lines import START, Citizen, restarted
from database import migrated_sqlite
from historian_scene import (
    SUBSCRIBERS,
    abandoned,
    callbacks,
    calls,
    catch_up,
    count,
    historian,
    tell,
    without_ids,
    write,
)
from sqlalchemy import select, text

from callcenter.hotline.historian import Historian
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.tables import Call, Callback
from callcenter.storage.engine import Database
from callcenter.tickets.tables import Ticket


async def test_a_caller_who_gives_up_is_owed_a_callback_and_has_a_ticket(database: Database, cel: Path) -> None:
    await tell(database, cel, abandoned("node1-1.1"))
    (call,) = await calls(database)
    (owed,) = await callbacks(database)
    assert (call["outcome"], call["caller"], call["queued_at"]) == (
        "abandoned_queue",
        "13800000001",
        (START + timedelta(seconds=5)).isoformat(),
    )
    assert (owed["caller"], owed["state"], owed["reason"], owed["calls"]) == (
        "13800000001",
        "waiting",
        "abandoned_queue",
        [call["id"]],
    )
    assert owed["due_at"] == (START + timedelta(seconds=20, minutes=15)).isoformat()
    async with database.read() as session:
        (ticket,) = (await session.scalars(select(Ticket))).all()
    assert (ticket.number, ticket.kind, ticket.state) == ("20261123000013", "missed_call", "accepted")
    assert owed["ticket"] == call["ticket"] == ticket.number
    assert (ticket.call_id, ticket.callback_id) == (call["id"], owed["id"])


async def test_who_dials_three_times_in_vain_is_owed_once(database: Database, cel: Path) -> None:
    await tell(database, cel, *(abandoned(f"node1-1.{n}", start=n * 100) for n in range(3)))
    (owed,) = await callbacks(database)
    assert len(owed["calls"]) == 3
    assert await count(database, Ticket) == 1
    assert {call["ticket"] for call in await calls(database)} == {owed["ticket"]}


async def test_a_redial_that_is_answered_settles_the_callback_and_says_so(database: Database, cel: Path) -> None:
    await tell(database, cel, abandoned("node1-1.1"), Citizen("node1-1.2", start=100).queued().answered().hangs_up(60))
    (owed,) = await callbacks(database)
    assert (owed["state"], owed["settled_by"]) == ("settled", "redial")
    assert owed["settled_at"] == (START + timedelta(seconds=108)).isoformat()
    async with database.read() as session:
        (ticket,) = (await session.scalars(select(Ticket))).all()
    assert (ticket.state, ticket.closed_at) == ("closed", START + timedelta(seconds=108))


async def test_a_redial_settles_while_the_citizen_is_still_talking(database: Database, cel: Path) -> None:
    scribe = historian(database, cel)
    write(cel, abandoned("node1-1.1"))
    await catch_up(scribe)
    write(cel, Citizen("node1-1.2", start=100).queued().answered())
    await catch_up(scribe)
    (owed,) = await callbacks(database)
    assert owed["settled_by"] == "redial"


async def test_who_is_missed_again_after_the_redial_is_owed_anew(database: Database, cel: Path) -> None:
    answered = Citizen("node1-1.2", start=100).queued().answered().hangs_up(60)
    await tell(database, cel, abandoned("node1-1.1"), answered, abandoned("node1-1.3", start=300))
    newest, first = await callbacks(database)
    assert (first["state"], newest["state"]) == ("settled", "waiting")


async def test_a_redial_known_before_the_missed_call_settles_it(database: Database, cel: Path) -> None:
    """Two nodes are read independently; the one with the missed call may come late."""
    await tell(database, cel, Citizen("node1-1.2", start=100).queued().answered().hangs_up(60))
    late = cel.with_name("other.jsonl")
    write(late, abandoned("node2-1.1"))
    await catch_up(Historian(database, late, node="node2", subscribers=SUBSCRIBERS))
    (owed,) = await callbacks(database)
    assert (owed["state"], owed["settled_by"]) == ("settled", "redial")


async def test_a_withheld_number_gets_a_ticket_that_says_why_and_no_callback(database: Database, cel: Path) -> None:
    await tell(database, cel, abandoned("node1-1.1", ""), abandoned("node1-1.2", "", start=50))
    assert await callbacks(database) == []
    async with database.read() as session:
        found = (await session.scalars(select(Ticket))).all()
    assert len(found) == 2
    assert all("号码隐藏" in ticket.title for ticket in found)
    assert {call["ticket"] for call in await calls(database)} == {ticket.number for ticket in found}


async def test_a_caller_who_leaves_the_greeting_sooner_than_set_is_owed_nothing(database: Database, cel: Path) -> None:
    hasty = Citizen("node1-1.1").hangs_up(2)
    patient = Citizen("node1-1.2", "13900000002").hangs_up(4)
    await tell(database, cel, hasty, patient, policy=Policy(greeting=timedelta(seconds=3)))
    assert [owed["caller"] for owed in await callbacks(database)] == ["13900000002"]
    assert await count(database, Ticket) == 1


async def test_a_call_is_stored_once_however_often_it_is_read(database: Database, cel: Path) -> None:
    await tell(database, cel, abandoned("node1-1.1"), Citizen("node1-1.2", start=50).queued().answered().hangs_up(60))
    before = await calls(database), await callbacks(database)
    async with database.begin() as session:
        await session.execute(text("DELETE FROM cel_positions"))
    await catch_up(historian(database, cel))
    assert (await calls(database), await callbacks(database)) == before
    assert await count(database, Ticket) == 1


async def test_a_call_in_progress_is_a_row_and_goes_on_in_the_next_process(database: Database, cel: Path) -> None:
    citizen = Citizen("node1-1.1").queued().answered()
    await tell(database, cel, citizen)
    (call,) = await calls(database)
    assert (call["outcome"], call["agent"], call["ended_at"]) == ("in_progress", "1001", None)
    done = len(citizen.lines)
    await tell(database, cel, citizen.hangs_up(60).lines[done:])
    (after,) = await calls(database)
    assert (after["id"], after["outcome"]) == (call["id"], "answered")


async def test_calls_that_asterisks_death_cut_are_answered_and_cut_or_owed(database: Database, cel: Path) -> None:
    talking = Citizen("node1-1.1", "13800000001").queued().answered()
    waiting = Citizen("node1-1.2", "13800000002").queued()
    greeted = Citizen("node1-1.3", "13800000003")
    later = Citizen("node1-2.1", "13800000004", start=70).queued().answered().hangs_up(30)
    await tell(database, cel, talking, waiting, greeted, [restarted(60, "elsewhere"), restarted(60)], later)
    found = {call["caller"][-1]: (call["outcome"], call["cut"]) for call in await calls(database)}
    assert found == {
        "1": ("answered", True),
        "2": ("unanswered", True),
        "3": ("unanswered", True),
        "4": ("answered", False),
    }
    assert {owed["caller"][-1] for owed in await callbacks(database)} == {"2", "3"}


@pytest.mark.parametrize("piece", [700, 1 << 18], ids=["in small pieces", "whole"])
async def test_any_cut_of_the_file_gives_the_same_history(
    database: Database, cel: Path, monkeypatch: pytest.MonkeyPatch, *, piece: int
) -> None:
    """Killed and started again at any byte: every prefix of the file is stored by a historian of its own."""
    monkeypatch.setattr("callcenter.asterisk.cel_follower.PIECE_BYTES", piece)
    monkeypatch.setattr("callcenter.hotline.cel_batches.BATCH_BYTES", 3 * piece)
    citizens = [
        abandoned("node1-1.1"),
        Citizen("node1-1.2", start=3).queued().answered().hangs_up(60),
        abandoned("node1-1.3", start=90),
        Citizen("node1-1.4", "13900000000", start=100).queued().says("QUEUE_LEFT", 5, "FULL").sent_away(9),
    ]
    lines = [line for citizen in citizens for line in citizen]
    lines.insert(20, restarted(95))
    whole = ("\n".join(lines) + "\n").encode()
    seed = random.Random(7)
    cuts = sorted(seed.sample(range(len(whole)), 25))
    written = 0
    for place in [*cuts, len(whole)]:
        with cel.open("ab") as file:
            file.write(whole[written:place])
        written = place
        await catch_up(historian(database, cel))
    at_once = Database(await migrated_sqlite(cel.parent / "once.db"))
    monkeypatch.undo()
    await catch_up(historian(at_once, cel))
    assert without_ids(await calls(database)) == without_ids(await calls(at_once))
    assert without_ids(await callbacks(database)) == without_ids(await callbacks(at_once))
    await at_once.close()


async def test_two_historians_on_one_file_store_each_call_once(database: Database, cel: Path) -> None:
    first, second = historian(database, cel), historian(database, cel)
    for n in range(5):
        lines = abandoned(f"node1-1.{n}", f"1390000000{n}", start=n).lines
        write(cel, lines[:4])
        await catch_up(first)
        await catch_up(second)
        write(cel, lines[4:])
        await asyncio.gather(catch_up(first), catch_up(second))
    assert await count(database, Call) == await count(database, Callback) == await count(database, Ticket) == 5


async def test_running_it_notices_a_new_line_at_once(database: Database, cel: Path) -> None:
    noticed = asyncio.Event()
    scribe = historian(database, cel, on_committed=lambda batch: noticed.set() if batch else None)
    following = asyncio.get_running_loop().create_task(scribe.run(), name="historian")
    try:
        write(cel, abandoned("node1-1.1"))
        await asyncio.wait_for(noticed.wait(), 10)
        noticed.clear()
        begin = asyncio.get_running_loop().time()
        write(cel, abandoned("node1-1.2", "13900000002"))
        await asyncio.wait_for(noticed.wait(), 10)
        assert asyncio.get_running_loop().time() - begin < 2, "a look every 20 ms, and room for a busy machine"
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def test_a_full_batch_is_stored_in_parts_and_memory_stays_flat(
    database: Database, cel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.asterisk.cel_follower.PIECE_BYTES", 3000)
    monkeypatch.setattr("callcenter.hotline.cel_batches.BATCH_BYTES", 5000)
    scribe = historian(database, cel)
    for n in range(40):
        write(cel, abandoned(f"node1-1.{n}", f"139{n:08}", start=n))
    await catch_up(scribe)
    assert await count(database, Call) == await count(database, Callback) == 40
    assert len(scribe._open) == 0
    assert scribe.behind == 0
