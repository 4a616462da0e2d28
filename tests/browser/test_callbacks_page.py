"""The missed-call list and the work on it: live, with its evidence, and what supervisors may do."""

import pytest
from panel_server import Json, Panel, ago, attempt, callback, floor, owed
from screen import DESK, PHONE, Screen, Screens, ViewportSize

MISSED = [
    {"id": one, "caller": "13800000001", "outcome": outcome, "started_at": ago(600 - one), "queued_at": ago(590 - one)}
    | {"ended_at": ago(560 - one)}
    for one, outcome in enumerate(("abandoned_queue", "overflowed"), start=1)
]
RATE = {"number": 5, "numerator": 103, "denominator": 104, "value": 103 / 104, "target": 1.0, "met": False}


def rows() -> list[Json]:
    """One callback of each kind."""
    tried = [attempt("no_answer", "1003", 600), attempt("failed", "1002", 300)]
    return [
        callback(1, calls=[1, 2, 3], attempts=tried, assigned="1001"),
        callback(2, due_at=ago(60), escalated_at=ago(300)),
        callback(3, held="foreign", escalated_at=ago(10)),
        callback(4, "retry", next_at=ago(-900), number="13911112222", reason="requested", priority=1),
        callback(5, "settled", settled_by="supervisor", settled_at=ago(5), note="市民来信撤销"),
        callback(6, "unreachable", attempts=[attempt("no_answer")] * 4),
        callback(7, "settled", settled_by="callback", settled_at=ago(5), attempts=[attempt("answered", "1002")]),
    ]


@pytest.fixture
def shown(panel: Panel) -> Panel:
    panel.lists |= {"callbacks": rows(), "calls": MISSED, "indicators": [RATE]}
    panel.lists["agents"] = [{"agent": "1001", "name": "李敏"}, {"agent": "1002", "name": "王小明"}]
    panel.floor = floor((), callbacks=owed(open=4, overdue=1, held=1, escalated=2))
    return panel


async def callers(screen: Screen) -> str:
    numbers = await screen.page.locator("tbody .number").all_inner_texts()
    return " ".join(one.removeprefix("138000") for one in numbers)


@pytest.mark.parametrize(
    ("view", "ids", "asked"),
    [
        ("", "00001 00002 00003 00004", "state=open&limit=1000"),
        ("overdue", "00002", "state=open&limit=1000"),
        ("escalated", "00002 00003", "state=open&limit=1000"),
        ("held", "00003", "state=open&limit=1000"),
        ("mine", "00001 00006", "limit=1000"),
        ("settled", "00005 00007", "state=settled&limit=100"),
        ("unreachable", "00006", "state=unreachable&limit=100"),
        ("all", "00001 00002 00003 00004 00005 00006 00007", "limit=100"),
    ],
)
async def test_each_view_shows_its_own(shown: Panel, screens: Screens, view: str, ids: str, asked: str) -> None:
    screen = await screens.open(f"/callbacks?view={view}" if view else "/callbacks", size=DESK)
    await screen.page.locator("tbody tr").first.wait_for()
    assert await callers(screen) == ids
    assert f"/api/v1/callbacks?{asked}" in shown.questions
    assert await screen.page.locator("[aria-pressed=true]").get_attribute("data-view") == (view or "open")


async def test_a_view_is_chosen_and_kept_in_the_address(shown: Panel, screens: Screens) -> None:
    screen = await screens.open("/callbacks", size=DESK)
    await screen.shows(".views", "全部")
    await screen.shows(".views", "4")
    assert await screen.text(".views") == "待回拨 4 已超时 1 已升级 2 待放行 1 与我有关 已办结 无法接通 全部"
    await screen.page.get_by_role("button", name="待放行").click()
    await screen.until("document.querySelectorAll('tbody tr').length === 1")
    assert screen.page.url.endswith("/callbacks?view=held")
    await screen.page.get_by_role("button", name="待回拨").click()
    await screen.until("document.querySelectorAll('tbody tr').length === 4")
    assert screen.page.url.endswith("/callbacks")
    assert shown.questions[-1].startswith("/api/v1/")


@pytest.mark.usefixtures("shown")
async def test_a_row_says_what_comes_next(screens: Screens) -> None:
    screen = await screens.open("/callbacks", size=DESK)
    await screen.page.locator("tbody tr").first.wait_for()
    first, second, third, fourth = await screen.page.locator("tbody tr").all_inner_texts()
    assert "有空闲座席即拨" in first
    assert "1001" in first
    assert "已超时" in second
    assert "已升级" in second
    assert "境外号码" in third
    assert "有空闲座席即拨" not in third, "nobody dials a number that is held"
    for words in ("改拨 13911112222", "优先", "市民要求回拨"):
        assert words in fourth


async def test_a_row_opens_its_evidence_by_key(shown: Panel, screens: Screens) -> None:
    screen = await screens.open("/callbacks", size=DESK)
    await screen.page.get_by_role("button", name="查看 13800000001 的记录").press("Enter")
    await screen.shows(".evidence", "排队中挂断")
    words = await screen.text(".evidence")
    for wanted in ("漏接来电 3", "排队已满", "通话 3", "话务员 1003 无人接听", "话务员 1002 线路故障", "回拨次数 1"):
        assert wanted in words, wanted
    assert "/api/v1/calls?callback=1&limit=1000" in shown.questions
    await screen.page.get_by_role("button", name="查看 13800000001 的记录").press("Enter")
    assert await screen.page.locator(".evidence").count() == 0
    await screen.page.goto(f"{shown.url}/callbacks?view=settled")
    await screen.page.locator("tbody tr").first.click()
    await screen.shows(".evidence", "市民来信撤销")


@pytest.mark.parametrize(
    ("row", "deed", "question", "order"),
    [
        ("00001", "提前拨打", "优先于其他市民", ("1/forward", {})),
        ("00003", "放行拨打", "允许拨打该号码", ("3/allow", {})),
        ("00006", "提前拨打", "优先于其他市民", ("6/forward", {})),
        ("00007", "语音信箱", "并未与市民通话", ("7/result", {"result": "voicemail", "note": ""})),
        ("00007", "号码错误", "并未与市民通话", ("7/result", {"result": "wrong_number", "note": ""})),
    ],
)
async def test_a_deed_is_asked_for_once_more_by_key(  # noqa: PLR0917  # a table's columns
    shown: Panel, screens: Screens, row: str, deed: str, question: str, order: tuple[str, Json]
) -> None:
    path, body = order
    screen = await screens.open("/callbacks?view=all", size=DESK)
    keys = screen.page.keyboard
    await screen.page.get_by_role("button", name=f"138000{row} 的记录").press("Enter")
    await screen.page.get_by_role("button", name=deed, exact=True).press("Enter")
    await screen.shows(".asking", question)
    await keys.press("Escape")
    assert await screen.page.locator(".asking").count() == 0
    await screen.page.get_by_role("button", name=deed, exact=True).press("Enter")
    assert shown.orders == []
    await keys.press("Enter")  # the focus is on the button that confirms
    await shown.ordered(f"POST /api/v1/callbacks/{path}", body)
    await screen.until("!document.querySelector('.asking')")


async def test_a_callback_is_assigned_to_one_agent_or_to_nobody(shown: Panel, screens: Screens) -> None:
    screen = await screens.open("/callbacks", size=DESK)
    await screen.page.get_by_role("button", name="13800000001 的记录").click()
    await screen.page.get_by_role("button", name="指派", exact=True).click()
    await screen.until("document.querySelector('.asking option:last-child')?.textContent === '1002 王小明'")
    assert await screen.page.locator(".asking select").input_value() == "1001"
    await screen.page.locator(".asking select").select_option("1002")
    await screen.page.get_by_role("button", name="确认指派").click()
    await shown.ordered("POST /api/v1/callbacks/1/assign", {"agent": "1002"})
    await screen.until("!document.querySelector('.asking')")
    await screen.page.get_by_role("button", name="指派", exact=True).click()
    await screen.page.locator(".asking select").select_option("")
    await screen.page.get_by_role("button", name="确认指派").click()
    await shown.ordered("POST /api/v1/callbacks/1/assign", {"agent": None})


async def test_closing_needs_a_reason_and_shows_why_it_was_refused(shown: Panel, screens: Screens) -> None:
    screens.expected = ("409",)
    shown.refusals["/api/v1/callbacks/1/close"] = (409, {"error": "该回拨已办结。"})
    screen = await screens.open("/callbacks", size=DESK)
    await screen.page.get_by_role("button", name="13800000001 的记录").click()
    await screen.page.get_by_role("button", name="关闭", exact=True).click()
    await screen.page.get_by_role("button", name="确认关闭").click()
    assert shown.orders == [], "without a reason nothing is sent"
    await screen.page.keyboard.type("市民已当面办理")  # the focus went to the field
    await screen.page.keyboard.press("Enter")
    await shown.ordered("POST /api/v1/callbacks/1/close", {"reason": "市民已当面办理"})
    await screen.shows(".evidence [role=alert]", "该回拨已办结。")
    assert await screen.page.locator(".asking").count() == 1, "what was typed is still there"


async def test_agents_see_the_evidence_and_only_note_their_own_talks(shown: Panel, screens: Screens) -> None:
    shown.user = {"login": "wang", "name": "王小明", "role": "agent", "agent": "1002"}
    screen = await screens.open("/callbacks?view=all", size=DESK)
    await screen.page.get_by_role("button", name="13800000001 的记录").click()
    await screen.shows(".evidence", "漏接来电 3")
    assert await screen.page.locator(".deeds").count() == 0
    await screen.page.get_by_role("button", name="13800000007 的记录").click()
    assert await screen.text(".deeds") == "语音信箱 号码错误"


async def test_it_follows_the_work_by_itself(shown: Panel, screens: Screens) -> None:
    screen = await screens.open("/callbacks", size=DESK)
    await screen.until("document.querySelectorAll('tbody tr').length === 4")
    asked = "/api/v1/callbacks?state=open&limit=1000"
    await shown.until(lambda: shown.questions.count(asked) == 2)  # at once, and when the stream came
    shown.lists["callbacks"][0] = callback(1, "dialling", attempts=[attempt("dialling", seconds_ago=3)])
    await shown.patch({"callbacks": {"dialling": 1}})
    await screen.shows("tbody tr", "回拨中", within=3)


async def test_the_indicator_stands_above_with_its_list(shown: Panel, screens: Screens) -> None:
    screen = await screens.open("/callbacks?view=all&day=2026-11-23", size=DESK)
    await screen.shows("[data-testid=rate]", "漏接回拨率")
    assert "/api/v1/indicators?since=2026-11-23&until=2026-11-23" in shown.questions
    words = await screen.text("[data-testid=rate]")
    assert words == "漏接回拨率 2026-11-23 99% 103 / 104 目标 100% 尚有 1 个漏接来电未回拨"
    await screen.page.get_by_role("link", name="尚有 1 个").click()
    await screen.page.wait_for_url("**/callbacks?view=open&day=2026-11-23")
    await screen.page.get_by_role("link", name="103 / 104").click()
    await screen.page.wait_for_url("**/callbacks?view=all&day=2026-11-23")


async def test_a_day_without_missed_calls_has_no_rate(panel: Panel, screens: Screens) -> None:
    panel.lists["indicators"] = [{**RATE, "numerator": 0, "denominator": 0, "value": None, "met": None}]
    screen = await screens.open("/callbacks", size=DESK)
    await screen.shows("[data-testid=rate]", "无漏接")
    await screen.shows(".empty", "没有符合条件的回拨")


async def test_the_list_stands_without_its_indicator(shown: Panel, screens: Screens) -> None:
    screens.expected = ("503",)
    shown.refusals["/api/v1/indicators"] = (503, {"error": "数据库暂不可用"})
    screen = await screens.open("/callbacks", size=DESK)
    await screen.until("document.querySelectorAll('tbody tr').length === 4")
    assert await screen.page.locator("[data-testid=rate]").count() == 0


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_it_can_be_read(screens: Screens, theme: str, size: ViewportSize) -> None:
    screen = await screens.open("/callbacks?view=all", size=size, theme=theme)
    await screen.page.get_by_role("button", name="13800000003 的记录").click()
    await screen.page.get_by_role("button", name="放行拨打", exact=True).click()
    await screen.shows(".asking", "允许拨打该号码")
    assert await screen.faint() == []
    assert not await screen.too_wide()
