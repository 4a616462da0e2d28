"""The agent's desk: own state, what can be done, by mouse or by keys that no input method swallows."""

from typing import Any

import pytest
from panel_server import Panel, ago, floor, seat
from screen import DESK, PHONE, Screens


def desk_floor(state: str = "ready", **more: object) -> dict[str, Any]:
    return floor((), [seat(8001, state, "李敏", **more), seat(8002), seat(8003, phone=False)])


async def test_an_agent_signs_in_to_a_free_seat_whose_phone_is_there(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((), [seat(8001, phone=False), seat(8002, "ready", "王"), seat(8003)])
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "未签入")
    seats = await screen.page.locator(".choice-seat").all_inner_texts()
    assert ["".join(one.split()) for one in seats] == ["8003话机在线", "8001浏览器话机"]  # the taken one is not offered
    await screen.page.get_by_role("button", name="8003").click()
    await panel.ordered("POST /api/v1/agents/1001/sign-in", {"seat": "8003"})


async def test_the_keys_do_what_they_say(panel: Panel, screens: Screens) -> None:
    panel.floor = desk_floor()
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "就绪")
    keys = screen.page.keyboard
    await keys.press("F4")
    await keys.press("2")
    await panel.ordered("POST /api/v1/agents/1001/break", {"reason": "meal"})
    await panel.patch({"seats": {"8001": {"state": "break", "reason": "meal"}}})
    await screen.shows(".me-state", "用餐")
    await keys.press("F2")
    await panel.ordered("POST /api/v1/agents/1001/ready", {})
    await panel.patch({"seats": {"8001": {"state": "ready", "reason": None}}})
    await screen.shows(".me-state", "就绪")
    await keys.press("F8")
    await screen.shows(".buttons", "再按一次确认签出")
    assert panel.orders == []
    await keys.press("Escape")
    await keys.press("F8")
    await keys.press("F8")
    await panel.ordered("POST /api/v1/agents/1001/sign-out", {})
    await keys.press("2")  # no reason is being asked for
    assert panel.orders == []


async def test_a_refusal_is_said_beside_the_buttons(panel: Panel, screens: Screens) -> None:
    screens.expected = ("409",)
    panel.floor = desk_floor("break", reason="rest")
    panel.refusals["/api/v1/agents/1001/ready"] = (409, {"error": "话机离线，无法置为就绪。"})
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "小休")
    await screen.page.get_by_role("button", name="就绪").click()
    await screen.shows("[role=alert]", "话机离线，无法置为就绪。")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_lists_that_cannot_be_read_are_said_without_moving_what_somebody_types_in(
    panel: Panel,
    screens: Screens,
    size: Any,  # noqa: ANN401
) -> None:
    screens.expected = ("503",)
    panel.floor = desk_floor("talking", caller="138****2345")
    screen = await screens.open("/desk", size=size)
    await screen.page.keyboard.press("F3")
    await screen.page.locator("#f-title").fill("路灯不亮")
    places = [screen.page.locator(one) for one in (".me", "#f-title", ".desk-side")]
    before = [await one.bounding_box() for one in places]
    panel.refusals["/api/v1/callbacks"] = (503, {"error": "数据库暂不可用"})
    await panel.patch({"seats": {"8002": {"state": "talking"}}})
    await screen.shows(".desk-unread", "数据库暂不可用")
    assert [await one.bounding_box() for one in places] == before
    await screen.picture(f"desk-unread-{size['width']}")
    del panel.refusals["/api/v1/callbacks"]
    await panel.patch({"seats": {"8002": {"state": "ready"}}})
    await screen.until("!document.querySelector('.desk-unread').textContent.trim()")


async def test_the_call_and_the_wrap_up(panel: Panel, screens: Screens) -> None:
    panel.floor = desk_floor("talking", caller="138****2345")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-caller", "138****2345")
    await screen.page.keyboard.press("F4")
    await screen.page.keyboard.press("1")
    await panel.ordered("POST /api/v1/agents/1001/break", {"reason": "rest"})
    await screen.shows(".me", "本次通话结束后进入小休")
    await panel.patch({"seats": {"8001": {"state": "wrap_up", "caller": None, "until": ago(-15)}}})
    await screen.until("/^00:1[2-5]$/.test(document.querySelector('[data-testid=time]').textContent)")
    await screen.page.get_by_role("button", name="立即就绪").click()
    await panel.ordered("POST /api/v1/agents/1001/ready", {})


async def test_what_is_owed_is_listed_with_the_overdue_first(panel: Panel, screens: Screens) -> None:
    row = {"reason": "abandoned_queue", "opened_at": ago(900), "settled_by": None, "attempts": [], "calls": [1]}
    panel.lists["callbacks"] = [
        {"id": 1, "caller": "13800000001", "state": "waiting", "due_at": ago(-300), **row},
        {"id": 2, "caller": "13800000002", "state": "retry", "due_at": ago(120), **row},
        {"id": 3, "caller": "13800000003", "state": "settled", "due_at": ago(120), **row},
    ]
    panel.floor = desk_floor()
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".row", "13800000002")
    first, second = await screen.page.locator("section[aria-labelledby=owed] .row").all_inner_texts()
    assert "13800000002" in first
    assert "已超时" in first
    assert "剩余" in second


async def test_an_account_without_agent_number_is_told(panel: Panel, screens: Screens) -> None:
    panel.user = {"login": "admin", "name": "管理员", "role": "administrator", "agent": None}
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".notice", "此账号没有工号")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("state", ["ready", "break", "talking", "ringing", "wrap_up"])
async def test_it_can_be_read_in_every_state(panel: Panel, screens: Screens, theme: str, state: str) -> None:
    panel.floor = desk_floor(state, caller="138****2345", until=ago(-15), reason="no_answer")
    screen = await screens.open("/desk", size=PHONE, theme=theme)
    await screen.shows(".me-seat", "8001")
    assert await screen.faint() == []
    assert not await screen.too_wide()


async def test_roles_see_their_own_places(panel: Panel, screens: Screens) -> None:
    panel.user = {"login": "li", "name": "李敏", "role": "agent", "agent": "1001"}
    screen = await screens.open("/desk", size=DESK)
    assert await screen.text(".nav") == "工作台 通话记录 漏接回拨 工单 回访 知识库"
    assert await screen.page.locator("#announcement, #nav-more").count() == 0
    panel.user["role"] = "supervisor"
    await screen.page.reload()
    assert await screen.text(".nav") == "大屏 值班台 工作台 通话记录 漏接回拨 工单 回访 知识库"
    await screen.page.locator("#nav-more summary").press("Enter")
    more = "考核指标 当日时间线 座席一天 排队措施 骚扰号码 封禁地址 拨测 派单建议 市级平台"
    assert await screen.text("#nav-more .menu") == more
    await screen.page.keyboard.press("Escape")
    assert not await screen.page.locator("#nav-more .menu").is_visible()


async def test_the_announcement_takes_two_presses(panel: Panel, screens: Screens) -> None:
    panel.floor = desk_floor()
    screen = await screens.open("/desk", size=DESK)
    await screen.page.get_by_role("button", name="紧急公告").click()
    await screen.shows(".popover", "确定立即向所有来电播放紧急公告")
    assert panel.orders == []
    await screen.page.get_by_role("button", name="开启公告").click()
    await panel.ordered("POST /api/v1/announcement", {"on": True})
    await panel.patch({"announcement": {"on": True}})
    await screen.until("document.querySelector('.announcement').getAttribute('aria-pressed') === 'true'")
