"""The work list of requests: found, filtered, walked by keyboard, kept under a name, honest when something is wrong."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Route
from screen import PHONE, Screen
from tickets_server import Desks, TicketPanel, barriers

from callcenter.storage import clock

TO_UNIT = (("submit", "li"), ("dispatch", "boss", {"unit": "roads"}))
TO_HANDLING = (*TO_UNIT, ("sign", "roads"))


async def titles(screen: Screen) -> list[str]:
    return await screen.page.locator(".work-title b").all_inner_texts()


async def until_shown(screen: Screen, *wanted: str) -> None:
    """Wait until exactly these are listed, in this order."""
    texts = "[...document.querySelectorAll('.work-title b')].map((one) => one.innerText).join('|')"
    await screen.until(f"{texts} === {'|'.join(wanted)!r}")


async def some(requests: TicketPanel) -> dict[str, str]:
    """One request for each of the usual decisions; title -> number."""
    numbers = {
        "待审": await requests.open("待审", ("submit", "li")),
        "待派": await requests.open("待派", ("submit", "li"), ("approve", "boss"), kind="enquiry"),
        "退单": await requests.open("退单", *TO_UNIT, ("return", "roads", {"words": "不属本单位"})),
        "已回复": await requests.open("已回复", *TO_HANDLING, ("reply", "roads", {"words": "已修复"})),
        "延期": await requests.open(
            "延期", *TO_HANDLING, ("ask_extension", "roads", {"days": 2, "words": "缺配件"}), category="water"
        ),
        "超期": await requests.open("超期", *TO_HANDLING, urgency="urgent"),
        "快到期": await requests.open("快到期", *TO_HANDLING),
        "王芳的": await requests.open("王芳的", who="wang", agent="1002"),
    }
    await requests.due(numbers["超期"], clock.now() - timedelta(hours=30))
    await requests.due(numbers["快到期"], clock.now() + timedelta(hours=3))
    return numbers


@pytest.mark.parametrize(
    ("tab", "wanted"),
    [
        ("待审核", "待审"),
        ("待派单", "待派"),
        ("退单待裁定", "退单"),
        ("回复待审核", "已回复"),
        ("延期申请", "延期"),
        ("即将到期", "快到期"),
        ("已超时", "超期"),
    ],
)
async def test_each_tab_holds_its_own_and_says_how_many(
    requests: TicketPanel, desks: Desks, tab: str, wanted: str
) -> None:
    await some(requests)
    screen = await desks.as_("boss", "/tickets")
    await screen.page.get_by_role("button", name=f"{tab} 1", exact=True).click()
    await until_shown(screen, wanted)
    await screen.page.reload()
    await until_shown(screen, wanted)


async def test_an_agent_finds_what_they_accepted(requests: TicketPanel, desks: Desks) -> None:
    await some(requests)
    screen = await desks.as_("wang", "/tickets?view=mine")
    await until_shown(screen, "王芳的")
    assert await screen.page.get_by_role("link", name="导出 Excel").count() == 0


async def test_words_numbers_and_filters_find(requests: TicketPanel, desks: Desks) -> None:
    numbers = await some(requests)
    screen = await desks.as_("boss", "/tickets")
    await screen.page.locator(".work-row").first.wait_for()
    await screen.page.keyboard.press("/")
    await screen.page.keyboard.type("快到期")
    await until_shown(screen, "快到期")
    await screen.page.keyboard.press("Control+A")
    await screen.page.keyboard.type(f"{numbers['退单'][:4]} {numbers['退单'][4:]}")
    await until_shown(screen, "退单")
    assert "q=" in screen.page.url
    await screen.page.get_by_label("搜索工单").fill("")
    await screen.page.get_by_role("button", name="筛选").click()
    await screen.page.get_by_label("事项分类").select_option("water")
    await until_shown(screen, "延期")
    await screen.page.get_by_role("button", name="清除筛选").click()
    await screen.page.get_by_label("紧急程度").select_option("urgent")
    await until_shown(screen, "超期")
    await screen.page.get_by_label("类别").select_option("enquiry")
    await screen.shows(".empty", "没有符合条件的工单。")


@pytest.mark.parametrize(
    ("told", "words", "later"),
    [
        # Ten minutes pass, of which the first two are working time: then it is noon.
        ({"minutes": 845, "running": True, "turns_in": 120}, "剩 2 个工作日", "剩 2 个工作日"),
        ({"minutes": 61, "running": True, "turns_in": 120}, "剩 1 小时 1 分", "剩 59 分钟"),
        ({"minutes": 1, "running": True, "turns_in": 1200}, "剩 1 分钟", "超期 9 分钟"),
        ({"minutes": 420, "overdue": True, "running": True, "turns_in": 1200}, "超期 1 个工作日", "超期 1 个工作日"),
        ({"minutes": 60, "overdue": True, "running": True, "turns_in": 1200}, "超期 1 小时", "超期 1 小时 10 分"),
        # Two minutes before the offices open; and on a clock that stands still.
        ({"minutes": 60, "running": False, "turns_in": 120}, "剩 1 小时", "剩 52 分钟"),
        ({"minutes": 60, "running": False, "turns_in": None}, "剩 1 小时", "剩 1 小时"),
        (None, "待更新工作日历", "待更新工作日历"),
    ],
)
async def test_time_is_counted_on_only_while_it_is_working_time(
    requests: TicketPanel, desks: Desks, told: dict[str, Any] | None, words: str, later: str
) -> None:
    await requests.open("路灯不亮", *TO_HANDLING)
    desks.expected = ("404", "503")
    screen = await desks.as_("boss", "/calls")
    first = True

    async def answer(route: Route) -> None:
        nonlocal first
        if "limit=50" not in route.request.url or not first:
            return await route.fulfill(status=503, json={"error": "数据库暂不可用"})
        first = False
        page = await (await route.fetch()).json()
        left = {"day_minutes": 420, "warn_minutes": 480, "overdue": False}
        for row in page["rows"]:
            row["left"] = told and left | told
        return await route.fulfill(json=page)

    await screen.page.route("**/api/v1/tickets/search?**", answer)
    await screen.page.clock.install()
    await screen.page.goto(f"{requests.url}/tickets")
    await screen.shows(".work-time strong", words)
    await screen.page.clock.fast_forward(10 * 60_000 + 5_000)
    await screen.shows("[role=alert]", "数据库暂不可用")
    await screen.until(f"document.querySelector('.work-time strong').innerText === {later!r}")


async def test_the_rows_are_walked_and_opened_by_keyboard(requests: TicketPanel, desks: Desks) -> None:
    numbers = [await requests.open(f"第{at}件") for at in (1, 2, 3)]
    screen = await desks.as_("boss", "/tickets")
    await until_shown(screen, "第3件", "第2件", "第1件")
    keys = screen.page.keyboard
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Home", "End", "Enter"):
        await keys.press(key)
    await screen.page.wait_for_url(f"**/tickets/{numbers[0]}")


async def test_further_rows_come_below_when_asked(requests: TicketPanel, desks: Desks) -> None:
    for at in range(55):
        await requests.open(f"第{at}件")
    screen = await desks.as_("boss", "/tickets")
    await screen.shows(".list-state", "共 55 件")
    assert await screen.page.locator(".work-row").count() == 50
    await screen.page.get_by_role("button", name="显示更多").click()
    await screen.until("document.querySelectorAll('.work-row').length === 55")
    assert (await titles(screen))[-1] == "第0件"
    assert await screen.page.evaluate("document.activeElement.innerText.includes('第4件')")
    assert await screen.page.get_by_role("button", name="显示更多").count() == 0


async def test_a_list_is_kept_under_a_name_and_shared(requests: TicketPanel, desks: Desks) -> None:
    await some(requests)
    screen = await desks.as_("boss", "/tickets?view=all&urgency=urgent")
    await until_shown(screen, "超期")
    await screen.page.get_by_role("button", name="存为常用列表").click()
    await screen.page.keyboard.type("紧急的")
    await screen.page.get_by_label("所有人可见").check()
    await screen.page.get_by_role("button", name="保存", exact=True).click()
    await screen.page.locator("[data-kept][aria-pressed=true]", has_text="紧急的").wait_for()
    other = await desks.as_("li", "/tickets")
    await other.page.locator("[data-kept]", has_text="紧急的").click()
    await until_shown(other, "超期")
    assert await other.page.get_by_role("button", name="删除列表").count() == 0
    await screen.page.get_by_role("button", name="删除列表").click()
    await screen.until("document.querySelectorAll('[data-kept]').length === 0")


async def test_what_is_listed_is_exported(requests: TicketPanel, desks: Desks) -> None:
    await some(requests)
    screen = await desks.as_("boss", "/tickets?view=overdue")
    await until_shown(screen, "超期")
    async with screen.page.expect_download() as download:
        await screen.page.get_by_role("link", name="导出 Excel").click()
    assert (await download.value).suggested_filename.endswith(".xlsx")


async def test_an_error_keeps_the_rows_and_can_be_tried_again(requests: TicketPanel, desks: Desks) -> None:
    await requests.open("路灯不亮")
    screen = await desks.as_("boss", "/tickets")
    await until_shown(screen, "路灯不亮")
    desks.expected = ("503",)
    requests.broken.add("/api/v1/tickets/search")
    await screen.page.get_by_label("搜索工单").fill("路灯")
    await screen.shows("[role=alert]", "数据库暂不可用")
    assert await titles(screen) == ["路灯不亮"]
    requests.broken.clear()
    await screen.page.get_by_role("button", name="重试").click()
    await screen.until("document.querySelectorAll('[role=alert]').length === 0")


async def test_the_bell_says_what_is_new_and_leads_there(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("<b>路灯</b>", *TO_HANDLING)
    await requests.notice(number, "after", audience="supervisor", about=clock.now())
    screen = await desks.as_("boss", "/tickets")
    await screen.shows(".bell b", "1")
    await screen.page.get_by_role("button", name="提醒，1 条未读").click()
    await screen.shows(".notices", "<b>路灯</b>")
    await screen.shows(".notices", "已超期")
    assert await barriers(screen) == []
    await screen.page.keyboard.press("Escape")
    assert await screen.page.locator(".notices").count() == 0
    await screen.page.get_by_role("button", name="提醒，1 条未读").click()
    await screen.page.locator(".notices li a").click()
    await screen.page.wait_for_url(f"**/tickets/{number}")
    await screen.page.get_by_role("button", name="提醒", exact=True).wait_for()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])
async def test_it_can_be_read_and_used_by_everybody(
    requests: TicketPanel, desks: Desks, theme: str, *, wide: bool
) -> None:
    await some(requests)
    await requests.open("没有空格的超长标题" * 20, ("submit", "li"), urgency="emergency", confidential=True)
    size = {} if wide else {"size": PHONE}
    screen = await desks.as_("boss", f"/tickets?theme={theme}&urgency=emergency", **size)
    await screen.page.locator(".work-row").first.wait_for()
    assert await screen.faint() == []
    assert not await screen.too_wide()
    assert await barriers(screen) == []
