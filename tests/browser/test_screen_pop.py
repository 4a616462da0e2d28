"""Who calls is on the screen within 300 ms of the ring: number, name, what is open and owed; and for nobody else."""

import sqlite3
import statistics
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from playwright.async_api import Page, expect
from real_desk import RealDesk, real_desk

CALLER = "13800000001"
PROMISED_MS = 300
#: Resolves when the panel with the caller's counts has been painted: milliseconds since 1970.
_PAINTED = """
(number) => new Promise((resolve) => {
  const there = () => {
    const pop = document.querySelector("[data-testid=pop][data-call=ringing]");
    return pop?.querySelector(".pop-number")?.textContent === number && pop.querySelector(".pop-counts");
  };
  const now = () => resolve(performance.timeOrigin + performance.now());
  const painted = () => requestAnimationFrame(() => setTimeout(now));
  const watch = new MutationObserver(() => { if (there()) { watch.disconnect(); painted(); } });
  watch.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
})
"""


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[RealDesk]:
    async with real_desk() as running:
        yield running


def remember(desk: RealDesk, *callers: str) -> None:
    """Each has an open request, an earlier call and a callback owed."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with sqlite3.connect(desk.folder / "panel.db", timeout=10) as database:
        for at, caller in enumerate(callers):
            call = database.execute(
                "INSERT INTO calls (node, linkedid, caller, direction, started_at, outcome, wants_callback, cut) "
                "VALUES ('n', ?, ?, 'inbound', ?, 'abandoned_queue', 0, 0)",
                (f"old.{at}", caller, str(now - timedelta(hours=2))),
            ).lastrowid
            database.execute(
                "INSERT INTO tickets (node, number, kind, state, version, caller, title, description, source, urgency, "
                "confidential, anonymous, contact_name, opened_at, redone, extended, reminded, supervised) "
                "VALUES ('n', ?, 'complaint', 'handling', 1, ?, '路灯不亮', 'd', 'phone', 'normal', "
                "0, 0, '王女士', ?, 0, 0, 0, 0)",
                (f"2026112300{at:04}", caller, str(now - timedelta(days=1))),
            )
            callback = database.execute(
                "INSERT INTO callbacks (node, caller, state, reason, called_at, opened_at, due_at, next_at, priority) "
                "VALUES ('n', ?, 'waiting', 'abandoned_queue', ?, ?, ?, ?, 0)",
                (caller, *(str(now + timedelta(minutes=by)) for by in (-9, -9, 6, 0))),
            ).lastrowid
            database.execute("INSERT INTO callback_calls (call_id, callback_id) VALUES (?, ?)", (call, callback))


async def rings(desk: RealDesk, page: Page, call: str, caller: str) -> float:
    """Milliseconds from the live stream's being told to the painted panel."""
    await page.evaluate(f"window.painted = ({_PAINTED})({caller!r}); 0")
    told = await desk.floor("ring", call, caller)
    painted: float = await page.evaluate("window.painted")
    return painted - told


async def test_the_panel_is_there_within_300_ms_of_the_ring(desk: RealDesk) -> None:
    callers = [f"138000000{at:02}" for at in range(1, 13)]
    remember(desk, *callers)
    page = await desk.open()
    took = []
    for at, caller in enumerate(callers):
        took.append(await rings(desk, page, f"8.{at}", caller))
        await desk.floor("unanswered", f"8.{at}")
        await expect(page.locator("[data-testid=pop]")).to_have_count(0)
    print(f"ring to paint: p50 {statistics.median(took):.0f} ms, max {max(took):.0f} ms over {len(took)} rings")
    assert max(took) < PROMISED_MS, took


async def test_it_shows_what_there_is_of_them(desk: RealDesk) -> None:
    remember(desk, CALLER)
    page = await desk.open()
    await rings(desk, page, "8.1", CALLER)
    pop = page.locator("[data-testid=pop]")
    for words in (CALLER, "王女士", "路灯不亮", "办理中", "待回拨", "漏接来电"):
        await expect(pop).to_contain_text(words)
    assert [await one.inner_text() for one in await pop.locator("dd").all()] == ["1", "1", "1", "1"]
    await expect(page.locator("#f-contact_name")).to_have_value("王女士")
    await expect(page.locator("#f-contact_phone")).to_have_value(CALLER)


async def test_a_withheld_number_and_a_first_call_say_so(desk: RealDesk) -> None:
    page = await desk.open()
    await desk.floor("ring", "8.2", "")
    await expect(page.locator("[data-testid=pop]")).to_contain_text("未显示号码")
    await desk.floor("unanswered", "8.2")
    await desk.floor("ring", "8.3", "13800000009")
    await expect(page.locator("[data-testid=pop]")).to_contain_text("首次来电")


async def test_everybody_elses_screen_has_the_number_masked(desk: RealDesk) -> None:
    page = await desk.open()
    await desk.floor("ring", "8.4", CALLER)
    await expect(page.locator(".pop-number")).to_have_text(CALLER)
    # The network may hand the stream over in any pieces: read until the snapshot is whole.
    snapshot = await page.evaluate("""async () => {
      const reader = (await fetch("/api/v1/live")).body.getReader();
      let text = "";
      while (!/event: snapshot\\n[^]*\\n\\n/.test(text)) text += new TextDecoder().decode((await reader.read()).value);
      return text;
    }""")
    assert "138****0001" in snapshot
    assert "13800000001" not in snapshot


async def test_the_panel_stays_with_the_form_after_the_call(desk: RealDesk) -> None:
    remember(desk, CALLER)
    page = await desk.open()
    await desk.floor("ring", "8.5", CALLER)
    await desk.floor("answer", "8.5", CALLER)
    await expect(page.locator(".tf-tab")).to_have_count(1)
    await expect(page.locator("[data-testid=pop][data-call=talking]")).to_be_visible()
    await desk.floor("end", "8.5")
    await expect(page.locator("[data-testid=pop]:not([data-call])")).to_contain_text("王女士")
    await expect(page.locator(".ticket-form")).to_be_visible()
