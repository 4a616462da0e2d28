"""Sealed recordings on the disk: written whole or not at all, removed for good.

Nothing here knows the database. Whoever calls writes the row after `store` and before `drop_raw`; so at whatever step
a program or the machine dies, what Asterisk recorded is still there, and the same steps are done again.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callcenter.recordings.audio import RATE, Format, Waveform, encoded, frames_of
from callcenter.recordings.sealing import MasterKey, seal

#: Asterisk's own, in the folder of raw recordings; and what is kept.
RAW, SEALED = ".raw", ".sealed"
_DRAFT = ".sealing"


class Stopped(Exception):
    """The program is ending; the rest is done after the next start."""


class Grown(Exception):
    """Asterisk wrote more while it was sealed: the call is not over, whatever its records say."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was made of a raw recording."""

    seconds: float
    size: int
    sha256: str
    key_id: str
    format: Format
    waveform: bytes


def store(raw: Path, folder: Path, path: str, *, form: Format, key: MasterKey, stop: threading.Event) -> Stored:
    """Seal `raw` as `folder`/`path`, whatever is there under that name; returns when it is safe on the disk.

    Raises OSError, Stopped when `stop` is set meanwhile, and Grown; then nothing is there under that name, or what was.
    """
    frames = frames_of(raw)
    waveform = Waveform(frames)
    target = folder / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(_DRAFT)
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for piece in seal(_until(stop, encoded(raw, form, frames, waveform.add)), key, path):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
            file.flush()
            os.fsync(file.fileno())
        _check(raw, frames)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _settle(target.parent, folder)
    return Stored(frames / RATE, size, digest.hexdigest(), key.id, form, waveform.packed())


def is_stored(folder: Path, path: str, size: int, sha256: str) -> bool:
    """Return whether the sealed file is there as its row says, byte for byte. Raises OSError."""
    try:
        with (folder / path).open("rb") as file:
            if os.fstat(file.fileno()).st_size != size:
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def drop_raw(raw: Path) -> None:
    """Remove a raw recording, for good. Raises OSError."""
    raw.unlink(missing_ok=True)
    _settle(raw.parent, raw.parent)


def delete(folder: Path, path: str) -> None:
    """Remove a sealed recording, for good. Raises OSError."""
    target = folder / path
    target.unlink(missing_ok=True)
    if target.parent.is_dir():
        _settle(target.parent, target.parent)


def raws(folder: Path) -> list[tuple[Path, float]]:
    """Return the raw recordings in `folder` and when each was last written, the oldest first. Raises OSError."""
    with os.scandir(folder) as entries:
        found = [
            (Path(entry.path), entry.stat(follow_symlinks=False).st_mtime)
            for entry in entries
            if entry.name.endswith(RAW) and entry.is_file(follow_symlinks=False)
        ]
    return sorted(found, key=lambda one: one[1])


def _check(raw: Path, frames: int) -> None:
    if frames_of(raw) != frames:
        raise Grown(str(raw))


def _until(stop: threading.Event, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if stop.is_set():
            raise Stopped
        yield piece


def _settle(folder: Path, top: Path) -> None:
    """Make names in `folder` safe on the disk, and those of the folders above it up to `top`."""
    for one in (folder, *folder.parents):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if one == top:
            return
