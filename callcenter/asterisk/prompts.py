"""Chinese prompts: synthesised by espeak-ng, or a studio's recordings where there are any.

Every prompt is one 8 kHz mono 16-bit WAV below `<folder>/zh/`. A digest of what each was made from is kept beside
them, so that only what changed is made again. Words and recordings are hostile input: neither meets a shell.
"""

import hashlib
import json
import os
import re
import tempfile
import wave
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from callcenter.asterisk import melody
from callcenter.asterisk.phrases import FIXED_PROMPTS, option_name, wanted
from callcenter.asterisk.sound_tools import RATE, PromptError, run_tool
from callcenter.settings import Settings

__all__ = ["FIXED_PROMPTS", "PromptError", "ensure", "faults", "music", "option_name", "wanted"]

LANGUAGE = "zh"
#: A studio's recording may be any of these; the first that is there is used.
RECORDED = (".wav", ".flac", ".mp3")
_DIGESTS = ".made.json"
#: Changes when the same words must sound different: everything is then made again.
_RECIPE = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9#][a-z0-9#-]*)?")
#: espeak-ng reads `[[...]]` as phonemes; control characters are no words.
_NOT_SPOKEN = re.compile(r"[\x00-\x1f\x7f]|\[\[|\]\]")
_SPEED = 210
#: Band-limited as the telephone is, even in level, and with the silence at both ends cut to a breath.
_EDGE = ("silence", "1", "0.02", "0.2%", "reverse")
_CLEAN = ("highpass", "120", *_EDGE, *_EDGE, "gain", "-n", "-3", "pad", "0.05", "0.15")

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Job:
    name: str
    words: str
    recording: Path | None
    digest: str


def ensure(folder: Path, wanted: Mapping[str, str], studio: Path | None, say: Say) -> None:
    """Make `folder`/zh/NAME.wav for each name and its words in `wanted`, unless it is there and made from the same.

    A recording `studio`/NAME.wav, .flac or .mp3 of any rate stands in for the words. What is no longer wanted is
    removed. Raises PromptError with every fault, after making all that can be made.
    """
    home = folder / LANGUAGE
    home.mkdir(parents=True, exist_ok=True)
    if studio is not None and not studio.is_dir():
        raise PromptError(f"{studio}: no such folder (the setting prompts names it)")
    digests = _read_digests(home)
    for name in sorted(digests.keys() - wanted.keys()):
        if _NAME.fullmatch(name):
            _file(home, name).unlink(missing_ok=True)
        del digests[name]
    jobs, unreadable = _jobs(wanted, studio)
    due = [job for job in jobs if digests.get(job.name) != job.digest or not _file(home, job.name).exists()]
    faults = unreadable + (_make_all(home, due, digests, say) if due else [])
    _write_digests(home, digests)
    if faults:
        raise PromptError("\n".join(faults))


def faults(settings: Settings) -> list[str]:
    """Return what would keep the prompts from being made, one line each, making nothing that lasts."""
    if settings.prompts is None:
        return []
    if not settings.prompts.is_dir():
        return [f"{settings.prompts}: no such folder (the setting prompts names it)"]
    jobs, found = _jobs(wanted(settings), settings.prompts)
    with tempfile.TemporaryDirectory(prefix="callcenter-prompts-") as scratch:
        recorded = [job for job in jobs if job.recording]
        return found + _make_all(Path(scratch), recorded, {}, lambda _line: None)


def music(folder: Path) -> None:
    """Make the hold music in `folder` if it is missing (see `callcenter.asterisk.melody`). Raises PromptError."""
    melody.ensure(folder)


def _jobs(wanted: Mapping[str, str], studio: Path | None) -> tuple[list[_Job], list[str]]:
    """Return what each prompt is made from, and a line for each recording that cannot be read."""
    jobs, faults = [], []
    for name, words in wanted.items():
        try:
            jobs.append(_job(name, words, studio))
        except PromptError as error:
            faults.append(str(error))
    return jobs, faults


def _job(name: str, words: str, studio: Path | None) -> _Job:
    if not _NAME.fullmatch(name):
        raise PromptError(f"{name!r} is no name for a prompt")
    recording = None
    if studio is not None:
        candidates = (studio.resolve() / f"{name}{suffix}" for suffix in RECORDED)
        recording = next((path for path in candidates if path.is_file()), None)
    try:
        source = recording.read_bytes() if recording else words.encode(errors="replace")
    except OSError as error:
        raise PromptError(f"{recording}: {error.strerror}") from error
    digest = hashlib.sha256(f"{_RECIPE} {'recording' if recording else 'words'}\n".encode() + source).hexdigest()
    return _Job(name, words, recording, digest)


def _make_all(home: Path, due: Sequence[_Job], digests: dict[str, str], say: Say) -> list[str]:
    """Make what is due on all cores, noting each in `digests`; returns a line for each that failed."""
    say(f"prompts: making {len(due)}")
    faults = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as workers:
        futures = {workers.submit(_make, home, job): job for job in due}
        for future in as_completed(futures):
            job = futures[future]
            try:
                future.result()
            except PromptError as error:
                faults.append(str(error))
                digests.pop(job.name, None)
            else:
                digests[job.name] = job.digest
    return sorted(set(faults))


def _make(home: Path, job: _Job) -> None:
    target = _file(home, job.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".making-") as scratch:
        made = Path(scratch, "made.wav")
        try:
            if job.recording:
                _convert(job.recording, made)
            else:
                _speak(job.words, Path(scratch, "spoken.wav"), made)
        except PromptError as error:
            where = job.recording or f"prompt {job.name}"
            raise PromptError(f"{where}: {error}") from error
        # A call that is playing the old one keeps it: the file is replaced, never rewritten.
        made.replace(target)


def _speak(words: str, spoken: Path, made: Path) -> None:
    text = _NOT_SPOKEN.sub(" ", words).strip()
    if text:
        # On standard input words cannot be taken for options.
        run_tool(["espeak-ng", "-v", "cmn", "-s", str(_SPEED), "-b", "1", "--stdin", "-w", str(spoken)], words=text)
        _to_telephone(spoken, made)
    if not text or not _frames(made):
        _write_silence(made)


def _convert(recording: Path, made: Path) -> None:
    _to_telephone(recording, made)
    if not _frames(made, beyond=0.3):
        raise PromptError("the recording is empty or silent")


def _to_telephone(source: Path, made: Path) -> None:
    # -V1: errors only; -D: without dither, so that the same words make the same file.
    shape = ("-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed-integer")
    run_tool(["sox", "-V1", "-D", str(source.resolve()), *shape, str(made.resolve()), *_CLEAN])


def _frames(path: Path, beyond: float = 0.0) -> bool:
    """Tell whether a WAV file holds more than `beyond` seconds of sound."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() > beyond * RATE
    except (OSError, EOFError, wave.Error):
        return False


def _write_silence(path: Path, seconds: float = 0.2) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * int(seconds * RATE)))


def _file(home: Path, name: str) -> Path:
    return home / f"{name}.wav"


def _read_digests(home: Path) -> dict[str, str]:
    try:
        known = json.loads((home / _DIGESTS).read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in known.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write_digests(home: Path, digests: Mapping[str, str]) -> None:
    if digests == _read_digests(home):
        return
    temporary = home / (_DIGESTS + ".new")
    temporary.write_text(json.dumps(digests, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(home / _DIGESTS)
