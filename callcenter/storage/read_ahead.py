"""Reads a SQLite database's file into memory once, at the start.

On a disk that nobody has read since the machine came up, the first full-text search over a million requests takes half
a second and more, and people wait for it. PostgreSQL keeps its own memory, and is seldom started anew (there, `pg_prewarm` does the same).
"""

import asyncio
import os
from pathlib import Path

import structlog

from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Bytes that are read in one piece: some hundredths of a second on a slow disk, so that what people ask comes between.
_PIECE = 4 * 1024 * 1024
#: Of the machine's memory, what the file may fill; a larger one would only push other things out.
_SHARE = 0.5


async def read_ahead(database: Database) -> int:
    """Read the file of `database` while others work; returns how many bytes, 0 where that would do no good."""
    path = database.url.database
    if not database.is_sqlite or path is None:
        return 0
    most = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE)
    read = 0
    try:
        with Path(path).open("rb", buffering=0) as file:  # noqa: ASYNC230  # opened at once, and read by a thread
            if os.fstat(file.fileno()).st_size > most:
                return 0
            piece = bytearray(_PIECE)
            while count := await asyncio.to_thread(file.readinto, piece):
                read += count
    except OSError as error:
        _log.warning("not_read_ahead", error=str(error))  # it only would have been quicker
    return read
