"""An agent's phone dies in mid-talk, no speech and no farewell: the one recording has both talks, sealed and linked.

Asterisk notices after a minute (rtp_timeout); the citizen is told, and is the first to be answered. A supervisor may
have barged in before: what the citizen hears of them is kept as what they hear of the agent is.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from recorded import moments, spoken
from recorded_talks import AMONG_OTHERS, HIGH, LOW, after, beside, goes_on, hear_each_other, recording_of, talk
from recorded_talks import write_ticket as written
from talk_desk import OTHER_HZ, Desk, desks_of, hears_both, silent

from callcenter.demo.seats import Seat
from callcenter.demo.speech import tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

SUPERVISOR_HZ = 1750
#: Seconds after which Asterisk gives a silent phone of a seat up (asterisk-conf/pjsip.conf.j2), and some more.
GIVEN_UP = 60 + 20


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    with running_hotline(tmp_path_factory.mktemp("lost"), CALLBACKS__MODE="off") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(lines: Hotline) -> AsyncIterator[dict[str, Desk]]:
    async with desks_of(lines, {"1001": "agent"}) as made:
        yield made


async def dies_and_another_goes_on(lines: Hotline, citizen: Any, seat: Seat, other: Seat) -> None:  # noqa: ANN401
    """The phone of agent 1001 says nothing more; agent 1002 has the citizen next."""
    await lines.post("/agents/1001/break", {"reason": "rest"})
    seat.speech.muted = True
    lost = PROMPTS["agent-lost"][0]
    await wait_for(lambda: hears(citizen.speech.heard, lost), GIVEN_UP, what="they are told")
    await lines.post("/agents/1002/ready")
    await other.until("answered")
    await hear_each_other(citizen, other, OTHER_HZ)
    await citizen.hang_up()
    await other.until("ended")


@asynccontextmanager
async def barged_in(lines: Hotline, citizen: Any) -> AsyncIterator[Seat]:  # noqa: ANN401  # any phone
    """A supervisor whom citizen and agent hear."""
    async with lines.seat("8009", words=tone(SUPERVISOR_HZ)) as supervisor:
        await lines.post("/supervision/listen", {"seat": "8001", "phone": "8009", "mode": "barge"})
        await supervisor.until("answered")
        await hears_both(citizen, SEAT_HZ, SUPERVISOR_HZ)
        await goes_on(citizen, 4)  # up to a second passes until they are all in a room, and kept
        yield supervisor


async def test_an_agent_whose_phone_dies_in_mid_talk_and_the_next(lines: Hotline, desks: dict[str, Desk]) -> None:
    caller = "13711000001"
    async with beside(lines, LOW) as other, talk(lines, caller, HIGH) as (citizen, seat):
        ticket = await written(lines, desks["1001"], caller)
        await dies_and_another_goes_on(lines, citizen, seat, other)
    left, right = await recording_of(lines, await lines.call_of(caller), ticket)
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    assert after(left, OTHER_HZ, SEAT_HZ)
    assert spoken(right, CITIZEN_HZ) > 55, "what the citizen said to nobody is kept too"


@pytest.mark.parametrize("held", [False, True], ids=["as the two talk", "after a hold"])
async def test_a_supervisor_barges_in_and_then_the_agents_phone_dies(
    lines: Hotline,
    desks: dict[str, Desk],
    held: bool,  # noqa: FBT001
) -> None:
    caller = f"1371100000{2 + held}"
    async with beside(lines, LOW) as other, talk(lines, caller, HIGH) as (citizen, seat):
        ticket = await written(lines, desks["1001"], caller)
        if held:
            await desks["1001"].do("hold")
            await desks["1001"].until("held")
            await wait_for(lambda: silent(citizen, SEAT_HZ), what="the citizen hears the agent no more")
            await desks["1001"].do("resume")
            await hear_each_other(citizen, seat, SEAT_HZ)
        async with barged_in(lines, citizen) as supervisor:
            await dies_and_another_goes_on(lines, citizen, seat, other)
            await supervisor.until("ended")
    left, right = await recording_of(lines, await lines.call_of(caller), ticket)
    assert (spoken(left, SEAT_HZ) > 1.5, spoken(left, OTHER_HZ) > 1.5) == (True, True)
    both = set(moments(left, SEAT_HZ, AMONG_OTHERS)) & set(moments(left, SUPERVISOR_HZ, AMONG_OTHERS))
    assert len(both) > 15, "the supervisor is kept as the citizen heard them"
    assert after(left, OTHER_HZ, SEAT_HZ)
    assert spoken(right, CITIZEN_HZ) > 50
