"""Telephone numbers: one spelling for each citizen, which numbers are dialled without asking, and how people see them.

The network spells one telephone in many ways (`+8613800001234`, `013800001234`, `13800001234`); what is owed to a
citizen must not depend on that. Sources: the Chinese numbering plan 电信网编号计划, and the tables of phonenumbers.
"""

import re
from functools import lru_cache
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

#: Why a number is not dialled without a supervisor.
Held = Literal["emergency", "premium", "foreign", "unknown"]

#: Digits from which the first three and the last four are kept: of a local number that would be nearly all.
_KEEP_BOTH_ENDS = 10
#: In place of the middle of a number.
MASKED = "****"
_REMEMBERED = 20_000
_CHINA = 86
#: Ways to write "China, then" and the trunk prefix before a number.
_PREFIXES = ("", "0", "86", "+86", "0086", "860", "+860", "00860")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?0?(1[3-9]\d{9})")
#: A number within one's own area: 7 or 8 digits, of which the first is neither 0, 1 nor 9.
_LOCAL = re.compile(r"[2-8]\d{6,7}")
#: What may be dialled: mobile, land line with its area code 区号, local, and what companies publish (400, 800).
_ORDINARY = re.compile(rf"1[3-9]\d{{9}}|0(?:10|2\d|[3-9]\d\d){_LOCAL.pattern}|{_LOCAL.pattern}|[48]00\d{{7}}")
#: Information services that cost by the minute 声讯台: 160 and 168, and the operators' 125xx and 126xx.
_PREMIUM = re.compile(r"0?16[08]\d{5,8}|12[56]\d{4,}")
#: 110, 119, 120, 122, 12345, 95588, 114...: also with an area code before it, which rings the same in another city.
_SERVICE = re.compile(
    r"(?:(?:\+|00)?86)?(?:0(?:10|2\d|[3-9]\d\d)|0)?(?:1[0-2]\d|999|1[0-2]\d{3}|9[56]\d{3,4}|1[0-2]\d{4})"
)


@lru_cache(_REMEMBERED)
def normalised(number: str, area_code: str = "") -> str:
    """Return the one spelling of `number`: mobile `13800001234`, land line `01012345678`, foreign `+14155550000`.

    A local number gets `area_code` when that is set. What no table knows stays as it is, and so does an empty number.
    """
    if found := _MOBILE.fullmatch(number):
        return found[1]
    if area_code and _LOCAL.fullmatch(number):
        return area_code + number
    parsed = _parsed(number)
    if parsed is None:
        return number
    if parsed.country_code != _CHINA:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(parsed)
    fixed = phonenumbers.number_type(parsed) in {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return f"0{national}" if fixed else national


def variants(number: str, area_code: str = "") -> tuple[str, ...]:
    """Return every spelling in which the network may have delivered the normalised `number`, itself first."""
    if number.startswith("+"):
        spellings = [number, "00" + number[1:]]
    else:
        national = number.removeprefix("0")
        spellings = [number, *(prefix + national for prefix in _PREFIXES)]
        if area_code and number.startswith(area_code):
            spellings.append(number.removeprefix(area_code))
    return tuple(dict.fromkeys(one for one in spellings if one == number or normalised(one, area_code) == number))


def held(number: str) -> Held | None:
    """Return why the normalised `number` is not dialled without a supervisor; None when it is an ordinary telephone.

    Only what is known to be ordinary is dialled: a citizen may key anything, also what rings 110 in another city, costs
    by the minute, or begins with another carrier's prefix.
    """
    if _SERVICE.fullmatch(number):
        return "emergency"
    if _PREMIUM.fullmatch(number):
        return "premium"
    if _ORDINARY.fullmatch(number):
        return None
    parsed = _parsed(number)
    if parsed is None:
        return "unknown"
    if parsed.country_code != _CHINA:
        return "foreign"
    return "premium" if phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE else "unknown"


def mask(number: str) -> str:
    """Return `number` with its middle hidden (`138****0001`), as a screen that everyone sees may show it.

    A withheld number stays empty; a short one keeps its last two characters.
    """
    if len(number) >= _KEEP_BOTH_ENDS:
        return f"{number[:3]}{MASKED}{number[-4:]}"
    return "*" * max(len(number) - 2, 0) + number[-2:]


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    """Return what the library knows of `number`, or None when it is no valid number to it."""
    if not re.fullmatch(r"\+?[0-9]+", number, re.ASCII):
        return None
    try:
        parsed = phonenumbers.parse(number, "CN")
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number(parsed) else None
