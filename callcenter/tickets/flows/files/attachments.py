"""Files of requests 附件: taken in piece by piece, looked at, kept under the hash of their content, handed out, swept.

A file is on the disk before its row is in the database, and its row is gone before the file is: whatever is cut off in
between leaves at most a file without a row, which the sweep finds.
"""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import filetype
import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.panel.i18n import N_
from callcenter.panel.problems import Problem
from callcenter.settings.promises import Disk
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.files import disk as attachment_disk
from callcenter.tickets.flows.files.disk import NoRoom
from callcenter.tickets.rules import attachments as rules
from callcenter.tickets.rules.unfit import Unfit
from callcenter.tickets.tables import Attachment, Draft

_log = structlog.get_logger()

#: Files, and rows, that belong to nothing are kept this long: somebody may be typing the request that they go with.
KEPT = timedelta(days=1)
#: A sender that says nothing for this long has gone.
SILENCE_SECONDS = 20
#: Files that are taken in at once, and looked at at once.
MOST_AT_ONCE, MOST_LOOKED_AT = 16, 2
_AT_A_TIME = 500
_FIELD = "file"
_SOON = {"Retry-After": "60"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as the disk has it."""

    sha256: str
    bytes: int
    type: str


class Attachments:
    """The files below one folder; each is there once, whatever it is called and however often it was sent."""

    def __init__(self, database: Database, folder: Path, *, node: str, disk: Disk) -> None:
        self._database = database
        self._folder = folder
        self._incoming = folder / "incoming"
        self._node = node
        self._disk = disk
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._looking = asyncio.Semaphore(MOST_LOOKED_AT)
        #: Held while a file is put in its place, and while one is taken away: never both at once.
        self._placing = asyncio.Lock()

    async def take(self, name: str, parts: AsyncIterator[bytes], *, by: str, announced: int | None) -> Attachment:
        """Keep what `parts` carry under `name` for the user `by`; return its row, which belongs to no ticket yet.

        `announced` is the length that the sender says. Raises Problem with what is wrong in `fields` (`name`, `file`):
        400 for a file that cannot be taken, 413 for one too large, 429 for too many, 507 for a full disk. Then, and
        when the sender is cut off, nothing is left.
        """
        name = _cleaned(name)
        if announced is not None and announced > rules.LARGEST:
            raise _unfit(rules.too_large())
        await self._must_have_few(by)
        if self._room.locked():
            raise Problem(503, N_("Too many files are being sent at once. Please try again."), headers=_SOON)
        async with self._room:
            with self._disk_trouble():
                kept = await self._keep(name, parts)
            async with self._database.begin() as session:
                row = Attachment(
                    node=self._node,
                    sha256=kept.sha256,
                    name=name,
                    type=kept.type,
                    bytes=kept.bytes,
                    by=by,
                    at=clock.now(),
                )
                session.add(row)
        return row

    def path_of(self, sha256: str) -> Path:
        """Return where the content with that hash lies."""
        return self._folder / sha256[:2] / sha256[2:4] / sha256

    async def sweep(self) -> None:
        """Forget what nobody sent with a request for `KEPT`: rows first, then files without a row, then cut uploads."""
        async with self._database.begin() as session:
            await self._forget_rows(session, clock.now() - KEPT)
        before = time.time() - KEPT.total_seconds()
        old = await asyncio.to_thread(lambda: list(attachment_disk.old_files(self._folder, before)))
        for start in range(0, len(old), _AT_A_TIME):
            names = {path.name: path for path in old[start : start + _AT_A_TIME]}
            async with self._database.read() as session:
                used = set(await session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(names))))
            for name in names.keys() - used:
                async with self._placing:
                    await asyncio.to_thread(attachment_disk.remove_if_old, names[name], before)

    @staticmethod
    async def _forget_rows(session: AsyncSession, before: datetime) -> None:
        loose = set(
            await session.scalars(select(Attachment.id).where(Attachment.ticket_id.is_(None), Attachment.at < before))
        )
        if not loose:
            return
        # What somebody is still typing names its files.
        for fields in await session.scalars(select(Draft.fields)):
            named = fields.get("attachments") if isinstance(fields, dict) else None
            loose -= {one for one in named or () if isinstance(one, int)} if isinstance(named, list) else set()
        going = sorted(loose)
        for start in range(0, len(going), _AT_A_TIME):
            some = going[start : start + _AT_A_TIME]
            await session.execute(delete(Attachment).where(Attachment.id.in_(some), Attachment.ticket_id.is_(None)))

    async def _must_have_few(self, by: str) -> None:
        loose = select(func.count(Attachment.id)).where(Attachment.by == by, Attachment.ticket_id.is_(None))
        async with self._database.read() as session:
            count = await session.scalar(loose) or 0
        if count >= rules.MOST_LOOSE:
            raise Problem(
                429,
                N_("You have sent many files that belong to no request. Please send the requests first."),
                headers=_SOON,
            )

    async def _keep(self, name: str, parts: AsyncIterator[bytes]) -> Kept:
        incoming = await asyncio.to_thread(attachment_disk.incoming, self._incoming, self._disk)
        try:
            digest, size = hashlib.sha256(), 0
            file = await asyncio.to_thread(incoming.open, "xb")
            try:
                async for part in _in_time(parts):
                    size += len(part)
                    if size > rules.LARGEST:
                        raise _unfit(rules.too_large())
                    digest.update(part)
                    await asyncio.to_thread(file.write, part)
                await asyncio.to_thread(attachment_disk.flush, file)
            finally:
                await asyncio.to_thread(file.close)
            async with self._looking:
                type_ = await asyncio.to_thread(_examine, name, incoming, size)
            kept = Kept(digest.hexdigest(), size, type_)
            async with self._placing:
                await asyncio.to_thread(attachment_disk.place, incoming, self.path_of(kept.sha256))
            return kept
        finally:
            # In this thread, for a cancelled upload waits for no other; of one small file it takes no time.
            with contextlib.suppress(OSError):
                incoming.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _disk_trouble(self) -> Iterator[None]:
        try:
            yield
        except NoRoom:
            raise _full() from None
        except OSError as error:
            if isinstance(error, ConnectionError | TimeoutError):
                raise
            _log.error("attachment_not_kept", error=type(error).__name__, reason=os.strerror(error.errno or 0))
            raise _full() from error


def _unfit(error: Unfit) -> Problem:
    return Problem(error.status, error.message, fields={_FIELD: error.message})


def _full() -> Problem:
    reason = N_("Files cannot be stored at the moment. Please go on without, and send the file later.")
    return Problem(507, reason, fields={_FIELD: reason})


def _cleaned(name: str) -> str:
    try:
        return rules.clean_name(name)
    except Unfit as error:
        raise Problem(error.status, error.message, fields={"name": error.message}) from None


async def _in_time(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield `parts`. Raises Problem 408 when the next does not come."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                part = await anext(parts, None)
        except TimeoutError:
            raise Problem(408, N_("The file stopped arriving. Please send it again.")) from None
        if part is None:
            return
        yield part


def _examine(name: str, path: Path, size: int) -> str:
    try:
        with path.open("rb") as file:
            guess: Any = filetype.guess(file.read(8192))
            return rules.examine(name, file, size, guess.mime if guess else None)
    except Unfit as error:
        raise _unfit(error) from None
