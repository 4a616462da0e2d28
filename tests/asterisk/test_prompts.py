"""Prompts are made by the real espeak-ng and sox, once, from whatever words and recordings people hand us."""

import asyncio
import math
import os
import re
import struct
import subprocess
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from trial import Trial, trial

from callcenter.asterisk import prompts
from callcenter.asterisk.prompts import FIXED_PROMPTS, PromptError, ensure, music, wanted
from callcenter.paths import ROOT
from callcenter.settings import Settings


def quiet(_line: str) -> None:
    """Nobody listens."""


def samples(path: Path) -> tuple[int, ...]:
    """Return the samples of a file, after checking that it is what Asterisk plays without converting."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        frames = file.readframes(file.getnframes())
    return struct.unpack(f"<{len(frames) // 2}h", frames)


def level(heard: tuple[int, ...]) -> float:
    """Return the mean level in dB below full scale."""
    return 20 * math.log10(math.sqrt(sum(sample * sample for sample in heard) / len(heard)) / 32768 + 1e-9)


def sox(*words: str | Path) -> None:
    subprocess.run(["sox", *map(str, words)], check=True, capture_output=True)


def test_words_become_speech_for_the_telephone(tmp_path: Path) -> None:
    ensure(tmp_path, {"hotline/greeting": "您好，欢迎致电一二三四五热线。"}, None, quiet)

    heard = samples(tmp_path / "zh/hotline/greeting.wav")
    assert 2 < len(heard) / 8000 < 8
    assert -30 < level(heard) < -12
    assert max(map(abs, heard)) < 0.75 * 32768


def test_only_what_changed_is_made_again(tmp_path: Path) -> None:
    said: list[str] = []
    words = {"a": "一", "b": "二"}
    ensure(tmp_path, words, None, said.append)
    before = {path: path.stat().st_ino for path in (tmp_path / "zh").glob("*.wav")}

    ensure(tmp_path, words, None, said.append)
    assert said == ["prompts: making 2"]

    ensure(tmp_path, words | {"b": "三"}, None, said.append)
    assert said[1:] == ["prompts: making 1"]
    assert (tmp_path / "zh/a.wav").stat().st_ino == before[tmp_path / "zh/a.wav"]

    (tmp_path / "zh/a.wav").unlink()
    ensure(tmp_path, words | {"b": "三"}, None, quiet)
    assert samples(tmp_path / "zh/a.wav")


def test_a_damaged_note_of_what_was_made_costs_only_time(tmp_path: Path) -> None:
    ensure(tmp_path, {"a": "一"}, None, quiet)
    for damage in (b"[1, 2", b"[]", b"\xff\xfe"):
        (tmp_path / "zh/.made.json").write_bytes(damage)
        ensure(tmp_path, {"a": "一"}, None, quiet)
        assert samples(tmp_path / "zh/a.wav")


def test_what_is_no_longer_wanted_goes(tmp_path: Path) -> None:
    ensure(tmp_path, {"hotline/option-1": "一", "a": "一"}, None, quiet)
    ensure(tmp_path, {"a": "一"}, None, quiet)

    assert not (tmp_path / "zh/hotline/option-1.wav").exists()
    assert (tmp_path / "zh/a.wav").exists()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "，。！",
        "--version",
        "-f /etc/passwd",
        "$(touch {there}) `touch {there}` ; touch {there} | touch {there}",
        "|touch {there}",
        "[[_^_ hello]] <speak><audio src='/etc/passwd'/></speak>",
        "一\x00二\r\n三\x1b[2J",
        "😀🏛️",
        "\ud800",
        "长" * 500,
    ],
)
def test_hostile_words_are_words(tmp_path: Path, words: str) -> None:
    there = tmp_path / "there"

    ensure(tmp_path, {"hotline/menu": words.replace("{there}", str(there))}, None, quiet)

    assert samples(tmp_path / "zh/hotline/menu.wav")
    assert not there.exists()


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", "-n", "a b", "", ".hidden", "a/b/c"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PromptError, match="no name for a prompt"):
        ensure(tmp_path / "sounds", {name: "一"}, None, quiet)
    assert not list(tmp_path.rglob("out*"))


@pytest.mark.parametrize(("suffix", "rate", "channels"), [("wav", 48000, 2), ("flac", 44100, 1), ("mp3", 22050, 2)])
def test_a_studio_recording_stands_in_for_the_words(tmp_path: Path, suffix: str, rate: int, channels: int) -> None:
    studio = tmp_path / "studio"
    (studio / "hotline").mkdir(parents=True)
    recording = studio / f"hotline/greeting.{suffix}"
    sox("-n", "-r", rate, "-c", channels, recording, "synth", "1.5", "sine", "440", "pad", "2", "2")
    words = {"hotline/greeting": "您好", "hotline/menu": "请按一"}

    ensure(tmp_path / "made", words, studio, quiet)

    heard = samples(tmp_path / "made/zh/hotline/greeting.wav")
    # The tone without the silence around it, at the level of the spoken ones.
    assert 1.4 < len(heard) / 8000 < 2.0
    crossings = sum((one < 0) != (following < 0) for one, following in pairwise(heard))
    assert crossings == pytest.approx(440 * 2 * 1.5, rel=0.1)
    assert samples(tmp_path / "made/zh/hotline/menu.wav")

    recording.unlink()
    ensure(tmp_path / "made", words, studio, quiet)
    assert samples(tmp_path / "made/zh/hotline/greeting.wav") != heard


def test_broken_recordings_are_all_named_and_the_rest_is_made(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    (studio / "hotline").mkdir(parents=True)
    (studio / "hotline/greeting.wav").write_bytes(b"this is no sound")
    (studio / "hotline/menu.flac").write_bytes(os.urandom(5000))
    (studio / "hotline/thanks.wav").touch()
    sox("-n", "-r", "8000", studio / "hotline/rating.wav", "trim", "0", "3")
    words = dict.fromkeys(("greeting", "menu", "thanks", "rating", "full"), "一二三")
    words = {f"hotline/{name}": said for name, said in words.items()}
    ensure(tmp_path / "made", words, None, quiet)
    before = samples(tmp_path / "made/zh/hotline/greeting.wav")

    with pytest.raises(PromptError) as caught:
        ensure(tmp_path / "made", words | {"hotline/full": "四五六"}, studio, quiet)

    lines = str(caught.value).splitlines()
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in lines] == [
        "greeting.wav",
        "menu.flac",
        "rating.wav",
        "thanks.wav",
    ]
    assert all(line.startswith(str(studio)) for line in lines)
    # Callers go on hearing the old one.
    assert samples(tmp_path / "made/zh/hotline/greeting.wav") == before
    with pytest.raises(PromptError, match="no such folder"):
        ensure(tmp_path / "made", words, tmp_path / "nowhere", quiet)


def test_a_check_of_the_settings_names_broken_recordings_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "hotline").mkdir()
    (tmp_path / "hotline/greeting.wav").write_bytes(b"RIFF")

    found = prompts.faults(Settings(prompts=tmp_path))

    assert len(found) == 1
    assert "greeting.wav" in found[0]
    assert prompts.faults(Settings(prompts=tmp_path / "no")) == [
        f"{tmp_path / 'no'}: no such folder (the setting prompts names it)"
    ]
    assert prompts.faults(Settings()) == []


def test_without_the_synthesiser_the_fault_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PromptError, match="espeak-ng is missing; run: make setup"):
        ensure(tmp_path / "made", {"a": "一"}, None, quiet)


def test_everything_that_the_dialplan_plays_is_made() -> None:
    templates = [*(ROOT / "dialplan").glob("*.j2"), *(ROOT / "asterisk-conf").glob("*.j2")]
    text = "\n".join(path.read_text() for path in templates)
    played = set(re.findall(r"hotline/[a-z-]+[a-z]", text)) - {"hotline/option", "hotline/ticket"}
    options = [{"key": key, "action": "announce", "text": "窗口时间"} for key in "5*"]

    made = wanted(Settings(menu={"options": options}))

    assert played
    assert played <= made.keys()
    assert {"hotline/option-5", "hotline/option-star"} <= made.keys()
    assert {f"hotline/ticket-{state}" for state in ("open", "closed", "none")} <= made.keys()
    assert all(words.strip() for words in made.values())


def test_the_hold_music_is_a_gentle_minute_made_once(tmp_path: Path) -> None:
    music(tmp_path)
    (loop,) = tmp_path.iterdir()
    heard = samples(loop)

    assert len(heard) == 60 * 8000
    assert -30 < level(heard) < -20
    assert max(map(abs, heard)) < 0.4 * 32768
    # Not shrill: hardly anything above 2 kHz; and never silent, or callers think they were cut off.
    sox(loop, tmp_path / "high.wav", "highpass", "2000", "highpass", "2000")
    assert level(samples(tmp_path / "high.wav")) < level(heard) - 15
    seconds = [level(heard[at : at + 8000]) for at in range(0, len(heard), 8000)]
    assert min(seconds) > -40
    (tmp_path / "high.wav").unlink()
    made = loop.stat().st_mtime_ns
    music(tmp_path)
    assert [path.stat().st_mtime_ns for path in tmp_path.iterdir()] == [made]


@pytest.mark.asterisk
async def test_asterisk_finds_every_part_of_a_chinese_number(tmp_path: Path) -> None:
    """Asterisk itself says numbers that together ask for every file: none may be missing."""
    said = "SayNumber({})\n same => n,"
    numbers = "".join(said.format(number) for number in (0, 15, 108, 20304, -6, 79, 100000000))
    dialplan = f"exten => numbers,1,Answer()\n same => n,Set(CHANNEL(language)=zh)\n same => n,{numbers}NoOp(all said)"
    digits = {name: words for name, words in FIXED_PROMPTS.items() if name.startswith("digits/")}
    ensure(tmp_path / "share/sounds", digits, None, quiet)

    async with trial(tmp_path, dialplan, ami_port=9138, sip_port=9160) as asterisk:
        await asterisk.call("numbers", seconds=60)
        log = await _until(asterisk, "all said")

    assert "does not exist" not in log
    for name in ("0", "10", "5", "hundred", "8", "2", "wan", "minus", "6", "70", "9", "yi"):
        assert f"'digits/{name}.slin' (language 'zh')" in log.replace(".wav", ".slin"), name


async def _until(asterisk: Trial, words: str) -> str:
    """Return the log once `words` stand in it."""
    log = ""
    async with asyncio.timeout(60):
        while words not in log:
            await asyncio.sleep(0.1)
            log = await asyncio.to_thread(asterisk.log.read_text, errors="replace")
    return log


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(5, "五"), (10, "十"), (15, "十五"), (45, "四十五"), (90, "九十"), (120, "一百二十"), (240, "二百四十")],
)
def test_when_a_callback_is_promised_is_said_in_chinese_numbers(minutes: int, words: str) -> None:
    spoken = wanted(Settings())
    assert spoken[f"hotline/within-{minutes}"] == f"我们会在{words}分钟内给您回拨，请保持电话畅通。"
