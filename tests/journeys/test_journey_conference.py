"""A talk of more than two: hold, consult, transfer, three-way call 三方通话 and 110, by the server and so at any phone.

Everybody has a tone of their own, so that each ear tells whom it hears. The citizen is never alone without music, and
an agent whose phone dies leaves them first in line.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from outage import document
from talk_desk import NETWORK_HZ, OTHER_HZ, Desk, beside, desks_of, hears_both, hotline_with_a_line, silent, talking

from callcenter.demo.network import Network

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network."""
    changes = {"TALK__RING_SECONDS": "5", "CALLBACKS__MODE": "off"}
    with hotline_with_a_line(tmp_path_factory.mktemp("talks"), **changes) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(lines: Hotline) -> AsyncIterator[dict[str, Desk]]:
    """The desks of agents 1001 and 1002, and of a supervisor who is agent 1003."""
    async with desks_of(lines, {"1001": "agent", "1002": "agent", "1003": "supervisor"}) as made:
        yield made


async def test_a_citizen_on_hold_hears_music_and_not_the_agent_and_is_taken_back(
    lines: Hotline, desks: dict[str, Desk]
) -> None:
    async with talking(lines, "13700000001") as (citizen, seat):
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await wait_for(lambda: silent(citizen, SEAT_HZ), what="the citizen hears the agent no more")
        assert any(citizen.speech.heard[-1600:]), "they hear music"
        assert (await lines.agent("1001"))["state"] == "talking"
        assert "保持" in await desks["1001"].refused("hold")
        await desks["1001"].do("resume")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent again")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="and the agent the citizen")
        await seat.hang_up()
        await lines.until_agent("1001", "wrap_up")
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["rating"][0]), what="they are asked for a rating")
    call = await lines.call_of("13700000001")
    assert (call["outcome"], call["agent"], call["cut"]) == ("answered", "1001", False)


async def test_a_consultation_then_three_hear_each_other_then_the_agent_leaves_the_two(
    lines: Hotline, desks: dict[str, Desk]
) -> None:
    async with beside(lines) as other, talking(lines, "13700000002") as (citizen, seat):
        desk = desks["1001"]
        await desk.do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered")
        await desk.until("consulting")
        await wait_for(lambda: hears(seat.speech.heard, OTHER_HZ), what="the agents hear each other")
        await wait_for(lambda: hears(other.speech.heard, SEAT_HZ))
        await wait_for(lambda: silent(citizen, SEAT_HZ) and silent(citizen, OTHER_HZ), what="the citizen hears neither")

        await desk.do("merge")
        await desk.until("three_way")
        await hears_both(citizen, SEAT_HZ, OTHER_HZ)
        await hears_both(seat, CITIZEN_HZ, OTHER_HZ)
        await hears_both(other, CITIZEN_HZ, SEAT_HZ)

        await desk.do("complete")
        await seat.until("ended")
        await lines.until_agent("1001", "wrap_up")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="the two talk on")
        await wait_for(lambda: hears(other.speech.heard, CITIZEN_HZ))
        await other.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["rating"][0]), what="they are asked for a rating")
    call = await lines.call_of("13700000002")
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    (party,) = call["parties"]
    assert (party["kind"], party["who"], party["mode"], party["result"]) == ("seat", "8002", "consult", "answered")


async def test_an_attended_transfer_and_who_was_consulted_and_let_go(lines: Hotline, desks: dict[str, Desk]) -> None:
    async with beside(lines) as other, talking(lines, "13700000003") as (citizen, seat):
        desk = desks["1001"]
        await desk.do("dial", kind="seat", number="8002", mode="consult")
        await desk.until("consulting")
        await desk.do("drop")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is back with the citizen")
        await other.until("ended")
        await desk.do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered", times=2)
        await desk.until("consulting")
        await desk.do("complete")
        await seat.until("ended")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="the citizen hears the second agent")
        await wait_for(lambda: hears(other.speech.heard, CITIZEN_HZ))
        await lines.until_agent("1001", "ready")
        await citizen.hang_up()
        await other.until("ended", times=2)
    call = await lines.call_of("13700000003")
    assert [party["result"] for party in call["parties"]] == ["answered", "answered"]
    assert call["ended_at"]


async def test_a_blind_transfer_and_one_that_nobody_answers(
    lines: Hotline, desks: dict[str, Desk], network: Network
) -> None:
    for number in ("13900000486", "13900000999", "13900000001"):
        await lines.post("/units", {"code": f"u{number[-4:]}", "name": f"单位{number[-4:]}", "phone": number})
    async with talking(lines, "13700000004") as (citizen, seat):
        desk = desks["1001"]
        assert "13900000999" not in str(await desk.refused("dial", kind="outside", number="13900000486"))
        await desk.do("dial", kind="unit", number="13900000486", mode="transfer")

        async def busy() -> bool:
            # What the citizen heard last may still be the agent from before the deed.
            shown = await aside(lines, "8001")
            return (shown.get("stage"), shown.get("result")) == ("talking", "busy")

        await wait_for(busy, what="the desk is told that the unit is busy")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="busy: the agent is back with the citizen")
        await desk.do("dial", kind="unit", number="13900000999", mode="transfer")
        await desk.until("dialling")
        await wait_for(lambda: network.dialled["13900000999"], what="it rings in vain")
        await desk.until("talking")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="no answer: the agent is back")

        await desk.do("dial", kind="unit", number="13900000001", mode="transfer")
        await seat.until("ended")
        await wait_for(lambda: hears(citizen.speech.heard, NETWORK_HZ), what="the citizen hears the unit")
        await wait_for(lambda: hears(network.speech.heard, CITIZEN_HZ), what="the unit hears the citizen")
        await citizen.hang_up()
        await network.until("ended")
    call = await lines.call_of("13700000004")
    assert [(party["mode"], party["result"]) for party in call["parties"]] == [
        ("transfer", "busy"),
        ("transfer", "no_answer"),
        ("transfer", "answered"),
    ]


async def test_one_key_makes_it_three_with_the_police(lines: Hotline, desks: dict[str, Desk], network: Network) -> None:
    async with talking(lines, "13700000005") as (citizen, seat):
        await desks["1001"].do("dial", kind="police", mode="three_way")
        await wait_for(lambda: network.answered["110"], 20, what="110 answers")
        await desks["1001"].until("three_way")
        await hears_both(citizen, SEAT_HZ, NETWORK_HZ)
        await hears_both(network, SEAT_HZ, CITIZEN_HZ)
        await hears_both(seat, NETWORK_HZ, CITIZEN_HZ)
        await network.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the police leave the two")
        await citizen.hang_up()
        await seat.until("ended")
        await lines.until_agent("1001", "wrap_up")
    call = await lines.call_of("13700000005")
    assert [(party["kind"], party["who"], party["result"]) for party in call["parties"]] == [
        ("police", "110", "answered")
    ]


async def test_an_agent_who_dies_on_hold_leaves_the_citizen_first_in_line(
    lines: Hotline, desks: dict[str, Desk]
) -> None:
    caller = "13700000006"
    async with beside(lines) as other, lines.seated("1001", "8001") as seat, lines.citizen(caller) as citizen:
        await seat.until("answered")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ))
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await seat.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["agent-lost"][0]), what="they are told")
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await lines.post("/agents/1002/ready")
        await other.until("answered")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="another agent has them")
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert (call["outcome"], call["agent"]) == ("answered", "1002")
    differences = (await lines.cli("audit"))["differences"]
    assert [row for row in differences if row["call"] == call["linkedid"]] == []


async def test_who_gives_up_after_their_agent_was_lost_is_owed_a_callback(
    lines: Hotline, desks: dict[str, Desk]
) -> None:
    caller = "13700000007"
    async with talking(lines, caller) as (citizen, seat):
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await seat.hang_up()

        async def waits() -> bool:
            return caller in await lines.waiting()

        await wait_for(waits, what="they wait again")
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert call["outcome"] == "abandoned_queue"
    assert (await lines.callback_of(caller))["state"] == "waiting"


async def test_a_controller_that_dies_meanwhile_is_not_missed(lines: Hotline, desks: dict[str, Desk]) -> None:
    """The dialplan alone brings the agent back; the new controller sees how the talk stands."""
    async with beside(lines) as other, talking(lines, "13700000008") as (citizen, seat):
        await desks["1001"].do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered")
        await desks["1001"].until("consulting")
        lines.program("controller").kill()
        await other.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the agent is back with the citizen")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ))
        await lines.until_agent("1001", "talking")
        await citizen.hang_up()
        await seat.until("ended")
    call = await lines.call_of("13700000008")
    assert (call["outcome"], call["parties"][0]["result"]) == ("answered", "answered")


async def aside(lines: Hotline, seat: str) -> dict[str, Any]:
    """What the live stream says of the talk at a seat."""
    return dict((await document(lines))["seats"][seat]["talk"] or {})
