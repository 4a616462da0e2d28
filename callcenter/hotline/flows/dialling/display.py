"""What the dialler shows: how much is owed, and at which seats a citizen is being called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.callbacks.figures import Figures
from callcenter.hotline.flows.dialling.errands import UnderWay
from callcenter.hotline.rules.agents import seat_held_by
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.numbers import mask
from callcenter.hotline.wallboard import iso
from callcenter.panel.live import LiveState

#: Seat -> `callback` and `follow_up` of its section: id, caller (masked), stage (`ringing`, `dialling`, `talking`).
Shown = Mapping[str, Mapping[str, dict[str, Any]]]
#: The word that the live document has for each kind of errand.
_WORDS = {"callback": "callback", "follow-up": "follow_up"}


@dataclass
class Display:
    """Writes into the live document; `on_shown` is told what the seats' sections have of errands."""

    live: LiveState
    alarms: Alarms
    mode: str
    on_shown: Callable[[Shown], None]
    shown: Shown = field(default_factory=dict)

    def figures(self, figures: Figures, *, line: bool) -> None:
        """Show what is owed; `line` tells whether anybody can be dialled."""
        self.live.set(
            "callbacks",
            {
                "open": figures.open,
                "dialling": figures.dialling,
                "overdue": figures.overdue,
                "escalated": figures.escalated,
                "held": figures.held,
                "next_due": iso(figures.next_due),
                "mode": self.mode,
                "line": line,
            },
        )
        self.alarms.tell("callbacks_escalated", {"callbacks": figures.escalated} if figures.escalated else None)

    def seats(self, floor: Floor, under_way: Iterable[UnderWay]) -> None:
        """Show whom the agents are calling."""
        shown: dict[str, dict[str, dict[str, Any]]] = {}
        for one in under_way:
            if seat := seat_held_by(floor, one.agent):
                section = {"id": one.errand, "caller": mask(one.number), "stage": one.stage}
                if one.ticket:
                    section["ticket"] = one.ticket
                shown.setdefault(seat.number, {})[_WORDS[one.kind]] = section
        if shown != self.shown:
            self.shown = shown
            self.on_shown(shown)
