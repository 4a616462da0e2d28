"""A citizen whom nobody got to is called back: the agent's phone rings first, then theirs, and the two talk.

The telephone network is a phone that answers for every number, by the number's last digits; the trunk leads to it.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from harness import CITIZEN_HZ, CITIZEN_VOICE, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import manager
from recorded import heard, kept, spoken

from callcenter.api_client import HotlineRefused
from callcenter.demo.network import Network
from callcenter.demo.sipp import free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

TRUNK_PORT = free_port()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network; retries come at once."""
    # Citizens come from 127.0.0.1 as in the lab; the network calls nobody, so what it would call from is nobody's.
    trunk = {"name": "carrier", "host": "127.0.0.1", "port": TRUNK_PORT, "match": ["127.0.0.99"]}
    with running_hotline(
        tmp_path_factory.mktemp("callbacks"),
        TRUNKS=json.dumps([trunk]),
        CALLBACKS__RETRY_MINUTES="[0, 0]",
        CALLBACKS__RETRY_FROM="00:00",
        CALLBACKS__RETRY_UNTIL="23:59:59",
        CALLBACKS__AGENT_RING_SECONDS="8",
        CALLBACKS__RING_SECONDS="5",
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(lines: Hotline) -> AsyncIterator[Network]:
    async with Network(lines.server, lines.folder, words=CITIZEN_VOICE, port=TRUNK_PORT, ring=1.0) as network:
        yield network


async def miss(lines: Hotline, number: str) -> None:
    """A citizen gives up in the greeting."""
    async with lines.citizen(number, patience=0.3) as citizen:
        await citizen.until("hung_up", "ended")


async def until_callback(lines: Hotline, number: str, state: str, within: float = 20) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        rows = [row for row in await lines.get("/callbacks") if row["caller"] == number]
        assert len(rows) <= 1, rows
        return rows[0] if rows and rows[0]["state"] == state else None

    found: dict[str, Any] = await wait_for(there, within, what=f"the callback of {number} is {state}")
    return found


def results(callback: dict[str, Any]) -> list[str]:
    return [attempt["result"] for attempt in callback["attempts"]]


async def test_the_agents_phone_rings_first_then_the_citizens_and_they_hear_each_other(
    lines: Hotline, network: Network
) -> None:
    number = "13800000001"
    async with lines.seated("1001", "8001", ring=1.0) as seat:
        await miss(lines, number)
        # Asterisk asks twice a minute whether the line is there, and until it is nobody is rung for it.
        await seat.until("ringing", within=45)
        assert not network.dialled[number], "the citizen is not dialled before the agent is there"
        assert (await lines.agent("1001"))["state"] in {"ringing", "talking"}, "on no break, and not free"
        await wait_for(lambda: network.answered[number], 20)
        await wait_for(lambda: hears(network.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        talking = await until_callback(lines, number, "settled")
        assert (talking["settled_by"], results(talking)) == ("callback", ["answered"])
        assert (await lines.agent("1001"))["state"] == "talking"
        await network.hang_up()
        await seat.until("ended", "hung_up")
        await lines.until_agent("1001", "wrap_up")
        await lines.until_agent("1001", "ready")
    owed = await until_callback(lines, number, "settled")
    calls = {row["id"]: row for row in await lines.get("/calls")}
    call = calls[owed["settled_call"]]
    assert (call["direction"], call["caller"], call["agent"], call["seat"]) == ("outbound", number, "1001", "8001")
    assert (await kept(lines, call))["seconds"] > 0.2
    (ticket,) = [row for row in await lines.get("/tickets") if row["number"] == owed["ticket"]]
    assert ticket["state"] == "closed"


@pytest.mark.parametrize(
    ("number", "result", "times"),
    [("13800000486", "busy", 3), ("13800000404", "wrong_number", 1), ("13800000603", "refused", 3)],
)
async def test_the_network_says_why_a_citizen_is_not_reached_and_they_are_given_up_with_the_evidence(
    lines: Hotline, network: Network, number: str, result: str, times: int
) -> None:
    async with lines.seated("1001", "8001"):
        await miss(lines, number)
        owed = await until_callback(lines, number, "unreachable", within=30)
        assert results(owed) == [result] * times
        await wait_for(lambda: network.dialled[number] >= times, what="the network says how often it was dialled")
        assert network.dialled[number] == times
        await lines.until_agent("1001", "ready")


async def test_nobody_picks_up_and_a_supervisor_closes_it(lines: Hotline, network: Network) -> None:
    number = "13800000999"
    async with lines.seated("1001", "8001"):
        await miss(lines, number)
        await network.until("cancelled", within=20)
        owed = await lines.callback_of(number)
        await wait_for(lambda: tried(lines, number, "no_answer"))
        await lines.post(f"/callbacks/{owed['id']}/close", {"reason": "came in person"})
        closed = await until_callback(lines, number, "settled")
        assert (closed["settled_by"], closed["note"]) == ("supervisor", "came in person")


async def tried(lines: Hotline, number: str, result: str) -> bool:
    return result in results(await lines.callback_of(number))


async def test_an_agent_who_does_not_pick_up_is_put_on_break_and_the_citizen_is_not_dialled(
    lines: Hotline, network: Network
) -> None:
    number = "13800000002"
    async with lines.seated("1001", "8001", ring=None) as silent:
        await miss(lines, number)
        await silent.until("cancelled", within=15)
        row = await lines.until_agent("1001", "break")
        assert row["reason"] == "no_answer"
        assert not network.dialled[number]
        async with lines.seat("8002") as seat:
            await lines.post("/agents/1002/sign-in", {"seat": "8002"})
            await wait_for(lambda: network.answered[number], 20)
            owed = await until_callback(lines, number, "settled")
            assert [(one["agent"], one["result"]) for one in owed["attempts"]] == [
                ("1001", "agent_no_answer"),
                ("1002", "answered"),
            ]
            await seat.hang_up()
            await lines.sign_out("1002")


async def test_live_callers_come_first_and_a_redial_settles_what_is_owed(lines: Hotline, network: Network) -> None:
    """FreePBX 525 and 621: one obligation however often they dial, no dial after the answer, no live caller starved."""
    number = "13800000003"
    for times in (1, 2):
        await miss(lines, number)
        await wait_for(lambda times=times: missed(lines, number, times))
    async with lines.seat("8001") as seat, lines.citizen(number) as citizen:
        await citizen.until("answered")  # they hear the greeting
        await lines.post("/agents/1001/sign-in", {"seat": "8001"})
        await seat.until("answered", within=15)
        settled = await until_callback(lines, number, "settled")
        assert (settled["settled_by"], len(settled["calls"]), results(settled)) == ("redial", 2, [])
        await citizen.hang_up()
        await lines.until_agent("1001", "ready")
        await lines.sign_out("1001")
    assert not network.dialled[number]


async def test_a_phone_stops_ringing_for_a_citizen_who_was_answered_on_their_own_call(
    lines: Hotline, network: Network
) -> None:
    number = "13800000004"
    async with lines.seated("1001", "8001", ring=None) as silent, lines.seated("1002", "8002", ring=0.2) as seat:
        await miss(lines, number)
        await silent.until("ringing", within=15)
        async with lines.citizen(number) as citizen:
            await seat.until("answered", within=15)
            await silent.until("cancelled", within=2)
            assert (await until_callback(lines, number, "settled"))["settled_by"] == "redial"
            await lines.until_agent("1001", "ready")
            await citizen.hang_up()
        await lines.until_agent("1002", "ready")
    assert not network.dialled[number]


async def missed(lines: Hotline, number: str, times: int) -> bool:
    return len((await lines.callback_of(number))["calls"]) == times


async def test_a_held_number_waits_for_a_supervisor_and_an_agent_notes_the_voicemail(
    lines: Hotline, network: Network
) -> None:
    number = "16812345"
    async with lines.seated("1001", "8001"):
        await miss(lines, number)
        owed = await lines.callback_of(number)
        assert owed["held"] == "premium"
        with pytest.raises(HotlineRefused):
            await lines.post(f"/callbacks/{owed['id']}/dial", {"agent": "1001"})
        await lines.post("/agents/1001/break", {"reason": "rest"})
        await lines.post(f"/callbacks/{owed['id']}/allow")
        await lines.post(f"/callbacks/{owed['id']}/dial", {"agent": "1001"})
        await wait_for(lambda: network.answered[number], 20)
        await until_callback(lines, number, "settled")
        noted = await lines.post(f"/callbacks/{owed['id']}/result", {"result": "voicemail", "note": "语音信箱"})
        assert (noted["state"], results(noted), noted["attempts"][0]["note"]) == ("retry", ["voicemail"], "语音信箱")
        await lines.post(f"/callbacks/{owed['id']}/close", {"reason": "enough"})
        await network.hang_up()


@pytest.mark.parametrize(
    ("stage", "number"), [("ringing", "13800000011"), ("dialling", "13800000012"), ("talking", "13800000013")]
)
async def test_a_controller_that_dies_in_an_attempt_dials_nobody_twice(
    lines: Hotline, network: Network, stage: str, number: str
) -> None:
    async with lines.seated("1001", "8001", ring=2.0) as seat:
        await miss(lines, number)
        await seat.until("ringing", within=25)
        if stage != "ringing":
            moved = network.dialled if stage == "dialling" else network.answered
            await wait_for(lambda: moved[number], 15, what=f"the attempt is {stage}")
        lines.program("controller").kill()
        await wait_for(lambda: network.answered[number], 15)
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        owed = await until_callback(lines, number, "settled", within=30)
        assert (owed["settled_by"], results(owed)) == ("callback", ["answered"])
        await network.hang_up()
        await lines.until_agent("1001", "ready", within=20)
        assert network.dialled[number] == 1


async def test_an_attempt_that_was_stored_and_never_ordered_is_given_back(lines: Hotline, network: Network) -> None:
    """The controller died after the commit and before the order; here its last deed is written by hand."""
    number = "13800000021"
    await miss(lines, number)
    owed = await lines.callback_of(number)
    long_ago = (datetime.now(UTC) - timedelta(minutes=2)).replace(tzinfo=None).isoformat(sep=" ")
    with closing(sqlite3.connect(lines.settings.data_folder / "callcenter.db", timeout=10)) as database, database:
        database.execute("UPDATE callbacks SET state = 'dialling' WHERE id = ?", (owed["id"],))
        database.execute(
            "INSERT INTO callback_attempts (callback_id, at, agent, number, result, node) VALUES (?, ?, ?, ?, ?, ?)",
            (owed["id"], long_ago, "1001", number, "dialling", "node1"),
        )
    given_back = await until_callback(lines, number, "waiting")
    assert results(given_back) == ["not_dialled"]
    assert not network.dialled[number]
    await lines.post(f"/callbacks/{owed['id']}/close", {"reason": "enough"})


async def test_a_citizen_who_was_called_back_is_recorded_on_when_another_agent_takes_over(
    lines: Hotline, network: Network
) -> None:
    """Their channel has no dialplan of its own until it is moved: Asterisk puts another in its place."""
    number = "13800000031"
    async with lines.seated("1001", "8001") as first, manager(lines) as ami:
        await miss(lines, number)
        await wait_for(lambda: network.answered[number] and hears(network.speech.heard, SEAT_HZ), 45)
        await wait_for(lambda: first.talking)
        received = first.speech.received
        await wait_for(lambda: first.speech.received > received + 100, what="two seconds of talk")
        async with lines.seated("1002", "8002") as second:
            (own,) = [
                row["Channel"]
                for row in await ami.list("CoreShowChannels")
                if row["Channel"].startswith("PJSIP/trunk-carrier-")
            ]
            await ami.action("Redirect", Channel=own, Context="hotline-queue", Exten="s", Priority="1")
            await wait_for(lambda: second.talking, 20, what="the other agent has them")
            received = second.speech.received
            await wait_for(lambda: second.speech.received > received + 100, what="two seconds more")
            await network.hang_up()
            await second.until("ended", "hung_up")
    owed = await until_callback(lines, number, "settled")
    recording = await kept(lines, {"id": owed["settled_call"]})
    agents, citizen = await heard(lines, recording)
    print(f"\nboth talks: agents {spoken(agents, SEAT_HZ):.1f} s, citizen {spoken(citizen, CITIZEN_HZ):.1f} s")
    assert spoken(agents, SEAT_HZ) > 3
    assert spoken(citizen, CITIZEN_HZ) > 3
