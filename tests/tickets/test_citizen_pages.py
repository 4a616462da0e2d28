"""The citizens' pages in a real browser, at a telephone's size and a desk's: file, keep what was typed, track."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from citizen_scene import PHONE, Web, web_of
from database import migrated_sqlite
from life_scene import TO_HANDLING
from playwright.async_api import Browser, Page, async_playwright
from screen import PHONE as TELEPHONE
from screen import Screen, Screens, ViewportSize, chromium

from callcenter.paths import ROOT
from callcenter.storage import clock
from callcenter.storage.engine import Database

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
LAPTOP: ViewportSize = {"width": 1280, "height": 720}
#: Bytes of everything that a citizen's page loads, packed by no server.
MOST_BYTES = 40_000


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not (ROOT / "web" / "dist" / "manifest.json").exists():
        pytest.fail("the front end is not built: make setup")
    async with async_playwright() as playwright, chromium(playwright) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Web]:
    database = Database(await migrated_sqlite(tmp_path / "citizens.db"))
    async with web_of(database, tmp_path, front=ROOT / "web", work=20_000, filed_per_hour=2) as served:
        yield served
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def screens(browser: Browser, site: Web) -> AsyncIterator[Screens]:
    opened = Screens(browser, site.url, ARTEFACTS)
    yield opened
    await opened.close()
    assert opened.faults == []


async def write(page: Page) -> None:
    await page.get_by_role("radio", name="投诉").check()
    await page.get_by_label("用一句话概括").fill("8 号楼门前的路灯不亮")
    await page.get_by_label("详细说明").fill("已经三天了，\n晚上看不清台阶。<script>alert(1)</script>")
    await page.get_by_label("所在镇街").select_option("east")
    await page.get_by_label("您的姓名").fill("张三")
    await page.get_by_label("联系电话").fill("138 0000 0001")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [TELEPHONE, LAPTOP], ids=["telephone", "laptop"])
async def test_a_citizen_files_and_tracks(site: Web, screens: Screens, size: ViewportSize, theme: str) -> None:
    screen = await screens.open("/file", size=size, theme=theme)
    page = screen.page
    name = f"citizen-{theme}-{size['width']}"
    await looks_right(screen)
    await picture(screen, f"{name}-1-empty")
    await write(page)
    await picture(screen, f"{name}-2-filled")
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#receipt", "您的诉求已收到")
    (ticket,) = await site.tickets()
    assert await screen.text("#receipt-number") == " ".join(
        (ticket.number[:4], ticket.number[4:8], ticket.number[8:-1], ticket.number[-1])
    )
    assert (ticket.caller, ticket.contact_name, ticket.source) == (PHONE, "张三", "web")
    assert ticket.description.startswith("已经三天了，\n晚上看不清台阶。<script>")
    await looks_right(screen)
    await picture(screen, f"{name}-3-receipt")
    await page.reload()
    await screen.shows("#receipt-number", ticket.number[-6:-1])
    life = site.life
    life.now = clock.now()
    await life.move(ticket.number, "amend", "li", fields={"category": "roads.lamp"})
    await life.go(ticket.number, *TO_HANDLING)
    await page.locator("#receipt-track").click()
    await screen.shows("h1", "我的诉求办到哪一步了")
    assert await page.get_by_label("诉求编号").input_value() == ticket.number
    assert await page.get_by_label("提交时填写的电话").input_value() == "138 0000 0001"
    await page.get_by_role("button", name="查询").click()
    await screen.shows(".progress-words", "承办单位正在办理")
    assert (await screen.text(".progress-steps li")).startswith("承办单位已签收")
    await looks_right(screen)
    await picture(screen, f"{name}-4-progress")


async def looks_right(screen: Screen) -> None:
    assert await screen.faint() == []
    assert not await screen.too_wide()


async def picture(screen: Screen, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    await screen.page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled", full_page=True)


async def test_what_was_typed_survives_a_reload_and_a_refusal(site: Web, screens: Screens) -> None:
    screens.expected = ("400", "Failed to load")
    screen = await screens.open("/file", size=TELEPHONE)
    page = screen.page
    await write(page)
    await page.get_by_label("不向承办单位透露").check()
    await page.reload()
    assert await page.get_by_label("用一句话概括").input_value() == "8 号楼门前的路灯不亮"
    assert await page.get_by_role("radio", name="投诉").is_checked()
    assert await page.get_by_label("不向承办单位透露").is_checked()
    assert await page.get_by_label("所在镇街").input_value() == "east"
    await page.get_by_label("联系电话").fill("8888")
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("[data-fault=contact_phone]", "手机号码")
    await picture(screen, "citizen-refused")
    assert await page.evaluate("document.activeElement.name") == "contact_phone"
    assert await page.get_by_label("用一句话概括").input_value() == "8 号楼门前的路灯不亮"
    # The server goes away in the middle.
    await page.route("**/api/v1/public/**", lambda route: route.abort())
    await page.get_by_label("联系电话").fill(PHONE)
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#filing-fault", "您填写的内容已保留")
    await page.unroute("**/api/v1/public/**")
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#receipt", "您的诉求已收到")
    (ticket,) = await site.tickets()
    assert ticket.anonymous


async def test_an_answer_that_is_lost_on_the_way_makes_no_second_request(site: Web, screens: Screens) -> None:
    screens.expected = ("Failed to load",)
    screen = await screens.open("/file", size=TELEPHONE)
    page = screen.page
    await write(page)
    lost = 0

    async def lose(route: object) -> None:
        nonlocal lost
        lost += 1
        await route.fetch()  # type: ignore[attr-defined]  # it arrives
        await route.abort()  # type: ignore[attr-defined]  # the answer does not

    await page.route("**/api/v1/public/requests", lose, times=1)
    await page.get_by_role("button", name="提交诉求").dblclick()
    await screen.shows("#filing-fault", "您填写的内容已保留")
    assert lost == 1, "pressed twice, sent once"
    await page.reload()
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#receipt", "您的诉求已收到")
    assert len(await site.tickets()) == 1


async def test_an_empty_form_says_what_is_missing_and_a_keyboard_is_enough(site: Web, screens: Screens) -> None:
    screen = await screens.open("/file", size=LAPTOP)
    page = screen.page
    await page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#filing-fault", "请检查标红的项目")
    assert await page.evaluate("document.activeElement.name") == "kind"
    await page.keyboard.press("Space")
    for words in ("井盖松动", "车一过就响", None, "南门外", "李四", PHONE):
        await page.keyboard.press("Tab")
        if words:
            await page.keyboard.type(words)
    await page.keyboard.press("Enter")
    await screen.shows("#receipt", "您的诉求已收到")
    (ticket,) = await site.tickets()
    assert (ticket.kind, ticket.title, ticket.address, ticket.contact_name) == ("enquiry", "井盖松动", "南门外", "李四")


async def test_too_many_are_told_so_and_lose_nothing(site: Web, screens: Screens) -> None:
    screens.expected = ("429",)
    for _ in range(2):
        assert (await site.file("127.0.0.1"))[0] == 201
    screen = await screens.open("/file", size=TELEPHONE)
    await write(screen.page)
    await screen.page.get_by_role("button", name="提交诉求").click()
    await screen.shows("#filing-fault", "请稍后再试")
    assert await screen.page.get_by_label("您的姓名").input_value() == "张三"


async def test_a_mistyped_number_and_a_stranger_are_told_no_more_than_that(site: Web, screens: Screens) -> None:
    screens.expected = ("400", "404")
    _, filed = await site.file()
    number = filed["number"]
    screen = await screens.open(f"/track?number={number[:-1]}{(int(number[-1]) + 1) % 10}", size=TELEPHONE)
    page = screen.page
    await page.get_by_label("提交时填写的电话").fill(PHONE)
    await page.keyboard.press("Enter")
    await screen.shows("[data-fault=number]", "请核对")
    await page.get_by_label("诉求编号").fill(filed["readable"])
    await page.get_by_label("提交时填写的电话").fill("13900000009")
    await page.keyboard.press("Enter")
    await screen.shows("#tracking-fault", "没有查到")
    await picture(screen, "citizen-not-found")
    await page.get_by_label("提交时填写的电话").fill(PHONE)
    await page.keyboard.press("Enter")
    await screen.shows(".progress-words", "正在审核")


async def test_citizens_load_little_and_none_of_the_staffs_scripts(screens: Screens) -> None:
    screen = await screens.open("/file", size=TELEPHONE)
    loaded = await screen.page.evaluate(
        "performance.getEntriesByType('resource').map(({name, decodedBodySize}) => [name, decodedBodySize])"
    )
    names = [name.rpartition("/")[2] for name, _ in loaded]
    assert any(name.startswith("citizen-") for name in names)
    assert not any(name.startswith(("app-", "style-")) for name in names), names
    assert sum(size for _, size in loaded) < MOST_BYTES
    assert await screen.page.evaluate("document.cookie") == ""


async def test_the_pages_speak_english_as_well(screens: Screens) -> None:
    screen = await screens.open("/file?lang=en", size=TELEPHONE)
    await screen.shows("h1", "What is it about?")
    await screen.page.get_by_role("button", name="Send the request").wait_for()
    assert not await screen.too_wide()
