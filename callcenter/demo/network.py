"""The telephone network behind a trunk: whoever is called there rings, answers, talks, is busy, or never answers."""

import secrets
from collections import Counter
from pathlib import Path

from callcenter.demo.phone import Phone
from callcenter.demo.sipp import Server, Sipp, Step, free_port


class Network(Phone):
    """Every telephone of the network. Steps: `ringing`, then `cancelled`, `refused`, or `answered` and `ended`.

    A number that ends in 0 and a SIP status (0302, 0404, 0480, 0486, 0503, 0603) is answered with that, one in 0999
    rings for ever; all others answer after `ring` seconds, None for never. Name `port` as the trunk's, on 127.0.0.1.
    """

    def __init__(
        self, server: Server, folder: Path, *, words: bytes = b"", ring: float | None = 0.5, port: int | None = None
    ) -> None:
        super().__init__(words)
        self.port = port or free_port()
        self._server = server
        self._folder = folder
        self._ring = ring
        self._calls: dict[int, tuple[str, int]] = {}
        #: What was dialled, and how often; and who picked up.
        self.dialled: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    def __str__(self) -> str:
        return f"network at {self.port}"

    async def _begin(self) -> None:
        await self._start(
            Sipp(
                self._server,
                "network",
                {
                    "media_port": self.speech.port,
                    "ring_ms": None if self._ring is None else int(self._ring * 1000) or 1,
                },
                self._folder,
                port=self.port,
                arguments=("-cid_str", f"network-{secrets.token_hex(8)}-%u"),
            )
        )

    def happened(self, step: Step) -> None:
        """Keep who was called, and speak while somebody talks."""
        if step.word == "ringing":
            call_id, media, called = [*step.rest.split(" ", 2), "", ""][:3]
            self._calls[step.call] = call_id, int(media) if media.isdigit() else 0
            self.dialled[called] += 1
        elif step.word == "answered":
            self.answered[step.rest] += 1
            self.speech.speak_to(self._server.host, self._calls[step.call][1])
        elif step.word in {"ended", "hung_up", "cancelled", "refused"}:
            self._calls.pop(step.call, None)
            if not self._calls:
                self.speech.fall_silent()

    async def hang_up(self) -> None:
        """Whoever talks hangs up; returns once Asterisk has confirmed it. Raises SippError when it does not."""
        over = self.count("ended", "hung_up")
        calls = list(self._calls.values())
        for call_id, _ in calls:
            self.sipp.hang_up(call_id)
        await self.until("ended", "hung_up", times=over + len(calls), within=3)
