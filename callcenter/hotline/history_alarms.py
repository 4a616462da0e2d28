"""What the wallboard is told when the call history cannot be trusted to be complete just now."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from callcenter.asterisk.cel_bulk import Fault
from callcenter.storage import clock

#: Called with the kind of alarm and its figures, and with None when it is over.
OnAlarm = Callable[[str, dict[str, Any] | None], None]
#: Further behind than this is an alarm: bytes, and seconds since all was stored.
BEHIND_BYTES = 16 << 20
BEHIND_SECONDS = 60.0
#: The figures of an alarm are renewed at most this often.
_RENEW_SECONDS = 5.0
#: A line that could not be understood is shown for a day.
_QUARANTINE_SECONDS = 86_400.0


class HistoryAlarms:
    """Raises and clears `history_behind`, `history_damaged` and `calls_quarantined` of the file at `path`."""

    def __init__(self, path: Path, on_alarm: OnAlarm) -> None:
        self._path = path
        self._on_alarm = on_alarm
        self._behind = False
        self._damaged = ""
        self._caught_up_at: float | None = None
        self._renew_at = 0.0
        self._lines = 0
        self._quarantined_at: float | None = None

    def looked(self, behind: Callable[[], int], *, caught_up: bool, reason: str) -> None:
        """The file was looked at: all of it is stored, or `behind()` bytes are not; `reason` says what is wrong."""
        now = asyncio.get_running_loop().time()
        if self._caught_up_at is None or caught_up:
            self._caught_up_at = now
        if caught_up:
            self._caught_up(now)
        elif now >= self._renew_at:
            self._renew_at = now + _RENEW_SECONDS
            missing, seconds = behind(), now - self._caught_up_at
            if self._behind or missing > BEHIND_BYTES or seconds > BEHIND_SECONDS:
                self._behind = True
                self._on_alarm("history_behind", {"bytes": missing, "seconds": round(seconds), "reason": reason})

    def damaged(self, why: str) -> None:
        """The file, or the place in it where we stopped, is not what it should be."""
        if why != self._damaged:
            self._damaged = why
            self._on_alarm("history_damaged", {"file": str(self._path), "reason": why})

    def quarantined(self, file: str, faults: Sequence[Fault]) -> None:
        """Lines that record nothing were kept apart."""
        if faults:
            self._lines += len(faults)
            self._quarantined_at = asyncio.get_running_loop().time()
            last = faults[-1]
            detail = {"lines": self._lines, "file": file, "offset": last.offset, "reason": last.reason[:300]}
            self._on_alarm("calls_quarantined", detail | {"at": clock.now().isoformat()})

    def _caught_up(self, now: float) -> None:
        self._renew_at = now + _RENEW_SECONDS if not self._behind else 0.0
        if self._behind:
            self._behind = False
            self._on_alarm("history_behind", None)
        if self._damaged:
            self._damaged = ""
            self._on_alarm("history_damaged", None)
        if self._quarantined_at is not None and now - self._quarantined_at > _QUARANTINE_SECONDS:
            self._quarantined_at, self._lines = None, 0
            self._on_alarm("calls_quarantined", None)
