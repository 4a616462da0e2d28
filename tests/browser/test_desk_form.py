"""The ticket form at the desk: by keyboard alone, and nothing typed is ever lost, whatever dies."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from panel_server import Panel, floor, seat
from playwright.async_api import Page, expect
from real_desk import RealDesk, real_desk
from screen import DESK, PHONE, Screens

CALLER = "13800000001"
SAVED = "[data-state-of=saved]"
LOCAL = "[data-state-of=local]"


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[RealDesk]:
    async with real_desk() as running:
        yield running


async def write(page: Page, title: str, description: str, kind: str = "2") -> None:
    """Kind, subject and description, by keyboard; the kind has the focus when a form opens."""
    await expect(page.locator("#f-kind input").first).to_be_focused()
    await page.keyboard.press(kind)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.locator("#f-title")).to_be_focused()
    await page.keyboard.type(title)
    await page.keyboard.press("Tab")
    await page.keyboard.type(description)


async def test_a_whole_ticket_by_keyboard_alone(desk: RealDesk) -> None:
    """From the ring to the report, without the mouse; the call and the agent are on the ticket."""
    page = await desk.open()
    await desk.floor("ring", "7.1", CALLER)
    await expect(page.locator(".pop-number")).to_have_text(CALLER)
    await desk.floor("answer", "7.1", CALLER)
    await write(page, "路灯不亮", "三号楼前的路灯不亮。")
    keys = page.keyboard
    await keys.press("Tab")
    await keys.type("ld")  # by the first letters of its sounds
    await keys.press("Enter")
    await expect(page.locator("#f-category")).to_have_value("路灯照明")
    await keys.press("Tab")  # past the button that clears it
    await keys.press("Tab")
    await keys.type("长虹")
    await keys.press("Enter")
    await expect(page.locator("#f-place")).to_have_value("长虹社区")
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.type("三号楼")
    await keys.press("Tab")
    await keys.type("王女士")
    await keys.press("Tab")
    await expect(page.locator("#f-contact_phone")).to_have_value(CALLER)
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("Control+Enter")
    await expect(page.locator("[data-testid=report]")).to_contain_text("已提交审核")
    await expect(page.locator(".ticket-form")).to_have_count(0)
    (row,) = await desk.tickets()
    assert (row["kind"], row["state"], row["caller"]) == ("complaint", "reviewing", CALLER)
    number = row["number"]
    shown: dict[str, Any] = await page.evaluate(f"fetch('/api/v1/tickets/{number}').then((answer) => answer.json())")
    assert shown["category"]["code"] == "cs01"
    assert (shown["place"]["code"], shown["address"], shown["contact_name"]) == ("p2", "三号楼", "王女士")
    assert (shown["anonymous"], shown["linkedid"], shown["agent"]) == (True, "7.1", "1001")
    assert await page.evaluate("fetch('/api/v1/drafts').then((answer) => answer.json())") == []


async def test_a_killed_browser_comes_back_with_every_character(desk: RealDesk) -> None:
    page = await desk.open()
    await desk.floor("ring", "7.2", CALLER)
    await desk.floor("answer", "7.2", CALLER)
    await write(page, "井盖破损", "𠮷市路口井盖破损😀，有行人绊倒。")
    await expect(page.locator(SAVED)).to_be_visible()
    await desk.kill_browser()
    page = await desk.open()
    await expect(page.locator("#f-title")).to_have_value("井盖破损")
    await expect(page.locator("#f-description")).to_have_value("𠮷市路口井盖破损😀，有行人绊倒。")
    await expect(page.locator("#f-kind input:checked")).to_have_value("complaint")
    assert await page.locator(".tf-tab").count() == 1, "the call that goes on has no second form"


async def test_the_server_is_killed_while_somebody_types_and_then_the_browser_too(desk: RealDesk) -> None:
    """What is typed while no server is there is kept on the machine, said to be, and saved when there is one again."""
    page = await desk.open()
    await page.keyboard.press("F3")
    await write(page, "占道经营", "早市")
    await expect(page.locator(SAVED)).to_be_visible()
    desk.kill_server()
    await page.keyboard.type("占道到上午十点")
    await expect(page.locator(LOCAL)).to_contain_text("已保留在本机")
    await asyncio.sleep(0.4)  # the interval at which the machine keeps it, which no state tells of
    await desk.kill_browser()
    await desk.start()
    page = await desk.open()
    await expect(page.locator("#f-description")).to_have_value("早市占道到上午十点")
    await expect(page.locator(SAVED)).to_be_visible()
    fields = await page.evaluate("fetch('/api/v1/drafts').then((answer) => answer.json()).then(([one]) => one.fields)")
    assert fields["description"] == "早市占道到上午十点"


async def test_the_server_comes_back_under_an_open_form(desk: RealDesk) -> None:
    page = await desk.open()
    await page.keyboard.press("F3")
    await write(page, "噪声", "工地夜间施工")
    desk.kill_server()
    await page.keyboard.type("，凌晨两点")
    await expect(page.locator(LOCAL)).to_be_visible()
    await desk.start()
    await expect(page.locator(SAVED)).to_be_visible(timeout=15_000)
    await expect(page.locator("#f-description")).to_have_value("工地夜间施工，凌晨两点")


async def test_sent_twice_and_while_the_server_is_away_it_is_one_ticket(desk: RealDesk) -> None:
    page = await desk.open()
    await page.keyboard.press("F3")
    await write(page, "停水", "全楼停水")
    desk.kill_server()
    await page.keyboard.press("Control+s")
    await page.keyboard.press("Control+s")
    await expect(page.locator(".tf-state")).to_contain_text("内容均已保留")
    await desk.start()
    await expect(page.locator("[data-testid=report]")).to_contain_text("已受理", timeout=15_000)
    assert [row["title"] for row in await desk.tickets()] == ["停水"]
    await page.keyboard.press("F3")
    await write(page, "停电", "全楼停电")
    await page.locator("[data-then=keep]").dblclick()
    await expect(page.locator("[data-testid=report]")).to_have_count(2)
    assert sorted(row["title"] for row in await desk.tickets()) == ["停水", "停电"]


async def test_an_answer_that_never_arrives_is_asked_for_again_and_is_one_ticket(desk: RealDesk) -> None:
    """The ticket is stored, and the answer is lost on the way."""
    page = await desk.open()
    lost = []

    async def lose(route: Any) -> None:  # noqa: ANN401  # Playwright's route
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch())
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/api/v1/tickets", lose)
    await page.keyboard.press("F3")
    await write(page, "公交改线", "三路车改线", kind="1")
    await page.keyboard.press("Control+s")
    await expect(page.locator("[data-testid=report]")).to_be_visible()
    assert [one.status for one in lost] == [201]
    assert len(await desk.tickets()) == 1


async def test_two_calls_one_after_another_are_two_forms_and_none_goes_by_itself(desk: RealDesk) -> None:
    page = await desk.open()
    await desk.floor("ring", "7.3", CALLER)
    await desk.floor("answer", "7.3", CALLER)
    await write(page, "第一件", "第一位市民")
    await desk.floor("end", "7.3")
    await desk.floor("ring", "7.4", "13800000002")
    await expect(page.locator(".pop-number")).to_have_text("13800000002")
    await page.keyboard.type("说的话")  # the next word does not go astray
    await expect(page.locator("#f-description")).to_have_value("第一位市民说的话")
    await expect(page.locator(".tf-waits")).to_contain_text("本次来电的表单已就绪")
    await desk.floor("answer", "7.4", "13800000002")
    await page.keyboard.press("F3")
    await expect(page.locator("#f-contact_phone")).to_have_value("13800000002")
    await write(page, "第二件", "第二位市民")
    await desk.floor("end", "7.4")
    await expect(page.locator(".tf-tab")).to_have_count(2)
    await page.keyboard.press("Alt+PageUp")
    await expect(page.locator("#f-title")).to_have_value("第一件")
    await page.keyboard.press("Control+s")
    await expect(page.locator("#f-title")).to_have_value("第二件")
    await page.locator("#f-title").focus()
    await page.keyboard.press("Control+s")
    await expect(page.locator("[data-testid=report]")).to_have_count(2)
    assert {row["caller"]: row["title"] for row in await desk.tickets()} == {CALLER: "第一件", "13800000002": "第二件"}


async def test_a_form_in_which_nobody_wrote_goes_when_the_next_talk_begins(desk: RealDesk) -> None:
    page = await desk.open()
    talks = page.locator(".tf-tab[data-call=talking]")
    for at in range(3):
        await desk.floor("ring", f"7.6{at}", CALLER)
        await desk.floor("answer", f"7.6{at}", CALLER)
        await expect(talks).to_have_count(1)
        await expect(page.locator("#f-kind input").first).to_be_focused()
        await desk.floor("end", f"7.6{at}")
        await expect(page.locator(".tf-tab")).to_have_count(1)
    await page.locator("#f-address").fill("三")  # one character anywhere is somebody's
    await desk.floor("ring", "7.64", "13800000002")
    await expect(page.locator(".tf-tab")).to_have_count(2)
    await desk.floor("answer", "7.64", "13800000002")
    await page.keyboard.press("F3")
    await expect(page.locator("#f-contact_phone")).to_have_value("13800000002")
    await expect(talks).to_have_count(1)
    await page.locator("#f-category").press_sequentially("路")  # typed, and not chosen yet
    await desk.floor("end", "7.64")
    await desk.floor("ring", "7.65", "13800000003")
    await desk.floor("answer", "7.65", "13800000003")
    await expect(page.locator(".tf-tab")).to_have_count(3)
    await expect(talks).to_have_count(1)
    await page.reload()
    await desk.floor("end", "7.65")
    await desk.floor("ring", "7.66", "13800000004")
    await desk.floor("answer", "7.66", "13800000004")
    await expect(talks).to_have_count(1)
    told = (
        "fetch('/api/v1/drafts').then((answer) => answer.json()).then((all) => all.map((one) => one.linkedid).sort())"
    )
    await expect(page.locator(".tf-tab")).to_have_count(2)  # what was not chosen is not kept
    await page.wait_for_function(f"() => {told}.then((all) => all.join() === '7.62,7.66')")


async def test_a_call_that_only_rang_leaves_no_form(desk: RealDesk) -> None:
    page = await desk.open()
    await desk.floor("ring", "7.5", CALLER)
    await expect(page.locator(".ticket-form")).to_have_count(1)
    await desk.floor("unanswered", "7.5")
    await expect(page.locator(".ticket-form")).to_have_count(0)
    assert await page.evaluate("fetch('/api/v1/drafts').then((answer) => answer.json())") == []


async def test_many_open_forms_stay_in_their_column(desk: RealDesk) -> None:
    page = await desk.open()
    for already in range(9):
        await expect(page.locator(".tf-tab")).to_have_count(already)
        await page.keyboard.press("F3")
        await expect(page.locator("#f-kind input").first).to_be_focused()
        await page.locator("#f-title").fill(f"小区东门外的路灯不亮，老人夜间出行不便之{already}")
    form, column = [await page.locator(one).bounding_box() for one in (".ticket-form", ".desk-side")]
    assert form
    assert column
    assert form["x"] + form["width"] <= column["x"], "the form lies under its neighbour"
    tab, row = [await page.locator(one).bounding_box() for one in (".tf-tab[aria-selected=true]", ".tf-tabs")]
    assert tab
    assert row
    assert row["x"] <= tab["x"] + 1, "its tab is out of sight"
    assert tab["x"] + tab["width"] <= row["x"] + row["width"] + 1, "its tab is out of sight"


async def test_what_is_missing_is_said_beside_its_field_and_nothing_is_sent(desk: RealDesk) -> None:
    page = await desk.open()
    await page.keyboard.press("F3")
    await expect(page.locator("#f-kind input").first).to_be_focused()
    await page.keyboard.press("Control+Enter")
    faults = [name for name in ("title", "description") if await page.locator(f"#f-{name}-fault").inner_text()]
    assert faults == ["title", "description"]
    await expect(page.locator("#f-kind")).to_have_attribute("aria-invalid", "true")
    await write(page, "长" * 201, "内容")
    await page.keyboard.press("Control+Shift+Enter")
    await expect(page.locator("#f-title-fault")).to_contain_text("超出 1 个字")
    await expect(page.locator("#f-answer-fault")).to_contain_text("请填写")
    await expect(page.locator("#f-title")).to_be_focused()
    await expect(page.locator("#f-title")).to_have_value("长" * 201)
    assert await desk.tickets() == []


async def test_another_agent_at_the_same_machine_sees_none_of_it(desk: RealDesk) -> None:
    page = await desk.open()
    await page.keyboard.press("F3")
    await write(page, "李的草稿", "只给李看")
    await expect(page.locator(SAVED)).to_be_visible()
    await page.evaluate(
        "fetch('/api/v1/sign-out', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
    )
    await page.goto(f"{desk.url}/sign-in?next=/desk")
    await page.get_by_label("用户名").fill("wang")
    await page.get_by_label("密码").fill("right horse battery")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/desk"))
    await expect(page.locator(".tf-none")).to_be_visible()
    await expect(page.locator(".ticket-form")).to_have_count(0)


async def test_the_knowledge_base_opens_beside_the_answer_by_key(desk: RealDesk) -> None:
    page = await desk.open()
    await page.keyboard.press("F3")
    await write(page, "居住证", "怎么办理居住证", kind="1")
    await page.keyboard.press("Alt+k")
    await expect(page.locator("[data-testid=shelf] input").first).to_be_focused()
    await expect(page.locator("[data-testid=shelf] input").first).to_have_value("居住证")
    await page.keyboard.press("Alt+k")
    await expect(page.locator("[data-testid=shelf]")).to_have_count(0)
    await expect(page.locator("#f-answer")).to_be_focused()


SUGGESTED = {
    "category": {"code": "cs01", "name": "路灯照明", "probability": 0.93},
    "unit": {"code": "housing", "name": "住房和城乡建设局", "probability": 0.9},
    "reasons": ["路灯", "不亮"],
    "tickets": [{"number": "20261101000011", "title": "路灯不亮", "unit": "住房和城乡建设局", "category": "路灯照明"}],
    "repeats": [
        {
            "number": "20261123000424",
            "title": "长虹社区路灯<script>alert(1)</script>",
            "opened_at": "2026-11-23T02:00:00+00:00",
            "state": "handling",
            "why": ["同一来电号码", "内容相近"],
            "score": 0.9,
        }
    ],
}


async def suggested(panel: Panel, screens: Screens, **how: Any) -> Any:  # noqa: ANN401  # a screen
    """The desk with a form in which something was written that earlier tickets know of."""
    panel.floor = floor((), [seat(8001, "ready", "李敏")])
    panel.lists["categories"] = [{"code": "cs01", "parent": None, "name": "路灯照明"}]
    panel.answers["POST /api/v1/suggestions"] = (200, SUGGESTED)
    screen = await screens.open("/desk", size=how.pop("size", DESK), **how)
    await screen.shows(".tf-none", "来电时")
    await screen.page.keyboard.press("F3")
    await screen.page.locator("#f-title").fill("长虹社区路灯不亮")
    await screen.shows("[data-testid=suggestions]", "路灯照明")
    return screen


async def test_one_key_takes_the_suggestion_over(panel: Panel, screens: Screens) -> None:
    screen = await suggested(panel, screens)
    await screen.shows(".suggestions-why", "不亮")
    await screen.page.locator("#f-description").press("Alt+Enter")
    await expect(screen.page.locator("#f-category")).to_have_value("路灯照明")
    await screen.shows("[data-testid=suggestions]", "已选用")
    await screen.picture("desk-suggestions")


async def test_a_repeat_takes_the_words_as_a_comment_and_the_form_ends(panel: Panel, screens: Screens) -> None:
    panel.answers["GET /api/v1/tickets/20261123000424"] = (200, {"version": 4, "title": "路灯"})
    screen = await suggested(panel, screens)
    await screen.shows(".repeats", "<script>")
    button = screen.page.locator(".repeats .button").first
    await button.click()
    await expect(button).to_contain_text("再按一次")
    await button.click()
    await screen.shows("[data-testid=report]", "已补充到工单")
    await expect(screen.page.locator(".ticket-form")).to_have_count(0)
    (body,) = [body for order, body in panel.orders if order.endswith("20261123000424/moves/comment")]
    assert body["version"] == 4
    assert "长虹社区路灯不亮" in body["words"]
    assert not any(order == "POST /api/v1/tickets" for order, _ in panel.orders)


async def test_what_is_accepted_is_merged_afterwards_when_that_was_wanted(panel: Panel, screens: Screens) -> None:
    new = {"number": "20261124000010", "version": 1, "title": "长虹社区路灯不亮", "description": "不亮"}
    panel.answers["POST /api/v1/tickets"] = (201, new)
    panel.answers["POST /api/v1/tickets/20261124000010/moves/merge"] = (409, {"error": "主单已办结。", "fields": {}})
    screens.expected = ("409",)
    screen = await suggested(panel, screens)
    await screen.page.locator(".repeats [aria-pressed]").click()
    await screen.shows(".tf-merge", "20261123000424".replace("2026", "2026", 1)[:4])
    await screen.page.locator("#f-description").fill("不亮")
    await screen.page.locator("#f-kind input").nth(1).check(force=True)
    await screen.page.locator("#f-title").press("Control+s")
    await screen.shows("[data-testid=report]", "并单未成功：主单已办结。")
    (body,) = [body for order, body in panel.orders if order.endswith("/moves/merge")]
    assert (body["main"], body["version"]) == ("20261123000424", 1)


async def test_help_that_is_not_there_is_not_missed(panel: Panel, screens: Screens) -> None:
    screens.expected = ("404",)
    panel.floor = floor((), [seat(8001, "ready", "李敏")])
    panel.answers["POST /api/v1/suggestions"] = (404, {"error": "这里没有内容。", "fields": {}})
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".tf-none", "来电时")
    await screen.page.keyboard.press("F3")
    await screen.page.locator("#f-title").fill("长虹社区路灯不亮")
    await panel.until(lambda: any(order == "POST /api/v1/suggestions" for order, _ in panel.orders))
    await screen.until("!document.querySelector('[data-testid=suggestions]')")
    assert await screen.page.locator(".ticket-form [role=alert]").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESK, {"width": 1280, "height": 720}, PHONE])
async def test_it_can_be_read(panel: Panel, screens: Screens, theme: str, size: Any) -> None:  # noqa: ANN401
    screen = await suggested(panel, screens, theme=theme, size=size)
    await screen.page.locator("#f-title").press("Control+Enter")
    await screen.shows("#f-description-fault", "请填写")
    assert await screen.faint() == []
    assert not await screen.too_wide()
