"""Calendar files: days off 休 and make-up workdays 班 of whole years, as people copy them from the yearly notice.

TOML, where a day or a span of days is a text, or a date as TOML writes it:

    [2027]
    off = ["2027-01-01..2027-01-03", "2027-02-05..2027-02-11", ...]
    work = ["2027-02-14", ...]

or CSV, one day or span in a row, as a spreadsheet saves it: `2027-01-01,off` (or 休), `2027-02-14,work` (or 班).
Ordinary Saturdays and Sundays may be named among the days off, and need not be. A file that is not plainly right is
refused as a whole, with every fault: a deadline that is wrong for a year is worse than one that is not known yet.

What shows that a holiday was forgotten is the sum: days off on weekdays, less make-up workdays, are what the law gives.
A year whose notice really gives another sum says so: `sum = 14` in its table.
"""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

#: Days that the law gives 全国年节及纪念日放假办法: weekdays off less make-up workdays, exactly, since 2025.
LEGAL_DAYS = 13
LEGAL_SINCE = 2025
#: Earlier years gave fewer, and moved some over the end of the year.
EARLIER_DAYS = range(9, 14)
#: Since when Qingming is a holiday.
_QINGMING_SINCE = 2008
FIRST_YEAR, LAST_YEAR = 2004, 2099
MOST_CHARACTERS = 200_000
_LONGEST_SPAN = 31
_WORDS = {"off": False, "休": False, "work": True, "班": True}
_SATURDAY = 5
_DAY = timedelta(days=1)


class CalendarFault(Exception):
    """A calendar file that cannot be used; `faults` has one line per fault: file, line, what is wrong, how to mend."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass
class _Reading:
    name: str
    #: Day -> whether it is worked, and the line that says so.
    said: dict[date, tuple[bool, int]] = field(default_factory=dict)
    #: Year -> the sum that the file gives it.
    sums: dict[int, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def fault(self, line: int, reason: str) -> None:
        where = f"line {line}: " if line else ""
        self.faults.append(f"{self.name}: {where}{reason}")

    def say(self, day: date, line: int, *, worked: bool) -> None:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fault(line, f"{day}: years are {FIRST_YEAR} to {LAST_YEAR}")
        elif day in self.said:
            before, there = self.said[day]
            words = "named twice" if before is worked else "both a day off and a workday"
            self.fault(line, f"{day} is {words} (also in line {there}): take one out")
        elif worked and day.weekday() < _SATURDAY:
            self.fault(line, f"{day} is a {day:%A} and worked anyhow: make-up workdays fall on Saturday or Sunday")
        else:
            self.said[day] = (worked, line)


def read(name: str, text: str, known: frozenset[int] = frozenset()) -> dict[date, bool]:
    """Return of every day of every year in the file `name` whether it is worked, as `text` says.

    `known` are the years that are known without it: those of the file must join them without a gap. Raises
    CalendarFault.
    """
    reading = _Reading(name)
    if len(text) > MOST_CHARACTERS:
        raise CalendarFault([f"{name}: longer than {MOST_CHARACTERS} characters: no calendar"])
    if "\0" in text:
        raise CalendarFault([f"{name}: holds a NUL: no text file"])
    (_read_csv if name.lower().endswith(".csv") else _read_toml)(reading, text)
    years = sorted({day.year for day in reading.said})
    if not years and not reading.faults:
        reading.fault(0, "holds no year: see the manual for an example")
    if not reading.faults:
        for year in years:
            _check(reading, year)
        _must_join(reading, years, known)
    if reading.faults:
        raise CalendarFault(reading.faults)
    return {day: worked for year in years for day, worked in _whole(reading.said, year)}


def _read_toml(reading: _Reading, text: str) -> None:
    try:
        written = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reading.fault(0, f"no TOML: {error}")
        return
    lines = text.splitlines()
    for year, table in written.items():
        top = _line_of(lines, f"[{year}]")
        if not re.fullmatch(r"2[0-9]{3}", year) or not isinstance(table, dict):
            reading.fault(top, f"{year!r}: every table is a year, such as [2027]")
            continue
        for word, days in table.items():
            if word == "sum" and type(days) is int:
                reading.sums[int(year)] = days
                continue
            if word not in _WORDS or not isinstance(days, list):
                reading.fault(_line_of(lines, word, top), f"{year}: {word!r}: a year has the lists off and work")
                continue
            places = _places(lines, top, days)
            for said, line in zip(days, places, strict=True):
                _say(reading, line, int(year), said, worked=_WORDS[word])


def _places(lines: list[str], top: int, days: list[object]) -> Iterator[int]:
    """Yield on which line each of `days` stands."""
    seen: dict[str, int] = {}
    for said in days:
        written = str(said)
        # The same day twice stands on two lines, or twice on one.
        line = _line_of(lines, written, seen.get(written, top)) or seen.get(written, top)
        seen[written] = line
        yield line


def _say(reading: _Reading, line: int, year: int, said: object, *, worked: bool) -> None:
    try:
        span = list(_span(said))
    except ValueError as error:
        reading.fault(line, f"{str(said)[:40]!r}: {error}")
        return
    for day in span:
        if day.year == year:
            reading.say(day, line, worked=worked)
        else:
            reading.fault(line, f"{day} stands in the table of {year}: each year has its own")


def _read_csv(reading: _Reading, text: str) -> None:
    rows = csv.reader(text.splitlines())
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if (
                not any(cells)
                or cells[0].startswith("#")
                or (rows.line_num == 1 and cells[0].lower() in {"date", "日期"})
            ):
                continue
            if len(cells) < 2 or cells[1].lower() not in _WORDS:  # noqa: PLR2004  # a date and a word
                reading.fault(rows.line_num, "a row is a date and off (休) or work (班): 2027-01-01,off")
                continue
            try:
                span = list(_span(cells[0].replace("/", "-")))
            except ValueError as error:
                reading.fault(rows.line_num, f"{cells[0][:40]!r}: {error}")
                continue
            for day in span:
                reading.say(day, rows.line_num, worked=_WORDS[cells[1].lower()])
    except csv.Error as error:
        reading.fault(rows.line_num, f"no CSV: {error}")


def _span(said: object) -> Iterator[date]:
    """Yield the days of `2027-02-05`, or of `2027-02-05..2027-02-11`; raises ValueError."""
    if isinstance(said, date) and not isinstance(said, datetime):
        yield said
        return
    ends = [_day(part.strip()) for part in said.split("..")] if isinstance(said, str) else []
    if not 1 <= len(ends) <= 2:  # noqa: PLR2004  # a day or a span
        raise ValueError("a day is written 2027-02-05, a span 2027-02-05..2027-02-11")
    if not timedelta(0) <= ends[-1] - ends[0] < timedelta(days=_LONGEST_SPAN):
        raise ValueError(f"a span runs forward and is no longer than {_LONGEST_SPAN} days")
    day = ends[0]
    while day <= ends[-1]:
        yield day
        day += _DAY


def _day(text: str) -> date:
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text)
    if found is None:
        raise ValueError("no date: write it as 2027-02-05")
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise ValueError("there is no such day") from None


def _check(reading: _Reading, year: int) -> None:
    """Refuse a year that cannot be whole, by the holidays that the law gives every year 全国年节及纪念日放假办法."""
    whole = dict(_whole(reading.said, year))
    for month, day, name in ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节"), (10, 2, "国庆节"), (10, 3, "国庆节")):
        if whole[date(year, month, day)]:
            reading.fault(0, f"{year} is not whole: {month}-{day} ({name}) is no day off; put it under off")
    # The first of the first month lies between 21 January and 20 February.
    run = 0
    longest = 0
    for place in range(36):
        run = 0 if whole[date(year, 1, 20) + place * _DAY] else run + 1
        longest = max(longest, run)
    if longest < 5:  # noqa: PLR2004  # a weekend has two; the holiday never had fewer than six
        reading.fault(0, f"{year} is not whole: no Spring Festival 春节 in January or February; put it under off")
    if year >= _QINGMING_SINCE and whole[date(year, 4, 4)] and whole[date(year, 4, 5)]:
        reading.fault(0, f"{year} is not whole: neither 4 nor 5 April 清明 is a day off; put it under off")
    given = sum(day.weekday() < _SATURDAY and not worked for day, worked in whole.items()) - sum(
        day.weekday() >= _SATURDAY and worked for day, worked in whole.items()
    )
    right = given == reading.sums.get(year, LEGAL_DAYS) if year >= LEGAL_SINCE else given in EARLIER_DAYS
    if not right:
        reading.fault(
            0,
            f"{year} is not whole: weekdays off less make-up workdays are {given}, and the law gives {LEGAL_DAYS}; "
            f"compare it with the notice, and if that gives {given}, write sum = {given} into its table",
        )


def _must_join(reading: _Reading, years: list[int], known: frozenset[int]) -> None:
    for before, after in pairwise(sorted({*years, *known})):
        if after - before > 1:
            gap = str(before + 1) if after - before == 2 else f"{before + 1} to {after - 1}"  # noqa: PLR2004
            reading.fault(0, f"a gap: {gap} missing between {before} and {after}; put {gap} in as well")


def _whole(said: Mapping[date, tuple[bool, int]], year: int) -> Iterator[tuple[date, bool]]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day, said[day][0] if day in said else day.weekday() < _SATURDAY
        day += _DAY


def _line_of(lines: list[str], written: str, after: int = 0) -> int:
    """Return the number of the first line beyond `after` that holds `written`, or 0."""
    return next((number for number, line in enumerate(lines, 1) if number > after and written in line), 0)
