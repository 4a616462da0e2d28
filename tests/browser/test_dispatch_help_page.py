"""How far dispatch help can be trusted, as a supervisor sees it."""

from typing import Any

import pytest
from panel_server import Panel, ago
from screen import DESK, Screens

URL = "GET /api/v1/suggestions/accuracy"


def wrong(numerator: int, denominator: int) -> dict[str, Any]:
    value = numerator / denominator if denominator else None
    met = None if value is None else value <= 0.02
    return {"numerator": numerator, "denominator": denominator, "value": value, "target": 0.02, "met": met}


def held(right: int, said: int, errors: int) -> dict[str, Any]:
    error = wrong(errors, said)
    return {
        "tickets": 6279,
        "right": right,
        "accuracy": right / 6279,
        "coverage": said / 6279,
        "error": error,
        "least": 0.85,
    }


HOUSING, URBAN = {"code": "housing", "name": "住房和城乡建设局"}, {"code": "urban", "name": "城市管理局"}
MISTAKE = {
    "number": "20261123000017",
    "title": "夜间施工噪声扰民",
    "at": ago(3600),
    "suggested": HOUSING,
    "right": URBAN,
}
SEEN: dict[str, Any] = {
    "enabled": True,
    "model": {"trained_at": ago(30_000), "tickets": 54_349, "seconds": 58, "features": 1905, "used": True},
    "held_out": {"category": held(5990, 5980, 10), "unit": held(6012, 5935, 74)},
    "live": wrong(31, 1204),
    "live_category": wrong(4, 1410),
    "months": [{"month": "2026-10", **wrong(9, 610)}, {"month": "2026-11", **wrong(22, 594)}],
    "confused": [{"suggested": HOUSING, "right": URBAN, "count": 8}],
    "wrong": [{**MISTAKE, "probability": 0.9129}],
    "held_out_wrong": [{**MISTAKE, "at": None, "probability": 0.88}],
}


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_errors_stand_against_the_limit_with_the_wrong_ones_below(
    panel: Panel, screens: Screens, theme: str
) -> None:
    panel.answers[URL] = (200, SEEN)
    screen = await screens.open("/dispatch-help", size=DESK)
    await screen.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    await screen.shows("main", "31 / 1,204")
    text = await screen.page.locator("main").inner_text()
    assert "2.57%" in text
    assert "≤ 2%" in text
    assert "夜间施工噪声扰民" in text
    tones = await screen.page.locator(".help-figure").evaluate_all("all => all.map((one) => one.dataset.tone)")
    assert tones == ["bad", "good", "good", "good"]


async def test_before_anything_was_learned_it_says_so(panel: Panel, screens: Screens) -> None:
    nothing = {"model": None, "held_out": None, "live": wrong(0, 0), "live_category": wrong(0, 0)}
    panel.answers[URL] = (200, SEEN | nothing | {"months": [], "confused": [], "wrong": [], "held_out_wrong": []})
    screen = await screens.open("/dispatch-help", size=DESK)
    await screen.shows("main", "尚未学习")
    assert await screen.page.locator("table").count() == 0
