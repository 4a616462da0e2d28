"""One conversation, one recording: through hold, consultation, transfers, three-way calls, and an agent who is lost.

Everybody has a tone of their own. The citizen is on the right, whoever talks with them on the left in their stretch and
in no other. On hold the time goes on: the left has what the citizen hears, which is music, and the right nothing, for
the room mutes whoever is alone in it. What is said in a consultation, which they do not hear, is kept nowhere. The
packets of the phones count from where it hurts: an ear of Asterisk drops whoever counts from a lower number than the
agent before (dialplan/extensions-record.conf.j2).
"""

from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from recorded import moments, spoken
from recorded_talks import (
    AMONG_OTHERS,
    HIGH,
    LOW,
    MIDDLE,
    after,
    beside,
    called_back,
    goes_on,
    hear_each_other,
    missing,
    outbound,
    recording_of,
    talk,
    write_ticket,
)
from talk_desk import NETWORK_HZ, OTHER_HZ, Desk, desks_of, hears_both, hotline_with_a_line, silent

from callcenter.demo.network import Network
from callcenter.paths import Paths

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network."""
    changes = {
        "TALK__RING_SECONDS": "5",
        "CALLBACKS__RETRY_MINUTES": "[0, 0]",
        "CALLBACKS__RETRY_FROM": "00:00",
        "CALLBACKS__RETRY_UNTIL": "23:59:59",
    }
    with hotline_with_a_line(tmp_path_factory.mktemp("transfers"), **changes) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(lines: Hotline) -> AsyncIterator[dict[str, Desk]]:
    async with desks_of(lines, {"1001": "agent", "1002": "agent"}) as made:
        yield made


@pytest.mark.parametrize("counts_from", [0, LOW, MIDDLE, 32_760, HIGH, 65_400])
async def test_an_agent_is_recorded_wherever_their_phones_packets_count_from(lines: Hotline, counts_from: int) -> None:
    caller = f"137100{counts_from:05}"
    async with lines.seated("1001", "8001") as seat:
        # They wait, and hear music, before an agent is there.
        await lines.post("/agents/1001/break", {"reason": "rest"})
        seat.speech.sequence = counts_from
        async with lines.citizen(caller) as citizen:

            async def waits() -> bool:
                return await lines.waiting() == [caller]

            await wait_for(waits, what="they wait")
            await goes_on(citizen, 1)
            await lines.post("/agents/1001/ready")
            await hear_each_other(citizen, seat, SEAT_HZ)
            await citizen.hang_up()
            await seat.until("ended")
    left, right = await recording_of(lines, await lines.call_of(caller))
    seconds = len(left) / 8000
    assert (spoken(left, SEAT_HZ) > seconds - 0.8, spoken(right, CITIZEN_HZ) > seconds - 0.8) == (True, True)


@pytest.mark.parametrize("counts_from", [LOW, MIDDLE, HIGH])
async def test_hold_and_take_back(lines: Hotline, desks: dict[str, Desk], counts_from: int) -> None:
    caller = f"137200{counts_from:05}"
    async with talk(lines, caller, counts_from) as (citizen, seat):
        ticket = await write_ticket(lines, desks["1001"], caller)
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await wait_for(lambda: silent(citizen, SEAT_HZ), what="the citizen hears the agent no more")
        await goes_on(citizen)
        await desks["1001"].do("resume")
        await hear_each_other(citizen, seat, SEAT_HZ)
        await citizen.hang_up()
        await seat.until("ended")
    left, right = await recording_of(lines, await lines.call_of(caller), ticket)
    times = moments(left, SEAT_HZ)
    breaks = [later - sooner for sooner, later in pairwise(times)]
    assert max(breaks) > 1.5, "the agent is not heard on hold"
    apart = times[breaks.index(max(breaks))]
    assert sum(at <= apart for at in times) > 15, "the agent before"
    assert sum(at > apart for at in times) > 15, "and after"
    on_hold = {at / 10 for at in range(round(apart * 10) + 3, round((apart + max(breaks)) * 10) - 3)}
    assert not on_hold & set(moments(right, CITIZEN_HZ)), "whoever is on hold is listened to by nobody"


async def test_a_consultation_is_not_kept_and_the_talk_after_it_is(lines: Hotline, desks: dict[str, Desk]) -> None:
    caller = "13730000001"
    async with beside(lines) as other, talk(lines, caller) as (citizen, seat):
        await desks["1001"].do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered")
        await wait_for(lambda: hears(seat.speech.heard, OTHER_HZ), what="the agents hear each other")
        await goes_on(seat)
        await desks["1001"].do("drop")
        await hear_each_other(citizen, seat, SEAT_HZ)
        await citizen.hang_up()
        await seat.until("ended")
    left, _ = await recording_of(lines, await lines.call_of(caller))
    assert spoken(left, SEAT_HZ) > 3
    assert not moments(left, OTHER_HZ, AMONG_OTHERS)


@pytest.mark.parametrize(("first", "second"), [(MIDDLE, LOW), (LOW, HIGH), (HIGH, MIDDLE)])
async def test_an_attended_transfer(lines: Hotline, desks: dict[str, Desk], first: int, second: int) -> None:
    caller = f"137400{first:05}"
    async with beside(lines, second) as other, talk(lines, caller, first) as (citizen, seat):
        ticket = await write_ticket(lines, desks["1001"], caller)
        await desks["1001"].do("dial", kind="seat", number="8002", mode="consult")
        await other.until("answered")
        await desks["1001"].until("consulting")
        await goes_on(seat, 1)
        await desks["1001"].do("complete")
        await seat.until("ended")
        await hear_each_other(citizen, other, OTHER_HZ)
        await other.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["rating"][0]), what="they are asked for a rating")
    left, _ = await recording_of(lines, await lines.call_of(caller), ticket)
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    assert after(left, OTHER_HZ, SEAT_HZ)


async def test_a_blind_transfer_out_of_the_house(lines: Hotline, desks: dict[str, Desk], network: Network) -> None:
    caller, unit = "13750000001", "13900000001"
    await lines.post("/units", {"code": "roads", "name": "城管执法局", "phone": unit})
    async with talk(lines, caller, HIGH) as (citizen, seat):
        network.speech.sequence = MIDDLE
        await desks["1001"].do("dial", kind="unit", number=unit, mode="transfer")
        await seat.until("ended")
        await hear_each_other(citizen, network, NETWORK_HZ)
        await citizen.hang_up()
        await network.until("ended")
    left, _ = await recording_of(lines, await lines.call_of(caller))
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, NETWORK_HZ) > 1.5) == (True, True)
    assert after(left, NETWORK_HZ, SEAT_HZ)


async def test_three_with_the_police(lines: Hotline, desks: dict[str, Desk], network: Network) -> None:
    caller = "13760000001"
    async with talk(lines, caller) as (citizen, seat):
        ticket = await write_ticket(lines, desks["1001"], caller)
        network.speech.sequence = HIGH
        await desks["1001"].do("dial", kind="police", mode="three_way")
        await wait_for(lambda: network.answered["110"], 20, what="110 answers")
        await hears_both(citizen, SEAT_HZ, NETWORK_HZ)
        await goes_on(citizen)
        await network.hang_up()
        await hear_each_other(citizen, seat, SEAT_HZ)
        await citizen.hang_up()
        await seat.until("ended")
    left, _ = await recording_of(lines, await lines.call_of(caller), ticket)
    both = set(moments(left, SEAT_HZ, AMONG_OTHERS)) & set(moments(left, NETWORK_HZ, AMONG_OTHERS))
    assert len(both) > 15, "all three are heard at once"
    assert spoken(left, SEAT_HZ) > 3, "the agent before and after"


@pytest.mark.parametrize("counts_from", [LOW, HIGH])
async def test_a_waiting_caller_handed_to_an_agent(lines: Hotline, counts_from: int) -> None:
    caller = f"137700{counts_from:05}"
    async with beside(lines, counts_from) as chosen, lines.citizen(caller) as citizen:

        async def waits() -> str | None:
            row = next((row for row in await lines.calls_of(caller)), None)
            return str(row["linkedid"]) if row and await lines.waiting() == [caller] else None

        name = await wait_for(waits, what="they wait")
        await lines.post(f"/supervision/waiting/{name}", {"to": "agent", "agent": "1002"})
        await chosen.until("answered")
        await hear_each_other(citizen, chosen, OTHER_HZ)
        await citizen.hang_up()
        await chosen.until("ended", "hung_up")
    left, _ = await recording_of(lines, await lines.call_of(caller))
    assert spoken(left, OTHER_HZ) > 1.5


async def test_a_citizen_who_was_called_back_is_held_and_transferred(
    lines: Hotline, desks: dict[str, Desk], network: Network
) -> None:
    caller = "13780000001"
    async with beside(lines, HIGH) as other, called_back(lines, network, caller) as seat:
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await wait_for(lambda: silent(network, SEAT_HZ))
        await desks["1001"].do("dial", kind="seat", number="8002", mode="transfer")
        await seat.until("ended", "hung_up")
        await hear_each_other(network, other, OTHER_HZ, NETWORK_HZ)
        await network.hang_up()
        await other.until("ended", "hung_up")
    left, _ = await recording_of(lines, await outbound(lines, caller), own=NETWORK_HZ)
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    assert after(left, OTHER_HZ, SEAT_HZ)


@pytest.mark.parametrize(
    ("first", "second", "mute"), [(MIDDLE, LOW, 0), (LOW, HIGH, 0), (HIGH, MIDDLE, 0), (MIDDLE, LOW, 1)]
)
async def test_an_agent_who_is_lost_and_the_next(
    lines: Hotline, desks: dict[str, Desk], first: int, second: int, mute: int
) -> None:
    """The packets of the second count from lower numbers; and the citizen's phone may send none while they are told."""
    caller = f"1379{mute:02}{first:05}"
    async with beside(lines, second) as other, talk(lines, caller, first) as (citizen, seat):
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        citizen.speech.muted = bool(mute)
        await seat.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["agent-lost"][0]), what="they are told")
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await lines.post("/agents/1002/ready")
        await other.until("answered")
        citizen.speech.muted = False
        await hear_each_other(citizen, other, OTHER_HZ)
        await citizen.hang_up()
        await other.until("ended")
    left, _ = await recording_of(lines, await lines.call_of(caller))
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    assert after(left, OTHER_HZ, SEAT_HZ)


async def test_an_agent_who_is_lost_in_a_callback_and_the_next(
    lines: Hotline, desks: dict[str, Desk], network: Network
) -> None:
    caller = "13780000002"
    async with beside(lines, LOW) as other, called_back(lines, network, caller) as seat:
        await desks["1001"].do("hold")
        await desks["1001"].until("held")
        await seat.hang_up()
        await wait_for(lambda: hears(network.speech.heard, PROMPTS["agent-lost"][0]), what="they are told")
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await lines.post("/agents/1002/ready")
        await other.until("answered")
        await hear_each_other(network, other, OTHER_HZ, NETWORK_HZ)
        await network.hang_up()
        await other.until("ended", "hung_up")
    left, _ = await recording_of(lines, await outbound(lines, caller), own=NETWORK_HZ)
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    assert after(left, OTHER_HZ, SEAT_HZ)


async def test_the_audit_finds_what_is_missing_of_a_call_that_was_transferred(lines: Hotline) -> None:
    call = await lines.call_of("13750000001")
    file = Paths.of(lines.settings).recordings / call["recording"]
    aside = file.rename(file.with_suffix(".aside"))
    try:
        assert await missing(lines) == [call["linkedid"]]
    finally:
        aside.rename(file)
    assert await missing(lines) == []
