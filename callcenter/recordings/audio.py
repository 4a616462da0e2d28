"""From what Asterisk recorded to what is kept: agent left, citizen right, as Opus or WAVE, and the waveform to look at.

Asterisk's MixMonitor with option D writes 16-bit samples, 8000 a second, of what came from the citizen's channel and of
what went to it in turns. A file that ends in the middle, because Asterisk was killed, is read as far as it goes.
"""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile

Format = Literal["opus", "wav"]
#: What a browser is told.
CONTENT_TYPES: dict[str, str] = {"opus": "audio/ogg", "wav": "audio/wav"}
RATE = 8000
#: Bytes of both sides' sample.
_FRAME = 4
#: Frames that are read at once: four seconds.
_BLOCK = 32_000
_PIECE = 256 * 1024
#: Columns of a waveform at most.
COLUMNS = 1000
_LOUDEST = 32_768

Samples = npt.NDArray[np.int16]


class Waveform:
    """The loudest of each side in each of COLUMNS equal parts of `frames` frames."""

    def __init__(self, frames: int) -> None:
        self._step = max(-(-frames // COLUMNS), 1)
        self._peaks = np.zeros((max(-(-frames // self._step), 1), 2), dtype=np.int32)
        self._done = 0

    def add(self, samples: Samples) -> None:
        """Take the next frames (agent, citizen)."""
        columns = (np.arange(self._done, self._done + len(samples))) // self._step
        np.maximum.at(self._peaks, columns, np.abs(samples.astype(np.int32)))
        self._done += len(samples)

    def packed(self) -> bytes:
        """Return one byte for each: agent and citizen of the first column, of the second, ...; 255 is the loudest."""
        return (np.minimum(self._peaks, _LOUDEST - 1) * 256 // _LOUDEST).astype(np.uint8).tobytes()


def frames_of(raw: Path) -> int:
    """Return how many frames are in `raw`. Raises OSError."""
    return raw.stat().st_size // _FRAME


def encoded(raw: Path, form: Format, frames: int, heard: Callable[[Samples], None]) -> Iterator[bytes]:
    """Yield the first `frames` frames of `raw` as a file of `form`, in pieces; `heard` gets all samples in order."""
    blocks = _blocks(raw, frames, heard)
    return _opus(blocks) if form == "opus" else _wave(blocks, frames)


def _blocks(raw: Path, frames: int, heard: Callable[[Samples], None]) -> Iterator[Samples]:
    with raw.open("rb") as file:
        while frames > 0:
            data = file.read(min(frames, _BLOCK) * _FRAME)
            if len(data) % _FRAME or not data:
                raise OSError(f"{raw} became shorter while it was read")
            # Citizen first on disk, agent first in what is kept.
            block = np.frombuffer(data, dtype="<i2").reshape(-1, 2)[:, ::-1].astype(np.int16)
            heard(block)
            yield block
            frames -= len(block)


def _wave(blocks: Iterator[Samples], frames: int) -> Iterator[bytes]:
    # A length that does not fit, after 37 hours, is left at the most: programs then read to the end.
    size = min(frames * _FRAME, 0xFFFFFFFF - 36)
    yield struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * _FRAME, _FRAME, 16, b"data", size),
    )
    for block in blocks:
        yield block.astype("<i2").tobytes()


def _opus(blocks: Iterator[Samples]) -> Iterator[bytes]:
    """Encode in memory: what lies on the disk is sealed. The library's own rate keeps the two sides apart."""
    descriptor = os.memfd_create("recording", os.MFD_CLOEXEC)
    try:
        with soundfile.SoundFile(
            descriptor, "w", samplerate=RATE, channels=2, format="OGG", subtype="OPUS", closefd=False
        ) as file:
            for block in blocks:
                file.write(block)
        os.lseek(descriptor, 0, os.SEEK_SET)
        while piece := os.read(descriptor, _PIECE):
            yield piece
    finally:
        os.close(descriptor)
