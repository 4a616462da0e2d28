"""The supervisor's pages: measures in sentences, abusive callers, test dials; and alarms above every page."""

import pytest
from panel_server import Json, Panel, ago, floor
from screen import DESK, PHONE, Screens, ViewportSize

FIGURES = {"waiting": 3, "longest_wait": 21.4, "free": 0, "predicted_wait": 48.1}
STEPS: dict[str, tuple[Json, str]] = {
    "level": ({"before": "warning", "after": "full", "why": "crowd"}, "由“关注”转为“满员”：等候人数增加。"),
    "warn": ({}, "大屏发出预警。"),
    "unwarn": ({}, "大屏预警解除。"),
    "end_wrap_up": ({"seat": "8003", "agent": "1003", "lasted": 12.4}, "1003 的话后处理在 12 秒后结束。"),
    "call_back_break": ({"agent": "1006", "reason": "meal"}, "请 1006 结束小休（用餐）回座席。"),
    "release_break": ({"agent": "1006"}, "1006 无须提前回座席。"),
    "join_reserve": ({"name": "2001", "failed": "timeout"}, "后备 2001 已调入。 未执行 timeout"),
    "leave_reserve": ({"name": "2001"}, "后备 2001 已退出。"),
    "offer_callbacks": ({"on": True}, "开始向新来电提供回拨。"),
    "a_new_step": ({}, "a_new_step"),
}
BLOCKED = [
    {"number": "13900000001", "level": "limit", "per_hour": 3, "note": "一天二百余次", "by": "zhou", "since": ago(900)}
    | {"until": None, "active": True},
    {"number": "13900000002", "level": "block", "per_hour": None, "note": "", "by": "zhou", "since": ago(900)}
    | {"until": ago(60), "active": False},
]
ADD = "POST /api/v1/blocked-callers"
DIALS = [
    {"id": 3, "at": ago(900), "trunk": "carrier", "result": "passed", "greeting_seconds": 1.2, "person_seconds": 14.84}
    | {"waiting_found": 1, "detail": None},
    {"id": 2, "at": ago(1800), "trunk": "carrier", "result": "failed", "greeting_seconds": 12.0, "person_seconds": None}
    | {
        "waiting_found": 4,
        "detail": "the greeting came after 12 s, not within 10 s; 4 callers were waiting; who knows",
    },
    {"id": 1, "at": ago(2700), "trunk": "carrier", "result": "yielded", "greeting_seconds": None, "detail": None},
]


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_reads_as_a_sentence_with_its_figures(panel: Panel, screens: Screens, step: str) -> None:
    detail, sentence = STEPS[step]
    row = {"at": "2026-11-24T02:31:00+00:00", "level": "reinforce", "step": step, "detail": {**FIGURES, **detail}}
    panel.lists["policy-log"] = [row]
    screen = await screens.open("/policy-log", size=DESK)
    await screen.shows("tbody", sentence.split(" ", maxsplit=1)[0])
    assert await screen.text("tbody tr") == f"11/24 10:31:00 增援 {sentence} 3 00:21 0 00:48"


async def test_the_log_is_asked_for_by_day(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/policy-log", size=DESK)
    await screen.shows(".empty", "没有采取措施的记录")
    await screen.page.get_by_label("日期").fill("2026-11-23")
    await panel.until(lambda: panel.questions[-1] == "/api/v1/policy-log?day=2026-11-23&limit=100")


async def test_a_caller_is_put_on_the_list_for_some_time(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/blocked-callers", size=DESK)
    await screen.shows(".empty", "名单为空")
    page = screen.page
    await page.get_by_label("电话号码").fill("13900000001")
    await page.get_by_label("每小时次数").fill("5")
    await page.get_by_label("期限").select_option("168")
    await page.get_by_label("原因").fill("一天二百余次")
    panel.lists["blocked-callers"] = BLOCKED
    await page.keyboard.press("Enter")
    await panel.until(lambda: bool(panel.orders))
    order, body = panel.orders.pop()
    assert order == ADD
    assert body.pop("until") > ago(-6.9 * 86_400).replace("+00:00", "Z")
    assert body == {"number": "13900000001", "level": "limit", "note": "一天二百余次", "per_hour": 5}
    await screen.shows("[role=status]", "13900000001 已加入名单")
    await screen.shows("tbody", "一天二百余次")
    rows = [one.split() for one in await page.locator("tbody tr").all_inner_texts()]
    assert rows[0][:4] == ["13900000001", "限次", "3", "一天二百余次"]
    assert rows[1][:3] == ["13900000002", "拦截已到期", "—"]


async def test_only_a_limit_has_a_number_of_calls(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/blocked-callers", size=DESK)
    await screen.page.get_by_label("处置").select_option("block")
    await screen.shows(".blocking .hint", "所有来电播放说明后结束")
    assert await screen.page.get_by_label("每小时次数").count() == 0
    await screen.page.get_by_label("电话号码").fill("13900000002")
    await screen.page.get_by_label("期限").select_option("")
    await screen.page.get_by_label("原因").fill("辱骂")
    await screen.page.get_by_role("button", name="添加").click()
    await panel.ordered(ADD, {"number": "13900000002", "level": "block", "note": "辱骂"})


async def test_a_refusal_is_said_above_the_form(panel: Panel, screens: Screens) -> None:
    screens.expected = ("409",)
    panel.answers[ADD] = (409, {"error": "8001 不能加入名单：该号码是座席号码。"})
    screen = await screens.open("/blocked-callers", size=DESK)
    await screen.page.get_by_label("电话号码").fill("8001")
    await screen.page.get_by_label("原因").fill("误填")
    await screen.page.get_by_role("button", name="添加").click()
    await screen.shows("[role=alert]", "该号码是座席号码")
    assert await screen.page.get_by_label("电话号码").input_value() == "8001"


async def test_taking_one_off_takes_two_presses(panel: Panel, screens: Screens) -> None:
    panel.lists["blocked-callers"] = BLOCKED
    screen = await screens.open("/blocked-callers", size=DESK)
    remove = screen.page.get_by_role("button", name="移除 13900000001")
    await remove.press("Enter")
    await screen.page.get_by_role("button", name="取消").click()
    assert panel.orders == []
    await remove.press("Enter")
    await screen.page.get_by_role("button", name="确认移除").press("Enter", no_wait_after=True)
    panel.lists["blocked-callers"] = BLOCKED[1:]
    await panel.ordered("DELETE /api/v1/blocked-callers/13900000001", None)
    await screen.shows("[role=status]", "13900000001 已移出名单")
    await screen.until("document.querySelectorAll('tbody tr').length === 1")


async def test_test_dials_say_what_they_found(panel: Panel, screens: Screens) -> None:
    panel.lists["test-dials"] = DIALS
    screen = await screens.open("/test-dials", size=DESK)
    await screen.shows("tr[data-attention]", "异常")
    rows = [one.split()[2:] for one in await screen.page.locator("tbody tr").all_inner_texts()]
    assert rows[0] == ["正常", "1.2", "秒", "14.8", "秒", "1", "carrier", "—"]
    found = "12 秒后才播放问候语，超过 10 秒。 当时有 4 人等候。 who knows"
    assert " ".join(rows[1]) == f"异常 12.0 秒 — 4 carrier {found}"
    assert rows[2][0] == "已让位市民"


async def test_a_test_dial_is_made_now_and_watched_to_its_end(panel: Panel, screens: Screens) -> None:
    screen = await screens.open("/test-dials", size=DESK)
    await screen.shows(".empty", "暂无拨测记录")
    panel.lists["test-dials"] = [{**DIALS[0], "result": "dialling"}]
    await screen.page.get_by_role("button", name="立即拨测").click()
    await panel.ordered("POST /api/v1/test-dials", {})
    await screen.shows("tbody", "拨测中")
    panel.lists["test-dials"] = DIALS[:1]
    await screen.shows("tbody", "正常", within=6)
    screens.expected = ("409",)
    panel.answers["POST /api/v1/test-dials"] = (409, {"error": "拨测正在进行，请等待结束。"})
    await screen.page.get_by_role("button", name="立即拨测").click()
    await screen.shows("[role=alert]", "拨测正在进行")


async def test_alarms_stand_above_a_supervisors_pages_and_not_an_agents(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((), alarms={"disk_low": {"since": "2026-11-24T02:31:00+00:00", "free_mb": 812}})
    screen = await screens.open("/calls", size=DESK)
    await screen.shows("[data-testid=alarm]", "磁盘空间不足 · 剩余 812 MB · 10:31 起")
    panel.user = {"login": "li", "name": "李敏", "role": "agent", "agent": "1001"}
    await screen.page.reload()
    await screen.shows(".empty", "没有符合条件的通话")
    assert await screen.page.locator("[data-testid=alarm]").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("page", ["policy-log", "blocked-callers", "test-dials"])
async def test_they_can_be_read(panel: Panel, screens: Screens, theme: str, size: ViewportSize, page: str) -> None:
    log = [
        {"at": ago(9), "level": "full", "step": name, "detail": {**FIGURES, **more}}
        for name, (more, _) in STEPS.items()
    ]
    panel.lists |= {"policy-log": log, "blocked-callers": BLOCKED, "test-dials": DIALS}
    panel.floor = floor((), alarms={"disk_low": {"free_mb": 812}, "disk_critical": {"free_mb": 12}})
    screen = await screens.open(f"/{page}", size=size, theme=theme)
    await screen.page.locator("tbody tr").first.wait_for()
    assert await screen.faint() == []
    assert not await screen.too_wide()
