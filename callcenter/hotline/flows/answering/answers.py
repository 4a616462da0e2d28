"""What the dialplan is told when it asks, and the snapshot from which it is answered while nobody can be asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.asterisk.fastagi import AgiRequest, Route
from callcenter.hotline.flows.answering.snapshot import Snapshot

_log = structlog.get_logger()

#: Seconds between heartbeats; the dialplan takes one older than 3 s for silence.
BEAT = 1.0
#: What may be keyed, and how much of it.
_DIGITS, _LONGEST = "0123456789", 20
#: Returns, for a caller and the number of a request that they keyed (or nothing), the channel variables that say what
#: they are told; the last one tells that all are there.
TicketState = Callable[[str, str], Awaitable[Mapping[str, str]]]
#: Returns what a call from that number meets: `announce`, `limit`, `block`, or empty (`BlockedCallers.verdict`).
Verdict = Callable[[str], str]


class Answers:
    """Answers the dialplan's questions from memory, so that no caller waits for a database."""

    def __init__(self, snapshot: Snapshot, ticket_state: TicketState, verdict: Verdict) -> None:
        self._snapshot = snapshot
        self._ticket_state = ticket_state
        self._verdict = verdict
        #: As it was when the program last knew: a database that is away at the start silences nothing.
        self.announcement_on = self._snapshot.announcement_on

    @property
    def routes(self) -> Mapping[str, Route]:
        """The questions: `agi://host:port/<name>`."""
        return {"arrival": self.arrival, "ticket-state": self.ticket_state}

    async def arrival(self, request: AgiRequest) -> None:
        """A citizen arrives: whether they are on the list of abusive callers, and whether there is an announcement."""
        # A withheld number is on no list.
        await request.set_variable("HOTLINE_BLOCKED", self._verdict(request.caller) if request.caller else "")
        await request.set_variable("HOTLINE_ANNOUNCEMENT", "1" if self.announcement_on else "0")
        # Last: Asterisk calls a question that broke off halfway a success all the same.
        await request.set_variable("HOTLINE_KNOWN", "1")

    async def ticket_state(self, request: AgiRequest) -> None:
        """A citizen asks by key how far a ticket 工单 is: by its number, else by the number that they call from."""
        keyed = "".join(filter(_DIGITS.__contains__, request.args[0])) if request.args else ""
        for name, value in (await self._ticket_state(request.caller, keyed[:_LONGEST])).items():
            await request.set_variable(name, value)

    def save(self) -> None:
        """Write the announcement's state into the snapshot, from which callers are answered while we are away."""
        self._snapshot.save(announcement_on=self.announcement_on)


async def heartbeat(ami: AmiClient, now: Callable[[], float]) -> None:
    """Tell the dialplan every second that someone is here to be asked, for ever. `now` is the epoch's second."""
    while True:
        if ami.connected:
            try:
                await ami.action("Setvar", Variable="HEARTBEAT", Value=str(int(now())), timeout=2.0)
            except AmiError as error:
                _log.warning("heartbeat_failed", error=str(error))
        await asyncio.sleep(BEAT)
