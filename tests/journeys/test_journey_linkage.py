"""110 that does not answer, phones and programs that die in a consultation, and numbers dialled by right.

Here 110 is a telephone that rings for ever.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from talk_desk import NETWORK_HZ, OTHER_HZ, Desk, beside, desks_of, hotline_with_a_line, silent, talking

from callcenter.demo.network import Network
from callcenter.demo.seats import Seat

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

POLICE = "1100999"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    changes = {"TALK__RING_SECONDS": "5", "TALK__POLICE_NUMBER": POLICE, "CALLBACKS__MODE": "preview"}
    with hotline_with_a_line(tmp_path_factory.mktemp("linkage"), **changes) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(lines: Hotline) -> AsyncIterator[dict[str, Desk]]:
    async with desks_of(lines, {"1001": "agent", "1002": "agent", "1003": "supervisor"}) as made:
        yield made


def parties(call: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(party["kind"], party["who"], party["result"]) for party in call["parties"]]


async def test_110_that_does_not_answer_leaves_the_citizen_with_the_agent_and_stands_in_the_ticket(
    lines: Hotline, desks: dict[str, Desk], network: Network
) -> None:
    caller = "13700000021"
    async with talking(lines, caller) as (citizen, seat):
        (known,) = await lines.calls_of(caller)
        written = {
            "request_id": "linkage-1",
            "kind": "help",
            "title": "楼道有人打架",
            "description": "两人持械。",
            "linkedid": known["linkedid"],
            "caller": caller,
            "then": "keep",
        }
        status, ticket = await desks["1001"].post("tickets", written)
        assert status in {200, 201}, ticket
        await desks["1001"].do("dial", kind="police", mode="three_way")
        await wait_for(lambda: network.dialled[POLICE], what="110 rings")
        await desks["1001"].until("dialling")
        await wait_for(lambda: silent(citizen, SEAT_HZ), what="the citizen hears music meanwhile")
        await desks["1001"].until("talking")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is back with the citizen")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ))
        await citizen.hang_up()
        await seat.until("ended")
    call = await lines.call_of(caller)
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    assert parties(call) == [("police", POLICE, "no_answer")]

    async def noted() -> list[str]:
        entries = (await lines.get(f"/tickets/{ticket['number']}"))["entries"]
        return [entry["words"] for entry in entries if "110联动" in (entry["words"] or "")]

    (words,) = await wait_for(noted, what="the linkage is noted")
    assert "未接通：无人接听" in words


async def test_an_agent_who_dies_in_a_consultation_leaves_the_citizen_first_in_line(
    lines: Hotline, desks: dict[str, Desk], network: Network
) -> None:
    caller, later = "13700000022", "13700000023"
    async with beside(lines) as other, talking(lines, caller) as (citizen, seat), lines.citizen(later) as second:

        async def queued() -> bool:
            return await lines.waiting() == [later]

        await wait_for(queued, what="another citizen waits")
        await lines.post("/units", {"code": "u1", "name": "城管局", "phone": "13900000001"})
        await desks["1001"].do("dial", kind="unit", number="13900000001", mode="consult")
        await desks["1001"].until("consulting")
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await seat.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["agent-lost"][0]), what="they are told")
        await network.until("ended", "hung_up")

        async def first() -> bool:
            return await lines.waiting() == [caller, later]

        await wait_for(first, what="they are first in line, before who came later")
        await lines.post("/agents/1002/ready")
        await other.until("answered")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="another agent has them")
        await second.hang_up()
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert (call["outcome"], call["agent"]) == ("answered", "1002")
    assert parties(call) == [("unit", "13900000001", "answered")]
    differences = (await lines.cli("audit"))["differences"]
    assert [row for row in differences if row["call"] == call["linkedid"]] == []


async def test_a_controller_that_dies_in_a_consultation_leaves_nobody_alone(
    lines: Hotline, desks: dict[str, Desk]
) -> None:
    caller = "13700000024"
    async with beside(lines) as other:
        await _dies(lines, desks["1001"], caller, other)
    call = await lines.call_of(caller)
    assert parties(call) == [("seat", "8002", "answered")]
    assert call["agent"] == "1001"


async def _dies(lines: Hotline, desk: Desk, caller: str, other: Seat) -> None:
    async with talking(lines, caller) as (citizen, seat):
        await desk.do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered")
        await desk.until("consulting")
        lines.program("controller").kill()
        await other.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is back with the citizen")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ))
        await lines.until_agent("1001", "talking", within=30)
        await desk.until("talking")
        await desk.do("hold")
        await wait_for(lambda: silent(citizen, SEAT_HZ), what="and can go on with the talk")
        await desk.do("resume")
        await citizen.hang_up()
        await seat.until("ended")


@pytest.mark.usefixtures("network")
async def test_who_has_no_right_dials_nobody_outside_by_whatever_name(lines: Hotline, desks: dict[str, Desk]) -> None:
    async with talking(lines, "13700000025") as (citizen, seat):
        desk = desks["1001"]
        assert await desk.refused("dial", kind="outside", number="13900000002", mode="consult")
        assert "13900000002" in await desk.refused("dial", kind="unit", number="13900000002", mode="consult")
        assert await desk.refused("dial", kind="seat", number="13900000002", mode="consult")
        assert await desk.refused("dial", kind="outside", number="0088216123456", mode="transfer")
        assert (await desk.post("dial", {"number": "13900000002"}))[0] == 403
        assert await desk.stage() == "talking"
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen stayed with the agent")
        await citizen.hang_up()
        await seat.until("ended")


async def test_whoever_has_the_right_dials_any_number(lines: Hotline, desks: dict[str, Desk], network: Network) -> None:
    async with lines.seated("1003", "8003") as seat:
        before = network.answered["13900000077"]

        async def line() -> bool:
            status, _ = await desks["1003"].post("dial", {"number": "139 0000 0077"})
            return status == 200

        await wait_for(line, what="the line is known")
        await wait_for(lambda: network.answered["13900000077"] > before, what="the number is called")
        await wait_for(lambda: hears(seat.speech.heard, NETWORK_HZ), what="the two talk")
        await wait_for(lambda: hears(network.speech.heard, SEAT_HZ))
        await seat.hang_up()

        async def stored() -> Any:  # noqa: ANN401  # a row
            rows = [row for row in await lines.calls_of("13900000077") if row["ended_at"]]
            return rows[0] if rows else None

        call = await wait_for(stored, what="the call has its row")
    assert (call["direction"], call["outcome"], call["agent"], call["seat"]) == ("outbound", "answered", "1003", "8003")
    assert call["recording"]
