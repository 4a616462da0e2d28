"""What must not trouble a call: a controller that dies, and a caller ID made to do harm.

The controller is killed in the middle of a talk: the two go on talking, a further citizen is queued and answered
meanwhile, and afterwards each call is on the list once and complete. Hostile caller IDs reach the queue like any
others, are listed with nothing dangerous left of them, and nothing they say is carried out.
"""

import asyncio
import string
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for

from callcenter.demo.show import is_healthy

pytestmark = pytest.mark.asterisk


async def test_killing_the_controller_does_not_end_a_call_nor_lose_it(hotline: Hotline) -> None:
    async with (
        hotline.seated("1001", "8001") as seat,
        hotline.seated("1002", "8002") as other,
        hotline.citizen("13820000001") as citizen,
    ):
        await wait_for(lambda: seat.talking or other.talking, 15)
        talking, idle = (seat, other) if seat.talking else (other, seat)
        hotline.program("controller").kill()
        async with hotline.citizen("13820000002") as second:
            before = talking.speech.received
            await idle.until("answered", within=15)
            assert list(idle.talking.values()) == ["13820000002"]
            assert talking.speech.received > before + 50, "the first two went on talking"
            assert hears(citizen.speech.heard, SEAT_HZ)
            assert hears(talking.speech.heard, CITIZEN_HZ)
            await second.hang_up()
        await citizen.hang_up()
        await wait_for(lambda: asyncio.to_thread(is_healthy, hotline.settings), 20, what="the controller is back")
    for caller in ("13820000001", "13820000002"):
        call = await hotline.call_of(caller, within=20)
        assert call["outcome"] == "answered"
        assert call["agent"] in {"1001", "1002"}


#: What it is -> user and display name of the From header, as bytes on the wire, and what may be left of the user.
#: (Raw `{`, control characters and bytes above 127 in a user are no SIP, and Asterisk drops them; escaped they get in.)
HOSTILE = {
    "quotes": (b"%22%27%60139", b'"a\\"b\'c`d"', "139"),
    "newlines": (b"139%0d%0aAction%3a%20Logoff%0d%0a%0d%0a", b'"x%0d%0a%0d%0aAction: Logoff"', "139ActionLogoff"),
    "expression": (b"%24%7bSHELL(touch%20PROOF)%7d139", b'"${SHELL(touch PROOF)}$[1/0]"', None),
    "emoji": (b"139%F0%9F%98%80", '"张三😀"'.encode(), "139"),
    "invalid UTF-8": (b"139%ff%fe%c3", b'"\xff\xfe\xc3"', "139"),
    "zero byte": (b"138%00139", b'"a%00b"', None),
    "markup": (b"%3Cscript%3Ealert(1)%3C/script%3E", b'"<script>alert(1)</script>"', None),
    "10,000 characters": (b"137" + b"7" * 9_997, b"", "137" + "7" * 29),
    "a name of 10,000 characters": (b"136", b'"' + b"9" * 10_000 + b'"', "136"),
    "nothing": (b"anonymous", b'"Anonymous"', ""),
}


async def test_hostile_caller_ids_are_calls_like_any_other(hotline: Hotline, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    known = {row["id"] for row in await hotline.get("/calls")}
    async with AsyncExitStack() as stack:
        citizens = [
            await stack.enter_async_context(
                hotline.citizen(
                    user.replace(b"PROOF", str(proof).encode()),
                    name=name.replace(b"PROOF", str(proof).encode()),
                    transport="t1" if len(user) > 5000 else "u1",
                )
            )
            for user, name, _ in HOSTILE.values()
        ]
        for citizen in citizens:
            await citizen.until("ended", within=20)

    async def listed() -> list[dict[str, Any]]:
        rows = [row for row in await hotline.get("/calls") if row["id"] not in known]
        return rows if len(rows) >= len(HOSTILE) and all(row["ended_at"] for row in rows) else []

    rows = await wait_for(listed)
    assert len(rows) == len(HOSTILE)
    assert {row["outcome"] for row in rows} == {"unanswered"}
    callers = [row["caller"] or "" for row in rows]
    for _, _, left in HOSTILE.values():
        assert left is None or left in callers, (left, callers)
    assert not proof.exists(), "what a caller ID says was carried out"
    harmless = string.ascii_letters + string.digits + "+*#_."
    assert all(set(caller) <= set(harmless) for caller in callers), callers
