"""Recorded talks as Asterisk leaves them: the agent says one tone, the citizen another; and their calls."""

import io
import os
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from sqlalchemy import select
from sqlalchemy.orm import undefer

from callcenter.hotline.tables import Call
from callcenter.recordings import key_file, store
from callcenter.recordings.flows.sealer import Sealer
from callcenter.recordings.sealing import Sealed
from callcenter.recordings.tables import Recording
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

AGENT_HZ, CITIZEN_HZ = 1000, 440
RATE = 8000


def raw(seconds: float) -> bytes:
    """What MixMonitor writes: the citizen's sample, then what went to them, over and over."""
    at = np.arange(int(RATE * seconds)) / RATE
    sides = [8000 * np.sin(2 * np.pi * hertz * at) for hertz in (CITIZEN_HZ, AGENT_HZ)]
    return np.stack(sides, axis=1).astype("<i2").tobytes()


def hertz_of(samples: npt.NDArray[np.float64]) -> int:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(samples))
    return round(float(spectrum.argmax()) * RATE / len(samples))


def sides(sound: bytes) -> tuple[int, int]:
    """The tones on the left and on the right of a file of any format."""
    samples, rate = soundfile.read(io.BytesIO(sound))
    assert (rate, samples.shape[1]) == (RATE, 2)
    return hertz_of(samples[:, 0]), hertz_of(samples[:, 1])


@dataclass
class Kept:
    """A folder of recordings, its keys and its database."""

    folder: Path
    settings: Settings
    database: Database

    def __post_init__(self) -> None:
        self.raw.mkdir(parents=True)
        self.alarms: dict[str, Any] = {}

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def sealer(self) -> Sealer:
        return Sealer(self.database, self.settings, self.raw, self.folder, self.alarms.__setitem__)

    async def talk(
        self, linkedid: str = "node1-1.1", seconds: float = 3.0, *, over: bool = True, ago: float = 60.0, **more: object
    ) -> Path:
        """Have somebody talked, `ago` seconds before now; returns the raw file."""
        ended = clock.now() - timedelta(seconds=ago)
        began = ended - timedelta(seconds=seconds)
        row: dict[str, Any] = {"answered_at": began, "ended_at": ended, "outcome": "answered", "direction": "inbound"}
        row |= {"recording": f"2026/11/23/{linkedid}.sealed", "agent": "1001", "caller": "13800000001"} | more
        async with self.database.begin() as session:
            progress = None if over else {"first": linkedid}
            session.add(Call(node="node1", linkedid=linkedid, started_at=began, progress=progress, **row))
        path = self.raw / f"{linkedid}.raw"
        path.write_bytes(raw(seconds))
        self.age(path, ago)
        return path

    def age(self, path: Path, seconds: float) -> None:
        """Make `path` as if it had last been written so many seconds ago."""
        then = time.time() - seconds
        os.utime(path, (then, then))

    async def rows(self) -> list[Recording]:
        async with self.database.read() as session:
            return list(
                await session.scalars(select(Recording).options(undefer(Recording.waveform)).order_by(Recording.id))
            )

    def heard(self, row: Recording) -> bytes:
        """What somebody with the keys reads."""
        keys = key_file.load(self.settings.recordings.keys)
        with Sealed(self.folder / row.path, keys.all, row.path) as sealed:
            return b"".join(sealed.read())

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


def stored(folder: Path, path: str, keys: key_file.Keys, seconds: float = 3.0) -> store.Stored:
    """Seal a talk as `folder`/`path`."""
    (folder / "a.raw").write_bytes(raw(seconds))
    return store.store(folder / "a.raw", folder, path, form="wav", key=keys.current, stop=threading.Event())
