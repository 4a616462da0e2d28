"""One request on the screen: worked on by keyboard alone, and no word lost whatever happens beside it."""

import asyncio
from pathlib import Path

import pytest
from screen import PHONE, Screen
from tickets_server import Desks, TicketPanel, barriers

TO_UNIT = (("submit", "li"), ("dispatch", "boss", {"unit": "roads"}))
TO_HANDLING = (*TO_UNIT, ("sign", "roads"))
SCRIPT = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)


async def focused(screen: Screen) -> str:
    """The id, or the text, of what has the focus."""
    found: str = await screen.page.evaluate("document.activeElement.id || document.activeElement.innerText")
    return found


async def open_step(screen: Screen, move: str) -> None:
    await screen.page.locator(f"[data-move={move}]").click()
    await screen.page.locator(".step").wait_for()


async def test_a_request_is_dispatched_by_keyboard_alone(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("路灯不亮", ("submit", "li"), ("approve", "boss"))
    screen = await desks.as_("li", f"/tickets/{number}")
    await screen.shows(".ticket-head", "待派单")
    keys = screen.page.keyboard
    await keys.press("1")
    await screen.page.locator(".step").wait_for()
    assert await focused(screen) == "step-unit"
    await keys.type("城管")
    await screen.shows("[role=option]", "城管执法局")
    await keys.press("Enter")
    await keys.press("Tab")
    await keys.press("Tab")
    assert await focused(screen) == "step-helpers"
    await keys.type("水务")
    await keys.press("Enter")
    await screen.shows(".picked", "水务局")
    for _ in range(3):
        await keys.press("Tab")
    await keys.type("请今天内到现场查看。")
    await keys.press("Control+Enter")
    await screen.shows(".ticket-head", "待签收")
    await screen.shows("[role=status]", "已完成：派单")
    assert await focused(screen) == "moves-title"
    shown = await requests.shown(number)
    assert [(one["code"], one["part"]) for one in shown["units"]] == [("roads", "lead"), ("water", "helper")]
    assert shown["entries"][-1]["words"] == "请今天内到现场查看。"


async def test_escape_closes_a_form_and_the_focus_returns(requests: TicketPanel, desks: Desks) -> None:
    screen = await desks.as_("li", f"/tickets/{await requests.open()}")
    await screen.page.locator("[data-move=comment]").focus()
    await screen.page.keyboard.press("Enter")
    assert await focused(screen) == "step-words"
    await screen.page.keyboard.type("等市民补充门牌号")
    await screen.page.keyboard.press("Escape")
    assert await screen.page.locator(".step").count() == 0
    assert "备注" in await focused(screen)
    await screen.shows("[data-move=comment]", "未提交")
    await screen.page.keyboard.press("Enter")
    assert await screen.page.locator("#step-words").input_value() == "等市民补充门牌号"


async def test_digits_typed_into_a_text_open_nothing(requests: TicketPanel, desks: Desks) -> None:
    screen = await desks.as_("li", f"/tickets/{await requests.open()}")
    await open_step(screen, "comment")
    await screen.page.locator("#step-words").fill("")
    await screen.page.keyboard.type("12 号楼 3 单元")
    assert await screen.page.locator("#step-words").input_value() == "12 号楼 3 单元"


async def test_whoever_was_slower_is_told_and_loses_no_word(requests: TicketPanel, desks: Desks) -> None:
    desks.expected = ("409",)
    number = await requests.open("路灯不亮", *TO_HANDLING)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await open_step(screen, "reply")
    await screen.page.locator("#step-words").fill("已更换灯泡。")
    await requests.go(number, ("remind", "wang", {"words": "市民再次来电"}))
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows(".news", "市民再次来电")
    await screen.shows(".news", "催办")
    await screen.shows(".step [role=alert]", "您填写的内容仍在")
    assert await screen.page.locator("#step-words").input_value() == "已更换灯泡。"
    assert (await requests.shown(number))["state"] == "handling"
    await screen.page.locator("#step-words").focus()
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows(".ticket-head", "回复待审核")
    assert await screen.page.locator(".news").count() == 0


async def test_a_step_that_is_gone_leaves_its_words(requests: TicketPanel, desks: Desks) -> None:
    desks.expected = ("409",)
    number = await requests.open("路灯不亮", *TO_HANDLING)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await open_step(screen, "reply")
    await screen.page.locator("#step-words").fill("已更换灯泡，两日后复查。")
    await requests.go(number, ("redispatch", "boss", {"unit": "water", "words": "转水务"}))
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows(".step", "已不能提交")
    assert await screen.page.locator(".step textarea").input_value() == "已更换灯泡，两日后复查。"


async def test_what_is_typed_outlives_the_page_and_the_browser(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("路灯不亮", *TO_HANDLING)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await open_step(screen, "reply")
    await screen.page.locator("#step-words").fill("配件已到货，周四更换。")
    await screen.shows(".step-kept", "已保存")
    await screen.page.reload()
    await screen.shows("[data-move=reply]", "未提交")
    await open_step(screen, "reply")
    assert await screen.page.locator("#step-words").input_value() == "配件已到货，周四更换。"
    # Another browser knows it from the server.
    other = await desks.as_("roads", f"/tickets/{number}")
    await open_step(other, "reply")
    assert await other.page.locator("#step-words").input_value() == "配件已到货，周四更换。"
    await other.page.keyboard.press("Control+Enter")
    await other.shows(".ticket-head", "回复待审核")
    await screen.page.reload()
    await screen.shows(".ticket-head", "回复待审核")


async def test_a_step_sent_twice_is_one(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open()
    screen = await desks.as_("li", f"/tickets/{number}")
    await open_step(screen, "comment")
    await screen.page.locator("#step-words").fill("一次")
    await screen.page.evaluate(
        "() => { const form = document.querySelector('.step'); form.requestSubmit(); form.requestSubmit(); }"
    )
    await screen.shows("[role=status]", "已完成：备注")
    moves = [entry["move"] for entry in (await requests.shown(number))["entries"]]
    assert moves == ["open", "comment"]


async def test_what_is_missing_is_said_at_its_field(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("路灯不亮", *TO_HANDLING)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await open_step(screen, "ask_extension")
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows("#step-days-fault", "请填写此项。")
    assert await focused(screen) == "step-days"
    desks.expected = ("400",)
    await screen.page.locator("#step-days").fill("99")
    await screen.page.locator("#step-words").fill("配件缺货")
    await screen.page.keyboard.press("Control+Enter")
    await screen.until("document.querySelector('#step-days').getAttribute('aria-invalid') === 'true'")
    assert await screen.text("#step-days-fault")
    assert await screen.page.locator("#step-words").input_value() == "配件缺货"


async def test_files_go_with_a_reply(requests: TicketPanel, desks: Desks, tmp_path: Path) -> None:
    desks.expected = ("400", "415", "413")
    number = await requests.open("路灯不亮", *TO_HANDLING)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await open_step(screen, "reply")
    await screen.page.locator("#step-words").fill("已更换。")
    (tmp_path / "现场照片.png").write_bytes(PNG)
    (tmp_path / "报告.pdf").write_bytes(b"MZ\x90\x00 no document")
    (tmp_path / "空.txt").write_bytes(b"")
    await screen.page.set_input_files(
        "#step-attachments", [tmp_path / one for one in ("现场照片.png", "报告.pdf", "空.txt")]
    )
    await screen.page.locator("[data-state=there]").filter(has_text="现场照片.png").wait_for()
    await screen.page.locator("[data-state=refused]").filter(has_text="报告.pdf").wait_for()
    await screen.shows("[data-state=refused]", "文件为空")
    await screen.page.get_by_role("button", name="移除 报告.pdf").click()
    await screen.page.locator("#step-words").focus()
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows(".ticket-head", "回复待审核")
    await screen.shows(".entry .files", "现场照片.png")
    assert [one["name"] for one in (await requests.shown(number))["attachments"]] == ["现场照片.png"]
    async with screen.page.expect_download() as download:
        await screen.page.locator(".entry .files a").click()
    saved = await (await download.value).path()
    assert await asyncio.to_thread(saved.read_bytes) == PNG


async def test_a_file_is_dropped_on_the_form(requests: TicketPanel, desks: Desks) -> None:
    screen = await desks.as_("li", f"/tickets/{await requests.open()}")
    await open_step(screen, "attach")
    await screen.page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["门牌号：12"], "说明.txt", { type: "text/plain" }));
          const drop = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
          document.querySelector(".step").dispatchEvent(drop);
        }"""
    )
    await screen.page.locator("[data-state=there]").filter(has_text="说明.txt").wait_for()
    await screen.page.locator(".step button.primary").click()
    await screen.shows(".entry .files", "说明.txt")


async def test_a_changed_text_is_shown_before_and_after(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open()
    screen = await desks.as_("li", f"/tickets/{number}")
    await open_step(screen, "amend")
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows("#step-fields-fault", "尚未修改任何内容。")
    await screen.page.locator("#step-description").fill(
        "柳荫村口东侧第三盏路灯已连续五天不亮，夜间老人出行不便，请尽快维修。"
    )
    await screen.page.locator("#step-category").click()
    await screen.page.keyboard.type("施工")
    await screen.page.keyboard.press("Enter")
    await screen.page.keyboard.press("Control+Enter")
    await screen.shows(".asked-words", "连续五天")
    entry = screen.page.locator(".entry[data-move=amend]")
    assert await entry.locator(".diff del").all_inner_texts() == ["三"]
    assert await entry.locator(".diff ins").all_inner_texts() == ["五"]
    assert "路灯照明 → 施工噪声" in " ".join((await entry.inner_text()).split())
    assert set((await requests.shown(number))["entries"][-1]["changes"]) == {"description", "category"}


async def test_markup_stays_text(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open(SCRIPT, description=SCRIPT, address=SCRIPT, contact_name=SCRIPT[:60])
    await requests.go(number, ("comment", "li", {"words": SCRIPT}))
    screen = await desks.as_("li", f"/tickets/{number}")
    await screen.shows(".entry-words", "<script>")
    await screen.shows("h1", "<script>")
    assert "taken" not in await screen.page.title()
    assert await screen.page.locator("#page script, #page img").count() == 0


async def test_a_long_history_is_shown_in_part_and_whole_when_asked(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open()
    await requests.go(number, *(("comment", "li", {"words": f"第 {at} 次说明"}) for at in range(200)))
    screen = await desks.as_("li", f"/tickets/{number}")
    await screen.shows(".entry", "第 199 次说明")
    assert await screen.page.locator(".entry").count() == 30
    await screen.page.get_by_role("button", name="显示更早的 171 步").click()
    assert await screen.page.locator(".entry").count() == 201


async def test_what_is_not_there_or_not_ours_says_so(requests: TicketPanel, desks: Desks) -> None:
    desks.expected = ("404", "503")
    number = await requests.open("路灯不亮", *TO_UNIT)
    screen = await desks.as_("water", f"/tickets/{number}")
    await screen.shows(".ticket-none", "没有这张工单，或您无权查看。")
    assert await screen.page.locator("a", has_text="返回列表").get_attribute("href") == "/unit"
    assert "路灯" not in await screen.text("body")
    requests.broken.add(f"/api/v1/tickets/{number}")
    screen = await desks.as_("roads", f"/tickets/{number}")
    await screen.shows(".ticket-none", "数据库暂不可用")
    requests.broken.clear()
    await screen.page.get_by_role("button", name="重试").click()
    await screen.shows(".ticket-head", "待签收")


async def test_units_do_not_learn_who_wished_to_be_unknown(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open("路灯不亮", *TO_UNIT, anonymous=True)
    screen = await desks.as_("roads", f"/tickets/{number}")
    await screen.shows(".ticket-facts", "市民要求匿名")
    body = await screen.text("body")
    assert "13800000001" not in body
    assert "周女士" not in body
    screen = await desks.as_("li", f"/tickets/{number}")
    await screen.shows(".ticket-facts", "对承办单位匿名")
    await screen.shows(".ticket-facts", "13800000001")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])
async def test_it_can_be_read_and_used_by_everybody(
    requests: TicketPanel, desks: Desks, theme: str, *, wide: bool
) -> None:
    title = "没有空格的超长标题" * 20
    number = await requests.open(
        title, *TO_HANDLING, urgency="emergency", description="长" * 3000, address="很长的地址" * 30
    )
    await requests.go(
        number,
        ("supervise", "boss", {"words": "W" * 900}),
        ("ask_extension", "roads", {"days": 2, "words": "配件缺货"}),
    )
    size = {} if wide else {"size": PHONE}
    screen = await desks.as_("boss", f"/tickets/{number}?theme={theme}", **size)
    await screen.shows("h1", "没有空格")
    await open_step(screen, "redispatch")
    await screen.page.locator("#step-unit").fill("局")
    await screen.page.locator("[role=option]").first.wait_for()
    assert await screen.faint() == []
    assert not await screen.too_wide()
    assert await barriers(screen) == []
