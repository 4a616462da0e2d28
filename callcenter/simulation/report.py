"""What `callcenter simulate` has to say: hotlines side by side, for programs (a dict) and for people (lines)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from callcenter.hotline.rules.policy import Thresholds
from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.formula import TOLERANCE, Agreement, bare_greatest_load, bare_rate
from callcenter.simulation.hotline import BARE, BARE_LIMITED, Rule
from callcenter.simulation.record import DUE, PROMISE, Record
from callcenter.simulation.search import READINGS, Loads

#: What the policy is to gain over the bare queue.
AIM = 1.3


def hotlines(assumptions: Assumptions, thresholds: Thresholds, reserve_agents: int) -> list[Rule]:
    """Return the hotlines to compare: bare queues, and the policy with and without each of its means.

    Whether the count alone reinforces, or the prediction does so before, is a setting; both are shown.
    """
    as_set = Rule(
        "policy reinforced by the count", thresholds.max_waiting, thresholds, assumptions.reserves, callbacks=True
    )
    as_set = replace(as_set, reserve_agents=reserve_agents)
    predicts = replace(thresholds, reinforce_wait_seconds=thresholds.reinforce_wait_seconds or int(PROMISE))
    counts = replace(thresholds, reinforce_wait_seconds=0)
    best = replace(as_set, name="policy reinforced by prediction", thresholds=predicts)
    return [
        BARE,
        replace(BARE_LIMITED, name=f"bare queue, at most {thresholds.max_waiting}", places=thresholds.max_waiting),
        replace(as_set, thresholds=counts),
        best,
        replace(best, name="the same, no reserves", reserves=0),
        replace(best, name="the same, nobody takes a callback offered", takers=0.0),
    ]


def row(rule: Rule, load: float, record: Record) -> dict[str, Any]:
    """Return what one load came to."""
    kept = [seconds <= minutes * 60 for seconds, minutes in zip(record.callback_seconds, record.promised_minutes)]  # noqa: B905  # who was never called has a promise and no time
    days = max(record.days, 1)
    return {
        "hotline": rule.name,
        "load": load,
        "asked_a_day": round(record.asked / days, 1),
        "of_those_who_wait": round(record.of_those_who_wait, 4),
        "of_all_who_asked": round(record.of_all_who_asked, 4),
        "busiest_hour": round(record.busiest_hour_rate, 4),
        "most_waiting": record.most_waiting,
        "owed_a_day": round(record.owed / days, 1),
        "late": record.late if rule.callbacks else None,
        "longest_callback_minutes": round(record.longest_callback / 60, 1) if rule.callbacks else None,
        "promised_minutes_kept": round(sum(kept) / len(kept), 3) if kept else None,
        "lost_a_day": round(record.lost / days, 1),
        "reserve_hours_a_day": round(record.reserve_seconds / 3600 / days, 2),
    }


def report(
    assumptions: Assumptions, found: Sequence[Loads], agreed: Sequence[Agreement], *, days: int, seed: int
) -> dict[str, Any]:
    """Return the greatest load of each hotline in both readings, what it was like there, and how it compares."""
    systems: list[dict[str, Any]] = []
    for loads in found:
        greatest = {name: loads.greatest(reading) for name, reading in READINGS.items()}
        load = greatest["of_those_who_wait"]
        systems.append(
            {
                "hotline": loads.rule.name,
                "bare": not loads.rule.callbacks,
                "greatest_load": greatest,
                "calls_a_day": round(assumptions.calls_a_day(load)) if load else None,
                "there": row(loads.rule, load, loads.records[load]) if load else None,
                "by_formula": None if loads.rule.callbacks else _by_formula(loads, assumptions),
            }
        )
    best = {
        name: max((one["greatest_load"][name] or 0.0 for one in systems if one["bare"]), default=0.0)
        for name in READINGS
    }
    for one in systems:
        one["times_the_bare_queue"] = {
            name: round(load / best[name], 3) if load and best[name] else None
            for name, load in one["greatest_load"].items()
        }
    return {
        "days": days,
        "seed": seed,
        "aim": AIM,
        "hotlines": systems,
        "agreement": [{**asdict(one), "difference": one.difference, "agrees": one.agrees} for one in agreed],
        "tolerance": TOLERANCE,
        "assumptions": asdict(assumptions),
    }


def _by_formula(loads: Loads, assumptions: Assumptions) -> dict[str, Any]:
    """Return the bare queue's greatest load by the rate alone, by formula; and both rates at a load near it."""
    greatest = bare_greatest_load(assumptions, loads.rule.places)
    near = min(loads.records, key=lambda load: abs(load - greatest))
    return {
        "greatest_load_by_rate": round(greatest, 2),
        "at": near,
        "formula": round(bare_rate(near, assumptions, loads.rule.places), 4),
        "simulated": round(loads.records[near].of_all_who_asked, 4),
    }


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Return the report as lines for people."""
    yield f"{found['days']} days, seed {found['seed']}. Load: Erlang in the busiest hour, talk and wrap-up."
    yield "A (of those who wait): answered within 30 s / answered + gave up + sent away with nothing."
    yield "B (of all who asked):  answered within 30 s / all who asked for a person, those who took a callback too."
    yield (
        f"Greatest load: rate >= 95 %, never 5 waiting, and every callback begun within {DUE / 60:g} minutes. A bare "
        "queue calls nobody back and is not held to the third."
    )
    yield ""
    yield f"{'':45} greatest load    times bare   there: {'rate A':>6} {'rate B':>6}  most  latest  lost  reserves"
    yield f"{'':45}      A      B      A     B    calls a day               wait  cb min  a day  h a day"
    for one in found["hotlines"]:
        a, b = (one["greatest_load"][name] for name in READINGS)
        times_a, times_b = (one["times_the_bare_queue"][name] for name in READINGS)
        there = one["there"]
        text = f"{one['hotline']:45} {_number(a, 6, 1)} {_number(b, 6, 1)}"
        text += f" {_number(times_a, 6, 2)} {_number(times_b, 5, 2)}"
        if there:
            text += (
                f"  {one['calls_a_day']:7}    {there['of_those_who_wait']:8.1%} {there['of_all_who_asked']:6.1%}"
                f" {there['most_waiting']:5} {_number(there['longest_callback_minutes'], 7, 1)}"
                f" {there['lost_a_day']:6.1f} {there['reserve_hours_a_day']:8.1f}"
            )
        yield text
    yield ""
    yield from _formula_lines(found)


def _formula_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"By formula and simulated (agree: within {found['tolerance'] * 100:g} points)"
    for one in found["hotlines"]:
        if said := one["by_formula"]:
            yield (
                f"{one['hotline']}: 95 % within 30 s up to {said['greatest_load_by_rate']:.2f} Erlang by formula;"
                f" at {said['at']:g} formula {said['formula']:.1%}, simulated {said['simulated']:.1%}"
            )
    for one in found["agreement"]:
        yield (
            f"{one['queue']:32} {one['figure']:24} formula {one['formula']:6.1%}  simulated {one['simulated']:6.1%}"
            f" +- {one['standard_error']:.1%}  {'agree' if one['agrees'] else 'DIFFER'}"
        )


def _number(value: float | None, width: int, digits: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"
