"""Calendar files: whole years are taken, and anything that is not plainly right is refused with its line."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter import doctor
from callcenter.settings import Settings
from callcenter.settings.requests import Tickets
from callcenter.tickets.flows.time import calendar as flows
from callcenter.tickets.rules.calendar_file import CalendarFault, read

#: Made up for these tests: what the State Council will say of 2027 nobody knows yet.
OFF = [
    "2027-01-01",
    "2027-02-05..2027-02-11",
    "2027-04-05",
    "2027-05-03..2027-05-05",
    "2027-06-09",
    "2027-09-15",
    "2027-10-01..2027-10-07",
]
WORK = ["2027-02-20", "2027-05-08", "2027-10-09"]
#: The same with the days that the law gives and no more.
LEGAL = [day for day in OFF if day != "2027-05-03..2027-05-05"] + ["2027-05-01", "2027-05-03"]
KNOWN = frozenset(range(2004, 2027))


def toml(off: list[str] = OFF, work: list[str] = WORK, year: int = 2027, more: str = "") -> str:
    def lines(days: list[str]) -> str:
        return "".join(f'  "{day}",\n' for day in days)

    return f"[{year}]\noff = [\n{lines(off)}]\nwork = [\n{lines(work)}]\n{more}"


def without(day: str) -> list[str]:
    return [other for other in OFF if other != day]


def faults(name: str, text: str) -> list[str]:
    with pytest.raises(CalendarFault) as refused:
        read(name, text, KNOWN)
    return refused.value.faults


def test_a_whole_year_is_known_to_the_day() -> None:
    days = read("2027.toml", toml(more="sum = 14\n"), KNOWN)
    assert len(days) == 365
    off = {"2027-01-01", "2027-02-11", "2027-10-07", "2027-01-02", "2027-10-10"}
    worked = {*WORK, "2027-03-01", "2027-10-08"}
    assert {text for text in off | worked if not days[date.fromisoformat(text)]} == off


def test_csv_says_the_same_in_english_or_chinese() -> None:
    english = "date,day\n" + "".join(f"{day},off\n" for day in OFF) + "".join(f"{day},work\n" for day in WORK)
    # 13 is what the law gives; this year has one day more.
    assert any("are 14, and the law gives 13" in fault for fault in faults("2027.csv", english))
    english = "date,day\n" + "".join(f"{day},off\n" for day in LEGAL) + "2027-02-20,work\n2027-10-09,work\n"
    chinese = "日期,安排,备注\n" + "".join(f"{day},休,某节\n" for day in LEGAL) + "2027/2/20,班\n2027/10/9,班,调休\n\n"
    assert (
        read("2027.csv", english, KNOWN)
        == read("2027.CSV", chinese, KNOWN)
        == read("2027.toml", toml(LEGAL, ["2027-02-20", "2027-10-09"]), KNOWN)
    )


@pytest.mark.parametrize("year", range(2004, 2027))
def test_every_year_that_was_ever_published_would_be_taken(year: int) -> None:
    whole = {day: worked for day, worked in flows.published().items() if day.year == year}
    off = [str(day) for day, worked in whole.items() if not worked and day.weekday() < 5]
    work = [str(day) for day, worked in whole.items() if worked and day.weekday() >= 5]
    more = f"sum = {len(off) - len(work)}\n" if year >= 2025 else ""
    assert read("x.toml", toml(off, work, year, more), KNOWN) == whole


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_forgotten_day_is_noticed_whichever_it_is(year: int) -> None:
    whole = {day: worked for day, worked in flows.published().items() if day.year == year}
    off = [str(day) for day, worked in whole.items() if not worked and day.weekday() < 5]
    work = [str(day) for day, worked in whole.items() if worked and day.weekday() >= 5]
    assert read("x.toml", toml(off, work, year), KNOWN) == whole
    for lost in off:
        assert faults("x.toml", toml([day for day in off if day != lost], work, year))
    for lost in work:
        assert faults("x.toml", toml(off, [day for day in work if day != lost], year))


SUM = "sum = 14\n"


def test_an_earlier_year_has_its_qingming() -> None:
    days = {day: worked for day, worked in flows.published().items() if day.year == 2024}
    off = [str(day) for day, worked in days.items() if not worked and day.weekday() < 5 and day.month != 4]
    work = [str(day) for day, worked in days.items() if worked and day.weekday() >= 5 and day.month != 4]
    assert "x.toml: 2024 is not whole: neither 4 nor 5 April 清明 is a day off; put it under off" in faults(
        "x.toml", toml(off, work, 2024)
    )


WRONG = {
    "a gap": (toml([d.replace("2027", "2028") for d in OFF], [], 2028), "a gap: 2027 missing between 2026 and 2028"),
    "no New Year": (toml(without("2027-01-01"), more=SUM), "2027 is not whole: 1-1 (元旦) is no day off"),
    "no Spring Festival": (toml(without("2027-02-05..2027-02-11"), more=SUM), "no Spring Festival 春节"),
    "no Qingming": (toml(without("2027-04-05"), more=SUM), "weekdays off less make-up workdays are 13"),
    "no National Day": (toml(without("2027-10-01..2027-10-07"), more=SUM), "10-1 (国庆节) is no day off"),
    "too few": (toml(), "weekdays off less make-up workdays are 14, and the law gives 13"),
    "empty year": ("[2027]\n", "holds no year"),
    "empty": ("", "holds no year"),
    "twice": (toml([*OFF, "2027-01-01"]), "line 10: 2027-01-01 is named twice (also in line 3): take one out"),
    "twice in a span": (toml([*OFF, "2027-10-03"]), "line 10: 2027-10-03 is named twice (also in line 9)"),
    "off and worked": (toml(OFF, ["2027-10-02"]), "2027-10-02 is both a day off and a workday (also in line 9)"),
    "worked anyhow": (toml(OFF, ["2027-10-11"]), "line 12: 2027-10-11 is a Monday and worked anyhow"),
    "no such day": (toml([*OFF, "2027-02-29"]), "line 10: '2027-02-29': there is no such day"),
    "no such month": (toml([*OFF, "2027-13-01"]), "line 10: '2027-13-01': there is no such day"),
    "no date": (toml([*OFF, "元旦"]), "line 10: '元旦': no date: write it as 2027-02-05"),
    "backwards": (toml([*OFF, "2027-07-09..2027-07-01"]), "line 10: '2027-07-09..2027-07-01': a span runs forward"),
    "a year long": (toml([*OFF, "2027-01-01..2027-12-31"]), "no longer than 31 days"),
    "three ends": (toml([*OFF, "2027-07-01..2027-07-02..2027-07-03"]), "a day is written 2027-02-05, a span"),
    "another year": (toml([*OFF, "2026-01-01"]), "line 10: 2026-01-01 stands in the table of 2027"),
    "no year": ("[holidays]\noff = []\n", "line 1: 'holidays': every table is a year, such as [2027]"),
    "another word": ("[2027]\noff = []\nholiday = []\n", "line 3: 2027: 'holiday': a year has the lists off and work"),
    "no list": ("[2027]\noff = 3\n", "'off': a year has the lists off and work"),
    "a number": ("[2027]\noff = [3]\n", "a day is written 2027-02-05"),
    "no TOML": ("[2027\n", "no TOML: "),
    "a key twice": ("[2027]\noff = []\noff = []\n", "no TOML: "),
    "far away": ("[2100]\noff = ['2100-01-01']\n", "2100-01-01: years are 2004 to 2099"),
    "NUL": ("\0", "holds a NUL"),
    "endless": ("#" * 300_000, "longer than 200000 characters"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_with_its_line(what: str) -> None:
    text, reason = WRONG[what]
    found = faults("2027.toml", text)
    assert any(reason in fault for fault in found), found
    assert all(fault.startswith("2027.toml: ") for fault in found)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2027-01-01", "line 2: a row is a date and off (休) or work (班)"),
        ("2027-01-01,maybe", "line 2: a row is a date and off"),
        ("2027-02-30,off", "line 2: '2027-02-30': there is no such day"),
        ("soon,off", "line 2: 'soon': no date"),
        ("2027-01-01,off\n2027-01-01,off", "line 3: 2027-01-01 is named twice (also in line 2)"),
        ("2027-01-04,work", "line 2: 2027-01-04 is a Monday and worked anyhow"),
        ('"' + "x" * 140_000, "no CSV"),
    ],
)
def test_a_row_that_is_wrong_is_named(row: str, reason: str) -> None:
    assert any(reason in fault for fault in faults("2027.csv", "date,day\n" + row))


def test_every_fault_is_named_at_once() -> None:
    found = faults("2027.toml", toml([*OFF, "2027-02-29", "元旦"], ["2027-10-11"]))
    assert len(found) == 3


def refusal(name: str, text: str) -> list[str] | None:
    try:
        assert read(name, text, KNOWN)
    except CalendarFault as refused:
        return refused.faults
    return None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["a.toml", "a.csv"]))
def test_any_text_at_all_is_refused_in_clear_lines(text: str, name: str) -> None:
    found = refusal(name, text)
    assert found
    assert all("\n" not in fault for fault in found)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*OFF, *WORK, "2027-07-01", "x"]), st.sampled_from(["off", "work", "班"]))))
def test_rows_of_half_a_year_are_refused(rows: list[tuple[str, str]]) -> None:
    assert refusal("a.csv", "\n".join(",".join(row) for row in rows))


NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_the_file_is_read_again_when_it_changes_and_a_faulty_one_changes_nothing(tmp_path: Path) -> None:
    hotline = Settings(data=tmp_path)
    kept = flows.KeptCalendar(hotline)
    assert kept().years[-1] == 2026
    assert "load 2027 before then" in (flows.warning(kept(), NOW) or "")
    path = tmp_path / "calendar.toml"
    path.write_text(toml(), encoding="utf-8")
    kept.look()
    assert kept().years[-1] == 2026
    assert "the law gives 13" in kept.faults[0]
    assert flows.faults(hotline) == kept.faults
    path.write_text(toml(more=SUM), encoding="utf-8")
    kept.look()
    assert (kept().years[-1], kept.faults, flows.faults(hotline)) == (2027, [], [])
    assert flows.warning(kept(), NOW) is None
    path.write_text("[2027]\n", encoding="utf-8")
    kept.look()
    assert kept().years[-1] == 2027, "what was known stays known"
    assert kept.faults
    path.unlink()
    kept.look()
    assert (kept().years[-1], kept.faults) == (2026, [])


def test_a_file_wins_over_the_library_and_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "节假日.csv"
    text = "日期,安排\r\n" + "".join(f"{day},休\r\n" for day in LEGAL) + "2027/2/20,班\r\n2027/10/9,班\r\n"
    path.write_bytes(text.encode("gb18030"))
    hotline = Settings(data=tmp_path, tickets=Tickets(calendar=path))
    assert flows.faults(hotline) == []
    assert flows.load(hotline).is_workday(date(2027, 10, 9))
    path.write_bytes(b"\xff\xff\xff")
    assert any("neither UTF-8 nor GB 18030" in fault for fault in flows.faults(hotline))
    path.unlink()
    assert any("no such file" in fault for fault in flows.faults(hotline))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(toml(more=SUM))
    path.chmod(0)
    assert any("permission denied" in fault for fault in flows.faults(Settings(data=tmp_path)))


def test_check_and_doctor_tell_of_a_faulty_calendar_and_of_one_that_ends(tmp_path: Path) -> None:
    def run(command: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"CALLCENTER_DATA": str(tmp_path)}
        words = [sys.executable, "-m", "callcenter", command]
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=100, check=False)

    (finding,) = doctor._calendar(Settings(data=tmp_path))
    assert (finding.ok, finding.name) == (True, "calendar")
    assert "2026" in finding.detail
    (tmp_path / "calendar.toml").write_text(toml([*OFF, "2027-02-30"]), encoding="utf-8")
    (finding,) = doctor._calendar(Settings(data=tmp_path))
    assert not finding.ok
    assert "line 10: '2027-02-30': there is no such day" in finding.detail
    done = run("check")
    assert done.returncode == 2
    assert "calendar.toml: line 10: '2027-02-30': there is no such day" in done.stderr
