"""Screen pop 来电弹屏: the live stream tells an agent's own desk who calls, in the moment in which the phone rings.

Asking for it would cost two requests one after the other, and an agent who picks up at once would greet a stranger. Who
calls is told at once and with no database, what is known of them as soon as it was read. Either is told once: a desk
that was away, or heard nothing, asks (`tickets/views/callers.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.seats import Seat
from callcenter.hotline.wallboard import iso
from callcenter.panel.live import LiveState
from callcenter.panel.sessions import Identity
from callcenter.storage.engine import Database
from callcenter.tasks import spawn
from callcenter.tickets.flows.writing.callers import card
from callcenter.tickets.rules.countdown import Countdown

_log = structlog.get_logger()


@dataclass(frozen=True)
class ScreenPop:
    """Tells of each call at a seat; nobody but that seat's agent hears of it, for the number stands there in full."""

    live: LiveState
    database: Database
    #: What is left of a deadline, counted from now.
    countdown: Callable[[], Countdown]
    area_code: str = ""

    def floor_changed(self, before: Floor, after: Floor) -> None:
        """Tell the desks whose call is new or has moved on; before the floor is shown, so that they know it by then."""
        for number, seat in after.seats.items():
            was = before.seats.get(number)
            if seat is was or not seat.agent or seat.caller is None:
                continue
            if was is None or (_call(was), was.since, was.agent) != (_call(seat), seat.since, seat.agent):
                self._told(seat, anew=was is None or _call(was)[1] != _call(seat)[1])

    def _told(self, seat: Seat, *, anew: bool) -> None:
        state, linkedid, caller = _call(seat)
        agent = seat.agent or ""
        news: dict[str, Any] = {"linkedid": linkedid, "caller": caller, "state": state, "since": iso(seat.since)}
        news["passed"] = seat.party is seat.passed
        self.live.tell("call", news, lambda who: _sits_there(who, agent))
        readers = {who.login: who for who in self.live.readers if _sits_there(who, agent) and who.has("callers.see")}
        if anew and caller and readers:
            spawn(self._known(caller, list(readers.values())), name="screen-pop")

    async def _known(self, caller: str, readers: list[Identity]) -> None:
        """Tell each reader what they may know of `caller`; a database that is away tells nothing, and the desk asks."""
        try:
            async with self.database.read() as session:
                left = self.countdown()
                found = [
                    (reader, await card(session, reader, caller, countdown=left, area_code=self.area_code))
                    for reader in readers
                ]
        except (SQLAlchemyError, OSError) as error:
            _log.warning("screen_pop_not_told", error=type(error).__name__)
            return
        for reader, known in found:
            self.live.tell("caller", {"caller": caller, "card": known}, _is(reader))


def _call(seat: Seat) -> tuple[str, str | None, str]:
    """Return whether it rings or is talked with, which call it is, and the caller."""
    party, state = seat.party, "talking" if seat.state == "talking" else "ringing"
    return (state, party.linkedid if party else None, party.caller if party else "")


def _is(reader: Identity) -> Callable[[Any], bool]:
    return lambda who: isinstance(who, Identity) and who.login == reader.login


def _sits_there(who: Any, agent: str) -> bool:  # noqa: ANN401  # whoever reads the stream
    return isinstance(who, Identity) and who.agent == agent and who.has("calls.take")
