"""Slowing down whoever guesses."""

from datetime import UTC, datetime, timedelta

from callcenter.panel import throttle
from callcenter.panel.throttle import Throttle

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_login_waits_after_its_tenth_failure_wherever_it_comes_from() -> None:
    guesses = Throttle()
    for second in range(10):
        assert not guesses.wait("wang", f"10.0.0.{second}", NOW)
        guesses.attempt("wang", f"10.0.0.{second}", NOW + timedelta(seconds=second))
    assert guesses.wait("wang", "10.0.9.9", NOW + timedelta(seconds=10)) == timedelta(minutes=5) - timedelta(seconds=10)
    assert not guesses.wait("li", "10.0.0.1", NOW)
    assert not guesses.wait("wang", "10.0.9.9", NOW + timedelta(minutes=5))


def test_an_address_waits_after_its_fiftieth_failure_whatever_login_it_tries() -> None:
    guesses = Throttle()
    for number in range(50):
        guesses.attempt(f"user{number}", "10.0.0.1", NOW)
    assert guesses.wait("new", "10.0.0.1", NOW)
    assert not guesses.wait("new", "10.0.0.2", NOW)


def test_a_right_password_forgives() -> None:
    guesses = Throttle(per_login=2)
    guesses.attempt("wang", "10.0.0.1", NOW)
    guesses.attempt("wang", "10.0.0.1", NOW)
    guesses.forgive("wang", "10.0.0.1")
    assert not guesses.wait("wang", "10.0.0.1", NOW)


def test_a_flood_of_names_fills_no_memory() -> None:
    guesses = Throttle()
    for number in range(throttle.MOST_REMEMBERED + 100):
        guesses.attempt(f"user{number}", "10.0.0.1", NOW)
    assert len(guesses._failures) == throttle.MOST_REMEMBERED
