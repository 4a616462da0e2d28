"""What an agent sees of whoever calls: everything of theirs, in every spelling, and nothing that is not for them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from desk_api import Api, serving
from sqlalchemy import select

from callcenter.asterisk import events
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.rules.floor import apply, empty
from callcenter.hotline.tables import BlockedCaller, Call, Callback, CallbackCall
from callcenter.panel.tables import Audit
from callcenter.storage.engine import Database
from callcenter.tickets.flows.writing.callers import CallerCard
from callcenter.tickets.tables import Ticket
from callcenter.tickets.views import callers as views

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "13800000001"
SEAT_1 = events.Member(
    "PJSIP/8001", "1001", "not_in_use", paused=False, reason="", paused_since=None, in_call=False, last_call=None
)


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    def hotline(app: web.Application) -> None:
        keeper = SimpleNamespace(floor=empty(("8001", "8002"), timedelta(0)))
        app[HOTLINE] = SimpleNamespace(keeper=keeper)  # type: ignore[misc]

    async with serving(database, tmp_path, [views.add_routes, hotline], monkeypatch) as served:
        yield served


async def called(database: Database, *, caller: str = NUMBER, minutes: int = 0, **fields: Any) -> int:  # noqa: ANN401
    """Store a call, `minutes` after T0."""
    async with database.begin() as session:
        call = Call(
            **{
                "node": "node1",
                "linkedid": f"{caller}.{minutes}",
                "caller": caller,
                "direction": "inbound",
                "started_at": T0 + timedelta(minutes=minutes),
                "outcome": "answered",
                **fields,
            }
        )
        session.add(call)
        await session.flush()
        return call.id


async def asked(database: Database, number: str, *, minutes: int = 0, **fields: Any) -> None:  # noqa: ANN401
    """Store a ticket, `minutes` after T0."""
    values = {"kind": "help", "state": "accepted", "caller": NUMBER, "title": f"t{number}", "description": "d"}
    async with database.begin() as session:
        session.add(
            Ticket(node="node1", number=number, opened_at=T0 + timedelta(minutes=minutes), **{**values, **fields})
        )


async def card(api: Api, login: str = "li", number: str = NUMBER, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    client = await api.as_(login, **more)
    async with client.get(f"/api/v1/callers/{number}") as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
    CallerCard.model_validate(found, strict=True)
    return found


async def test_the_call_that_rings_is_no_earlier_call(api: Api, database: Database) -> None:
    await called(database, outcome="in_progress")
    found = await card(api)
    assert (found["calls"], found["counts"]["calls"]) == ([], 0)


async def test_a_caller_nobody_knows_has_an_empty_card(api: Api) -> None:
    found = await card(api)
    assert found["caller"] == NUMBER
    assert found["counts"] == {"calls": 0, "missed": 0, "tickets": 0, "open": 0}
    assert (found["name"], found["callback"], found["blocked"], found["calls"]) == (None, None, None, [])


async def test_everything_of_theirs_is_there_however_the_network_spelled_them(api: Api) -> None:
    await called(api.database, minutes=1, ticket="1")
    await called(api.database, caller="+86" + NUMBER, minutes=2, direction="outbound")
    missed = await called(api.database, caller="0" + NUMBER, minutes=3, outcome="abandoned_queue")
    await called(api.database, caller="13800000002", minutes=4)
    await called(api.database, minutes=5, direction="test")
    await asked(api.database, "1", state="closed", contact_name="王女士", closed_at=T0)
    await asked(api.database, "2", minutes=1, caller="86" + NUMBER, contact_name="")
    await asked(api.database, "3", minutes=2, caller="13800000002", contact_name="别人")
    async with api.database.begin() as session:
        callback = Callback(
            node="node1",
            caller=NUMBER,
            state="waiting",
            reason="abandoned_queue",
            called_at=T0,
            opened_at=T0,
            due_at=T0 + timedelta(minutes=15),
            next_at=T0,
        )
        session.add(callback)
        await session.flush()
        session.add(CallbackCall(call_id=missed, callback_id=callback.id))
        session.add(BlockedCaller(number=NUMBER, level="announce", note="n", by="boss", since=T0))
    found = await card(api, number="+8613800000001")
    assert found["caller"] == NUMBER
    assert found["name"] == "王女士"
    assert [(row["direction"], row["outcome"], row["ticket"]) for row in found["calls"]] == [
        ("inbound", "abandoned_queue", None),
        ("outbound", "answered", None),
        ("inbound", "answered", "1"),
    ]
    assert [(row["id"], row["owed"]) for row in found["missed"]] == [(missed, True)]
    assert [row["number"] for row in found["tickets"]["open"]] == ["2"]
    assert [row["number"] for row in found["tickets"]["recent"]] == ["1"]
    assert (found["callback"]["state"], found["callback"]["calls"]) == ("waiting", [missed])
    assert found["counts"] == {"calls": 3, "missed": 1, "tickets": 2, "open": 1}
    assert found["blocked"] == "announce"


async def test_lists_end_and_what_is_owed_is_among_them_all_the_same(api: Api) -> None:
    owed = await called(api.database, minutes=0, outcome="overflowed")
    for minute in range(1, 15):
        await called(api.database, minutes=minute, outcome="unanswered")
        await asked(api.database, f"9{minute:03}", minutes=minute, state="archived")
    async with api.database.begin() as session:
        callback = Callback(
            node="node1", caller=NUMBER, state="retry", reason="x", called_at=T0, opened_at=T0, due_at=T0, next_at=T0
        )
        session.add(callback)
        await session.flush()
        session.add(CallbackCall(call_id=owed, callback_id=callback.id))
    found = await card(api)
    assert len(found["calls"]) == 10
    assert [row["owed"] for row in found["missed"]] == [False] * 5 + [True]
    assert found["missed"][-1]["id"] == owed
    assert len(found["tickets"]["recent"]) == 10
    assert found["counts"] == {"calls": 15, "missed": 15, "tickets": 14, "open": 0}


async def test_a_confidential_ticket_is_for_who_accepted_it_and_supervisors(api: Api) -> None:
    await asked(api.database, "7", confidential=True, accepted_by="wang", contact_name="保密人")
    await called(api.database, ticket="7")
    theirs = await card(api, "li")
    assert (theirs["name"], theirs["tickets"]["open"], theirs["counts"]["tickets"]) == (None, [], 0)
    assert [row["ticket"] for row in theirs["calls"]] == [None]
    for login, role in (("wang", "agent"), ("boss", "supervisor")):
        found = await card(api, login, role=role)
        assert (found["name"], [row["number"] for row in found["tickets"]["open"]]) == ("保密人", ["7"]), login
        assert [row["ticket"] for row in found["calls"]] == ["7"]


async def test_a_block_that_is_over_is_not_shown(api: Api) -> None:
    async with api.database.begin() as session:
        session.add(BlockedCaller(number=NUMBER, level="block", note="n", by="boss", since=T0, until=T0))
    assert (await card(api))["blocked"] is None


@pytest.mark.parametrize("number", ["' OR 1=1 --", "1" * 33, "张三", "%00"])
async def test_what_is_no_number_is_refused(api: Api, number: str) -> None:
    li = await api.as_("li")
    async with li.get(f"/api/v1/callers/{number}") as answer:
        assert answer.status in {400, 404}, await answer.text()


async def test_units_and_strangers_learn_nothing(api: Api) -> None:
    stranger = await api.client()
    for path in (f"callers/{NUMBER}", "desk/call"):
        async with stranger.get(f"/api/v1/{path}") as answer:
            assert answer.status == 401


async def test_the_number_in_full_is_for_the_seat_that_rings(api: Api) -> None:
    """Ringing, then talking, then nothing; a colleague, and an account without a number, see no call at all."""
    li, wang, boss = await api.as_("li", agent="1001"), await api.as_("wang", agent="1002"), await api.as_("boss")
    keeper = api.app[HOTLINE].keeper
    keeper.floor = apply(keeper.floor, events.MemberChanged(T0, SEAT_1))
    nothing = {"linkedid": None, "caller": None, "state": None, "since": None, "passed": False}
    for event, state in (
        (None, None),
        (events.AgentRang(T0, "7.7", "PJSIP/8001", "1001", NUMBER), "ringing"),
        (events.AgentConnected(T0, "7.7", "PJSIP/8001", "1001", NUMBER, 1, 1), "talking"),
    ):
        if event:
            keeper.floor = apply(keeper.floor, event)
        async with li.get("/api/v1/desk/call") as answer:
            found = await answer.json()
        if state:
            assert (found["linkedid"], found["caller"], found["state"]) == ("7.7", NUMBER, state)
        else:
            assert found == nothing
        for other in (wang, boss):
            async with other.get("/api/v1/desk/call") as answer:
                assert await answer.json() == nothing


async def test_a_look_at_somebody_who_does_not_call_is_on_the_trail(api: Api) -> None:
    li = await api.as_("li", agent="1001")
    keeper = api.app[HOTLINE].keeper
    keeper.floor = apply(keeper.floor, events.MemberChanged(T0, SEAT_1))
    keeper.floor = apply(keeper.floor, events.AgentRang(T0, "7.7", "PJSIP/8001", "1001", "+86" + NUMBER))
    for number in (NUMBER, "13800000002"):
        async with li.get(f"/api/v1/callers/{number}") as answer:
            assert answer.status == 200
    async with api.database.read() as session:
        looked = select(Audit.who, Audit.target).where(Audit.action == "caller_looked_up")
        assert [tuple(row) for row in await session.execute(looked)] == [("li", "caller 13800000002")]
