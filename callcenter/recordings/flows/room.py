"""When the disk of the recordings fills up, recording stops, and not the calls; the supervisor is told long before."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from callcenter.disk_watch import LOOK_SECONDS, Level, OnAlarm, level, look, marks
from callcenter.settings.promises import Disk
from callcenter.settings.recordings import Recordings

_log = structlog.get_logger()
_MEBIBYTE = 1 << 20
#: Told again so often: an Asterisk that was started anew records, and must not on a full disk.
_SAY_SECONDS = 10.0

#: Sets a global variable of the dialplan; may raise whatever the link to Asterisk raises.
SetGlobal = Callable[[str, str], Awaitable[object]]


class Room:
    """Watches the disk of the folder of recordings; raises and ends `recordings_disk_low` and `recordings_stopped`.

    Figures are `free_mb` and `total_mb`.
    """

    def __init__(self, folder: Path, settings: Recordings, set_global: SetGlobal, on_alarm: OnAlarm) -> None:
        self._folder = folder
        self._limits = Disk(alarm_mb=settings.alarm_mb, critical_mb=max(settings.alarm_mb // 4, 1), ballast_mb=0)
        self._set_global = set_global
        self._on_alarm = on_alarm
        self._level: Level = "enough"
        self._say_at = 0.0

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self.look()
            except OSError as error:
                _log.error("recordings_disk_not_read", folder=str(self._folder), reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, tell, and switch recording on or off. Raises OSError."""
        space = look(self._folder)
        was, self._level = self._level, level(space, marks(space.total, self._limits), self._level)
        figures = {"free_mb": space.free // _MEBIBYTE, "total_mb": space.total // _MEBIBYTE}
        self._on_alarm("recordings_disk_low", figures if self._level == "low" else None)
        self._on_alarm("recordings_stopped", figures if self._level == "critical" else None)
        now = asyncio.get_running_loop().time()
        if self._level != was or now >= self._say_at:
            self._say_at = now + _SAY_SECONDS
            try:
                await self._set_global("RECORD", "0" if self._level == "critical" else "1")
            except Exception as error:  # noqa: BLE001  # Asterisk is away: it is told at the next look
                self._say_at = 0.0
                _log.debug("recording_not_switched", reason=str(error))
