"""What is learned from closed tickets: how often it is right, when it says nothing, and files that are no model."""

import io
import pickle
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from dispatch_scene import taught

from callcenter.demo.requests import texts
from callcenter.demo.requests.subjects import TOWN
from callcenter.tickets.rules.training import due
from callcenter.tickets.suggestions.examples import Example
from callcenter.tickets.suggestions.heap import Heap
from callcenter.tickets.suggestions.learning import Figures, TooLittle, learn
from callcenter.tickets.suggestions.model import BadModel, Model, dumped, loaded

LIGHT = ("路灯不亮", "来电人反映，清澜街道春晖路的路灯半个月不亮了，晚上走路看不见，希望尽快处理。")


@pytest.fixture(scope="module")
def learned() -> tuple[Model, Figures]:
    return taught()


def test_what_it_says_of_tickets_that_it_has_not_seen_is_seldom_wrong(learned: tuple[Model, Figures]) -> None:
    _, figures = learned
    for name, share in (("category", figures.category), ("unit", figures.unit)):
        right, said, wrong = share.right / share.tickets, share.said / share.tickets, share.wrong / share.said
        print(f"{name}: {share.tickets} held out, {right:.1%} right; says {said:.1%}, of which {wrong:.2%} wrong")
        assert share.tickets > 300
        assert right > 0.88
        assert said > 0.6
        assert wrong < 0.03
    assert figures.category.wrong <= figures.category.said <= figures.category.tickets


def test_a_plain_complaint_has_its_category_its_unit_and_the_words_that_say_so(learned: tuple[Model, Figures]) -> None:
    guesses = learned[0].guess(*LIGHT, "help", None)
    assert guesses.category
    assert guesses.unit
    assert (guesses.category.code, guesses.unit.code) == ("street-light", "urban")
    assert guesses.unit.probability > 0.6
    assert "路灯" in guesses.category.words
    assert all(word in "".join(LIGHT) for word in guesses.category.words + guesses.unit.words)


def test_the_place_decides_which_town_has_it(learned: tuple[Model, Figures]) -> None:
    rng = Random(3)
    said, wrong = 0, 0
    for _ in range(4000):
        matter = texts.new_matter(rng)
        if matter.subject.unit != TOWN:
            continue
        unit = learned[0].guess(*texts.told(rng, matter, "complaint"), "complaint", texts.town(matter.place)).unit
        said += unit is not None
        wrong += unit is not None and unit.code != texts.town(matter.place)
    assert said > 50
    assert wrong / said < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t",
        "asdf qwer zxcv uiop",
        "hello, the street light in front of my house is broken, please help",
        "的的的的的的的的",
        "龘靐齉爩 魑魅魍魉 饕餮",
        "今天天气不错，我想吃火锅，然后去看电影",
        "😭😭😭 12345 13800000001",
        "طلب مساعدة",
        "\x00\u202e\ud7a3\U0010ffff",
        "白日依山尽黄河入海流欲穷千里目更上一层楼",
    ],
)
def test_it_says_nothing_of_what_it_does_not_understand(learned: tuple[Model, Figures], text: str) -> None:
    guesses = learned[0].guess(text, text, "help", None)
    assert (guesses.category, guesses.unit) == (None, None)


def test_a_text_of_ten_thousand_characters_is_read_in_no_time(learned: tuple[Model, Figures]) -> None:
    begin = datetime.now(UTC)
    assert learned[0].guess(LIGHT[0], LIGHT[1] * 200, "help", "town-01").category
    assert datetime.now(UTC) - begin < timedelta(seconds=0.5)


def test_a_file_gives_back_the_model_that_was_written(learned: tuple[Model, Figures]) -> None:
    again = loaded(dumped(learned[0]))
    assert again.guess(*LIGHT, "help", "town-03") == learned[0].guess(*LIGHT, "help", "town-03")


def test_a_broken_file_is_no_model(learned: tuple[Model, Figures]) -> None:
    whole = dumped(learned[0])
    broken = [b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:-1], pickle.dumps({"idf": 1}), b"\x00" * 4096]
    for content in broken:
        with pytest.raises(BadModel):
            loaded(content)


@pytest.mark.parametrize("fault", ["shape", "nan", "type", "pickle", "format", "missing"])
def test_a_file_with_other_arrays_is_no_model(learned: tuple[Model, Figures], fault: str) -> None:
    arrays = dict(np.load(io.BytesIO(dumped(learned[0]))))
    match fault:
        case "shape":
            arrays["unit_weights"] = arrays["unit_weights"][:-1]
        case "nan":
            arrays["idf"] = arrays["idf"] * np.float32("nan")
        case "type":
            arrays["idf"] = arrays["idf"].astype(np.float64)
        case "pickle":
            arrays["idf"] = np.array([{"run": "me"}], dtype=object)
        case "format":
            arrays["about"] = np.frombuffer(b'{"format": 99}', dtype=np.uint8)
        case "missing":
            del arrays["category_bias"]
    file = io.BytesIO()
    np.savez(file, **arrays)
    with pytest.raises(BadModel):
        loaded(file.getvalue())


def test_tickets_that_are_all_alike_teach_nothing() -> None:
    heap = Heap()
    for number in range(50):
        heap.add(Example(str(number), "路灯不亮", "路灯不亮了", "help", None, "street-light", "urban"))
    heap.turn()
    with pytest.raises(TooLittle):
        learn(heap, least_probability=0.6)


def test_it_learns_once_a_night_and_at_once_when_that_is_long_ago() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    at = datetime(2026, 11, 24, 3, 30, tzinfo=zone)
    yesterday = at - timedelta(days=1)
    assert due(at, "03:30", yesterday)
    assert not due(at - timedelta(minutes=1), "03:30", yesterday)
    assert not due(at + timedelta(minutes=1), "03:30", at)
    assert not due(at + timedelta(hours=5), "03:30", yesterday)
    assert due(at + timedelta(hours=14), "03:30", yesterday)
    assert due(at + timedelta(hours=9), "03:30", None)
