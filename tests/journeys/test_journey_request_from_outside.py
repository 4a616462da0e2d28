"""Requests that nobody telephoned: a citizen files one on a telephone's browser, and the city hands one down.

An agent takes the citizen's up and answers it, and the citizen reads the answer. The city's comes in by HTTP, signed,
and how it goes on is told to the city over HTTPS with a certificate of its own.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from harness import Hotline, running_hotline, wait_for
from offices import PATIENCE, office
from playwright.async_api import async_playwright, expect
from screen import PHONE, chromium

sys.path.insert(0, str(Path(__file__).parents[1] / "tickets"))

from city_scene import KEY, PATH, THEIRS, asks, city  # the city of the tickets' own tests

from callcenter.tickets.interchange import signing

pytestmark = [pytest.mark.asterisk, pytest.mark.browser]

CALLER, TITLE = "13800000033", "老年卡怎样办理"


@asynccontextmanager
async def a_hotline(folder: Path, **changes: str) -> AsyncIterator[Hotline]:
    """Run a hotline; it starts in a thread, as the city answers in this one."""
    running = running_hotline(folder, **changes)
    hotline = await asyncio.to_thread(running.__enter__)
    try:
        yield hotline
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def test_a_citizen_files_on_the_web_and_reads_the_agents_answer(tmp_path: Path) -> None:
    answer = "带身份证到镇街便民中心办理，十五个工作日内领卡。"
    async with (
        a_hotline(tmp_path) as hotline,
        async_playwright() as playwright,
        chromium(playwright) as browser,
        office(hotline, browser) as its,
    ):
        agent = await its.worker("li", "李敏", "/desk", role="agent", agent="1001")
        citizen = await its.visitor("/file", PHONE)
        page = citizen.page
        await page.locator("label.kind").filter(has_text="咨询").click()
        for name, value in (
            ("title", TITLE),
            ("description", "母亲今年七十岁，老年卡在哪里办、要带什么？"),
            ("contact_name", "王女士"),
            ("contact_phone", CALLER),
        ):
            await page.locator(f"[name={name}]").fill(value)
        await citizen.screen.picture("request-6-filed")
        await page.get_by_role("button", name="提交").click()
        await expect(page.locator("#receipt-title")).to_be_focused(timeout=PATIENCE)
        number = (await page.locator("#receipt-number").inner_text()).replace("\n", "").replace(" ", "")

        await agent.finds("/tickets", "网络受理", TITLE)
        assert agent.page.url.endswith(number)
        await agent.steps("answer", "已办结", answer=answer)

        await page.locator("#receipt-track").click()
        await expect(page.locator("input[name=phone]")).to_have_value(CALLER)
        await page.get_by_role("button", name="查询").click()
        await citizen.shows("#progress", answer)
        assert not await citizen.screen.too_wide()
        await citizen.screen.picture("request-7-answered")


async def from_the_city(hotline: Hotline, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send a message as the city does."""
    body = json.dumps(message).encode()
    signed = signing.signed(THEIRS, "POST", PATH, body, now=time.time(), nonce=secrets.token_urlsafe(24))
    url = f"http://127.0.0.1:{hotline.settings.panel_port}{PATH}"
    headers = {**signed, "Content-Type": "application/json"}
    async with ClientSession() as client, client.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_the_city_hands_one_down_and_is_told_how_it_goes_on(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    async with (
        city(tmp_path) as peer,
        a_hotline(
            tmp_path,
            INTERCHANGE__URL=peer.url,
            INTERCHANGE__KEY_FILE=str(key),
            INTERCHANGE__CA_FILE=str(peer.ca_file),
        ) as hotline,
        async_playwright() as playwright,
        chromium(playwright) as browser,
        office(hotline, browser) as its,
    ):
        boss = await its.worker("zhou", "周敏", "/wallboard", role="supervisor")
        unit = await its.worker("urban", "城管值班员", "/unit", role="unit", unit="urban")
        for _ in range(2):  # sent twice, it is one
            status, said = await from_the_city(hotline, asks("SZ-2026-77", "message-0001"))
            assert (status, said["result"]) == (200, "ok"), said
        await boss.finds("/tickets", "待派单", "井盖丢失")
        assert boss.page.url.endswith(said["number"])
        await boss.shows(".ticket-main", "SZ-2026-77")
        await boss.steps("dispatch", "待签收", unit="城市管理局")
        await unit.finds("/unit", "待签收", "井盖丢失")
        await unit.steps("sign", "办理中")
        await unit.steps("reply", "回复待审核", words="已补装井盖。")
        await boss.steps("approve_reply", "待回访")
        wanted = ["dispatched", "handling", "replied", "follow_up"]
        await wait_for(lambda: [one["state"] for one in peer.got] == wanted, 20, what="the city is told of every step")
        assert {(one["number"], one["city_number"]) for one in peer.got} == {(said["number"], "SZ-2026-77")}
        assert peer.got[-1]["answer"] == "已补装井盖。"
        assert len(peer.distinct()) == len(wanted)
