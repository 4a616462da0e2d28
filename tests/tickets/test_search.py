"""Finding tickets: words of any kind, filters, who may see what, pages, kept lists, and the workbook."""

import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import pytest_asyncio
from aiohttp import ClientSession
from found_scene import T0, Scene, ask, numbers, scene
from sqlalchemy import select

from callcenter.panel import passwords
from callcenter.panel.sessions import Identity
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding import export, in_postgresql, search_index
from callcenter.tickets.flows.finding.filters import Filters
from callcenter.tickets.flows.finding.found import FoundRow, rows_of
from callcenter.tickets.flows.time.calendar import published
from callcenter.tickets.rules.calendar import WorkCalendar
from callcenter.tickets.rules.countdown import Countdown
from callcenter.tickets.rules.numbers import number, readable
from callcenter.tickets.tables import Category, Place, Ticket, TicketClock


@pytest_asyncio.fixture
async def hotline(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    async with scene(database, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def boss(hotline: Scene) -> ClientSession:
    return await hotline.as_("boss", "supervisor")


TEXTS = {
    "路灯": "南门街道路灯不亮",
    "城南": "城南新区噪音",
    "name": "王佳琪老人走失",
    "mixed": "小区WiFi信号差，A栋3单元",
    "number": "车牌苏K12345违停",
    "rare": "𠮷野家油烟",
    "wide": "ＡＢＣ物业收费",
    "arabic": "طلب مساعدة",
    "emoji": "孩子走失😭😭",
    "traditional": "臺灣同胞諮詢",
}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("路灯", {"路灯"}),
        ("灯", {"路灯"}),
        ("南", {"路灯", "城南"}),
        ("南门街道", {"路灯"}),
        ("路灯 南门", {"路灯"}),
        ("南门路灯", {"路灯"}),
        ("城南的噪音", {"城南"}),
        ("王佳琪", {"name"}),
        ("佳琪", {"name"}),
        ("wifi", {"mixed"}),
        ("WI", {"mixed"}),
        ("a栋", {"mixed"}),
        ("信号 WiFi", {"mixed"}),
        ("K12345", {"number"}),
        ("k123", {"number"}),
        ("𠮷野", {"rare"}),
        ("abc", {"wide"}),
        ("ａｂｃ物业", {"wide"}),
        ("مساعدة", {"arabic"}),
        ("😭", set()),
        ("走失😭", {"name", "emoji"}),
        ("諮詢", {"traditional"}),
        ('"路灯不亮"', {"路灯"}),
        ('"南门路灯"', set()),
        ("“路灯不”", {"路灯"}),
        ("路灯 停水", set()),
        ('" OR * NEAR( :', set()),
        ("路灯 OR 噪音", set()),
        ("路灯) OR (噪音", set()),
        ("title:路灯", set()),
        ("-路灯", {"路灯"}),
        ("路灯*", {"路灯"}),
        ("路灯' | '噪音", set()),
        ("路灯\\", {"路灯"}),
        ("!!!", set()),
    ],
)
async def test_words_of_any_kind_are_found_and_none_is_syntax(
    hotline: Scene, boss: ClientSession, question: str, found: set[str]
) -> None:
    names = {await hotline.ticket(text): name for name, text in TEXTS.items()}
    assert {names[one] for one in await numbers(boss, q=question)} == found


async def test_everything_that_was_said_of_a_ticket_finds_it(hotline: Scene, boss: ClientSession) -> None:
    fields = {"description": "晚上很暗", "answer": "已更换灯泡", "contact_name": "赵铁柱", "address": "和平路18号"}
    its = await hotline.ticket("照明", said="经核实线路老化", caller="13912345678", **fields)
    await hotline.ticket("别的事")
    for question in ("很暗", "灯泡", "赵铁柱", "和平路18号", "线路老化", "13912345678", "139123", "5678", its):
        assert await numbers(boss, q=question) == [its], question


async def test_a_ticket_is_found_by_what_it_says_now(hotline: Scene, boss: ClientSession) -> None:
    its = await hotline.ticket("路灯不亮")
    async with hotline.database.begin() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        ticket.title = ticket.description = "噪音扰民"
        ticket.state = "closed"
        await session.flush()
        await search_index.index(session, [ticket.id])
    assert await numbers(boss, q="路灯") == []
    assert await numbers(boss, q="噪音", state="closed") == [its]
    assert await numbers(boss, q="噪音", state="handling") == []


async def test_all_is_found_again_after_a_rebuild_and_missed_calls_are_not_in_it(
    hotline: Scene, boss: ClientSession
) -> None:
    its = [await hotline.ticket("路灯不亮", unit="power"), await hotline.ticket("路灯倾斜")]
    async with hotline.database.begin() as session:
        missed = Ticket(
            node="n", number="M", kind="missed_call", state="accepted", caller="1", title="路灯", opened_at=T0
        )
        missed.description = "路灯"
        session.add(missed)
    told: list[int] = []
    assert await search_index.rebuild(hotline.database, told.append) == 2
    assert told == [2]
    assert await numbers(boss, q="路灯") == its[::-1]
    assert await numbers(boss, q="路灯", unit="power") == its[:1]
    assert await numbers(boss, kind="missed_call") == ["M"]


async def test_a_whole_number_finds_its_ticket_however_it_is_written(hotline: Scene, boss: ClientSession) -> None:
    await hotline.ticket()
    whole = number(T0.date(), 42)
    missed = {"node": "n", "kind": "missed_call", "state": "accepted", "caller": "1", "title": "x", "description": "x"}
    async with hotline.database.begin() as session:
        session.add(Ticket(number=whole, opened_at=T0, **missed))
    for text in (whole, readable(whole), f" {whole} "):
        assert await numbers(boss, q=text) == [whole]


async def test_filters_hold_together_with_words_and_without(hotline: Scene, boss: ClientSession) -> None:
    async with hotline.database.read() as session:
        categories = {(one.code, one.version): one.id for one in await session.scalars(select(Category))}
        places = {one.code: one.id for one in await session.scalars(select(Place))}
    old = {"opened_at": T0 - timedelta(days=400), "state": "closed", "closed_at": T0}
    past, soon = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=2)
    a = await hotline.ticket(unit="power", category_id=categories["lamp", 1], place_id=places["happy"], due_at=past)
    b = await hotline.ticket(
        unit="water", category_id=categories["city", 1], urgency="urgent", due_at=soon, pending="extension"
    )
    c = await hotline.ticket(kind="help", source="web", place_id=places["south"], accepted_by="boss", **old)
    d = await hotline.ticket(state="reviewing", agent="1001", caller="008613800000009")
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [d, b, a, c]),
        ({"state": "handling"}, [b, a]),
        ({"state": "reviewing,closed"}, [d, c]),
        ({"kind": "help"}, [c]),
        ({"unit": "power"}, [a]),
        ({"category": "city"}, [b, a]),
        ({"category": "lamp"}, [a]),
        ({"place": "south"}, [a, c]),
        ({"place": "happy"}, [a]),
        ({"urgency": "urgent"}, [b]),
        ({"source": "web"}, [c]),
        ({"agent": "1001"}, [d]),
        ({"caller": "13800000009"}, [d]),
        ({"since": "2026-11-23"}, [d, b, a]),
        ({"until": "2025-12-31"}, [c]),
        ({"since": "2025-10-19", "until": "2025-10-19"}, [c]),
        ({"since": "2026-11-23T02:02:00Z", "until": "2026-11-23T02:03:00Z"}, [b]),
        ({"due": "overdue"}, [a]),
        ({"due": "soon"}, [b]),
        ({"mine": "true"}, [c]),
        ({"pending": "true"}, [b]),
        ({"sort": "due"}, [a, b, d]),
        ({"unit": "power", "state": "closed"}, []),
        ({"kind": "complaint", "urgency": "urgent", "unit": "water"}, [b]),
    ]
    for filters, found in cases:
        assert await numbers(boss, **filters) == found, filters
        # With words the newest are those that were stored last.
        order = sorted(found, reverse=True) if filters.get("sort") != "due" else found
        assert await numbers(boss, q="路灯", **filters) == order, ("words", filters)


async def test_a_list_is_paged_without_gaps_while_tickets_come_in(hotline: Scene, boss: ClientSession) -> None:
    its = [await hotline.ticket(due_at=T0 + timedelta(days=place % 3) if place % 4 else None) for place in range(11)]
    for query in ({}, {"q": "路灯"}, {"sort": "due"}, {"q": "路灯", "sort": "due"}, {"q": "路灯", "sort": "relevance"}):
        found: list[str] = []
        after: dict[str, str] = {}
        first = True
        while True:
            _, page = await ask(boss, "tickets/search", limit=3, **query, **after)
            found += [row["number"] for row in page["rows"]]
            assert (page["total"] or 0) >= 11 if first else page["total"] is None
            first = False
            if page["next"] is None:
                break
            after = {"after": page["next"]}
            if query == {}:
                await hotline.ticket("新来的")
        assert len(set(found)) == len(found)
        assert sorted(one for one in found if one in its) == its, query


@pytest.mark.parametrize("words", ["电梯", "路灯"])
@pytest.mark.parametrize("sort", ["newest", "relevance"])
async def test_what_many_have_is_found_whether_it_is_new_or_old(
    hotline: Scene, boss: ClientSession, monkeypatch: pytest.MonkeyPatch, words: str, sort: str
) -> None:
    """PostgreSQL walks back from the newest as far as should do, and where that does not do it asks its index."""
    monkeypatch.setattr(in_postgresql, "_LISTED", 2)
    monkeypatch.setattr(in_postgresql, "RANKED", 5)
    monkeypatch.setattr(in_postgresql, "_PATIENCE", 1)
    old = [await hotline.ticket("电梯困人") for _ in range(8)]
    new = [await hotline.ticket("路灯不亮") for _ in range(16)]
    its = (old if words == "电梯" else new)[::-1]
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        _, page = await ask(boss, "tickets/search", limit=3, q=words, sort=sort, **after)
        found += [row["number"] for row in page["rows"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    of_both = its if sort == "newest" or hotline.database.is_sqlite else its[:5]
    assert found == of_both


async def test_units_find_only_what_they_have_or_had_and_no_name_of_whoever_hid_it(hotline: Scene) -> None:
    theirs = await hotline.ticket(unit="power", caller="13900000001", contact_name="赵铁柱")
    hidden = await hotline.ticket(unit="power", caller="13900000002", contact_name="钱守拙", anonymous=True)
    await hotline.ticket(unit="water")
    await hotline.ticket()
    staff = await hotline.as_("dian", "unit", unit="power")
    for query in ({}, {"q": "路灯"}, {"state": "handling"}, {"sort": "due"}, {"q": "路灯", "sort": "relevance"}):
        assert set(await numbers(staff, **query)) == {theirs, hidden}, query
    assert await numbers(staff, unit="water") == []
    assert await numbers(staff, q="赵铁柱") == [theirs]
    assert await numbers(staff, q="钱守拙") == []
    assert await numbers(staff, q="13900000002") == []
    _, page = await ask(staff, "tickets/search")
    assert {row["number"]: row["caller"] for row in page["rows"]} == {theirs: "139****0001", hidden: ""}


async def test_a_confidential_ticket_is_found_by_those_who_may_see_it(hotline: Scene, boss: ClientSession) -> None:
    secret = await hotline.ticket(unit="power", confidential=True, accepted_by="li")
    li = await hotline.as_("li", "agent", agent="1001")
    wang = await hotline.as_("wang", "agent", agent="1002")
    power = await hotline.as_("dian", "unit", unit="power")
    for query in ({}, {"q": "路灯"}, {"q": "路灯", "sort": "relevance"}, {"sort": "due"}):
        found = [await numbers(one, **query) for one in (boss, li, power, wang)]
        assert found == [[secret], [secret], [secret], []], query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "x" * 201}, "q"),
        ({"state": "lost"}, "state.0"),
        ({"kind": "1 OR 1"}, "kind"),
        ({"unit": "nobody"}, "unit"),
        ({"unit": "' OR 1=1"}, "unit"),
        ({"category": "nothing"}, "category"),
        ({"place": "x" * 31}, "place"),
        ({"agent": "%"}, "agent"),
        ({"caller": "138;"}, "caller"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-23T02:00:00"}, "since"),
        ({"due": "never"}, "due"),
        ({"sort": "random"}, "sort"),
        ({"limit": "201"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"after": "xyz"}, "after"),
        ({"after": "WzEsMl0"}, "after"),
        ({"after": "Ijwi"}, "after"),
        ({"shape": "round"}, "shape"),
    ],
)
async def test_a_hostile_filter_is_refused_by_name(
    hotline: Scene, boss: ClientSession, query: dict[str, str], field: str
) -> None:
    await hotline.ticket()
    status, answer = await ask(boss, "tickets/search", **query)
    assert status == 400, answer
    assert any(name.startswith(field.split(".", maxsplit=1)[0]) for name in answer["fields"]), answer


async def test_a_list_is_kept_shared_and_changed_by_its_owner(hotline: Scene, boss: ClientSession) -> None:
    li = await hotline.as_("li", "agent", agent="1001")
    filters = {"state": ["handling"], "due": "overdue", "sort": "due", "since": "2026-11-01"}
    status, kept = await ask(boss, "saved-lists", {"name": "超期", "filters": filters, "shared": True})
    assert (status, kept["filters"], kept["mine"]) == (201, filters, True)
    status, own = await ask(li, "saved-lists", {"name": "我的", "filters": {"mine": True}})
    assert status == 201
    assert [(one["name"], one["mine"]) for one in (await ask(li, "saved-lists"))[1]] == [
        ("我的", True),
        ("超期", False),
    ]
    assert [one["name"] for one in (await ask(boss, "saved-lists"))[1]] == ["超期"]
    where = f"saved-lists/{kept['id']}"
    assert (await ask(li, where, {"name": "x"}, method="PATCH"))[0] == 403
    assert (await ask(li, where, method="DELETE"))[0] == 403
    assert (await ask(boss, f"saved-lists/{own['id']}", {"name": "x"}, method="PATCH"))[0] == 404
    status, changed = await ask(boss, where, {"name": "已超期", "shared": False}, method="PATCH")
    assert (status, changed["name"], changed["filters"]) == (200, "已超期", filters)
    assert [one["name"] for one in (await ask(li, "saved-lists"))[1]] == ["我的"]
    assert (await ask(boss, where, method="DELETE"))[0] == 204
    assert (await ask(boss, "saved-lists"))[1] == []


async def test_what_cannot_be_kept_is_refused_by_name(hotline: Scene, boss: ClientSession) -> None:
    li = await hotline.as_("li", "agent", agent="1001")
    for body, field in (
        ({"name": "a", "filters": {"shape": 1}}, "filters.shape"),
        ({"name": "a", "filters": {"state": ["lost"]}}, "filters.state.0"),
        ({"name": "a", "filters": {"sort": "random"}}, "filters.sort"),
        ({"name": "", "filters": {}}, "name"),
        ({"name": "x" * 61, "filters": {}}, "name"),
        ({"name": "a", "filters": []}, "filters"),
    ):
        status, answer = await ask(boss, "saved-lists", body)
        assert (status, list(answer["fields"])) == (400, [field])
    assert (await ask(li, "saved-lists", {"name": "a", "filters": {}, "shared": True}))[0] == 403
    assert (await ask(li, "saved-lists", {"name": "a", "filters": {}}))[0] == 201
    status, answer = await ask(li, "saved-lists", {"name": "a", "filters": {}})
    assert (status, list(answer["fields"])) == (409, ["name"])


async def test_a_list_and_a_workbook_say_how_much_working_time_is_left(hotline: Scene, tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    friday, monday = datetime(2026, 11, 20, 16, 30, tzinfo=zone), datetime(2026, 11, 23, 17, 30, tzinfo=zone)
    countdown = Countdown(WorkCalendar(published(), zone), friday, 8)
    wanted: dict[str, tuple[dict[str, Any], str | None]] = {
        "over a weekend": ({"due_at": monday}, "剩 1 个工作日 1 小时"),
        "late": ({"due_at": friday - timedelta(days=2)}, "超期 2 个工作日"),
        "at the city platform": ({"due_at": monday, "state": "city"}, "剩 1 个工作日 3 小时"),
        "in a year unknown": ({"due_at": monday.replace(year=2027)}, export.UNKNOWN_YEAR),
        "waits for the calendar": ({"first_dispatched_at": T0}, export.UNKNOWN_YEAR),
        "not dispatched": ({}, None),
        "closed": ({"due_at": monday, "state": "closed", "closed_at": T0}, None),
    }
    numbers = [await hotline.ticket(title, **fields) for title, (fields, _) in wanted.items()]
    async with hotline.database.begin() as session:
        city = await session.scalar(select(Ticket.id).where(Ticket.state == "city"))
        still = {"started_at": T0, "paused_at": friday - timedelta(hours=2), "stopped_at": None}
        session.add(TicketClock(ticket_id=city, name="total", days=4, due_at=monday, **still))
    who = Identity("boss", "Boss", "supervisor")
    async with hotline.database.read() as session:
        await export.write(session, tmp_path / "x.xlsx", Filters(), who, countdown=countdown, zone=zone)
        found = await session.execute(select(Ticket.number, Ticket.id))
        ids = {row.number: row.id for row in found}
        rows = await rows_of(session, [ids[number] for number in numbers], who, countdown)
    heading, *lines = sheet((tmp_path / "x.xlsx").read_bytes())
    said = {line[heading.index("标题")]: line[heading.index("剩余工作时间")] for line in lines}
    assert said == {title: words for title, (_, words) in wanted.items()}
    for row in rows:
        FoundRow.model_validate(row, strict=True)
    left = {row["title"]: row["left"] and (row["left"]["minutes"], row["left"]["running"]) for row in rows}
    assert left == {
        "over a weekend": (8 * 60, True),
        "late": (14 * 60, True),
        "at the city platform": (10 * 60, False),
        **dict.fromkeys(["in a year unknown", "waits for the calendar", "not dispatched", "closed"]),
    }


def sheet(raw: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(raw))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


async def test_a_workbook_holds_what_was_asked_for_and_no_formula(hotline: Scene, boss: ClientSession) -> None:
    evil = '=HYPERLINK("http://x","y")'
    its = await hotline.ticket(
        evil, unit="power", answer="+1", contact_name="@SUM(A1)", address="-2", caller="013800000001"
    )
    await hotline.ticket("别的", state="closed")
    status, raw = await ask(boss, "tickets/export", state="handling")
    assert status == 200
    book = openpyxl.load_workbook(io.BytesIO(raw))
    heading, row = [list(one) for one in book.active.iter_rows()]
    assert [cell.value for cell in heading] == [name for name, _ in export.COLUMNS]
    assert {cell.data_type for cell in row if cell.value is not None} == {"s"}
    values = dict(zip((cell.value for cell in heading), (cell.value for cell in row), strict=True))
    assert (values["工单编号"], values["标题"], values["诉求内容"]) == (its, evil, evil)
    assert (values["答复内容"], values["联系人"], values["详细地址"]) == ("+1", "@SUM(A1)", "-2")
    assert (values["来电号码"], values["状态"], values["主办单位"]) == ("013****0001", "办理中", "供电公司")
    assert values["受理时间"] == "2026-11-23 10:01:00"
    assert (await hotline.trail())[-1] == ("boss", "tickets_exported", {"rows": 1, "filters": {"state": ["handling"]}})


async def test_a_workbook_is_for_supervisors_and_for_units_their_own(hotline: Scene) -> None:
    theirs = await hotline.ticket(unit="power", anonymous=True)
    await hotline.ticket(unit="water")
    power = await hotline.as_("dian", "unit", unit="power")
    li = await hotline.as_("li", "agent", agent="1001")
    assert (await ask(li, "tickets/export"))[0] == 403
    _, raw = await ask(power, "tickets/export")
    (_, row) = sheet(raw)
    assert (row[0], row[10]) == (theirs, None)


async def test_a_workbook_that_is_full_says_so(hotline: Scene, tmp_path: Path) -> None:
    for _ in range(4):
        await hotline.ticket()
    who = Identity("boss", "Boss", "supervisor")
    async with hotline.database.read() as session:
        zone = ZoneInfo("Asia/Shanghai")
        wanted: dict[str, Any] = {
            "countdown": Countdown(WorkCalendar(published(), zone), T0, 8),
            "zone": zone,
            "most": 3,
        }
        assert await export.write(session, tmp_path / "x.xlsx", Filters(), who, **wanted) == 3
    rows = sheet((tmp_path / "x.xlsx").read_bytes())
    assert len(rows) == 5
    assert "仅导出前" in rows[-1][0]


async def test_a_number_that_somebody_wrote_down_is_masked_in_lists_and_whole_on_the_requests_own_page(
    hotline: Scene, boss: ClientSession
) -> None:
    its = await hotline.ticket("请回电13800001234", unit="power", answer="已致电 138-0000-1234")
    _, found = await ask(boss, "tickets/search")
    (row,) = found["rows"]
    assert (row["title"], row["description"]) == ("请回电138****1234", "请回电138****1234")
    _, raw = await ask(boss, "tickets/export")
    line = sheet(raw)[1]
    assert "请回电138****1234" in line
    assert "已致电 138****1234" in line
    async with hotline.database.read() as session:
        kept = await session.scalar(select(Ticket.title).where(Ticket.number == its))
    assert kept == "请回电13800001234", "as it was written, for whoever works on it"
