"""What the dialplan is told when it asks, and the snapshot from which it is answered while nobody can be asked."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.asterisk.fastagi import AgiRequest, Route

_log = structlog.get_logger()

#: Seconds between heartbeats; the dialplan takes one older than 3 s for silence.
BEAT = 1.0
#: Returns the word for a caller's newest open ticket: `open`, `closed`, or `none`.
TicketState = Callable[[str], Awaitable[str]]


class Answers:
    """Answers the dialplan's questions from memory, so that no caller waits for a database."""

    def __init__(self, snapshot: Path, ticket_state: TicketState) -> None:
        self._snapshot = snapshot
        self._ticket_state = ticket_state
        self.announcement_on = False
        #: Caller -> level; kept by supervisors.
        self.blocked: dict[str, str] = {}

    @property
    def routes(self) -> Mapping[str, Route]:
        """The questions: `agi://host:port/<name>`."""
        return {"arrival": self.arrival, "ticket-state": self.ticket_state}

    async def arrival(self, request: AgiRequest) -> None:
        """A citizen arrives: whether they are blocked, and whether there is an announcement."""
        await request.set_variable("HOTLINE_BLOCKED", self.blocked.get(request.caller, ""))
        await request.set_variable("HOTLINE_ANNOUNCEMENT", "1" if self.announcement_on else "0")
        # Last: Asterisk calls a question that broke off halfway a success all the same.
        await request.set_variable("HOTLINE_KNOWN", "1")

    async def ticket_state(self, request: AgiRequest) -> None:
        """A citizen asks by key how far their ticket 工单 is, known by the number they call from."""
        await request.set_variable("HOTLINE_TICKET", await self._ticket_state(request.caller))

    def save(self) -> None:
        """Write the snapshot, whole or not at all."""
        temporary = self._snapshot.with_suffix(".new")
        document = {"blocked": self.blocked, "announcement": {"on": self.announcement_on}, "tickets": {}}
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
        temporary.replace(self._snapshot)


async def heartbeat(ami: AmiClient, now: Callable[[], float]) -> None:
    """Tell the dialplan every second that someone is here to be asked, for ever. `now` is the epoch's second."""
    while True:
        if ami.connected:
            try:
                await ami.action("Setvar", Variable="HEARTBEAT", Value=str(int(now())), timeout=2.0)
            except AmiError as error:
                _log.warning("heartbeat_failed", error=str(error))
        await asyncio.sleep(BEAT)
