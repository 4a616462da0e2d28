"""Room to write calls down: the rule, the ballast on a real small disk, and the alarms, with no controller needed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_disk import MEBIBYTE, fill, free, small_disk
from supervised import supervised, until

from callcenter.disk_watch import BALLAST, DiskWatch, Level, Marks, Space, ballast_change, level, look, marks
from callcenter.settings.promises import Disk
from callcenter.supervisor.ballast import Ballast
from callcenter.tasks import cancel, spawn

GIBIBYTE = 1 << 30
#: On a disk of 64 MiB: critical 4 MiB, alarm 16 MiB, ballast 4 MiB.
SMALL = Disk(alarm_mb=16, critical_mb=4, ballast_mb=4)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 64) as folder:
        yield folder


@pytest.mark.parametrize(
    ("total", "alarm", "critical", "ballast"),
    [
        (500 * GIBIBYTE, 2048, 256, 256),
        (8 * GIBIBYTE, 2048, 256, 256),
        (4 * GIBIBYTE, 1024, 256, 256),
        (1 * GIBIBYTE, 256, 64, 64),
        (64 * MEBIBYTE, 16, 4, 4),
    ],
)
def test_marks_are_those_set_or_parts_of_a_small_disk(total: int, alarm: int, critical: int, ballast: int) -> None:
    assert marks(total, Disk()) == Marks(alarm * MEBIBYTE, critical * MEBIBYTE, ballast * MEBIBYTE)


@pytest.mark.parametrize(
    ("free_mb", "ballast_mb", "was", "now"),
    [
        (100, 4, "enough", "enough"),
        (16, 4, "enough", "enough"),
        (15, 4, "enough", "low"),
        (17, 4, "low", "low"),
        (18, 4, "low", "enough"),
        (4, 4, "low", "low"),
        (3, 4, "enough", "critical"),
        (7, 0, "critical", "critical"),  # the ballast is given up: its room is not room again
        (11, 0, "critical", "critical"),
        (12, 0, "critical", "low"),
        (19, 0, "enough", "low"),
    ],
)
def test_the_level_counts_the_ballast_as_taken_and_gets_better_only_with_room_to_spare(
    free_mb: int, ballast_mb: int, was: Level, now: Level
) -> None:
    space = Space(64 * MEBIBYTE, free_mb * MEBIBYTE, ballast_mb * MEBIBYTE)
    assert level(space, marks(space.total, SMALL), was) == now


@given(
    total=st.integers(MEBIBYTE, 1 << 45),
    used=st.floats(0, 1),
    held=st.floats(0, 1.5),
    settings=st.builds(
        lambda critical, more, ballast: Disk(alarm_mb=critical + more, critical_mb=critical, ballast_mb=ballast),
        st.integers(1, 10_000),
        st.integers(1, 10_000),
        st.integers(0, 10_000),
    ),
)
def test_giving_the_ballast_up_and_making_it_are_never_reasons_for_each_other(
    total: int, used: float, held: float, settings: Disk
) -> None:
    limits = marks(total, settings)
    space = Space(total, int(total * (1 - used)), int(limits.ballast * held))
    match ballast_change(space, limits):
        case "give_up":
            assert ballast_change(Space(total, space.free + space.ballast), limits) != "make" or (
                space.ballast > limits.ballast
            )
            assert level(space, limits) == "critical" or space.ballast > limits.ballast
        case "make":
            after = Space(total, space.free + space.ballast - limits.ballast, limits.ballast)
            assert ballast_change(after, limits) == "keep"


async def test_the_ballast_really_takes_room_is_given_up_and_made_again(disk: Path) -> None:
    said: list[str] = []
    keeper = Ballast(disk, SMALL, said.append)
    before = free(disk)
    await keeper.look()
    assert before - free(disk) >= 4 * MEBIBYTE, "it takes room, and does not only look so"
    assert (disk / BALLAST).stat().st_mode & 0o777 == 0o600
    assert said == []

    hog = fill(disk, 10 * MEBIBYTE)
    await keeper.look()
    assert (disk / BALLAST).exists()
    assert "10 MiB free of 64 MiB" in said[-1]

    fill(disk, 3 * MEBIBYTE)
    await keeper.look()
    assert not (disk / BALLAST).exists()
    assert free(disk) >= 7 * MEBIBYTE
    assert any("the ballast of 4 MiB is given up" in line for line in said)
    count = len(said)
    for _ in range(3):
        await keeper.look()
    assert not (disk / BALLAST).exists(), "the room that it gave is no reason to take it again"
    assert len(said) == count, "nothing is said twice"

    hog.unlink()
    await keeper.look()
    assert (disk / BALLAST).stat().st_size == 4 * MEBIBYTE
    assert "enough again" in said[-1]


async def test_no_ballast_is_made_where_there_is_no_room_for_one(disk: Path) -> None:
    fill(disk, 11 * MEBIBYTE)
    await Ballast(disk, SMALL, print).look()
    assert not (disk / BALLAST).exists()


async def test_a_ballast_of_another_size_is_made_anew_and_none_is_none(disk: Path) -> None:
    await Ballast(disk, SMALL, print).look()
    smaller = Ballast(disk, SMALL.model_copy(update={"ballast_mb": 2}), print)
    for _ in range(2):
        await smaller.look()
    assert look(disk).ballast == 2 * MEBIBYTE
    await Ballast(disk, SMALL.model_copy(update={"ballast_mb": 0}), print).look()
    assert not (disk / BALLAST).exists()


async def test_a_ballast_that_was_cut_short_is_filled_up(disk: Path) -> None:
    (disk / BALLAST).write_bytes(b"x" * MEBIBYTE)
    await Ballast(disk, SMALL, print).look()
    assert look(disk).ballast == 4 * MEBIBYTE


async def test_a_ballast_that_cannot_be_is_said_once_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder stands in its place; a file system of another kind answers with an OSError too."""
    monkeypatch.setattr("callcenter.supervisor.ballast.LOOK_SECONDS", 0.01)
    (tmp_path / BALLAST).mkdir()
    said: list[str] = []
    keeping = spawn(Ballast(tmp_path, SMALL, said.append).keep(), name="ballast")
    await until(lambda: bool(said))
    (tmp_path / BALLAST).rmdir()
    await until((tmp_path / BALLAST).is_file)
    await cancel(keeping)
    assert len(said) == 1
    assert "cannot be kept" in said[0]


def test_alarms_come_long_before_and_go_when_there_is_room(disk: Path) -> None:
    told: list[tuple[str, Mapping[str, Any] | None]] = []
    watch = DiskWatch(disk, SMALL, lambda kind, figures: told.append((kind, figures)))
    watch.look()
    assert told == []
    hog = fill(disk, 15 * MEBIBYTE)
    watch.look()
    assert told == [("disk_low", {"free_mb": 15, "total_mb": 64, "ballast": False})]
    fill(disk, 3 * MEBIBYTE)
    watch.look()
    assert told[1:] == [("disk_low", None), ("disk_critical", {"free_mb": 3, "total_mb": 64, "ballast": False})]
    hog.unlink()
    watch.look()
    watch.look()
    assert told[3:] == [("disk_critical", None)], "over is said once"


def test_a_damaged_file_is_an_alarm_until_somebody_takes_it_away(tmp_path: Path) -> None:
    told: list[tuple[str, Mapping[str, Any] | None]] = []
    watch = DiskWatch(tmp_path, Disk(alarm_mb=2, critical_mb=1), lambda *alarm: told.append(alarm))
    aside = tmp_path / "snapshot.json.damaged-20261124T010203Z"
    aside.touch()
    watch.look()
    aside.unlink()
    watch.look()
    assert told == [("file_damaged", {"files": [aside.name]}), ("file_damaged", None)]


async def test_the_supervisor_gives_the_ballast_up_with_no_controller_there(disk: Path) -> None:
    """The disk fills to the last byte; a moment later what runs as Asterisk can write again."""
    record = disk / "record"
    writer = {
        "name": "asterisk",
        "command": ["sh", "-c", f"while :; do echo call >> {record}; sleep 0.01; done"],
    }
    env = {
        f"CALLCENTER_DISK__{name}": str(value)
        for name, value in (("ALARM_MB", 16), ("CRITICAL_MB", 4), ("BALLAST_MB", 4))
    }
    async with supervised(disk / "data", writer, env=env) as hotline:
        await until((disk / "data" / BALLAST).exists)
        await until(record.exists)
        fill(disk, 0)
        await hotline.says("given up")
        assert free(disk) > 3 * MEBIBYTE
        written = record.stat().st_size
        await until(lambda: record.stat().st_size > written)
        (disk / "hog").unlink()
        await until((disk / "data" / BALLAST).exists)
        await hotline.says("enough again")


async def test_only_the_supervisor_of_asterisk_keeps_a_ballast(tmp_path: Path) -> None:
    program = {"name": "controller", "command": ["sleep", "600"]}
    env = {"CALLCENTER_DISK__BALLAST_MB": "1"}
    async with supervised(tmp_path / "data", program, env=env, only="controller") as hotline:
        await hotline.says("ready after")
    assert not (tmp_path / "data" / BALLAST).exists()
