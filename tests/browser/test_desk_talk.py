"""The talk at the desk: who hears whom, what can be done now, 110 by two presses, and why a third was not reached."""

from pathlib import Path
from typing import Any

import pytest
from panel_server import Panel, floor, seat
from screen import DESK, PHONE, Screen, Screens

CALLER = "138****2345"
KEPT = {"caller": "13800002345", "title": "楼道有人打架", "address": "河西街道长虹路8号", "description": "两人持械"}


def in_talk(talk: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    return floor(
        (),
        [
            seat(8001, "talking", "李敏", caller=CALLER, talk=talk, **more),
            seat(8002, "break", "王芳"),
            seat(8003, "ready", "赵刚"),
            seat(8004, "talking", "孙丽"),
            seat(8005),
        ],
    )


async def opened(panel: Panel, screens: Screens, role: str = "agent", **how: Any) -> Screen:  # noqa: ANN401
    panel.user = {"login": "li", "name": "李敏", "role": role, "agent": "1001"}
    panel.answers["GET /api/v1/desk/call"] = (
        200,
        {"linkedid": "n-1", "caller": KEPT["caller"], "state": "talking", "since": None},
    )
    screen = await screens.open("/desk", **{"size": DESK, **how})
    await screen.shows(".me-caller", "2345")
    return screen


async def ordered(panel: Panel, order: str, body: dict[str, Any]) -> None:
    """Wait until this was ordered, and nothing else of a talk; the form saves itself meanwhile."""

    def told() -> list[tuple[str, Any]]:
        return [(path, sent) for path, sent in panel.orders if "/drafts" not in path]

    await panel.until(lambda: bool(told()))
    assert told() == [(order, body)]
    panel.orders.clear()


def stage(name: str, kind: str | None = None, who: str = "", result: str | None = None) -> dict[str, Any]:
    return {"stage": name, "kind": kind, "who": who, "result": result, "since": None}


async def test_hold_and_back_by_the_same_key(panel: Panel, screens: Screens) -> None:
    panel.floor = in_talk()
    screen = await opened(panel, screens)
    await screen.shows(".talk-keys", "保持")
    await screen.page.keyboard.press("F2")
    await ordered(panel, "POST /api/v1/talk/hold", {})
    await panel.patch({"seats": {"8001": {"talk": stage("held")}}})
    await screen.shows(".talk-parties", "正在听等待音乐")
    await screen.page.keyboard.press("F2")
    await ordered(panel, "POST /api/v1/talk/resume", {})
    await panel.patch({"seats": {"8001": {"talk": None}}})
    await screen.until("!document.querySelector('.talk-parties')")


async def test_a_colleague_is_consulted_then_three_then_two(panel: Panel, screens: Screens) -> None:
    panel.floor = in_talk()
    screen = await opened(panel, screens)
    await screen.page.keyboard.press("Alt+t")
    offered = await screen.page.locator(".talk-target").all_inner_texts()
    assert ["".join(one.split()) for one in offered] == ["赵刚8003就绪", "王芳8002小休", "孙丽8004通话"]
    assert await screen.page.locator(".talk-target", has_text="孙丽").is_disabled()
    await screen.page.keyboard.type("8003")
    await screen.page.keyboard.press("Enter")
    await ordered(panel, "POST /api/v1/talk/dial", {"kind": "seat", "number": "8003", "mode": "consult"})
    await panel.patch({"seats": {"8001": {"talk": stage("dialling", "seat", "8003")}}})
    await screen.shows(".talk-parties", "正在呼叫")
    await panel.patch({"seats": {"8001": {"talk": stage("consulting", "seat", "8003")}}})
    await screen.shows(".talk-parties", "正在与您单独通话")
    await screen.page.keyboard.press("Alt+3")
    await ordered(panel, "POST /api/v1/talk/merge", {})
    await panel.patch({"seats": {"8001": {"talk": stage("three_way", "seat", "8003")}}})
    await screen.shows(".talk-keys", "退出，由双方继续通话")
    await screen.page.keyboard.press("Alt+t")
    await ordered(panel, "POST /api/v1/talk/complete", {})


async def test_a_unit_is_found_by_name_and_a_number_only_by_right(panel: Panel, screens: Screens) -> None:
    panel.lists["units"] = [
        {"code": "u1", "name": "城管局", "phone": "13900000001", "active": True},
        {"code": "u2", "name": "水务局", "phone": None, "active": True},
    ]
    panel.floor = in_talk()
    screen = await opened(panel, screens)
    await screen.page.keyboard.press("Alt+t")
    field = screen.page.locator("#talk-whom")
    await field.fill("城管")
    await screen.page.get_by_text("直接转接").click()
    await screen.page.locator(".talk-target").click()
    await ordered(panel, "POST /api/v1/talk/dial", {"kind": "unit", "number": "13900000001", "mode": "transfer"})
    await screen.until("!document.querySelector('.talk-pick')")
    await screen.page.keyboard.press("Alt+t")
    await field.fill("010 6600 0000")
    await screen.shows(".talk-pick", "没有找到")

    screen = await opened(panel, screens, role="supervisor")
    await screen.page.keyboard.press("Alt+t")
    await screen.page.locator("#talk-whom").fill("010 6600 0000")
    await screen.page.keyboard.press("Enter")
    await ordered(panel, "POST /api/v1/talk/dial", {"kind": "outside", "number": "01066000000", "mode": "consult"})


async def test_110_takes_two_presses_and_shows_what_to_read_out(panel: Panel, screens: Screens) -> None:
    panel.floor = in_talk()
    screen = await opened(panel, screens)
    for name in ("title", "address", "description"):
        await screen.page.fill(f"#f-{name}", KEPT[name])
    await screen.page.keyboard.press("F1")
    await screen.shows(".talk-police", "确认呼叫 110")
    assert not [order for order, _ in panel.orders if "talk" in order], "one press calls nobody"
    handover = await screen.text("[data-testid=handover]")
    assert all(KEPT[name] in handover for name in ("title", "address", "description")), handover
    await screen.page.keyboard.press("Escape")
    await screen.until("!document.querySelector('.talk-police')")
    panel.orders.clear()
    await screen.page.keyboard.press("F1")
    await screen.page.keyboard.press("F1")
    await ordered(panel, "POST /api/v1/talk/dial", {"kind": "police", "number": "", "mode": "three_way"})
    await panel.patch({"seats": {"8001": {"talk": stage("three_way", "police", "110")}}})
    await screen.shows(".talk-parties", "110 报警台")
    assert KEPT["title"] in await screen.text("[data-testid=handover]")


@pytest.mark.parametrize(
    ("result", "said", "now"),
    [
        ("busy", "110 报警台 正忙", "可按 F1 重新呼叫"),
        ("no_answer", "110 报警台 无人接听", "可按 F1 重新呼叫"),
        ("no_line", "没有可用的外线", "请告知班长"),
    ],
)
async def test_why_nobody_came_is_said_and_that_the_citizen_is_there(
    panel: Panel, screens: Screens, result: str, said: str, now: str
) -> None:
    panel.floor = in_talk(stage("dialling", "police", "110"))
    screen = await opened(panel, screens)
    await panel.patch({"seats": {"8001": {"talk": stage("talking", "police", "110", result)}}})
    await screen.shows(".talk .notice", said)
    await screen.shows(".talk .notice", "市民仍在与您通话")
    await screen.shows(".talk .notice", now)


async def test_a_refusal_of_the_server_is_said(panel: Panel, screens: Screens) -> None:
    screens.expected = ("409",)
    panel.floor = in_talk()
    panel.refusals["/api/v1/talk/hold"] = (409, {"error": "您当前没有与市民通话"})
    screen = await opened(panel, screens)
    await screen.page.keyboard.press("F2")
    await screen.shows("[role=alert]", "您当前没有与市民通话")


async def test_who_only_looks_has_no_keys(panel: Panel, screens: Screens) -> None:
    panel.floor = in_talk()
    screen = await opened(panel, screens, role="inspector")
    assert await screen.page.locator(".talk").count() == 0


async def test_a_number_is_dialled_and_again_by_right_alone(panel: Panel, screens: Screens) -> None:
    panel.user = {"login": "boss", "name": "班长", "role": "supervisor", "agent": "1001"}
    panel.floor = floor((), [seat(8001, "ready", "班长")])
    screen = await screens.open("/desk", size=DESK)
    field = screen.page.locator(".free-dial input")
    await field.fill("010 6600 0000")
    await field.press("Enter")
    await ordered(panel, "POST /api/v1/dial", {"number": "010 6600 0000"})
    await screen.shows(".tel-redial", "010 6600 0000")
    await screen.page.keyboard.press("Alt+r")
    await ordered(panel, "POST /api/v1/dial", {"number": "010 6600 0000"})

    panel.user = {"login": "li", "name": "李敏", "role": "agent", "agent": "1001"}
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me-state", "就绪")
    assert await screen.page.locator(".free-dial").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    "talk",
    [
        None,
        stage("held"),
        stage("consulting", "seat", "8003"),
        stage("three_way", "police", "110"),
        stage("talking", "unit", "139****0001", "no_answer"),
    ],
)
async def test_it_can_be_read_in_every_stage(
    panel: Panel, screens: Screens, theme: str, talk: dict[str, Any] | None, tmp_path: Path
) -> None:
    panel.floor = in_talk(talk)
    screen = await opened(panel, screens, size=PHONE, theme=theme)
    if talk is None:
        await screen.page.keyboard.press("F1")
        await screen.shows(".talk-police", "110")
    assert await screen.faint() == []
    assert not await screen.too_wide()
    await screen.page.screenshot(path=str(tmp_path / f"talk-{theme}-{talk['stage'] if talk else 'police'}.png"))


async def test_a_colleague_who_is_given_a_citizen_sees_who_it_is_and_what_was_written(
    panel: Panel, screens: Screens
) -> None:
    """While it rings, while they are asked first, and when the citizen is theirs; no key means two things."""
    panel.user = {"login": "li", "name": "李敏", "role": "agent", "agent": "1001"}
    panel.answers["GET /api/v1/desk/begun"] = (200, {"fields": {"title": "楼道有人打架", "caller": KEPT["caller"]}})

    def call(state: str | None) -> tuple[int, dict[str, Any]]:
        caller = KEPT["caller"] if state else None
        return 200, {
            "linkedid": state and "n-9",
            "caller": caller,
            "state": state,
            "since": None,
            "passed": bool(state),
        }

    panel.answers["GET /api/v1/desk/call"] = call(None)
    panel.floor = floor((), [seat(8001, "ready", "李敏"), seat(8002, "talking", "王芳", caller=CALLER)])
    screen = await screens.open("/desk", size=DESK)
    await screen.shows(".me", "就绪")

    panel.answers["GET /api/v1/desk/call"] = call("ringing")
    rings = seat(8001, "ringing", "李敏", caller=CALLER, talk=stage("offered", "seat", "8002"))
    await panel.patch({"seats": {"8001": rings}})
    await screen.shows(".me", "座席 8002 就该来电找您")
    await screen.shows(".me-caller", "2345")
    await screen.until("document.querySelector('#f-title')?.value === '楼道有人打架'")
    await screen.shows(".ticket-form", "同事已填写")
    assert not await screen.page.locator(".me .buttons button").count(), "nothing but the phone's own keys"

    panel.answers["GET /api/v1/desk/call"] = call("talking")
    asked = seat(8001, "talking", "李敏", caller=CALLER, talk=stage("asked", "seat", "8002"))
    await panel.patch({"seats": {"8001": asked}})
    await screen.shows(".talk-parties", "正与您商量")
    assert not await screen.page.locator(".talk-keys button").count(), "it is the colleague's talk still"

    await screen.page.fill("#f-description", "两人持械")
    panel.answers["GET /api/v1/desk/begun"] = (200, {"fields": {"title": "打架，已报警", "description": "别处写的"}})
    await panel.patch({"seats": {"8001": {"talk": None}}})
    await screen.shows(".talk-keys", "保持")
    await screen.until("document.querySelector('#f-title').value === '打架，已报警'")
    assert await screen.page.input_value("#f-description") == "两人持械", "what one wrote oneself stays"
