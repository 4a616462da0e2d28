"""The Erlang formulas against published tables, exact fractions, and one another."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.hotline.rules.erlang import Patient, erlang_b, erlang_c, mean_wait, service_level

loads = st.floats(0.01, 60, allow_nan=False)
servers = st.integers(1, 60)


def exact_b(load: Fraction, number: int) -> Fraction:
    terms = [load**k / math.factorial(k) for k in range(number + 1)]
    return terms[-1] / sum(terms)


def exact_c(load: Fraction, number: int) -> Fraction:
    last = load**number / math.factorial(number) * number / (number - load)
    return last / (sum(load**k / math.factorial(k) for k in range(number)) + last)


@pytest.mark.parametrize(
    ("number", "load", "lost"),
    [
        # Erlang B traffic tables as the ITU Teletraffic Engineering Handbook and every carrier's has them: the load in
        # Erlang, to three places, that so many circuits carry with that loss.
        (1, 0.0101, 0.01),
        (2, 0.153, 0.01),
        (5, 1.361, 0.01),
        (10, 4.461, 0.01),
        (20, 12.031, 0.01),
        (50, 37.901, 0.01),
        (100, 84.064, 0.01),
        (10, 5.084, 0.02),
        (20, 13.182, 0.02),
    ],
)
def test_erlang_b_is_as_tabulated(number: int, load: float, lost: float) -> None:
    # The table's last digit is rounded.
    assert erlang_b(load - 0.0006, number) <= lost <= erlang_b(load + 0.0006, number)


@pytest.mark.parametrize(("load", "number"), [(1, 1), (5, 10), (20, 10), (9, 10), (123, 132), (200, 180)])
def test_erlang_b_and_c_are_exact_to_a_millionth(load: int, number: int) -> None:
    assert erlang_b(load, number) == pytest.approx(float(exact_b(Fraction(load), number)), abs=1e-9)
    if load < number:
        assert erlang_c(load, number) == pytest.approx(float(exact_c(Fraction(load), number)), abs=1e-9)


@pytest.mark.parametrize(
    ("load", "number", "waits"),
    [
        (1, 2, 1 / 3),  # Kleinrock, Queueing Systems 1: 2 rho^2 / (1 + rho)
        (123, 132, 0.3211),
        (12345, 12421, 0.3812),
    ],
)
def test_erlang_c_is_as_published_up_to_thousands_of_servers(load: float, number: int, waits: float) -> None:
    assert erlang_c(load, number) == pytest.approx(waits, abs=5e-5)


def test_erlang_c_and_a_are_as_garnett_mandelbaum_and_reiman_compare_them() -> None:
    # "Designing a call center with impatient customers" (2002), table 1: 50 agents, 48 calls a minute, talks of one
    # minute, patience of two. Without abandonment and with it.
    patient, impatient = Patient(48, 50, 60), Patient(48, 50, 60, 120)
    assert mean_wait(48, 50, 60) == pytest.approx(20.8, abs=0.05)
    assert service_level(48, 50, 60, 58.1) == pytest.approx(0.90, abs=0.001)
    assert patient.waiting == pytest.approx(17, abs=0.5)
    assert impatient.gives_up == pytest.approx(0.031, abs=0.0005)
    assert impatient.mean_wait == pytest.approx(3.7, abs=0.05)
    assert impatient.waiting == pytest.approx(3, abs=0.05)
    assert 48 * (1 - impatient.gives_up) / 50 == pytest.approx(0.93, abs=0.005)


def exact_within(load: float, number: int, patience: float, places: int, seconds: float) -> float:
    """The same by another road: tiny steps of time through the chain, talks of one second."""
    parts = 20_000
    step = seconds / parts
    chance = [0.0] * places
    for _ in range(parts):
        chance = [
            value
            + step
            * (
                (number + ahead / patience) * (chance[ahead - 1] if ahead else 0.0)
                + (number if ahead == 0 else 0.0)
                - (number + (ahead + 1) / patience) * value
            )
            for ahead, value in enumerate(chance)
        ]
    states = Patient(load, number, 1.0, patience, places).states
    return sum(states[:number]) + sum(a * b for a, b in zip(states[number : number + places], chance, strict=True))


def test_waits_of_a_queue_with_patience_and_a_limit_follow_its_chain() -> None:
    queue = Patient(3.5, 3, 1.0, 0.8, 4)
    for seconds in (0.05, 0.3, 1.5):
        assert queue.answered_within(seconds) == pytest.approx(exact_within(3.5, 3, 0.8, 4, seconds), abs=1e-4)


@settings(deadline=None)
@given(loads, servers)
def test_endless_patience_is_erlang_c(load: float, number: int) -> None:
    if load >= number * 0.95:
        return
    queue = Patient(load, number, 10.0)
    assert queue.waits == pytest.approx(erlang_c(load, number), abs=1e-6)
    assert queue.mean_wait == pytest.approx(mean_wait(load, number, 10.0), rel=1e-6, abs=1e-9)
    for seconds in (0.0, 1.0, 30.0):
        assert queue.answered_within(seconds) == pytest.approx(service_level(load, number, 10.0, seconds), abs=1e-6)


@settings(deadline=None)
@given(loads, servers)
def test_no_place_to_wait_is_erlang_b(load: float, number: int) -> None:
    assert Patient(load, number, 10.0, None, 0).lost == pytest.approx(erlang_b(load, number), abs=1e-9)


@settings(deadline=None)
@given(loads, servers, st.floats(1, 300), st.one_of(st.none(), st.integers(0, 8)))
def test_everybody_is_answered_gives_up_or_finds_no_place(
    load: float, number: int, patience: float, places: int | None
) -> None:
    queue = Patient(load, number, 60.0, patience, places)
    talking = sum(min(k, number) * share for k, share in enumerate(queue.states))
    # What enters and does not give up is what the servers do.
    assert load * (1 - queue.lost - queue.gives_up) == pytest.approx(talking, rel=1e-6)
    assert queue.answered_within(15 * patience) == pytest.approx(1 - queue.lost - queue.gives_up, abs=1e-6)


@settings(deadline=None)
@given(loads, servers, st.floats(1, 300))
def test_more_servers_answer_more_within_the_time(load: float, number: int, patience: float) -> None:
    few, more = (Patient(load, one, 60.0, patience, 4).answered_within(30) for one in (number, number + 1))
    assert more >= few - 1e-9


def test_thousands_of_servers_overflow_nothing() -> None:
    queue = Patient(5000, 5000, 180.0, 60.0)
    assert 0 < queue.gives_up < 0.02
    assert sum(queue.states) == pytest.approx(1.0)
    assert 0.98 < queue.answered_within(20) <= 1.0


def test_a_queue_without_load_is_empty() -> None:
    queue = Patient(0.0, 3, 60.0, 60.0, 4)
    assert (queue.states, queue.lost, queue.gives_up, queue.mean_wait) == ((1.0,), 0.0, 0.0, 0.0)
    assert queue.answered_within(0) == 1.0
    assert erlang_b(0, 0) == 1.0


def test_a_queue_that_grows_for_ever_says_so() -> None:
    assert (erlang_c(10, 10), mean_wait(10, 10, 60), service_level(10, 10, 60, 30)) == (1.0, math.inf, 0.0)
    with pytest.raises(ValueError, match="grows for ever"):
        Patient(10, 10, 60)
    with pytest.raises(ValueError, match="not be negative"):
        erlang_b(-1, 10)
    with pytest.raises(ValueError, match="more than nothing"):
        Patient(1, 10, 60, 0.0)
