"""Passwords of browser phones: each lives for minutes, in Asterisk's own database and in no file of ours.

Asterisk asks its database anew at each REGISTER and INVITE (sorcery.conf: `auth=astdb,webphone`), so a password counts
from the moment it is put there until the moment it is taken away, with no reload.
"""

import json

from callcenter.asterisk.ami import AmiClient, AmiRefused

#: Where Asterisk's database keeps them: the prefix of sorcery.conf, and the kind of object.
FAMILY = "webphone/auth"
_AUTH = "-auth"


def endpoint_of(seat: str) -> str:
    """Return the endpoint that the browser at `seat` registers as, which is its SIP user too."""
    return f"{seat}w"


async def allow(ami: AmiClient, seat: str, password: str) -> None:
    """Let whoever knows `password` be the browser phone of `seat`, and nobody else; raises AmiError."""
    user = endpoint_of(seat)
    # MD5 is all that JsSIP knows, and it gives up where SHA-256 is offered first. The line is encrypted, and the
    # password is random and lives for minutes.
    auth = json.dumps(
        {"auth_type": "digest", "username": user, "password": password, "supported_algorithms_uas": "MD5"}
    )
    await ami.action("DBPut", Family=FAMILY, Key=user + _AUTH, Val=auth)


async def forbid(ami: AmiClient, seat: str) -> None:
    """Let nobody be the browser phone of `seat`; raises AmiError."""
    try:
        await ami.action("DBDel", Family=FAMILY, Key=endpoint_of(seat) + _AUTH)
    except AmiRefused:
        if seat in await allowed(ami):  # Asterisk has one word for "cannot" and for "there is none"
            raise


async def allowed(ami: AmiClient) -> frozenset[str]:
    """Return the seats that have a password now; raises AmiError."""
    try:
        rows = await ami.list("DBGetTree", Family=FAMILY)
    except AmiRefused as refusal:
        if "not found" in refusal.message:  # no password was ever given
            return frozenset()
        raise
    keys = (str(row.get("Key", "")).rpartition("/")[2] for row in rows)
    return frozenset(key.removesuffix(_AUTH).removesuffix("w") for key in keys if key.endswith(_AUTH))
