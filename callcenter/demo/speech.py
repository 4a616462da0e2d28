"""Speech over RTP: what a simulated phone says, what it hears, and the keys it presses (RFC 3550, RFC 4733).

SIPp carries the signalling only: its own media needs raw sockets, and cannot tell what it heard.
"""

import asyncio
import math
import secrets
import shutil
import struct
import subprocess
import wave
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import cast

from callcenter.tasks import cancel, spawn

#: Samples a second, samples a packet, seconds a packet; an A-law sample is a byte.
RATE, FRAME, FRAME_SECONDS = 8000, 160, 0.02
_ALAW, _EVENT = 8, 101
_HEADER = struct.Struct("!BBHII")
_KEYS = "0123456789*#"
#: Packets that a key is held, and how often its end is repeated, for it may get lost.
_KEY_PACKETS, _KEY_ENDS = 6, 3
#: How much of what was heard is kept, in packets: five seconds.
_MEMORY = 250


def _encode(sample: int) -> int:
    """A-law of a 16-bit sample (ITU-T G.711)."""
    sign, size = (0x80, sample) if sample >= 0 else (0, -sample - 1)
    size = min(size, 32_635) >> 4
    segment = max(size.bit_length() - 4, 1)
    code = size if size < 16 else ((segment << 4) | ((size >> (segment - 1)) & 0x0F))  # noqa: PLR2004  # the first segment
    return (code | sign) ^ 0x55


def _decode(code: int) -> int:
    code ^= 0x55
    segment, step = (code >> 4) & 7, code & 0x0F
    size = ((step << 1) + 1) << 3 if not segment else ((step << 1) + 33) << (segment + 2)
    return size if code & 0x80 else -size


_LINEAR = [_decode(code) for code in range(256)]


def encode(samples: Iterable[int]) -> bytes:
    """Return 16-bit samples as A-law."""
    return bytes(_encode(sample) for sample in samples)


def decode(alaw: bytes) -> list[int]:
    """Return A-law as 16-bit samples."""
    return [_LINEAR[code] for code in alaw]


def tone(hertz: float, seconds: float = 1.0, loudness: int = 8000) -> bytes:
    """Return a pure tone as A-law."""
    return encode(int(loudness * math.sin(math.tau * hertz * n / RATE)) for n in range(int(RATE * seconds)))


def share_of(samples: Sequence[int], hertz: float) -> float:
    """Return how much of the power of `samples` (8000 a second) is a tone of `hertz`: 0 to 1 (Goertzel)."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    turn = 2 * math.cos(math.tau * hertz / RATE)
    older = newer = 0.0
    for sample in samples:
        older, newer = newer, sample + turn * newer - older
    return 2 * (newer * newer + older * older - turn * newer * older) / (len(samples) * power)


def spoken(text: str, folder: Path, *, pitch: int = 50) -> bytes:
    """Return `text` as speech (A-law), or a tone where no synthesiser is installed; takes some 50 ms."""
    espeak = shutil.which("espeak-ng")
    path = folder / f"speech-{secrets.token_hex(4)}.wav"
    if espeak is None:
        return tone(300 + 2 * pitch)
    try:
        subprocess.run(  # noqa: S603  # a program of the system's, with words of ours
            [espeak, "-v", "cmn", "-p", str(pitch), "-w", str(path), text], check=True, capture_output=True, timeout=20
        )
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))
    except (OSError, subprocess.SubprocessError, wave.Error, struct.error):
        return tone(300 + 2 * pitch)
    finally:
        path.unlink(missing_ok=True)
    return encode(samples[int(n * rate / RATE)] for n in range(int(len(samples) * RATE / rate)))


class Speech(asyncio.DatagramProtocol):
    """One side of a conversation: says `words` over and over while it lasts, and keeps what it hears."""

    def __init__(self, words: bytes) -> None:
        frames = [words[start : start + FRAME] for start in range(0, len(words) - FRAME + 1, FRAME)]
        self._frames = cycle(frames or [b"\xd5" * FRAME])
        self._keys: deque[str] = deque()
        self._transport: asyncio.DatagramTransport | None = None
        self._target: tuple[str, int] | None = None
        self._source = secrets.randbits(32)
        self._stamp = secrets.randbits(31)
        self._wanted = asyncio.Event()
        #: Number of the next packet: a phone begins anywhere (RFC 3550, 5.1).
        self.sequence = secrets.randbits(16)
        #: Packets so far.
        self.sent = 0
        #: Whether nothing is sent, as by a phone that is muted and has voice activity detection.
        self.muted = False
        #: Of so many packets one is lost on the way; 0 loses none.
        self.loses_one_in = 0
        self.received = 0
        self._heard: deque[bytes] = deque(maxlen=_MEMORY)
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that the offer names."""
        if self._transport is None:
            raise RuntimeError("not open")
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def heard(self) -> list[int]:
        """The last five seconds heard, as samples."""
        return decode(b"".join(self._heard))

    def press(self, keys: str) -> None:
        """Press `keys`, one after the other, as soon as there is someone to hear them."""
        self._keys.extend(key for key in keys if key in _KEYS)

    def speak_to(self, host: str, port: int) -> None:
        """Begin a conversation: forget what the last one said, and speak to this address or where speech comes from."""
        self._heard.clear()
        self._target = (host, port)
        self._wanted.set()

    def fall_silent(self) -> None:
        """End the conversation."""
        self._target = None
        self._wanted.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket; asyncio calls this."""
        # asyncio's own datagram transport is no subclass of this before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)
        self._task = spawn(self._speak(), name="speech")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear a packet; asyncio calls this."""
        if len(data) <= _HEADER.size or data[0] >> 6 != 2:  # noqa: PLR2004  # RTP's version
            return
        if self._target is not None:
            self._target = addr
        self.received += 1
        if data[1] & 0x7F == _ALAW:
            self._heard.append(data[_HEADER.size :])

    def close(self) -> asyncio.Task[None] | None:
        """Stop speaking; returns the task that was, for whoever waits for its end."""
        if self._transport is not None:
            self._transport.close()
        if self._task is not None:
            self._task.cancel()
        return self._task

    async def _speak(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._wanted.wait()
            due = clock()
            while self._target is not None:
                if self._keys:
                    due = await self._press(self._keys.popleft(), due)
                self._send(_ALAW, next(self._frames))
                self._stamp += FRAME
                due = await self._pace(due)

    async def _pace(self, due: float) -> float:
        now = asyncio.get_running_loop().time()
        due = max(due + FRAME_SECONDS, now - 1)  # after a long stall the lost second is not made up for
        await asyncio.sleep(max(due - now, 0))
        return due

    async def _press(self, key: str, due: float) -> float:
        """Send one key: every packet of it has the time at which it was pressed (RFC 4733, 2.5.1.2)."""
        for number in range(1, _KEY_PACKETS + _KEY_ENDS + 1):
            end = number > _KEY_PACKETS
            length = min(number, _KEY_PACKETS) * FRAME
            payload = struct.pack("!BBH", _KEYS.index(key), 0x80 * end | 10, length)
            self._send(_EVENT, payload, marker=number == 1)
            due = await self._pace(due)
        self._stamp += (_KEY_PACKETS + _KEY_ENDS) * FRAME
        return due

    def _send(self, kind: int, payload: bytes, *, marker: bool = False) -> None:
        if self._transport is None or self._target is None or self.muted:
            return
        head = _HEADER.pack(0x80, 0x80 * marker | kind, self.sequence, self._stamp & 0xFFFFFFFF, self._source)
        self.sequence = (self.sequence + 1) & 0xFFFF
        if self.loses_one_in and self.sequence % self.loses_one_in == 0:
            return
        self._transport.sendto(head + payload, self._target)
        self.sent += 1


@asynccontextmanager
async def speaking(words: bytes) -> AsyncIterator[Speech]:
    """Open a phone's speech on a free port of the loopback network, and close it on leaving."""
    loop = asyncio.get_running_loop()
    _, speech = await loop.create_datagram_endpoint(lambda: Speech(words), local_addr=("127.0.0.1", 0))
    try:
        yield speech
    finally:
        await cancel(speech.close())
