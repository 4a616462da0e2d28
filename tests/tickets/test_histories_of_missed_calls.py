"""Missed calls' tickets have a history too, become requests when somebody asks, and closed ones go to the archive."""

from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from life_scene import MONDAY, TO_CLOSED, Life, living
from sqlalchemy import select

from callcenter.hotline import events
from callcenter.hotline.tables import Call, Callback
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving import missed
from callcenter.tickets.flows.moving.calls import link_ended_calls
from callcenter.tickets.flows.time import archive
from callcenter.tickets.tables import Ticket


@pytest_asyncio.fixture
async def life(database: Database, tmp_path: Path) -> Life:
    return await living(database, tmp_path)


async def owed(life: Life, count: int = 1) -> list[int]:
    """Citizens who reached nobody, with the callbacks that they are owed and the tickets of these."""
    async with life.database.begin() as session:
        callbacks, told = [], []
        for place in range(count):
            caller = f"138000000{place:02}"
            call = Call(node="node1", linkedid=f"1.{place}", caller=caller, direction="inbound", started_at=MONDAY)
            call.outcome = "overflowed"
            callback = Callback(
                node="node1",
                state="waiting",
                caller=caller,
                reason="overflowed",
                called_at=MONDAY,
                opened_at=MONDAY,
                next_at=MONDAY,
                due_at=MONDAY + timedelta(minutes=15),
            )
            session.add_all([call, callback])
            await session.flush()
            callbacks.append(callback.id)
            told.append(events.CallMissed("node1", MONDAY, call.id, caller, "overflowed", callback.id))
        await missed.open_for_missed_calls(session, told)
    return callbacks


async def numbers(life: Life) -> list[str]:
    async with life.database.read() as session:
        return list(await session.scalars(select(Ticket.number).order_by(Ticket.id)))


async def test_what_happens_to_callbacks_is_written_into_their_tickets(life: Life) -> None:
    settled, given_up, reopened = await owed(life, 3)
    later = MONDAY + timedelta(hours=1)
    async with life.database.begin() as session:
        await missed.close_for_settled_callbacks(
            session,
            [events.CallbackSettled("node1", later, callback, "138", "redial") for callback in (settled, reopened)],
        )
        await missed.close_for_unreachable_citizens(
            session, [events.CallbackUnreachable("node1", later, given_up, "138", 3)]
        )
        await missed.reopen_for_reopened_callbacks(session, [events.CallbackReopened("node1", later, reopened, "138")])
        # The records come again after an outage: nothing happens twice.
        await missed.close_for_settled_callbacks(
            session, [events.CallbackSettled("node1", later, settled, "138", "redial")]
        )
    first, second, third = await numbers(life)
    histories = {number: await life.entries(number) for number in (first, second, third)}
    assert [(e.from_state, e.move, e.to_state, e.version) for e in histories[third]] == [
        (None, "open", "accepted", 1),
        ("accepted", "callback_settled", "closed", 2),
        ("closed", "callback_reopened", "accepted", 3),
    ]
    assert [e.version for e in histories[first]] == [1, 2]
    assert "再次来电" in (histories[first][-1].words or "")
    before, after = histories[second][-1].changes["description"]
    assert (before in after, (await life.ticket(second)).description) == (True, after)
    for number, state, version in ((first, "closed", 2), (second, "closed", 2), (third, "accepted", 3)):
        ticket = await life.ticket(number)
        assert (ticket.state, ticket.version, ticket.closed_at is None) == (state, version, state == "accepted")


async def test_a_missed_call_that_became_a_request_stays_open_when_its_callback_is_settled(life: Life) -> None:
    (callback,) = await owed(life)
    (number,) = await numbers(life)
    await life.move(number, "amend", "li", fields={"kind": "help", "title": "漏水", "category": "water"})
    async with life.database.begin() as session:
        await missed.close_for_settled_callbacks(
            session, [events.CallbackSettled("node1", MONDAY, callback, "138", "callback")]
        )
    assert (await life.ticket(number)).state == "accepted"
    await life.move(number, "submit", "li")
    ticket = await life.ticket(number)
    assert (ticket.state, ticket.accepted_by) == ("reviewing", "li")


async def test_what_was_closed_long_enough_ago_is_archived_once(life: Life) -> None:
    old = [await life.open() for _ in range(3)]
    for number in old:
        await life.go(number, *TO_CLOSED)
    life.now += timedelta(days=20)
    fresh = await life.open()
    await life.go(fresh, *TO_CLOSED)
    before = life.now - timedelta(days=10)
    assert await archive.archive(life.database, life.mover, before) == 3
    assert await archive.archive(life.database, life.mover, before) == 0
    assert [(await life.ticket(number)).state for number in (*old, fresh)] == ["archived"] * 3 + ["closed"]
    assert [entry.move for entry in await life.entries(old[0])][-1] == "archive"


async def test_a_ticket_written_during_its_call_is_linked_when_the_call_ends(life: Life) -> None:
    number = await life.open(linkedid="1.77")
    other = await life.open(linkedid="1.78")
    async with life.database.begin() as session:
        call = Call(node="node1", linkedid="1.77", caller="138", direction="inbound", started_at=MONDAY, agent="1001")
        call.outcome = "answered"
        session.add(call)
        await session.flush()
        await link_ended_calls(session, [events.CallEnded("node1", MONDAY, "1.77", "138", "inbound", "answered")])
        assert call.id
    ticket = await life.ticket(number)
    assert (ticket.call_id, ticket.agent, ticket.work_started_at) == (call.id, "1001", MONDAY)
    assert (await life.ticket(other)).call_id is None
