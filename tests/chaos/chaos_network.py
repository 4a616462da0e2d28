"""The telephone network that callbacks go out to: one SIPp process in which every number there is can be reached."""

from dataclasses import dataclass
from pathlib import Path

from callcenter.demo.sipp import Server, Sipp, free_port

#: Milliseconds that it rings, and of a look whether the talk is over; ticks that the citizen talks.
_RING_MS, _TICK_MS, _TALK_TICKS = 800, 250, (8, 24)
#: In a hundred: who answers, who is busy, who declines; the others let it ring.
_ANSWERS, _BUSY, _DECLINES = 70, 82, 92


@dataclass(slots=True)
class Reached:
    """What the network knows of one call to a citizen; seconds since the epoch."""

    number: str
    dialled: float
    #: The citizen picked up.
    answered: float | None = None
    over: float | None = None
    #: `answered`, `busy`, `declined`, `cancelled`, or empty while nothing is known.
    how: str = ""


class Network(Sipp):
    """Answers what the line at `port` carries; start it before the hotline, which asks at once whether it is there."""

    def __init__(self, folder: Path) -> None:
        values = {
            "ring_ms": _RING_MS,
            "tick_ms": _TICK_MS,
            "talk_ticks": _TALK_TICKS,
            "answers": _ANSWERS,
            "busy": _BUSY,
            "declines": _DECLINES,
        }
        super().__init__(Server(free_port()), "crowd-network", values, folder)

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a hotline whose line this is: by another address than the citizens', who dial from 127.0.0.1."""
        line = f'[{{"name": "carrier", "host": "127.0.0.1", "port": {self.port}, "match": ["127.0.0.2"]}}]'
        return {
            "TRUNKS": line,
            "CALLBACKS__MODE": "automatic",
            "CALLBACKS__RETRY_MINUTES": "[0, 0, 0]",
            "CALLBACKS__RETRY_FROM": "00:00",
            "CALLBACKS__RETRY_UNTIL": "23:59:59",
            "CALLBACKS__RING_SECONDS": "5",
        }

    def calls(self) -> list[Reached]:
        """Return every call so far, in order."""
        self.look()
        known: dict[int, Reached] = {}
        for step in self.steps:
            if step.word == "dialled":
                known[step.call] = Reached(step.rest.strip(), step.at)
            elif call := known.get(step.call):
                if step.word == "answered":
                    call.answered = step.at
                if step.word in {"ended", "hung_up"}:
                    call.over = step.at
                else:
                    call.how = step.word
        return list(known.values())
