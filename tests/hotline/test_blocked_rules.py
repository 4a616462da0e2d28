"""Abusive callers, the rules: what a call from a listed number meets, and which numbers may not be listed."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.rules.blocked import Entry, check, next_end, verdict, while_alone

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_a_number_that_is_not_listed_meets_nothing() -> None:
    assert verdict(None, NOW, []) == ""


@pytest.mark.parametrize("level", ["announce", "block"])
def test_a_listed_number_meets_its_level(level: str) -> None:
    assert verdict(Entry("13800000001", level), NOW, []) == level  # type: ignore[arg-type]


def test_a_limited_number_gets_through_so_often_in_any_hour() -> None:
    entry = Entry("13800000001", "limit", per_hour=2)
    assert verdict(entry, NOW, [ago(30)]) == ""
    assert verdict(entry, NOW, [ago(59), ago(1)]) == "limit"
    assert verdict(entry, NOW, [ago(60), ago(1)]) == "", "the first of them is an hour ago"


def test_an_entry_ends_by_itself() -> None:
    entry = Entry("13800000001", "block", until=NOW)
    assert verdict(entry, NOW - timedelta(microseconds=1), []) == "block"
    assert verdict(entry, NOW, []) == ""


def test_the_next_end_is_the_nearest_that_is_still_to_come() -> None:
    entries = [
        Entry("1", "block", until=ago(5)),
        Entry("2", "block", until=ago(-7)),
        Entry("3", "block", until=ago(-6)),
        Entry("4", "block"),
    ]
    assert next_end(entries, NOW) == ago(-6)
    assert next_end(entries[:1] + entries[3:], NOW) is None


def test_while_nobody_counts_nobody_is_limited() -> None:
    entries = [Entry("1", "limit", 1), Entry("2", "block"), Entry("3", "announce"), Entry("4", "block", until=ago(1))]
    assert while_alone(entries, NOW) == {"2": "block", "3": "announce"}


def test_a_withheld_number_cannot_be_listed() -> None:
    with pytest.raises(Refused, match="withheld"):
        check("", {})


def test_the_hotlines_own_numbers_cannot_be_listed() -> None:
    with pytest.raises(Refused, match="12345 cannot be listed: it is the hotline's own number"):
        check("12345", {"12345": "the hotline's own number"})
    check("13800000001", {"12345": "the hotline's own number"})
