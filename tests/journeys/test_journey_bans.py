"""A flood of registrations while calls go on, a guesser, and a phone with an old password: who is banned for how long.

A lab hotline that may ban addresses of the loopback network, for seconds.
"""

import asyncio
import json
import signal
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import psutil
import pytest
from harness import SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import document
from sip_client import Client, client

from callcenter.api_client import HotlineDown, LocalApi
from callcenter.tasks import cancel, spawn

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    bans = {"loopback": True, "first_seconds": 3, "longest_seconds": 6, "window_seconds": 10}
    with running_hotline(
        tmp_path_factory.mktemp("besieged"), BANS=json.dumps(bans), QUEUE__WRAP_UP_SECONDS="0"
    ) as running:
        yield running


FLOODER = "127.0.0.66"
#: Bounds of the flood: seconds, and requests.
FLOOD_SECONDS, FLOOD_REQUESTS = 8.0, 4000


@dataclass
class Flood:
    """REGISTERs without a proof from one address: how many were sent, and what they were answered."""

    phone: Client
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    #: Seconds from the first request to the first refusal.
    refused_after: float | None = None

    async def run(self) -> None:
        listening = spawn(self._listen(), name="flood answers")
        self._began = time.monotonic()
        while self.sent < FLOOD_REQUESTS and (so_far := time.monotonic() - self._began) < FLOOD_SECONDS:
            while self.sent < FLOOD_REQUESTS * so_far / FLOOD_SECONDS:
                self.phone.send(self.phone.request("REGISTER", str(8001 + self.sent % 10)))
                self.sent += 1
            await asyncio.sleep(0.01)
        await cancel(listening)

    async def _listen(self) -> None:
        while True:
            status = (await self.phone.receive())[8:11]
            self.answers[status] += 1
            if status == "403" and self.refused_after is None:
                self.refused_after = time.monotonic() - self._began


async def set_up_times(hotline: Hotline, first: int, count: int) -> list[float]:
    """Return the milliseconds from a citizen's INVITE to its answer, one call after the other."""
    took = []
    for number in range(first, first + count):
        async with hotline.citizen(str(number)) as citizen:
            await citizen.until("answered")
            at = {step.word: step.at for step in citizen.sipp.steps}
            took.append(1000 * (at["answered"] - at["dialled"]))
            await citizen.hang_up()
    return took


async def test_a_flood_of_registrations_harms_no_call_and_is_banned_for_a_time(besieged: Hotline) -> None:
    async with AsyncExitStack() as stack:
        seats = [await stack.enter_async_context(besieged.seated(str(1000 + at), str(8000 + at))) for at in range(1, 6)]
        citizens = [await stack.enter_async_context(besieged.citizen(f"1382222000{at}")) for at in range(5)]
        await wait_for(lambda: sum(bool(seat.talking) for seat in seats) == 5, 30, what="five talk")
        before = await set_up_times(besieged, 13833330000, 10)
        async with client("udp", besieged.settings.sip_port, source=FLOODER) as phone:
            flood = Flood(phone)
            flooding = spawn(flood.run(), name="flood")
            await wait_for(lambda: flood.refused_after, what="the flood is refused")
            (ban,) = [row for row in await besieged.get("/bans") if row["address"] == FLOODER]
            alarms = (await document(besieged))["alarms"]
            async with besieged.seat("8006"):  # registers, or fails the test
                meanwhile = await set_up_times(besieged, 13833340000, 10)
            await flooding
        assert all(seat.talking for seat in seats), "nobody was cut off"
        for citizen in citizens:
            await wait_for(lambda citizen=citizen: hears(citizen.speech.heard, SEAT_HZ), what="they still hear")
        await wait_for(lambda: refused(besieged, FLOODER, 401), 15, what="the ban is over")
        for citizen in citizens:
            await citizen.hang_up()
    assert ban["reason"] == "flood"
    assert ban["active"]
    assert "sip_flood" in alarms
    rows = [row for row in await besieged.get("/bans?every=true") if row["address"] == FLOODER]
    assert not any(row["active"] for row in rows)
    print(
        f"\n{flood.sent} REGISTERs from {FLOODER}, answers {dict(flood.answers)}; "
        f"refused after {flood.refused_after or 0:.2f} s; banned {len(rows)} times\n"
        f"set-up, median ms: before {statistics.median(before):.1f} (worst {max(before):.1f}), "
        f"meanwhile {statistics.median(meanwhile):.1f} (worst {max(meanwhile):.1f})"
    )
    assert flood.sent >= FLOOD_REQUESTS * 0.9, "or it was no flood"
    assert flood.refused_after is not None
    assert flood.refused_after < 3
    assert statistics.median(meanwhile) < statistics.median(before) + 100


async def refused(hotline: Hotline, source: str, status: int) -> bool:
    """Whether a registration without proof from `source` is answered with `status`."""
    async with client("udp", hotline.settings.sip_port, source=source) as phone:
        return (await phone.register("8009", None)).status == status


async def test_one_phone_with_an_old_password_keeps_its_neighbours_in(besieged: Hotline) -> None:
    office = "127.0.0.70"
    async with client("udp", besieged.settings.sip_port, source=office) as good:
        assert (await good.register("8007", besieged.passwords["8007"])).status == 200
        async with client("udp", besieged.settings.sip_port, source=office) as old:
            for _ in range(30):
                assert (await old.register("8008", "last year's")).status == 401
        assert (await good.register("8007", besieged.passwords["8007"], expires=0)).status == 200
    assert [row for row in await besieged.get("/bans?every=true") if row["address"] == office] == []


async def test_a_guesser_is_banned_and_stays_so_without_a_controller_and_over_a_restart(besieged: Hotline) -> None:
    guesser = "127.0.0.71"
    async with client("udp", besieged.settings.sip_port, source=guesser) as phone:
        for guess in range(40):
            if (await phone.register("8008", f"guess{guess}")).status == 403:
                break

    async def written() -> list[str]:
        return [row["reason"] for row in await besieged.get("/bans?every=true") if row["address"] == guesser]

    # It is in force before it is written down.
    await wait_for(written, what="the ban is written down")
    assert await written() == ["wrong"]
    # By hand, for longer than the test's own bans.
    row = await besieged.cli("bans", "add", "127.0.0.72", "--minutes", "5", "--note", "by hand")
    assert (row["address"], row["by"], row["active"]) == ("127.0.0.72", "cli", True)
    await wait_for(lambda: refused(besieged, "127.0.0.72", 403))
    for program in ("controller", "asterisk.conf"):
        process = besieged.program(program)
        process.send_signal(signal.SIGKILL)
        await wait_for(lambda process=process: not process.is_running() or process.status() == "zombie")
        await wait_for(lambda: refused(besieged, "127.0.0.72", 403), 30)
        assert not await refused(besieged, "127.0.0.72", 401)
        await wait_for(lambda program=program: alive(besieged, program), 30)
    assert "127.0.0.72" in [row["address"] for row in await besieged.get("/bans")]
    await wait_for(lambda: lifted(besieged, "127.0.0.72"), 20)
    await wait_for(lambda: refused(besieged, "127.0.0.72", 401))


async def lifted(hotline: Hotline, address: str) -> bool:
    """Lift a ban, once the controller is there again."""
    with suppress(HotlineDown):
        return bool((await asyncio.to_thread(LocalApi(hotline.settings).delete, f"/bans/{address}"))["address"])
    return False


def alive(hotline: Hotline, word: str) -> bool:
    with suppress(StopIteration, psutil.Error):
        return hotline.program(word).is_running()
    return False
