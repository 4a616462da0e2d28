"""Fields of Asterisk's messages, read with suspicion: any may be missing, repeated, or nonsense."""

from datetime import UTC, datetime
from typing import Any

from callcenter.asterisk import events

Message = dict[str, Any]

#: Queue member and device states (`enum ast_device_state`), by number.
DEVICES = (
    "unknown",
    "not_in_use",
    "in_use",
    "busy",
    "invalid",
    "unavailable",
    "ringing",
    "ring_in_use",
    "on_hold",
)
#: How Asterisk and the telephone network spell a number that they do not tell.
WITHHELD = frozenset({"<unknown>", "anonymous", "restricted", "unavailable", "unknown", "withheld"})
#: What a caller's number may hold; the dialplan keeps the same characters.
_NUMBER = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+*#_.,")
_NUMBER_LENGTH = 32
#: What a message with a field that makes no sense raises.
NONSENSE = (LookupError, ValueError, TypeError, OverflowError)


def field(message: Message, key: str) -> str:
    """Return a field, the first where the dialplan's own repeats Asterisk's, empty where there is none."""
    value = message.get(key, "")
    if type(value) is list and value:
        value = value[0]
    return value if type(value) is str else ""


def needed(message: Message, key: str) -> str:
    """Return a field without which the message means nothing; raises LookupError when it is missing or empty."""
    if not (value := field(message, key)):
        raise LookupError(f"no {key}")
    return value


def number(text: str) -> str:
    """Return a caller's number as it may be stored and shown; empty when it is withheld."""
    if text.lower() in WITHHELD:
        return ""
    if not (text.isascii() and text.isdigit()):
        text = "".join(sign for sign in text if sign in _NUMBER)
    return text[:_NUMBER_LENGTH]


def caller(message: Message) -> str:
    """Return the caller's number, empty when it is withheld."""
    return number(field(message, "CallerIDNum"))


def seconds(message: Message, key: str) -> float:
    """Return a whole number of seconds, not negative; raises LookupError or ValueError."""
    return float(max(int(needed(message, key)), 0))


def raised_at(message: Message, received_at: datetime) -> datetime:
    """Return when Asterisk raised the event (`timestampevents = yes`), else `received_at`."""
    try:
        return datetime.fromtimestamp(float(message["Timestamp"]), UTC)
    except (*NONSENSE, OSError):
        return received_at


def instant(text: str) -> datetime | None:
    """Return the instant that a counter of seconds names; 0 is never. Raises ValueError or OverflowError."""
    return datetime.fromtimestamp(int(text), UTC) if text and text != "0" else None


def member(message: Message, interface: str, agent: str) -> events.Member:
    """Return the queue member that `message` describes; raises one of `NONSENSE`."""
    status = int(field(message, "Status") or 0)
    return events.Member(
        interface=interface,
        agent=agent,
        device=DEVICES[status] if 0 <= status < len(DEVICES) else DEVICES[0],
        paused=field(message, "Paused") == "1",
        reason=field(message, "PausedReason"),
        paused_since=instant(field(message, "LastPause")),
        in_call=field(message, "InCall") == "1",
        last_call=instant(field(message, "LastCall")),
    )
