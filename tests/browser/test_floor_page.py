"""The duty desk: who waits and what is done for them, every seat by mouse and by key, the ear, the line to the desks.

And the agent's end of that line, on every page: what was done to their state stands until it is acknowledged.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from panel_server import Json, Panel, ago, floor, policy, seat
from screen import DESK, Screen, Screens, ViewportSize

WIDE: ViewportSize = {"width": 1920, "height": 1080}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
LISTEN = "POST /api/v1/supervision/listen"


def busy_floor(*waits: float, **more: object) -> Json:
    """A morning on the floor."""
    return floor(
        waits or (41, 12),
        [
            seat(8001, "talking", "王芳", since=ago(187), caller="139****2277"),
            seat(8002, "ready", "李敏", since=ago(24)),
            seat(8003, "wrap_up", "张伟", since=ago(6), until=ago(-9)),
            seat(8004, "talking", "刘洋", since=ago(63), caller="138****8120"),
            seat(8005, "break", "陈静", reason="meal", since=ago(1260)),
            seat(8006, "ringing", "赵磊", since=ago(4), caller="0512****301"),
            seat(8007, "ready", "周倩", since=ago(302)),
            seat(8008, "break", "吴昊", reason="phone_offline", since=ago(75), phone=False),
            seat(8009),
            seat(8010, phone=False),
        ],
        policy=policy("reinforce", called_back=["1005"], predicted_wait=47, reserves=["孙丽"]),
        **more,
    )


def message(number: int, text: str, *, to_desk: bool = True, agent: str = "1001", **more: object) -> Json:
    row = {"id": number, "at": ago(60 - number), "agent": agent, "seat": "8001", "text": text, "to_desk": to_desk}
    by = {"by": "zhou", "by_name": "周班长"} if to_desk else {"by": "wang", "by_name": "王芳"}
    return {**row, **by, "deed": None, "read_at": None, **more}


RESERVES = [
    {"name": "孙丽", "seat": "8010", "joined": True, "by": "policy", "busy": False, "obstacle": None},
    {"name": "值班电话", "seat": None, "joined": False, "by": None, "busy": False, "obstacle": None},
    {"name": "2003", "seat": "8010", "joined": False, "by": None, "busy": False, "obstacle": "phone"},
]


async def opened(
    panel: Panel,
    screens: Screens,
    *,
    size: ViewportSize = WIDE,
    unread: bool = False,
    **more: Any,  # noqa: ANN401
) -> Screen:
    """The duty desk of supervisor Zhou."""
    panel.user = {"login": "zhou", "name": "周班长", "role": "supervisor", "agent": None}
    panel.floor = busy_floor()
    panel.answers["GET /api/v1/supervision/listen"] = (200, [])  # type: ignore[assignment]
    panel.answers["GET /api/v1/supervision/reserves"] = (200, RESERVES)  # type: ignore[assignment]
    read = None if unread else ago(20)
    thread = [message(1, "请先核对来电人的地址"), message(2, "好的，已核对", to_desk=False, read_at=read)]
    panel.refusals["/api/v1/desk-messages"] = (200, {"messages": thread, "unread": {"1001": 1, "1004": 3}})
    screen = await screens.open("/floor", size=size, **more)
    await screen.page.locator(".fl-card").first.wait_for()
    return screen


async def test_who_waits_is_moved_to_the_front_or_to_an_agent(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens)
    page = screen.page
    assert await screen.text("[data-testid=fl-waiting]") == "2/ 4"
    first, second = page.locator(".fl-slot[data-call]").nth(0), page.locator(".fl-slot[data-call]").nth(1)
    assert await first.get_by_role("button", name="提前").is_disabled(), "nobody is before them"
    await second.get_by_role("button", name="提前").click()
    await panel.ordered("POST /api/v1/supervision/waiting/call-2", {"to": "front"})
    await screen.shows("[role=status]", "已提到队首")
    await second.get_by_role("button", name="指派").click()
    names = await page.locator(".fl-agent").all_inner_texts()
    assert [name.split()[0] for name in names] == ["8002", "8003", "8005", "8007"], "whoever has a phone and no call"
    await page.locator(".fl-agent").nth(2).click()
    await panel.ordered("POST /api/v1/supervision/waiting/call-2", {"to": "agent", "agent": "1005"})
    await screen.shows("[role=status]", "陈静 的话机正在振铃")


async def test_who_waits_is_sent_to_a_special_desk_and_back_by_key(panel: Panel, screens: Screens) -> None:
    desks = [
        {"name": "english", "label": "英语专席", "agents": ["1002"]},
        {"name": "firms", "label": "企业专席", "agents": []},
    ]
    screen = await opened(panel, screens)
    assert not await screen.page.get_by_role("button", name="转队列").count(), "there are no desks"
    await panel.patch({"desks": desks})
    second = screen.page.locator(".fl-slot[data-call]").nth(1)
    await second.get_by_role("button", name="转队列").press("Enter")
    assert await second.get_by_role("button", name="企业专席").is_disabled(), "nobody sits there"
    await screen.page.keyboard.press("Enter")
    await panel.ordered("POST /api/v1/supervision/waiting/call-2", {"to": "desk", "desk": "english"})
    await screen.shows("[role=status]", "来电转往英语专席排队")
    first, moved = busy_floor()["queue"]["waiting"]
    await panel.patch({"queue": {"waiting": [first, {**moved, "position": 1, "desk": "english"}]}})
    await screen.shows(".fl-slot[data-call=call-2] .chip", "英语专席")
    assert not await screen.page.locator(".fl-slot[data-call=call-1] .chip").count()
    await second.get_by_role("button", name="转队列").press("Enter")
    await screen.page.keyboard.press("Enter")
    await panel.ordered("POST /api/v1/supervision/waiting/call-2", {"to": "queue"})
    await panel.patch({"queue": {"waiting": [first, {**moved, "moving": True}]}})
    await screen.shows(".fl-slot[data-call=call-2] .chip", "转队列中")
    assert await second.get_by_role("button", name="转队列").is_disabled()


async def test_what_is_refused_says_why(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens)
    screens.expected = ("409",)
    panel.answers["POST /api/v1/supervision/waiting/call-2"] = (409, {"error": "该来电已不在排队", "fields": {}})
    await screen.page.locator(".fl-slot[data-call]").nth(1).get_by_role("button", name="提前").click()
    await screen.shows("[role=alert]", "该来电已不在排队")


async def test_keys_go_from_seat_to_seat_and_carry_out_what_is_possible(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens)
    page = screen.page
    await page.keyboard.press("ArrowRight")
    await screen.shows(".fl-hand-who", "王芳")
    panel.answers[LISTEN] = (
        200,
        {"id": "n-listen-1", "by": "zhou", "seat": "8001", "mode": "listen", "state": "ringing", "since": ago(0)},
    )
    await page.keyboard.press("1")
    await panel.ordered(LISTEN, {"seat": "8001", "mode": "listen"})
    await screen.shows(".fl-ear", "您的话机正在振铃，接听后监听座席 8001")
    row = {"id": "n-listen-1", "by": "zhou", "seat": "8001", "mode": "listen", "state": "listening", "since": ago(3)}
    await panel.tell("listening", [row])  # type: ignore[arg-type]
    await screen.shows(".fl-ear", "通话双方都听不到您")
    await screen.shows("[data-seat='8001'] .fl-heard", "监听 · 您")
    await page.keyboard.press("2")
    await panel.ordered(LISTEN, {"seat": "8001", "mode": "whisper"})
    await panel.tell("listening", [{**row, "mode": "barge"}])  # type: ignore[arg-type]
    await screen.shows(".fl-ear", "话务员和市民都能听到您")
    await page.keyboard.press("0")
    await panel.ordered("DELETE /api/v1/supervision/listen/n-listen-1", {})
    await panel.tell("listening", [])  # type: ignore[arg-type]
    await screen.until("!document.querySelector('.fl-ear')")

    await page.keyboard.press("ArrowDown")
    await screen.shows(".fl-hand-who", "赵磊")
    await page.keyboard.press("6")
    assert not panel.orders, "a phone that rings signs nobody out"
    await page.keyboard.press("ArrowLeft")
    await screen.shows(".fl-hand-who", "陈静")
    await page.keyboard.press("4")
    await page.keyboard.type("请提前返岗 4")
    await page.keyboard.press("Enter")
    await panel.ordered("POST /api/v1/supervision/agents/1005", {"deed": "ready", "message": "请提前返岗 4"})


async def test_a_free_seat_is_chosen_to_listen_at(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens)
    await screen.page.locator("[data-seat='8004']").click()
    await screen.page.get_by_label("监听话机").select_option("8009")
    await screen.page.get_by_role("button", name="强插").click()
    await panel.ordered(LISTEN, {"seat": "8004", "mode": "barge", "phone": "8009"})


async def test_messages_are_written_read_and_shown_as_text(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens, unread=True)
    page = screen.page
    assert await screen.text("[data-seat='8004'] .fl-unread") == "3"
    await page.locator("[data-seat='8001']").click()
    await screen.shows(".bubble", "好的，已核对")
    await panel.ordered("POST /api/v1/desk-messages/read", {"agent": "1001", "until": 2})
    await panel.tell("read", {"agent": "1001", "ids": [2], "to_desk": False})
    await screen.until("!document.querySelector(\"[data-seat='8001'] .fl-unread\")")
    await panel.tell("message", message(3, HOSTILE, to_desk=False))
    await screen.shows(".bubble-text", "<script>")
    assert await page.locator(".bubble-text img, .bubble-text script").count() == 0
    await panel.ordered("POST /api/v1/desk-messages/read", {"agent": "1001", "until": 3})
    field = page.get_by_label("给座席发消息")
    await field.fill("辛苦了")
    await field.press("Enter")
    await panel.ordered("POST /api/v1/desk-messages", {"agent": "1001", "text": "辛苦了"})
    await screen.until("document.querySelector('.writer textarea').value === ''")
    await panel.tell("message", message(4, "x", to_desk=False, agent="1002"))
    await screen.shows("[data-seat='8002'] .fl-unread", "1")


async def test_reserves_are_called_in_by_hand_and_the_policys_steps_undone(panel: Panel, screens: Screens) -> None:
    screen = await opened(panel, screens)
    page = screen.page
    await page.locator("[data-reserve='值班电话']").get_by_role("button", name="调入").click()
    await panel.ordered("POST /api/v1/supervision/reserves/值班电话", {"joined": True})
    await page.locator("[data-reserve='孙丽']").get_by_role("button", name="撤销").click()
    await panel.ordered("POST /api/v1/supervision/reserves/孙丽", {"joined": False})
    assert await page.locator("[data-reserve='2003'] button").is_disabled()
    await page.locator(".fl-deeds li").filter(has_text="已请 陈静").get_by_role("button", name="撤销").click()
    await panel.ordered("POST /api/v1/supervision/undo", {"step": "call_back_break", "whom": "1005"})


@pytest.mark.parametrize(("size", "name"), [(WIDE, "1920"), (DESK, "1366")])
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_duty_desk_fits_its_screen(
    panel: Panel, screens: Screens, size: ViewportSize, name: str, theme: str
) -> None:
    screen = await opened(panel, screens, size=size, theme=theme)
    await screen.page.locator("[data-seat='8001']").click()
    row = {"id": "n-listen-1", "by": "zhou", "seat": "8001", "mode": "whisper", "state": "listening", "since": ago(48)}
    await panel.tell("listening", [row])  # type: ignore[arg-type]
    await screen.shows(".bubble", "好的，已核对")
    await screen.shows(".fl-ear", "只有话务员能听到您")
    await screen.picture(f"floor-{name}-{theme}")
    assert not await screen.too_wide()
    assert await screen.faint() == []


# ---- The agent's end ----


async def test_what_was_done_to_an_agent_stands_on_every_page_until_it_is_acknowledged(
    panel: Panel, screens: Screens
) -> None:
    panel.user = {"login": "wang", "name": "王芳", "role": "agent", "agent": "1001"}
    panel.floor = busy_floor()
    panel.refusals["/api/v1/desk-messages"] = (200, {"messages": [], "unread": {}})
    screen = await screens.open("/calls", size=DESK)
    await screen.page.locator(".line-button").wait_for()
    await panel.tell("message", message(7, f"今天先到这里 {HOSTILE}", deed="sign_out"))
    await screen.shows(".deed", "班长已将您签出")
    await screen.shows(".deed", "今天先到这里 <img")
    await screen.picture("desk-deed")
    await screen.page.get_by_role("button", name="知道了").click()
    await panel.ordered("POST /api/v1/desk-messages/read", {"until": 7, "deeds": True})
    await panel.tell("read", {"agent": "1001", "ids": [7], "to_desk": True})
    await screen.until("!document.querySelector('.deed')")


async def test_a_message_opens_the_line_and_is_answered(panel: Panel, screens: Screens) -> None:
    panel.user = {"login": "wang", "name": "王芳", "role": "agent", "agent": "1001"}
    panel.floor = busy_floor()
    panel.refusals["/api/v1/desk-messages"] = (200, {"messages": [], "unread": {}})
    screen = await screens.open("/desk", size=DESK)
    await screen.page.locator(".line-button").wait_for()
    await panel.tell("message", message(8, "请核对地址"))
    await screen.shows(".line-box .bubble", "请核对地址")
    await panel.ordered("POST /api/v1/desk-messages/read", {"until": 8, "deeds": False})
    field = screen.page.get_by_label("给班长发消息")
    await field.fill("好的")
    await field.press("Enter")
    await panel.ordered("POST /api/v1/desk-messages", {"text": "好的"})
    await screen.picture("desk-line")
    assert await screen.faint() == []


# ---- The timeline ----


def a_day() -> Json:
    """A working day until half past four in the afternoon, with a crowd in the morning."""
    begin = datetime.now(UTC).replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=1)
    slices = 198
    shape = [0.4 if at < 84 else 3 + 6 * (1 - abs(at - 118) / 40) if at < 156 else 3.5 for at in range(slices)]
    arrived = [max(round(height + ((at * 7919) % 11 - 5) * 0.3), 0) for at, height in enumerate(shape)]
    missed = [int(came > 7 and at % 7 == 0) for at, came in enumerate(arrived)]
    answered = [max(came - lost, 0) for came, lost in zip(arrived, missed, strict=True)]
    waiting = [min(max(came - 6, 0), 4) for came in arrived]
    staff = [2 if at < 96 else 8 for at in range(slices)]
    talking = [round(min(came * 0.75, staff[at]), 1) for at, came in enumerate(arrived)]
    agents = {
        "talking": talking,
        "ringing": [round(came * 0.05, 1) for came in arrived],
        "wrap_up": [round(came * 0.12, 1) for came in arrived],
        "ready": [max(round(staff[at] - busy - 0.8, 1), 0) for at, busy in enumerate(talking)],
        "break": [0.8 if at > 96 and at % 12 < 4 else 0.2 for at in range(slices)],
    }

    def moment(minutes: float) -> str:
        return (begin + timedelta(minutes=minutes)).isoformat()

    def person(number: int, name: str) -> Json:
        stretches, at, step = [], 480 + number % 7, 0
        while at < 985:
            state, long = (("ready", 4), ("talking", 7), ("wrap_up", 2), ("ready", 3), ("talking", 11), ("break", 14))[
                (step + number) % 6
            ]
            stretches.append([state, moment(at), moment(at + long), "rest" if state == "break" else None])
            at, step = at + long, step + 1
        seconds = {"talking": 13_000 + number, "ringing": 600, "wrap_up": 3000, "ready": 9000, "break": 2400}
        return {"agent": str(number), "name": name, "seconds": seconds, "answered": number % 40, "stretches": stretches}

    names = ["王芳", "李敏", "张伟", "刘洋", "陈静", "赵磊", "周倩", "吴昊"]
    totals = {"arrived": sum(arrived), "answered": sum(answered), "missed": sum(missed), "waiting": max(waiting)}
    return {
        "day": "2026-11-23", "begin": begin.isoformat(), "end": moment(990), "slice_seconds": 300, "arrived": arrived,
        "answered": answered, "missed": missed, "waiting": waiting, "agents": agents, "totals": totals,
        "people": [person(1001 + at, name) for at, name in enumerate(names)],
    }  # fmt: skip


def a_call(number: int, outcome: str = "answered") -> Json:
    times = {"started_at": ago(400), "queued_at": ago(390), "answered_at": ago(380), "ended_at": ago(200)}
    return {
        "id": number,
        "caller": "138****5678",
        "outcome": outcome,
        "agent": "1001",
        "rating": 5,
        "ticket": None,
        **times,
    }


@pytest.mark.parametrize(("size", "name"), [(WIDE, "1920"), (DESK, "1366")])
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_the_timeline_shows_the_day_and_every_number_opens_its_calls(
    panel: Panel, screens: Screens, size: ViewportSize, name: str, theme: str
) -> None:
    panel.user = {"login": "zhou", "name": "周班长", "role": "supervisor", "agent": None}
    panel.answers["GET /api/v1/reports/timeline"] = (200, a_day())
    panel.answers["GET /api/v1/reports/timeline/calls"] = (200, [a_call(1), a_call(2, "abandoned_queue")])  # type: ignore[assignment]
    screen = await screens.open("/timeline?day=2026-11-23", size=size, theme=theme)
    page = screen.page
    await screen.until("document.querySelectorAll('.tl-plot canvas').length === 3")
    await page.locator("[data-testid=plot-calls] .u-over").hover(position={"x": 400, "y": 80})
    await screen.until("/\\d\\d:\\d\\d–\\d\\d:\\d\\d/.test(document.querySelector('.tl-moment').textContent)")
    await page.screenshot(path=f"tests/artefacts/timeline-{name}-{theme}.png", full_page=True, animations="disabled")
    assert not await screen.too_wide()
    assert await screen.faint() == []
    await page.locator("[data-testid=plot-waiting] .u-over").click(position={"x": 400, "y": 40})
    await screen.shows(".tl-behind", "138****5678")
    assert "which=waiting" in panel.questions[-1]
    await page.locator("[data-which=missed]").click()
    await panel.until(lambda: "which=missed" in panel.questions[-1])


async def test_an_agents_day_shows_states_figures_and_calls(panel: Panel, screens: Screens) -> None:
    panel.user = {"login": "zhou", "name": "周班长", "role": "supervisor", "agent": None}
    panel.lists["agents"] = [{"agent": "1001", "name": "王芳"}, {"agent": "1002", "name": "李敏"}]
    day = a_day()
    stretches = [
        {"state": state, "since": since, "until": until, "reason": reason, "seat": "8001"}
        for state, since, until, reason in day["people"][0]["stretches"]
    ]
    panel.answers["GET /api/v1/reports/agent-day"] = (
        200,
        {
            "agent": "1001", "name": "王芳", "day": "2026-11-23", "begin": day["begin"], "end": day["end"],
            "stretches": stretches, "seconds": day["people"][0]["seconds"], "first_seen": stretches[0]["since"],
            "last_seen": stretches[-1]["until"], "answered": 38, "talked_seconds": 13_240, "busy_seconds": 16_840,
            "open_seconds": 25_600, "rated": 21, "satisfied": 21, "calls": [a_call(at) for at in range(12)],
        },
    )  # fmt: skip
    screen = await screens.open("/agent-day?agent=1001&day=2026-11-23", size=WIDE)
    await screen.shows(".tl-tiles", "65.7%")
    assert await screen.page.locator(".tl-band rect").count() == len(stretches)
    await screen.picture("agent-day")
    assert await screen.faint() == []
    await screen.page.get_by_label("话务员").select_option("1002")
    await panel.until(lambda: "agent=1002" in panel.questions[-1])
