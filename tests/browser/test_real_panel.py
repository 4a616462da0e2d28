"""The front end before the real server: the first administrator's way in, the live stream, the real headers."""

from pathlib import Path

from aiohttp import web
from panel_server import ago, floor, seat
from playwright.async_api import Browser
from prometheus_client import CollectorRegistry
from screen import DESK, Screens

from callcenter.panel import server, users
from callcenter.panel.live import LiveState
from callcenter.panel.pages import add_page
from callcenter.settings import Settings
from callcenter.storage.base import Base
from callcenter.storage.engine import Database
from callcenter.tickets.views import notices, reference

NEW = "seventeen green lamps"


def wallboard(app: web.Application) -> None:
    add_page(app, "/wallboard", "wallboard.html", right="queue.see")


#: The bell of the frame and the users page ask these.
FEATURES = [wallboard, notices.add_routes, reference.add_routes]


async def test_the_first_administrator_gets_in_and_sees_the_floor_move(browser: Browser, tmp_path: Path) -> None:
    """One-time password, own password, wallboard with a call on it, a colleague's account, and out again."""
    database = Database(f"sqlite:///{tmp_path}/panel.db")
    async with database.begin() as session:
        await (await session.connection()).run_sync(Base.metadata.create_all)
    once = await users.ensure_administrator(database)
    assert once
    live = LiveState()
    live.update(floor((), [seat(8001, "ready", "王小明")]))
    settings = Settings(data=tmp_path / "var", port_offset=5000)
    app = server.build(settings, database, features=FEATURES, live=live, registry=CollectorRegistry())
    async with server.serving(app, "127.0.0.1", 0) as runner:
        screens = Screens(browser, f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path)
        screen = await screens.open("/users", size=DESK)
        page = screen.page
        await page.get_by_label("用户名").fill("admin")
        await page.get_by_label("密码").fill(once)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/password")
        for label, value in (("当前密码", once), ("新密码", NEW), ("再次输入新密码", NEW)):
            await page.get_by_label(label, exact=True).fill(value)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/wallboard")
        await screen.shows("[data-seat='8001']", "就绪")
        live.set("seats", {"8001": seat(8001, "talking", "王小明", caller="138****0001", since=ago(0))})
        await screen.shows("[data-seat='8001']", "138****0001")
        live.set("seats", {"8001": seat(8001, "ready", "王小明")})
        await screen.shows("[data-seat='8001']", "就绪")
        await page.goto(page.url.replace("/wallboard", "/users"))
        await page.get_by_label("用户名").fill("li")
        await page.get_by_label("姓名").fill("李敏")
        await page.get_by_label("工号").fill("1001")
        await page.get_by_role("button", name="添加").click()
        await screen.shows("[role=status]", "li 的一次性密码")
        await page.get_by_label("用户名").fill("li")
        await page.get_by_label("姓名").fill("另一位")
        screens.expected = ("409",)
        await page.get_by_role("button", name="添加").click()
        await screen.shows(".fault", "该用户名已被使用。")
        await page.locator("#user-menu summary").click()
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url("**/sign-in")
        await screens.close()
        assert screens.faults == []
    await database.close()
