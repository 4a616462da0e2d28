"""Reads a SQLite database's file into memory once, at the start.

On a disk that nobody has read since the machine came up, the first full-text search over a million requests takes half
a second and more, and people wait for it. PostgreSQL keeps its own memory, and is seldom started anew.

A program of its own reads it: whoever closes a file gives up all of this process's locks on it, SQLite's included
(sqlite.org/howtocorrupt.html, 2.2), and two writers would then work at once.
"""

import asyncio
import os
from asyncio.subprocess import DEVNULL
from pathlib import Path

import structlog

from callcenter.storage.engine import Database

_log = structlog.get_logger()
#: Of the machine's memory, what the file may fill; a larger one would only push other things out.
_SHARE = 0.5


async def read_ahead(database: Database) -> bool:
    """Read the file of `database` while others work; returns whether it was, False where that would do no good."""
    path = database.url.database
    if not database.is_sqlite or path is None:
        return False
    most = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE)
    try:
        if Path(path).stat().st_size > most:  # noqa: ASYNC240  # a local file, once
            return False
        reader = await asyncio.create_subprocess_exec("cat", path, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    except OSError as error:
        _log.warning("not_read_ahead", error=str(error))  # it only would have been quicker
        return False
    try:
        return await reader.wait() == 0
    except asyncio.CancelledError:
        reader.kill()
        await reader.wait()
        raise
