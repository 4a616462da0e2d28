"""Seats 座席: each registers its phone, rings, answers, talks, and takes its leave."""

import random
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callcenter.demo.phone import Phone
from callcenter.demo.sipp import Server, Sipp, SippError, Step, free_port

#: Milliseconds between two looks whether the talk is over.
_TICK_MS = 250
#: Seconds of a registration; a phone renews well before, and Asterisk forgets a dead one soon.
_EXPIRES = 600
#: Seconds that Asterisk may take to ask a phone that has just registered whether it is there.
_ASKED = 5.0
#: Times that a phone is told to hang up, a second apart.
_TOLD = 4
#: Talk until the citizen, or the test, ends it.
FOR_EVER = 36_000.0


@dataclass(frozen=True, slots=True)
class _Call:
    call_id: str
    caller: str
    #: Asterisk's port for speech.
    media: int


class Seat(Phone):
    """The phone of a seat. Steps: `ringing`, then `cancelled`, or `answered` and then `hung_up` (by it) or `ended`.

    `ring` is how long it rings before it is answered, None for ever; `talk` the shortest and longest talk after which
    the agent hangs up; all in seconds. `still_there` counts the server's questions that it answered.
    """

    def __init__(
        self,
        server: Server,
        folder: Path,
        user: str,
        password: str,
        *,
        words: bytes = b"",
        ring: float | None = 0.5,
        talk: tuple[float, float] = (FOR_EVER, FOR_EVER),
    ) -> None:
        super().__init__(words)
        self.user = user
        self._password = password
        self._server = server
        self._folder = folder
        self._ring = ring
        self._talk = talk
        #: Callers whom it talks with: call of this phone -> their number.
        self.talking: dict[int, str] = {}
        self._calls: dict[int, _Call] = {}
        self._port = free_port()

    def __str__(self) -> str:
        return f"seat {self.user}"

    async def _begin(self) -> None:
        # From the port that it will listen on: a server behind address translation answers to where it heard from.
        await self._register(_EXPIRES)
        ticks = [max(round(seconds * 1000 / _TICK_MS), 1) for seconds in self._talk]
        await self._start(
            Sipp(
                self._server,
                "seat",
                {
                    "seat": self.user,
                    "media_port": self.speech.port,
                    "tick_ms": _TICK_MS,
                    "talk_ticks": (ticks[0], ticks[1] + 0.5),
                    "ring_ms": None if self._ring is None else max(int(self._ring * 1000), 1),
                },
                self._folder,
                port=self._port,
                arguments=("-cid_str", f"seat-{secrets.token_hex(8)}-%u"),
            )
        )
        with suppress(SippError):  # a server may be set never to ask
            await self.until("still_there", within=_ASKED)

    async def _register(self, expires: int) -> None:
        sipp = Sipp(
            self._server,
            "seat-register",
            {"seat": self.user, "password": self._password, "expires": expires},
            self._folder,
            port=self._port,
            arguments=("-m", "1", "-timeout", "8s"),
        )
        await sipp.start()
        try:
            if status := await sipp.watch():
                raise SippError(f"{self}: registration failed ({status}); {sipp.complaint}")
        finally:
            await sipp.stop()
            sipp.forget()

    async def _end(self) -> None:
        with suppress(SippError):
            if self.talking:
                await self.hang_up()
        await self._stop()
        # Left registered, the phone would look present until Asterisk asks again.
        with suppress(SippError):
            await self._register(0)

    def happened(self, step: Step) -> None:
        """Keep who is talking."""
        if step.word == "ringing":
            call_id, media, caller = [*step.rest.split(" ", 2), "", ""][:3]
            self._calls[step.call] = _Call(call_id, caller, int(media) if media.isdigit() else 0)
        elif step.word == "answered" and step.call in self._calls:
            call = self._calls[step.call]
            self.speech.speak_to(self._server.host, call.media)
            self.talking[step.call] = call.caller
        elif step.word in {"ended", "hung_up", "cancelled"}:
            if self.talking.pop(step.call, None) is not None and not self.talking:
                self.speech.fall_silent()
            self._calls.pop(step.call, None)

    async def hang_up(self) -> None:
        """Hang up every call, and wait until Asterisk has confirmed it. Raises SippError when it does not."""
        over = self.count("ended", "hung_up")
        wanted = over + len(self.talking)
        # A phone that answers something else on the same call in that moment may pass over it: it is told again.
        for attempt in range(_TOLD):
            for call in list(self.talking):
                self.sipp.hang_up(self._calls[call].call_id, attempt)
            with suppress(SippError):
                await self.until("ended", "hung_up", times=wanted, within=1)
                return
        await self.until("ended", "hung_up", times=wanted, within=1)


def talk_around(seconds: float, chance: random.Random) -> tuple[float, float]:
    """Return the shortest and longest talk of an agent whose talks last some `seconds`."""
    middle = seconds * chance.uniform(0.8, 1.2)
    return middle * 0.5, middle * 1.5
