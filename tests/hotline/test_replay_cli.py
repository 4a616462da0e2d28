"""The commands `audit` and `replay` as people and scripts meet them: what they refuse, print, and end with."""

import json
from pathlib import Path

import pytest
from cel_lines import Citizen

from callcenter.cli import command_line


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a hotline that has never run."""
    monkeypatch.setenv("CALLCENTER_DATA", str(tmp_path))
    monkeypatch.delenv("CALLCENTER_DATABASE_URL", raising=False)
    return tmp_path


def run(*arguments: str) -> int:
    """Run a command; returns its status."""
    return command_line(arguments[0])(list(arguments), standalone_mode=False) or 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://somewhere", "--into mysql://somewhere: mysql: only SQLite and PostgreSQL are supported"),
        ("no url at all", "--into no url at all: Could not parse SQLAlchemy URL from given URL string"),
        ("sqlite:///{data}/callcenter.db", "--into names the database in use; name an empty one"),
        ("postgresql://nobody@127.0.0.1:1/none", "a database does not answer"),
        ("sqlite:///{data}/no/such/folder/x.db", "there is no folder "),
    ],
)
def test_a_target_that_is_none_is_refused_in_one_line(
    data: Path, capsys: pytest.CaptureFixture[str], url: str, says: str
) -> None:
    assert run("replay", "--into", url.format(data=data)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("callcenter: ")
    assert says in said.err
    assert said.err.count("\n") == 1


def test_history_is_rebuilt_into_a_database_that_is_named_and_only_once(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cel = data / "asterisk/log/cel-custom/cel.jsonl"
    cel.parent.mkdir(parents=True)
    cel.write_text("\n".join(Citizen("node1-1.1").queued().hangs_up(20)) + "\n")
    target = f"sqlite:///{data}/anew.db"
    assert run("replay", "--into", target) == 0
    assert "rebuilt" in capsys.readouterr().out
    assert run("replay", "--into", target) == 1
    assert "is not empty: it has calls" in capsys.readouterr().err
    assert run("calls", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [], "the database in use was not touched"


def test_an_empty_hotline_is_audited_without_differences(data: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001  # its environment
    assert run("audit") == 0
    assert capsys.readouterr().out.startswith("no differences: 0 calls compared\n")
    assert run("audit", "--json") == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_a_difference_is_listed_and_ends_with_status_1(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = data / "asterisk/log/queue_log"
    log.parent.mkdir(parents=True)
    log.write_text("1795395605|node1-1.1|hotline|NONE|ENTERQUEUE||13800000001|1\n")
    assert run("audit", "--from", "2026-11-23", "--to", "2026-11-23") == 1
    printed = capsys.readouterr().out
    assert printed.startswith("1 difference; 1 calls compared\n")
    assert "node1-1.1" in printed
    assert run("audit", "--from", "2026-11-22", "--to", "2026-11-22") == 0
