"""Calls open, join, settle and bring back callbacks, on both databases: what the historian stores is what is owed."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from callcenter.hotline import call_rows, listings
from callcenter.hotline.events import CallbackSettled, CallbackTried, CallbackUnreachable, CallMissed, HotlineEvent
from callcenter.hotline.flows.callbacks import attempts, consequences
from callcenter.hotline.flows.callbacks import sweep as callback_sweep
from callcenter.hotline.flows.callbacks.errand import CallbackErrand
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.rules.dialling import Dial
from callcenter.hotline.rules.records import CallRecord
from callcenter.hotline.tables import Callback, CallbackAttempt
from callcenter.storage.engine import Database

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
POLICY = Policy(area_code="010")
MOBILE = "13800000001"
_next = count(1)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def missed(minutes: float, caller: str = MOBILE, **more: Any) -> CallRecord:  # noqa: ANN401
    fields = {"outcome": "abandoned_queue", "ended_at": at(minutes), "progress": None} | more
    return CallRecord(f"c{next(_next)}", at(minutes - 1), "inbound", caller, **fields)


def answered(minutes: float, caller: str = MOBILE, **more: Any) -> CallRecord:  # noqa: ANN401
    fields = {"outcome": "answered", "answered_at": at(minutes), "ended_at": at(minutes + 2), "progress": None} | more
    return CallRecord(f"c{next(_next)}", at(minutes - 1), "inbound", caller, **fields)


def called_back(attempt: int, minutes: float, result: str | None = None, **more: Any) -> CallRecord:  # noqa: ANN401
    """The call of an attempt as Asterisk's record tells it; without `result` the citizen answered."""
    answer = None if result else at(minutes)
    fields = {
        "agent": "1001",
        "dial_result": result,
        "answered_at": answer,
        "ended_at": at(minutes + 1),
        "progress": None,
        "attempt_id": attempt,
    } | more
    return CallRecord(
        f"node1-callback-{attempt}", at(minutes - 0.5), "outbound", fields.pop("caller", MOBILE), **fields
    )


async def told(database: Database, *calls: CallRecord | tuple[CallRecord | None, CallRecord]) -> list[HotlineEvent]:
    """Store calls as the historian does: each new, or as it was and as it is."""
    changes = [call if isinstance(call, tuple) else (None, call) for call in calls]
    async with database.begin() as session:
        await call_rows.upsert(session, "node1", [call for _, call in changes])
        return await consequences.of(session, "node1", changes, POLICY)


async def dial(database: Database, callback: int, number: str = MOBILE, minutes: float = 5) -> int | None:
    async with database.begin() as session:
        return await attempts.begin(session, "node1", Dial(callback, "1001", "8001", number), at(minutes))


async def rows(database: Database) -> list[listings.Row]:
    async with database.read() as session:
        found = await listings.callbacks(session)
    for row in found:
        listings.CallbackRow.model_validate(row, strict=True)
    return list(reversed(found))


async def row(database: Database) -> listings.Row:
    (found,) = await rows(database)
    return found


async def test_however_the_network_spells_a_citizen_they_are_owed_one_callback(database: Database) -> None:
    await told(database, missed(0, "+8613800000001"), missed(1, "013800000001"))
    await told(database, missed(2))
    owed = await row(database)
    assert (owed["caller"], owed["number"], len(owed["calls"]), owed["state"]) == (MOBILE, MOBILE, 3, "waiting")
    assert owed["called_at"] == at(-1).isoformat()
    events = await told(database, answered(3, "8613800000001"))
    assert [event.by for event in events if isinstance(event, CallbackSettled)] == ["redial"]
    assert (await row(database))["settled_by"] == "redial"


async def test_a_redial_that_another_node_told_first_is_found_in_every_spelling(database: Database) -> None:
    await told(database, answered(3, "+8613800000001"))
    await told(database, missed(1))
    assert (await row(database))["settled_by"] == "redial"


async def test_who_withheld_their_number_and_keyed_one_is_owed_on_that(database: Database) -> None:
    events = await told(database, missed(0, "", wants_callback=True, callback_number="62345678"))
    owed = await row(database)
    assert (owed["caller"], owed["reason"]) == ("01062345678", "requested")
    (event,) = [event for event in events if isinstance(event, CallMissed)]
    assert (event.caller, event.callback_id) == ("01062345678", owed["id"])
    await told(database, missed(1, ""))
    assert len(await rows(database)) == 1, "without any number nobody can be called"


async def test_a_number_that_somebody_keyed_settles_nothing_of_its_owners(database: Database) -> None:
    await told(database, missed(0))
    await told(database, answered(1, "", callback_number=MOBILE, wants_callback=True))
    assert (await row(database))["state"] == "waiting"


async def test_a_citizen_who_asked_by_key_and_was_answered_on_that_call_is_owed_nothing(database: Database) -> None:
    await told(database, answered(0, wants_callback=True, callback_number="13900000000"))
    assert await rows(database) == []


async def test_a_wish_is_owed_even_where_the_call_is_no_missed_one_unless_they_are_blocked(database: Database) -> None:
    await told(database, missed(0, outcome="self_service", wants_callback=True))
    await told(database, missed(0, "13800000009", outcome="blocked", wants_callback=True))
    assert (await row(database))["caller"] == MOBILE


async def test_test_dials_owe_nobody(database: Database) -> None:
    call = missed(0, "19900000000")
    call.direction = "test"
    await told(database, call)
    assert await rows(database) == []


async def test_numbers_that_cost_or_endanger_are_held(database: Database) -> None:
    await told(database, missed(0, wants_callback=True, callback_number="010110"))
    owed = await row(database)
    assert (owed["number"], owed["held"]) == ("010110", "emergency")
    assert await dial(database, owed["id"], "010110") is None
    await told(database, missed(1, wants_callback=True, callback_number="13900000000"))
    owed = await row(database)
    assert (owed["number"], owed["held"]) == ("13900000000", None)


async def test_an_attempt_is_begun_once_however_many_try(database: Database) -> None:
    await told(database, missed(0))
    callback = (await row(database))["id"]
    attempt = await dial(database, callback)
    assert attempt is not None
    assert await dial(database, callback) is None
    owed = await row(database)
    assert (owed["state"], [one["result"] for one in owed["attempts"]]) == ("dialling", ["dialling"])


async def test_a_citizen_is_not_dialled_on_a_number_they_have_changed_meanwhile(database: Database) -> None:
    await told(database, missed(0))
    callback = (await row(database))["id"]
    await told(database, missed(1, wants_callback=True, callback_number="13900000000"))
    assert await dial(database, callback, MOBILE) is None
    assert await dial(database, callback, "13900000000") is not None


async def test_an_attempt_that_is_answered_settles_while_they_still_talk(database: Database) -> None:
    await told(database, missed(0))
    attempt = await dial(database, (await row(database))["id"])
    assert attempt
    ringing = called_back(attempt, 6, ended_at=None, answered_at=None)
    talking = called_back(attempt, 6, ended_at=None)
    assert not [event for event in await told(database, ringing) if isinstance(event, CallbackTried)]
    events = await told(database, (ringing, talking))
    assert {type(event) for event in events} == {CallbackTried, CallbackSettled}
    owed = await row(database)
    assert (owed["state"], owed["settled_by"], owed["settled_at"]) == ("settled", "callback", at(6).isoformat())
    assert owed["settled_call"] is not None
    events = await told(database, (talking, called_back(attempt, 6)))
    assert not [event for event in events if isinstance(event, CallbackSettled | CallbackTried)]
    assert (await row(database))["attempts"][0]["ended_at"] == at(7).isoformat()


async def test_attempts_in_vain_are_evidence_and_the_last_gives_up(database: Database) -> None:
    await told(database, missed(0))
    callback = (await row(database))["id"]
    events: list[HotlineEvent] = []
    for n, result in enumerate(("busy", "no_answer", "refused", "no_answer")):
        attempt = await dial(database, callback, minutes=5 + n)
        assert attempt
        events = await told(database, called_back(attempt, 6 + n, result))
    assert [type(event) for event in events if isinstance(event, CallbackUnreachable)] == [CallbackUnreachable]
    owed = await row(database)
    assert (owed["state"], owed["settled_by"]) == ("unreachable", None)
    assert [one["result"] for one in owed["attempts"]] == ["busy", "no_answer", "refused", "no_answer"]
    await told(database, missed(60))
    assert [row["state"] for row in await rows(database)] == ["unreachable", "waiting"]


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({"agent": None, "caller": ""}, "agent_no_answer"),
        ({"cut": True}, "failed"),
        ({"agent": None, "caller": "", "cut": True}, "failed"),
        ({"dial_result": "cancelled"}, "cancelled"),
        ({"dial_result": "expired"}, "expired"),
    ],
)
async def test_faults_of_our_own_side_give_the_callback_back(
    database: Database, more: dict[str, Any], result: str
) -> None:
    await told(database, missed(0))
    attempt = await dial(database, (await row(database))["id"])
    assert attempt
    await told(database, called_back(attempt, 6, answered_at=None, **more))
    owed = await row(database)
    assert (owed["state"], owed["attempts"][0]["result"]) == ("waiting", result)


async def test_an_answer_of_which_only_the_dial_status_is_left_counts_as_one(database: Database) -> None:
    """Issabel 41: answered calls were reported as abandoned. Who was reached must not be dialled again."""
    await told(database, missed(0))
    attempt = await dial(database, (await row(database))["id"])
    assert attempt
    await told(database, called_back(attempt, 6, "answered"))
    assert (await row(database))["settled_by"] == "callback"


async def test_a_redial_answered_while_the_agents_phone_rings_settles_once(database: Database) -> None:
    await told(database, missed(0))
    attempt = await dial(database, (await row(database))["id"])
    assert attempt
    await told(database, answered(6))
    events = await told(database, called_back(attempt, 7, "cancelled"))
    assert not [event for event in events if isinstance(event, CallbackSettled)]
    owed = await row(database)
    assert (owed["state"], owed["settled_by"], owed["attempts"][0]["result"]) == ("settled", "redial", "cancelled")


async def test_history_built_anew_finds_the_callback_of_each_attempt_by_its_number(database: Database) -> None:
    await told(database, missed(0), called_back(41, 6, "busy"), called_back(43, 20))
    owed = await row(database)
    assert (owed["settled_by"], [one["result"] for one in owed["attempts"]]) == ("callback", ["busy", "answered"])
    async with database.read() as session:
        assert list(await session.scalars(select(CallbackAttempt.id).order_by(CallbackAttempt.id))) == [41, 43]
    await told(database, missed(30))
    assert await dial(database, (await rows(database))[1]["id"]) == 44


async def test_history_built_anew_in_several_batches_is_the_same(database: Database) -> None:
    await told(database, missed(0))
    await told(database, called_back(41, 6, "busy"))
    await told(database, called_back(42, 20, ended_at=None))
    await told(database, (called_back(42, 20, ended_at=None), called_back(42, 20)))
    owed = await row(database)
    assert (owed["settled_by"], [one["result"] for one in owed["attempts"]]) == ("callback", ["busy", "answered"])
    assert owed["attempts"][1]["ended_at"] == at(21).isoformat()


async def test_a_record_of_another_life_is_not_taken_for_an_attempt_of_this_one(database: Database) -> None:
    """The database was lost and Asterisk's files were not: calls have names that attempts of today would get."""
    await told(database, called_back(1, 0, caller="13899999999"))
    await told(database, missed(1))
    callback = (await row(database))["id"]
    assert await dial(database, callback) == 2
    await told(database, called_back(2, 600, caller="13899999999"))
    assert (await row(database))["state"] == "dialling"


async def test_an_order_that_asterisk_never_got_gives_the_callback_back(database: Database) -> None:
    await told(database, missed(0))
    callback = (await row(database))["id"]
    attempt = await dial(database, callback)
    assert attempt
    known: set[str] = {f"node1-callback-{attempt}"}
    current = False

    async def in_progress() -> set[str]:
        return known

    async def sweep(minutes: float) -> str:
        await callback_sweep.give_back(
            database,
            "node1",
            CallbackErrand("node1", POLICY, "automatic"),
            in_progress,
            lambda: current,
            before=at(minutes - 1),
            now=at(minutes),
        )
        return str((await row(database))["state"])

    assert await sweep(5.5) == "dialling", "it is too early"
    assert await sweep(7) == "dialling", "Asterisk has it"
    known = set()
    assert await sweep(7) == "dialling", "what Asterisk wrote is not all stored"
    current = True
    assert await sweep(7) == "waiting"
    owed = await row(database)
    assert (owed["attempts"][0]["result"], owed["next_at"]) == ("not_dialled", at(9).isoformat())
    await told(database, called_back(attempt, 8))
    assert (await row(database))["settled_by"] == "callback", "whatever was believed, the record is the truth"


async def test_what_is_about_to_be_overdue_is_escalated_once(database: Database) -> None:
    await told(database, missed(0))
    for minutes, since in ((9, None), (10, at(10)), (11, at(10))):
        await callback_sweep.escalate(database, POLICY, at(minutes))
        assert (await row(database))["escalated_at"] == (since.isoformat() if since else None)


async def test_the_database_itself_allows_one_open_callback_per_citizen(database: Database) -> None:
    await told(database, missed(0))
    with pytest.raises(IntegrityError):
        async with database.begin() as session:
            session.add(
                Callback(
                    node="node1",
                    caller=MOBILE,
                    state="retry",
                    reason="overflowed",
                    called_at=T0,
                    opened_at=T0,
                    due_at=T0,
                    next_at=T0,
                )
            )
