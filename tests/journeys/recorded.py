"""What journeys hear of a recording: through the API, as the player does, and each side apart."""

import asyncio
import io
import urllib.request
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from harness import Hotline, wait_for

from callcenter.paths import Paths

RATE = 8000
Side = npt.NDArray[np.float64]


async def kept(hotline: Hotline, call: dict[str, Any], within: float = 20) -> dict[str, Any]:
    """Wait until the recording of `call` (its `id`) is sealed, and return it as listed; a second one fails the test."""

    async def there() -> dict[str, Any] | None:
        rows = await hotline.get(f"/recordings?call={call['id']}")
        assert len(rows) <= 1, rows
        return rows[0] if rows and not (raw / f"{rows[0]['linkedid']}.raw").exists() else None

    raw = Paths.of(hotline.settings).raw_recordings
    row: dict[str, Any] = await wait_for(there, within, what=f"the recording of call {call['id']} is kept")
    return row


async def heard(hotline: Hotline, recording: dict[str, Any]) -> tuple[Side, Side]:
    """Return what is on the left, the agent, and on the right, the citizen."""
    token = (Paths.of(hotline.settings).secrets / "cli.token").read_text().strip()
    address = f"http://127.0.0.1:{hotline.settings.panel_port}/api/v1/recordings/{recording['id']}/audio"

    def read() -> bytes:
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # our own http address
            return bytes(answer.read())

    samples, rate = soundfile.read(io.BytesIO(await asyncio.to_thread(read)))
    assert (rate, samples.shape[1]) == (RATE, 2)
    return samples[:, 0], samples[:, 1]


def share(side: Side, hertz: float) -> float:
    """Return how much of the power of `side` lies within 10 Hz of `hertz`: 0 to 1."""
    power = np.abs(np.fft.rfft(side)) ** 2
    near = np.abs(np.fft.rfftfreq(len(side), 1 / RATE) - hertz) < 10
    return float(power[near].sum() / max(power.sum(), 1e-12))


def spoken(side: Side, hertz: float, least: float = 0.5) -> float:
    """Return for how many seconds a tone of `hertz` is at least that share of what `side` says; 0.5: most of it."""
    return len(moments(side, hertz, least)) / 10


def moments(side: Side, hertz: float, least: float = 0.5) -> list[float]:
    """Return the seconds at which a tone of `hertz` is at least that share of what `side` says, in tenths."""
    step = RATE // 10
    pieces = [side[start : start + step] for start in range(0, len(side) - step + 1, step)]
    return [
        at / 10 for at, piece in enumerate(pieces) if np.sqrt(np.mean(piece**2)) > 0.01 and share(piece, hertz) > least
    ]
