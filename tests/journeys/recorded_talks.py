"""Recorded talks: agents, citizens and thirds with tones and packets of their own, and what is kept of them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import talk_desk
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for
from recorded import Side, heard, kept, moments
from talk_desk import NETWORK_HZ, OTHER_HZ, Desk

from callcenter.demo.network import Network
from callcenter.demo.phone import Phone
from callcenter.demo.seats import Seat
from callcenter.paths import Paths

#: Where a phone's packets begin to count.
LOW, MIDDLE, HIGH = 60, 20_000, 45_000
#: Of three voices one; of one voice beside music.
AMONG_OTHERS = 0.15
#: Tenths of a second in which one side may be heard already and the other not yet, of all joinings together.
UNHEARD = 6


@asynccontextmanager
async def talk(lines: Hotline, caller: str, counts_from: int = MIDDLE) -> AsyncIterator[tuple[Any, Seat]]:
    """A citizen and agent 1001 talk for two seconds."""
    async with lines.seated("1001", "8001") as seat:
        seat.speech.sequence = counts_from
        async with lines.citizen(caller) as citizen:
            await hear_each_other(citizen, seat, SEAT_HZ)
            yield citizen, seat


@asynccontextmanager
async def beside(lines: Hotline, counts_from: int = LOW) -> AsyncIterator[Seat]:
    """Agent 1002 at hand for a colleague, with packets that count from there."""
    async with talk_desk.beside(lines) as other:
        other.speech.sequence = counts_from
        yield other


async def hear_each_other(citizen: Phone, other: Phone, hertz: float, own: float = CITIZEN_HZ) -> None:
    """Wait until a citizen and whoever speaks so hear each other, and then for two seconds more."""
    await wait_for(lambda: hears(citizen.speech.heard, hertz), what=f"the citizen hears {other}")
    await wait_for(lambda: hears(other.speech.heard, own), what=f"{other} hears the citizen")
    await goes_on(citizen)


async def goes_on(phone: Phone, seconds: int = 2) -> None:
    """Wait until a phone has heard so many more seconds."""
    received = phone.speech.received
    await wait_for(lambda: phone.speech.received > received + 50 * seconds, what=f"{seconds} s more")


async def write_ticket(lines: Hotline, desk: Desk, caller: str) -> str:
    """The agent writes the ticket while they talk; returns its number."""
    (known,) = await lines.calls_of(caller)
    words = {"kind": "help", "title": "路灯不亮", "description": "桥北第三盏。", "then": "keep"}
    named = {"request_id": f"transfers-{caller}", "linkedid": known["linkedid"], "caller": caller}
    status, ticket = await desk.post("tickets", {**words, **named})
    assert status in {200, 201}, ticket
    return str(ticket["number"])


async def recording_of(
    lines: Hotline, call: dict[str, Any], ticket: str | None = None, own: int = CITIZEN_HZ
) -> tuple[Side, Side]:
    """Return both sides of the one recording of a call, which call and ticket name; `own` is the citizen's tone."""
    recording = await kept(lines, call)
    (row,) = [row for row in await lines.cli("calls") if row["id"] == call["id"]]
    assert row["recording"], "the call names its recording"
    assert (Paths.of(lines.settings).recordings / row["recording"]).is_file()
    if ticket is not None:
        assert row["ticket"] == ticket
        assert (await lines.get(f"/tickets/{ticket}"))["call"]["recording"] == row["recording"]
        (listed,) = await lines.cli("recordings", "--ticket", ticket)
        assert listed["id"] == recording["id"]
    assert [one for one in await differences(lines) if one["call"] == call["linkedid"]] == []
    left, right = await heard(lines, recording)
    citizen = set(moments(right, own))
    others = [hertz for hertz in (SEAT_HZ, OTHER_HZ, NETWORK_HZ) if hertz != own]
    voices = {hertz: set(moments(left, hertz, AMONG_OTHERS)) for hertz in others}
    told = {hertz: len(times) / 10 for hertz, times in voices.items()}
    print(f"\n{row['caller']}: {len(right) / 8000:.1f} s; right: citizen {len(citizen) / 10} s; left: {told}")
    assert len(set.union(*voices.values()) - citizen) <= UNHEARD, (
        "the citizen is there as long as anybody talks with them"
    )
    assert not moments(right, SEAT_HZ, AMONG_OTHERS)
    assert not moments(left, own, AMONG_OTHERS)
    return left, right


def after(left: Side, later: float, earlier: float) -> bool:
    """Whether one voice is heard only when the other is not heard any more."""
    return min(moments(left, later)) > max(moments(left, earlier))


@asynccontextmanager
async def called_back(lines: Hotline, network: Network, caller: str) -> AsyncIterator[Seat]:
    """A citizen, here a telephone of the network, is called back by agent 1001, and they talk."""
    async with lines.seated("1001", "8001") as seat:
        seat.speech.sequence = MIDDLE
        async with lines.citizen(caller, patience=0.3) as gone:
            await gone.until("hung_up", "ended")
        await wait_for(lambda: network.answered[caller], 45, what="they are called back")
        await hear_each_other(network, seat, SEAT_HZ, NETWORK_HZ)
        yield seat


async def outbound(lines: Hotline, caller: str) -> dict[str, Any]:
    """Wait until the call that the hotline made is over, and return it."""

    async def over() -> dict[str, Any] | None:
        rows = [row for row in await lines.calls_of(caller) if row["direction"] == "outbound"]
        return rows[0] if rows and rows[0]["ended_at"] else None

    found: dict[str, Any] = await wait_for(over, what="the call is over")
    return found


async def missing(lines: Hotline) -> list[str]:
    """Return the calls whose recording the audit misses, by Asterisk's name."""
    return [one["call"] for one in await differences(lines) if one["kind"] == "recording_missing"]


async def differences(lines: Hotline) -> list[dict[str, Any]]:
    """Return what the audit finds; its status is 1 when that is anything."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "audit", "--json"),
        env={**os.environ, **lines.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await done.communicate()
    found: list[dict[str, Any]] = json.loads(out)["differences"]
    return found
