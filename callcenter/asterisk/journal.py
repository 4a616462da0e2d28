"""The journal: who called, on disk before they are answered, for the moment in which Asterisk dies.

The channel event log (CEL) is written by a thread of Asterisk's own, seconds behind the calls on an overloaded machine;
what it still holds is lost with a killed Asterisk. The one thing that must not be lost is that somebody called. So the
dialplan appends a line for each citizen with FILE(), in the call's own thread, before it answers; and before Asterisk
is started again, the lines of its last minutes are added to the event log as what they would have been there. Those
that it has already say nothing new: a call is known by its linkedid, and the interpreter hears a word twice unmoved.

A line is `seconds|linkedid|uniqueid|channel|context|word|detail`; the detail is what CELGenUserEvent was given.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from callcenter.asterisk.cel import LONGEST_DETAIL, LONGEST_ID, Kind
from callcenter.asterisk.cel_files import files_of

#: Seconds before the last line that are looked at: far more than the channel event log was ever seen to be behind.
LAST_SECONDS = 120.0
#: Bytes of the end of a journal that are read, some hundred calls for each of those seconds.
_TAIL = 4 << 20
_SECONDS = re.compile(r"\d{1,11}(\.\d{1,9})?")
_ID = re.compile(rf"[0-9A-Za-z._-]{{1,{LONGEST_ID}}}")
_PLAIN = re.compile(r"[ -~]*")
_FIELDS = 7


def recovered(path: Path) -> list[str]:
    """Return the last `LAST_SECONDS` of the journal at `path`, rotated ones included, as lines of the event log.

    Lines that a full disk or a dying machine left torn are passed over. Raises OSError when a file cannot be read.
    """
    told = [fields for file, _ in files_of(path)[-2:] for fields in _lines(file)]
    since = max((float(fields[0]) for fields in told), default=0.0) - LAST_SECONDS
    return [_as_event(fields) for fields in told if float(fields[0]) >= since]


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        text = file.read().decode("ascii", "replace")
    for line in text.splitlines():
        fields = line.split("|", _FIELDS - 1)
        whole = len(fields) == _FIELDS and _PLAIN.fullmatch(line)
        if whole and _SECONDS.fullmatch(fields[0]) and _ID.fullmatch(fields[1]) and _ID.fullmatch(fields[2]):
            yield fields


def _as_event(fields: list[str]) -> str:
    at, linkedid, uniqueid, channel, context, word, detail = fields
    return json.dumps(
        {
            "eventtype": Kind.SAID.value,
            "eventenum": Kind.SAID.value,
            "userdeftype": word,
            "eventtime": at,
            "context": context,
            "channame": channel,
            "uniqueid": uniqueid,
            "linkedid": linkedid,
            "peer": "",
            "eventextra": json.dumps({"extra": detail[:LONGEST_DETAIL]}, separators=(",", ":")),
        },
        separators=(",", ":"),
    )
