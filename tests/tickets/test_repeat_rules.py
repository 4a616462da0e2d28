"""When two requests are called alike, and why."""

import pytest

from callcenter.tickets.rules import repeats
from callcenter.tickets.rules.repeats import LEAST, Told, alike, likeness, shingles, spots, weights


def told(**fields: object) -> Told:
    return Told(**({"caller": "13800000001", "place": "town-01", "category": "light"} | fields))  # type: ignore[arg-type]


def test_one_caller_about_one_category_is_a_repeat_however_it_is_worded() -> None:
    found = likeness(told(), told(), 0.05)
    assert found.score >= LEAST
    assert found.why[0] == repeats.SAME_CALLER


def test_one_caller_about_something_else_is_none() -> None:
    assert likeness(told(), told(category="bus"), 0.1).score == 0


def test_another_caller_about_the_same_road_is_a_repeat() -> None:
    road = frozenset({"春晖路"})
    found = likeness(told(spots=road), told(caller="13800000002", spots=road), 0.4)
    assert found.score >= LEAST
    assert repeats.SAME_SPOT in found.why


@pytest.mark.parametrize("words", [0.0, 0.5, 1.0])
def test_the_same_road_in_another_town_is_none(words: float) -> None:
    road = frozenset({"人民路"})
    other = told(caller="13800000002", place="town-02", spots=road)
    assert likeness(told(spots=road), other, words).score == 0


def test_the_same_words_about_two_roads_are_none() -> None:
    other = told(caller="13800000002", spots=frozenset({"育才街"}))
    assert likeness(told(spots=frozenset({"春晖路"})), other, 0.95).score < LEAST


def test_a_withheld_number_is_nobodys() -> None:
    assert likeness(told(caller=""), told(caller=""), 0.5).score < LEAST


def test_roads_estates_and_works_are_found_in_what_was_said() -> None:
    said = "清澜街道春晖路的路灯不亮，书香家园门口，污水溢到路上，滨江纺织厂夜里开工"
    assert spots(said) == {"春晖路", "书香家园", "滨江纺织厂"}


def test_what_everybody_writes_counts_less_than_a_name() -> None:
    new, old = shingles("春晖路噪声很大影响休息"), shingles("春晖路有人半夜唱歌")
    others = [shingles(f"{name}噪声很大影响休息") for name in ("育才街", "龙池路", "仙鹤巷", "文景路", "滨江路")]
    weigh = weights([new, old, *others])
    assert weigh["春晖"] > 3 * weigh["噪声"]
    assert alike(new, old, weigh) > 2 * alike(new, old, dict.fromkeys(weigh, 1.0) | {"春晖": 0.1, "晖路": 0.1})


@pytest.mark.parametrize(("text", "found"), [("", set()), ("灯", {"灯"}), ("ＡＢ c", {"ab"}), ("路灯！坏", {"路灯"})])
def test_a_text_is_compared_by_pairs_in_one_spelling(text: str, found: set[str]) -> None:
    assert shingles(text) == found
