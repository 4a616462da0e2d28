"""Agents and supervisors work on callbacks: what they do is kept as evidence, and tickets follow."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.hotline import listings
from callcenter.hotline.events import CallbackReopened, CallbackSettled, CallbackUnreachable, HotlineEvent
from callcenter.hotline.flows.callbacks import work
from callcenter.hotline.flows.callbacks.work import Note
from callcenter.hotline.flows.subscribers import publish
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.tables import Call, Callback, CallbackAttempt
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving import missed as tickets
from callcenter.tickets.tables import Ticket

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
POLICY = Policy(retries=(timedelta(minutes=10),))
MOBILE = "13800000001"
SUBSCRIBERS = {
    CallbackSettled: [tickets.close_for_settled_callbacks],
    CallbackUnreachable: [tickets.close_for_unreachable_citizens],
    CallbackReopened: [tickets.reopen_for_reopened_callbacks],
}


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


async def owed(database: Database, state: str = "waiting", *results: str, **more: object) -> int:
    """Store a callback with its ticket and these attempts, a minute apart."""
    fields = {"number": None, "held": None, "reason": "overflowed", "opened_at": T0} | more
    async with database.begin() as session:
        callback = Callback(
            node="node1", caller=MOBILE, state=state, called_at=T0, next_at=at(1), due_at=at(15), **fields
        )
        session.add(callback)
        await session.flush()
        for minutes, result in enumerate(results, start=5):
            session.add(
                CallbackAttempt(
                    node="node1",
                    callback_id=callback.id,
                    at=at(minutes),
                    agent="1001",
                    number=MOBILE,
                    result=result,
                    ended_at=at(minutes + 1),
                )
            )
        closed = at(20) if state in {"settled", "unreachable"} else None
        session.add(
            Ticket(
                node="node1",
                number=f"t{callback.id}",
                kind="missed_call",
                state="closed" if closed else "accepted",
                caller=MOBILE,
                title="t",
                description="d",
                opened_at=T0,
                closed_at=closed,
                callback_id=callback.id,
            )
        )
        return callback.id


async def deed(database: Database, what: object) -> list[HotlineEvent]:
    async with database.begin() as session:
        events = await what(session) or []  # type: ignore[operator]
        await publish(session, events, SUBSCRIBERS)
        return list(events)


async def row(database: Database, callback: int) -> listings.Row:
    async with database.read() as session:
        (found,) = await listings.callbacks(session, callback=callback)
    listings.CallbackRow.model_validate(found, strict=True)
    return found


async def ticket(database: Database, callback: int) -> tuple[str, str]:
    async with database.read() as session:
        found = await session.get(Ticket, callback)
        assert found
        assert (found.closed_at is None) == (found.state == "accepted")
        return found.state, found.description


async def note(database: Database, callback: int, result: str, text: str = "") -> list[HotlineEvent]:
    return await deed(database, lambda s: work.note(s, callback, Note(result, text), POLICY, at(30)))  # type: ignore[arg-type]


async def test_a_supervisor_closes_and_says_why(database: Database) -> None:
    callback = await owed(database)
    await deed(database, lambda s: work.close(s, callback, "came in person", at(30)))
    found = await row(database, callback)
    assert (found["state"], found["settled_by"], found["note"]) == ("settled", "supervisor", "came in person")
    assert (await ticket(database, callback))[0] == "closed"
    with pytest.raises(Refused, match="over already"):
        await deed(database, lambda s: work.close(s, callback, "twice", at(31)))
    with pytest.raises(LookupError, match="9999"):
        await deed(database, lambda s: work.close(s, 9999, "none", at(31)))


async def test_what_is_brought_forward_comes_first_and_at_once_also_when_it_was_given_up(database: Database) -> None:
    callback = await owed(database, "unreachable", "busy", "busy")
    events = await deed(database, lambda s: work.forward(s, callback, POLICY, at(30)))
    assert [type(event) for event in events] == [CallbackReopened]
    found = await row(database, callback)
    assert (found["state"], found["priority"], found["next_at"]) == ("retry", 1, at(30).isoformat())
    assert found["due_at"] == at(45).isoformat()
    assert (await ticket(database, callback))[0] == "accepted"
    assert await deed(database, lambda s: work.forward(s, callback, POLICY, at(31))) == []


async def test_what_was_given_up_is_not_owed_twice_when_they_have_called_again(database: Database) -> None:
    old = await owed(database, "unreachable", "busy", "busy")
    new = await owed(database, opened_at=at(20))
    with pytest.raises(Refused, match=str(new)):
        await deed(database, lambda s: work.forward(s, old, POLICY, at(30)))


async def test_a_callback_is_kept_for_an_agent_who_exists(database: Database) -> None:
    callback = await owed(database)
    with pytest.raises(Refused, match="1099"):
        await deed(database, lambda s: work.assign(s, callback, "1099", {"1001": "Li"}))
    await deed(database, lambda s: work.assign(s, callback, "1001", {"1001": "Li"}))
    assert (await row(database, callback))["assigned"] == "1001"
    await deed(database, lambda s: work.assign(s, callback, None, {}))
    assert (await row(database, callback))["assigned"] is None


async def test_a_held_number_is_allowed_once_and_only_when_it_can_be_dialled(database: Database) -> None:
    callback = await owed(database, number="+14155550000", held="foreign")
    await deed(database, lambda s: work.allow(s, callback))
    assert (await row(database, callback))["held"] is None
    with pytest.raises(Refused, match="not held"):
        await deed(database, lambda s: work.allow(s, callback))
    async with database.begin() as session:
        row_ = await session.get(Callback, callback)
        assert row_
        row_.number, row_.held = "abc", "unknown"
    with pytest.raises(Refused, match="abc"):
        await deed(database, lambda s: work.allow(s, callback))


async def test_a_voicemail_is_no_answer_and_the_citizen_is_owed_again(database: Database) -> None:
    callback = await owed(database, "settled", "answered", settled_by="callback", settled_at=at(5))
    events = await note(database, callback, "voicemail", "语音信箱")
    assert [type(event) for event in events] == [CallbackReopened]
    found = await row(database, callback)
    assert (found["state"], found["settled_by"], found["next_at"]) == ("retry", None, at(40).isoformat())
    assert (found["attempts"][0]["result"], found["attempts"][0]["note"]) == ("voicemail", "语音信箱")
    assert (await ticket(database, callback))[0] == "accepted"
    events = await note(database, callback, "answered")
    assert [type(event) for event in events] == [CallbackSettled]
    assert ((await row(database, callback))["state"], (await ticket(database, callback))[0]) == ("settled", "closed")


async def test_the_last_voicemail_gives_up_and_the_ticket_says_so(database: Database) -> None:
    callback = await owed(database, "settled", "no_answer", "answered", settled_by="callback", settled_at=at(6))
    await note(database, callback, "voicemail")
    assert (await row(database, callback))["state"] == "unreachable"
    async with database.begin() as session:
        found = await session.get(Ticket, callback)
        assert found
        assert found.state == "closed"


async def test_a_wrong_number_ends_it(database: Database) -> None:
    callback = await owed(database, "retry", "answered")
    events = await note(database, callback, "wrong_number")
    assert [type(event) for event in events] == [CallbackUnreachable]
    assert (await ticket(database, callback)) == ("closed", "d已回拨 1 次，均未接通。")


async def test_a_note_does_not_bring_back_who_was_answered_since(database: Database) -> None:
    callback = await owed(database, "settled", "answered", settled_by="callback", settled_at=at(5))
    async with database.begin() as session:
        session.add(
            Call(
                node="node1",
                linkedid="c1",
                caller="+86" + MOBILE,
                direction="inbound",
                started_at=at(8),
                answered_at=at(9),
                outcome="answered",
                cut=False,
            )
        )
    assert await note(database, callback, "voicemail") == []
    assert (await row(database, callback))["state"] == "settled"


async def test_a_note_does_not_bring_back_what_they_are_owed_anew(database: Database) -> None:
    callback = await owed(database, "settled", "answered", settled_by="callback", settled_at=at(5))
    await owed(database, opened_at=at(20))
    assert await note(database, callback, "voicemail") == []
    assert (await row(database, callback))["attempts"][0]["result"] == "voicemail"


async def test_nobody_notes_what_asterisk_itself_tells(database: Database) -> None:
    for results in ((), ("busy",), ("dialling",)):
        async with database.begin() as session:
            for one in await session.scalars(work.select(Callback)):
                one.state = "settled"
        callback = await owed(database, "retry", *results, opened_at=at(len(results)))
        with pytest.raises(Refused, match="Asterisk"):
            await note(database, callback, "voicemail")
