"""The supervisor's hands on a real Asterisk, by ear: each party speaks a tone of its own.

A listening supervisor hears both and is heard by nobody; the agent alone hears a whisper; both hear who barges in; and
when the talk ends, so does the listening. A waiting caller who is moved up is answered first, and the time that they
have waited goes on; one handed to an agent on a break waits on in the queue until the agent has picked up, and stays
where they were when the agent does not. Whoever is signed out sees by whom and why.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from harness import CITIZEN_HZ, HEARD, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from softphone import as_agent

from callcenter.api_client import HotlineRefused
from callcenter.demo.phone import Phone
from callcenter.demo.speech import share_of, tone

pytestmark = pytest.mark.asterisk
SUPERVISOR_HZ = 2600
#: Share of a tone below which nobody hears it.
SILENT = 0.01


def loud(phone: Phone, hertz: int) -> float:
    """Return how much of the last half second that a phone heard is this tone."""
    return share_of(phone.speech.heard[-4000:], hertz)


async def only_hears(phone: Phone, *hertz: int) -> None:
    """Wait until a phone hears these tones and no other."""
    every = {CITIZEN_HZ, SEAT_HZ, SUPERVISOR_HZ}
    await wait_for(
        lambda: (
            all(loud(phone, hz) > HEARD for hz in hertz) and all(loud(phone, hz) < SILENT for hz in every - {*hertz})
        ),
        10,
        what=f"{phone} hears {hertz} and nothing else; it hears { {hz: loud(phone, hz) for hz in every} }",
    )


@asynccontextmanager
async def talk(hotline: Hotline, caller: str) -> AsyncIterator[tuple[Phone, Phone, Phone]]:
    """A citizen and agent 1001 talk, and a supervisor has a phone at 8009."""
    async with (
        hotline.seated("1001", "8001") as agent,
        hotline.seat("8009", words=tone(SUPERVISOR_HZ)) as supervisor,
        hotline.citizen(caller) as citizen,
    ):
        await agent.until("answered", within=15)
        await hotline.until_agent("1001", "talking")
        yield citizen, agent, supervisor
        if not citizen.count("ended"):
            await citizen.hang_up()


async def listening(hotline: Hotline, **wanted: str) -> dict[str, Any]:
    """Wait until the one listening is so, and return it."""

    async def so() -> dict[str, Any] | None:
        rows = await hotline.get("/supervision/listen")
        assert len(rows) <= 1, rows
        return rows[0] if rows and all(rows[0][name] == value for name, value in wanted.items()) else None

    found: dict[str, Any] = await wait_for(so, what=f"listening {wanted}")
    return found


async def nobody_listens(hotline: Hotline) -> bool:
    return not await hotline.get("/supervision/listen")


async def test_listen_whisper_and_barge_are_heard_by_whom_they_are_for_and_end_with_the_talk(hotline: Hotline) -> None:
    async with talk(hotline, "13800001001") as (citizen, agent, supervisor):
        ordered = await hotline.post("/supervision/listen", {"seat": "8001", "phone": "8009"})
        assert (ordered["state"], ordered["mode"], ordered["seat"]) == ("ringing", "listen", "8001")
        await supervisor.until("answered")
        row = await listening(hotline, state="listening")

        await only_hears(supervisor, CITIZEN_HZ, SEAT_HZ)
        await only_hears(citizen, SEAT_HZ)
        await only_hears(agent, CITIZEN_HZ)

        await hotline.post(f"/supervision/listen/{row['id']}", {"mode": "whisper"})
        await only_hears(agent, CITIZEN_HZ, SUPERVISOR_HZ)
        await only_hears(citizen, SEAT_HZ)
        await listening(hotline, mode="whisper")

        await hotline.post("/supervision/listen", {"agent": "1001", "mode": "barge"})
        await only_hears(citizen, SEAT_HZ, SUPERVISOR_HZ)
        await only_hears(agent, CITIZEN_HZ, SUPERVISOR_HZ)
        await only_hears(supervisor, CITIZEN_HZ, SEAT_HZ)
        await listening(hotline, mode="barge", id=row["id"])

        await hotline.post(f"/supervision/listen/{row['id']}", {"mode": "listen"})
        await only_hears(citizen, SEAT_HZ)

        await citizen.hang_up()
        await supervisor.until("ended")
        await wait_for(lambda: nobody_listens(hotline))
    call = await hotline.call_of("13800001001")
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    assert not [row for row in await hotline.get("/calls") if "listen" in row["linkedid"]], "no call with anybody"


async def test_a_listening_goes_on_at_another_talk_and_is_ended_by_the_panel(hotline: Hotline) -> None:
    async with talk(hotline, "13800001011") as (_, _, supervisor), hotline.seated("1002", "8002") as other:
        async with hotline.citizen("13800001012") as second:
            await other.until("answered", within=15)
            await hotline.until_agent("1002", "talking")
            await hotline.post("/supervision/listen", {"seat": "8001", "phone": "8009"})
            await supervisor.until("answered")
            await listening(hotline, state="listening", seat="8001")
            await hotline.post("/supervision/listen", {"seat": "8002"})
            row = await listening(hotline, state="listening", seat="8002")
            assert supervisor.count("ringing") == 1, "the phone rang once"
            await hotline.post("/supervision/listen", {"seat": "8002", "mode": "whisper"})
            await only_hears(other, CITIZEN_HZ, SUPERVISOR_HZ)
            assert row["by"] == "cli"
            await second.hang_up()
        await wait_for(lambda: nobody_listens(hotline))


async def test_nobody_is_heard_who_does_not_talk_and_the_reason_is_said(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001"):
        with pytest.raises(HotlineRefused, match="nobody talks at seat 8001"):
            await hotline.post("/supervision/listen", {"seat": "8001", "phone": "8009"})
    with pytest.raises(HotlineRefused, match="seat 7777 does not exist"):
        await hotline.post("/supervision/listen", {"seat": "7777"})
    with pytest.raises(HotlineRefused):
        await hotline.post("/supervision/listen", {"seat": "8001\r\nAction: Hangup"})


@asynccontextmanager
async def two_waiting(hotline: Hotline, first: str, second: str) -> AsyncIterator[tuple[Phone, Phone, Phone]]:
    """Agent 1001 talks, and two citizens wait in this order."""
    async with (
        hotline.seated("1001", "8001") as agent,
        hotline.citizen("13800001099") as talking,
    ):
        await agent.until("answered", within=15)
        async with hotline.citizen(first) as one:
            await wait_for(lambda: waiting(hotline, first))
            async with hotline.citizen(second) as two:
                await wait_for(lambda: waiting(hotline, first, second))
                yield one, two, agent
                for citizen in (talking, one, two):
                    if not citizen.count("ended"):
                        await citizen.hang_up()


async def waiting(hotline: Hotline, *callers: str) -> bool:
    return await hotline.waiting() == list(callers)


async def id_of(hotline: Hotline, caller: str) -> str:
    """Return the name of the call of somebody who waits."""
    return str(next(row["linkedid"] for row in await hotline.calls_of(caller)))


async def test_a_caller_who_is_moved_up_is_answered_first(hotline: Hotline) -> None:
    async with two_waiting(hotline, "13800001021", "13800001022") as (_, second, agent):
        since = {row["caller"]: row["since"] for row in (await hotline.get("/queue"))["waiting"]}
        moved = await hotline.post(f"/supervision/waiting/{await id_of(hotline, '13800001022')}", {"to": "front"})
        assert moved["position"] == 1
        assert await waiting(hotline, "13800001022", "13800001021")
        after = {row["caller"]: row["since"] for row in (await hotline.get("/queue"))["waiting"]}
        assert after == since, "the time that they have waited goes on"
        await agent.hang_up()
        await agent.until("answered", times=2, within=15)
        assert list(agent.talking.values()) == ["13800001022"]
        await wait_for(lambda: hears(second.speech.heard, SEAT_HZ))


async def test_a_caller_handed_to_an_agent_on_a_break_talks_with_them_and_rates_them(hotline: Hotline) -> None:
    async with hotline.seated("1003", "8003") as chosen:
        await hotline.post("/agents/1003/break", {"reason": "meal"})
        async with two_waiting(hotline, "13800001031", "13800001032") as (_, second, _agent):
            await hotline.post(
                f"/supervision/waiting/{await id_of(hotline, '13800001032')}", {"to": "agent", "agent": "1003"}
            )
            await chosen.until("ringing")
            await hotline.until_agent("1003", "ringing")
            await chosen.until("answered")
            await wait_for(lambda: hears(second.speech.heard, SEAT_HZ))
            await wait_for(lambda: hears(chosen.speech.heard, CITIZEN_HZ))
            assert await waiting(hotline, "13800001031")
            await hotline.until_agent("1003", "talking")
            # Whoever was handed over can be listened to like anybody.
            async with hotline.seat("8009", words=tone(SUPERVISOR_HZ)) as supervisor:
                await hotline.post("/supervision/listen", {"agent": "1003", "mode": "whisper", "phone": "8009"})
                await supervisor.until("answered")
                await only_hears(chosen, CITIZEN_HZ, SUPERVISOR_HZ)
                await only_hears(second, SEAT_HZ)
                await chosen.hang_up()
                await hotline.until_agent("1003", "wrap_up")
                await supervisor.until("ended")
            await wait_for(lambda: hears(second.speech.heard, PROMPTS["rating"][0]), what="the question is heard")
            second.press("4")
            await second.until("ended")
    call = await hotline.call_of("13800001032")
    assert (call["outcome"], call["agent"], call["seat"], call["rating"]) == ("answered", "1003", "8003", 4)
    assert call["queued_at"] < call["answered_at"] < call["ended_at"]
    assert call["mos_agent"] > 3
    assert not [row for row in await hotline.get("/calls") if "hand-over" in row["linkedid"]]


async def test_an_agent_who_does_not_pick_up_leaves_the_caller_where_they_were_and_goes_on_with_their_break(
    hotline: Hotline,
) -> None:
    async with hotline.seated("1003", "8003", ring=None) as chosen:
        await hotline.post("/agents/1003/break", {"reason": "meal"})
        async with two_waiting(hotline, "13800001041", "13800001042"):
            await hotline.post(
                f"/supervision/waiting/{await id_of(hotline, '13800001042')}", {"to": "agent", "agent": "1003"}
            )
            await chosen.until("ringing")
            with pytest.raises(HotlineRefused, match="agent 1003"):
                await hotline.post(
                    f"/supervision/waiting/{await id_of(hotline, '13800001041')}", {"to": "agent", "agent": "1003"}
                )
            await chosen.until("cancelled", within=15)
            assert await waiting(hotline, "13800001041", "13800001042")

            async def as_before() -> bool:
                agent = await hotline.agent("1003")
                return (agent["state"], agent["reason"]) == ("break", "meal")

            await wait_for(as_before)


async def test_an_agent_who_is_signed_out_sees_by_whom_and_why(hotline: Hotline) -> None:
    async with hotline.seated("1004", "8004"), as_agent(hotline, "1004") as desk:
        async with desk.get("/api/v1/live") as stream:
            row = await hotline.post("/supervision/agents/1004", {"deed": "sign_out", "message": "<b>下班</b>，辛苦了"})
            assert row["state"] == "signed_out"
            heard = b""
            while b"event: message" not in heard:
                heard += await stream.content.readany()
        async with desk.get("/api/v1/desk-messages") as answer:
            (message,) = (await answer.json())["messages"]
        assert (message["deed"], message["by"], message["text"]) == ("sign_out", "cli", "<b>下班</b>，辛苦了")
        assert message["read_at"] is None
        async with desk.post("/api/v1/desk-messages/read", json={"until": message["id"], "deeds": True}) as answer:
            assert (await answer.json())["ids"] == [message["id"]]
