"""Turns Asterisk's own files over, and removes them when their time has come: call records, queue_log, messages.log.

Asterisk opens the file of call records for each record, so a rename is all there is to it. The other two stay open in
it, under their new names, until it is asked to open its logs again; so no line of any file is lost. (The action
`LoggerRotate` would rename them once more, in its own way; `Reload` of the logger opens them and leaves names alone.)
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from callcenter.asterisk.ami import AmiError
from callcenter.asterisk.cel_files import files_of, identity_of

_log = structlog.get_logger()
#: A file that has grown to so many bytes does not wait for midnight.
FULL_BYTES = 256 << 20
#: A log that strangers can fill is kept to so many bytes in all: a flood writes gigabytes an hour, banned or not.
BOUND_BYTES = 2 << 30
_STAMP = re.compile(r"\.(\d{8}-\d{6})(?:-(\d+))?")
_REOPEN_SECONDS = 10.0

#: Identity of the file that the historian reads, and how many bytes of it are stored; None when it has not begun.
Position = tuple[str, int] | None


class Ami(Protocol):
    """Where Asterisk is asked."""

    async def action(self, name: str, /, *, timeout: float = 5.0, **fields: str) -> object:  # noqa: ASYNC109
        """Carry out an action; raises AmiError."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, as the rule sees it."""

    path: Path
    size: int
    #: When it was last written to.
    written: datetime
    #: Whether the historian has stored everything in it; true of files that it does not read.
    done: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with the files of one log."""

    rename_to: Path | None = None
    remove: tuple[Path, ...] = ()


def plan(
    path: Path,
    files: Sequence[LogFile],
    now: datetime,
    *,
    keep: timedelta,
    daily: bool,
    full: int = FULL_BYTES,
    bound: int | None = None,
) -> Plan:
    """Decide about the log at `path`, whose `files` are the rotated ones, oldest first, and the one in use.

    The one in use is turned over when it is not empty and it is the day's (`daily`) time, or it has `full` bytes. A
    rotated one that the historian has stored goes when nothing was written to it for `keep`, or when it and the newer
    ones have more than `bound` bytes.
    """
    used = next((file for file in files if file.path == path), None)
    rotated = [file for file in files if file.path != path]
    turn = used is not None and used.size > 0 and (daily or used.size >= full)
    return Plan(
        rename_to=next_name(path, [file.path for file in rotated], now) if turn else None,
        remove=tuple(
            file.path
            for at, file in enumerate(rotated)
            if file.done
            and (now - file.written > keep or (bound is not None and sum(one.size for one in rotated[at:]) > bound))
        ),
    )


def next_name(path: Path, rotated: Sequence[Path], now: datetime) -> Path:
    """Return the name for the file at `path` turned over at `now`: later than every name there is, whatever the clock.

    The order of the names is the order of what the files hold.
    """
    stamps = [
        (found[1], int(found[2] or 0))
        for file in rotated
        if (found := _STAMP.fullmatch(file.name.removeprefix(path.name)))
    ]
    stamp, again = f"{now:%Y%m%d-%H%M%S}", 0
    if stamps and max(stamps)[0] >= stamp:
        stamp, again = max(stamps)[0], max(stamps)[1] + 1
    return path.with_name(f"{path.name}.{stamp}{f'-{again:03d}' if again else ''}")


def stored(files: Sequence[Path], position: Position) -> set[Path]:
    """Return those of the files of call records, oldest first, that are stored to the last byte. Raises OSError."""
    if position is None:
        return set()
    identity, offset = position
    for place, file in enumerate(files):
        if identity_of(file) == identity:
            return {*files[:place], *([file] if offset >= file.stat().st_size else [])}
    return set()


@dataclass
class LogRotation:
    """Turns over the files of one Asterisk.

    `position` tells how far the historian has stored the call records: none is removed that it has not.
    """

    cel: Path
    #: Asterisk's logs that it keeps open, and the journal.
    logs: Sequence[Path]
    ami: Ami
    keep: timedelta
    position: Callable[[], Awaitable[Position]]
    clock: Callable[[], datetime]
    #: Those of the logs that are kept to `BOUND_BYTES`.
    bounded: Sequence[Path] = ()
    #: Whether Asterisk still writes into a file that was renamed.
    _owed: bool = field(default=False, init=False)
    #: One turn at a time: two that found the same name would write the one file over the other.
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def at_midnight(self) -> None:
        """Begin a new day's files, and remove old ones."""
        async with self._turn:
            await self._turn_over(daily=True)

    async def when_large(self) -> None:
        """Turn over whatever has grown too large, and catch up on what could not be done before."""
        async with self._turn:
            await self._turn_over(daily=False)

    async def _turn_over(self, *, daily: bool) -> None:
        done = await self._stored()
        renamed = [await asyncio.to_thread(self._one, log, None, daily) for log in self.logs]
        await asyncio.to_thread(self._one, self.cel, done, daily)
        self._owed = self._owed or any(renamed)
        if self._owed:
            await self._reopen()

    async def _stored(self) -> set[Path]:
        try:
            position = await self.position()
            return await asyncio.to_thread(lambda: stored([path for path, _ in files_of(self.cel)], position))
        except Exception as error:  # noqa: BLE001  # whatever keeps the place from us, no record is removed
            _log.warning("cel_files_kept", reason=f"{type(error).__name__}: {error}"[:300])
            return set()

    def _one(self, path: Path, done: set[Path] | None, daily: bool) -> bool:  # noqa: FBT001  # for a thread
        """Carry out the plan for one log; returns whether it was renamed."""
        try:
            files = [
                LogFile(
                    file,
                    status.st_size,
                    datetime.fromtimestamp(status.st_mtime, UTC),
                    done is None or file in done,
                )
                for file, status in files_of(path)
            ]
            bound = BOUND_BYTES if path in self.bounded else None
            wanted = plan(path, files, self.clock(), keep=self.keep, daily=daily, bound=bound)
            for old in wanted.remove:
                old.unlink(missing_ok=True)
                _log.info("log_removed", file=str(old))
            if wanted.rename_to:
                if wanted.rename_to.exists():
                    raise FileExistsError(f"{wanted.rename_to.name} is there already")
                path.rename(wanted.rename_to)
                _log.info("log_rotated", file=str(path), to=wanted.rename_to.name)
        except OSError as error:
            # Tomorrow is another day; a log that stays as it is loses nothing.
            _log.warning("log_not_rotated", file=str(path), reason=str(error))
            return False
        return wanted.rename_to is not None

    async def _reopen(self) -> None:
        """Have Asterisk open its logs under their names; a dead one does so when it starts."""
        try:
            await self.ami.action("Reload", timeout=_REOPEN_SECONDS, Module="logger")
        except AmiError as error:
            _log.warning("logs_not_reopened", reason=str(error))
        else:
            self._owed = False
