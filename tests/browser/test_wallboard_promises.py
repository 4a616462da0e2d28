"""The wallboard on what is promised: measures, callbacks owed and alarms, in place, and without moving."""

import pytest
from panel_server import Json, Panel, ago, floor, owed, policy, seat
from screen import PHONE, WALL, WALL_4K, Screens, ViewportSize
from test_wallboard import AGES, FIGURES, busy

STEPS = {"calm": "正常", "warning": "关注", "reinforce": "增援", "offer": "提供回拨", "full": "满员"}
BUSY: Json = {
    "policy": policy("reinforce", predicted_wait=48.3, called_back=["1005", "1006"], reserves=["2001"]),
    "callbacks": owed(open=12, dialling=2, overdue=3, escalated=4, held=1, next_due=ago(-300)),
}
ALARMS: Json = {
    "test_dial_failed": {"since": ago(60), "detail": "4 callers were waiting; no agent was free"},
    "disk_low": {"since": ago(300), "free_mb": 1945, "total_mb": 40960, "ballast": True},
    "disk_critical": {"since": ago(30), "free_mb": 210, "total_mb": 40960, "ballast": False},
    "callbacks_escalated": {"since": ago(90), "callbacks": 4},
    "history_behind": {"since": ago(80), "seconds": 95, "bytes": 7, "reason": ""},
    "calls_quarantined": {"since": ago(80), "lines": 2, "file": "cel.jsonl"},
    "file_damaged": {"since": ago(80), "files": ["snapshot.json.damaged-20261124"]},
}


@pytest.mark.parametrize("level", STEPS)
async def test_the_measure_in_force_stands_out_among_the_five(panel: Panel, screens: Screens, level: str) -> None:
    panel.floor = floor(AGES[:3], policy=policy(level))
    screen = await screens.open("/wallboard")
    await screen.shows(".ladder [aria-current=step]", STEPS[level])
    assert await screen.page.locator(".ladder [aria-current=step]").count() == 1
    assert (await screen.text(".ladder")).split() == list(STEPS.values())
    passed = await screen.page.locator(".ladder [data-passed]").all_inner_texts()
    assert [one.strip() for one in passed] == list(STEPS.values())[1 : list(STEPS).index(level)]


async def test_what_is_being_done_is_said_with_names(panel: Panel, screens: Screens) -> None:
    seats = [seat(8004, "break", "王小明", reason="meal"), seat(8007, "break", "李敏", reason="rest")]
    panel.floor = floor(AGES[:3], seats, policy=policy("reinforce", called_back=["1004", "1007"], reserves=["2001"]))
    screen = await screens.open("/wallboard")
    await screen.shows("[data-testid=doing]", "请回座席：王小明、李敏")
    await screen.shows("[data-testid=doing]", "后备加入：2001")
    await panel.patch({"policy": {"called_back": ["1001", "1002", "1003", "1004"], "reserves": []}})
    await screen.shows("[data-testid=doing]", "请回座席：4 人")
    await panel.patch({"policy": {"level": "full", "called_back": []}})
    await screen.shows("[data-testid=doing]", "队列已满，新来电转为回拨")
    await panel.patch({"policy": {"level": "warning"}, "queue": {"waiting": []}})
    await screen.shows("[data-testid=doing]", "排队已回落，措施稍后解除")


async def test_the_predicted_wait_and_the_promise(panel: Panel, screens: Screens) -> None:
    panel.floor = floor(AGES[:1], policy=policy("warning", predicted_wait=29.6))
    screen = await screens.open("/wallboard")
    await screen.shows("[data-testid=predicted]", "00:30")
    assert await screen.page.locator("[data-testid=predicted][data-broken]").count() == 0
    await screen.shows("[data-testid=within]", "15 分钟内")
    await panel.patch({"policy": {"predicted_wait": 75.2, "within_minutes": 30}})
    await screen.shows("[data-testid=predicted][data-broken]", "01:15")
    await screen.shows("[data-testid=within]", "30 分钟内")
    await panel.patch({"policy": {"predicted_wait": None}})  # nobody is there to answer
    await screen.shows("[data-testid=predicted]", "—")


async def test_one_who_waits_too_long_warns_whatever_the_count(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((25,), policy=policy("warning"))
    screen = await screens.open("/wallboard")
    await screen.shows(".hero[data-level=warning]", "关注")
    await panel.patch({"queue": {"waiting": []}})  # the measure is held for a while; the number is calm at once
    await screen.shows(".hero[data-level=calm]", "正常")


async def test_a_board_without_measures_says_so(screens: Screens) -> None:
    screen = await screens.open("/wallboard")
    await screen.shows("[data-testid=doing]", "尚未收到应对措施")
    assert await screen.page.locator(".ladder [aria-current=step]").count() == 0


async def test_callbacks_owed_now_are_counted_and_the_overdue_are_red(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((), figures=FIGURES, callbacks=owed(open=2, dialling=1, next_due="2026-11-24T02:31:00+00:00"))
    screen = await screens.open("/wallboard")
    box = "[data-testid=missed]"
    await screen.shows(f"{box} .figure-foot", "2 件待回拨")
    assert await screen.text("[data-testid=owed-open]") == "当前待回拨 2"
    assert await screen.text(f"{box} .figure-foot") == "2 件待回拨 拨打中 1 时限 10:31"
    assert await screen.page.locator("[data-testid=overdue]").count() == 0
    await panel.patch({"callbacks": {"overdue": 1, "held": 1}})
    await screen.shows("[data-testid=overdue]", "超时 1")
    await screen.shows(f"{box} .figure-foot", "待放行 1")
    red = "getComputedStyle(document.querySelector('[data-testid=overdue]')).backgroundColor"
    assert await screen.page.evaluate(red) == "rgb(168, 16, 23)"
    await panel.patch({"callbacks": {"line": False, "overdue": 0, "held": 0, "dialling": 0}})
    await screen.shows(f"{box} .figure-foot", "无外呼线路")
    await panel.patch({"callbacks": owed()})
    await screen.shows(f"{box}[data-met=true]", "无待回拨")
    assert await screen.page.locator(box).get_attribute("href") == "/callbacks?day=2026-11-23&view=all"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("disk_critical", "磁盘即将写满 剩余 210 MB 预留空间已释放"),
        ("disk_low", "磁盘空间不足 剩余 1.9 GB"),
        ("callbacks_escalated", "回拨即将超时 4 件"),
        ("test_dial_failed", "拨测异常 当时有 4 人等候。 无空闲座席。"),
        ("history_behind", "通话记录入库滞后 滞后 95 秒"),
        ("calls_quarantined", "通话记录无法识别 2 行已另存"),
        ("file_damaged", "文件损坏已另存 snapshot.json"),
        ("never_heard_of", "never_heard_of"),
    ],
)
async def test_an_alarm_is_said_with_its_figures_and_since_when(
    panel: Panel, screens: Screens, kind: str, words: str
) -> None:
    figures = {**ALARMS.get(kind, {}), "since": "2026-11-24T02:31:00+00:00"}
    panel.floor = floor((), alarms={kind: figures})
    screen = await screens.open("/wallboard")
    await screen.shows(".band", words.split(" ", maxsplit=1)[0])
    assert await screen.text(".band") == f"{words} 10:31 起"
    assert await screen.clipped() == []
    await panel.patch({"alarms": {kind: None}})
    await screen.shows(".board-title", "政务服务便民热线")


async def test_the_gravest_alarms_come_first_and_the_rest_are_counted(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((), alarms=ALARMS, database="down", announcement={"on": True})
    screen = await screens.open("/wallboard")
    await screen.shows(".bands", "磁盘即将写满")

    async def titles() -> list[str]:
        return await screen.page.locator(".band strong").all_inner_texts()

    assert await titles() == ["磁盘即将写满", "回拨即将超时", "另有 7 项告警"]
    await panel.patch({"asterisk": "down"})
    await screen.shows(".bands", "电话系统中断")
    assert await titles() == ["电话系统中断", "磁盘即将写满", "另有 8 项告警"]
    assert await screen.page.locator(".band").last.get_attribute("data-tone") == "bad"  # one of them is grave
    await panel.patch({"asterisk": "up", "database": "up", "alarms": {**dict.fromkeys(ALARMS), "disk_low": {}}})
    await screen.until("document.querySelectorAll('.band').length === 2")
    assert await titles() == ["磁盘空间不足", "紧急公告播放中"]


async def test_nothing_moves_when_measures_and_alarms_come_and_go(panel: Panel, screens: Screens) -> None:
    panel.floor = floor((), busy(), figures=FIGURES)
    screen = await screens.open("/wallboard")
    await screen.shows(".board-live", "实时")
    parts = "JSON.stringify([...document.querySelectorAll('.policy, .ladder li, .owed, .policy-figure strong')].map("
    parts += "(one) => [one.getBoundingClientRect().y, one.getBoundingClientRect().height]))"
    before = await screen.places(), await screen.page.evaluate(parts)
    await panel.set(floor((), busy(), figures=FIGURES, alarms=ALARMS, asterisk="down", **BUSY))
    await screen.shows(".bands", "磁盘即将写满")
    assert (await screen.places(), await screen.page.evaluate(parts)) == before


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_measures_and_alarms_have_the_contrast_they_need(panel: Panel, screens: Screens, theme: str) -> None:
    screen = await screens.open("/wallboard", theme=theme)
    for level, word in STEPS.items():
        await panel.set(floor(AGES[:2], busy(), figures=FIGURES, alarms=ALARMS, **{**BUSY, "policy": policy(level)}))
        await screen.shows(".ladder [aria-current=step]", word)
        assert await screen.faint() == [], level


@pytest.mark.parametrize("size", [WALL, WALL_4K, PHONE], ids=["1080p", "4K", "phone"])
@pytest.mark.parametrize("lang", ["zh_CN", "en"])
async def test_it_all_fits(panel: Panel, screens: Screens, size: ViewportSize, lang: str) -> None:
    screen = await screens.open(f"/wallboard?lang={lang}", size=size)
    alarms = {kind: ALARMS[kind] for kind in ("disk_low", "callbacks_escalated")}
    for seats in (10, 20, 30):
        await panel.set(floor(AGES[:4], busy(seats), figures=FIGURES, alarms=alarms, **BUSY))
        await screen.until(f"document.querySelectorAll('.seat').length === {seats}")
        assert await screen.clipped() == [], seats
        assert not await screen.too_wide()
        assert size is PHONE or await screen.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    await screen.picture(f"wallboard-promises-{lang}-{size['width']}")
