"""Callbacks 回拨 and follow-ups 回访 share agents and ids, and are never taken for each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.hotline import call_rows
from callcenter.hotline.events import CallbackTried, ErrandTried, HotlineEvent
from callcenter.hotline.flows.callbacks import attempts, consequences
from callcenter.hotline.flows.callbacks import figures as callback_figures
from callcenter.hotline.flows.dialling import errands
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.rules.dialling import Dial, room_for_lesser
from callcenter.hotline.rules.records import CallRecord, Progress
from callcenter.hotline.tables import Callback
from callcenter.storage.engine import Database

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "13800000001"


def call(kind: str, attempt: int, **more: object) -> CallRecord:
    """The call of an attempt, which the citizen has answered."""
    record = CallRecord(
        f"node1-{kind}-{attempt}",
        T0 + timedelta(seconds=1),
        "outbound",
        NUMBER,
        answered_at=T0 + timedelta(seconds=9),
        agent="1001",
        attempt_id=attempt,
        progress=Progress(first="x"),
    )
    return replace(record, **more)  # type: ignore[arg-type]


async def told(database: Database, record: CallRecord, before: CallRecord | None = None) -> list[HotlineEvent]:
    async with database.begin() as session:
        await call_rows.upsert(session, "node1", [record])
        return await consequences.of(session, "node1", [(before, record)], Policy())


async def owed(database: Database) -> tuple[int, int]:
    """A callback that is being dialled: its id, and the attempt's."""
    async with database.begin() as session:
        callback = Callback(
            node="node1",
            caller=NUMBER,
            state="waiting",
            reason="overflowed",
            called_at=T0,
            opened_at=T0,
            due_at=T0,
            next_at=T0,
        )
        session.add(callback)
        await session.flush()
        attempt = await attempts.begin(session, "node1", Dial(callback.id, "1001", "8001", NUMBER), T0)
        assert attempt is not None
        return callback.id, attempt


@pytest.mark.parametrize(
    ("name", "kind"), [("n-callback-7", "callback"), ("a-b-follow-up-7", "follow-up"), ("7", None)]
)
def test_a_call_says_by_its_name_what_it_was_ordered_for(name: str, kind: str | None) -> None:
    assert CallRecord(name, T0, "outbound").errand == kind


@pytest.mark.parametrize(
    ("free", "waiting", "greeting", "reserve", "begun"),
    [
        (0, 0, 0, 0, 0),
        (1, 0, 0, 0, 0),
        (2, 0, 0, 0, 1),
        (9, 0, 0, 0, 1),
        (9, 1, 0, 0, 0),
        (2, 0, 1, 0, 0),
        (3, 0, 0, 3, 0),
    ],
)
def test_a_visit_is_begun_one_at_a_time_while_nobody_waits_and_never_by_the_last_free_agent(
    free: int, waiting: int, greeting: int, reserve: int, begun: int
) -> None:
    assert room_for_lesser(free=free, waiting=waiting, greeting=greeting, reserve=reserve) == begun


async def test_a_visit_with_the_id_of_a_callbacks_attempt_settles_no_callback(database: Database) -> None:
    callback, attempt = await owed(database)
    (event,) = await told(database, call("follow-up", attempt))
    assert isinstance(event, ErrandTried)
    assert (event.kind, event.attempt_id, event.result, event.agent) == ("follow-up", attempt, "answered", "1001")
    async with database.read() as session:
        assert (await session.get_one(Callback, callback)).state == "dialling"
        (shown,) = await callback_figures.under_way(session, "node1")
        assert (shown.kind, shown.stage) == ("callback", "ringing"), "the visit's talk is not the callback's"
        assert await errands.stages(session, "node1", "follow-up") == {attempt: "talking"}
    events = await told(database, call("callback", attempt))
    assert [type(one) for one in events if isinstance(one, CallbackTried | ErrandTried)] == [CallbackTried]


async def test_the_end_of_an_answered_visit_is_told_too(database: Database) -> None:
    before = call("follow-up", 5)
    await told(database, before)
    ended = replace(before, ended_at=T0 + timedelta(minutes=2), outcome="answered", progress=None)
    (event,) = [one for one in await told(database, ended, before) if isinstance(one, ErrandTried)]
    assert (event.result, event.ended_at) == ("answered", T0 + timedelta(minutes=2))


async def test_an_attempt_never_takes_the_name_of_a_record_of_another_life(database: Database) -> None:
    await told(database, call("follow-up", 1))
    async with database.read() as session:
        assert await errands.free_id(session, "node1", "follow-up", 1) == 2
        assert await errands.free_id(session, "node1", "callback", 1) == 1
