"""History rebuilt from the files is the history in use; what people decided is told apart from what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cel_lines import START, Citizen, restarted
from historian_scene import SUBSCRIBERS, abandoned, catch_up, historian, rotate, size, write
from sqlalchemy import text

from callcenter.cli.truth import tickets_of_missed_calls
from callcenter.hotline.flows.proof.replay import Comparison, ReplayError, compare, position_of, prepare, rebuild
from callcenter.hotline.historian import Historian
from callcenter.hotline.rules.callbacks import Policy
from callcenter.storage.engine import Database


@pytest_asyncio.fixture
async def into(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database to rebuild into."""
    empty = Database(f"sqlite:///{tmp_path}/rebuilt.db")
    await prepare(empty)
    yield empty
    await empty.close()


def make(database: Database, cel: Path, on_trouble: Callable[[str | None], None]) -> Historian:
    return Historian(database, cel, node="node1", subscribers=SUBSCRIBERS, on_trouble=on_trouble)


async def store(database: Database, cel: Path, *citizens: Iterable[str]) -> None:
    for citizen in citizens:
        write(cel, citizen)
    await catch_up(historian(database, cel))


async def replayed(database: Database, into: Database, cel: Path) -> Comparison:
    return await compare(database, into, cel, node="node1", make=make, further={"ticket": tickets_of_missed_calls})


def told(result: Comparison) -> list[tuple[str, str, str, str]]:
    return [tuple(difference) for difference in result.unequal]


async def change(database: Database, statement: str, **values: Any) -> None:  # noqa: ANN401  # any column
    async with database.begin() as session:
        await session.execute(text(statement), values)


def a_day() -> list[Citizen]:
    """Calls of every kind: answered, given up, redialled, withheld, in progress."""
    return [
        Citizen("node1-1.1").queued().answered().hangs_up(60),
        abandoned("node1-1.2", "13900000002", start=100),
        abandoned("node1-1.3", "13900000002", start=200),
        Citizen("node1-1.4", "13900000002", start=300).queued().answered().hangs_up(60),
        abandoned("node1-1.5", "", start=400),
        abandoned("node1-1.6", "13900000006", start=500),
        Citizen("node1-1.7", "13900000007", start=600).queued().answered(),
    ]


async def test_history_rebuilt_from_the_files_is_equal(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, *a_day())
    result = await replayed(database, into, cel)
    assert told(result) == []
    assert (result.calls, result.human_deeds, result.before_files) == (7, 0, 0)


async def test_history_that_was_read_as_it_happened_is_equal_to_what_is_read_at_once(
    database: Database, into: Database, cel: Path
) -> None:
    for citizen in a_day():
        await store(database, cel, citizen)
    result = await replayed(database, into, cel)
    assert told(result) == []
    assert result.callbacks == 2


async def test_calls_cut_by_the_death_of_asterisk_and_torn_lines_are_rebuilt_too(
    database: Database, into: Database, cel: Path
) -> None:
    write(cel, Citizen("node1-1.1").queued())
    write(cel, ['{"eventtype":"CHAN_STA', *abandoned("node1-1.2", "13900000002", start=50), restarted(90)])
    await catch_up(historian(database, cel))
    assert told(await replayed(database, into, cel)) == []


async def test_calls_may_go_on_while_history_is_rebuilt(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, abandoned("node1-1.1"))
    write(cel, abandoned("node1-1.2", "13900000002", start=50))
    result = await replayed(database, into, cel)
    assert (told(result), result.calls) == ([], 1), "what the historian has not read yet is not compared"


async def test_rotated_files_are_rebuilt_in_order(database: Database, into: Database, cel: Path) -> None:
    citizen = Citizen("node1-1.1").queued().answered().hangs_up(60).lines
    for place, part in enumerate((citizen[:4], citizen[4:8])):
        write(cel, part)
        rotate(cel, f".20261123-09000{place}")
    write(cel, citizen[8:])
    await catch_up(historian(database, cel))
    assert told(await replayed(database, into, cel)) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("agent", "1002"), ("outcome", "abandoned_queue"), ("caller", "1"), ("rating", 5), ("answered_at", None)],
)
async def test_a_field_that_was_changed_by_hand_is_told(
    database: Database, into: Database, cel: Path, column: str, value: object
) -> None:
    await store(database, cel, *a_day())
    await change(database, f"UPDATE calls SET {column} = :value WHERE linkedid = 'node1-1.1'", value=value)  # noqa: S608
    ((what, key, in_use, rebuilt),) = told(await replayed(database, into, cel))
    assert (what, key, in_use) == ("call", "node1-1.1", f"{column} {value}")
    assert rebuilt.startswith(column)


async def test_a_call_that_the_database_lost_is_told(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, *a_day())
    await change(database, "DELETE FROM calls WHERE linkedid = 'node1-1.7'")
    assert told(await replayed(database, into, cel)) == [("call", "node1-1.7", "not there", "there")]


async def test_a_call_that_no_file_tells_of_is_told(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, *a_day())
    await change(database, "UPDATE calls SET linkedid = 'node1-9.9' WHERE linkedid = 'node1-1.7'")
    assert told(await replayed(database, into, cel)) == [
        ("call", "node1-1.7", "not there", "there"),
        ("call", "node1-9.9", "there", "not there"),
    ]


async def test_a_missed_call_that_nobody_answers_for_is_told(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, *a_day())
    await change(
        database,
        "DELETE FROM callback_calls WHERE call_id = (SELECT id FROM calls WHERE linkedid = 'node1-1.6')",
    )
    ((what, key, in_use, rebuilt),) = told(await replayed(database, into, cel))
    assert (what, key.split()[0], in_use, rebuilt) == ("callback", "13900000006", "calls ()", "calls ('node1-1.6',)")


async def test_a_ticket_that_is_gone_is_told(database: Database, into: Database, cel: Path) -> None:
    await store(database, cel, *a_day())
    # The database holds on to a ticket that has a history, and to the history: it takes its owner to lose one.
    sqlite = database.is_sqlite
    await change(
        database,
        "DROP TRIGGER ticket_entries_no_delete" if sqlite else "ALTER TABLE ticket_entries DISABLE TRIGGER USER",
    )
    await change(database, "DELETE FROM ticket_entries")
    await change(database, "DELETE FROM tickets WHERE caller = '13900000006'")
    await change(database, "DELETE FROM tickets WHERE caller = ''")
    assert [(what, key, in_use) for what, key, in_use, _ in told(await replayed(database, into, cel))] == [
        ("ticket", "13900000006 2026-11-23T01:08:40+00:00", "not there"),
        ("ticket", "node1-1.5", "not there"),
    ]


async def test_a_callback_that_a_supervisor_closed_is_no_difference(
    database: Database, into: Database, cel: Path
) -> None:
    """Closed by a person, the next missed call opens another one; the records alone would have it join the first."""
    await store(database, cel, abandoned("node1-1.1"))
    await change(database, "UPDATE callbacks SET state = 'settled', settled_by = 'supervisor', note = 'done'")
    await store(database, cel, abandoned("node1-1.2", start=100))
    result = await replayed(database, into, cel)
    assert (told(result), result.callbacks, result.human_deeds) == ([], 2, 1)


async def test_after_a_supervisors_deed_each_missed_call_must_still_be_answered_for(
    database: Database, into: Database, cel: Path
) -> None:
    await store(database, cel, abandoned("node1-1.1"))
    await change(database, "UPDATE callbacks SET state = 'settled', settled_by = 'supervisor', note = 'done'")
    await change(database, "DELETE FROM callback_calls")
    assert told(await replayed(database, into, cel)) == [
        ("missed_call", "node1-1.1", "answered for by none", "answered for by a callback")
    ]


async def test_notes_and_assignments_are_counted_and_no_difference(
    database: Database, into: Database, cel: Path
) -> None:
    await store(database, cel, *a_day())
    await change(database, "UPDATE callbacks SET assigned = '1001' WHERE state = 'waiting'")
    result = await replayed(database, into, cel)
    assert (told(result), result.human_deeds) == ([], 1)


async def test_calls_older_than_the_files_are_counted_and_no_difference(
    database: Database, into: Database, cel: Path
) -> None:
    write(cel, [*abandoned("node1-1.1"), *abandoned("node1-1.3", "", start=40)])
    old = rotate(cel, ".20261123-090000")
    write(cel, abandoned("node1-1.2", start=100))
    await catch_up(historian(database, cel))
    old.unlink()
    result = await replayed(database, into, cel)
    assert (told(result), result.calls, result.before_files) == ([], 1, 2)


async def test_history_whose_file_is_gone_cannot_be_rebuilt_and_says_so(
    database: Database, into: Database, cel: Path
) -> None:
    await store(database, cel, abandoned("node1-1.1"))
    rotate(cel, ".gz")  # put away: a compressed file has been read
    with pytest.raises(ReplayError, match="bring it back first"):
        await replayed(database, into, cel)


async def test_a_database_that_is_not_empty_is_refused(database: Database, cel: Path) -> None:
    await store(database, cel, abandoned("node1-1.1"))
    with pytest.raises(ReplayError, match=r"is not empty: it has calls"):
        await prepare(database)


async def test_a_database_that_cannot_be_written_ends_it_with_the_reason(into: Database, cel: Path) -> None:
    write(cel, abandoned("node1-1.1"))
    async with into.begin() as session:
        await session.execute(text("CREATE TRIGGER no BEFORE INSERT ON calls BEGIN SELECT RAISE(FAIL, 'no room'); END"))
    with pytest.raises(ReplayError, match="no room"):
        async with asyncio.timeout(10):
            await rebuild(into, cel, make)


async def test_another_rule_for_the_greeting_makes_another_history(
    database: Database, into: Database, cel: Path
) -> None:
    await store(database, cel, Citizen("node1-1.1").hangs_up(2))

    def strict(database: Database, cel: Path, on_trouble: Callable[[str | None], None]) -> Historian:
        return Historian(
            database,
            cel,
            node="node1",
            subscribers=SUBSCRIBERS,
            policy=Policy(greeting=timedelta(seconds=5)),
            on_trouble=on_trouble,
        )

    result = await compare(database, into, cel, node="node1", make=strict)
    assert ("callback", f"13800000001 {(START + timedelta(seconds=2)).isoformat()}", "there", "not there") in told(
        result
    )


async def test_the_place_of_a_historian_is_none_before_it_has_begun(database: Database, cel: Path) -> None:
    async with database.read() as session:
        assert await position_of(session, "node1") is None
    await store(database, cel, abandoned("node1-1.1"))
    async with database.read() as session:
        place = await position_of(session, "node1")
    assert place
    assert place.offset == size(cel)


async def test_an_empty_history_is_equal_to_an_empty_one(database: Database, into: Database, cel: Path) -> None:
    result = await replayed(database, into, cel)
    assert (told(result), result.calls) == ([], 0)
