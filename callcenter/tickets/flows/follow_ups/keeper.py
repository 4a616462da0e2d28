"""What becomes of follow-ups 回访 by themselves: links go out, and tickets go on whose citizen was not reached."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from callcenter.tickets.flows.follow_ups.links import FollowUpLinks

_log = structlog.get_logger()
#: Seconds between two looks when nobody says that something changed, and at least between any two.
_TICK, _BREATH = 5.0, 0.5


@dataclass
class FollowUpKeeper:
    """Wire `look` to what happens, then `run()` it. All that it does is safe to repeat, whatever died in between."""

    links: FollowUpLinks
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _trouble: bool = False

    def look(self, _events: object = None) -> None:
        """Something has changed: look soon. Never blocks."""
        self._wake.set()

    async def run(self) -> None:
        """Look again and again, for ever; a database that is away is waited for."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.links.desk.give_up()
                await self.links.send_due()
            except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; it is tried again
                if not self._trouble:
                    _log.warning("follow_ups_wait", error=f"{type(error).__name__}: {error}"[:300])
                self._trouble = True
            else:
                self._trouble = False
            await asyncio.sleep(_BREATH)
