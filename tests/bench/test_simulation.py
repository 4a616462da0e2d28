"""The greatest load at which the promises hold, with the policy and without it; printed, and the aim of 1.3 judged."""

import os
import time

import pytest

from callcenter.hotline.rules.policy import Thresholds
from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.formula import HOURS, agreements
from callcenter.simulation.report import AIM, hotlines, lines, report
from callcenter.simulation.search import search_all

DAYS, SEED = 5, 1

pytestmark = pytest.mark.bench


def test_the_policy_bears_more_load_than_a_bare_queue() -> None:
    begun = time.monotonic()
    assumptions = Assumptions()
    rules = hotlines(assumptions, Thresholds(), 0)
    found = search_all(assumptions, rules, days=DAYS, seed=SEED, workers=os.cpu_count() or 1)
    agreed = agreements(assumptions, hours=HOURS, seed=SEED)
    said = report(assumptions, found, agreed, days=DAYS, seed=SEED)
    print()
    print("\n".join(lines(said)))
    print(f"{sum(len(one.records) for one in found) * DAYS} days simulated in {time.monotonic() - begun:.0f} s")
    assert all(one.agrees for one in agreed)
    gains = {one["hotline"]: one["times_the_bare_queue"] for one in said["hotlines"]}
    assert gains["policy reinforced by prediction"]["of_those_who_wait"] >= AIM
    # More than the bare queue also by the count alone, as the thresholds are set.
    assert gains["policy reinforced by the count"]["of_those_who_wait"] > 1.0
