"""Sends what is in the outbox, in order for each ticket, until it is confirmed; says what is stuck."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from callcenter.settings.requests import Interchange
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.interchange import outbox
from callcenter.tickets.interchange.client import CityClient, NotConfirmed
from callcenter.tickets.interchange.outbox import Letter
from callcenter.tickets.interchange.signing import Parties

_log = structlog.get_logger()
#: Seconds between two looks when nobody says that there is something.
_TICK = 2.0
#: Messages of different tickets that are under way at once.
AT_ONCE = 8
ALARM = "city_messages_stuck"


@dataclass
class Sender:
    """Run it for ever; call `look` when something was written. `tell` is `Alarms.tell`."""

    database: Database
    wanted: Interchange
    parties: Parties
    tell: Callable[[str, Mapping[str, Any] | None], None]
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self) -> None:
        """Something was put into the outbox, or freed by a person."""
        self._wake.set()

    async def run(self) -> None:
        """Send for ever; a database or a peer that is away is waited for."""
        async with CityClient(self.wanted.url, self.parties, self.wanted.ca_file) as client:
            while True:
                try:
                    while await self.turn(client):
                        pass
                except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; it is tried again
                    _log.warning("city_outbox_waits", error=f"{type(error).__name__}: {error}"[:300])
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TICK):
                        await self._wake.wait()
                self._wake.clear()

    async def turn(self, client: CityClient) -> int:
        """Send what is due, of each ticket the oldest; return how many were confirmed."""
        async with self.database.read() as session:
            letters = await outbox.due(session, clock.now(), AT_ONCE)
        sent = sum(await asyncio.gather(*(self._send(client, letter) for letter in letters)))
        async with self.database.read() as session:
            stuck = await outbox.count_stuck(session, self.wanted.stuck_after)
        self.tell(ALARM, {"messages": stuck} if stuck else None)
        return sent

    async def _send(self, client: CityClient, letter: Letter) -> bool:
        try:
            confirmed = await client.send(letter.message_id, letter.body.encode())
        except NotConfirmed as error:
            _log.warning("city_message_not_confirmed", message=letter.message_id, error=str(error))
            async with self.database.begin() as session:
                await outbox.failed(session, letter, str(error), self._wait(letter), clock.now(), refused=error.refused)
            return False
        async with self.database.begin() as session:
            await outbox.confirmed(session, letter, confirmed.city_number, clock.now())
        return True

    def _wait(self, letter: Letter) -> timedelta:
        steps = self.wanted.retry_seconds
        return timedelta(seconds=steps[min(letter.attempts, len(steps) - 1)])
