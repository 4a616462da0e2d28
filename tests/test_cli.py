"""The command line while no hotline runs: what it does all the same, and errors on one line with a status.

It runs in this process, which is quicker; once as the program that people start.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter.cli import main

#: No hotline of a test listens here.
OFFSET = 7410


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `callcenter ARGUMENTS`, by default with a fresh data folder; keyword arguments are settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)

    def callcenter(*arguments: str, **settings: str) -> Done:
        with monkeypatch.context() as scene:
            for name, value in ({"DATA": str(tmp_path / "v"), "PORT_OFFSET": str(OFFSET)} | settings).items():
                scene.setenv("CALLCENTER_" + name, value)
            scene.setattr(sys, "argv", ["callcenter", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        return Done(ended.value.code if isinstance(ended.value.code, int) else -1, *capsys.readouterr())

    return callcenter


def refused(done: Done, status: int, *words: str, lines: int = 1) -> None:
    """Check that a command ended with `status`, nothing on stdout, and so many lines on stderr, `words` among them."""
    assert (done.returncode, done.stdout) == (status, ""), done
    said = done.stderr.splitlines()
    assert len(said) == lines, done.stderr
    assert all(line.startswith("callcenter: ") for line in said), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


# ---- Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["agent", "dance", "1001"], "No such command 'dance'"),
        (["agent", "sign-in", "1001"], "--seat"),
        (["agent", "ready"], "agent"),
        (["agent", "ready", "../seats"], "is no agent's number"),
        (["calls", "--limit", "0"], "--limit"),
        (["calls", "--colour", "red"], "--colour"),
        (["indicators", "--from", "yesterday"], "--from"),
        (["indicators", "--from", "2026-11-23", "--to", "2026-11-22"], "is before"),
        (["announcement", "maybe"], "say on or off"),
        (["run", "--only", "nothing"], "asterisk or controller"),
        (["user", "add", "wang", "--role", "king"], "agent, supervisor, inspector, manager, administrator"),
    ],
)
def test_usage_that_is_wrong_is_one_line_and_status_2(run: Run, arguments: list[str], word: str) -> None:
    refused(run(*arguments), 2, word)


@pytest.mark.parametrize(
    "arguments",
    [
        ["agents"],
        ["queue"],
        ["announcement"],
        ["agent", "sign-in", "1001", "--seat", "8001"],
        ["agent", "ready", "1001"],
    ],
)
def test_what_needs_the_hotline_says_that_it_is_not_running(run: Run, arguments: list[str]) -> None:
    refused(run(*arguments, "--json"), 1, "the hotline is not running here", "make run")


def test_database_that_is_away_is_one_line(run: Run) -> None:
    refused(run("calls", DATABASE_URL="postgresql://x:y@127.0.0.1:1/z"), 1, "the database does not answer")


def test_damaged_secrets_are_one_line_that_names_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v/secrets").mkdir(parents=True)
    (tmp_path / "v/secrets/asterisk.json").write_text("{")
    refused(run("seats"), 1, str(tmp_path / "v/secrets/asterisk.json"))
    refused(run("check"), 2, str(tmp_path / "v/secrets/asterisk.json"))


def test_help_is_no_error(run: Run) -> None:
    for arguments in ([], ["--help"], ["agent", "--help"]):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Usage" in done.stdout


def test_program_itself_ends_with_that_status_and_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "nosuch"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    refused(Done(done.returncode, done.stdout, done.stderr), 2, "No such command 'nosuch'")


# ---- Settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "run", "doctor", "agents", "calls"])
def test_every_command_tells_all_faults_of_the_settings_with_status_2(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "callcenter.toml").write_text('profile = "production"\n[queue]\nmax_waiting = 5\n')
    refused(
        run(command, BIND="x", SEATS__FIRST="1", STRAY="1"),
        2,
        "callcenter.toml: queue.max_waiting: ",
        "callcenter.toml: trunks: the production profile needs",
        "environment CALLCENTER_BIND: bind: ",
        "environment CALLCENTER_SEATS__FIRST: seats.first: ",
        "environment CALLCENTER_STRAY: unknown setting",
        lines=5,
    )


def test_check_renders_and_touches_nothing(run: Run, tmp_path: Path) -> None:
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: ")
    assert not (tmp_path / "v").exists()


def test_check_tells_faults_beyond_the_settings_together(run: Run, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    done = run("check", DATA=str(deep), PROMPTS=str(tmp_path / "no-studio"))
    refused(done, 2, "set CALLCENTER_DATA to a shorter path", f"{tmp_path}/no-studio: no such folder", lines=2)


# ---- What works while no hotline runs --------------------------------------------------------------------------------


def test_seats_are_listed_with_passwords_that_stay(run: Run, tmp_path: Path) -> None:
    rows = json.loads(run("seats", "--json").stdout)
    assert [row["seat"] for row in rows] == [str(number) for number in range(8001, 8011)]
    assert all(list(row) == ["seat", "sip_user", "sip_password", "agent"] for row in rows)
    assert all(row["agent"] is None and row["sip_user"] == row["seat"] for row in rows)
    assert json.loads(run("seats", "--json").stdout) == rows
    assert stat.S_IMODE((tmp_path / "v/secrets/asterisk.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("listing", ["calls", "callbacks", "tickets", "user list"])
def test_history_is_an_empty_array_at_first(run: Run, listing: str) -> None:
    done = run(*listing.split(), "--json")
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", [])


def test_indicators_are_twelve_even_without_a_call(run: Run) -> None:
    rows = json.loads(run("indicators", "--from", "2026-11-01", "--to", "2026-11-30", "--json").stdout)
    assert len(rows) == 12
    for row in rows:
        assert {"numerator", "denominator", "value", "target", "met"} <= row.keys()


def test_one_time_password_of_a_new_user_is_shown_once(run: Run) -> None:
    made = json.loads(run("user", "add", "wang", "--role", "supervisor", "--name", "王芳", "--json").stdout)
    assert (made["user"], made["name"], made["role"], made["active"]) == ("wang", "王芳", "supervisor", True)
    assert len(made["one_time_password"]) >= 12
    (listed,) = json.loads(run("user", "list", "--json").stdout)
    assert "one_time_password" not in listed
    assert made["one_time_password"] not in json.dumps(listed)
    assert run("user", "unlock", "wang").stdout == "wang: unlocked\n"
    refused(run("user", "unlock", "nobody"), 2, "no such user")
    refused(run("user", "reset-two-step", "wang"), 2, "no second step")
    refused(run("user", "reset-two-step", "nobody"), 2, "no such user")
    refused(run("user", "add", "wang"), 2, "taken")
    refused(run("user", "add", "zhao", "--role", "unit"), 2, "member unit")
    refused(run("user", "add", "zhao", "--role", "unit", "--unit", "nowhere"), 2, "no such member unit")
    refused(run("user", "add", "zhao", "--unit", "housing"), 2, "member unit")
    assert json.loads(run("user", "disable", "wang", "--json").stdout)["active"] is False


def test_units_are_written_where_they_are_wanted(run: Run, tmp_path: Path) -> None:
    done = run("systemd", "--into", str(tmp_path / "units"))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "units").iterdir()} == {
        "callcenter.target",
        "callcenter-asterisk.service",
        "callcenter-controller.service",
    }
