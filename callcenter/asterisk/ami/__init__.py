"""The Asterisk Manager Interface (AMI): one link that keeps itself up, actions that always end, events in order."""

from callcenter.asterisk.ami.actions import (
    AmiDown,
    AmiError,
    AmiRefused,
    AmiTimeout,
    AmiUnknownOutcome,
    Fields,
    Reply,
)
from callcenter.asterisk.ami.client import AmiClient
from callcenter.asterisk.ami.wire import Message

__all__ = [
    "AmiClient",
    "AmiDown",
    "AmiError",
    "AmiRefused",
    "AmiTimeout",
    "AmiUnknownOutcome",
    "Fields",
    "Message",
    "Reply",
]
