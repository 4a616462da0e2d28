"""Set-up does only what is missing, says what it does, and fails with words that help.

These run the real steps in a small checkout of their own; what downloads for minutes is done by a fresh clone in CI.
"""

import fcntl
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.bootstrap import __main__ as bootstrap
from callcenter.bootstrap import console as consoles
from callcenter.bootstrap import packages, steps
from callcenter.bootstrap.console import Console, SetupError
from callcenter.bootstrap.packages import Purpose
from callcenter.paths import ROOT


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole search path: nothing is installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "env"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_names_every_command_that_is_missing(bare: Path, tmp_path: Path) -> None:
    missing = packages.missing(Purpose.DEMO, tmp_path)

    assert {"nodejs", "npm", "espeak-ng", "sox", "procps", "sip-tester"} <= set(missing)
    program(bare, "sipp", "")
    assert "sip-tester" not in packages.missing(Purpose.DEMO, tmp_path)


def test_what_only_tests_need_is_not_asked_of_a_hotline(bare: Path, tmp_path: Path) -> None:
    assert bare.exists()
    assert not {"make", "chromium", "sip-tester"} & set(packages.missing(Purpose.RUN, tmp_path))


def test_without_root_and_sudo_it_prints_the_exact_command(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bare, "apt-get", f"touch {tmp_path}/ran")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(SetupError, match=r"as root, run:\n  apt-get install --no-install-recommends .*\bnodejs npm\b"):
        packages.ensure(Purpose.RUN, tmp_path, Console())
    assert not (tmp_path / "ran").exists()


def test_apt_that_installs_nothing_is_found_out(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(SetupError, match=r"do nothing here: .*nodejs"):
        packages.ensure(Purpose.RUN, tmp_path, Console())
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0].endswith("update")
    # A nodejs that brings npm refuses Debian's package of that name: npm is asked for only afterwards.
    assert "nodejs" in asked[1]
    assert "npm" not in asked[1].split()
    assert asked[2].split()[-1] == "npm"


def test_package_lists_that_cannot_be_fetched_are_no_end(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(bare, "apt-get", f'case "$*" in *update) echo mirror away; exit 100;; esac; echo "$@" >> {tmp_path}/asked')
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(SetupError, match="do nothing here"):
        packages.ensure(Purpose.RUN, tmp_path, Console())
    assert "install" in (tmp_path / "asked").read_text()
    assert "mirror away" in capsys.readouterr().out


def test_a_failing_program_is_quoted_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"(?s)greeter: .*status 3\n.*no such host"):
        Console().run("greeter", ["sh", "-c", "echo no such host >&2; exit 3"], cwd=tmp_path)
    with pytest.raises(SetupError, match="no-such-program"):
        Console().run("greeter", ["no-such-program"])


def test_a_long_step_shows_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(consoles, "HEARTBEAT_SECONDS", 0.1)
    waits = f"echo halfway; while [ ! -e {tmp_path}/seen ]; do sleep 0.05; done"
    console = Console()
    say = console.say

    def hear(line: str) -> None:
        say(line)
        if "halfway" in line:
            (tmp_path / "seen").touch()

    monkeypatch.setattr(console, "say", hear)
    with console.step("walk"):
        console.run("walk", ["sh", "-c", waits])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  walk ..."
    assert any(re.fullmatch(r" +walk, \d+ s so far: halfway", line) for line in lines)
    assert re.fullmatch(r"  walk: done in \d+\.\d s", lines[-1])


def test_a_new_environment_does_not_claim_the_libraries_of_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that moved gets a new environment; what the old one held for the tests is no longer there."""
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    ran: list[str] = []
    # Installing it all takes a minute, and a clean checkout does it: here only what would be installed counts.
    monkeypatch.setattr(Console, "run", lambda _self, title, _command, **_how: ran.append(title))

    def installs(*, tests: bool) -> list[str]:
        ran.clear()
        steps.libraries(tmp_path, Console(), tests=tests)
        return list(ran)

    assert "libraries of the tests" in installs(tests=True)
    assert installs(tests=True) == []
    assert installs(tests=False) == []
    stamp = tmp_path / ".venv" / steps._STAMP
    stamp.write_text(re.sub(r'"place": "\w+"', '"place": "elsewhere"', stamp.read_text()))
    assert "virtual environment" in installs(tests=False)
    assert "libraries of the tests" in installs(tests=True)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Path]:
    """A front end whose bundler only notes that it was asked."""
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    (folder / "templates").mkdir()
    (folder / "src/app.js").write_text("1")
    (folder / "package.json").write_text(
        '{"name": "w", "version": "1.0.0", "scripts": {"build": "mkdir -p dist && echo {} > dist/manifest.json'
        ' && echo built >> ../log"}}'
    )
    (folder / "package-lock.json").write_text('{"name": "w", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}')
    (folder / "node_modules").mkdir()
    return folder


def test_the_front_end_is_bundled_again_only_when_its_sources_change(web: Path) -> None:
    def builds() -> int:
        steps.front_end(web.parent, Console())
        return (web.parent / "log").read_text().count("built")

    assert builds() == 1
    assert builds() == 1
    (web / "templates/page.html").write_text("read by the server, not by the bundler")
    assert builds() == 1
    (web / "src/app.js").write_text("2")
    assert builds() == 2
    (web / "dist/manifest.json").unlink()
    assert builds() == 3


def test_no_front_end_is_no_fault(tmp_path: Path) -> None:
    console = Console()
    steps.front_end(tmp_path, console)
    assert console.steps == 0


def test_the_build_tools_come_from_the_lock_with_their_hashes() -> None:
    entry = steps._entry((ROOT / "requirements.lock").read_text(), "setuptools")

    assert re.match(r"setuptools==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", entry)
    assert not entry.rstrip().endswith("\\")
    with pytest.raises(SetupError, match="names no nothing"):
        steps._entry("a==1\n", "nothing")


def test_a_second_set_up_of_the_same_checkout_waits_for_the_first(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    waited = []

    def say(line: str) -> None:
        waited.append(line)
        os.close(held)

    with bootstrap._alone(tmp_path, say):
        pass
    assert "waiting" in waited[0]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_set_up_ends_its_programs(tmp_path: Path, how: signal.Signals) -> None:
    pid_file = tmp_path / "pid"
    script = f"""
import sys
import signal
from callcenter.bootstrap import __main__ as main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test in the background inherits that it is ignored
main.set_up = lambda purpose, root, console: console.run("nap", ["sh", "-c", "echo $$ > {pid_file}; exec sleep 60"])
sys.exit(main.main([]))
"""
    # The checkout's lock is held by whoever sets it up; this one stands apart.
    script = script.replace("sys.exit", f"from pathlib import Path; main.ROOT = Path({str(tmp_path)!r}); sys.exit")
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(how)

    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 20
    while _runs(pid):  # whoever adopts it may take a moment to bury it
        assert time.monotonic() < deadline, "its program still runs"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Whether the process lives; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_purpose_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["party"]) == 2
    assert "run, demo, test" in capsys.readouterr().err


def test_make_without_a_target_lists_them() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for target in ("run", "test", "demo", "bench", "lint", "setup", "clean"):
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE), target


def test_set_up_needs_nothing_but_the_standard_library() -> None:
    """It runs before the virtual environment: the system's Python, without site packages, can import it."""
    code = "import callcenter.bootstrap.__main__, callcenter.asterisk.install"
    subprocess.run([sys.executable, "-S", "-E", "-c", code], cwd=ROOT, check=True, capture_output=True)
