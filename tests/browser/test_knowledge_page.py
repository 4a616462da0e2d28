"""The knowledge base before the real server: found and read by keyboard, flagged at the desk, put right afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from database import migrated_sqlite
from playwright.async_api import Browser
from prometheus_client import CollectorRegistry
from screen import ARTEFACTS, DESK, PHONE, Screen, Screens, ViewportSize

from callcenter.panel import passwords, server, users
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.knowledge import samples as knowledge_samples
from callcenter.tickets.tables import MemberUnit
from callcenter.tickets.views import knowledge, reference

PASSWORD = "right horse battery"
SMALL: ViewportSize = {"width": 1280, "height": 720}
UNITS = {"power": "供电公司", "medical": "医疗保障局", "police": "公安分局", "heating": "供热公司", "urban": "城管局"}


@pytest_asyncio.fixture(loop_scope="session")
async def base(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Screens]:
    """A real panel with the sample articles."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    database = Database(await migrated_sqlite(tmp_path / "panel.db"))
    async with database.begin() as session:
        session.add_all([MemberUnit(code=code, name=name) for code, name in UNITS.items()])
        await session.flush()
        await knowledge_samples.ensure_samples(session, "node1", now=clock.now(), today=date.today())  # noqa: DTZ011
    for login, role in (("boss", "supervisor"), ("li", "agent")):
        await _user(database, login, role)
    app = server.build(
        Settings(data=tmp_path / "var", port_offset=6000),
        database,
        features=[knowledge.add_routes, reference.add_routes, _elsewhere],
        registry=CollectorRegistry(),
    )
    async with server.serving(app, "127.0.0.1", 0) as runner:
        screens = Screens(browser, f"http://127.0.0.1:{runner.addresses[0][1]}", ARTEFACTS)
        # What other pages' parts of the frame ask for is not served here.
        screens.expected = ("404",)
        yield screens
        await screens.close()
        assert screens.faults == []
    await database.close()


def _elsewhere(app: web.Application) -> None:
    """Nothing more: the page needs no other feature."""
    assert app is not None


async def _user(database: Database, login: str, role: Role) -> None:
    new = users.NewUser(login, login.title(), role, None, PASSWORD)
    await users.add(database, new, actor=Actor("cli", "node1"), now=clock.now())
    async with database.begin() as session:
        user = await users.user_by_login(session, login)
        assert user
        user.must_change_password = False


@asynccontextmanager
async def signed_in(
    base: Screens, login: str, *, size: ViewportSize = DESK, theme: str = "dark", path: str = "/knowledge"
) -> AsyncIterator[Screen]:
    screen = await base.open(f"/sign-in?next={path}", size=size, theme=theme)
    await screen.page.get_by_label("用户名").fill(login)
    await screen.page.get_by_label("密码").fill(PASSWORD)
    await screen.page.keyboard.press("Enter")
    await screen.page.wait_for_url("**/knowledge*")
    await screen.page.locator(".article-item").first.wait_for()
    yield screen


async def test_an_agent_finds_and_reads_by_keyboard_alone(base: Screens) -> None:
    async with signed_in(base, "li") as screen:
        page = screen.page
        await page.keyboard.type("身份证丢失")
        await screen.until("document.querySelectorAll('.article-item').length === 1")
        await page.keyboard.press("ArrowDown")
        await screen.shows(".article h2", "身份证补办流程")
        await screen.shows(".article-text", "临时身份证")
        assert "article=" in page.url
        await page.keyboard.press("Escape")
        await screen.until("document.querySelectorAll('.article-item').length > 10")
        await page.locator("h1").click()
        await page.keyboard.press("/")
        await page.keyboard.type("暖气")
        await screen.shows(".article-item[data-expired]", "已失效")
        await page.keyboard.press("Enter")
        await screen.shows(".article .notice", "今日不在有效期内")
        assert await page.get_by_role("button", name="新建知识").count() == 0
        assert await page.get_by_role("button", name="修改").count() == 0


async def test_nothing_found_says_so_and_hostile_words_are_words(base: Screens) -> None:
    async with signed_in(base, "li") as screen:
        for words in ("火星移民", '" OR * NEAR( :', "<img src=x onerror=alert(1)>", "((((", "\\"):
            await screen.page.locator("#knowledge-q").fill(words)
            await screen.shows(".empty", "没有同时包含这些词的知识")
            await screen.page.locator("#knowledge-q").fill("")
            await screen.page.locator(".article-item").first.wait_for()


async def test_what_an_agent_flags_a_supervisor_puts_right_and_the_old_text_stays(base: Screens) -> None:
    async with signed_in(base, "li") as screen:
        page = screen.page
        await page.keyboard.type("养犬")
        await screen.until("document.querySelectorAll('.article-item').length === 1")
        await page.locator(".article-item").first.click()
        await page.get_by_role("button", name="标记内容存疑").press("Enter")
        await page.keyboard.type("登记点已搬到政务中心")
        await page.keyboard.press("Enter")
        await screen.shows("[role=status]", "班长会核对")
        await screen.shows(".article .notice", "登记点已搬到政务中心")
        await screen.shows(".article-item", "内容存疑")
    async with signed_in(base, "boss", path="/knowledge?view=flagged") as screen:
        page = screen.page
        await page.keyboard.press("ArrowDown")
        await page.get_by_role("button", name="修改").click()
        await page.get_by_label("答复内容").fill("请到政务中心三楼办理。\n\n携带身份证。")
        await page.get_by_label("失效日期").fill("2020-01-01")
        await page.get_by_label("生效日期").fill("2026-01-01")
        base.expected = ("400", "404")
        await page.keyboard.press("Control+s")
        await screen.shows(".fault", "早于生效日期")
        assert await page.get_by_label("答复内容").input_value() == "请到政务中心三楼办理。\n\n携带身份证。"
        await page.get_by_label("失效日期").fill("")
        await page.get_by_role("button", name="保存").click()
        await screen.shows("[role=status]", "已保存为第 2 版")
        await screen.shows(".article-text", "政务中心三楼")
        assert await page.locator(".article .notice").count() == 0
        await page.get_by_text("历史版本").click()
        await screen.shows(".article-history", "禁养犬种不予登记")
        await screen.shows(".knowledge-found .empty", "这里没有知识")


async def test_a_supervisor_writes_an_article_that_is_found_at_once(base: Screens) -> None:
    async with signed_in(base, "boss") as screen:
        page = screen.page
        await page.get_by_role("button", name="新建知识").click()
        await page.get_by_label("标题").fill("不动产登记预约")
        await page.get_by_label("市民问法与关键词").fill("房产证 过户")
        await page.get_by_label("答复内容").fill("可在网上预约。")
        await page.get_by_label("责任单位").select_option("urban")
        await page.get_by_role("button", name="保存").click()
        await screen.shows("[role=status]", "第 1 版")
        await page.locator("#knowledge-q").fill("房产证过户")
        await screen.shows(".article-item", "不动产登记预约")
        await screen.shows(".article-item small", "城管局")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, SMALL, PHONE], ids=["desk", "small", "phone"])
async def test_it_can_be_read(base: Screens, theme: str, size: ViewportSize) -> None:
    name = f"knowledge-{size['width']}-{theme}"
    async with signed_in(base, "boss", size=size, theme=theme) as screen:
        page = screen.page
        await page.locator("#knowledge-q").fill("路灯")
        await screen.shows("mark", "路灯")
        await page.keyboard.press("ArrowDown")
        await screen.shows(".article h2", "路灯")
        assert await screen.faint() == []
        assert not await screen.too_wide()
        await screen.picture(name)
        await page.locator("#knowledge-q").fill("")
        await screen.until("document.querySelectorAll('.article-item').length > 10")
        await page.locator(".article-item[data-expired]").click()
        await page.get_by_role("button", name="标记内容存疑").click()
        assert await screen.faint() == []
        await screen.picture(f"{name}-expired")
        await page.get_by_role("button", name="修改").click()
        await page.get_by_label("标题").wait_for()
        assert await screen.faint() == []
        assert not await screen.too_wide()
        await screen.picture(f"{name}-editor")
