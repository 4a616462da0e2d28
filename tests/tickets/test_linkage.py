"""The linkage with the police 110联动 stands in the history of the request that was written in the call."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from life_scene import MONDAY, TO_REVIEW, Life, living

from callcenter.hotline.events import CallEnded
from callcenter.hotline.tables import Call
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.linkage import note_ended_calls
from callcenter.tickets.rules.linkage import noted

NAME = "node1-1764209999.1"


def party(kind: str = "police", mode: str = "three_way", result: str = "answered", second: int = 0) -> dict[str, Any]:
    at = MONDAY + timedelta(seconds=second)
    answered = (at + timedelta(seconds=4)).isoformat() if result == "answered" else None
    who = "110" if kind == "police" else "8002"
    return {"kind": kind, "who": who, "mode": mode, "at": at.isoformat(), "answered_at": answered, "result": result}


@pytest.fixture
async def life(database: Database, tmp_path: Path) -> Life:
    return await living(database, tmp_path)


async def store(life: Life, parties: list[dict[str, Any]], *, over: bool = True) -> None:
    async with life.database.begin() as session:
        session.add(
            Call(
                node="node1",
                linkedid=NAME,
                caller="13800000001",
                direction="inbound",
                started_at=MONDAY,
                answered_at=MONDAY,
                ended_at=MONDAY + timedelta(minutes=3) if over else None,
                agent="1001",
                outcome="answered" if over else "in_progress",
                parties=parties,
            )
        )


async def end(life: Life) -> None:
    async with life.database.begin() as session:
        await note_ended_calls(session, [CallEnded("node1", MONDAY, NAME, "13800000001", "inbound", "answered")])


async def words(life: Life, number: str) -> list[str | None]:
    return [entry.words for entry in await life.entries(number) if entry.who == "system"]


def test_the_words_tell_when_how_and_whether_they_answered() -> None:
    said, at = noted([party("seat"), party(result="busy"), party(mode="transfer", second=60)])
    assert said == "110联动：10:00:00呼叫110（三方通话），未接通：占线；10:01:00呼叫110（一键转接），10:01:04接通。"
    assert at == MONDAY + timedelta(seconds=60)


async def test_it_is_noted_once_when_the_call_ends(life: Life) -> None:
    number = await life.open(linkedid=NAME)
    await life.go(number, *TO_REVIEW)
    await store(life, [party("seat"), party()])
    await end(life)
    await end(life)
    assert await words(life, number) == ["110联动：10:00:00呼叫110（三方通话），10:00:04接通。"]
    entries = await life.entries(number)
    assert [entry.version for entry in entries] == [1, 2, 3]
    assert (await life.ticket(number)).version == 3
    await life.move(number, "dispatch", "boss", unit="roads", version=3)


async def test_a_request_that_is_written_after_the_call_has_it_from_the_start(life: Life) -> None:
    await store(life, [party(mode="transfer")])
    number = await life.open(linkedid=NAME, then="submit")
    assert [entry.move for entry in await life.entries(number)] == ["open", "comment", "submit"]
    assert await words(life, number) == ["110联动：10:00:00呼叫110（一键转接），10:00:04接通。"]
    await end(life)
    assert len(await words(life, number)) == 1


async def test_while_the_call_goes_on_nothing_is_noted_yet(life: Life) -> None:
    await store(life, [party()], over=False)
    number = await life.open(linkedid=NAME)
    assert await words(life, number) == []


async def test_a_call_without_the_police_notes_nothing(life: Life) -> None:
    number = await life.open(linkedid=NAME)
    await store(life, [party("seat"), party("unit")])
    await end(life)
    assert await words(life, number) == []
