"""What is done each minute about deadlines: those that are missing are told, those that come are reminded of."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from callcenter.panel.live import LiveState
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.telling import notices
from callcenter.tickets.flows.time import calendar as calendars
from callcenter.tickets.flows.time import deadlines, reminders
from callcenter.tickets.flows.time.calendar import KeptCalendar

#: The section of the live document: how many notices supervisors, and each agent by login, have not seen.
SECTION = "notices"
#: Days before the last known year ends from which the wallboard says so; by then terms reach into the next.
ALARM_DAYS = 20

OnAlarm = Callable[[str, Mapping[str, Any] | None], None]


class Timekeeper:
    """The sweep that runs each minute; everything it knows stands in the database."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        calendar: KeptCalendar,
        live: LiveState,
        *,
        on_alarm: OnAlarm | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._settings = settings.tickets
        self._calendar = calendar
        self._live = live
        self._on_alarm = on_alarm
        self._now = now

    async def sweep(self) -> None:
        """Read the calendar if it changed, tell missing deadlines, remind, and count what nobody has seen."""
        now = self._now()
        self._calendar.look()
        calendar = self._calendar.current
        missing = await deadlines.work_out(self._database, calendar, now)
        await reminders.remind(
            self._database,
            calendar,
            now,
            before_hours=self._settings.remind_before_hours,
            after_hours=self._settings.remind_after_hours,
        )
        self._warn(missing, now)
        await self.count()

    async def count(self) -> None:
        """Show how many notices nobody has seen."""
        async with self._database.read() as session:
            self._live.set(SECTION, await notices.unseen(session, self._now()))

    def _warn(self, missing: set[int], now: datetime) -> None:
        if self._on_alarm is None:
            return
        last = calendars.ends(self._calendar.current, now, within=ALARM_DAYS)
        year = min(missing) if missing else last.year + 1 if last else None
        self._on_alarm("calendar_ends", {"year": year, "waiting": bool(missing)} if year else None)
        faults = self._calendar.faults
        self._on_alarm("calendar_faulty", {"detail": faults[0][:300], "faults": len(faults)} if faults else None)
