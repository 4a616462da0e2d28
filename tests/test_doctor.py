"""The doctor: each thing checked is one finding, what is wrong says how to mend it, and no check stops another."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import MEBIBYTE, fill, small_disk

from callcenter import doctor
from callcenter.recordings import key_file
from callcenter.settings import Settings
from callcenter.storage import clock, migrate
from callcenter.storage.engine import Database

sys.path.insert(0, str(Path(__file__).parent / "recordings"))
from talks import Kept

OFFSET = 7420


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "v", port_offset=OFFSET)


def found(settings: Settings) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine(settings)}


def test_machine_that_is_set_up_is_well(settings: Settings) -> None:
    findings = found(settings)
    assert {"python", "asterisk", "tools", "configuration", "disk", "database", "ports", "hotline"} <= findings.keys()
    assert [finding for finding in findings.values() if not finding.ok and finding.name != "front end"] == []
    assert findings["hotline"].detail == "not running"
    assert findings["database"].detail == "SQLite"


def test_port_that_somebody_holds_is_named(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.panel_port))
        taken.listen()
        finding = found(settings)["ports"]
    assert not finding.ok
    assert str(settings.panel_port) in finding.detail


def test_database_that_is_away_stops_no_other_check(tmp_path: Path) -> None:
    findings = found(
        Settings(data=tmp_path / "v", port_offset=OFFSET, database_url="postgresql://x:secret@127.0.0.1:1/z")
    )
    assert not findings["database"].ok
    assert "check CALLCENTER_DATABASE_URL" in findings["database"].detail
    assert "secret" not in findings["database"].detail
    assert findings["configuration"].ok
    assert findings["hotline"].ok


def test_little_room_and_damaged_files_are_findings(tmp_path: Path) -> None:
    with small_disk(tmp_path / "v", 64) as folder:
        (folder / "snapshot.json.damaged-20261124T010203Z").touch()
        small = Settings(data=folder, port_offset=OFFSET)
        assert found(small)["disk"].ok
        fill(folder, 12 * MEBIBYTE)
        findings = found(small)
    assert "free some space" in findings["disk"].detail
    assert "snapshot.json.damaged-20261124T010203Z" in findings["damaged files"].detail
    assert not findings["disk"].ok
    assert not findings["damaged files"].ok


def test_configuration_that_does_not_render_says_why(tmp_path: Path) -> None:
    finding = found(Settings(data=tmp_path / ("d" * 110), port_offset=OFFSET))["configuration"]
    assert not finding.ok
    assert "shorter path" in finding.detail


def test_check_that_breaks_is_a_finding_and_stops_no_other(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "v").write_text("a file where the folder should be")
    findings = found(settings)
    wrong = {name for name, finding in findings.items() if not finding.ok} - {"front end"}
    assert wrong == {"data_folder", "database"}
    assert findings["hotline"].ok


def test_command_lists_findings_and_fails_when_one_is_wrong(tmp_path: Path) -> None:
    def run(**more: str) -> subprocess.CompletedProcess[str]:
        named = {"CALLCENTER_DATA": str(tmp_path / "v"), "CALLCENTER_PORT_OFFSET": str(OFFSET)} | more
        return subprocess.run(
            [sys.executable, "-m", "callcenter", "doctor", "--json"],
            env={**os.environ, **named},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = run(CALLCENTER_DATABASE_URL="postgresql://127.0.0.1:1/z")
    assert (done.returncode, done.stderr) == (1, "")
    rows = json.loads(done.stdout)
    assert all(list(row) == ["name", "ok", "detail"] and isinstance(row["ok"], bool) for row in rows)
    assert [row["name"] for row in rows if not row["ok"] and row["name"] != "front end"] == ["database"]


async def test_the_keys_of_recordings_are_there_and_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    settings = Settings(data=tmp_path / "v", port_offset=OFFSET, recordings={"key_file": path})
    assert "first start" in keys_of(settings).detail
    keys = key_file.ensure(path, clock.now())
    kept = Kept(tmp_path / "v" / "recordings", settings, Database(f"sqlite:///{tmp_path}/v/callcenter.db"))
    await migrate.upgrade(f"sqlite:///{tmp_path}/v/callcenter.db")
    await kept.talk()
    await kept.sealer().sweep()
    await kept.database.close()
    assert (await asyncio.to_thread(keys_of, settings)).ok

    path.unlink()
    key_file.ensure(path, clock.now())
    finding = await asyncio.to_thread(keys_of, settings)
    assert not finding.ok
    assert keys.current.id in finding.detail
    path.chmod(0o644)
    assert "chmod 600" in (await asyncio.to_thread(keys_of, settings)).detail


def keys_of(settings: Settings) -> doctor.Finding:
    return next(finding for finding in doctor._recordings(settings))
