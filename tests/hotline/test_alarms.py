"""Alarms on the wallboard: one of each kind, with the time at which it was first raised."""

from datetime import UTC, datetime, timedelta

from callcenter.hotline.alarms import Alarms
from callcenter.panel.live import LiveState

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_an_alarm_that_is_raised_again_keeps_its_time_and_gets_new_figures() -> None:
    live, clock = LiveState(), Clock()
    alarms = Alarms(live, now=clock)
    assert live.document["alarms"] == {}
    alarms.raise_("disk_low", free_mb=900)
    clock.now += timedelta(minutes=5)
    alarms.raise_("disk_low", free_mb=800)
    alarms.raise_("history_behind", seconds=70)
    assert live.document["alarms"] == {
        "disk_low": {"since": "2026-11-24T09:00:00.000+00:00", "free_mb": 800},
        "history_behind": {"since": "2026-11-24T09:05:00.000+00:00", "seconds": 70},
    }


def test_an_alarm_that_is_over_is_gone_and_the_next_begins_anew() -> None:
    live, clock = LiveState(), Clock()
    alarms = Alarms(live, now=clock)
    alarms.tell("file_damaged", {"file": "snapshot.json"})
    alarms.tell("file_damaged", None)
    alarms.clear("file_damaged")
    assert live.document["alarms"] == {}
    clock.now += timedelta(minutes=5)
    alarms.raise_("file_damaged", since="of the past")
    assert alarms.raised["file_damaged"]["since"] == "2026-11-24T09:05:00.000+00:00", (
        "a figure is never the alarm's time"
    )
