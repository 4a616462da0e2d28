"""A phone that answers "I have moved" (302) sends no call elsewhere.

Not out of the house, not to another seat, not to the echo of the test call. Whoever was to be rung is not reached, and
the citizen is with somebody all the time.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for
from sip_client import client
from talk_desk import Desk, desks_of, hotline_with_a_line, talking

from callcenter.demo.network import Network
from callcenter.tasks import cancel, spawn

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

#: Where a seat's phone says it has moved to: out of the house, to a telephone that echoes, to another seat.
ELSEWHERE = ("13800000000", "*43", "8003")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network."""
    with hotline_with_a_line(tmp_path_factory.mktemp("redirect"), TALK__RING_SECONDS="5") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(lines: Hotline) -> AsyncIterator[dict[str, Desk]]:
    async with desks_of(lines, {"1001": "agent", "1002": "supervisor"}) as made:
        yield made


@asynccontextmanager
async def moved(lines: Hotline, target: str) -> AsyncIterator[list[str]]:
    """Agent 1002 at a phone that says so of itself; yields the calls that it had."""
    calls: list[str] = []
    async with client("udp", lines.settings.sip_port) as phone:
        assert (await phone.register("8002", lines.passwords["8002"])).status == 200

        async def answer() -> None:
            async for call in phone.refuse_calls(302, headers=(f"Contact: <sip:{target}@127.0.0.1>",)):
                if call not in calls:  # and not the same once more
                    calls.append(call)

        answering = spawn(answer(), name="phone that has moved")
        try:
            await lines.post("/agents/1002/sign-in", {"seat": "8002"})
            await lines.until_agent("1002", "ready")
            yield calls
        finally:
            await cancel(answering)
            await lines.sign_out("1002")


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_a_colleague_whose_phone_has_moved_is_not_reached_and_the_citizen_stays(
    lines: Hotline, desks: dict[str, Desk], network: Network, target: str
) -> None:
    caller, before = f"1378000000{ELSEWHERE.index(target)}", network.dialled.total()
    async with moved(lines, target) as calls, lines.seat("8003") as third:
        await lines.post("/agents/1002/break", {"reason": "rest"})
        async with talking(lines, caller) as (citizen, seat):
            for times, mode in enumerate(("consult", "three_way", "transfer"), 1):
                await desks["1001"].do("dial", kind="seat", number="8002", mode=mode)
                await wait_for(lambda times=times: len(calls) == times, what="the phone is rung")
                await desks["1001"].until("talking")
                await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is with the citizen")
                await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ))
            await citizen.hang_up()
            await seat.until("ended")
        assert third.count("ringing") == 0
    call = await lines.call_of(caller)
    assert [party["result"] for party in call["parties"]] == ["busy"] * 3
    assert network.dialled.total() == before, "nothing was dialled outside"


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_a_queue_call_that_meets_a_phone_that_has_moved_waits_for_the_next_agent(
    lines: Hotline, network: Network, target: str
) -> None:
    caller, before = f"1378000001{ELSEWHERE.index(target)}", network.dialled.total()
    async with moved(lines, target) as calls, lines.seat("8003") as third, lines.citizen(caller) as citizen:
        await wait_for(lambda: calls, what="the phone is rung")
        async with lines.seated("1001", "8001") as seat:
            await seat.until("answered", within=20)
            assert (await lines.agent("1002"))["state"] == "break", "they are not tried again and again"
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="another agent has them")
            await citizen.hang_up()
        assert third.count("ringing") == 0
    call = await lines.call_of(caller)
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    differences = (await lines.cli("audit"))["differences"]
    assert [row for row in differences if row["call"] == call["linkedid"]] == []
    assert network.dialled.total() == before, "nothing was dialled outside"


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_nobody_is_called_for_an_agent_whose_phone_has_moved(
    lines: Hotline, desks: dict[str, Desk], network: Network, target: str
) -> None:
    before = network.dialled.total()
    async with moved(lines, target) as calls, lines.seat("8003") as third:
        status, answer = await desks["1002"].post("dial", {"number": "13900000077"})
        assert status == 200, answer
        await wait_for(lambda: calls, what="the agent's phone is rung")
        await lines.until_agent("1002", "ready", within=45)
        assert third.count("ringing") == 0
    assert network.dialled.total() == before, "nobody was there to talk with them"


async def test_a_unit_that_has_moved_is_not_reached(lines: Hotline, desks: dict[str, Desk], network: Network) -> None:
    """Its carrier says that it has moved to the hotline's own number."""
    caller, unit = "13780000020", "13900000302"
    await lines.post("/units", {"code": "moved", "name": "搬走了的单位", "phone": unit})
    async with talking(lines, caller) as (citizen, seat):
        for times, mode in enumerate(("consult", "transfer"), 1):
            await desks["1001"].do("dial", kind="unit", number=unit, mode=mode)
            await wait_for(lambda times=times: network.dialled[unit] == times, what="it is called")
            await desks["1001"].until("talking")
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is with the citizen")
        await citizen.hang_up()
        await seat.until("ended")
    call = await lines.call_of(caller)
    assert [party["result"] for party in call["parties"]] == ["busy"] * 2
    assert len(await lines.calls_of(caller)) == 1, "and has not called ourselves"
