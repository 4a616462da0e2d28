"""Before Asterisk starts: what is written down, and what a full disk may keep from being written."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_disk import MEBIBYTE, fill, small_disk

from callcenter import programs
from callcenter.disk_watch import BALLAST
from callcenter.paths import Paths
from callcenter.settings import load
from callcenter.supervisor import Program


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Paths]:
    """A data folder on a disk of its own."""
    with small_disk(tmp_path / "disk", 16) as disk:
        paths = Paths(disk / "data")
        paths.make()
        yield paths


@pytest.fixture
def asterisk(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Program:
    """What is kept running as Asterisk; its configuration is a test of its own."""
    monkeypatch.setattr(programs.preparation, "configure", lambda *_: (paths.etc / "x.conf").write_text("x" * 5000))
    prepared: Any = SimpleNamespace(
        paths=paths, program=SimpleNamespace(argv=["asterisk"], env={}), secrets=SimpleNamespace(ami_probe="x")
    )
    return programs.compose(load(data=paths.data), prepared)[0]


def before(program: Program) -> None:
    assert program.before_start is not None
    program.before_start()


def words(paths: Paths) -> list[str]:
    lines = paths.cel.read_text().splitlines()
    return [json.loads(line)["eventtype"] if line.startswith("{") else line for line in lines if line]


def test_a_start_is_written_into_the_history_on_a_line_of_its_own(asterisk: Program, paths: Paths) -> None:
    before(asterisk)
    with paths.cel.open("a") as file:
        file.write("torn by a dying wri")
    before(asterisk)
    assert words(paths) == ["ASTERISK_START", "torn by a dying wri", "ASTERISK_START"]


def test_on_a_full_disk_the_ballast_makes_room_for_the_start(asterisk: Program, paths: Paths) -> None:
    before(asterisk)
    (paths.data / BALLAST).write_bytes(bytes(MEBIBYTE))
    paths.cel.unlink()
    fill(paths.data, 0)
    before(asterisk)
    assert words(paths) == ["ASTERISK_START"]
    assert not (paths.data / BALLAST).exists()


def test_an_asterisk_that_ran_before_starts_again_on_a_disk_without_any_room(asterisk: Program, paths: Paths) -> None:
    before(asterisk)
    paths.cel.unlink()
    fill(paths.data, 0)
    before(asterisk)


def test_a_first_start_on_a_full_disk_says_so(asterisk: Program, paths: Paths) -> None:
    fill(paths.data, 0)
    with pytest.raises(OSError, match="No space left"):
        before(asterisk)
