"""Calls, callbacks, tickets and users: filtered, fresh, and honest when there is nothing or something is wrong."""

from typing import Any

import pytest
from panel_server import Panel, ago
from screen import DESK, PHONE, Screens


def call(number: int, outcome: str = "answered", caller: str = "13912340000", **more: object) -> dict[str, Any]:
    times = {"started_at": ago(100), "queued_at": ago(90), "answered_at": ago(80), "ended_at": ago(20)}
    row = {"id": number, "caller": caller, "direction": "inbound", "outcome": outcome, "agent": "1001", "seat": "8001"}
    return {**row, **times, "recording": None, "rating": None, "ticket": None, **more}


async def test_calls_are_shown_with_words_and_durations(panel: Panel, screens: Screens) -> None:
    panel.lists["calls"] = [call(1, rating=5, recording="a.wav"), call(2, "abandoned_queue", "", answered_at=None)]
    screen = await screens.open("/calls", size=DESK)
    await screen.shows("tbody", "已接听")
    rows = await screen.page.locator("tbody tr").all_inner_texts()
    assert rows[0].split()[2:] == [
        "13912340000",
        "呼入",
        "已接听",
        "00:10",
        "01:00",
        "1001",
        "8001",
        "5",
        "听录音",
        "—",
    ]
    assert "未显示号码" in rows[1]
    assert "排队中挂断" in rows[1]


async def test_a_filter_is_asked_of_the_server_and_kept_in_the_address(panel: Panel, screens: Screens) -> None:
    panel.lists["calls"] = [call(1), call(2, "overflowed", "13800000002")]
    screen = await screens.open("/calls", size=DESK)
    await screen.shows("tbody", "13912340000")
    await screen.page.get_by_label("结果").select_option("overflowed")
    await screen.until("document.querySelectorAll('tbody tr').length === 1")
    assert panel.questions[-1] == "/api/v1/calls?outcome=overflowed&limit=100"
    assert screen.page.url.endswith("/calls?outcome=overflowed")
    await screen.page.reload()
    await screen.until("document.querySelectorAll('tbody tr').length === 1")
    await screen.page.get_by_role("button", name="清除筛选").click()
    await screen.until("document.querySelectorAll('tbody tr').length === 2")
    await screen.page.get_by_label("日期").fill("2026-11-23")
    await screen.until("location.search === '?day=2026-11-23'")
    await panel.until(lambda: panel.questions[-1] == "/api/v1/calls?day=2026-11-23&limit=100")


async def test_a_new_call_appears_by_itself(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/calls", size=DESK)
    await screen.shows(".empty", "没有符合条件的通话。")
    panel.lists["calls"] = [call(1)]
    await panel.patch({"figures": {"calls": 1}})
    await screen.shows("tbody", "13912340000", within=3)


async def test_an_error_is_said_and_tried_again(panel: Panel, screens: Screens) -> None:
    screens.expected = ("503",)
    panel.refusals["/api/v1/tickets/search"] = (503, {"error": "数据库暂不可用"})
    screen = await screens.open("/tickets", size=DESK)
    await screen.shows("[role=alert]", "数据库暂不可用")
    panel.refusals.clear()
    await screen.page.get_by_role("button", name="重试").click()
    await screen.shows(".empty", "没有符合条件的工单。")
    assert await screen.page.locator("[role=alert]").count() == 0


async def test_an_overdue_callback_stands_out(panel: Panel, screens: Screens) -> None:
    row = {"reason": "overflowed", "opened_at": ago(900), "attempts": [], "calls": [1, 2], "ticket": "2026112300001"}
    panel.lists["callbacks"] = [
        {"id": 1, "caller": "13800000001", "state": "waiting", "due_at": ago(60), "settled_by": None, **row},
        {"id": 2, "caller": "13800000002", "state": "settled", "due_at": ago(60), "settled_by": "redial", **row},
    ]
    screen = await screens.open("/callbacks?view=all", size=DESK)
    await screen.shows("tr[data-attention]", "已超时")
    await screen.shows("tr:not([data-attention])", "市民重拨已接通")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("page", ["calls", "users", "sign-in", "password", "error"])
async def test_pages_can_be_read_on_a_phone(panel: Panel, screens: Screens, theme: str, page: str) -> None:
    outcomes = "answered abandoned_greeting abandoned_queue self_service in_progress"
    panel.lists["calls"] = [call(at, outcome) for at, outcome in enumerate(outcomes.split())]
    screen = await screens.open(f"/{page}", size=PHONE, theme=theme)
    await screen.page.locator("h1").first.wait_for(state="attached")
    assert await screen.faint() == []
    assert not await screen.too_wide()


async def test_a_user_is_added_and_the_password_shown_once(panel: Panel, screens: Screens) -> None:
    user = {"login": "wang", "name": "王小明", "role": "agent", "agent": "1002", "active": True}
    screen = await screens.open("/users", size=DESK)
    panel.answers["POST /api/v1/users"] = (201, {**user, "one_time_password": "<b>k3y</b>"})
    await screen.page.get_by_label("用户名").fill("wang")
    await screen.page.get_by_label("姓名").fill("王小明")
    await screen.page.get_by_label("工号").fill("1002")
    await screen.page.get_by_role("button", name="添加").click()
    wanted = {"login": "wang", "name": "王小明", "role": "agent", "agent": "1002"}
    await panel.ordered("POST /api/v1/users", wanted)
    await screen.shows(".once", "<b>k3y</b>")


async def test_whoever_works_for_a_member_unit_is_added_with_it(panel: Panel, screens: Screens) -> None:
    panel.lists["units"] = [
        {"code": "housing", "name": "住建局", "active": True},
        {"code": "gone", "name": "已撤销单位", "active": False},
    ]
    row = {"login": "roads", "name": "王值班", "role": "unit", "agent": None, "unit": "housing", "active": True}
    panel.lists["users"] = [row]
    screen = await screens.open("/users", size=DESK)
    page = screen.page
    await screen.shows("tbody", "成员单位 · 住建局")
    assert await page.get_by_label("工号").count() == 1
    await page.get_by_label("用户名").fill("zhao")
    await page.get_by_label("姓名").fill("赵值班")
    await page.get_by_label("角色").select_option("unit")
    assert await page.get_by_label("工号").count() == 0
    picker = page.locator("select[name=unit]")
    assert await picker.locator("option").all_inner_texts() == ["请选择", "住建局"]
    await picker.select_option("housing")
    panel.answers["POST /api/v1/users"] = (201, {**row, "login": "zhao", "one_time_password": "k3y"})
    await screen.picture("users-unit")
    await page.get_by_role("button", name="添加").click()
    await panel.ordered("POST /api/v1/users", {"login": "zhao", "name": "赵值班", "role": "unit", "unit": "housing"})
    await screen.shows(".once", "k3y")
    assert await page.get_by_label("角色").input_value() == "agent"


async def test_signing_in_says_what_is_wrong_and_leads_on(panel: Panel, screens: Screens) -> None:
    screens.expected = ("401",)
    panel.answers["POST /api/v1/sign-in"] = (401, {"error": "用户名或密码错误。"})
    screen = await screens.open("/sign-in?next=%2Fcalls", size=DESK)
    await screen.page.get_by_label("用户名").fill("li")
    await screen.page.get_by_label("密码").fill("wrong")
    await screen.page.keyboard.press("Enter")
    await screen.shows("output", "用户名或密码错误。")
    panel.answers["POST /api/v1/sign-in"] = (200, {"must_change_password": False})
    await screen.page.keyboard.press("Enter")
    await screen.page.wait_for_url("**/calls")


@pytest.mark.parametrize("next_page", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil"])
async def test_signing_in_leads_nowhere_else(panel: Panel, screens: Screens, next_page: str) -> None:
    screen = await screens.open(f"/sign-in?next={next_page}", size=DESK)
    await screen.page.get_by_label("用户名").fill("li")
    await screen.page.get_by_label("密码").fill("right")
    await screen.page.keyboard.press("Enter")
    await screen.page.wait_for_url(f"{panel.url}/desk**")


async def test_a_one_time_password_must_be_changed(panel: Panel, screens: Screens) -> None:
    panel.answers["POST /api/v1/sign-in"] = (200, {"must_change_password": True})
    screen = await screens.open("/sign-in", size=DESK)
    await screen.page.get_by_label("用户名").fill("li")
    await screen.page.get_by_label("密码").fill("once")
    await screen.page.keyboard.press("Enter")
    await screen.page.wait_for_url("**/password")
    panel.orders.clear()
    for label, value in (("当前密码", "once"), ("新密码", "a new long one"), ("再次输入新密码", "another long one")):
        await screen.page.get_by_label(label, exact=True).fill(value)
    await screen.page.keyboard.press("Enter")
    await screen.shows("output", "两次输入的新密码不一致。")
    assert panel.orders == []
    await screen.page.get_by_label("再次输入新密码").fill("a new long one")
    await screen.page.keyboard.press("Enter")
    await panel.ordered("POST /api/v1/password", {"current": "once", "new": "a new long one"})
