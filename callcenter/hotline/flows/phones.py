"""Browser phones of the seats 座席: gives pages short-lived passwords, and takes them back when they are over."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from callcenter.asterisk import web_phones
from callcenter.asterisk.ami import AmiClient, AmiError
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.rules import phones as rules
from callcenter.hotline.rules.agents import N_, Refused
from callcenter.hotline.rules.floor import Floor
from callcenter.hotline.rules.phones import Grant
from callcenter.panel.live import LiveState
from callcenter.panel.tables import Session
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: How often sessions and times are looked at, in seconds.
_LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What a page registers with."""

    seat: str
    user: str
    password: str
    seconds: int


class Phones:
    """Gives each seat's browser phone to one page at a time; `run()` takes it back.

    The live document's `phones` says which page holds which seat's, so that a page that was taken over knows at once.
    """

    def __init__(self, keeper: FloorKeeper, database: Database, live: LiveState, clock: Callable[[], datetime]) -> None:
        self._keeper = keeper
        self._database = database
        self._live = live
        self._clock = clock
        self._held: dict[str, Grant] = {}
        #: Lines of pages through the panel, each with what ends it.
        self._lines: dict[asyncio.Event, Grant] = {}
        self._due = asyncio.Event()
        self._strange = True
        self._giving = asyncio.Lock()
        live.set("phones", {})

    async def grant(self, agent: str, page: str, session: str, *, take_over: bool) -> Credential:
        """Make `page` the phone of the seat where `agent` sits, or let it go on; raises Refused, or Held."""
        ami = self._ami()
        async with self._giving:
            seat = rules.grantable(self._keeper.floor, agent, page, self._held, take_over=take_over)
            password = secrets.token_urlsafe(24)
            try:
                await web_phones.allow(ami, seat.number, password)
            except AmiError as error:
                raise Refused(N_("Asterisk did not do it: %(reason)s"), reason=error) from error
            self._held[seat.number] = Grant(seat.number, agent, page, session, self._clock() + rules.LIFE)
        self._show()
        self._end_lines()
        # The agent may have left while Asterisk was told.
        self._due.set()
        return Credential(seat.number, web_phones.endpoint_of(seat.number), password, int(rules.LIFE.total_seconds()))

    async def release(self, agent: str, page: str) -> None:
        """`page` is the phone no longer; nothing happens where it was not."""
        for grant in [one for one in self._held.values() if (one.agent, one.page) == (agent, page)]:
            await self._take_back(grant)

    def held_by(self, agent: str, page: str) -> bool:
        """Whether `page` is the phone of `agent` now."""
        return any((grant.agent, grant.page) == (agent, page) for grant in self._held.values())

    @contextmanager
    def line(self, agent: str, page: str) -> Iterator[asyncio.Event]:
        """For a line of `page` through the panel: what is returned is set when the line must end."""
        grant = next(one for one in self._held.values() if (one.agent, one.page) == (agent, page))
        over = asyncio.Event()
        self._lines[over] = grant
        try:
            yield over
        finally:
            del self._lines[over]

    def floor_changed(self, before: Floor, after: Floor) -> None:
        """Look at once when an agent has left a seat, or when Asterisk is there again."""
        if after.connected and not before.connected:
            self._strange = True
            self._due.set()
        elif any(after.seats[seat].agent != grant.agent for seat, grant in self._held.items()):
            self._due.set()

    async def run(self) -> None:
        """Take back what is over, for ever."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            await self.look()

    async def look(self) -> None:
        """Take back what is over now, once."""
        floor = self._keeper.floor
        if floor.connected and self._strange:
            async with self._giving:
                await self._know_strangers()
        alive = await self._alive()
        for grant in rules.ended(floor, self._held, alive, self._clock()):
            await self._take_back(grant)

    async def _know_strangers(self) -> None:
        """Look after passwords that an earlier life of the controller gave."""
        try:
            allowed = await web_phones.allowed(self._ami())
            for grant in rules.adopted(self._keeper.floor, allowed, self._held, self._clock()):
                self._held[grant.seat] = grant
            for seat in allowed - self._held.keys():
                await web_phones.forbid(self._ami(), seat)
            self._strange = False
        except (AmiError, Refused) as error:
            _log.warning("phones_not_known", error=str(error))

    async def _alive(self) -> frozenset[str] | None:
        known = {grant.session for grant in self._held.values() if grant.session}
        if not known:
            return frozenset()
        try:
            async with self._database.read() as session:
                found = await session.scalars(
                    select(Session.token_hash).where(Session.token_hash.in_(known), Session.expires_at > self._clock())
                )
                return frozenset(found)
        except (SQLAlchemyError, OSError):
            return None  # a database that is away silences no phone

    async def _take_back(self, grant: Grant) -> None:
        async with self._giving:
            if self._held.get(grant.seat) != grant:
                return  # meanwhile it was given again
            try:
                await web_phones.forbid(self._ami(), grant.seat)
            except (AmiError, Refused) as error:
                _log.warning("phone_not_taken_back", seat=grant.seat, error=str(error))
                return  # at the next look
            del self._held[grant.seat]
        self._show()
        self._end_lines()

    def _end_lines(self) -> None:
        for over, grant in self._lines.items():
            now = self._held.get(grant.seat)
            if now is None or (now.agent, now.page) != (grant.agent, grant.page):
                over.set()

    def _show(self) -> None:
        self._live.set("phones", {seat: grant.page for seat, grant in sorted(self._held.items())})

    def _ami(self) -> AmiClient:
        if self._keeper.ami is None or not self._keeper.floor.connected:
            raise Refused(N_("Asterisk is not connected just now; try again in a moment"))
        return self._keeper.ami
