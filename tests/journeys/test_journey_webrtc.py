"""A seat's phone in the browser: JsSIP in Chromium registers, takes a citizen's call from the queue, and hangs up.

The two hear each other, encrypted by DTLS-SRTP and coded in Opus on the browser's side, over plain WebSocket and over
the secure one. A seat has a plain SIP phone too: while it is there it is the one that rings, and the browser takes over
when it goes, and hands back when it returns. A browser that is closed while it rings costs the citizen nothing.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, wait_for
from softphone import Softphone, credential, softphone

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]


@pytest.fixture
async def browser_phone(tmp_path: Path) -> AsyncIterator[Softphone]:
    async with softphone(tmp_path) as opened:
        yield opened


def address(hotline: Hotline, scheme: str) -> str:
    settings = hotline.settings
    port = {"ws": settings.http_port, "wss": settings.https_port}[scheme]
    return f"{scheme}://127.0.0.1:{port}/ws"


async def register(hotline: Hotline, phone: Softphone, agent: str, seat: str, scheme: str = "ws") -> None:
    """Sign `agent` in at `seat`, and make the browser its phone."""
    await hotline.post(f"/agents/{agent}/sign-in", {"seat": seat})
    given = await credential(hotline, agent)
    await phone.register(address(hotline, scheme), given["sip_user"], given["sip_password"])


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_a_browser_takes_a_call_from_the_queue(hotline: Hotline, browser_phone: Softphone, scheme: str) -> None:
    caller = {"ws": "13840000001", "wss": "13840000002"}[scheme]
    await register(hotline, browser_phone, "1001", "8001", scheme)
    await hotline.until_agent("1001", "ready")
    try:
        async with hotline.citizen(caller) as citizen:
            assert await browser_phone.until("ringing") == caller
            await hotline.until_agent("1001", "ringing")
            await browser_phone.answer()
            await hotline.until_agent("1001", "talking")
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the browser")
            await wait_for(lambda: browser_phone.hears(CITIZEN_HZ), what="the browser hears the citizen")
            measures = await browser_phone.measures()
            print(f"\n{scheme}: {measures}")
            assert measures["dtls"] == "connected"
            assert measures["codecs"] == ["audio/opus", "audio/opus"]
            assert measures["received"] > 0
            assert measures["sent"] > 0

            await browser_phone.hang_up()
            assert (await browser_phone.until("ended")).startswith("local")
            await hotline.until_agent("1001", "wrap_up")
            await citizen.hang_up()  # on the question for a rating
        await hotline.until_agent("1001", "ready")
    finally:
        await hotline.sign_out("1001")
    call = await hotline.call_of(caller)
    assert (call["outcome"], call["agent"], call["seat"]) == ("answered", "1001", "8001")


async def test_the_sip_phone_comes_first_and_the_browser_takes_over_when_it_goes(
    hotline: Hotline, browser_phone: Softphone
) -> None:
    async with hotline.seat("8001") as seat:
        await register(hotline, browser_phone, "1001", "8001")
        await hotline.until_agent("1001", "ready")
        async with hotline.citizen("13840000003") as citizen:
            await seat.until("answered")
            await citizen.hang_up()
            await seat.until("ended")
        await hotline.until_agent("1001", "ready")
        assert await browser_phone.steps("ringing") == []
    try:
        async with hotline.citizen("13840000004") as citizen:
            assert await browser_phone.until("ringing") == "13840000004"
            await browser_phone.answer()
            await hotline.until_agent("1001", "talking")
            async with hotline.seat("8001") as seat:  # the SIP phone is back: the talk stays where it is
                await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the browser")
                await citizen.hang_up()
                await browser_phone.until("ended")
                await hotline.until_agent("1001", "ready")
                await browser_phone.unregister()
                async with hotline.citizen("13840000005") as third:
                    await seat.until("answered")
                    await third.hang_up()
                    await seat.until("ended")
                await hotline.until_agent("1001", "ready")
    finally:
        await hotline.sign_out("1001")
    for caller in ("13840000003", "13840000004", "13840000005"):
        assert (await hotline.call_of(caller))["outcome"] == "answered"


async def test_a_browser_that_is_closed_while_it_rings_costs_the_citizen_nothing(
    hotline: Hotline, browser_phone: Softphone
) -> None:
    """The call goes to the next agent; whose browser it was is on break, and why is said."""
    await register(hotline, browser_phone, "1001", "8001")
    await hotline.until_agent("1001", "ready")
    try:
        async with hotline.citizen("13840000006") as citizen:
            await browser_phone.until("ringing")
            async with hotline.seated("1002", "8002") as other:
                await browser_phone.page.close()
                await other.until("answered", within=15)
                assert (await hotline.until_agent("1001", "break"))["reason"] in {"no_answer", "phone_offline"}
                await citizen.hang_up()
    finally:
        await hotline.sign_out("1001")
    call = await hotline.call_of("13840000006")
    assert (call["outcome"], call["agent"]) == ("answered", "1002")
