"""From the raw file to the sealed one: both sides apart, one row, and nothing lost whoever dies at which step."""

import os
from pathlib import Path

import pytest
import soundfile
from talks import AGENT_HZ, CITIZEN_HZ, RATE, Kept, sides

from callcenter.recordings import key_file, store
from callcenter.recordings.flows import sealer
from callcenter.settings import Settings


@pytest.mark.parametrize("form", ["opus", "wav"])
async def test_a_talk_is_kept_with_the_agent_left_and_the_citizen_right(kept: Kept, form: str) -> None:
    kept.settings = Settings(
        data=kept.settings.data, recordings={"format": form, "key_file": kept.settings.recordings.key_file}
    )
    await kept.talk(seconds=30)
    assert await kept.sealer().sweep() == 0
    (row,) = await kept.rows()
    assert kept.files() == ["2026/11/23/node1-1.1.sealed"], "the raw file is gone"
    assert (row.state, row.format, row.seconds, row.legal_hold) == ("kept", form, 30.0, False)
    assert sides(kept.heard(row)) == (AGENT_HZ, CITIZEN_HZ)
    assert row.size < 30 * RATE * 4 * (0.4 if form == "opus" else 1.01)
    peaks = list(row.waveform)
    assert len(peaks) == 2000
    assert {60 <= peak <= 63 for peak in peaks} == {True}, "8000 of 32768 on both sides"
    assert (row.delete_after - row.started_at).days == 1095
    assert kept.alarms == {"recordings_not_sealed": None}


async def test_what_lies_on_the_disk_cannot_be_played(kept: Kept) -> None:
    await kept.talk(seconds=5)
    await kept.sealer().sweep()
    (row,) = await kept.rows()
    with pytest.raises(soundfile.SoundFileError):
        soundfile.read(kept.folder / row.path)
    data = (kept.folder / row.path).read_bytes()
    assert not any(word in data for word in (b"OggS", b"Opus", b"RIFF", b"WAVE"))
    assert (kept.folder / row.path).stat().st_mode & 0o077 == 0


async def test_a_talk_that_goes_on_or_has_just_ended_waits(kept: Kept) -> None:
    going = await kept.talk("node1-1.1", over=False, ago=1)
    ended = await kept.talk("node1-1.2", ago=0)
    stranger = kept.raw / "node1-9.9.raw"
    stranger.write_bytes(b"\0" * 4000)
    kept.age(stranger, 600)
    assert await kept.sealer().sweep() == 1, "one is to be looked at again at once"
    assert (await kept.rows(), going.exists(), ended.exists(), stranger.exists()) == ([], True, True, True)
    kept.age(ended, 3)
    assert await kept.sealer().sweep() == 0
    assert [row.linkedid for row in await kept.rows()] == ["node1-1.2"]


async def test_a_citizen_who_reached_nobody_leaves_no_recording(kept: Kept) -> None:
    raw = await kept.talk(seconds=0, answered_at=None, recording=None, outcome="abandoned_queue")
    await kept.sealer().sweep()
    assert (await kept.rows(), raw.exists(), kept.files()) == ([], False, [])


async def test_a_file_that_a_killed_asterisk_left_in_the_middle_of_a_sample_is_kept(kept: Kept) -> None:
    raw = await kept.talk(seconds=5, cut=True)
    raw.write_bytes(raw.read_bytes()[:-3])
    kept.age(raw, 9)
    await kept.sealer().sweep()
    (row,) = await kept.rows()
    assert 4.9 < row.seconds < 5
    assert sides(kept.heard(row)) == (AGENT_HZ, CITIZEN_HZ)


class Death(BaseException):
    """The program is killed here: nothing in it may catch this."""


#: The steps of sealing, by the call that each is made of; a death comes before it or after it.
STEPS = ["seal", "fsync", "frames_of", "replace", "settle", "row", "drop_raw"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_whoever_dies_at_whichever_step_one_whole_recording_is_there_in_the_end(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    await kept.talk(seconds=3)
    place = {
        "seal": (store, "seal"),
        "fsync": (os, "fsync"),
        "frames_of": (store, "frames_of"),
        "replace": (Path, "replace"),
        "settle": (store, "_settle"),
        "row": (sealer.Sealer, "_seal"),
        "drop_raw": (store, "drop_raw"),
    }[step]
    real = getattr(*place)

    def dies(*arguments: object, **more: object) -> object:
        if after:
            real(*arguments, **more)
        raise Death

    async def dies_later(*arguments: object, **more: object) -> object:
        return dies(*arguments, **more) if not after else await _then_die(real(*arguments, **more))

    with monkeypatch.context() as patch:
        patch.setattr(*place, dies_later if step == "row" else dies)
        with pytest.raises(Death):
            await kept.sealer().sweep()
    # What a program that was killed leaves, no `except` of ours having cleaned up.
    leftover = kept.folder / "2026/11/23/node1-1.1.sealing"
    leftover.parent.mkdir(parents=True, exist_ok=True)
    leftover.write_bytes(b"half")

    await kept.sealer().sweep()
    (row,) = await kept.rows()
    assert not (kept.raw / "node1-1.1.raw").exists()
    assert sides(kept.heard(row)) == (AGENT_HZ, CITIZEN_HZ)
    assert store.is_stored(kept.folder, row.path, row.size, row.sha256)


async def _then_die(work: object) -> object:
    await work  # type: ignore[misc]
    raise Death


async def test_a_sealed_file_that_was_damaged_before_the_raw_one_was_removed_is_made_anew(kept: Kept) -> None:
    raw = await kept.talk()
    await kept.sealer().sweep()
    (row,) = await kept.rows()
    raw.write_bytes(b"\1\0" * 8000)
    kept.age(raw, 9)
    with (kept.folder / row.path).open("r+b") as file:
        file.truncate(100)
    await kept.sealer().sweep()
    (row,) = await kept.rows()
    assert store.is_stored(kept.folder, row.path, row.size, row.sha256)


async def test_a_file_that_grows_while_it_is_sealed_waits(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = await kept.talk()
    real = store.seal

    def grows(*arguments: object) -> object:
        yield from real(*arguments)  # type: ignore[arg-type]
        raw.write_bytes(raw.read_bytes() + b"\0" * 400)

    with monkeypatch.context() as patch:
        patch.setattr(store, "seal", grows)
        assert await kept.sealer().sweep() == 1
    assert (await kept.rows(), raw.exists(), kept.files()) == ([], True, ["raw/node1-1.1.raw"])


async def test_without_its_keys_nothing_is_lost_and_the_supervisor_is_told(kept: Kept) -> None:
    key_file.ensure(kept.settings.recordings.keys, sealer.clock.now())
    kept.settings.recordings.keys.write_text("{}")
    raw = await kept.talk()
    await kept.sealer().sweep()
    assert (await kept.rows(), raw.exists()) == ([], True)
    alarm = kept.alarms["recordings_not_sealed"]
    assert alarm["files"] == 1
    assert "backup" in alarm["reason"]


async def test_recordings_of_an_older_key_are_heard_after_a_new_one_began(kept: Kept) -> None:
    await kept.talk("node1-1.1")
    await kept.sealer().sweep()
    key_file.rotate(kept.settings.recordings.keys, sealer.clock.now())
    await kept.talk("node1-1.2")
    await kept.sealer().sweep()
    one, other = await kept.rows()
    assert one.key_id != other.key_id
    assert sides(kept.heard(one)) == sides(kept.heard(other))
