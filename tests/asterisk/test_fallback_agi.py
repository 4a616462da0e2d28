"""The fallback AGI script: decisions as a table, then the script itself, alone and started by a real Asterisk."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from trial import trial

from callcenter.asterisk.agi import AgiRequest
from callcenter.asterisk.fallback_agi import DEFAULTS, decide, ticket_state, write_wrapper
from callcenter.asterisk.fastagi import FastAgiServer

HEADER = b"agi_request: hotline-fallback\nagi_channel: PJSIP/x-1\nagi_callerid: 110\nagi_calleridname: \xff\n\n"
SNAPSHOT = {"blocked": {"13800000001": "block"}, "announcement": {"on": True}, "tickets": {"13800000001": "open"}}
PORT = 7183
REPORTED = ("AGISTATUS", "HOTLINE_BLOCKED", "HOTLINE_ANNOUNCEMENT", "HOTLINE_TICKET")


@pytest.mark.parametrize(
    ("snapshot", "caller", "blocked", "announcement"),
    [
        (SNAPSHOT, "13800000001", "block", "1"),
        (SNAPSHOT, "13800000002", "", "1"),
        (SNAPSHOT, "", "", "1"),
        ({"blocked": {"": "block"}}, "", "", "0"),
        ({"blocked": {"1": "block"}, "announcement": {"on": False}}, "1", "block", "0"),
        ({}, "1", "", "0"),
        (None, "1", "", "0"),
        ([], "1", "", "0"),
        ({"blocked": [], "announcement": "on"}, "1", "", "0"),
        ({"blocked": {"1": ["block"]}, "announcement": {"on": "yes"}}, "1", "", "0"),
        ({"blocked": {"1": 'x"\nSET VARIABLE'}}, "1", "", "0"),
        ({"blocked": {"1": "x" * 21}}, "1", "", "0"),
    ],
)
def test_the_decision(snapshot: object, caller: str, blocked: str, announcement: str) -> None:
    assert decide(snapshot, caller) == {"HOTLINE_BLOCKED": blocked, "HOTLINE_ANNOUNCEMENT": announcement}


@pytest.mark.parametrize(
    ("snapshot", "caller", "state"),
    [
        (SNAPSHOT, "13800000001", "open"),
        ({"tickets": {"1": "closed"}}, "1", "closed"),
        (SNAPSHOT, "13800000002", "none"),
        (SNAPSHOT, "", "none"),
        ({"tickets": {"": "open"}}, "", "none"),
        ({"tickets": {"1": 'x"\nSET VARIABLE'}}, "1", "none"),
        ({"tickets": {"1": ["open"]}}, "1", "none"),
        ({"tickets": ["1"]}, "1", ""),
        ({}, "1", ""),
        (None, "1", ""),
    ],
)
def test_how_far_a_request_is(snapshot: object, caller: str, state: str) -> None:
    """Empty where the snapshot cannot tell, so that nobody hears that they have no request because a file is gone."""
    assert ticket_state(snapshot, caller) == {"HOTLINE_TICKET": state}


def started(wrapper: Path, heard: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Start the script as Asterisk does, in a hostile environment."""
    environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": "/nowhere", "PYTHONPATH": "/nowhere", "LANG": "C"}
    return subprocess.run(
        [wrapper, *arguments], input=heard, capture_output=True, env=environment, check=False, timeout=10
    )


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    return Path(write_wrapper(tmp_path / "agi bin"))


def test_the_wrapper_is_written_again_in_place(wrapper: Path) -> None:
    assert write_wrapper(wrapper.parent) == wrapper
    assert os.access(wrapper, os.X_OK)
    assert list(wrapper.parent.iterdir()) == [wrapper]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"[" * 100_000, None])
def test_a_damaged_or_missing_snapshot_means_defaults(wrapper: Path, tmp_path: Path, content: bytes | None) -> None:
    snapshot = tmp_path / "snapshot.json"
    if content is not None:
        snapshot.write_bytes(content)
    ended = started(wrapper, HEADER + b"200 result=1\n" * 2, str(snapshot))
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode().splitlines() == [
        f'SET VARIABLE "{name}" "{value}"' for name, value in DEFAULTS.items()
    ]


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"agi_channel: x",
        b"\n",
        HEADER,
        HEADER + b"garbage\n",
        HEADER + b"511 Command Not Permitted\n",
        b"\xff\n\n",
    ],
)
def test_it_ends_with_0_whatever_it_hears(wrapper: Path, heard: bytes) -> None:
    assert started(wrapper, heard, "/no/snapshot").returncode == 0
    assert started(wrapper, heard).returncode == 0


def test_it_is_asked_for_the_state_of_a_request(wrapper: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(json.dumps(SNAPSHOT))
    ended = started(wrapper, HEADER + b"200 result=1\n", str(snapshot), "13800000001", "ticket-state")
    assert (ended.returncode, ended.stdout) == (0, b'SET VARIABLE "HOTLINE_TICKET" "open"\n')


def test_twenty_thousand_requests_cost_a_caller_next_to_nothing(wrapper: Path, tmp_path: Path) -> None:
    """Asterisk starts the script for each call, so the size of the snapshot is time that a citizen waits."""
    took = {}
    for name, count in (("empty", 0), ("full", 20_000)):
        snapshot = tmp_path / f"{name}.json"
        snapshot.write_text(json.dumps(SNAPSHOT | {"tickets": {f"139{n:08d}": "open" for n in range(count)}}))
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            ended = started(wrapper, HEADER + b"200 result=1\n" * 2, str(snapshot), "13900000001", "ticket-state")
            seconds.append(time.perf_counter() - began)
            assert ended.stdout.endswith(b'"open"\n') == (count > 0)
        took[name] = min(seconds) * 1000
    print(f"\nfallback script: {took['empty']:.0f} ms, with 20,000 requests {took['full']:.0f} ms")
    assert took["full"] - took["empty"] < 50
    assert took["full"] < 500


@pytest.mark.asterisk
async def test_asterisk_starts_it_and_goes_on_with_its_answer(tmp_path: Path) -> None:
    """A real Asterisk asks the script about a blocked caller, and tells a FastAGI question what it learnt."""
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(json.dumps(SNAPSHOT))
    reports: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def report(request: AgiRequest) -> None:
        reports.put_nowait(request.args)

    server = FastAgiServer("127.0.0.1", PORT, {"report": report})
    await server.start()
    dialplan = f"""
exten => s,1,Set(CALLERID(num)=13800000001)
 same => n,AGI({write_wrapper(tmp_path / "agi")},{snapshot})
 same => n,AGI({write_wrapper(tmp_path / "agi")},{snapshot},${{CALLERID(num)}},ticket-state)
 same => n,AGI(agi://127.0.0.1:{PORT}/report,{",".join(f"${{{name}}}" for name in REPORTED)})
 same => n,Hangup()
"""
    async with trial(tmp_path / "ast", dialplan, ami_port=7148, sip_port=7170) as asterisk:
        await asterisk.call("s")
        async with asyncio.timeout(10):
            assert await reports.get() == ("SUCCESS", "block", "1", "open")
    await server.stop()
