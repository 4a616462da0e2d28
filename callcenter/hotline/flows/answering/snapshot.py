"""The snapshot on disk, from which Asterisk itself answers callers while the controller is away.

It holds blocked callers, whether the announcement is on, and how far each caller's request is, and
`asterisk/fallback_agi.py` reads it for each call. It is written whole or not at all; what was found damaged is kept
aside for a person to see.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from callcenter.disk_watch import DAMAGED
from callcenter.storage import clock

_log = structlog.get_logger()

#: Seconds between two looks at the states of requests: at least while they change, and at most when nobody says so.
_BREATH = 10.0
_AT_LEAST_EVERY = 600.0
#: A transaction in which a request changes is over by then; what takes longer, the next look finds.
_COMMITTED = 2.0
#: After a failure, as when the database is away.
_AGAIN = 5.0

#: Returns caller -> `open` or `closed`.
TicketStates = Callable[[], Awaitable[Mapping[str, str]]]


class Snapshot:
    """Keeps the file at `path`; `tickets` tells the state of each caller's newest request.

    What the file said when the program started stands until something newer is known: a database that is away at the
    start unblocks nobody.
    """

    def __init__(self, path: Path, tickets: TicketStates, *, now: Callable[[], datetime] = clock.now) -> None:
        self._path = path
        self._read_tickets = tickets
        self._changed = asyncio.Event()
        self._changed.set()
        self._now = now
        self._written: dict[str, Any] | None = None
        known = self._load()
        #: Caller -> level, caller -> state, as they are in the file.
        self.blocked: Mapping[str, str] = known.get("blocked", {})
        self.tickets: Mapping[str, str] = known.get("tickets", {})
        self.announcement_on: bool = known.get("announcement", {}).get("on", False)

    def save(self, *, blocked: Mapping[str, str] | None = None, announcement_on: bool | None = None) -> bool:
        """Write what is known, with what is given in place of the old; returns False when the disk does not take it.

        Then the file stays as it was, and the next save or look at the tickets tries again.
        """
        if blocked is not None:
            self.blocked = dict(blocked)
        if announcement_on is not None:
            self.announcement_on = announcement_on
        document = {
            "blocked": dict(self.blocked),
            "announcement": {"on": self.announcement_on},
            "tickets": dict(self.tickets),
        }
        if document == self._written:
            return True
        try:
            _write_whole(self._path, json.dumps(document, ensure_ascii=False, separators=(",", ":")))
        except OSError as error:
            _log.error("snapshot_not_written", path=str(self._path), reason=str(error))
            self._written = None
            return False
        self._written = document
        return True

    def tickets_changed(self, _events: object = None) -> None:
        """Requests have changed: their states are to be written, soon."""
        self._changed.set()

    async def about_to_change(self, *_what: object) -> None:
        """Requests change in a transaction that is not committed yet: look when it is, soon."""
        asyncio.get_running_loop().call_later(_COMMITTED, self._changed.set)

    async def refresh(self) -> bool:
        """Read the states of requests and write them, if they have changed; returns False when the disk is at fault.

        Raises what the database does.
        """
        self.tickets = dict(await self._read_tickets())
        return self.save()

    async def run(self) -> None:
        """Keep the states of requests, for ever; whatever fails is tried again."""
        while True:
            try:
                async with asyncio.timeout(_AT_LEAST_EVERY):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                done = await self.refresh()
            except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; the old states stand meanwhile
                _log.warning("snapshot_not_refreshed", error=type(error).__name__)
                done = False
            if not done:
                self._changed.set()
            await asyncio.sleep(_BREATH if done else _AGAIN)

    def _load(self) -> dict[str, Any]:
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            _log.error("snapshot_not_read", path=str(self._path), reason=str(error))
            return {}
        try:
            return _checked(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            self._keep_aside(error)
            return {}

    def _keep_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}{DAMAGED}{self._now():%Y%m%dT%H%M%SZ}")
        try:
            self._path.rename(aside)
        except OSError as fault:
            _log.error("damaged_file_not_kept", path=str(self._path), reason=str(fault))
            return
        _log.error("file_damaged", path=str(self._path), kept=aside.name, reason=str(error)[:200])


def _checked(document: object) -> dict[str, Any]:
    """Return the document when it is what `save` writes. Raises TypeError."""
    if not isinstance(document, dict):
        raise TypeError("no object")
    announcement = document.get("announcement", {})
    if not isinstance(announcement, dict) or not isinstance(announcement.get("on", False), bool):
        raise TypeError("announcement is no switch")
    for name in ("blocked", "tickets"):
        found = document.get(name, {})
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise TypeError(f"{name} is no list of callers")
    return document


def _write_whole(path: Path, text: str) -> None:
    """Replace the file by one that holds `text`, mode 0600. Raises OSError, and then leaves it as it was.

    It is not waited for that the disk has it: a file lost with the power is made again from the database.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
