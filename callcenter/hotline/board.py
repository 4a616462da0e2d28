"""Shows the floor: writes what changed into the live document, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from callcenter.hotline.rules.desks import Desk
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat
from callcenter.hotline.wallboard import agents_by_state, desks_section, queue_section, seat_section
from callcenter.panel.live import LiveState


class Board:
    """Keeps the wallboard's sections of the live document in step with the floor.

    `limit` is the number of waiting callers that must never be reached, `most` the number that may wait.
    """

    def __init__(self, live: LiveState, floor: Floor, *, limit: int, most: int, desks: Sequence[Desk] = ()) -> None:
        self._live = live
        self._desks = desks
        self._limit = limit
        self._most = most
        #: Agent number -> name.
        self.names: Mapping[str, str] = {}
        self._seats: dict[str, Any] = {}
        #: Seat -> the callback or follow-up that its agent is at.
        self._errands: Mapping[str, Mapping[str, Any]] = {}
        self.show_all(floor)

    def show_all(self, floor: Floor) -> None:
        """Show the whole floor, as after names have changed."""
        self._seats = {number: self._section(seat) for number, seat in floor.seats.items()}
        self._live.update(
            {
                "asterisk": "up" if floor.connected else "down",
                "queue": queue_section(floor, limit=self._limit, most=self._most),
                "seats": self._seats,
                "agents": agents_by_state(floor),
                "desks": desks_section(floor, self._desks),
            }
        )

    def show_errands(self, errands: Mapping[str, Mapping[str, Any]]) -> None:
        """Show at which seats a citizen is being called: seat -> `callback` 回拨 or `follow_up` 回访."""
        self._errands = errands
        self._seats = {number: {**section, **self._errand(number)} for number, section in self._seats.items()}
        self._live.set("seats", self._seats)

    def _section(self, seat: Seat) -> dict[str, Any]:
        return seat_section(seat, self.names) | self._errand(seat.number)

    def _errand(self, number: str) -> dict[str, Any]:
        return {"callback": None, "follow_up": None} | dict(self._errands.get(number, {}))

    def show(self, before: Floor, after: Floor) -> None:
        """Show what is different in `after`; the floor shares with `before` all that did not change."""
        sections: dict[str, Any] = {}
        if before.connected != after.connected:
            sections["asterisk"] = "up" if after.connected else "down"
        if (before.waiting, before.greeting, before.max_waiting_seen) != (
            after.waiting,
            after.greeting,
            after.max_waiting_seen,
        ):
            sections["queue"] = queue_section(after, limit=self._limit, most=self._most)
        changed = {
            number: self._section(seat) for number, seat in after.seats.items() if seat is not before.seats.get(number)
        }
        if changed:
            self._seats = {**self._seats, **changed}
            sections["seats"] = self._seats
            sections["agents"] = agents_by_state(after)
        if self._desks and (changed or before.at_desks is not after.at_desks):
            sections["desks"] = desks_section(after, self._desks)
        if sections:
            self._live.update(sections)
