"""`callcenter demo` brings a hotline to life, and Ctrl-C ends everything that it started.

It runs beside any other hotline on the machine, on data of its own; pointed at the data of a real one it refuses.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from harness import START, port_offset, wait_for, write_prompts

from callcenter.api_client import HotlineDown, HotlineRefused, LocalApi
from callcenter.demo.show import own_environment
from callcenter.settings import load

pytestmark = pytest.mark.asterisk


@contextmanager
def started_demo(environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the demo, what it prints in `log`; kill it afterwards if it is still there."""
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "demo"],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield demo
    finally:
        demo.kill()
        demo.wait()


@pytest.fixture
def offset() -> Iterator[int]:
    with port_offset() as held:
        yield held


async def test_demo_lives_and_ctrl_c_ends_everything_it_started(tmp_path: Path, offset: int) -> None:
    write_prompts(tmp_path / "studio")
    environment = {
        "CALLCENTER_DATA": str(tmp_path / "var"),
        "CALLCENTER_PORT_OFFSET": str(offset),
        "CALLCENTER_PROMPTS": str(tmp_path / "studio"),
        "CALLCENTER_MENU__ENABLED": "false",
        "CALLCENTER_DEMO__SEATS": "2",
        "CALLCENTER_DEMO__CALLS_PER_MINUTE": "60",
        "CALLCENTER_DEMO__TALK_SECONDS": "2",
        "CALLCENTER_DEMO__PATIENCE_SECONDS": "1",
    }
    settings = load(data=tmp_path / "var", port_offset=offset)

    def outcomes() -> dict[str, int]:
        try:
            calls: list[dict[str, Any]] = LocalApi(settings).get("/calls")
        except (HotlineDown, HotlineRefused):
            return {}
        return {row["outcome"]: 1 for row in calls if row["ended_at"]}

    async def alive() -> bool:
        return {"answered", "abandoned_greeting"} <= set(await asyncio.to_thread(outcomes))

    with started_demo(environment, tmp_path / "demo.log") as demo:
        await wait_for(alive, START, what="citizens are answered, and give up")
        children = psutil.Process(demo.pid).children(recursive=True)
        assert any("sipp" in child.name() for child in children)
        demo.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(demo.wait, 25) == 0
        _, left = psutil.wait_procs(children, timeout=0)
        assert not left
    said = (tmp_path / "demo.log").read_text()
    assert f"http://127.0.0.1:{settings.panel_port}/" in said
    assert "Traceback" not in said


def test_demo_refuses_the_data_of_a_real_hotline(tmp_path: Path) -> None:
    (tmp_path / "callcenter.db").touch()
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "demo"],
        env={**os.environ, "CALLCENTER_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "no demo" in done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "callcenter.db"]


def test_demo_has_no_trunk_and_no_database_of_a_real_hotline() -> None:
    given = {"CALLCENTER_PROFILE": "production", "CALLCENTER_TRUNKS": json.dumps([{"name": "real", "host": "example"}])}
    own = own_environment(given, 5999)
    assert own["CALLCENTER_PROFILE"] == "lab"
    lines = json.loads(own["CALLCENTER_TRUNKS"])
    assert [(line["host"], line["port"]) for line in lines] == [("127.0.0.1", 5999)], "its own network alone"
    assert not own["CALLCENTER_DATABASE_URL"]
