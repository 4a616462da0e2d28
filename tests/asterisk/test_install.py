"""Which Asterisk is used: a system's own when it is new enough and whole, else the private copy."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from callcenter.asterisk import install
from callcenter.paths import ROOT


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", "22.10.1+dfsg+~cs6.17.60671434-1"),
        ("Asterisk certified-22.8-cert1", "22.8-cert1"),
        ("Asterisk certified/22.8-cert1", "22.8-cert1"),
        ("Asterisk GIT-22-8f5a3c", "22-8f5a3c"),
        ("Asterisk 23.0.0", "23.0.0"),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", None),
        ("Asterisk certified-18.9-cert5", None),
        ("something else", None),
        ("", None),
    ],
)
def test_version_of_a_system(tmp_path: Path, said: str, version: str | None) -> None:
    program(tmp_path / "asterisk", f"echo '{said}'")

    assert install._version((str(tmp_path / "asterisk"),)) == version


def test_a_program_that_does_not_run_is_none(tmp_path: Path) -> None:
    program(tmp_path / "asterisk", "exit 127")

    assert install._version((str(tmp_path / "asterisk"),)) is None
    assert install._version((str(tmp_path / "missing"),)) is None


def old_system(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only these programs are there, and the system's Asterisk is too old."""
    program(folder / "asterisk", "echo Asterisk 20.6.0")
    monkeypatch.setattr(install, "_path", lambda: str(folder))


def copy(prefix: Path, triplet: str, loader: str) -> None:
    """The outline of a private copy; the loader is a script that answers for the program it was given."""
    program(prefix / f"usr/lib/{triplet}/{loader}", "[ $1 = --library-path ] && [ $4 = -V ] && echo Asterisk 22.10.1")


@pytest.mark.parametrize(
    ("triplet", "loader"),
    [("x86_64-linux-gnu", "ld-linux-x86-64.so.2"), ("aarch64-linux-gnu", "ld-linux-aarch64.so.1")],
)
def test_the_private_copy_runs_through_its_own_loader_on_either_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, triplet: str, loader: str
) -> None:
    old_system(tmp_path / "bin", monkeypatch)
    prefix = tmp_path / install.FOLDER
    copy(prefix, triplet, loader)

    found = install.find(tmp_path)

    assert found is not None
    assert found.version == "22.10.1"
    libraries = prefix / "usr/lib" / triplet
    assert found.argv == (str(libraries / loader), "--library-path", str(libraries), str(prefix / "usr/sbin/asterisk"))
    assert found.modules == libraries / "asterisk/modules"
    assert found.data == prefix / "usr/share/asterisk"


def test_an_interrupted_copy_leaves_nothing_and_an_expired_mirror_is_asked_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_system(tmp_path / "bin", monkeypatch)
    program(
        tmp_path / "bin/mmdebstrap",
        f"""echo "$@" >> {tmp_path}/asked
for target in "$@"; do :; done
/bin/mkdir -p "$target/usr/lib"
case "$*" in *Check-Valid-Until*) echo 'E: disk full'; exit 1;; esac
echo 'E: Release file for http://mirror/dists/sid/InRelease is expired (invalid since 17d).'; exit 25""",
    )
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=os.pathsep)
    monkeypatch.setattr(install, "KEYRING", tmp_path)
    said: list[str] = []

    with pytest.raises(install.InstallError, match="disk full"):
        install.ensure(tmp_path, said.append)

    assert len((tmp_path / "asked").read_text().splitlines()) == 2
    assert any("signatures are checked all the same" in line for line in said)
    assert not list(tmp_path.glob(f"{install.FOLDER}*"))


def test_a_failure_other_than_the_date_is_not_tried_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_system(tmp_path / "bin", monkeypatch)
    program(tmp_path / "bin/mmdebstrap", f"echo x >> {tmp_path}/asked; echo 'E: BADSIG of the archive'; exit 25")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=os.pathsep)
    monkeypatch.setattr(install, "KEYRING", tmp_path)

    with pytest.raises(install.InstallError, match="BADSIG"):
        install.ensure(tmp_path, lambda _line: None)
    assert (tmp_path / "asked").read_text().count("x") == 1


@pytest.mark.asterisk
def test_what_set_up_got_is_whole() -> None:
    found = install.find(ROOT)
    if found is None:
        pytest.fail("there is no Asterisk 22 here; run: make setup")

    shown = subprocess.run([*found.argv, "-V"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("Asterisk 2")
    for module in install._NEEDED_MODULES:
        assert (found.modules / module).is_file(), module
    assert list((found.data / "documentation").glob("*.xml"))
