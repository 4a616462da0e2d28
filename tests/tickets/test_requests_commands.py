"""`callcenter ticket show` and `callcenter tickets-table`."""

import asyncio
import json
from pathlib import Path

import pytest
from life_scene import TO_UNIT, living

from callcenter.cli import command_line
from callcenter.settings import SettingsError
from callcenter.storage.engine import Database
from callcenter.storage.migrate import upgrade
from callcenter.tickets.rules.numbers import readable


@pytest.fixture
def number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ticket in the database that the settings name."""
    url = f"sqlite:///{tmp_path}/requests.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", url)
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path / "var"))

    async def fill() -> str:
        await upgrade(url)
        database = Database(url)
        life = await living(database, tmp_path)
        number = await life.open()
        await life.go(number, *TO_UNIT)
        await database.close()
        return number

    return asyncio.run(fill())


def test_a_ticket_is_shown_with_its_history(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    command_line("ticket")(["ticket", "show", readable(number), "--json"], standalone_mode=False)
    body = json.loads(capsys.readouterr().out)
    assert (body["number"], body["state"], len(body["entries"])) == (number, "dispatched", 3)
    command_line("ticket")(["ticket", "show", number], standalone_mode=False)
    shown = capsys.readouterr().out
    assert readable(number) in shown
    assert "dispatch" in shown


def test_a_ticket_that_is_not_there_is_an_error_on_one_line(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert number
    assert command_line("ticket")(["ticket", "show", "99"], standalone_mode=False) == 1
    assert capsys.readouterr().err == "callcenter: there is no ticket 99\n"


def test_a_calendar_file_that_cannot_be_read_is_named_with_its_faults(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "workdays.csv"
    path.write_text("2031-01-01,holiday\n", encoding="utf-8")
    monkeypatch.setenv("CALLCENTER_TICKETS__CALENDAR", str(path))
    with pytest.raises(SettingsError) as refused:
        command_line("ticket")(["ticket", "show", number], standalone_mode=False)
    assert f"{path}: line 1: a row is a date" in str(refused.value)


def test_the_table_is_drawn_between_the_markers_and_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    english, chinese, bare = (tmp_path / name for name in ("A.md", "A.zh-CN.md", "B.md"))
    for path in (english, chinese):
        path.write_text("before\n<!-- moves -->\nOLD ONE\n<!-- /moves -->\nafter\n", encoding="utf-8")
    bare.write_text("nothing\n", encoding="utf-8")
    command = command_line("tickets-table")
    command(["tickets-table", "--into", str(english), str(chinese)], standalone_mode=False)
    text = chinese.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- moves -->")
    assert text.endswith("<!-- /moves -->\nafter\n")
    assert ("签收" in text, "Sign for" in english.read_text(encoding="utf-8"), "OLD ONE" in text) == (True, True, False)
    with pytest.raises(Exception, match="no lines"):
        command(["tickets-table", "--into", str(bare)], standalone_mode=False)
    assert bare.read_text(encoding="utf-8") == "nothing\n"
    command(["tickets-table"], standalone_mode=False)
    assert "stateDiagram" in capsys.readouterr().out
