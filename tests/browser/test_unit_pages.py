"""A member unit's people: their own work and nothing else, from the sign-off to the answer."""

from datetime import timedelta

import pytest
from screen import PHONE, Screen
from tickets_server import PASSWORD, Desks, TicketPanel, barriers

from callcenter.storage import clock

TO_UNIT = (("submit", "li"), ("dispatch", "boss", {"unit": "roads"}))
TO_HANDLING = (*TO_UNIT, ("sign", "roads"))


async def until_shown(screen: Screen, *wanted: str) -> None:
    """Wait until exactly these are listed, in any order."""
    texts = "[...document.querySelectorAll('.work-title b')].map((one) => one.innerText).sort().join('|')"
    await screen.until(f"{texts} === {'|'.join(sorted(wanted))!r}")


async def test_they_land_on_their_work_after_signing_in(requests: TicketPanel, desks: Desks) -> None:
    await requests.open("路灯不亮", *TO_UNIT)
    screen = await desks.open("/")
    await screen.page.get_by_label("用户名").fill("roads")
    await screen.page.get_by_label("密码").fill(PASSWORD)
    await screen.page.keyboard.press("Enter")
    await screen.page.wait_for_url("**/unit")
    await until_shown(screen, "路灯不亮")
    assert await screen.page.locator("nav a").all_inner_texts() == ["本单位工单"]
    assert await screen.page.locator("#floor-status, #announcement, #nav-more").count() == 0


@pytest.mark.parametrize(
    ("tab", "wanted"),
    [
        ("待办", ("未签", "在办", "超期")),
        ("待签收", ("未签",)),
        ("办理中", ("在办", "超期")),
        ("已超时", ("超期",)),
        ("退单裁定中", ("已退",)),
        ("协办", ("协助",)),
        ("已回复", ("已答",)),
        ("全部工单", ("未签", "在办", "超期", "已退", "已答", "改派走的", "协助")),
    ],
)
async def test_each_tab_holds_the_units_own(
    requests: TicketPanel, desks: Desks, tab: str, wanted: tuple[str, ...]
) -> None:
    await requests.open("未签", *TO_UNIT)
    await requests.open("在办", *TO_HANDLING)
    late = await requests.open("超期", *TO_HANDLING)
    await requests.due(late, clock.now() - timedelta(hours=1))
    await requests.open("已退", *TO_UNIT, ("return", "roads", {"words": "不属本单位"}))
    await requests.open("已答", *TO_HANDLING, ("reply", "roads", {"words": "已修复"}))
    gone = (
        ("return", "roads", {"words": "不属本单位"}),
        ("uphold_return", "boss"),
        ("dispatch", "li", {"unit": "water"}),
    )
    await requests.open("改派走的", *TO_UNIT, *gone)
    helping = ("dispatch", "boss", {"unit": "water", "helpers": ("roads",)})
    await requests.open("协助", ("submit", "li"), helping)
    await requests.open("别人的", ("submit", "li"), ("dispatch", "boss", {"unit": "water"}))
    screen = await desks.as_("roads", "/unit")
    await screen.page.get_by_role("button", name=tab).click()
    await until_shown(screen, *wanted)


async def test_a_unit_signs_answers_and_sees_it_leave(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("路灯不亮", *TO_UNIT)
    screen = await desks.as_("roads", "/unit")
    await until_shown(screen, "路灯不亮")
    keys = screen.page.keyboard
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await screen.shows(".ticket-head", "待签收")
    await keys.press("1")
    await screen.page.locator(".step").wait_for()
    await keys.press("Control+Enter")
    await screen.shows(".ticket-head", "办理中")
    await screen.shows(".clocks", "办理时限")
    await keys.press("1")
    await screen.page.locator("#step-words").wait_for()
    await keys.type("已更换灯泡，市民确认恢复照明。")
    await keys.press("Control+Enter")
    await screen.shows(".ticket-head", "回复待审核")
    await screen.page.goto(f"{requests.url}/unit?view=answered")
    await until_shown(screen, "路灯不亮")
    entries = (await requests.shown(number))["entries"]
    assert [(entry["move"], entry["unit"]) for entry in entries[-2:]] == [
        ("sign", "城管执法局"),
        ("reply", "城管执法局"),
    ]


async def test_a_unit_without_work_is_told_so(desks: Desks) -> None:
    screen = await desks.as_("water", "/unit")
    await screen.shows(".empty", "暂无工单")


@pytest.mark.parametrize("page", ["/desk", "/calls", "/callbacks", "/tickets", "/reference", "/wallboard"])
async def test_the_hotlines_pages_are_closed_to_units(desks: Desks, page: str) -> None:
    desks.expected = ("403", "404")
    screen = await desks.as_("roads", page)
    assert await screen.page.locator(".work, .list-head").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])
async def test_it_can_be_read_and_used_by_everybody(
    requests: TicketPanel, desks: Desks, theme: str, *, wide: bool
) -> None:
    await requests.open("没有空格的超长标题" * 20, *TO_HANDLING, urgency="urgent")
    size = {} if wide else {"size": PHONE}
    screen = await desks.as_("roads", f"/unit?theme={theme}", **size)
    await screen.page.locator(".work-row").first.wait_for()
    await screen.page.get_by_role("button", name="筛选").click()
    await screen.page.get_by_label("登记日期起").wait_for()
    assert await screen.faint() == []
    assert not await screen.too_wide()
    assert await barriers(screen) == []
