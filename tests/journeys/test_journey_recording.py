"""A conversation is recorded: the agent on the left, the citizen on the right, one recording whatever happens to it.

The file on the disk cannot be played without the keys. A citizen who is moved to another agent is recorded on; an
Asterisk that is killed leaves what was spoken until then; a controller that is killed seals it after its next start.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator

import pytest
import soundfile
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from outage import manager, until_said
from recorded import heard, kept, share, spoken

from callcenter.api_client import HotlineRefused
from callcenter.demo.seats import Seat
from callcenter.paths import Paths

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """One of their own: what they kill is nobody else's."""
    with running_hotline(tmp_path_factory.mktemp("recording")) as running:
        yield running


async def test_each_side_is_on_its_own_channel_and_the_file_says_nothing_without_its_key(hotline: Hotline) -> None:
    async with hotline.seated("1001", "8001") as seat, hotline.citizen("13870000001") as citizen:
        await seat.until("answered", within=15)
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        await wait_for(lambda: hears(seat.speech.heard, CITIZEN_HZ), what="the agent hears the citizen")
        await talks_on(seat)
        await citizen.hang_up()
        await seat.until("ended")
    call = await hotline.call_of("13870000001")
    recording = await kept(hotline, call)
    agent, citizen_side = await heard(hotline, recording)
    print(
        f"\nleft: seat {share(agent, SEAT_HZ):.3f} citizen {share(agent, CITIZEN_HZ):.4f}; right: citizen "
        f"{share(citizen_side, CITIZEN_HZ):.3f} seat {share(citizen_side, SEAT_HZ):.4f}; {recording['seconds']:.1f} s"
    )
    assert share(agent, SEAT_HZ) > 0.9
    assert share(agent, CITIZEN_HZ) < 0.01
    assert share(citizen_side, CITIZEN_HZ) > 0.9
    assert share(citizen_side, SEAT_HZ) < 0.01
    file = Paths.of(hotline.settings).recordings / call["recording"]
    assert "13870000001" not in str(file)
    with pytest.raises(soundfile.SoundFileError):
        soundfile.read(file)
    assert not list(Paths.of(hotline.settings).raw_recordings.iterdir()), "nothing of it lies about"
    talked = (recording["ticket"], recording["agent"], recording["state"])
    assert talked == (call["ticket"], "1001", "kept")
    with pytest.raises(HotlineRefused):
        await hotline.get("/recordings/999999/waveform")

    (listed,) = await hotline.cli("recordings", "--caller", "13870000001")
    saved = hotline.folder / "saved.ogg"
    assert (await command(hotline, "recording", "save", str(listed["id"]), str(saved)))[0] == 0
    samples, _ = soundfile.read(saved)
    assert share(samples[:, 0], SEAT_HZ) > 0.9
    status, _, complaint = await command(hotline, "recording", "save", "999999", str(hotline.folder / "no.ogg"))
    assert (status, "no.ogg" in complaint, (hotline.folder / "no.ogg").exists()) == (1, False, False)
    rotated = await hotline.cli("recording", "rotate-key")
    assert (rotated["keys"], rotated["current"] != recording["key"]) == (2, True)


async def test_a_citizen_who_is_moved_to_another_agent_has_one_recording_of_both_talks(hotline: Hotline) -> None:
    number = "13870000002"
    async with (
        hotline.seated("1001", "8001") as first,
        hotline.seated("1002", "8002") as second,
        hotline.citizen(number) as citizen,
        manager(hotline) as ami,
    ):
        await wait_for(lambda: first.talking or second.talking, 15, what="one of them has the citizen")
        one, other = (first, second) if first.talking else (second, first)
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ))
        await talks_on(one)
        channels = await ami.list("CoreShowChannels")
        (own,) = [row["Channel"] for row in channels if row.get("Application") == "Queue"]
        await ami.action("Redirect", Channel=own, Context="hotline-queue", Exten="s", Priority="1")
        await one.until("ended")
        await other.until("answered", within=15)
        await wait_for(lambda: other.talking and hears(citizen.speech.heard, SEAT_HZ))
        await talks_on(other)
        await citizen.hang_up()
        await other.until("ended")
    call = await hotline.call_of(number)
    recording = await kept(hotline, call)
    agent, citizen_side = await heard(hotline, recording)
    said = (spoken(agent, SEAT_HZ), spoken(citizen_side, CITIZEN_HZ))
    print(f"\nboth talks: agents {said[0]:.1f} s, citizen {said[1]:.1f} s of {recording['seconds']:.1f} s")
    assert said[0] > 3
    assert said[1] > 3


async def test_what_was_spoken_before_asterisk_was_killed_is_kept(hotline: Hotline) -> None:
    number = "13870000003"
    async with hotline.seated("1001", "8001") as seat, hotline.citizen(number):
        await seat.until("answered", within=15)
        await talks_on(seat, seconds=5)
        times = hotline.log.read_text().count("asterisk: died") + 1
        hotline.program("asterisk.conf").kill()
        await until_said(hotline, "asterisk: died", times=times)
    call = await hotline.call_of(number, within=40)
    assert call["cut"]
    recording = await kept(hotline, call)
    agent, citizen_side = await heard(hotline, recording)
    said = (spoken(agent, SEAT_HZ), spoken(citizen_side, CITIZEN_HZ))
    print(f"\nkilled after 5 s: {recording['seconds']:.1f} s are kept; agent {said[0]:.1f} s, citizen {said[1]:.1f} s")
    assert said[0] > 3
    assert said[1] > 3


async def test_a_controller_that_is_killed_while_it_seals_does_so_after_its_next_start(hotline: Hotline) -> None:
    numbers = [f"1387000001{n}" for n in range(3)]
    raw = Paths.of(hotline.settings).raw_recordings
    async with hotline.seated("1001", "8001") as seat:
        for number in numbers:
            async with hotline.citizen(number) as citizen:
                await wait_for(lambda: seat.talking, 20, what="the agent has the citizen")
                await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ))
                await talks_on(seat, seconds=1)
                await citizen.hang_up()
                await wait_for(lambda: not seat.talking)
                # Killed as soon as the raw file may be sealed, or a moment before or after.
                await wait_for(lambda: list(raw.iterdir()))
                hotline.program("controller").kill()
            await wait_for(lambda: hotline.log.read_text().count("controller: ready"), 20)
            await hotline.until_agent("1001", "ready", within=30)
    for number in numbers:
        call = await hotline.call_of(number, within=30)
        recording = await kept(hotline, call, within=30)
        agent, citizen_side = await heard(hotline, recording)
        assert share(agent, SEAT_HZ) > 0.8
        assert share(citizen_side, CITIZEN_HZ) > 0.8
    assert not list(raw.iterdir())


async def test_the_audit_finds_a_recording_that_is_gone(hotline: Hotline) -> None:
    call = await hotline.call_of("13870000001")
    file = Paths.of(hotline.settings).recordings / call["recording"]
    aside = file.rename(file.with_suffix(".aside"))
    try:
        assert await missing(hotline) == [call["linkedid"]]
    finally:
        aside.rename(file)
    assert await missing(hotline) == []


async def talks_on(seat: Seat, seconds: int = 2) -> None:
    """Wait until a seat has heard so many more seconds."""
    received = seat.speech.received
    await wait_for(lambda: seat.speech.received > received + 50 * seconds, what=f"{seconds} more seconds of talk")


async def missing(hotline: Hotline) -> list[str]:
    """Return the calls whose recording the audit misses, by Asterisk's name."""
    _, out, _ = await command(hotline, "audit", "--json")
    return [one["call"] for one in json.loads(out)["differences"] if one["kind"] == "recording_missing"]


async def command(hotline: Hotline, *words: str) -> tuple[int | None, str, str]:
    """Run `callcenter WORDS`; returns its status and what it said."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", *words),
        env={**os.environ, **hotline.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await done.communicate()
    return done.returncode, out.decode(), err.decode()
