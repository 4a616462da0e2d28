"""What other call-centre systems got wrong, each shown to be right here.

- FusionPBX 2831: an unregistered phone is still shown as available. `test_a_phone_without_power_...`; one that signs
  off: `test_journey_talk.test_agent_whose_phone_is_gone_is_on_break_and_says_so`.
- chan-sccp 334: a phone is stuck in use after its call. `test_a_phone_that_dies_in_a_talk_...`.
- QPanel 113 and 167: figures are zero after a restart. `test_figures_are_the_same_...`.
- AsterNET 273: who gave up while the program was down is unknown. `test_who_gives_up_while_...`.
- NodeJS-AsteriskManager 62: the interval of reconnecting grows to a day. `test_the_wait_to_reconnect_...`; that it does
  grow: `test_ami_client.test_the_wait_between_tries_grows_and_has_jitter`.
- asterisk 759: transfers are missing from the record. `test_journey_conference` and `test_journey_desk_talk`, where the
  panel transfers (a phone's own REFER is declined); one as recorded:
  `test_calls_rules.test_a_recorded_call_has_its_outcome`.
- asterisk 607 and 1006: wrap-up is cut short by another queue's call. `test_wrap_up_is_not_cut_short_...`.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from harness import SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import Relay, document, manager, stopped, until_document, until_said

from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.ami import client as ami_client
from callcenter.tasks import spawn

pytestmark = pytest.mark.asterisk

#: Seconds of after-call work, long enough to be cut short; and between two questions to a phone whether it is there.
WRAP_UP, QUALIFY = 10, 2


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    changes = {"QUEUE__WRAP_UP_SECONDS": str(WRAP_UP), "SEATS__QUALIFY_SECONDS": str(QUALIFY)}
    with running_hotline(tmp_path_factory.mktemp("others"), **changes) as running:
        yield running


async def seat_shown(hotline: Hotline, number: str) -> dict[str, Any]:
    """Return a seat as the wallboard shows it."""
    seats: dict[str, dict[str, Any]] = (await document(hotline)).get("seats", {})
    return seats.get(number, {})


async def until_seat(hotline: Hotline, number: str, within: float = 15, **facts: Any) -> None:  # noqa: ANN401
    async def so() -> bool:
        shown = await seat_shown(hotline, number)
        return all(shown.get(name) == value for name, value in facts.items())

    await wait_for(so, within, what=f"seat {number} is {facts}")


async def test_a_phone_without_power_is_not_shown_as_available_and_gets_no_call(hotline: Hotline) -> None:
    """FusionPBX 2831: a phone that has gone without signing off stays `available` until its registration runs out."""
    async with hotline.seated("1001", "8001") as gone, hotline.seated("1002", "8002") as there:
        await gone.sipp.stop()
        began = time.monotonic()
        await until_seat(hotline, "8001", state="break", reason="phone_offline", phone=False)
        noticed = time.monotonic() - began
        rang = gone.count("ringing")
        async with hotline.citizen("13890000001") as citizen:
            await there.until("answered", within=15)
            await citizen.hang_up()
        assert (await hotline.call_of("13890000001"))["seat"] == "8002"
        assert gone.count("ringing") == rang
        async with hotline.seat("8001"):
            await until_seat(hotline, "8001", state="ready", phone=True)
    print(f"\na phone without power is shown as gone after {noticed:.1f} s, asked every {QUALIFY} s")


async def test_a_phone_that_dies_in_a_talk_is_not_stuck_in_use(hotline: Hotline) -> None:
    """chan-sccp 334: the phone's state stays `in use` after its call is over, and no call reaches it any more."""
    async with hotline.seated("1001", "8001") as seat:
        async with hotline.citizen("13890000002") as citizen:
            await seat.until("answered", within=15)
            await seat.sipp.stop()
            await citizen.hang_up()
        await until_seat(hotline, "8001", state="break", reason="phone_offline", within=WRAP_UP + 10)
        async with hotline.seat("8001") as again, hotline.citizen("13890000003") as citizen:
            await again.until("answered", within=20)
            assert list(again.talking.values()) == ["13890000003"]
            await citizen.hang_up()
    assert (await hotline.call_of("13890000002"))["outcome"] == "answered"


async def test_figures_are_the_same_after_a_restart_of_every_program(hotline: Hotline) -> None:
    """QPanel 113 and 167: what is counted in Asterisk's memory begins at zero again, in the middle of the day."""
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13890000004") as citizen:
        await seat.until("answered", within=15)
        async with hotline.citizen("13890000005") as waiting:
            await wait_for(hotline.waiting)
            await waiting.hang_up()
        await citizen.hang_up()
    await hotline.callback_of("13890000005")
    await hotline.call_of("13890000004")

    async def counted() -> tuple[dict[str, Any], int] | None:
        shown = await document(hotline)
        figures = shown.get("figures")
        return (figures, shown["queue"]["max_waiting_seen"]) if figures else None

    before = await wait_for(counted)
    assert before[0]["calls"] > 0, before
    assert before[1] > 0
    starts = hotline.log.read_text().count("controller: ready")
    for program in (hotline.program("asterisk.conf"), hotline.program("controller")):
        program.kill()
    await until_said(hotline, "controller: ready", times=starts + 1)
    await until_document(hotline, asterisk="up", database="up")
    await wait_for(lambda: _same(counted, before), what=f"the figures are {before} again")


async def _same(counted: Any, before: object) -> bool:  # noqa: ANN401
    return bool(await counted() == before)


async def test_who_gives_up_while_the_controller_is_down_is_known_and_owed(hotline: Hotline) -> None:
    """AsterNET 273: who abandons while nobody listens is never heard of, or waits on the screen for ever.

    One waits before it goes and hangs up while it is away; one comes and goes in that time.
    """
    async with hotline.seated("1001", "8001"):
        await hotline.post("/agents/1001/break", {"reason": "rest"})
        async with hotline.citizen("13890000006") as known:
            await wait_for(hotline.waiting)
            starts = hotline.log.read_text().count("controller: ready")
            with stopped(hotline.program("controller")):
                async with hotline.citizen("13890000007") as unknown:
                    await known.hang_up()
                    await unknown.hang_up()
                await until_said(hotline, "controller: hung")
        await until_said(hotline, "controller: ready", times=starts + 1)
        await until_document(hotline, asterisk="up", database="up")
        assert await hotline.waiting() == []
        assert (await document(hotline))["queue"]["in_greeting"] == 0
    for caller, outcome in (("13890000006", "abandoned_queue"), ("13890000007", "abandoned_greeting")):
        call = await hotline.call_of(caller, within=20)
        assert call["outcome"] == outcome
        assert (await hotline.callback_of(caller))["calls"] == [call["id"]]


async def test_the_wait_to_reconnect_never_grows_long(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    """NodeJS-AsteriskManager 62: each failure doubles the wait, and after a night Asterisk is back and nobody listens.

    A hundredth of the real times: after forty tries in vain, doubling from 1 ms would have come to ten thousand years.
    """
    assert ami_client.LONGEST_WAIT <= 5
    monkeypatch.setattr(ami_client, "FIRST_WAIT", ami_client.FIRST_WAIT / 100)
    monkeypatch.setattr(ami_client, "LONGEST_WAIT", ami_client.LONGEST_WAIT / 100)
    async with Relay(hotline.settings.ami_port) as relay:

        async def open_late() -> float:
            await wait_for(lambda: len(relay.tries) >= 40, what="forty tries in vain")
            relay.open = True
            return time.monotonic()

        opening = spawn(open_late(), name="open late")
        async with manager(hotline, relay.port) as link:
            back = time.monotonic() - await opening
            await link.action("Ping")
    waits = [later - earlier for earlier, later in pairwise(relay.tries)]
    print(f"\nlongest of {len(waits)} waits {max(waits) * 1000:.0f} ms, back {back * 1000:.0f} ms after it could be")
    assert max(waits[20:40]) < ami_client.LONGEST_WAIT + 0.5


async def test_wrap_up_is_not_cut_short_by_another_call_to_the_same_phone(hotline: Hotline) -> None:
    """Asterisk 607 and 1006: app_queue counts wrap-up from a member's last call, which a call of another queue resets.

    While the agent writes down what the citizen wanted, a call that did not come through the queue reaches their phone
    and ends. The citizen who waits is offered to them when wrap-up is over, and not before.
    """
    async with (
        hotline.seated("1001", "8001") as seat,
        manager(hotline) as link,
        hotline.citizen("13890000008") as first,
    ):
        await seat.until("answered", within=15)
        async with hotline.citizen("13890000009") as second:
            await wait_for(hotline.waiting)
            await first.hang_up()
            await hotline.until_agent("1001", "wrap_up")
            until = datetime.fromisoformat((await seat_shown(hotline, "8001"))["until"])
            await link.action("Originate", Channel="PJSIP/8001", Application="Wait", Data="1", Async="true")
            await seat.until("answered", times=2)
            await wait_for(lambda: phone_is_free(link, "8001"), what="the other call is over")
            assert time.time() < until.timestamp() - 1, "it ended well within wrap-up"
            assert (await hotline.agent("1001"))["state"] == "wrap_up"
            assert datetime.fromisoformat((await seat_shown(hotline, "8001"))["until"]) == until
            await seat.until("ringing", times=3, within=WRAP_UP + 5)
            rang = [step.at for step in seat.sipp.steps if step.word == "ringing"][2]
            assert rang > until.timestamp() - 0.3, "not before wrap-up was over"
            await wait_for(lambda: hears(second.speech.heard, SEAT_HZ), what="the citizen hears the agent")
            await second.hang_up()
    print(f"\nthe next citizen rang {rang - until.timestamp():+.1f} s after the end of wrap-up")


async def phone_is_free(link: AmiClient, seat: str) -> bool:
    """Whether the phone of a seat has no call in Asterisk."""
    return not [one for one in await link.list("CoreShowChannels") if one["Channel"].startswith(f"PJSIP/{seat}-")]
