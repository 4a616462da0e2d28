"""Hears who tries to sign in, pronounces bans, has Asterisk enforce them, and lets them end.

A ban is in force first and written down second: the file that Asterisk reads comes before the database, which may be
away, and Asterisk refuses by that file alone while no controller runs.
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.asterisk import security
from callcenter.asterisk.ami import AmiError, AmiRefused
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.ban_tables import SipBan
from callcenter.hotline.flows.bans import known, rows
from callcenter.hotline.rules import bans as rules
from callcenter.hotline.rules.bans import Verdict, Watch
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Seconds until a database that is away is tried again.
_AGAIN = 2.0
#: Seconds between two looks at how hard the door is pushed, while it is.
_LOOK = 2.0
#: The alarm stands for so long after the last ban that the hotline pronounced.
_ALARM = timedelta(minutes=3)
#: The alarm on the wallboard.
FLOOD = "sip_flood"


class Ami(Protocol):
    """What is needed of the link to Asterisk."""

    async def action(self, name: str, /, *, timeout: float = 5.0, **fields: str) -> object:  # noqa: ASYNC109
        """Carry out an action; raises AmiError."""

    async def list(self, name: str, /) -> "list[dict[str, Any]]":
        """Carry out an action that answers with a list; raises AmiError."""


class BanKeeper:
    """Keeps the bans of one Asterisk; `path` is the file that it reads.

    Wire `on_message` and `on_up` to an AmiClient, set `ami`, then run `run()`.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        path: Path,
        alarms: Alarms,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._path = path
        self._alarms = alarms
        self._now = now
        self.limits = known.limits_of(settings)
        self.exempt = known.exempt_of(settings)
        self.watch = Watch(self.limits, self.exempt)
        #: Network -> until when: what Asterisk shall refuse. Until the database was read, what it refused before.
        self.bans = {network: until for network, until in security.read_bans(path).items() if rules.parsed(network)}
        #: How often each network was banned within the memory, and bans that are not in the database yet.
        self._times: dict[str, int] = {}
        self._unwritten: list[SipBan] = []
        self._last = datetime.min.replace(tzinfo=self._now().tzinfo)
        self._changed = asyncio.Event()
        self._enforced: dict[str, datetime] | None = None
        self.ami: Ami | None = None

    def on_message(self, message: dict[str, Any]) -> None:
        """Take one message of Asterisk's; never blocks."""
        if (event := security.read(message, self._now())) is None:
            return
        network = rules.network_of(event.address)
        if network is None or str(network) in self.bans:
            return  # what was under way when the ban came
        verdict = self.watch.heard(event)
        if verdict and self._settings.bans.enabled:
            self._pronounce(verdict)
        elif FLOOD not in self._alarms.raised and self.watch.pressure(event.at) >= self.limits.flood:
            self._changed.set()

    async def on_up(self) -> None:
        """The link is up: Asterisk may have missed a change, and knows which phones are signed in."""
        if self.ami is None:
            return
        self._enforced = None
        self._changed.set()
        try:
            contacts = await self.ami.list("PJSIPShowContacts")
        except AmiRefused as refusal:
            if "No Contacts" not in refusal.message:  # Asterisk's word for "none yet" is a refusal
                raise
            contacts = []
        for contact in contacts:
            if address := known.address_of(str(contact.get("Uri", ""))):
                self.watch.trust(address, str(contact.get("Endpoint", "")), self._now())

    def _pronounce(self, verdict: Verdict) -> None:
        now = self._now()
        network = rules.parsed(verdict.network)
        if network is None or len(self.bans) >= rules.MOST_BANNED:
            _log.error("ban_not_pronounced", network=verdict.network, banned=len(self.bans))
            return
        self.watch.forgive(network)
        times = self._times.get(verdict.network, 0)
        self._times[verdict.network] = times + 1
        self._last = now
        ban = SipBan(
            node=self._settings.node,
            network=verdict.network,
            reason=verdict.reason,
            tried=verdict.tried,
            account=verdict.account,
            note="",
            since=now,
            until=now + rules.term(times, self.limits),
            by="",
        )
        _log.warning("banned", network=ban.network, reason=ban.reason, tried=ban.tried, until=ban.until.isoformat())
        self._unwritten.append(ban)
        self.put(ban.network, ban.until)

    def put(self, network: str, until: datetime | None) -> None:
        """Have Asterisk refuse `network` until then, or let it in again when there is none."""
        self.bans.pop(network, None)
        if until is not None:
            self.bans[network] = until
        self._changed.set()

    def lifted(self, network: str) -> None:
        """Let `network` in again, and do not hold against it that it was banned."""
        self._unwritten = [ban for ban in self._unwritten if ban.network != network]
        self._times.pop(network, None)
        self.put(network, None)

    async def run(self) -> None:
        """Enforce bans and let them end, until cancelled; what was in force before is read as soon as it can be."""
        loaded = False
        while True:
            self._changed.clear()
            await self._spare_lines()
            self._let_end()
            await self._enforce()
            written = await self._written(first=not loaded)
            loaded = loaded or written
            waits = [_LOOK] if self._tell() else []
            waits += [] if written and self._enforced is not None else [_AGAIN]
            if self.bans:
                waits.append(max((min(self.bans.values()) - self._now()).total_seconds(), 0.0))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(waits) if waits else None):
                    await self._changed.wait()

    def _let_end(self) -> None:
        now = self._now()
        for network in [network for network, until in self.bans.items() if until <= now]:
            del self.bans[network]
            _log.info("ban_over", network=network)

    async def _spare_lines(self) -> None:
        """A line whose host has a name is known by its addresses only now, and a citizen may dial by any of them."""
        new = [ban for ban in self._unwritten if ban.network in self.bans]
        names = [trunk.host for trunk in self._settings.trunks if rules.network_of(trunk.host) is None]
        if not new or not names:
            return
        lines = [address for name in names for address in await known.addresses(name)]
        for ban in new:
            network = ipaddress.ip_network(ban.network)
            if rules.overlapping(network, lines):
                self._unwritten.remove(ban)
                self.put(ban.network, None)
                _log.warning("line_not_banned", network=ban.network)

    async def _enforce(self) -> None:
        """Write the file, and have Asterisk read it, where either is not as it should be."""
        # One that the settings have come to exempt is let in at once, though its time is not over.
        wanted = {network: until for network, until in self.bans.items() if not self._is_exempt(network)}
        if wanted == self._enforced:
            return
        try:
            await asyncio.to_thread(security.write_bans, self._path, wanted)
            if self.ami is not None:
                await self.ami.action("Reload", Module="acl")
        except (OSError, AmiError) as error:
            _log.warning("bans_not_enforced", reason=str(error)[:300])
        else:
            self._enforced = wanted

    def _is_exempt(self, network: str) -> bool:
        return rules.overlapping(ipaddress.ip_network(network), self.exempt) is not None

    async def _written(self, *, first: bool) -> bool:
        """Write new bans down, and at `first` read those in force; returns whether that is done."""
        new = list(self._unwritten)
        if not new and not first:
            return True
        try:
            async with self._database.begin() as session:
                session.add_all(new)
                await session.flush()
                force = await rows.in_force(session, self._now())
                memory = timedelta(hours=self._settings.bans.remember_hours)
                times = await rows.remembered(session, self._now(), memory)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("bans_not_written", error=type(error).__name__)
            # A row that a failed transaction has touched is no good for the next one.
            self._unwritten = [*(_copied(ban) for ban in new), *self._unwritten[len(new) :]]
            return False
        self._unwritten = self._unwritten[len(new) :]
        self._times = dict(times)
        if first:
            self.bans = force | {ban.network: ban.until for ban in self._unwritten}
            self._changed.set()
        return True

    def _tell(self) -> bool:
        """Raise or clear the alarm; returns whether it stands."""
        now = self._now()
        pressure = self.watch.pressure(now)
        own = now - self._last < _ALARM
        if pressure < self.limits.flood and not own:
            self._alarms.clear(FLOOD)
            return False
        seconds = int(self.limits.window.total_seconds())
        self._alarms.raise_(FLOOD, requests=pressure, seconds=seconds, banned=len(self.bans))
        return True


def _copied(ban: SipBan) -> SipBan:
    columns = SipBan.__table__.columns
    return SipBan(**{column.key: getattr(ban, column.key) for column in columns if column.key != "id"})
