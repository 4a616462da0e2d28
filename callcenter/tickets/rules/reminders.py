"""What people are told of deadlines, in their own words 时限提醒."""

from datetime import datetime, tzinfo

from callcenter.tickets.rules.clocks import Reminder

CLOCKS: dict[str, str] = {"sign": "签收时限", "total": "总时限", "handle": "办理时限"}
_SAID: dict[Reminder, str] = {
    "before": "{clock}将于 {due} 届满，请抓紧办理。",
    "at": "{clock}已于 {due} 届满，请立即办理。",
    "after": "{clock}已于 {due} 届满，至今仍未办结该环节。",
}
#: The notice that a year of the calendar is missing: it stands in no ticket's way, and its deadline waits.
CALENDAR = "calendar"


def words(kind: Reminder, clock: str, due: datetime, zone: tzinfo) -> str:
    """Return what a reminder of the clock named `clock` says; the day and minute are those of `zone`."""
    return _SAID[kind].format(clock=CLOCKS.get(clock, clock), due=f"{due.astimezone(zone):%Y-%m-%d %H:%M}")


def calendar_words(year: int) -> str:
    """Return what supervisors are told when deadlines wait for the calendar of `year`."""
    return f"缺少 {year} 年的节假日和调休安排，有工单的时限无法计算。请导入该年日历；导入后时限自动补算。"
