"""The talk at the desk as agents work in it: two real browsers, a citizen, 110 and a supervisor, on a real Asterisk.

Everybody says a tone of their own, so that each ear tells whom it hears. The agents use the desk's keys and nothing
else.
"""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from desk_phone import Desk, desk, telephoning
from harness import CITIZEN_HZ, PROMPTS, SEAT_HZ, Hotline, hears, wait_for
from talk_desk import NETWORK_HZ, OTHER_HZ, hears_both, hotline_with_a_line, silent

from callcenter.demo.network import Network
from callcenter.demo.speech import tone

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SUPERVISOR_HZ = 1750
EVERY = (CITIZEN_HZ, SEAT_HZ, OTHER_HZ, NETWORK_HZ, SUPERVISOR_HZ)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a line to the telephone network."""
    changes = {"TALK__RING_SECONDS": "6", "CALLBACKS__MODE": "off"}
    with hotline_with_a_line(tmp_path_factory.mktemp("desk-talks"), **changes) as running:
        yield running


Kill = Callable[[], None]


@asynccontextmanager
async def seated(
    lines: Hotline, folder: Path, agent: str, seat: str, hertz: int = SEAT_HZ
) -> AsyncIterator[tuple[Desk, Kill]]:
    """An agent before a browser of their own, and what kills that as a crash does."""
    folder = folder / agent
    folder.mkdir()
    known = set(psutil.Process().children(recursive=True))
    async with telephoning(folder, hertz=hertz) as browser:
        programs = set(psutil.Process().children(recursive=True)) - known

        def kill() -> None:
            for program in programs:
                with suppress(psutil.Error):
                    if "chrom" in program.name():
                        program.kill()

        async with desk(lines, browser, agent, seat) as its:
            yield its, kill


@asynccontextmanager
async def two_agents(lines: Hotline, folder: Path) -> AsyncIterator[tuple[Desk, Desk, Kill]]:
    """One who takes the calls, and a colleague at hand, on a break; and what kills the browser of the first."""
    async with (
        seated(lines, folder, "1002", "8002", OTHER_HZ) as (other, _),
        seated(lines, folder, "1001", "8001") as (one, kill),
    ):
        await lines.post("/agents/1002/break", {"reason": "rest"})
        yield one, other, kill


async def answered(one: Desk, citizen: Any) -> None:  # noqa: ANN401  # any phone
    """The citizen's call rings, and is taken; they hear each other."""
    await one.call("ringing")
    await one.press("F2")
    await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
    await one.until_hears_only(CITIZEN_HZ, of=EVERY)


async def stands(its: Desk, stage: str, within: float = 15) -> None:
    """Wait until the desk says that the talk stands so."""
    await its.page.locator(f"[data-testid=talk][data-stage={stage}]").wait_for(timeout=within * 1000)


async def consults(one: Desk, other: Desk) -> None:
    """Choose the colleague by key, who takes it."""
    await one.press("Alt+KeyT")
    await one.page.keyboard.type("8002")
    await one.press("Enter")
    await other.call("ringing")
    await other.press("F2")
    await other.call("talking")
    await stands(one, "consulting")


async def test_hold_consultation_three_and_the_transfer_by_key(lines: Hotline, tmp_path: Path) -> None:
    caller = "13700000101"
    async with two_agents(lines, tmp_path) as (one, other, _), lines.citizen(caller) as citizen:
        await answered(one, citizen)
        measures = await one.page.evaluate(
            "async () => [...(await connection.getStats()).values()].filter((s) => /bound-rtp/.test(s.type))"
            ".map((s) => s.packetsReceived ?? s.packetsSent)"
        )
        assert len(measures) == 2, measures
        assert all(measures), "speech goes both ways"

        await one.press("F2")
        await stands(one, "held")
        await one.shows(".talk-parties", "正在听等待音乐")
        await one.picture("held")
        await wait_for(lambda: silent(citizen, SEAT_HZ), what="the citizen hears the agent no more")
        assert any(citizen.speech.heard[-1600:]), "they hear music"
        await one.press("F2")
        await stands(one, "talking")
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent again")

        await consults(one, other)
        await one.picture("consulting")
        await one.until_hears_only(OTHER_HZ, of=EVERY)
        await other.until_hears_only(SEAT_HZ, of=EVERY)
        await wait_for(lambda: silent(citizen, SEAT_HZ) and silent(citizen, OTHER_HZ), what="the citizen hears neither")

        await one.press("Alt+Digit3")
        await stands(one, "three_way")
        await one.picture("three-way")
        await hears_both(citizen, SEAT_HZ, OTHER_HZ)
        await one.until_hears_only(CITIZEN_HZ, OTHER_HZ, of=EVERY)
        await other.until_hears_only(CITIZEN_HZ, SEAT_HZ, of=EVERY)

        await one.press("Alt+KeyT")
        await one.call("")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="the two talk on")
        await other.until_hears_only(CITIZEN_HZ, of=EVERY)
        await other.press("F8")
        await wait_for(lambda: hears(citizen.speech.heard, PROMPTS["rating"][0]), what="they are asked for a rating")
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert (call["outcome"], call["agent"]) == ("answered", "1001")
    assert [(one["who"], one["mode"], one["result"]) for one in call["parties"]] == [("8002", "consult", "answered")]


async def test_a_blind_transfer_rings_at_the_colleagues_desk(lines: Hotline, tmp_path: Path) -> None:
    caller = "13700000102"
    async with two_agents(lines, tmp_path) as (one, other, _), lines.citizen(caller) as citizen:
        await answered(one, citizen)
        await one.press("Alt+KeyT")
        await one.page.get_by_text("直接转接").click()
        await one.page.locator("#talk-whom").fill("8002")
        await one.page.locator(".talk-target").click()
        await other.call("ringing")
        await other.picture("transferred-to")
        await other.press("F2")
        await other.call("talking")
        await one.call("")
        await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="the citizen hears the colleague")
        await other.until_hears_only(CITIZEN_HZ, of=EVERY)
        await citizen.hang_up()
        await other.call("")
    call = await lines.call_of(caller)
    assert [(one["who"], one["mode"], one["result"]) for one in call["parties"]] == [("8002", "transfer", "answered")]


async def test_110_by_two_presses_makes_three_and_stands_in_the_request(
    lines: Hotline, network: Network, tmp_path: Path
) -> None:
    caller = "13700000103"
    async with seated(lines, tmp_path, "1001", "8001") as (one, _), lines.citizen(caller) as citizen:
        await answered(one, citizen)
        for name, words in (("title", "楼道有人打架"), ("address", "河西街道长虹路8号"), ("description", "两人持械。")):
            await one.page.fill(f"#f-{name}", words)
        await one.press("F1")
        await one.shows("[data-testid=handover]", "长虹路8号")
        await one.press("F1")
        await wait_for(lambda: network.answered["110"], 20, what="110 answers")
        await stands(one, "three_way")
        await one.picture("police")
        await hears_both(citizen, SEAT_HZ, NETWORK_HZ)
        await hears_both(network, SEAT_HZ, CITIZEN_HZ)
        await one.until_hears_only(CITIZEN_HZ, NETWORK_HZ, of=EVERY)

        async with lines.seat("8009", words=tone(SUPERVISOR_HZ)) as supervisor:
            await lines.post("/supervision/listen", {"seat": "8001", "phone": "8009", "mode": "whisper"})
            await supervisor.until("answered")
            await one.until_hears_only(CITIZEN_HZ, NETWORK_HZ, SUPERVISOR_HZ, of=EVERY)
            assert silent(citizen, SUPERVISOR_HZ), "a whisper is for the agent alone"
            assert silent(network, SUPERVISOR_HZ)
            await lines.post("/supervision/listen", {"seat": "8001", "mode": "barge"})
            await hears_both(citizen, SEAT_HZ, NETWORK_HZ, SUPERVISOR_HZ)
            await hears_both(network, SEAT_HZ, CITIZEN_HZ, SUPERVISOR_HZ)
            await one.until_hears_only(CITIZEN_HZ, NETWORK_HZ, SUPERVISOR_HZ, of=EVERY)

            async def barged_in() -> str | None:
                (row,) = await lines.get("/supervision/listen")
                so = (row["seat"], row["mode"], row["state"]) == ("8001", "barge", "listening")
                return row["id"] if so else None

            name = await wait_for(barged_in, what="the panel says so")
            await lines.post(f"/supervision/listen/{name}", {"mode": "listen"})
            await wait_for(lambda: silent(citizen, SUPERVISOR_HZ), what="the supervisor only listens again")
            await supervisor.hang_up()
        await network.hang_up()
        await wait_for(lambda: silent(citizen, NETWORK_HZ) and hears(citizen.speech.heard, SEAT_HZ), what="two again")
        await one.press("F8")
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert [(one["kind"], one["who"], one["result"]) for one in call["parties"]] == [("police", "110", "answered")]


async def test_a_supervisor_who_has_barged_in_is_heard_after_a_hold_and_is_nobody_to_be_left_with(
    lines: Hotline, tmp_path: Path
) -> None:
    caller = "13700000107"
    async with (
        seated(lines, tmp_path, "1001", "8001") as (one, kill),
        lines.citizen(caller) as citizen,
        lines.seat("8009", words=tone(SUPERVISOR_HZ)) as supervisor,
    ):
        await answered(one, citizen)
        await lines.post("/supervision/listen", {"seat": "8001", "phone": "8009", "mode": "barge"})
        await supervisor.until("answered")
        await hears_both(citizen, SEAT_HZ, SUPERVISOR_HZ)
        await one.press("F2")
        await stands(one, "held")
        await one.press("F2")
        await stands(one, "talking")
        await hears_both(citizen, SEAT_HZ, SUPERVISOR_HZ)
        await one.until_hears_only(CITIZEN_HZ, SUPERVISOR_HZ, of=EVERY)
        kill()
        lost = PROMPTS["agent-lost"][0]
        await wait_for(lambda: hears(citizen.speech.heard, lost), 60, what="they are told, and first in line")
        await supervisor.until("ended")
        await citizen.hang_up()
    assert (await lines.callback_of(caller))["state"] == "waiting"


@pytest.mark.parametrize("three", [False, True], ids=["on hold", "of three"])
async def test_a_browser_killed_in_the_talk_leaves_the_citizen_with_somebody(
    lines: Hotline,
    tmp_path: Path,
    three: bool,  # noqa: FBT001
) -> None:
    caller = "13700000105" if three else "13700000106"
    async with AsyncExitStack() as stack:
        one, other, kill = await stack.enter_async_context(two_agents(lines, tmp_path))
        citizen = await stack.enter_async_context(lines.citizen(caller))
        await answered(one, citizen)
        if three:
            await consults(one, other)
            await one.press("Alt+Digit3")
            await hears_both(citizen, SEAT_HZ, OTHER_HZ)
            kill()
            await wait_for(
                functools.partial(lambda: silent(citizen, SEAT_HZ) and hears(citizen.speech.heard, OTHER_HZ)),
                60,
                what="the colleague goes on with them",
            )
            await other.until_hears_only(CITIZEN_HZ, of=EVERY)
        else:
            await one.press("F2")
            await stands(one, "held")
            kill()
            lost = PROMPTS["agent-lost"][0]
            await wait_for(lambda: hears(citizen.speech.heard, lost), 60, what="they are told, and first in line")
            await lines.post("/agents/1002/ready")
            await other.call("ringing", within=20)
            await other.press("F2")
            await wait_for(lambda: hears(citizen.speech.heard, OTHER_HZ), what="another agent has them")
        await citizen.hang_up()
    call = await lines.call_of(caller)
    assert call["outcome"] == "answered"
