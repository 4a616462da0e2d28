"""What app_queue wrote about its callers: the second witness, which the audit compares the call history with.

One line is `epoch|channel|queue|agent|event|data...`, the data as app_queue of Asterisk 22 writes it (proven by the
recordings in `tests/asterisk/recordings/`). The time is whole seconds: a line says a moment up to a second too early.
Nothing is written for a caller whom Queue() refuses (FULL, JOINEMPTY), and nothing for one whom a dying Asterisk held.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from callcenter.asterisk.cel_files import files_of

#: Bytes of a line; app_queue cuts its data at 8 KiB.
_LONGEST_LINE = 16_384
#: A file that was last written to so long before a period holds nothing of it, whatever a clock did meanwhile.
_CLOCK_SLACK = timedelta(days=1)
_HEAD = 5
_SECONDS = re.compile(r"\d{1,11}")


class QueueKind(StrEnum):
    """What happened; the values are Asterisk's names."""

    __hash__ = str.__hash__

    #: The caller took a place.
    ENTERED = "ENTERQUEUE"
    #: An agent picked up for the caller.
    CONNECTED = "CONNECT"
    #: The caller hung up while waiting, or was taken out of the queue by a redirection.
    ABANDONED = "ABANDON"
    #: The caller pressed a key that ends the wait.
    LEFT_BY_KEY = "EXITWITHKEY"
    #: The longest wait was over.
    TIMED_OUT = "EXITWITHTIMEOUT"
    #: No agent was left.
    NOBODY_THERE = "EXITEMPTY"
    #: An agent picked up, and the two phones had no way to speak in common.
    NOT_COMPATIBLE = "SYSCOMPAT"
    #: A supervisor handed the caller to an agent who had picked up.
    WITHDRAWN = "WITHDRAW"
    #: The talk ended: the agent hung up first.
    ENDED_BY_AGENT = "COMPLETEAGENT"
    #: The talk ended: the caller hung up first.
    ENDED_BY_CALLER = "COMPLETECALLER"
    #: The agent passed the caller on.
    TRANSFERRED = "BLINDTRANSFER"
    TRANSFERRED_AFTER_ASKING = "ATTENDEDTRANSFER"
    #: Asterisk has just started: no caller of before is there any more.
    RESTARTED = "QUEUESTART"
    #: Agents who sign in, pause, ring in vain; reloads.
    OTHER = ""


class QueueEvent(NamedTuple):
    """One thing that app_queue wrote down."""

    kind: QueueKind
    #: Up to a second early.
    at: datetime
    #: The caller's channel (unique id), which for a citizen is the call's name too.
    call: str
    queue: str
    #: The agent's number; empty when it concerns none.
    agent: str
    #: Of ENTERED: the caller's number.
    caller: str = ""
    #: Of ENTERED: the caller's position, so the number that waits from then on.
    position: int | None = None
    #: Whole seconds of waiting, of whatever ends it.
    waited: int | None = None
    #: Whole seconds of the talk, of whatever ends that.
    talked: int | None = None


class QueueLogFault(ValueError):
    """A line that says nothing; the text says why."""


class Unreadable(NamedTuple):
    """A line that could not be understood."""

    #: Name of the file, and the line's number in it from 1.
    file: str
    line: int
    reason: str
    #: When the last line before it that could be read was written.
    after: datetime | None


_KINDS = {kind.value: kind for kind in QueueKind if kind.value}
#: Where the seconds of waiting stand among the data, and those of talking.
_WAITED = {
    QueueKind.CONNECTED: 0,
    QueueKind.ABANDONED: 2,
    QueueKind.LEFT_BY_KEY: 3,
    QueueKind.TIMED_OUT: 2,
    QueueKind.NOBODY_THERE: 2,
    QueueKind.WITHDRAWN: 2,
    QueueKind.ENDED_BY_AGENT: 0,
    QueueKind.ENDED_BY_CALLER: 0,
    QueueKind.TRANSFERRED: 2,
    QueueKind.TRANSFERRED_AFTER_ASKING: 2,
}
_TALKED = {
    QueueKind.ENDED_BY_AGENT: 1,
    QueueKind.ENDED_BY_CALLER: 1,
    QueueKind.TRANSFERRED: 3,
    QueueKind.TRANSFERRED_AFTER_ASKING: 3,
}


def parse(line: bytes) -> QueueEvent:
    """Return the event that `line` records. Raises QueueLogFault."""
    fields = line.decode("utf-8", "replace").rstrip("\r\n").split("|")
    if len(fields) < _HEAD or not _SECONDS.fullmatch(fields[0]):
        raise QueueLogFault("it does not begin with a time and four fields")
    seconds, call, queue, agent, name, *data = fields
    kind = _KINDS.get(name, QueueKind.OTHER)
    if kind is QueueKind.OTHER and not re.fullmatch(r"[A-Z]{2,30}", name):
        raise QueueLogFault(f"{name!r:.40} is no event")
    at = datetime.fromtimestamp(int(seconds), UTC)
    agent = "" if agent == "NONE" else agent
    event = QueueEvent(kind, at, call, queue, agent)
    if kind is QueueKind.ENTERED:
        return event._replace(caller=_field(data, 1), position=_number(data, 2))
    if kind in _WAITED:
        talked = _number(data, _TALKED[kind]) if kind in _TALKED else None
        return event._replace(waited=_number(data, _WAITED[kind]), talked=talked)
    return event


def read(path: Path, since: datetime, until: datetime) -> Iterator[QueueEvent | Unreadable]:
    """Yield what the log at `path` and the rotated ones beside it say from `since` until before `until`, in order.

    Agents' own events (`QueueKind.OTHER`) are left out. Raises OSError when a file cannot be read.
    """
    for file, status in files_of(path):
        if datetime.fromtimestamp(status.st_mtime, UTC) >= since - _CLOCK_SLACK:
            yield from _read_file(file, since, until)


def _read_file(file: Path, since: datetime, until: datetime) -> Iterator[QueueEvent | Unreadable]:
    after: datetime | None = None
    with file.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), 1):
            if not line.strip():
                continue
            try:
                event = parse(line)
            except QueueLogFault as fault:
                if after is None or since <= after < until:
                    yield Unreadable(file.name, number, str(fault), after)
                continue
            after = event.at
            if since <= event.at < until and event.kind is not QueueKind.OTHER:
                yield event


def _field(data: list[str], place: int) -> str:
    return data[place] if place < len(data) else ""


def _number(data: list[str], place: int) -> int | None:
    """Return a number of seconds or places; it is hostile, for a torn line may hold half of it and the next line."""
    text = _field(data, place)
    if not re.fullmatch(r"\d{1,9}", text):
        raise QueueLogFault(f"{text!r:.40} is no number")
    return int(text)
