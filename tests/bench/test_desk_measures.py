"""How long the desk takes: from Asterisk's ring to the browser's, and from a deed to its effect in Asterisk.

A real hotline, an agent whose phone is the browser, citizens one after the other. Asterisk's own record (CEL, with
microseconds, on the same clock) says when it rang the phone, joined or parted channels, and called a third.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from desk_phone import desk, telephoning
from harness import Hotline, running_hotline, wait_for

from callcenter.paths import Paths

pytestmark = [pytest.mark.bench, pytest.mark.asterisk, pytest.mark.browser]

CALLS = 20
LIMIT = 0.3
#: Notes when a ringing call has been painted, in seconds since 1970.
WATCH = """
() => {
  window.rang = [];
  const now = () => window.rang.push((performance.timeOrigin + performance.now()) / 1000);
  let there = false;
  new MutationObserver(() => {
    const rings = Boolean(document.querySelector("[data-testid=phone-call][data-state=ringing]"));
    if (rings && !there) requestAnimationFrame(() => setTimeout(now));
    there = rings;
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
}
"""
POST = """
async ([path, body]) => {
  const began = (performance.timeOrigin + performance.now()) / 1000;
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return [began, answer.status, await answer.text()];
}
"""


@pytest.fixture
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    with running_hotline(tmp_path_factory.mktemp("desk-bench"), QUEUE__WRAP_UP_SECONDS="0") as running:
        yield running


class Record:
    """What Asterisk wrote of its calls."""

    def __init__(self, hotline: Hotline) -> None:
        self._file = Paths.of(hotline.settings).cel

    def times(self, fits: Callable[[dict[str, Any]], bool]) -> list[float]:
        lines = (json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines())
        return [float(line["eventtime"]) for line in lines if "eventtime" in line and fits(line)]

    async def first_after(self, moment: float, fits: Callable[[dict[str, Any]], bool]) -> float:
        found = await wait_for(lambda: [at for at in self.times(fits) if at > moment], what="it is in the record")
        return float(min(found))


def row(what: str, took: Sequence[float]) -> float:
    ordered = sorted(took)
    p50, p95 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95))
    print(f"{what:<44}{len(ordered):>5}{p50 * 1e3:>8.0f}{p95 * 1e3:>8.0f}{ordered[-1] * 1e3:>8.0f}")
    return p95


async def test_the_browser_rings_and_the_deeds_take_effect(hotline: Hotline, tmp_path: Path) -> None:
    record = Record(hotline)
    rings: list[float] = []
    holds: list[float] = []
    resumes: list[float] = []
    transfers: list[float] = []
    async with (
        telephoning(tmp_path) as browser,
        hotline.seat("8002") as _other,
        desk(hotline, browser, "1001", "8001") as its,
    ):
        await its.page.evaluate(WATCH)

        async def do(deed: str, body: dict[str, str], fits: Callable[[dict[str, Any]], bool]) -> float:
            began, status, text = await its.page.evaluate(POST, [f"/api/v1/talk/{deed}", body])
            assert status == 200, text
            return await record.first_after(began, fits) - began

        for number in range(CALLS):
            began = time.time()
            async with hotline.citizen(f"137000{number:05d}") as citizen:
                await its.call("ringing")
                rang = await record.first_after(
                    began,
                    lambda line: line["eventtype"] == "CHAN_START" and line["channame"].startswith("PJSIP/8001w-"),
                )
                seen = await wait_for(lambda: its.page.evaluate("window.rang.at(-1)"), what="it is painted")
                rings.append(float(seen) - rang)
                await its.press("F2")
                await its.call("talking")
                await hotline.until_agent("1001", "talking")
                holds.append(await do("hold", {}, lambda line: line["eventtype"] == "HELD"))
                resumes.append(await do("resume", {}, lambda line: _enters(line, "PJSIP/8001w-")))
                transfers.append(
                    await do(
                        "dial",
                        {"kind": "seat", "number": "8002", "mode": "consult"},
                        lambda line: line["eventtype"] == "CHAN_START" and line["channame"].startswith("PJSIP/8002-"),
                    )
                )
                await citizen.hang_up()
            await its.call("")
            await hotline.until_agent("1001", "ready")
    print(f"\n{'desk, in ms':<44}{'':>5}{'p50':>8}{'p95':>8}{'max':>8}")
    worst = [
        row("Asterisk's ring to the browser's, painted", rings),
        row("hold pressed to the citizen on hold", holds),
        row("resume pressed to the two together", resumes),
        row("transfer begun to the third's channel", transfers),
    ]
    assert max(worst) < LIMIT


def _enters(line: dict[str, Any], channel: str) -> bool:
    return bool(line["eventtype"] == "BRIDGE_ENTER" and line["channame"].startswith(channel))
