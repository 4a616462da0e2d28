"""Telephone numbers that people wrote down in running text, and how others see them.

Mobiles, land lines with their area code 区号 and foreign numbers with a plus are known by their form alone. A local
number of 7 or 8 digits (`6655 1234`) has the form of much else; it is taken for a telephone unless it reads as a date,
or the words around it say that it is money, a measure, a house number, or the number of something else. Wrongly hidden
is worse than it looks only in a list: on the request's own page everything stands as it was written.
"""

import re
from collections.abc import Iterator
from datetime import date

from callcenter.hotline.rules.numbers import mask

_LOCAL = r"[2-8]\d{2,3}[- ]?\d{4}"
#: Mobiles, also spaced, and land lines with their area code, also in brackets; foreign ones with a plus.
_WHOLE = (
    r"(?<![\d.])(?:(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    rf"|\(0(?:10|2\d|[3-9]\d\d)\)[- ]?{_LOCAL}|0(?:10|2\d|[3-9]\d\d)[- ]?{_LOCAL}|\+\d{{8,15}})(?!\d)"
)
#: Local ones. Not within a longer number, a word, a decimal or an address on the web; after a slash only as one of two.
_WITHIN_ONES_AREA = (
    r"(?:(?<![A-Za-z0-9_/=@#*.-])|(?<=\d/)|(?<=[^\d]\.))"
    r"(?P<local>(?P<first>[2-8]\d{2,3})(?P<between>[- ]?)(?P<last>\d{4}))"
    r"(?![A-Za-z0-9_%]|\.\d|-\d{5}|-\d+-)"
)
_IN_TEXT = re.compile(f"{_WHOLE}|{_WITHIN_ONES_AREA}", re.ASCII)
#: What follows an amount, a measure or a number of something else: 号码 is a telephone's, 人工 a person who answers it.
_MEASURE = re.compile(
    r"\s*(?:[元块万亿年米吨度斤户室铺栋幢楼层弄座院巷㎡%℃]|[多余]?(?:美元|人民币|平方|平米|公里|公斤|千瓦|立方|单元)|号(?!码)|人(?!工))"
)
#: What stands before the number of something else.
_LABEL = re.compile(
    r"(?:[户表账帐卡证案文学工票批单编序车箱桩杆井门牌]号|编码|代码|邮编|密码|验证码|工单|订单|金额|合计|共计|人民币|余额"
    r"|QQ|微信|[第№$¥￥]|No\.?)(?:是|为)?\s*[:：]?\s*$",
    re.IGNORECASE,
)
#: What stands before a telephone number; a few words may come between.
_TELEPHONE = re.compile(
    r"(?:电话|手机|座机|固话|热线|致电|拨打|来电|回电|联系|tel|phone)[^\d,，。;；]{0,6}$", re.IGNORECASE
)
#: What stands before a house number (`长虹路201-1203`).
_PLACE = re.compile(r"[号楼栋幢座弄巷路街道村组院元区]\s*$")
#: How far around a number its words are looked at.
_AROUND = 16
#: Digits as a Chinese keyboard may write them, and what separates them; each is one character for one.
_NARROW = str.maketrans("０１２３４５６７８９＋－—–\u3000\u00a0（）", "0123456789+---  ()")
_HOURS, _MINUTES = 24, 60


def masked_in(text: str, *, local: bool = True) -> str:
    """Return `text` with the telephone numbers that stand in it masked; other numbers, as of requests, stay.

    Without `local`, those that have no area code stay too: for text in which only programs write numbers.
    """
    shown, at = [], 0
    for begin, end in _places(text, local=local):
        digits = re.sub(r"[() -]", "", text[begin:end].translate(_NARROW))
        shown += [text[at:begin], mask(digits)]
        at = end
    return "".join((*shown, text[at:]))


def _places(text: str, *, local: bool) -> Iterator[tuple[int, int]]:
    narrow = text.translate(_NARROW)  # the places are the same
    for found in _IN_TEXT.finditer(narrow):
        before, after = narrow[max(0, found.start() - _AROUND) : found.start()], narrow[found.end() :][:_AROUND]
        if found["local"] is None:
            if not _is_hour_and_day(found[0]):
                yield found.span()
        elif local and not _is_something_else(found, before, after):
            yield found.span()


def _is_something_else(found: re.Match[str], before: str, after: str) -> bool:
    """Whether what has the form of a local number is none."""
    first, between, last = found["first"], found["between"], found["last"]
    if _is_day(first + last) or _MEASURE.match(after) or _LABEL.search(before):
        return True
    if not between:
        return False
    if _TELEPHONE.search(before):
        return False
    if re.match(rf"{between}\d", after) or re.search(
        rf"\d{between}$", before
    ):  # one group of several, as of a bank card
        return True
    # A range, as of years, hours or houses, rises.
    return bool(_PLACE.search(before)) or (between == "-" and int(first) <= int(last))


def _is_day(digits: str) -> bool:
    """Whether eight digits are a day of this century."""
    if len(digits) != len("20261128") or not digits.startswith("20"):
        return False
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


def _is_hour_and_day(number: str) -> bool:
    """Whether an area code is an hour, and what follows a day: `0800 20261128`."""
    hour, _, day = number.partition(" ")
    if not re.fullmatch(r"\d{4}", hour, re.ASCII):
        return False
    return int(hour[:2]) < _HOURS and int(hour[2:]) < _MINUTES and _is_day(re.sub(r"[- ]", "", day))
