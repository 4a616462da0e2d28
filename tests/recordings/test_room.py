"""When the recordings' disk fills up, recording stops and says so; when there is room again, it goes on."""

from pathlib import Path
from typing import Any

from small_disk import MEBIBYTE, fill, small_disk

from callcenter.recordings.flows.room import Room
from callcenter.settings.recordings import Recordings


async def test_recording_stops_on_a_full_disk_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    alarms: dict[str, Any] = {}

    async def set_global(name: str, value: str) -> None:
        told.append((name, value))

    with small_disk(tmp_path / "disk", 64) as disk:
        room = Room(disk, Recordings(alarm_mb=12), set_global, alarms.__setitem__)
        await room.look()
        assert (told, alarms) == ([("RECORD", "1")], {"recordings_disk_low": None, "recordings_stopped": None})

        fill(disk, 9 * MEBIBYTE)
        await room.look()
        assert alarms["recordings_disk_low"]["free_mb"] == 9, "the alarm comes before"
        assert alarms["recordings_stopped"] is None

        hog = fill(disk, MEBIBYTE)
        await room.look()
        assert told[-1] == ("RECORD", "0")
        assert alarms["recordings_stopped"] == {"free_mb": 1, "total_mb": 64}

        hog.unlink()
        await room.look()
        assert told[-1] == ("RECORD", "1")
        assert alarms == {"recordings_disk_low": None, "recordings_stopped": None}


async def test_an_asterisk_that_was_away_is_told_at_the_next_look(tmp_path: Path) -> None:
    told: list[str] = []

    async def set_global(_name: str, value: str) -> None:
        told.append(value)
        if len(told) == 1:
            raise ConnectionError

    room = Room(tmp_path, Recordings(), set_global, lambda _kind, _figures: None)
    await room.look()
    await room.look()
    await room.look()
    assert len(told) == 2, "told again, and then it knows"
