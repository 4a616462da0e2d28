"""Signing in by hand: password and code, setting the second step up, one's own account, the end of a shift."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pyotp
import pytest
import pytest_asyncio
from panel_server import Json, Panel, ago
from playwright.async_api import Page, expect
from real_desk import RealDesk, real_desk
from screen import ARTEFACTS, DESK, PHONE, Screen, Screens
from sqlalchemy import update
from test_desk_form import SAVED, write
from tickets_server import PASSWORD, Desks, TicketPanel, barriers

from callcenter.panel.auth.tables import SecondStep
from callcenter.panel.tables import Session
from callcenter.storage.clock import now
from callcenter.storage.engine import Database


async def keys(page: Page, *pressed: str) -> None:
    """Press keys; a word of several letters that is no key's name is typed."""
    for key in pressed:
        if key in {"Tab", "Enter", "Space", "Shift+Tab", "Escape"}:
            await page.keyboard.press(key)
        else:
            await page.keyboard.type(key)


async def forget_used_codes(database: Database) -> None:
    """As if half a minute had passed since the last code."""
    async with database.begin() as session:
        await session.execute(update(SecondStep).values(last_step=0))


async def well_made(screen: Screen, name: str) -> None:
    """No faint text, nothing that a keyboard or a reader stumbles over, no sideways scrolling; and its picture."""
    assert await screen.faint() == []
    assert await barriers(screen) == []
    assert not await screen.too_wide()
    await screen.picture(name)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_second_step_from_setting_up_to_signing_in_with_the_keyboard_alone(
    requests: TicketPanel, desks: Desks, theme: str
) -> None:
    desks.expected = ("422", "404")  # a wrong code; an agent's home is the desk, which this panel has not
    screen = await desks.as_("li", "/account", theme=theme)
    page = screen.page
    await screen.shows("h2", "登录设备")
    await well_made(screen, f"account-{theme}")
    await page.get_by_role("link", name="开始设置").press("Enter")
    await page.wait_for_url("**/two-step")
    await page.get_by_role("button", name="开始设置").press("Enter")
    await page.locator(".qr").wait_for()
    await well_made(screen, f"two-step-{theme}")
    await page.locator("summary", has_text="请手工输入密钥").press("Enter")
    secret = (await screen.text(".secret")).replace(" ", "")
    await page.get_by_label("验证码").fill("000000")
    await keys(page, "Enter")
    await screen.shows(".fault", "验证码错误或已使用过。")
    await page.get_by_label("验证码").fill(pyotp.TOTP(secret).now())
    await keys(page, "Enter")
    await page.locator(".codes li").first.wait_for()
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await well_made(screen, f"recovery-codes-{theme}")
    await page.get_by_role("button", name="我已保存").press("Enter")
    await page.wait_for_url("**/account")
    await screen.shows(".account", "剩余备用码：10个")
    await forget_used_codes(requests.database)

    stranger = await desks.open("/sign-in", size=DESK, theme=theme)
    page = stranger.page
    await well_made(stranger, f"sign-in-{theme}")
    await keys(page, "li", "Tab", PASSWORD, "Enter")
    await page.locator("#code-form").wait_for()
    await expect(page.get_by_label("验证码")).to_be_focused()
    await well_made(stranger, f"sign-in-code-{theme}")
    await keys(page, "000000")  # sent by itself
    await stranger.shows("#code-form .fault", "验证码错误或已使用过。")
    await keys(page, pyotp.TOTP(secret).now())
    await page.wait_for_url(lambda url: "/sign-in" not in url)

    another = await desks.open("/sign-in", size=PHONE, theme=theme)
    page = another.page
    await keys(page, "li", "Tab", PASSWORD, "Enter")
    await page.locator("#code-form").wait_for()
    await well_made(another, f"sign-in-code-small-{theme}")
    await keys(page, codes[0], "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)


async def test_where_i_am_signed_in_and_out_of_it(requests: TicketPanel, desks: Desks) -> None:
    desks.expected = ("404", "401")  # an agent's home is the desk, which this panel has not
    there = await desks.open("/sign-in", size=DESK)
    await keys(there.page, "wang", "Tab", PASSWORD, "Enter")
    await there.page.wait_for_url(lambda url: "/sign-in" not in url)
    here = await desks.as_("wang", "/account")
    await here.shows("tbody", "Chrome")
    await here.shows("tbody tr[data-here=false]", "在该处退出")
    await here.page.get_by_role("button", name="在该处退出").press("Enter")
    await here.shows(".notice", "已在该处退出登录。")
    await expect(here.page.locator("tbody tr")).to_have_count(1)
    await there.page.goto(f"{requests.url}/account")
    await there.page.wait_for_url(re.compile("/sign-in.next="))


async def test_an_administrator_sees_who_is_locked_and_where_and_mends_it(panel: Panel, screens: Screens) -> None:
    row: Json = {"role": "agent", "agent": "1002", "unit": None, "active": True, "created_at": ago(9000)}
    locked = {"login": "wang", "name": "王芳", "locked_until": ago(-240), "locked_at": ["203.0.113.9"]}
    panel.lists["users"] = [
        {**row, **locked, "two_step_since": None},
        {**row, "login": "zhao", "name": "赵强", "two_step_since": ago(9000), "locked_until": None, "locked_at": []},
    ]
    screen = await screens.open("/users", size=DESK)
    await screen.shows("tbody", "203.0.113.9")
    assert await screen.faint() == []
    await screen.picture("users-locked")
    wang, zhao = screen.page.locator("tbody tr").nth(0), screen.page.locator("tbody tr").nth(1)
    assert await wang.get_by_role("button", name="重置两步验证").count() == 0
    await wang.get_by_role("button", name="解锁").press("Enter")
    await panel.ordered("POST /api/v1/users/wang/unlock", {})
    await screen.shows(".notice", "wang已解锁。")
    await zhao.get_by_role("button", name="重置两步验证").press("Enter")
    await panel.ordered("POST /api/v1/users/zhao/reset-two-step", {})
    await screen.shows(".notice", "zhao现在仅凭密码登录。")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealDesk]:
    """A desk whose shift ends in five minutes."""
    change = (now() + timedelta(minutes=5)).astimezone(ZoneInfo("Asia/Shanghai"))
    settings = {"shifts": [change.strftime("%H:%M")], "shift_least_hours": 0.5, "shift_grace_minutes": 3}
    monkeypatch.setenv("CALLCENTER_SIGN_IN", json.dumps(settings))
    async with real_desk() as running:
        yield running


#: When the session ends, in milliseconds since 1970.
_ENDS = "fetch('/api/v1/me').then((answer) => answer.json()).then((me) => Date.parse(me.session_ends_at))"


async def began(desk: RealDesk, ago: timedelta) -> None:
    """Let everybody have signed in so long ago."""
    database = Database(f"sqlite:///{desk.folder}/panel.db")
    async with database.begin() as session:
        await session.execute(update(Session).values(created_at=now() - ago))
    await database.close()


async def test_the_end_of_the_shift_is_told_and_what_is_typed_survives_it(desk: RealDesk) -> None:
    page = await desk.open()
    await began(desk, timedelta(hours=1))
    told = page.get_by_test_id("shift-end")
    async with asyncio.timeout(20):  # the server believes what it read a few seconds ago
        while await page.evaluate(_ENDS) > (now() + timedelta(hours=1)).timestamp() * 1000:
            await asyncio.sleep(0.2)
    await page.reload()
    await expect(told).to_contain_text("班次即将结束")
    screen = Screen(page, ARTEFACTS)
    await page.keyboard.press("F3")
    await write(page, "路灯不亮", "三号楼前的路灯")
    assert await screen.faint() == []
    await screen.picture("shift-ends-soon")
    await told.get_by_role("button", name="立即重新登录").press("Enter")
    await expect(page.locator(".again input[type=password]")).to_be_focused()
    await screen.picture("shift-sign-in-again")
    await keys(page, "wrong", "Enter")
    await expect(page.locator(".again .fault")).to_have_text("用户名或密码错误。")
    await page.locator(".again input[type=password]").fill(PASSWORD)
    await keys(page, "Enter")
    await expect(page.locator(".shift-end")).to_contain_text("已重新登录")
    await expect(page.locator(".again")).not_to_be_visible()
    await expect(told).to_have_count(0)

    # And nobody answered: the session is over, and the page asks where it stands.
    await began(desk, timedelta(days=3))
    await expect(page.locator(".again[data-over=true]")).to_be_visible(timeout=25_000)
    assert "/desk" in page.url
    await page.keyboard.press("Escape")
    await expect(page.locator(".again")).to_be_visible()
    await screen.picture("session-over")
    await page.locator(".again input[type=password]").fill(PASSWORD)
    await keys(page, "Enter")
    await expect(page.locator(".again")).not_to_be_visible()
    await expect(page.locator("#f-title")).to_have_value("路灯不亮")
    await page.locator("#f-description").press("End")
    await keys(page, "不亮。")
    await expect(page.locator(SAVED)).to_be_visible(timeout=10_000)
    await page.reload()
    await expect(page.locator("#f-description")).to_have_value("三号楼前的路灯不亮。")
    assert desk.faults == []
