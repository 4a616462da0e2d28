"""Callbacks on the agent's desk: whom they will hear, what they note of it, and being asked back from a break."""

import pytest
from panel_server import Json, Panel, ago, attempt, callback, floor, owed, policy, seat
from screen import DESK, PHONE, Screens

EARLIER = [attempt("no_answer", "1003", 600), attempt("busy", "1002", 300)]
RESULT = "POST /api/v1/callbacks/1/result"


def desk(state: str, stage: str | None = None, **more: object) -> Json:
    under_way = {"id": 1, "caller": "138****0001", "stage": stage} if stage else None
    own = seat(8001, state, "李敏", callback=under_way, caller="138****0001" if stage else None, since=ago(5))
    return floor((), [own, seat(8002)], **{"callbacks": owed(open=1), **more})


async def test_a_callback_that_rings_says_who_when_why_and_how_often(panel: Panel, screens: Screens) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=[*EARLIER, attempt("dialling")], calls=[1, 2, 3])]
    panel.floor = desk("ringing", "ringing")
    screen = await screens.open("/desk", size=DESK)
    card = "[data-testid=dialling]"
    await screen.shows(f"{card} .dialling-number", "13800000001")
    words = await screen.text(card)
    for wanted in ("请接起话机", "排队中挂断", "3 次", "12:0", "话务员 1003 无人接听", "话务员 1002 忙线"):
        assert wanted in words, wanted
    assert await screen.page.locator(f"{card} .earlier li").count() == 2, "the attempt under way is not an earlier one"
    assert await screen.text(f"{card} [aria-current=step]") == "1 话机振铃"
    await panel.patch({"seats": {"8001": {"callback": {"stage": "dialling"}}}})
    await screen.shows(f"{card} [aria-current=step]", "拨打市民")
    assert await screen.page.locator(".notes").count() == 0, "nobody has picked up"
    await panel.patch({"seats": {"8001": {"state": "talking", "callback": {"stage": "talking"}}}})
    await screen.shows(f"{card} [aria-current=step]", "通话中")


async def test_it_is_there_at_once_before_the_rest_is_loaded(panel: Panel, screens: Screens) -> None:
    panel.floor = desk("ready")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "就绪")
    screens.expected = ("503",)
    panel.refusals["/api/v1/callbacks"] = (503, {"error": "数据库暂不可用"})
    await panel.patch({"seats": desk("ringing", "ringing")["seats"]})
    await screen.shows(".dialling-number", "138****0001")
    await screen.shows(".desk-unread", "数据库暂不可用")


async def test_a_number_that_the_citizen_keyed_is_the_one_that_is_shown(panel: Panel, screens: Screens) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", number="13911112222", reason="requested")]
    panel.floor = desk("ringing", "ringing")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".dialling-number", "13911112222")
    await screen.shows(".facts", "13800000001")
    await screen.shows(".facts", "市民要求回拨")
    await screen.shows(".earlier", "首次拨打")


@pytest.mark.parametrize(("key", "result"), [("F6", "voicemail"), ("F7", "wrong_number")])
async def test_what_was_heard_is_noted_by_key(panel: Panel, screens: Screens, key: str, result: str) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=[attempt("dialling", seconds_ago=5)])]
    panel.floor = desk("ringing", "dialling")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".dialling-number", "13800000001")
    await screen.page.keyboard.press(key)
    assert panel.orders == [], "nobody has picked up"
    await panel.patch({"seats": {"8001": {"state": "talking", "callback": {"stage": "talking"}}}})
    await screen.shows(".notes", "语音信箱")
    await screen.page.keyboard.press(key)
    await panel.ordered(RESULT, {"result": result, "note": ""})


async def test_it_can_be_noted_after_the_talk_and_then_put_away(panel: Panel, screens: Screens) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=[attempt("dialling", seconds_ago=5)])]
    panel.floor = desk("talking", "talking")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".dialling-number", "13800000001")
    done = attempt("answered", seconds_ago=21)
    panel.lists["callbacks"] = [callback(1, "settled", settled_by="callback", attempts=[done])]
    await panel.patch({"seats": {"8001": {"state": "wrap_up", "callback": None, "until": ago(-12)}}})
    await screen.shows("[data-testid=afterwards]", "已接听")
    screens.expected = ("409",)
    panel.refusals["/api/v1/callbacks/1/result"] = (409, {"error": "该回拨已办结。"})
    await screen.page.keyboard.press("F6")
    await screen.shows("[role=alert]", "该回拨已办结。")
    panel.refusals.clear()
    panel.orders.clear()
    noted = callback(1, "retry", next_at=ago(-600), attempts=[{**done, "result": "voicemail"}])
    panel.changes[RESULT] = {"callbacks": [noted]}
    await screen.page.get_by_role("button", name="语音信箱").click()
    await panel.ordered(RESULT, {"result": "voicemail", "note": ""})
    await screen.shows("[data-testid=afterwards]", "起再次拨打")
    assert await screen.page.locator(".notes").count() == 0
    await screen.page.locator("[data-testid=afterwards]").get_by_role("button", name="关闭").click()
    assert await screen.page.locator("[data-testid=afterwards]").count() == 0


async def test_its_buttons_stay_where_they_are_while_the_page_is_drawn_and_loaded_again(
    panel: Panel, screens: Screens
) -> None:
    """An agent who aims at one must hit it, whatever comes in meanwhile."""
    done = attempt("answered", seconds_ago=21)
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=[attempt("dialling", seconds_ago=5)])]
    panel.floor = desk("talking", "talking")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".dialling-number", "13800000001")
    panel.lists["callbacks"] = [callback(1, "settled", settled_by="callback", attempts=[done])]
    await panel.patch({"seats": {"8001": {"state": "wrap_up", "callback": None, "until": ago(-60)}}})
    await screen.shows("[data-testid=afterwards]", "已接听")
    button = screen.page.get_by_role("button", name="语音信箱")
    before = await button.element_handle()
    where = await button.bounding_box()
    for round_ in range(3):
        panel.questions.clear()
        clock = await screen.text(".me-time")
        await panel.patch({"figures": {"calls": round_ + 1}, "callbacks": owed(open=round_)})
        await panel.until(lambda: any("/callbacks" in one for one in panel.questions))
        await screen.until(f"document.querySelector('.me-time').innerText !== '{clock}'")
    assert before
    assert await before.evaluate("(one) => one.isConnected")
    assert await button.bounding_box() == where


async def test_an_attempt_in_vain_says_what_it_came_to(panel: Panel, screens: Screens) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=[attempt("dialling", seconds_ago=25)])]
    panel.floor = desk("ringing", "dialling")
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".dialling-number", "13800000001")
    panel.lists["callbacks"] = [
        callback(1, "retry", next_at=ago(-600), attempts=[attempt("no_answer", seconds_ago=25)])
    ]
    await panel.patch({"seats": {"8001": {"state": "ready", "callback": None}}})
    await screen.shows("[data-testid=afterwards]", "无人接听")
    assert await screen.page.locator(".notes").count() == 0


async def test_in_preview_f9_dials_the_first_that_this_agent_may(panel: Panel, screens: Screens) -> None:
    panel.lists["callbacks"] = [
        callback(1, due_at=ago(-10), held="foreign"),
        callback(2, due_at=ago(-20), assigned="1002"),
        callback(3, "dialling", due_at=ago(-30)),
        callback(5, due_at=ago(-60)),
        callback(4, due_at=ago(-50)),
        callback(6, due_at=ago(-400), priority=1),
    ]
    panel.floor = desk("ready", callbacks=owed(open=6, mode="preview"))
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".row", "13800000006")
    assert await screen.page.locator(".row-dial").count() == 3
    assert await screen.text(".row:has(kbd) .number") == "13800000006"  # a supervisor brought it forward
    await screen.page.keyboard.press("F9")
    await panel.ordered("POST /api/v1/callbacks/6/dial", {})
    row = screen.page.locator(".row", has_text="13800000004")
    await row.get_by_role("button", name="拨打").click()
    await panel.ordered("POST /api/v1/callbacks/4/dial", {})


@pytest.mark.parametrize(
    ("state", "work", "words"),
    [
        ("talking", {"mode": "preview"}, "逐个发起"),
        ("ready", {"mode": "preview", "line": False}, "没有外呼线路"),
        ("ready", {"mode": "automatic"}, "自动回拨"),
        ("ready", {"mode": "off"}, "已关闭"),
    ],
)
async def test_otherwise_f9_dials_nobody(panel: Panel, screens: Screens, state: str, work: Json, words: str) -> None:
    panel.lists["callbacks"] = [callback(1)]
    panel.floor = desk(state, callbacks=owed(open=1, **work))
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".work-mode", words)
    await screen.page.keyboard.press("F9")
    await screen.page.keyboard.press("F4")  # a key that is heard later, and shows
    await screen.shows(".reasons", "小休原因")
    assert panel.orders == []


async def test_an_agent_who_is_called_back_is_told_and_comes_by_key(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((30, 20, 10), [seat(8001, "break", "李敏", reason="meal")], policy=policy("reinforce"))
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "小休")
    assert await screen.page.locator("[data-testid=return]").count() == 0
    await panel.patch({"policy": {"called_back": ["1001"]}})
    await screen.shows("[data-testid=return]", "请回座席")
    await screen.shows("[data-testid=return]", "3 位市民正在排队")
    await screen.until("document.title.includes('请回座席')")
    await screen.page.keyboard.press("F2")
    await panel.ordered("POST /api/v1/agents/1001/ready", {})
    await panel.patch({"seats": {"8001": {"state": "ready", "reason": None}}})
    await screen.until("!document.querySelector('[data-testid=return]') && !document.title.includes('请回座席')")


async def test_they_are_told_on_every_page(panel: Panel, screens: Screens) -> None:
    called = policy("reinforce", called_back=["1001"])
    panel.floor = floor((30,), [seat(8001, "break", "李敏", reason="meal")], policy=called)
    screen = await screens.open("/calls", size=DESK)
    await screen.shows(".frame-return", "请回座席")
    await screen.page.locator(".frame-return").get_by_role("link").click()
    await screen.page.wait_for_url("**/desk")
    await screen.shows("[data-testid=return]", "请回座席")
    assert await screen.page.locator(".frame-return").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("stage", ["ringing", "dialling", "talking", "asked back"])
async def test_it_can_be_read(panel: Panel, screens: Screens, theme: str, stage: str) -> None:
    panel.lists["callbacks"] = [callback(1, "dialling", attempts=EARLIER), callback(2, held="foreign", assigned="1001")]
    if stage == "asked back":
        panel.floor = desk("break", policy=policy("reinforce", called_back=["1001"]))
    else:
        panel.floor = desk("talking" if stage == "talking" else "ringing", stage)
    screen = await screens.open("/desk", size=PHONE, theme=theme)
    await screen.shows(".row", "13800000002")
    assert await screen.faint() == []
    assert not await screen.too_wide()
