"""What Asterisk wrote about a call: one JSON line of the channel event log (CEL) becomes one typed event.

Fields as Asterisk 22 writes them with `format = json` (cel_custom.conf): every value is a string, `eventtime` is
seconds since the epoch with microseconds, a user event's text is JSON once more in `eventextra`. Spelling proven by
the recordings in `tests/hotline/recordings/`.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic_core import from_json

#: Longest channel, call or bridge identity; Asterisk's own limit is 150 (AST_MAX_UNIQUEID).
LONGEST_ID = 150
#: Longest text of a user event that is kept; the dialplan writes far less.
LONGEST_DETAIL = 400


class Kind(StrEnum):
    """What happened; the values are Asterisk's names of its events."""

    # An enumeration hashes its name in Python; dozens of look-ups for each call are worth the text's own hash.
    __hash__ = str.__hash__

    CHANNEL_STARTED = "CHAN_START"
    CHANNEL_ENDED = "CHAN_END"
    HUNG_UP = "HANGUP"
    BRIDGE_ENTERED = "BRIDGE_ENTER"
    BRIDGE_LEFT = "BRIDGE_EXIT"
    #: The last channel of the call is gone.
    CALL_ENDED = "LINKEDID_END"
    #: Our dialplan said it (CELGenUserEvent); `word` is its name.
    SAID = "USER_DEFINED"
    #: The supervisor is about to start Asterisk: no call survived.
    RESTARTED = "ASTERISK_START"
    #: Known to Asterisk, of no concern here.
    OTHER = ""


class CelEvent(NamedTuple):
    """One thing that happened on one channel of one call."""

    kind: Kind
    at: datetime
    linkedid: str
    uniqueid: str
    channel: str
    #: The channel's number as Asterisk knew it; hostile.
    number: str
    context: str
    #: Name of a user event (`ENTERED`, `QUEUED`, ...), else empty.
    word: str
    #: A user event's text, a bridge's identity, or the channel or program that hung up; for RESTARTED the node.
    detail: str


class CelFault(ValueError):
    """A line that is no record of a call; the text says why."""


#: By Asterisk's name; what is not in it is OTHER.
KINDS: dict[str, Kind] = {kind.value: kind for kind in Kind}
#: The one entry of `eventextra` that matters for each kind.
DETAILS: dict[Kind, str] = {
    Kind.SAID: "extra",
    Kind.BRIDGE_ENTERED: "bridge_id",
    Kind.BRIDGE_LEFT: "bridge_id",
    Kind.HUNG_UP: "hangupsource",
}


def parse(line: bytes) -> CelEvent:
    """Return the event that `line` records; unknown fields are ignored. Raises CelFault."""
    fields = _read(line)
    get = fields.get
    name = get("eventenum") or get("eventtype") or get("eventname") or ""
    if not isinstance(name, str):
        raise CelFault("the event's name is no text")
    kind = KINDS.get(name, Kind.OTHER)
    try:
        at = datetime.fromtimestamp(float(get("eventtime", "")), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise CelFault(f"eventtime {get('eventtime')!r:.60}: {error}") from error
    if kind is Kind.RESTARTED:
        return CelEvent(kind, at, "", "", "", "", "", "", _text(get("node")))
    linkedid = get("linkedid")
    if not linkedid or not isinstance(linkedid, str) or len(linkedid) > LONGEST_ID:
        raise CelFault(f"linkedid {linkedid!r:.60} names no call")
    if kind is Kind.OTHER:
        return CelEvent(kind, at, linkedid, "", "", "", "", "", "")
    wanted = DETAILS.get(kind)
    uniqueid, channel, number, context = get("uniqueid"), get("channame"), get("num"), get("context")
    if not str is type(uniqueid) is type(channel) is type(number) is type(context):
        uniqueid, channel, number, context = _text(uniqueid), _text(channel), _text(number), _text(context)
    word = _text(get("userdeftype")) if kind is Kind.SAID else ""
    detail = detail_in(get("eventextra"), wanted) if wanted else ""
    return CelEvent(kind, at, linkedid, uniqueid[:LONGEST_ID], channel, number, context, word, detail)


def _read(line: bytes) -> dict[str, Any]:
    try:
        fields = from_json(line)
    except ValueError:
        # Half a character, or bytes that are no UTF-8, must not cost us a call: the slow way takes them.
        try:
            fields = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise CelFault(f"no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise CelFault("no JSON object")
    if not line.isascii() or b"\\u" in line:
        return {name: _storable(value) for name, value in fields.items()}
    return fields


def detail_in(extra: object, wanted: str) -> str:
    """Return what `eventextra` says of `wanted`; empty when it says nothing."""
    if isinstance(extra, str) and "\\" not in extra:
        # Without escapes a quote is a quote, and JSON need not be read a second time for one word.
        _, found, rest = extra.partition(f'"{wanted}":"')
        return rest.partition('"')[0][:LONGEST_DETAIL] if found else ""
    if isinstance(extra, str):
        try:
            extra = from_json(extra)
        except ValueError:
            return ""
    return _storable_text(_text(extra.get(wanted)))[:LONGEST_DETAIL] if isinstance(extra, dict) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _storable(value: object) -> object:
    return _storable_text(value) if isinstance(value, str) else value


def _storable_text(text: str) -> str:
    """PostgreSQL stores no NUL, and no database half a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
