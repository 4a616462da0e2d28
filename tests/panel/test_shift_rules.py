"""When a session ends with the shift: in any zone, over the clock's leaps."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.panel.auth.rules.shifts import LONGEST_TALK, end_of, is_over
from callcenter.panel.auth.terms import Terms
from callcenter.panel.rights import ROLES
from callcenter.settings import Settings
from callcenter.settings import sign_in as settings_of_sign_in

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
CHANGES = tuple(time(hour) for hour in (8, 16, 0))
LEAST, GRACE = timedelta(hours=2), timedelta(minutes=10)


def ends(began: str, zone: ZoneInfo = SHANGHAI, changes: tuple[time, ...] = CHANGES) -> str:
    """Local time of the end of a session that began at the local time `began`."""
    start = datetime.fromisoformat(began).replace(tzinfo=zone).astimezone(UTC)
    end = end_of(start, changes, zone, least=LEAST, grace=GRACE)
    assert end.at - end.change == GRACE
    return end.at.astimezone(zone).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("began", "end"),
    [
        ("2026-11-23 08:00", "11-23 16:10"),
        ("2026-11-23 07:40", "11-23 16:10"),  # early for the day shift: stays
        ("2026-11-23 05:59", "11-23 08:10"),
        ("2026-11-23 06:00", "11-23 08:10"),
        ("2026-11-23 06:01", "11-23 16:10"),
        ("2026-11-23 16:05", "11-24 00:10"),
        ("2026-11-23 23:50", "11-24 08:10"),
        ("2026-12-31 23:50", "01-01 08:10"),
    ],
)
def test_it_ends_ten_minutes_after_the_change_that_follows_by_two_hours(began: str, end: str) -> None:
    assert ends(began) == end


def test_the_wall_clock_counts_where_a_night_has_seven_hours_or_nine() -> None:
    assert ends("2026-03-28 22:30", BERLIN) == "03-29 08:10"  # spring: 02:00 becomes 03:00
    assert ends("2026-10-24 22:30", BERLIN) == "10-25 08:10"  # autumn: 03:00 becomes 02:00


def test_a_change_in_an_hour_that_is_leapt_over_or_repeated_happens_once() -> None:
    assert ends("2026-03-28 22:30", BERLIN, (time(2, 30),)) == "03-29 03:40"
    start = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    first = end_of(start, (time(2, 30),), BERLIN, least=LEAST, grace=GRACE)
    assert first.change == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    again = end_of(first.change, (time(2, 30),), BERLIN, least=LEAST, grace=GRACE)
    assert again.change == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sets(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)), min_size=1, max_size=5),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.integers(min_value=0, max_value=12),
)
def test_it_always_ends_late_enough_and_within_a_day_and_a_bit(
    began: datetime, changes: set[time], zone: str, least: int
) -> None:
    wanted = timedelta(hours=least)
    end = end_of(began, tuple(changes), ZoneInfo(zone), least=wanted, grace=GRACE)
    assert wanted <= end.change - began <= wanted + timedelta(hours=25)
    assert end.change.astimezone(ZoneInfo(zone)).minute in {c.minute for c in changes} or zone == "Australia/Lord_Howe"


def test_nobody_is_cut_off_in_a_talk_and_no_talk_lasts_for_ever() -> None:
    end = datetime(2026, 11, 23, 8, 10, tzinfo=UTC)
    assert not is_over(end, end - timedelta(seconds=1), talking=False)
    assert is_over(end, end, talking=False)
    assert not is_over(end, end, talking=True)
    assert is_over(end, end + LONGEST_TALK, talking=True)


def test_shifts_end_the_sessions_of_those_who_work_in_them_and_no_screens_on_the_wall() -> None:
    terms = Terms.of(Settings(sign_in={"kiosks": ("wall1",)}))
    began = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert terms.end("wang", "agent", began)
    assert terms.end("boss", "supervisor", began)
    assert terms.end("root", "administrator", began) is None
    assert terms.end("wall1", "agent", began) is None
    assert Terms.of(Settings(sign_in={"shifts": ()})).end("wang", "agent", began) is None


def test_the_settings_know_the_same_roles() -> None:
    assert settings_of_sign_in.ROLES == ROLES


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"shifts": ("8:00",)}, "String should match"),
        ({"shifts": ("25:00",)}, "hour must be in 0..23"),
        ({"shifts": ("08:00", "08:00")}, "08:00 is named twice"),
        ({"totp_required_for": ("boss",)}, "there is no role 'boss'; there are: unit, agent"),
        ({"lock_minutes": 300}, "must be at least lock_minutes"),
        ({"wrong_passwords": 1}, "greater than or equal to 3"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match="sign_in") as refused:
        Settings(sign_in=wrong)  # type: ignore[arg-type]
    assert says in str(refused.value)
