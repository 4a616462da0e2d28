"""Asterisk's security events in the trade's words, and the file of who is banned.

What each event holds was seen in an Asterisk 22.10:

- a request for a name that is none raises InvalidAccountID and, as if there were one, ChallengeSent for `<unknown>`;
- a seat that comes the wrong way raises FailedACL and is challenged as a stranger is: nobody learns names;
- ChallengeResponseFailed follows any wrong answer, also to a challenge that was never sent: it proves no address;
- a request that the list of bans refuses raises nothing at all; it is answered 403 before anything else is done.
"""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from callcenter.asterisk.events import SignInTried
from callcenter.asterisk.fields import Message, field, raised_at

_KINDS: Mapping[str, Literal["asked", "wrong", "unknown", "refused", "signed_in"]] = {
    "ChallengeSent": "asked",
    "ChallengeResponseFailed": "wrong",
    "InvalidPassword": "wrong",
    "InvalidAccountID": "unknown",
    "FailedACL": "refused",
    "InvalidTransport": "refused",
    "SuccessfulAuth": "signed_in",
}
#: Manager events that are read here: a filter at Asterisk's side must let these through.
EVENTS = frozenset(_KINDS)
#: What Asterisk calls whoever it does not know.
_NOBODY = "<unknown>"
#: `IPV4/UDP/192.0.2.1/5060`; an IPv6 address may stand in brackets.
_REMOTE = re.compile(r"IPV[46]/(\w+)/\[?([0-9A-Fa-f.:]{2,45})\]?/\d+")
_LONGEST_ACCOUNT = 64
_BAN = re.compile(r"deny = (\S+) ; until (\S+)")


def read(message: Message, received_at: datetime) -> SignInTried | None:
    """Return what a message of Asterisk's means for whoever guards the door, None for nothing; never raises."""
    name = message.get("Event")
    kind = _KINDS.get(name) if type(name) is str else None
    if kind is None or field(message, "Service") != "PJSIP":
        return None
    remote = _REMOTE.fullmatch(field(message, "RemoteAddress"))
    if remote is None:
        return None
    account = field(message, "AccountID").partition("@")[0]
    shown = "".join(sign for sign in account if sign.isprintable())[:_LONGEST_ACCOUNT]
    return SignInTried(
        raised_at(message, received_at),
        address=remote[2],
        account="" if shown == _NOBODY else shown,
        kind=kind,
        proven=remote[1].upper() != "UDP",
    )


def write_bans(path: Path, bans: Mapping[str, datetime]) -> None:
    """Write the networks that Asterisk shall refuse, and until when; whole or not at all. Raises OSError.

    A line that Asterisk cannot read would have it refuse everybody: names of networks only, as `ipaddress` spells them.
    """
    lines = [f"deny = {network} ; until {until.isoformat()}\n" for network, until in sorted(bans.items())]
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.writelines(lines or ["; nobody\n"])
    draft.replace(path)


def read_bans(path: Path) -> dict[str, datetime]:
    """Return what the file of bans says; nothing when there is none, or for lines that say nothing."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    bans = {}
    for line in lines:
        if found := _BAN.fullmatch(line):
            try:
                until = datetime.fromisoformat(found[2])
            except ValueError:
                continue
            if until.tzinfo is not None:
                bans[found[1]] = until
    return bans
