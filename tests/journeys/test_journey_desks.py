"""Special desks 专席 on a real Asterisk: a supervisor moves who waits to one and back, and nobody is lost on the way.

Only the desk's agent rings for whoever waits there. In all queues together no more than four ever wait, also when five
come in the same instant; who is moved keeps their place among the four and the time that they have waited; a desk that
is left by its last agent sends them back to the front of the general queue. Whatever happened is one wait in the
history, on which the database and queue_log agree.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from harness import PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from own_hotline import asterisk, line_to, own_hotline, until_live
from recorded_talks import goes_on
from softphone import as_agent

from callcenter.api_client import HotlineRefused
from callcenter.demo.citizens import Citizen

pytestmark = pytest.mark.asterisk
ENGLISH = {"name": "english", "label": "英语专席", "agents": ["1003"]}
FIRMS = {"name": "firms", "label": "企业专席", "seats": ["8005"]}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    yield from own_hotline(
        tmp_path_factory.mktemp("desks"),
        lambda sip_port: {
            "DESKS": [ENGLISH, FIRMS],
            "TRUNKS": [line_to(sip_port, caller_id="19900000000")],
            "CALLBACKS__MODE": "off",
            "MENU__ENABLED": "false",
        },
    )


async def at(hotline: Hotline) -> dict[str, str | None]:
    """Return who waits, each with the desk that they wait for."""
    return {row["caller"]: row["desk"] for row in (await hotline.get("/queue"))["waiting"]}


async def until_at(hotline: Hotline, wanted: dict[str, str | None], within: float = 10) -> None:
    async def so() -> bool:
        return await at(hotline) == wanted

    await wait_for(so, within, what=f"waiting so: {wanted}")


async def move(hotline: Hotline, caller: str, desk: str | None) -> dict[str, Any]:
    """Move a caller who waits to a desk, or back to the general queue."""
    call = next(row["linkedid"] for row in await hotline.calls_of(caller) if row["outcome"] == "in_progress")
    body = {"to": "desk", "desk": desk} if desk else {"to": "queue"}
    moved: dict[str, Any] = await hotline.post(f"/supervision/waiting/{call}", body)

    async def there() -> bool:
        # Who is being told their position goes when that is over.
        return (await at(hotline)).get(caller, "gone") == desk

    await wait_for(there, 15, what=f"{caller} waits at {desk}")
    return moved


async def until_staffed(hotline: Hotline, desk: str, *agents: str) -> None:
    await until_live(
        hotline, lambda shown: next(one for one in shown["desks"] if one["name"] == desk)["agents"] == list(agents)
    )


@asynccontextmanager
async def busy(hotline: Hotline, *callers: str) -> AsyncIterator[tuple[Any, Any, list[Citizen]]]:
    """Agent 1001, of no desk, and 1003, of the English one, both talk; `callers` wait. All hang up in the end."""
    async with AsyncExitStack() as stack:
        general = await stack.enter_async_context(hotline.seated("1001", "8001"))
        english = await stack.enter_async_context(hotline.seated("1003", "8003"))
        await until_staffed(hotline, "english", "1003")
        talking = []
        for number in ("13800009001", "13800009003"):
            talking.append(await stack.enter_async_context(hotline.citizen(number)))
            await wait_for(lambda: general.count("answered") + english.count("answered") == len(talking))
        waiting = []
        for number in callers:
            waiting.append(await stack.enter_async_context(hotline.citizen(number)))
            await until_at(hotline, dict.fromkeys(callers[: len(waiting)]))
        yield general, english, waiting
        for citizen in (*talking, *waiting):
            if not citizen.count("ended"):
                await citizen.hang_up()


async def settled(hotline: Hotline) -> None:
    """Wait until nobody calls any more, and compare the history with queue_log."""

    async def over() -> bool:
        return all(row["outcome"] != "in_progress" for row in await hotline.get("/calls"))

    await wait_for(over)

    async def agreed() -> bool:
        report = await hotline.cli("audit", "--from", "2020-01-01")
        assert report["differences"] == []
        assert report["most_waiting"]["queue_log"] <= 4
        return bool(report["too_fresh"] == 0)

    await wait_for(agreed, 30)


async def test_only_the_desks_agent_rings_for_whoever_was_moved_there(desks: Hotline) -> None:
    async with busy(desks, "13800000011", "13800000012") as (general, english, (_, moved)):
        since = {row["caller"]: row["since"] for row in (await desks.get("/queue"))["waiting"]}
        await move(desks, "13800000012", "english")
        assert await at(desks) == {"13800000011": None, "13800000012": "english"}
        after = {row["caller"]: row["since"] for row in (await desks.get("/queue"))["waiting"]}
        assert after["13800000011"] == since["13800000011"]
        assert after["13800000012"][:22] == since["13800000012"][:22], "they wait since then, and not since the move"

        # The general agent is free first: the other caller is theirs, and the desk's waits on.
        await general.hang_up()
        await general.until("answered", times=2, within=15)
        assert list(general.talking.values()) == ["13800000011"]
        assert await at(desks) == {"13800000012": "english"}
        await desks.until_agent("1001", "talking")
        await english.hang_up()
        await english.until("answered", times=2, within=15)
        assert list(english.talking.values()) == ["13800000012"]
        await wait_for(lambda: hears(moved.speech.heard, SEAT_HZ))
        assert general.count("ringing") == 2
        assert await at(desks) == {}
        await english.hang_up()
        await desks.until_agent("1003", "wrap_up")
    call = await desks.call_of("13800000012")
    assert (call["outcome"], call["agent"], call["seat"]) == ("answered", "1003", "8003")
    assert call["queued_at"] < call["answered_at"]
    await settled(desks)


async def test_an_agent_in_wrap_up_or_on_a_break_is_rung_by_neither_queue(desks: Hotline) -> None:
    async with busy(desks, "13800000021", "13800000022") as (_, english, waiting):
        await move(desks, "13800000022", "english")
        await desks.post("/agents/1003/break", {"reason": "meal"})
        rung = english.count("ringing")
        await english.hang_up()
        await desks.until_agent("1003", "break")
        shown = await asterisk(desks, "queue show")
        assert shown.count("paused:meal was") == 2, shown
        await goes_on(waiting[0], 3)  # longer than the queue would need to ring them
        assert english.count("ringing") == rung
        # The desk's caller comes before the general queue's, though both wait for this agent.
        await desks.post("/agents/1003/ready")
        await english.until("answered", times=2, within=15)
        assert list(english.talking.values()) == ["13800000022"]
        await english.hang_up()
        await desks.until_agent("1003", "wrap_up")
        assert (await asterisk(desks, "queue show")).count("paused:wrap_up was") == 2
    await settled(desks)


async def test_a_move_that_is_not_possible_says_why_and_leaves_the_caller_where_they_were(desks: Hotline) -> None:
    async with busy(desks, "13800000031") as (_, _, (waiting,)):
        with pytest.raises(HotlineRefused, match="nobody is signed in at the desk 企业专席"):
            await move(desks, "13800000031", "firms")
        with pytest.raises(HotlineRefused, match="there is no desk french"):
            await move(desks, "13800000031", "french")
        with pytest.raises(HotlineRefused, match="waits in the general queue already"):
            await move(desks, "13800000031", None)
        with pytest.raises(HotlineRefused):
            await move(desks, "13800000031", "english\r\nAction: Hangup")
        await move(desks, "13800000031", "english")
        with pytest.raises(HotlineRefused, match="waits for the desk 英语专席 already"):
            await move(desks, "13800000031", "english")
        await move(desks, "13800000031", None)
        call = (await desks.calls_of("13800000031"))[0]["linkedid"]
        await waiting.hang_up()
        await until_at(desks, {})
        with pytest.raises(HotlineRefused, match="does not wait any more"):
            await desks.post(f"/supervision/waiting/{call}", {"to": "desk", "desk": "english"})
    await settled(desks)


async def test_a_desk_left_by_its_last_agent_sends_its_caller_back_to_the_front(desks: Hotline) -> None:
    async with desks.seated("1001", "8001") as general, AsyncExitStack() as stack:
        firms = await stack.enter_async_context(desks.seated("1005", "8005"))
        await until_staffed(desks, "firms", "1005")
        await desks.post("/agents/1005/break", {"reason": "meal"})
        async with desks.citizen("13800009001"):
            await general.until("answered")
            async with desks.citizen("13800000041"), desks.citizen("13800000042") as second:
                await until_at(desks, {"13800000041": None, "13800000042": None})
                await move(desks, "13800000042", "firms")
                await desks.sign_out("1005")
                await until_staffed(desks, "firms")
                await until_at(desks, {"13800000042": None, "13800000041": None})
                assert await desks.waiting() == ["13800000042", "13800000041"], "they have not lost their turn"
                await general.hang_up()
                await general.until("answered", times=2, within=15)
                assert list(general.talking.values()) == ["13800000042"]
                await wait_for(lambda: hears(second.speech.heard, SEAT_HZ))
        assert not firms.count("ringing")
    call = await desks.call_of("13800000042")
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    await settled(desks)


async def test_who_hangs_up_at_a_desk_is_owed_a_callback_and_their_place_is_free(desks: Hotline) -> None:
    async with busy(desks, *(f"1380000005{last}" for last in range(4))) as (_, _, waiting):
        await move(desks, "13800000051", "english")
        await waiting[1].hang_up()
        owed = await desks.callback_of("13800000051")
        assert owed["state"] == "waiting"
        async with desks.citizen("13800000055") as next_one:
            await wait_for(lambda: at_is(desks, "13800000055"))
            await next_one.hang_up()
    call = await desks.call_of("13800000051")
    assert call["outcome"] == "abandoned_queue"
    await settled(desks)


async def at_is(hotline: Hotline, caller: str) -> bool:
    return caller in await at(hotline)


async def test_a_place_is_free_when_the_citizen_is_answered_at_the_desk(desks: Hotline) -> None:
    async with busy(desks, *(f"1380000006{last}" for last in range(4))) as (_, english, _waiting):
        await move(desks, "13800000062", "english")
        await english.hang_up()
        await english.until("answered", times=2, within=15)
        assert list(english.talking.values()) == ["13800000062"]
        async with desks.citizen("13800000065") as next_one:
            await wait_for(lambda: at_is(desks, "13800000065"))
            await next_one.hang_up()
    await settled(desks)


async def test_who_waits_at_a_desk_is_handed_to_any_agent_or_moved_to_the_front_of_its_line(desks: Hotline) -> None:
    callers = [f"1380000009{last}" for last in range(3)]
    async with desks.seated("1002", "8002") as chosen:
        await desks.post("/agents/1002/break", {"reason": "meal"})
        async with busy(desks, *callers) as (_, _, waiting):
            for caller in callers[1:]:
                await move(desks, caller, "english")
            call = (await desks.calls_of(callers[2]))[0]["linkedid"]
            assert (await desks.post(f"/supervision/waiting/{call}", {"to": "front"}))["position"] == 1
            assert await desks.waiting() == [callers[0], callers[2], callers[1]]
            await desks.post(f"/supervision/waiting/{call}", {"to": "agent", "agent": "1002"})
            await chosen.until("answered")
            await wait_for(lambda: hears(waiting[2].speech.heard, SEAT_HZ))
            assert await at(desks) == {callers[0]: None, callers[1]: "english"}
            # Two places are free again.
            async with desks.citizen("13800000098"), desks.citizen("13800000099"):
                await until_at(
                    desks, {callers[0]: None, callers[1]: "english", "13800000098": None, "13800000099": None}
                )
    answered = await desks.call_of(callers[2])
    assert (answered["outcome"], answered["agent"]) == ("answered", "1002")
    await settled(desks)


async def test_who_loses_their_agent_takes_a_place_again_and_waits_in_the_general_queue(desks: Hotline) -> None:
    async with busy(desks, "13800000111") as (general, english, (citizen,)), as_agent(desks, "1003") as desk:
        await move(desks, "13800000111", "english")
        await english.hang_up()
        await english.until("answered", times=2, within=15)
        await desks.until_agent("1003", "talking")
        async with desk.post("/api/v1/talk/hold", json={}) as answer:
            assert answer.status == 200, await answer.text()
        await until_live(desks, lambda shown: (shown["seats"]["8003"]["talk"] or {}).get("stage") == "held")
        await english.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["agent-lost"][0]))
        await until_at(desks, {"13800000111": None})
        await general.hang_up()
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), 20)
    call = await desks.call_of("13800000111")
    assert call["outcome"] == "answered"
    await settled(desks)


async def test_a_test_dial_takes_a_place_like_anybody_and_gives_it_back(desks: Hotline) -> None:
    async with desks.seated("1001", "8001"):
        order = (await desks.post("/test-dials"))["id"]

        async def over() -> dict[str, Any] | None:
            row = next(row for row in await desks.get("/test-dials") if row["id"] == order)
            return row if row["result"] != "dialling" else None

        row = await wait_for(over, 40, what="the test dial is over")
        assert (row["result"], row["waiting_found"]) == ("passed", 0), row
    await settled(desks)


@pytest.mark.parametrize("time", range(3))
async def test_of_five_who_come_in_the_same_instant_four_wait_and_the_fifth_is_owed(desks: Hotline, time: int) -> None:
    at_the_desk = f"138000007{time}0"
    others = [f"138000007{time}{last}" for last in range(1, 6)]
    async with busy(desks, at_the_desk) as _, AsyncExitStack() as stack:
        await move(desks, at_the_desk, "english")
        five = [desks.citizen(number) for number in others]
        await asyncio.gather(*(stack.enter_async_context(citizen) for citizen in five))

        async def four() -> bool:
            waiting = await at(desks)
            assert len(waiting) <= 4, waiting
            refused = [
                row for number in others for row in await desks.calls_of(number) if row["outcome"] == "overflowed"
            ]
            return len(waiting) == 4 and waiting.get(at_the_desk) == "english" and len(refused) == 2

        await wait_for(four, 30)
        for citizen in five:
            if not citizen.count("ended"):
                await citizen.hang_up()
    outcomes = Counter([(await desks.call_of(number))["outcome"] for number in others])
    assert outcomes == {"overflowed": 2, "abandoned_queue": 3}
    await settled(desks)


async def test_a_move_goes_on_and_the_floor_is_found_again_without_the_controller(desks: Hotline) -> None:
    async with busy(desks, "13800000081", "13800000082") as (_, english, _waiting):
        await move(desks, "13800000082", "english")
        since = {row["caller"]: row["since"] for row in (await desks.get("/queue"))["waiting"]}
        desks.program("controller").kill()
        await english.hang_up()
        await english.until("answered", times=2, within=15)
        assert list(english.talking.values()) == ["13800000082"]
        await until_at(desks, {"13800000081": None}, 30)
        found = {row["caller"]: row["since"] for row in (await desks.get("/queue"))["waiting"]}
        assert found["13800000081"][:21] == since["13800000081"][:21]
        await desks.until_agent("1003", "talking")
    call = await desks.call_of("13800000082")
    assert (call["outcome"], call["agent"]) == ("answered", "1003")
    await settled(desks)
