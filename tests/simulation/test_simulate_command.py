"""`callcenter simulate`: what it prints, and what it draws."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.hotline.rules.policy import Thresholds
from callcenter.simulation.assumptions import Assumptions
from callcenter.simulation.formula import Agreement
from callcenter.simulation.hotline import BARE_LIMITED, Rule
from callcenter.simulation.record import Record
from callcenter.simulation.report import hotlines, lines, report
from callcenter.simulation.search import READINGS, Loads, keeps, search, search_all

POLICY = Rule("policy", 4, Thresholds(reinforce_wait_seconds=0), 2, callbacks=True)
RATE = READINGS["of_those_who_wait"]


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import typer\nfrom callcenter.cli import simulation\napp = typer.Typer()\nsimulation.register(app)\napp()"
    )
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


def record(prompt: int, asked: int, *, most: int = 4, late: int = 0) -> Record:
    return Record(days=1, asked=asked, answered=asked, prompt=prompt, most_waiting=most, never=late)


@pytest.mark.parametrize(
    ("kept", "what"),
    [
        (True, record(95, 100)),
        (False, record(94, 100)),
        (False, record(99, 100, most=5)),
        (False, record(99, 100, late=1)),
    ],
)
def test_all_three_promises_must_be_kept(kept: bool, what: Record) -> None:  # noqa: FBT001
    assert keeps(what, POLICY, RATE) is kept


def test_who_is_sent_away_with_nothing_counts_and_who_took_a_callback_does_not() -> None:
    sent = Record(days=1, asked=100, answered=90, prompt=90, turned_away=10)
    took = Record(days=1, asked=100, answered=90, prompt=90, took_callback=10)
    assert (sent.of_those_who_wait, sent.of_all_who_asked) == (0.9, 0.9)
    assert (took.of_those_who_wait, took.of_all_who_asked) == (1.0, 0.9)


def test_who_presses_the_key_after_the_promised_time_was_made_to_wait_too_long() -> None:
    one = Record()
    one.leaves(29.0, took_callback=True)
    one.leaves(31.0, took_callback=True)
    one.leaves(5.0, took_callback=False)
    assert (one.took_callback, one.gave_up) == (1, 2)


def test_the_greatest_load_is_the_last_before_a_promise_is_first_broken() -> None:
    tried = {6.0: record(99, 100), 6.5: record(96, 100), 7.0: record(90, 100), 7.5: record(95, 100)}
    assert Loads(POLICY, tried).greatest(RATE) == 6.5
    assert Loads(POLICY, {6.0: record(1, 100)}).greatest(RATE) is None


def test_a_search_steps_finely_where_the_promises_cease_to_hold() -> None:
    small = Assumptions(seats=3)
    found = search(small, BARE_LIMITED, days=1, seed=1)
    greatest = found.greatest(RATE)
    assert greatest is None or round(greatest + 0.03, 3) in found.records or greatest == max(found.records)
    assert list(found.records) == sorted(found.records)


def test_a_search_in_two_processes_finds_what_one_finds() -> None:
    small = Assumptions(seats=2)
    rules = [BARE_LIMITED, Rule("policy", 4, Thresholds(reinforce_wait_seconds=0), 1, callbacks=True)]
    alone = search_all(small, rules, days=1, seed=1)
    assert search_all(small, rules, days=1, seed=1, workers=2) == alone


def test_the_report_compares_with_the_best_bare_queue_and_says_what_was_assumed() -> None:
    bare = Loads(BARE_LIMITED, {6.0: record(96, 100), 6.5: record(90, 100)})
    policy = Loads(POLICY, {6.0: record(99, 100), 9.0: record(96, 100), 9.5: record(90, 100)})
    agreed = [Agreement("Erlang C, 7.5 Erlang", "must wait", 0.3, 0.31, 0.01), Agreement("x", "y", 0.3, 0.4, 0.01)]
    said = report(Assumptions(), [bare, policy], agreed, days=1, seed=1)
    assert said["hotlines"][1]["times_the_bare_queue"]["of_those_who_wait"] == 1.5
    assert said["hotlines"][0]["by_formula"]["greatest_load_by_rate"] == pytest.approx(6.77, abs=0.05)
    assert [one["agrees"] for one in said["agreement"]] == [True, False]
    assert said["assumptions"]["patience_seconds"] == 75.0
    text = "\n".join(lines(said))
    assert "1.50" in text
    assert "DIFFER" in text
    assert json.loads(json.dumps(said)) == json.loads(json.dumps(said))


def test_the_policy_is_compared_with_and_without_each_of_its_means() -> None:
    rules = hotlines(Assumptions(), Thresholds(reinforce_wait_seconds=45, max_waiting=3), 1)
    assert [rule.places for rule in rules] == [None, 3, 3, 3, 3, 3]
    assert [rule.thresholds.reinforce_wait_seconds for rule in rules if rule.thresholds] == [0, 45, 45, 45]
    assert [rule.reserves for rule in rules if rule.callbacks] == [2, 2, 0, 2]
    assert {rule.reserve_agents for rule in rules if rule.callbacks} == {1}


def test_one_load_is_printed_as_an_array_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "day.png"
    done = simulate("--load", "8", "--days", "1", "--seed", "4", "--json", "--png", str(picture))
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["hotline"] for row in rows][:2] == ["bare queue, no limit", "bare queue, at most 4"]
    assert all(row["most_waiting"] <= 4 for row in rows[1:])
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = simulate("--load", "8", "--days", "1", "--seed", "4", "--json")
    assert json.loads(again.stdout) == rows


def test_a_search_is_printed_as_a_table_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "loads.png"
    done = simulate("--days", "1", "--seats", "2", "--png", str(picture))
    assert done.returncode == 0, done.stderr
    assert "times bare" in done.stdout
    assert "by formula" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_in_no_folder_is_refused_before_anything_is_simulated(tmp_path: Path) -> None:
    done = simulate("--load", "8", "--png", str(tmp_path / "nowhere" / "day.png"))
    assert done.returncode != 0
    assert "is no folder" in done.stderr
