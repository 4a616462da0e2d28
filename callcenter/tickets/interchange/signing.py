"""Signatures of messages between the platforms: pure.

The signed text is, line by line: the method, the path, the time (seconds since 1970), the nonce, and the SHA-256 of the
body in hexadecimal; an answer is signed over `ANSWER`, the path and the nonce of its request, and its own time and
body. The signature is the HMAC-SHA256 of that text under the shared key, in hexadecimal.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Seconds by which the two clocks may differ.
SKEW = 300
#: Characters that a shared key has at least.
LEAST_KEY = 32

ID, TIME, NONCE, SIGNATURE = "X-Hotline-Id", "X-Hotline-Time", "X-Hotline-Nonce", "X-Hotline-Signature"
_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}")
_TIME = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """A message is not from whom it says, is too old, or was changed on its way; says which."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who we are, who they are, and what only both know."""

    ours: str
    theirs: str
    key: bytes

    def __repr__(self) -> str:
        """Return everything but the key."""
        return f"Parties(ours={self.ours!r}, theirs={self.theirs!r})"


def signature(  # noqa: PLR0917  # each is one part of the signed text
    key: bytes, method: str, path: str, time: str, nonce: str, body: bytes
) -> str:
    """Return the signature of a message."""
    text = "\n".join((method, path, time, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def signed(parties: Parties, method: str, path: str, body: bytes, *, now: float, nonce: str) -> dict[str, str]:
    """Return the headers of a message of ours."""
    time = str(int(now))
    sign = signature(parties.key, method, path, time, nonce, body)
    return {ID: parties.ours, TIME: time, NONCE: nonce, SIGNATURE: sign}


def verify(  # noqa: PLR0917  # each is one part of the signed text
    parties: Parties, method: str, path: str, headers: Mapping[str, str], body: bytes, now: float
) -> str:
    """Return the nonce of a message of theirs. Raises BadSignature, which names the header that is wrong.

    Whether the nonce was used before is for the caller to know.
    """
    who, time, nonce = (headers.get(name, "") for name in (ID, TIME, NONCE))
    if not hmac.compare_digest(who.encode("utf-8", "replace"), parties.theirs.encode()):
        raise BadSignature(f"{ID} is not the name of the other platform")
    if not _NONCE.fullmatch(nonce):
        raise BadSignature(f"{NONCE} must be 16 to 64 letters, digits, - or _")
    if not _TIME.fullmatch(time):
        raise BadSignature(f"{TIME} must be seconds since 1970")
    wanted = signature(parties.key, method, path, time, nonce, body)
    if not hmac.compare_digest(headers.get(SIGNATURE, "").encode("utf-8", "replace"), wanted.encode()):
        raise BadSignature(f"{SIGNATURE} is wrong")
    # Only then: a stranger does not learn what time it is here.
    if abs(now - int(time)) > SKEW:
        raise BadSignature(f"{TIME} differs from our clock by {int(time) - int(now):+d} s; {SKEW} s are allowed")
    return nonce


def signed_answer(parties: Parties, path: str, nonce: str, body: bytes, *, now: float) -> dict[str, str]:
    """Return the headers of our answer to the message with `nonce`."""
    return signed(parties, "ANSWER", path, body, now=now, nonce=nonce)


def verify_answer(  # noqa: PLR0917  # as above
    parties: Parties, path: str, nonce: str, headers: Mapping[str, str], body: bytes, now: float
) -> None:
    """Check their answer to our message with `nonce`. Raises BadSignature."""
    if verify(parties, "ANSWER", path, headers, body, now) != nonce:
        raise BadSignature(f"{NONCE} is not that of our message")
