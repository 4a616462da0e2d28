"""The composition root's part for recordings 录音: sealed when a call is over, kept, deleted in time, and heard."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from callcenter.asterisk.ami import AmiClient
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.events import CallEnded, HotlineEvent
from callcenter.paths import Paths
from callcenter.recordings import views
from callcenter.recordings.flows.hearing import Hearings
from callcenter.recordings.flows.retention import Retention
from callcenter.recordings.flows.room import Room
from callcenter.recordings.flows.sealer import Sealer
from callcenter.schedule import Job
from callcenter.settings import Settings
from callcenter.storage.engine import Database


@dataclass
class Recorder:
    """Every part that recordings are made of, wired to each other; nothing of it started."""

    settings: Settings
    database: Database
    paths: Paths
    ami: AmiClient
    alarms: Alarms

    def __post_init__(self) -> None:
        settings, tell = self.settings, self.alarms.tell
        raw, folder = self.paths.raw_recordings, self.paths.recordings
        self._sealer = Sealer(self.database, settings, raw, folder, tell)
        self._retention = Retention(self.database, settings.node, folder, tell)
        self._room = Room(folder, settings.recordings, self._set_global, tell)

    def heard(self, stored: Iterable[HotlineEvent]) -> None:
        """Calls were stored; those that are over may have a recording to be sealed."""
        if any(isinstance(event, CallEnded) for event in stored):
            self._sealer.calls_ended()

    def add_routes(self, panel: web.Application) -> None:
        """Add the API to the panel, with what its views ask."""
        views.add_routes(panel)
        panel[views.RECORDINGS] = views.Recordings(
            Hearings(self.database), self.paths.recordings, self.settings.recordings.keys
        )

    @property
    def jobs(self) -> list[Job]:
        """What is done by the clock."""
        return [
            Job("delete-recordings", self._retention.delete_due, seconds=3600),
            Job("missing-recordings", self._retention.look_for_missing, seconds=300),
        ]

    @property
    def works(self) -> list[Callable[[], Awaitable[None]]]:
        """What goes on for ever once the database is there."""
        return [self._sealer.run]

    @property
    def watch(self) -> Callable[[], Awaitable[None]]:
        """What goes on for ever, with the database or without."""
        return self._room.run

    async def _set_global(self, name: str, value: str) -> None:
        await self.ami.action("Setvar", Variable=name, Value=value, timeout=2.0)
