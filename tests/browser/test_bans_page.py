"""The page of banned addresses: why and until when, lifting in two presses, banning by hand, and the alarm."""

from panel_server import Json, Panel, ago, floor
from screen import DESK, Screens

ADD = "POST /api/v1/bans"
#: As the API shows them: one in force by itself, one by hand, one over, one lifted.
BANS: list[Json] = [
    {"id": 4, "address": "198.51.100.9", "reason": "flood", "tried": 300, "account": "8001", "note": "", "by": ""}
    | {"since": ago(60), "until": ago(-540), "lifted_at": None, "lifted_by": None, "active": True},
    {"id": 3, "address": "2001:db8::/64", "reason": "manual", "tried": 0, "account": "", "note": "扫描", "by": "zhou"}
    | {"since": ago(90), "until": ago(-540), "lifted_at": None, "lifted_by": None, "active": True},
    {"id": 2, "address": "198.51.100.8", "reason": "wrong", "tried": 20, "account": "<b>8002", "note": "", "by": ""}
    | {"since": ago(9000), "until": ago(8400), "lifted_at": None, "lifted_by": None, "active": False},
    {"id": 1, "address": "198.51.100.7", "reason": "names", "tried": 4, "account": "admin", "note": "", "by": ""}
    | {"since": ago(9900), "until": ago(9300), "lifted_at": ago(9800), "lifted_by": "zhou", "active": False},
]


async def test_each_ban_says_why_and_how_it_stands(panel: Panel, screens: Screens) -> None:
    panel.lists["bans"] = BANS
    screen = await screens.open("/bans", size=DESK)
    await screen.shows("tbody", "198.51.100.9")
    rows = [one.split() for one in await screen.page.locator("tbody tr").all_inner_texts()]
    assert [rows[0][at] for at in (0, 1, 2, 3)] == ["198.51.100.9", "大量冲击", "300", "8001"]
    assert rows[0][-3:] == ["系统自动", "封禁中", "解除"]
    assert rows[1][:4] == ["2001:db8::/64", "人工封禁", "扫描", "—"]
    assert rows[2][:4] == ["198.51.100.8", "猜测密码", "20", "<b>8002"]
    assert rows[2][-1] == "已到期"
    assert rows[3][-3:] == ["已由", "zhou", "解除"]


async def test_lifting_takes_two_presses(panel: Panel, screens: Screens) -> None:
    panel.lists["bans"] = BANS[:2]
    screen = await screens.open("/bans", size=DESK)
    lift = screen.page.get_by_role("button", name="解除封禁 2001:db8::/64")
    await lift.press("Enter")
    await screen.page.get_by_role("button", name="取消").click()
    assert panel.orders == []
    await lift.press("Enter")
    await screen.page.get_by_role("button", name="确认解除").press("Enter", no_wait_after=True)
    panel.lists["bans"] = BANS[:1]
    await panel.until(lambda: bool(panel.orders))
    assert panel.orders.pop()[0] == "DELETE /api/v1/bans/2001:db8::/64"
    await screen.shows("[role=status]", "2001:db8::/64 已解除封禁")


async def test_an_address_is_banned_by_hand_and_a_refusal_is_said(panel: Panel, screens: Screens) -> None:
    screens.expected = ("409",)
    panel.answers[ADD] = (409, {"error": "该地址有本单位话机在线：8003"})
    screen = await screens.open("/bans", size=DESK)
    await screen.shows(".empty", "当前没有被封禁的地址")
    page = screen.page
    await page.get_by_label("网络地址").fill(" 203.0.113.7 ")
    await page.get_by_label("期限").select_option("1440")
    await page.get_by_label("原因").fill("扫描端口")
    await page.get_by_role("button", name="封禁", exact=True).click()
    await panel.ordered(ADD, {"address": "203.0.113.7", "minutes": 1440, "note": "扫描端口"})
    await screen.shows("[role=alert]", "该地址有本单位话机在线：8003")


async def test_an_attack_is_an_alarm_on_the_wallboard(panel: Panel, screens: Screens) -> None:
    alarm = {"since": ago(60), "requests": 5120, "seconds": 60, "banned": 2}
    panel.floor = floor((), alarms={"sip_flood": alarm})
    screen = await screens.open("/wallboard")
    await screen.shows(".band", "话务服务器遭受攻击")
    await screen.shows(".band", "60 秒内 5120 次登录被拒")
    await screen.shows(".band", "已封禁 2 个地址")
