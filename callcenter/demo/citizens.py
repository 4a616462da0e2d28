"""Citizens 市民: each dials the hotline from a number, speaks, presses keys, and hangs up or is hung up on."""

import random
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from callcenter.demo.phone import Phone
from callcenter.demo.sipp import Server, Sipp, SippError, Step

#: Seconds of patience of a citizen who waits for the other side to hang up.
FOR_EVER = 3600.0


class Citizen(Phone):
    """One call of a citizen. Steps: `dialled`, then `refused`, or `answered` and then `hung_up` (by them) or `ended`.

    `number` is the user of the From header and `name` what stands before it, both byte for byte and so as hostile as
    bytes may be, but for a line end and `;`, which SIPp's injection file cannot hold. `patience` is in seconds from the
    moment Asterisk picks up. `transport` is SIPp's: `u1` for UDP, `t1` for TCP.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        number: str | bytes,
        *,
        words: bytes = b"",
        name: str | bytes = b"",
        patience: float = FOR_EVER,
        dialled: str = "12345",
        transport: str = "u1",
    ) -> None:
        super().__init__(words)
        self.number, self.name = (text.encode() if isinstance(text, str) else text for text in (number, name))
        if any(end in self.number + self.name for end in (b"\n", b"\r", b";")):
            raise ValueError("an injection file holds no line end and no ';' inside a field")
        self._server = server
        self._folder = folder
        self._patience = patience
        self._dialled = dialled
        self._transport = transport
        self._call_id = f"citizen-{secrets.token_hex(8)}"

    def __str__(self) -> str:
        return f"citizen {self.number[:20]!r}"

    async def _begin(self) -> None:
        await self._start(
            Sipp(
                self._server,
                "citizen",
                {
                    "dialled": self._dialled,
                    "media_port": self.speech.port,
                    "patience_ms": max(int(self._patience * 1000), 1),
                },
                self._folder,
                rows=(self.number + b";" + self.name,),
                arguments=("-m", "1", "-cid_str", self._call_id),
                transport=self._transport,
            )
        )

    def happened(self, step: Step) -> None:
        """Speak while the call lasts."""
        if step.word == "answered" and step.rest.isdigit():
            self.speech.speak_to(self._server.host, int(step.rest))
        elif step.word in {"ended", "hung_up"}:
            self.speech.fall_silent()

    async def _end(self) -> None:
        if self.sipp.running and self.count("answered"):
            # Without a BYE the call would stand until Asterisk misses the speech. SIPp's socket is deaf to us on TCP.
            with suppress(SippError):
                await self.hang_up()

    async def hang_up(self) -> None:
        """Hang up now, and wait until Asterisk has confirmed it. Raises SippError when it does not."""
        await self.until("answered")
        if self._transport == "u1" and not self.count("ended", "hung_up"):
            self.sipp.hang_up(self._call_id)
        await self.until("hung_up", "ended", within=3)

    def press(self, keys: str) -> None:
        """Press `keys` as soon as there is speech to press them in."""
        self.speech.press(keys)


def pauses(calls_per_minute: float, chance: random.Random) -> Iterator[float]:
    """Return, for ever, the seconds from one call to the next of a Poisson stream of calls."""
    while True:
        yield chance.expovariate(calls_per_minute / 60)


def numbers(chance: random.Random, count: int) -> list[str]:
    """Return so many mobile numbers that no operator has given out (prefix 100)."""
    return [f"100{number:08d}" for number in chance.sample(range(10**8), count)]
