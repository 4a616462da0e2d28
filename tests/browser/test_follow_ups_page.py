"""The follow-ups' work list 回访, by keyboard; and the citizen's own page behind a link."""

from panel_server import Json, Panel, ago, attempt, floor, seat
from screen import DESK, PHONE, Screens

LONG = "现场核查，三号楼主水管接口老化渗漏，已于今日上午更换并恢复供水。" * 4
ASK = "POST /api/v1/rate/look"


def follow_up(id_: int, state: str = "waiting", **more: object) -> Json:
    """One row of the follow-ups' listing."""
    nothing = dict.fromkeys(
        ("held", "assigned", "satisfaction", "words", "said_to", "said_at", "link_until", "closed_at"), None
    )
    return {
        "id": id_,
        "state": state,
        "ticket": f"202611230000{id_}7",
        "kind": "complaint",
        "urgency": "normal",
        "title": ("幸福小区三号楼停水三天", "人民路夜间施工噪音", "咨询老年卡年审")[id_ % 3],
        "description": "小区三号楼从周五起停水，物业一直没有答复，家里有老人，请尽快处理。",
        "answer": LONG,
        "merged": False,
        "main": None,
        "unit": ("水务局", "住建局", "民政局")[id_ % 3],
        "contact_name": ("王女士", "李先生", None)[id_ % 3],
        "anonymous": False,
        "redone": 0,
        "replied_at": ago(7200),
        "number": f"1380000000{id_}",
        "opened_at": ago(3600),
        "next_at": ago(600),
        "needs_supervisor": False,
        "attempts": [],
        **nothing,
        **more,
    }


def tried(result: str, agent: str = "1001", seconds_ago: float = 300, **more: object) -> Json:
    return attempt(result, agent, seconds_ago, **{"id": 1, "recording": None, **more})


def owe(panel: Panel, *rows: Json) -> None:
    panel.lists["follow-ups"] = list(rows)
    panel.answers["GET /api/v1/follow-ups/counts"] = (200, {"open": len(rows), "due": len(rows), "decide": 1})
    for row in rows:
        panel.answers[f"GET /api/v1/follow-ups/{row['id']}"] = (200, row)


AGENT = {"login": "li", "name": "李敏", "role": "agent", "agent": "1001"}


def desk(stage: str | None = None) -> Json:
    under_way = {"id": 3, "caller": "138****0003", "stage": stage} if stage else None
    return floor((), [seat(8001, "talking" if stage else "ready", "李敏", follow_up=under_way), seat(8002)])


async def posted(panel: Panel, order: str, body: Json) -> None:
    """Wait until this was sent; what is asked for meanwhile does not matter."""
    await panel.until(lambda: (order, body) in panel.orders)


async def test_an_agent_calls_reads_the_answer_and_notes_by_keyboard_that_the_citizen_is_unhappy(
    panel: Panel, screens: Screens
) -> None:
    rows = [follow_up(3), follow_up(4, "retry", redone=1), follow_up(5)]
    owe(panel, *rows)
    panel.floor, panel.user = desk(), AGENT
    screen = await screens.open("/follow-ups", size=DESK)
    await screen.shows(".visit-number", "13800000003")
    await screen.shows(".visit-answer", "主水管接口老化")
    await screen.shows(".visit-wait", "市民接听后")
    assert await screen.page.locator("form.result").count() == 0, "nobody has picked up"
    await screen.page.keyboard.press("ArrowDown")
    await screen.shows(".visit-number", "13800000004")
    await screen.page.keyboard.press("ArrowUp")
    await screen.shows(".visit-number", "13800000003")
    panel.answers["POST /api/v1/follow-ups/3/dial"] = (200, follow_up(3, "dialling"))
    await screen.page.keyboard.press("F9")
    await posted(panel, "POST /api/v1/follow-ups/3/dial", {})
    rows[0] = follow_up(3, "answered", attempts=[tried("answered")])
    owe(panel, *rows)
    await panel.set(desk("talking"))
    await screen.shows(".visit-stage", "通话中")
    await screen.shows("form.result", "市民怎么说")
    await screen.page.keyboard.press("3")
    assert await screen.page.evaluate("document.activeElement.name") == "words", "who is unhappy says why"
    await screen.page.keyboard.type("还是 3 天没有水")
    panel.answers["POST /api/v1/follow-ups/3/result"] = (400, {"error": "有误", "fields": {"words": "太长"}})
    screens.expected = ("400",)
    await screen.page.keyboard.press("Enter")
    await screen.shows("form.result [role=alert]", "太长")
    assert await screen.page.locator("textarea").input_value() == "还是 3 天没有水", "nothing typed is lost"
    panel.orders.clear()
    panel.answers["POST /api/v1/follow-ups/3/result"] = (200, follow_up(3, "done", satisfaction="unhappy"))
    await screen.page.keyboard.press("Enter")
    await posted(panel, "POST /api/v1/follow-ups/3/result", {"result": "unhappy", "words": "还是 3 天没有水"})


async def test_a_satisfied_citizen_is_two_keys(panel: Panel, screens: Screens) -> None:
    owe(panel, follow_up(3, "answered", attempts=[tried("answered")]))
    panel.floor, panel.user = desk(), AGENT
    screen = await screens.open("/follow-ups", size=DESK)
    await screen.shows("form.result", "满意")
    panel.answers["POST /api/v1/follow-ups/3/result"] = (200, follow_up(3, "done", satisfaction="satisfied"))
    await screen.page.keyboard.press("1")
    assert await screen.text(".say[aria-checked=true]") == "1 满意"
    await screen.page.keyboard.press("Enter")
    await posted(panel, "POST /api/v1/follow-ups/3/result", {"result": "satisfied", "words": ""})


async def test_what_cannot_be_dialled_and_what_waits_for_a_supervisor_say_so(panel: Panel, screens: Screens) -> None:
    kept = {"satisfaction": "unhappy", "words": "三次都没修好", "needs_supervisor": True, "redone": 2}
    owe(panel, follow_up(3, "answered", held="premium", **kept, attempts=[tried("answered", "1003")]))
    panel.floor = desk()
    screen = await screens.open("/follow-ups?view=decide", size=DESK)
    await screen.shows(".visit", "由班长裁定")
    await screen.shows(".visit", "收费号码")
    await screen.shows(".was-said", "三次都没修好")
    assert await screen.page.locator(".visit-do .button").is_disabled()


async def test_the_answer_to_a_merged_request_stands_in_its_main_request(panel: Panel, screens: Screens) -> None:
    merged = {"answer": None, "merged": True, "unit": None}
    heard = {"state": "answered", "attempts": [tried("answered")]}
    owe(panel, follow_up(3, main="20261123000045", **heard, **merged), follow_up(4, **merged))
    panel.floor, panel.user = desk(), AGENT
    screen = await screens.open("/follow-ups", size=DESK)
    await screen.shows(".visit-answer", "答复见主单")
    assert await screen.page.get_attribute(".visit-answer a", "href") == "/tickets/20261123000045"
    assert "没有留存答复" not in await screen.text(".visit-answer")
    await screen.page.keyboard.press("3")
    await screen.shows("form.result", "班长会看到")
    await screen.shows("form.result", "由班长裁定")
    await screen.picture("merged-follow-up")
    await screen.page.keyboard.press("Escape")
    await screen.page.locator(".visit-list button").nth(1).click()
    await screen.shows(".visit-answer", "主单为保密工单")
    assert await screen.page.locator(".visit-answer a").count() == 0


async def test_whose_request_was_merged_is_told_so_by_the_link_and_who_is_unhappy_that_a_supervisor_reads_it(
    panel: Panel, screens: Screens
) -> None:
    shown = {"state": "open", "number": "20261123000037", "title": "没有水", "answer": "", "merged": True}
    panel.answers[ASK] = (200, shown)
    panel.user = None
    screen = await screens.open("/rate", size=PHONE)
    await screen.shows(".rating", "一并办理并有答复")
    await screen.picture("merged-rating")
    await screen.page.get_by_role("radio", name="不满意", exact=True).click()
    await screen.page.get_by_role("textbox").fill("还是没有水")
    panel.answers["POST /api/v1/rate"] = (200, {**shown, "state": "answered", "merged": False})
    await screen.page.get_by_role("button", name="提交").click()
    await screen.shows("[role=status]", "热线班长查看")


async def test_a_citizen_answers_on_their_telephone(panel: Panel, screens: Screens) -> None:
    shown = {"state": "open", "number": "20261123000037", "title": "幸福小区三号楼停水三天", "answer": LONG}
    panel.answers[ASK] = (200, shown)
    panel.user = None
    screen = await screens.open("/rate", size=PHONE)
    await screen.shows("h1", "您对办理结果满意吗")
    await screen.shows(".rating", "主水管接口老化")
    await screen.page.get_by_role("radio", name="不满意", exact=True).click()
    await screen.page.get_by_role("textbox").fill("还是没有水")
    panel.orders.clear()
    panel.answers["POST /api/v1/rate"] = (200, {**shown, "state": "answered"})
    await screen.page.get_by_role("button", name="提交").click()
    await screen.shows("[role=status]", "感谢您的评价")
    await posted(panel, "POST /api/v1/rate", {"token": "rate", "satisfaction": "unhappy", "words": "还是没有水"})


async def test_a_link_that_is_used_or_over_or_wrong_says_which(panel: Panel, screens: Screens) -> None:
    panel.user = None
    gone = {"number": "", "title": "", "answer": ""}
    for state, words in (("answered", "已经评价过"), ("expired", "已过期"), ("unknown", "链接无效")):
        panel.answers[ASK] = (200, {"state": state, **gone})
        screen = await screens.open("/rate", size=PHONE)
        await screen.shows("[role=status]", words)
