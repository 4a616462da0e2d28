"""The rendered systemd units: systemd itself takes them, and finds them well hardened."""

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter import systemd
from callcenter.settings import Settings, load

SERVICES = ("callcenter-asterisk.service", "callcenter-controller.service")
#: systemd-analyze security goes from 0 (best) to 10; above 5 it says "exposed".
WORST_EXPOSURE = 2.5


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(data=tmp_path / "data 100% of it")


def parsed(text: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return unit


def test_every_unit_says_who_runs_what(settings: Settings) -> None:
    units = systemd.render(settings, "hotline")
    assert set(units) == {"callcenter.target", *SERVICES}
    for service in SERVICES:
        unit = parsed(units[service])
        program = service.removeprefix("callcenter-").removesuffix(".service")
        assert unit["Service"]["ExecStart"] == f'"{sys.executable}" -m callcenter run --only {program}'
        assert unit["Service"]["User"] == "hotline"
        assert unit["Service"]["Type"] == "notify"
        assert unit["Service"]["Restart"] == "always"


def test_paths_are_quoted_as_systemd_reads_them(settings: Settings) -> None:
    text = systemd.render(settings, "hotline")[SERVICES[0]]
    assert re.search(r'^ReadWritePaths="/.*/data 100%% of it"$', text, re.MULTILINE)


def test_secrets_stay_out_of_the_units(tmp_path: Path) -> None:
    settings = load(data=tmp_path, database_url="postgresql+asyncpg://u:open-sesame@db/hotline")
    assert not [text for text in systemd.render(settings, "hotline").values() if "open-sesame" in text]


@pytest.mark.parametrize("user", ["", "Root\nExecStart=/bin/sh", "a b", "-x"])
def test_a_user_name_that_is_none_is_refused(settings: Settings, user: str) -> None:
    with pytest.raises(ValueError, match="no name of a system user"):
        systemd.render(settings, user)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_takes_the_units(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    folder.mkdir()
    for name, text in systemd.render(settings, "daemon").items():
        (folder / name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, folder.iterdir())],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "callcenter" in line]) == (0, [])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_finds_the_units_well_hardened(settings: Settings, tmp_path: Path) -> None:
    for name, text in systemd.render(settings, "daemon", python=Path("/opt/callcenter/bin/python")).items():
        if not name.endswith(".service"):
            continue
        (tmp_path / name).write_text(text, encoding="utf-8")
        judged = subprocess.run(
            [
                *("systemd-analyze", "security", "--offline=yes", "--json=short"),
                f"--threshold={WORST_EXPOSURE * 10:.0f}",
                str(tmp_path / name),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert judged.returncode == 0, [item for item in json.loads(judged.stdout) if item.get("exposure")]
