"""When a place is locked, for how long, and what forgives."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.panel.auth.guesses import network_of
from callcenter.panel.auth.rules.locks import ALL_FORGOTTEN, FORGOTTEN, Count, Limit, failed, forgiven, limits, wait

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIVE, LONGEST = timedelta(minutes=5), timedelta(hours=4)
LIMITS = limits(10, FIVE, LONGEST)
PAIR = LIMITS["pair"]


def tried(count: Count, limit: Limit, times: int, at: datetime) -> tuple[Count, datetime]:
    """The count after so many failures, each as soon as it may be, and when the next one may be."""
    for _ in range(times):
        at += wait(count, limit, at)
        count = failed(count, limit, at)
        at += timedelta(seconds=1)
    return count, at


def test_the_tenth_failure_locks_for_five_minutes() -> None:
    count, at = tried(Count(), PAIR, 9, NOW)
    assert not wait(count, PAIR, at)
    count = failed(count, PAIR, at)
    assert wait(count, PAIR, at) == FIVE
    assert not wait(count, PAIR, at + FIVE)


def test_each_further_lock_takes_three_failures_and_lasts_twice_as_long_up_to_the_longest() -> None:
    count, at = tried(Count(), PAIR, 10, NOW)
    lasted = []
    for _ in range(8):
        count, at = tried(count, PAIR, 3, at)
        lasted.append(wait(count, PAIR, at - timedelta(seconds=1)) / timedelta(minutes=1))
    assert lasted == [10, 20, 40, 80, 160, 240, 240, 240]


def test_a_day_of_guessing_in_one_place_is_few_guesses() -> None:
    count, at, guesses = Count(), NOW, 0
    while at < NOW + timedelta(days=1):
        count, at = tried(count, PAIR, 1, at)
        guesses += 1
    assert guesses <= 45


def test_slips_are_forgotten_after_an_hour_and_locks_after_a_day() -> None:
    count, at = tried(Count(), PAIR, 9, NOW)
    count = failed(count, PAIR, at + FORGOTTEN)
    assert count.failures == 1
    count, at = tried(Count(), PAIR, 10, NOW)
    assert failed(count, PAIR, at + timedelta(hours=23)).locks == 1
    assert failed(count, PAIR, at + ALL_FORGOTTEN) == Count(1, 0, at + ALL_FORGOTTEN)


def test_a_right_password_forgives_the_person_but_neither_their_address_nor_a_login_under_attack() -> None:
    count = Count(7, 2, NOW)
    assert {kind: forgiven(count, kind, limit).failures for kind, limit in LIMITS.items()} == {
        "pair": 0,
        "browser": 0,
        "code": 0,
        "address": 6,
        "login": 6,
    }


def test_the_try_that_filled_an_address_and_was_right_unlocks_it() -> None:
    limit = LIMITS["address"]
    count, at = tried(Count(), limit, 49, NOW)
    count = failed(count, limit, at)
    assert wait(count, limit, at)
    count = forgiven(count, "address", limit)
    assert not wait(count, limit, at)
    assert wait(failed(count, limit, at), limit, at)  # the next one that is wrong fills it again


def test_a_login_that_a_thousand_addresses_guess_at_is_slowed_down_and_never_locked() -> None:
    limit = LIMITS["login"]
    count, at = tried(Count(), limit, 100, NOW)
    for _ in range(500):
        assert wait(count, limit, at) <= timedelta(seconds=30)
        count, at = tried(count, limit, 1, at)


def test_a_lock_that_a_wrong_clock_made_holds_nobody() -> None:
    count, _ = tried(Count(), PAIR, 10, NOW + timedelta(days=400))
    assert not wait(count, PAIR, NOW)


@given(st.lists(st.integers(min_value=0, max_value=100_000), max_size=60), st.integers(min_value=3, max_value=20))
def test_no_wait_is_ever_longer_than_the_longest_or_negative(seconds: list[int], wrong: int) -> None:
    for limit in limits(wrong, FIVE, LONGEST).values():
        count, at = Count(), NOW
        for step in seconds:
            at += timedelta(seconds=step)
            left = wait(count, limit, at)
            assert timedelta(0) <= left <= limit.longest
            if not left:
                count = failed(count, limit, at)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("", ""),
        ("unix:" + "x" * 100, "unix:" + "x" * 59),
    ],
)
def test_one_guesser_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network
