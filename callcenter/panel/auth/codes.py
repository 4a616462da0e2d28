"""Codes of the second step: six digits from a telephone (TOTP, RFC 6238), and recovery codes for a lost one."""

import hmac
import secrets
from datetime import datetime

import pyotp
import segno

#: Whom the telephone shows above the code.
ISSUER = "12345热线"
STEP_SECONDS = 30
#: Steps that a telephone's clock may be before or behind ours.
DRIFT = 1
RECOVERY_CODES = 10
#: Letters and figures that nobody confuses.
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LETTERS = 12


def new_secret() -> str:
    """Return a secret of 160 bits, in Base32."""
    return pyotp.random_base32()


def uri(secret: str, login: str) -> str:
    """Return what the QR code tells the telephone's program."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def qr(text: str) -> tuple[int, str]:
    """Return the QR code of `text` as the width of its square and an SVG path of its dark modules.

    A path is no markup: the page draws it without trusting anything, and its policy needs no exception.
    """
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while (start := row.find(1, x)) >= 0:
            x = end if (end := row.find(0, start)) >= 0 else len(row)
            runs.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
    return len(rows), "".join(runs)


def step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """Return the step (half minute since 1970) whose code this is, or None.

    Only steps `after` the last that was used: a code that somebody looked at over a shoulder is good for nothing.
    """
    generator = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    good = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), code.encode()) and step > after and good is None:
            good = step
    return good


def recovery_codes() -> list[str]:
    """Return new recovery codes of 59 bits, easy to read from paper."""
    return [
        "-".join("".join(secrets.choice(_CLEAR) for _ in range(4)) for _ in range(_RECOVERY_LETTERS // 4))
        for _ in range(RECOVERY_CODES)
    ]


def plain(code: str) -> str:
    """Return `code` as it is compared: without the spaces and dashes that people type, in small letters."""
    return "".join(letter for letter in code.casefold() if letter.isascii() and letter.isalnum())


def is_recovery(code: str) -> bool:
    """Whether a plain code has the length of a recovery code."""
    return len(code) == _RECOVERY_LETTERS
