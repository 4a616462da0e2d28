"""A citizen whose ticket was answered is visited 回访: the agent clicks, their phone rings, then the citizen's.

Who is unhappy has the matter done again; who does not answer is tried again and given up; whatever dies, nobody is
dialled twice; and by itself the hotline visits nobody while a citizen waits.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from harness import CITIZEN_HZ, CITIZEN_VOICE, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document
from recorded import kept
from sqlalchemy import select

import callcenter.hotline.tables  # noqa: F401  # tickets refer to calls and callbacks
from callcenter import databases
from callcenter.api_client import HotlineRefused
from callcenter.demo.network import Network
from callcenter.demo.sipp import free_port
from callcenter.storage.engine import Database
from callcenter.tickets.rules.numbers import number as ticket_number
from callcenter.tickets.tables import MemberUnit, Ticket, TicketUnit

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@contextmanager
def hotline_with_a_line(folder: Any, port: int, **changes: str) -> Iterator[Hotline]:  # noqa: ANN401  # a path
    # Citizens come from 127.0.0.1 as in the lab; the network calls nobody, so what it would call from is nobody's.
    trunk = {"name": "carrier", "host": "127.0.0.1", "port": port, "match": ["127.0.0.99"]}
    with running_hotline(
        folder,
        TRUNKS=json.dumps([trunk]),
        CALLBACKS__RETRY_FROM="00:00",
        CALLBACKS__RETRY_UNTIL="23:59:59",
        CALLBACKS__AGENT_RING_SECONDS="8",
        CALLBACKS__RING_SECONDS="5",
        **changes,
    ) as running:
        yield running


PORT, OTHER_PORT = free_port(), free_port()
#: One of the samples that the lab begins with.
UNIT, UNIT_NAME = "water", "水务局"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network; one retry, at once."""
    folder = tmp_path_factory.mktemp("visits")
    with hotline_with_a_line(folder, PORT, FOLLOW_UPS__RETRY_HOURS="[0.0001]") as running:
        yield running


@asynccontextmanager
async def the_network(lines: Hotline, port: int) -> AsyncIterator[Network]:
    async with Network(lines.server, lines.folder, words=CITIZEN_VOICE, port=port, ring=1.0) as network:
        yield network


async def answered(lines: Hotline, caller: str) -> str:
    """A unit has replied to a citizen's ticket, and a supervisor approves it; returns the ticket's number."""
    database = Database(databases.url(lines.settings))
    number = ticket_number(datetime.now(UTC).date(), 90_000 + int(caller[-4:]))
    async with database.begin() as session:
        unit = (await session.scalars(select(MemberUnit).where(MemberUnit.code == UNIT))).one()
        ticket = Ticket(
            node=lines.settings.node,
            number=number,
            kind="complaint",
            state="replied",
            caller=caller,
            title="停水",
            description="停水三天",
            unit_id=unit.id,
            opened_at=datetime.now(UTC),
        )
        session.add(ticket)
        await session.flush()
        session.add(TicketUnit(ticket_id=ticket.id, unit_id=unit.id, part="lead", since=ticket.opened_at))
    await database.close()
    ticket_ = await lines.post(
        f"/tickets/{number}/moves/approve_reply",
        {"version": 1, "request_id": f"approve-{number}", "answer": "已经修复，请放心用水"},
    )
    assert ticket_["state"] == "follow_up"
    return number


async def visit_of(lines: Hotline, number: str) -> dict[str, Any]:
    """Return the newest follow-up of a ticket."""
    rows: list[dict[str, Any]] = await lines.get(f"/follow-ups?view=all&ticket={number}")
    return rows[0]


async def until_visit(lines: Hotline, number: str, state: str, within: float = 20) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        row = await visit_of(lines, number)
        return row if row["state"] == state else None

    found: dict[str, Any] = await wait_for(there, within, what=f"the follow-up of {number} is {state}")
    return found


async def until_dialled(lines: Hotline, follow_up: int, agent: str) -> dict[str, Any]:
    """Click until there is a line: Asterisk asks twice a minute whether there is."""

    async def clicked() -> dict[str, Any] | None:
        try:
            row: dict[str, Any] = await lines.post(f"/follow-ups/{follow_up}/dial", {"agent": agent})
        except HotlineRefused as error:
            if "line" not in str(error):
                raise
            return None
        return row

    found: dict[str, Any] = await wait_for(clicked, 45, what="the follow-up is begun")
    return found


async def test_an_unhappy_citizen_who_is_visited_has_the_matter_done_again(lines: Hotline) -> None:
    caller = "13800000101"
    async with the_network(lines, PORT) as network, lines.seated("1001", "8001", ring=1.0) as seat:
        number = await answered(lines, caller)
        visit = await visit_of(lines, number)
        assert (visit["state"], visit["answer"], visit["unit"])[:2] == ("waiting", "已经修复，请放心用水")
        await until_dialled(lines, visit["id"], "1001")
        await seat.until("ringing", within=5)
        assert not network.dialled[caller], "the citizen is not dialled before the agent is there"
        await wait_for(lambda: network.answered[caller], 20)
        await wait_for(lambda: hears(network.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        talking = await until_visit(lines, number, "answered")
        assert [(one["agent"], one["result"]) for one in talking["attempts"]] == [("1001", "answered")]
        noted = await lines.post(f"/follow-ups/{visit['id']}/result", {"result": "unhappy", "words": "还是没有水"})
        assert (noted["state"], noted["satisfaction"], noted["words"]) == ("done", "unhappy", "还是没有水")
        await network.hang_up()
        await lines.until_agent("1001", "ready")
    ticket = await lines.get(f"/tickets/{number}")
    assert (ticket["state"], ticket["redone"], ticket["satisfaction"]) == ("dispatched", 1, "unhappy")
    assert ticket["entries"][-1]["words"] == "还是没有水"
    (tried,) = ticket["follow_up"]["attempts"]
    calls = {row["id"]: row for row in await lines.get("/calls")}
    call = calls[tried["call"]]
    assert (call["direction"], call["caller"], call["agent"], call["outcome"]) == (
        "outbound",
        caller,
        "1001",
        "answered",
    )
    assert (await kept(lines, {"id": tried["call"]}))["seconds"] > 0.2


async def test_who_does_not_answer_is_tried_again_and_given_up(lines: Hotline) -> None:
    caller = "13800000999"
    async with the_network(lines, PORT) as network, lines.seated("1001", "8001", ring=0.3):
        number = await answered(lines, caller)
        visit = await visit_of(lines, number)
        for state, dialled in (("retry", 1), ("unreached", 2)):
            await until_dialled(lines, visit["id"], "1001")
            tried = await until_visit(lines, number, state)
            assert network.dialled[caller] == dialled
            await lines.until_agent("1001", "ready")
        assert [one["result"] for one in tried["attempts"]] == ["no_answer"] * 2

        async def given_up() -> bool:
            return bool((await lines.get(f"/tickets/{number}"))["state"] == "to_close")

        await wait_for(given_up, what="the ticket goes on to its closing")


@pytest.mark.parametrize(("stage", "caller"), [("ringing", "13800000111"), ("dialling", "13800000112")])
async def test_a_controller_that_dies_in_a_visit_dials_nobody_twice(lines: Hotline, stage: str, caller: str) -> None:
    async with the_network(lines, PORT) as network, lines.seated("1001", "8001", ring=2.0) as seat:
        number = await answered(lines, caller)
        visit = await visit_of(lines, number)
        await until_dialled(lines, visit["id"], "1001")
        await seat.until("ringing", within=5)
        if stage == "dialling":
            await wait_for(lambda: network.dialled[caller], 15)
        lines.program("controller").kill()
        await wait_for(lambda: network.answered[caller], 15)
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        talking = await until_visit(lines, number, "answered", within=30)
        assert [(one["agent"], one["result"]) for one in talking["attempts"]] == [("1001", "answered")]
        noted = await lines.post(f"/follow-ups/{visit['id']}/result", {"result": "satisfied"})
        assert (noted["state"], noted["satisfaction"]) == ("done", "satisfied")
        await network.hang_up()
        await lines.until_agent("1001", "ready", within=20)
        assert network.dialled[caller] == 1
    assert (await lines.get(f"/tickets/{number}"))["state"] == "to_close"


async def test_a_phone_that_rings_for_a_visit_is_freed_for_a_citizen_who_waits(lines: Hotline) -> None:
    caller, comes = "13800000131", "13800000132"
    async with the_network(lines, PORT) as network, lines.seated("1001", "8001", ring=None) as seat:
        number = await answered(lines, caller)
        await wait_for(lambda: _line(lines), 45, what="there is a line")
        async with lines.citizen(comes) as citizen:
            await citizen.until("answered")  # they hear the greeting, and wait for nobody yet
            await until_dialled(lines, (await visit_of(lines, number))["id"], "1001")
            await seat.until("ringing", within=5)
            await wait_for(lines.waiting, 15)
            await seat.until("cancelled", within=3)
            await lines.until_agent("1001", "ringing", within=5)
            assert await lines.waiting() == [comes]
            given_back = await until_visit(lines, number, "waiting")
            assert [one["result"] for one in given_back["attempts"]] == ["agent_no_answer"]
            await citizen.hang_up()
        assert not network.dialled[caller]


async def test_by_itself_nobody_is_visited_while_a_citizen_waits(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    caller = "13800000121"
    folder = tmp_path_factory.mktemp("automatic")
    with hotline_with_a_line(folder, OTHER_PORT, FOLLOW_UPS__MODE="automatic") as lines:
        async with the_network(lines, OTHER_PORT) as network, lines.seated("1001", "8001", ring=0.3):
            await lines.post("/agents/1001/break", {"reason": "rest"})
            number = await answered(lines, caller)
            await wait_for(lambda: _line(lines), 45, what="there is a line")
            async with lines.citizen("13800000122") as waiting, lines.seated("1002", "8002", ring=0.3):
                await wait_for(lines.waiting, 15)
                # Both are free while nobody waits; the one who waits is served, and the visit comes after it.
                await waiting.until("answered", within=15)
                await lines.until_agent("1002", "talking", within=15)
                assert not network.dialled[caller]
                await lines.post("/agents/1001/ready")
                await waiting.hang_up()
                await wait_for(lambda: network.answered[caller], 30)
                await until_visit(lines, number, "answered")
                await network.hang_up()


async def _line(lines: Hotline) -> bool:
    shown = await document(lines)
    return bool(shown.get("callbacks", {}).get("line"))
