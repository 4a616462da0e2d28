"""The calendar of this hotline: China's published holidays, and a file of its own for years that the library lacks."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from chinese_calendar import constants

from callcenter.settings import Settings
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.calendar_file import MOST_CHARACTERS, CalendarFault, read

_log = structlog.get_logger()
#: Days before the last known year ends from which the next one is asked for.
WARN_DAYS = 60
#: Where the file is looked for when the settings name none.
FILE = "calendar.toml"
#: As `date.weekday` counts.
_SATURDAY = 5


@cache
def published() -> Mapping[date, bool]:
    """Return of every day of the years that the library knows whether it is worked."""
    # The library's own `is_workday` is as right, and a hundred times as slow: every controller asks this as it starts.
    years = {day.year for day in constants.holidays}
    span = range(date(min(years), 1, 1).toordinal(), date(max(years) + 1, 1, 1).toordinal())
    weekdays = {day: day.weekday() < _SATURDAY for day in map(date.fromordinal, span)}
    return weekdays | dict.fromkeys(constants.holidays, False) | dict.fromkeys(constants.workdays, True)


def file_of(settings: Settings) -> Path:
    """Return where the calendar file is, or would be."""
    named = settings.tickets.calendar
    return named.expanduser() if named else settings.data_folder / FILE


def load(settings: Settings) -> WorkCalendar:
    """Return the calendar: a year in the file comes before the library's. Raises CalendarFault with every fault."""
    path = file_of(settings)
    days = dict(published())
    if settings.tickets.calendar is not None or path.exists():
        days |= read(str(path), _text(path), frozenset(day.year for day in days))
    return WorkCalendar(days, ZoneInfo(settings.time_zone), settings.tickets.working_minutes)


def faults(settings: Settings) -> list[str]:
    """Return what is wrong with the calendar file, one line each."""
    try:
        load(settings)
    except CalendarFault as fault:
        return fault.faults
    return []


def ends(calendar: WorkCalendar, now: datetime, *, within: int = WARN_DAYS) -> date | None:
    """Return the last day that is known when it is nearer than `within` days, or past; None when there is time."""
    today = now.astimezone(calendar.zone).date()
    year = today.year
    while year in calendar.years:
        year += 1
    last = date(year, 1, 1) - timedelta(days=1)
    return last if (last - today).days < within else None


def warning(calendar: WorkCalendar, now: datetime) -> str | None:
    """Return what is to be done when the known years run out, or None."""
    last = ends(calendar, now)
    if last is None:
        return None
    return (
        f"holidays are known until {last}: load {last.year + 1} before then, from the State Council's notice, into "
        f"the file that [tickets] calendar names"
    )


class KeptCalendar:
    """The calendar that is in force, read again when its file changes; one that is faulty changes nothing.

    At the start, a faulty file leaves the library's years; `faults` says what is wrong with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = file_of(settings)
        self._stamp: tuple[int, int] | None = None
        self.faults: list[str] = []
        self.current = WorkCalendar(published(), ZoneInfo(settings.time_zone), settings.tickets.working_minutes)
        self.look(first=True)

    def __call__(self) -> WorkCalendar:
        """Return the calendar that is in force."""
        return self.current

    def look(self, *, first: bool = False) -> None:
        """Read the file again if it is another than before."""
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
        except OSError:
            stamp = None
        if stamp == self._stamp and not first:
            return
        try:
            self.current = load(self._settings)
        except CalendarFault as fault:
            for line in fault.faults:
                _log.error("calendar_faulty", fault=line)
            self.faults = fault.faults
        else:
            self.faults = []
            _log.info("calendar_read", years=f"{self.current.years[0]}-{self.current.years[-1]}")
        self._stamp = stamp


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(4 * MOST_CHARACTERS + 1)
    except OSError as error:
        raise CalendarFault([f"{path}: {(error.strerror or str(error)).lower()}"]) from error
    for encoding in ("utf-8-sig", "gb18030"):  # the second is what a Chinese spreadsheet saves
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CalendarFault([f"{path}: neither UTF-8 nor GB 18030: save it as UTF-8"])
