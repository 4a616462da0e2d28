"""The snapshot that callers are answered from while the controller is away: whole, kept, and never lost to damage."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_disk import fill, small_disk

from callcenter.asterisk.fallback_agi import decide, read_snapshot, ticket_state
from callcenter.hotline.flows.answering import snapshot as module
from callcenter.hotline.flows.answering.snapshot import Snapshot
from callcenter.tasks import cancel, spawn

NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)


class Requests:
    """The states of requests, as a database would tell them; `fails` makes it one that is away."""

    def __init__(self, **states: str) -> None:
        self.states: Mapping[str, str] = {caller.removeprefix("n"): state for caller, state in states.items()}
        self.asked = 0
        self.fails = False

    async def __call__(self) -> Mapping[str, str]:
        self.asked += 1
        if self.fails:
            raise ConnectionError("away")
        return self.states


def snapshot(path: Path, requests: Requests | None = None) -> Snapshot:
    return Snapshot(path, requests or Requests(), now=lambda: NOW)


async def until_asked(requests: Requests, times: int) -> None:
    async with asyncio.timeout(5):
        while requests.asked < times:
            await asyncio.sleep(0.005)


async def test_what_is_saved_is_what_the_fallback_script_answers(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    kept = snapshot(path, Requests(n13800000001="open", n13800000002="closed"))
    kept.save(blocked={"13900000001": "block"}, announcement_on=True)
    await kept.refresh()
    document = read_snapshot(str(path))
    assert decide(document, "13900000001") == {"HOTLINE_BLOCKED": "block", "HOTLINE_ANNOUNCEMENT": "1"}
    assert [ticket_state(document, caller)["HOTLINE_TICKET"] for caller in ("13800000001", "13800000002", "1")] == [
        "open",
        "closed",
        "none",
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "snapshot.json.new").exists()


def test_what_the_file_said_stands_after_a_restart_until_something_newer_is_known(tmp_path: Path) -> None:
    first = snapshot(tmp_path / "s.json")
    first.tickets = {"1": "open"}
    first.save(blocked={"2": "block"}, announcement_on=True)
    again = snapshot(tmp_path / "s.json")
    assert (again.blocked, again.announcement_on, again.tickets) == ({"2": "block"}, True, {"1": "open"})
    again.save(announcement_on=False)
    document = json.loads((tmp_path / "s.json").read_text())
    assert document == {"blocked": {"2": "block"}, "announcement": {"on": False}, "tickets": {"1": "open"}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"blocked": {"1": "block"}, "anno',
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"blocked": ["1"]}',
        b'{"blocked": {"1": 2}}',
        b'{"tickets": {"1": null}}',
        b'{"announcement": {"on": "yes"}}',
        b'{"announcement": true}',
    ],
)
def test_a_damaged_file_is_kept_aside_as_it_was_and_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(content)
    kept = snapshot(path)
    assert (kept.blocked, kept.announcement_on, kept.tickets) == ({}, False, {})
    assert not path.exists()
    assert (tmp_path / "snapshot.json.damaged-20261124T010203Z").read_bytes() == content
    assert kept.save()
    assert read_snapshot(str(path)) == {"blocked": {}, "announcement": {"on": False}, "tickets": {}}


def test_a_file_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    assert snapshot(tmp_path / "s.json").save()
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_a_full_disk_leaves_the_old_one_whole_and_the_next_try_writes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        kept = snapshot(disk / "s.json")
        assert kept.save(blocked={"1": "block"})
        hog = fill(disk, 0)
        assert not kept.save(blocked={str(number): "block" for number in range(10_000)})
        assert read_snapshot(str(disk / "s.json")) == {
            "blocked": {"1": "block"},
            "announcement": {"on": False},
            "tickets": {},
        }
        assert {path.name for path in disk.iterdir()} == {"s.json", "hog"}
        hog.unlink()
        assert kept.save()
        assert len(json.loads((disk / "s.json").read_text())["blocked"]) == 10_000


async def test_states_are_written_when_they_change_and_no_more_often_than_every_breath(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BREATH", 0.2)
    requests = Requests(n1="open")
    kept = snapshot(tmp_path / "s.json", requests)
    keeping = spawn(kept.run(), name="snapshot")
    await until_asked(requests, 1)
    requests.states = {"1": "closed"}
    for _ in range(20):
        kept.tickets_changed()
        await asyncio.sleep(0.005)
    assert requests.asked == 1, "twenty changes within a breath are one"
    await until_asked(requests, 2)
    async with asyncio.timeout(5):
        while ticket_state(read_snapshot(str(tmp_path / "s.json")), "1") != {"HOTLINE_TICKET": "closed"}:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.25)
    assert requests.asked == 2, "no change, no look"
    await cancel(keeping)


async def test_a_database_that_is_away_changes_nothing_and_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AGAIN", 0.01)
    requests = Requests(n1="open")
    kept = snapshot(tmp_path / "s.json", requests)
    await kept.refresh()
    requests.fails = True
    keeping = spawn(kept.run(), name="snapshot")
    await until_asked(requests, 4)
    assert read_snapshot(str(tmp_path / "s.json")) == {
        "blocked": {},
        "announcement": {"on": False},
        "tickets": {"1": "open"},
    }
    requests.states, requests.fails = {"1": "closed"}, False
    async with asyncio.timeout(5):
        while kept.tickets != {"1": "closed"}:
            await asyncio.sleep(0.005)
    await cancel(keeping)
