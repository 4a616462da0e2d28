"""Units, categories and places, as administrators look after them."""

import pytest
from screen import PHONE, Screen
from sqlalchemy import select
from tickets_server import Desks, TicketPanel, barriers

from callcenter.tickets.tables import Category, MemberUnit


async def names(screen: Screen) -> list[str]:
    return await screen.page.locator(".node").all_inner_texts()


async def test_a_unit_is_added_changed_and_retired(requests: TicketPanel, desks: Desks) -> None:
    screen = await desks.as_("root", "/reference")
    await screen.shows("tbody", "城管执法局")
    await screen.page.get_by_role("button", name="新增单位").click()
    keys = screen.page.keyboard
    await keys.type("culture")
    await keys.press("Tab")
    await keys.type("文旅局")
    await screen.page.get_by_label("投诉").fill("3")
    await keys.press("Enter")
    await screen.shows("tr[data-code=culture]", "投诉 3")
    await screen.shows("[role=status]", "已保存：文旅局")
    await screen.page.locator("[data-edit=culture]").click()
    await screen.page.get_by_label("值班电话").fill("010-55550100")
    await screen.page.get_by_label("投诉").fill("")
    await keys.press("Enter")
    await screen.shows("tr[data-code=culture]", "010-55550100")
    assert await screen.page.evaluate("document.activeElement.dataset.edit") == "culture"
    async with requests.database.read() as session:
        unit = (await session.scalars(select(MemberUnit).where(MemberUnit.code == "culture"))).one()
    assert (unit.name, unit.terms, unit.active) == ("文旅局", {}, True)
    await screen.page.locator("tr[data-code=culture]").get_by_role("button", name="停用").click()
    await screen.until("document.querySelectorAll('tr[data-code=culture]').length === 0")
    await screen.page.get_by_label("显示已停用").check()
    await screen.page.locator("tr[data-code=culture]").get_by_role("button", name="恢复使用").click()
    await screen.page.locator("tr[data-code=culture][data-used=true]").wait_for()


async def test_a_changed_category_is_a_new_version(requests: TicketPanel, desks: Desks) -> None:
    number = await requests.open()
    screen = await desks.as_("root", "/reference")
    await screen.shows("tbody", "城管执法局")
    await screen.page.get_by_role("tab", name="事项分类").click()
    assert await names(screen) == ["城市管理", "路灯照明", "施工噪声", "供水排水"]
    await screen.page.locator("[data-edit=city-lamp]").click()
    await screen.page.get_by_label("名称").fill("<i>道路照明</i>")
    await screen.page.get_by_label("常办单位").select_option("roads")
    await screen.page.get_by_role("button", name="保存").click()
    await screen.shows("tr[data-code=city-lamp]", "<i>道路照明</i>")
    await screen.shows("tr[data-code=city-lamp]", "城管执法局")
    async with requests.database.read() as session:
        rows = (await session.scalars(select(Category).where(Category.code == "city-lamp"))).all()
    assert [(row.version, row.name, row.until is None) for row in rows] == [
        (1, "路灯照明", False),
        (2, "<i>道路照明</i>", True),
    ]
    assert (await requests.shown(number))["category"]["name"] == "路灯照明"


async def test_what_is_wrong_is_said_at_its_field(desks: Desks) -> None:
    desks.expected = ("400", "409")
    screen = await desks.as_("root", "/reference?view=places")
    await screen.shows("tbody", "北湖镇")
    await screen.page.get_by_role("button", name="新增地点").click()
    await screen.page.get_by_label("编码（不可更改）").fill("Nicht erlaubt!")
    await screen.page.get_by_label("名称").fill("东湖村")
    await screen.page.keyboard.press("Enter")
    await screen.until("document.activeElement.name === 'code' && document.activeElement.ariaInvalid === 'true'")
    assert await screen.page.get_by_label("名称").input_value() == "东湖村"
    await screen.page.get_by_label("编码（不可更改）").fill("south")
    await screen.page.keyboard.press("Enter")
    await screen.shows(".reference-form .fault", "编码")
    await screen.page.keyboard.press("Escape")
    await screen.page.locator("tr[data-code=north]").get_by_role("button", name="停用").click()
    await screen.shows("[role=alert]", "其下还有项目")


async def test_tabs_are_walked_with_the_arrows(desks: Desks) -> None:
    screen = await desks.as_("root", "/reference")
    await screen.shows("tbody", "城管执法局")
    await screen.page.get_by_role("tab", name="成员单位").focus()
    await screen.page.keyboard.press("ArrowRight")
    await screen.page.keyboard.press("ArrowRight")
    await screen.shows("tbody", "柳荫村")
    assert screen.page.url.endswith("view=places")


async def test_only_administrators_come_here(desks: Desks) -> None:
    desks.expected = ("403",)
    screen = await desks.as_("boss", "/reference")
    assert await screen.page.locator("[role=tab]").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])
@pytest.mark.parametrize("view", ["units", "categories"])
async def test_it_can_be_read_and_used_by_everybody(desks: Desks, theme: str, view: str, *, wide: bool) -> None:
    size = {} if wide else {"size": PHONE}
    screen = await desks.as_("root", f"/reference?theme={theme}&view={view}", **size)
    await screen.page.locator("[data-edit]").first.click()
    await screen.page.locator(".reference-form").wait_for()
    assert await screen.faint() == []
    assert not await screen.too_wide()
    assert await barriers(screen) == []
