"""Decisions about recordings: when one is complete, when it is owed, when it may go, and what part of it was asked for.

Pure: `now` is an argument.
"""

import re
from datetime import datetime, timedelta

#: Asterisk closes its file within milliseconds of the call's end; this much silence of the file shows that it has.
QUIET = timedelta(seconds=2)
#: A talk shorter than this may have nothing on record: it is begun with the first speech.
BRIEF = timedelta(seconds=2)
#: A killed Asterisk takes with it what it had not written yet, and its talks seem to last until it was noticed.
DEATH = timedelta(seconds=25)
#: So long after a talk its recording must be there.
DUE = timedelta(minutes=2)
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """A range that begins behind the end."""


def complete(*, call_over: bool, written_at: datetime, now: datetime) -> bool:
    """Return whether nothing more will be written to a raw recording that was last written at `written_at`."""
    return call_over and now - written_at >= QUIET


def owed(*, talked: timedelta, cut: bool, ended_at: datetime, now: datetime) -> bool:
    """Return whether a talk of that length, over since `ended_at`, must have its recording by now."""
    return talked > (DEATH if cut else BRIEF) and now - ended_at > DUE


def delete_after(ended_at: datetime, keep_days: int) -> datetime:
    """Return until when a recording is kept."""
    return ended_at + timedelta(days=keep_days)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return (start, stop) of the part that a `Range` header asks of `size` bytes; None is the whole.

    A header that is no range of bytes, or names several, asks for the whole (RFC 9110, 14.2). Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(header or "")
    if not found or found[1] == found[2] == "":
        return None
    if not found[1]:
        start, stop = max(size - int(found[2]), 0), size
    else:
        start, stop = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size or stop <= start:
        raise Unsatisfiable
    return start, stop
