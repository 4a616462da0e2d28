"""Numbers of tickets: the day, the place in the day, and a check digit, so that one misheard digit is noticed.

The check digit is Damm's (H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004): it finds every single
wrong digit and every exchange of two neighbours, the mistakes that people make on the telephone.
"""

import re
from datetime import date

#: Digits of a whole number.
LENGTH = 14
DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_NOT_DIGITS = re.compile(r"[\s\-·.,，。]+")


def number(day: date, place: int) -> str:
    """Return the number of the `place`-th ticket of `day`, as in `20261123000424`."""
    digits = f"{day:%Y%m%d}{place:05d}"
    return digits + check_digit(digits)


def check_digit(digits: str) -> str:
    """Return the digit that follows `digits`."""
    interim = 0
    for digit in digits:
        interim = int(DAMM[interim][int(digit)])
    return str(interim)


def is_number(text: str) -> bool:
    """Tell whether `text` is a number that could have been given out."""
    return len(text) >= LENGTH and text.isascii() and text.isdigit() and check_digit(text) == "0"


def said(text: str) -> str:
    """Return the digits of a number as people write or key it, with spaces, hyphens or dots between."""
    return _NOT_DIGITS.sub("", text)


def readable(number: str) -> str:
    """Return the number in groups, as it is read aloud: `2026 1123 00042 4`."""
    return " ".join(part for part in (number[:4], number[4:8], number[8:-1], number[-1:]) if part)
