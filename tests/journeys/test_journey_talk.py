"""A citizen dials 12345, hears the greeting, is queued, a seat rings, and the two talk.

Speech is counted and listened to on both sides: each must hear the other's own tone, and the recording both. While
they talk the agent is `talking`, afterwards in `wrap_up`, then `ready` again by itself. When the agent hangs up first,
the citizen is asked for a rating, and the key they press is on the call.
"""

from typing import Any

import pytest
from harness import CITIZEN_HZ, HEARD, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from recorded import heard, kept, share

from callcenter.demo.speech import share_of
from callcenter.hotline.rules.line_quality import POOR

pytestmark = pytest.mark.asterisk


async def test_citizen_and_seat_talk_and_the_talk_is_recorded(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13800000001") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["greeting"][0]), what="the greeting is heard")
        await hotline.until_agent("1001", "ringing")
        await seat.until("answered")
        talking = await hotline.until_agent("1001", "talking")
        assert (talking["seat"], list(seat.talking.values())) == ("8001", ["13800000001"])

        counted = (citizen.speech.received, seat.speech.received)
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        assert citizen.speech.received > counted[0]
        assert seat.speech.received > counted[1]

        await citizen.hang_up()
        await seat.until("ended")
        await hotline.until_agent("1001", "wrap_up")
        await hotline.until_agent("1001", "ready")

    call = await hotline.call_of("13800000001")
    assert (call["outcome"], call["agent"], call["seat"]) == ("answered", "1001", "8001")
    assert call["direction"] == "inbound"
    assert call["started_at"] < call["queued_at"] < call["answered_at"] < call["ended_at"]
    agent, caller = await heard(hotline, await kept(hotline, call))
    assert share(caller, CITIZEN_HZ) > HEARD, "the citizen is on the recording"
    assert share(agent, SEAT_HZ) > HEARD, "the agent is on the recording"


async def test_the_quality_of_each_line_is_kept_and_a_lossy_one_counts_as_poor(hotline: Hotline) -> None:
    async def talk(caller: str, loses_one_in: int) -> dict[str, Any]:
        async with hotline.seated("1001", "8001") as seat, hotline.citizen(caller) as citizen:
            citizen.speech.loses_one_in = loses_one_in
            await seat.until("answered", within=15)
            heard = seat.speech.received
            await wait_for(lambda: seat.speech.received > heard + 150, what="three seconds of talk")
            await citizen.hang_up()
            await seat.until("ended")
        return dict(await hotline.call_of(caller))

    good, lossy = await talk("13800000005", 0), await talk("13800000006", 4)
    print("\n", {name: [call[name] for call in (good, lossy)] for name in good if name.startswith(("mos", "line"))})
    assert good["mos_citizen"] > 4, "nothing was lost on the loopback network"
    assert good["mos_agent"] > 4
    assert lossy["mos_citizen"] < POOR
    assert 15 < lossy["line_loss"] < 35


async def test_citizen_rates_the_agent_who_hung_up_first(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13800000002") as citizen:
        await seat.until("answered", within=15)
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ))
        await seat.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["rating"][0]), what="the question is heard")
        citizen.press("5")
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["thanks"][0]), what="thanks are heard")
        await citizen.until("ended")
    call = await hotline.call_of("13800000002")
    assert (call["outcome"], call["rating"]) == ("answered", 5)


async def test_agent_signs_in_takes_a_break_and_comes_back_on_the_command_line(hotline: Hotline) -> None:
    async with hotline.seat("8002"):
        await hotline.cli("agent", "sign-in", "1002", "--seat", "8002")
        assert (await hotline.until_agent("1002", "ready"))["seat"] == "8002"
        await hotline.cli("agent", "break", "1002", "--reason", "meal")
        rows = {row["agent"]: row for row in await hotline.cli("agents")}
        assert rows["1002"]["state"] == "break"
        await hotline.cli("agent", "ready", "1002")
        assert (await hotline.agent("1002"))["state"] == "ready"
        seats = {row["seat"]: row["agent"] for row in await hotline.cli("seats")}
        assert seats["8002"] == "1002"
        await hotline.cli("agent", "sign-out", "1002")
        assert (await hotline.agent("1002"))["state"] == "signed_out"


async def test_agent_whose_phone_is_gone_is_on_break_and_says_so(hotline: Hotline) -> None:
    async with hotline.seat("8003"):
        await hotline.post("/agents/1003/sign-in", {"seat": "8003"})
        await hotline.until_agent("1003", "ready")
    assert await hotline.until_agent("1003", "break")
    await hotline.sign_out("1003")


async def test_announcement_switched_on_is_heard_and_switched_off_is_not(hotline: Hotline) -> None:
    hertz = PROMPTS["announcement"][0]
    await hotline.cli("announcement", "on")
    try:
        async with hotline.citizen("13800000003") as citizen:
            await wait_for(lambda: hears(citizen.speech.heard, hertz), what="the announcement is heard")
    finally:
        await hotline.cli("announcement", "off")
    async with hotline.citizen("13800000004") as citizen:
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["menu"][0]), what="the menu is heard")
        assert not share_of(citizen.speech.heard, hertz) > HEARD / 4
