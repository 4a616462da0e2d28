"""What the wallboard is told of the history: raised once, renewed now and then, and cleared when it is over."""

import asyncio
from pathlib import Path

import pytest
from historian_scene import Alarms

from callcenter.asterisk.cel_bulk import Fault
from callcenter.hotline import history_alarms
from callcenter.hotline.history_alarms import HistoryAlarms

FILE = Path("/var/cel.jsonl")


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


@pytest.fixture
def kept(alarms: Alarms) -> HistoryAlarms:
    return HistoryAlarms(FILE, alarms)


async def test_far_behind_is_an_alarm_until_all_is_stored(alarms: Alarms, kept: HistoryAlarms) -> None:
    kept.looked(lambda: 50 << 20, caught_up=False, reason="")
    kept.looked(lambda: 40 << 20, caught_up=False, reason="")
    assert alarms.log == [("history_behind", {"bytes": 50 << 20, "seconds": 0, "reason": ""})]
    kept.looked(lambda: 0, caught_up=True, reason="")
    kept.looked(lambda: 0, caught_up=True, reason="")
    assert alarms.log[1:] == [("history_behind", None)]


async def test_a_little_behind_is_none_unless_it_lasts(
    alarms: Alarms, kept: HistoryAlarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_alarms, "BEHIND_SECONDS", 0.2)
    monkeypatch.setattr(history_alarms, "_RENEW_SECONDS", 0.01)
    kept.looked(lambda: 100, caught_up=False, reason="locked")
    assert alarms.log == []
    async with asyncio.timeout(5):
        while not alarms.now:
            await asyncio.sleep(0.02)
            kept.looked(lambda: 100, caught_up=False, reason="locked")
    assert alarms.now["history_behind"]["reason"] == "locked"


async def test_its_figures_are_renewed(alarms: Alarms, kept: HistoryAlarms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_alarms, "_RENEW_SECONDS", 0.0)
    for left in (50, 40, 3):
        kept.looked(lambda left=left: left << 20, caught_up=False, reason="")
    assert [detail and detail["bytes"] >> 20 for _, detail in alarms.log] == [50, 40, 3]


async def test_the_same_damage_is_told_once_and_cleared_when_all_is_stored(alarms: Alarms, kept: HistoryAlarms) -> None:
    kept.damaged("unreadable")
    kept.damaged("unreadable")
    kept.looked(lambda: 9, caught_up=False, reason="")
    assert alarms.log == [("history_damaged", {"file": str(FILE), "reason": "unreadable"})]
    kept.looked(lambda: 0, caught_up=True, reason="")
    assert alarms.log[1:] == [("history_damaged", None)]


async def test_lines_kept_apart_are_counted_and_shown_for_a_day(
    alarms: Alarms, kept: HistoryAlarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.quarantined("f1", [])
    kept.quarantined("f1", [Fault(7, b"x", "no JSON")])
    kept.quarantined("f2", [Fault(8, b"y", "no JSON"), Fault(9, b"z", "linkedid '' names no call")])
    shown = alarms.now["calls_quarantined"]
    assert (shown["lines"], shown["file"], shown["offset"]) == (3, "f2", 9)
    assert "names no call" in shown["reason"]
    kept.looked(lambda: 0, caught_up=True, reason="")
    assert "calls_quarantined" in alarms.now
    monkeypatch.setattr(history_alarms, "_QUARANTINE_SECONDS", 0.0)
    await asyncio.sleep(0.001)
    kept.looked(lambda: 0, caught_up=True, reason="")
    assert alarms.now == {}
