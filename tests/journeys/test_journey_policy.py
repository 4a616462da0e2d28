"""The queue policy at work: three wait, and after-call work ends, a break is called back, and the reserves are rung.

A reserve at a seat takes calls like any agent. One on a telephone takes the citizen by a key alone, so that a
voicemail, which answers and presses none, takes nobody. When the queue has been short for a while, all of it is undone,
and the supervisor's log tells each step with its figures. A controller that dies in between finds the reserves again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, SEAT_VOICE, Hotline, hears, wait_for
from own_hotline import asterisk, line_to, own_hotline, until_live

from callcenter.demo.citizens import Citizen
from callcenter.demo.seats import Seat
from callcenter.demo.sipp import free_port
from callcenter.tasks import cancel, spawn

pytestmark = pytest.mark.asterisk
#: The telephone network, where the reserve's telephone is.
NETWORK = free_port()


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with two reserves, whose crowds are over soon and whose after-call work is long."""
    yield from own_hotline(
        tmp_path_factory.mktemp("crowded"),
        lambda _: {
            "TRUNKS": [line_to(NETWORK, name="network")],
            "RESERVES": [{"name": "banzhang", "seat": "8009"}, {"name": "zhiban", "number": "13911112222"}],
            "CALLBACKS__MODE": "off",
            "POLICY__HOLD_SECONDS": "3",
            "POLICY__REINFORCE_WAIT_SECONDS": "0",
            "POLICY__WRAP_UP_SECONDS": "1",
            "QUEUE__WRAP_UP_SECONDS": "120",
            "QUEUE__RING_SECONDS": "8",
            "MENU__ENABLED": "false",
        },
    )


class Telephone(Seat):
    """A telephone at the other end of the line; it registers nowhere."""

    def __init__(self, hotline: Hotline, **more: Any) -> None:  # noqa: ANN401
        super().__init__(hotline.server, hotline.folder, "13911112222", "", words=SEAT_VOICE, **more)
        self._port = NETWORK
        self._hotline = hotline

    async def _register(self, expires: int) -> None:
        """Do nothing: the line leads here."""

    async def _begin(self) -> None:
        asking = spawn(self._be_asked(), name="qualify")
        await super()._begin()
        await cancel(asking)

    async def _be_asked(self) -> None:
        """Have Asterisk look whether the line is there, which it would do by itself within half a minute."""
        while True:
            await asterisk(self._hotline, "pjsip qualify trunk-network")
            await asyncio.sleep(0.2)


@asynccontextmanager
async def crowd(hotline: Hotline, *numbers: str) -> AsyncIterator[list[Citizen]]:
    """Have citizens wait, in the order of their numbers, and hang up afterwards."""
    citizens: list[Citizen] = []
    async with AsyncExitStack() as stack:
        for place, number in enumerate(numbers, start=1):
            citizens.append(await stack.enter_async_context(hotline.citizen(number)))
            await wait_for(lambda place=place: enough(hotline, place), 20, what=f"{number} waits")
        yield citizens
        await asyncio.gather(*(citizen.hang_up() for citizen in citizens if not citizen.count("ended")))


async def enough(hotline: Hotline, waiting: int) -> bool:
    return len(await hotline.waiting()) >= waiting


async def steps(hotline: Hotline) -> list[tuple[str, str]]:
    """Return the policy's steps so far, oldest first, each with whom it concerns."""
    return [
        (row["step"], next((row["detail"][key] for key in ("name", "seat", "agent") if key in row["detail"]), ""))
        for row in reversed(await hotline.get("/policy-log"))
    ]


def last(steps: list[tuple[str, str]], step: tuple[str, str]) -> int:
    """Return the place of the last such step."""
    return len(steps) - 1 - steps[::-1].index(step)


async def calm(hotline: Hotline) -> None:
    """Wait until everything that the policy did is undone."""
    shown = await until_live(
        hotline, lambda live: live["policy"] if live["policy"]["level"] == "calm" else None, within=40
    )
    assert (shown["called_back"], shown["reserves"]) == ([], [])


async def test_three_waiting_end_wrap_ups_call_breaks_back_and_ring_the_reserves_until_the_queue_is_short(
    crowded: Hotline,
) -> None:
    async with (
        crowded.seated("1001", "8001"),
        crowded.seated("1002", "8002"),
        crowded.seat("8009") as foreman,
        Telephone(crowded, ring=None) as telephone,
    ):
        await crowded.post("/agents/1002/break", {"reason": "meal"})
        async with crowded.citizen("13810000400") as first:
            await crowded.until_agent("1001", "talking", within=20)
            await first.hang_up()
        await crowded.until_agent("1001", "wrap_up")
        async with crowd(crowded, "13810000401", "13810000402"):
            await until_live(crowded, lambda live: live["policy"]["level"] == "warning")
            assert (await crowded.agent("1001"))["state"] == "wrap_up", "two are no crowd"
            async with crowded.citizen("13810000403") as third:
                await until_live(crowded, lambda live: live["policy"]["called_back"] == ["1002"], within=15)
                await crowded.until_agent("1001", "talking")
                await foreman.until("answered", within=15)
                await telephone.until("ringing", within=30)
                await third.hang_up()
        await calm(crowded)
        done = await steps(crowded)
        assert ("end_wrap_up", "8001") in done, done
        for taken, undone in (
            (("call_back_break", "1002"), ("release_break", "1002")),
            (("join_reserve", "banzhang"), ("leave_reserve", "banzhang")),
            (("join_reserve", "zhiban"), ("leave_reserve", "zhiban")),
        ):
            assert last(done, taken) < last(done, undone), done
        assert (await crowded.agent("1002"))["state"] == "break", "to come back is the agent's own deed"
        seat = next(row for row in await crowded.get("/seats") if row["seat"] == "8009")
        assert seat["agent"] is None
    by_foreman = [row for row in await crowded.get("/calls") if row["agent"] == "banzhang"]
    assert [(row["seat"], row["outcome"]) for row in by_foreman] == [("8009", "answered")]
    row = (await crowded.get("/policy-log"))[-1]
    assert {"waiting", "longest_wait", "free", "predicted_wait"} <= row["detail"].keys(), row


async def test_a_reserve_who_is_called_in_by_hand_takes_a_citizen_and_a_step_of_the_policys_is_undone(
    crowded: Hotline,
) -> None:
    async with crowded.seated("1001", "8001"), crowded.seat("8009") as foreman:
        await crowded.post("/agents/1001/break", {"reason": "rest"})
        assert (await crowded.post("/supervision/reserves/banzhang", {"joined": True}))["by"] == "hand"
        async with crowded.citizen("13810000431") as citizen:  # one alone is no crowd: the policy calls nobody
            await foreman.until("answered", within=20)
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the reserve")
            await citizen.hang_up()
        assert (await crowded.call_of("13810000431"))["agent"] == "banzhang"
        await wait_for(lambda: sent_back(crowded), 20, what="the reserve goes back when their talk is over")
        members = await asterisk(crowded, "queue show hotline")
        assert "8009" not in members, members
        async with crowd(crowded, "13810000432", "13810000433", "13810000434"):
            await until_live(crowded, lambda live: live["policy"]["called_back"] == ["1001"], within=15)
            await crowded.post("/supervision/undo", {"step": "call_back_break", "whom": "1001"})
            await until_live(crowded, lambda live: live["policy"]["called_back"] == [])
        await calm(crowded)
    log = await crowded.get("/policy-log")
    by_hand = [(row["step"], row["detail"].get("by")) for row in reversed(log) if row["detail"].get("by") == "cli"]
    assert by_hand == [("join_reserve", "cli"), ("leave_reserve", "cli"), ("release_break", "cli")]
    deeds = [row["action"] for row in reversed((await crowded.get("/audit?who=cli&limit=100"))["rows"])]
    wanted = ("reserve_called_in", "reserve_sent_back", "policy_step_undone")
    assert [deed for deed in deeds if deed in wanted] == list(wanted)


async def sent_back(hotline: Hotline) -> bool:
    """Send the reserve back, if they are not at a talk any more."""
    rows = {row["name"]: row for row in await hotline.get("/supervision/reserves")}
    if rows["banzhang"]["busy"]:
        return False
    return not (await hotline.post("/supervision/reserves/banzhang", {"joined": False}))["joined"]


async def test_reserve_on_a_telephone_takes_the_citizen_by_key_and_they_hear_each_other(crowded: Hotline) -> None:
    async with crowded.seated("1001", "8001"), Telephone(crowded) as telephone:
        await crowded.post("/agents/1001/break", {"reason": "rest"})
        async with crowd(crowded, "13810000411", "13810000412", "13810000413") as citizens:
            await telephone.until("answered", within=15)
            await wait_for(lambda: hears(telephone.speech.heard, PROMPTS["reserve-accept"][0]), what="they are asked")
            telephone.speech.press("1")
            await wait_for(lambda: hears(telephone.speech.heard, CITIZEN_HZ), what="the reserve hears the citizen")
            taken = next(one for one in citizens if one.number == b"13810000411")
            await wait_for(lambda: hears(taken.speech.heard, SEAT_HZ), what="the first in line hears the reserve")
            assert await crowded.waiting() == ["13810000412", "13810000413"]
        call = await crowded.call_of("13810000411")
        assert (call["outcome"], call["agent"]) == ("answered", "zhiban")
        await calm(crowded)


async def test_voicemail_of_a_reserve_takes_no_citizen(crowded: Hotline) -> None:
    async with crowded.seated("1001", "8001"), Telephone(crowded) as voicemail:
        await crowded.post("/agents/1001/break", {"reason": "rest"})
        async with crowd(crowded, "13810000421", "13810000422", "13810000423") as citizens:
            await voicemail.until("answered", within=15)
            await voicemail.until("ended", within=20)
            assert len(await crowded.waiting()) == 3
            assert not any(hears(citizen.speech.heard, SEAT_HZ) for citizen in citizens)
        await calm(crowded)
    for number in ("13810000421", "13810000422", "13810000423"):
        assert (await crowded.call_of(number))["outcome"] == "abandoned_queue"


async def test_controller_that_dies_in_a_crowd_finds_the_reserves_again_and_sends_them_home(crowded: Hotline) -> None:
    async with crowded.seated("1001", "8001"), crowded.seat("8009", ring=None) as foreman:
        await crowded.post("/agents/1001/break", {"reason": "rest"})
        async with crowd(crowded, "13810000431", "13810000432", "13810000433"):
            await foreman.until("ringing", within=15)
            crowded.program("controller").kill()
            await until_live(crowded, lambda live: "banzhang" in live["policy"]["reserves"], within=30)
        await calm(crowded)
        seat = next(row for row in await crowded.get("/seats") if row["seat"] == "8009")
        assert seat["agent"] is None
