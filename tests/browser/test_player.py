"""Hearing a recording in a real browser: both sides seen, seeking, speed, the hold, and what the audit trail says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page
from sqlalchemy import select
from test_accessibility import faults_of
from tickets_server import Desks, TicketPanel

from callcenter.hotline import views as hotline_views
from callcenter.hotline.tables import Call
from callcenter.panel.tables import Audit
from callcenter.recordings import views
from callcenter.recordings.flows.hearing import Hearings
from callcenter.recordings.flows.sealer import Sealer
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.tickets.tables import Ticket

SECONDS = 95
ARTEFACTS = Path(__file__).parents[1] / "artefacts"


def talk() -> bytes:
    """Somebody asks, somebody answers, now and then both: what a waveform is looked at for."""
    chance = np.random.default_rng(12345)
    at = np.arange(8000 * SECONDS) / 8000
    sides = []
    for hertz, turn in ((180, 1), (240, 0)):
        syllables = np.repeat(chance.uniform(0.1, 1, SECONDS * 5), 1600)
        speaks = (np.floor(at / 7.3) % 2 == turn) | (np.floor(at / 23) % 4 == 3)
        pauses = np.repeat(chance.uniform(0, 1, SECONDS) > 0.15, 8000)
        sides.append(14_000 * np.sin(2 * np.pi * hertz * at) * syllables * speaks * pauses)
    return np.stack(sides, axis=1).astype("<i2").tobytes()


class Heard(TicketPanel):
    """The panel with the list of calls, and a recorded one on it."""

    async def record(self, settings: Settings, ticket: str) -> None:
        folder = settings.data_folder / "recordings"
        (folder / "raw").mkdir(parents=True)
        ended = clock.now() - timedelta(minutes=3)
        async with self.database.begin() as session:
            times: dict[str, Any] = {
                name: ended - timedelta(seconds=SECONDS + 9) for name in ("started_at", "queued_at")
            }
            times |= {"answered_at": ended - timedelta(seconds=SECONDS), "ended_at": ended}
            for number, linkedid in enumerate(("node1-1.1", "node1-1.2")):
                session.add(
                    Call(
                        node="node1",
                        linkedid=linkedid,
                        caller=f"1380000000{number}",
                        direction="inbound",
                        outcome="answered",
                        agent="1001",
                        seat="8001",
                        recording=f"2026/11/23/{linkedid}.sealed",
                        ticket=ticket if number == 0 else None,
                        **times,
                    )
                )
        (folder / "raw" / "node1-1.1.raw").write_bytes(talk())
        sealer = Sealer(self.database, settings, folder / "raw", folder, lambda _kind, _figures: None)
        while await sealer.sweep():
            pass

    async def hearings(self) -> list[tuple[str, str]]:
        async with self.database.read() as session:
            rows = await session.scalars(select(Audit).where(Audit.action.like("recording%")).order_by(Audit.id))
            return [(row.who, row.action) for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def heard(tmp_path: Path) -> AsyncIterator[Heard]:
    keys = tmp_path / "keys.json"
    settings = Settings(data=tmp_path / "var", recordings={"key_file": keys})

    def recordings(app: web.Application) -> None:
        views.add_routes(app)
        app[views.RECORDINGS] = views.Recordings(Hearings(served.database), settings.data_folder / "recordings", keys)

    served = Heard(tmp_path, more=[hotline_views.add_routes, recordings])
    async with served:
        number = await served.open("路灯不亮")
        await served.record(settings, number)
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def ears(browser: Browser, heard: Heard) -> AsyncIterator[Desks]:
    opened = Desks(browser, heard, ARTEFACTS)
    yield opened
    await opened.close()
    assert opened.faults == []


async def time_of(page: Page) -> int:
    """Seconds at which the player stands."""
    told = (await page.get_by_test_id("time").inner_text()).split("/")[0].strip()
    minutes, seconds = told.split(":")
    return 60 * int(minutes) + int(seconds)


async def until_heard(heard: Heard, times: int) -> None:
    """Wait until the trail has so many hearings: it has one once the player has asked for the sound."""
    async with asyncio.timeout(5):
        while await heard.hearings() != [("boss", "recording_heard")] * times:
            await asyncio.sleep(0.05)


async def test_a_supervisor_hears_a_call_seeks_in_it_and_the_trail_says_so_once(heard: Heard, ears: Desks) -> None:
    screen = await ears.as_("boss", "/calls")
    page = screen.page
    await page.get_by_role("button", name="听录音").last.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("slider").wait_for()
    await screen.until("document.querySelector('canvas.waveform').getAttribute('aria-valuemax') === '95'")
    await until_heard(heard, 1)

    box = await dialog.get_by_role("slider").bounding_box()
    assert box
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 30)
    await screen.until("document.querySelector('canvas.waveform').getAttribute('aria-valuenow') >= 46")
    assert 46 <= await time_of(page) <= 49
    await screen.picture("player-dark")
    for key, place in (("ArrowRight", 52), ("ArrowLeft", 47), ("End", 95), ("Home", 0), ("Shift+ArrowRight", 30)):
        await page.keyboard.press(key)
        async with asyncio.timeout(5):  # the time is drawn when the sound has been sought out
            while abs(await time_of(page) - place) > 1:
                await asyncio.sleep(0.05)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    assert await dialog.locator(".speeds [aria-pressed=true]").inner_text() == "1.5×"
    await dialog.get_by_test_id("play").click()
    await screen.until("document.querySelector('canvas.waveform').getAttribute('aria-valuenow') >= 32", within=10)
    await dialog.get_by_role("button", name="暂停").click()
    stood = await time_of(page)
    assert stood >= 32, "it has played on"
    assert await heard.hearings() == [("boss", "recording_heard")], "many parts, one hearing"

    await page.keyboard.press("Escape")
    await page.locator("dialog").wait_for(state="detached")
    await page.get_by_role("button", name="听录音").last.click()
    await screen.until("document.querySelector('canvas.waveform')?.getAttribute('aria-valuemax') === '95'")
    await until_heard(heard, 2)  # opened again, heard again


async def test_a_hold_is_put_on_and_taken_off_with_its_reason(heard: Heard, ears: Desks) -> None:
    screen = await ears.as_("boss", "/calls")
    page = screen.page
    await page.get_by_role("button", name="听录音").last.click()
    await page.get_by_role("button", name="封存录音").click()
    await page.get_by_label("封存原因").fill("市纪委调阅")
    await page.get_by_role("button", name="封存", exact=True).click()
    await screen.shows(".player-hold", "市纪委调阅")
    await screen.shows(".player .chip", "已封存")
    await page.get_by_role("button", name="解除封存").click()
    await page.get_by_label("解除封存原因").fill("调阅完毕")
    await page.get_by_role("button", name="解除", exact=True).click()
    await screen.shows(".player-hold", "保存至")
    deeds = [action for _, action in await heard.hearings() if action != "recording_heard"]
    assert deeds == ["recording_held", "recording_released"]


async def test_a_recording_is_heard_from_its_ticket(heard: Heard, ears: Desks) -> None:

    async with heard.database.begin() as session:
        ticket = await session.scalar(select(Ticket))
        call = await session.scalar(select(Call).where(Call.linkedid == "node1-1.1"))
        assert ticket
        assert call
        ticket.call_id = call.id
        number = ticket.number
    screen = await ears.as_("boss", f"/tickets/{number}?theme=light", theme="light")
    await screen.page.get_by_role("button", name="听录音").click()
    await screen.until("document.querySelector('canvas.waveform')?.getAttribute('aria-valuemax') === '95'")
    assert await screen.faint() == []
    assert await faults_of(screen.page) == []
    await screen.picture("player-light")


async def test_an_agent_sees_that_it_was_recorded_and_cannot_hear_it(heard: Heard, ears: Desks) -> None:
    screen = await ears.as_("li", "/calls")
    await screen.shows("tbody .chip", "录音")
    assert await screen.page.get_by_role("button", name="听录音").count() == 0
    assert await heard.hearings() == []


async def test_a_file_that_was_changed_on_the_disk_is_said_and_not_played(heard: Heard, ears: Desks) -> None:
    ears.expected = ("500",)
    (file,) = (heard.folder / "var/recordings/2026/11/23").iterdir()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    screen = await ears.as_("boss", "/calls")
    await screen.page.get_by_role("button", name="听录音").last.click()
    await screen.shows(".player [role=alert]", "内容不可信")
