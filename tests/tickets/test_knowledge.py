"""The knowledge base: the best answer first, what has expired last, versions that stay, counts, flags, its import."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from found_scene import T0, Scene, ask, scene
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from callcenter.panel import passwords
from callcenter.panel.sessions import Actor
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.knowledge import articles as knowledge
from callcenter.tickets.flows.knowledge import samples as knowledge_samples
from callcenter.tickets.flows.knowledge.importing import Faulty, parsed, take_over
from callcenter.tickets.tables import Article, ArticleVersion

TODAY = clock.now().date()


@pytest_asyncio.fixture
async def hotline(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    async with scene(database, tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def boss(hotline: Scene) -> ClientSession:
    return await hotline.as_("boss", "supervisor")


@pytest_asyncio.fixture
async def li(hotline: Scene) -> ClientSession:
    return await hotline.as_("li", "agent", agent="1001")


async def article(boss: ClientSession, title: str, body: str = "正文", **fields: Any) -> int:  # noqa: ANN401
    status, made = await ask(boss, "knowledge", {"title": title, "body": body, **fields})
    assert status == 201, made
    return int(made["id"])


async def titles(client: ClientSession, **query: Any) -> list[str]:  # noqa: ANN401
    status, page = await ask(client, "knowledge", **query)
    assert status == 200, page
    return [row["title"] for row in page["rows"]]


async def test_the_best_answer_comes_first_and_what_has_expired_last(boss: ClientSession, li: ClientSession) -> None:
    await article(boss, "公积金提取", valid_until=str(TODAY - timedelta(days=2)))
    await article(boss, "租房", "租房可以提取公积金，公积金余额要够。公积金。公积金。")
    await article(boss, "公积金缴存", "单位缴存")
    await article(boss, "买房", keywords="公积金贷款")
    await article(boss, "公积金新办法", valid_from=str(TODAY + timedelta(days=9)))
    found = await titles(li, q="公积金")
    assert set(found[:2]) == {"公积金缴存", "买房"}
    assert found[2] == "租房"
    assert set(found[3:]) == {"公积金提取", "公积金新办法"}
    _, page = await ask(li, "knowledge", q="公积金")
    assert [row["expired"] for row in page["rows"]] == [False, False, False, True, True]
    assert await titles(li, q="公积金 提取") == ["租房", "公积金提取"]
    assert "公积金余额" in next(row for row in page["rows"] if row["title"] == "租房")["excerpt"]


@pytest.mark.parametrize("question", ['" OR * NEAR( :', "' | 公积金", "火星", "%", "😭", "x" * 200])
async def test_words_are_never_syntax(boss: ClientSession, li: ClientSession, question: str) -> None:
    await article(boss, "公积金提取")
    assert await titles(li, q=question) in ([], ["公积金提取"] if "公积金" in question else [])


async def test_a_change_is_a_version_and_the_earlier_text_stays(
    hotline: Scene, boss: ClientSession, li: ClientSession
) -> None:
    id_ = await article(boss, "养犬登记", "去派出所", unit="power")
    status, after = await ask(boss, f"knowledge/{id_}", {"version": 1, "body": "去政务中心"}, method="PATCH")
    assert (status, after["version"], after["body"], after["unit"]["code"]) == (200, 2, "去政务中心", "power")
    assert [(one["version"], one["body"]) for one in after["versions"]] == [(2, "去政务中心"), (1, "去派出所")]
    assert await titles(li, q="派出所") == []
    assert await titles(li, q="政务中心") == ["养犬登记"]
    status, refused = await ask(boss, f"knowledge/{id_}", {"version": 1, "body": "别处"}, method="PATCH")
    assert (status, list(refused["fields"])) == (409, ["version"])
    async with hotline.database.begin() as session:
        assert len((await session.scalars(select(ArticleVersion))).all()) == 2
    for deed in (update(ArticleVersion).values(body="x"), delete(ArticleVersion)):
        with pytest.raises(DBAPIError, match="only ever added"):
            async with hotline.database.begin() as session:
                await session.execute(deed)
    assert [one[1] for one in (await hotline.trail())[-2:]] == ["article_added", "article_changed"]


async def test_two_who_change_at_once_lose_no_text(boss: ClientSession) -> None:
    id_ = await article(boss, "养犬登记")
    changes = [ask(boss, f"knowledge/{id_}", {"version": 1, "body": text}, method="PATCH") for text in ("甲", "乙")]
    answers = await asyncio.gather(*changes)
    assert sorted(status for status, _ in answers) == [200, 409]


async def test_an_article_that_is_changed_while_it_is_read_reads_as_one(boss: ClientSession) -> None:
    id_ = await article(boss, "甲", "甲")
    done = asyncio.Event()

    async def write() -> None:
        for version in range(1, 13):
            text = "甲乙"[version % 2]
            await ask(boss, f"knowledge/{id_}", {"version": version, "title": text, "body": text}, method="PATCH")
        done.set()

    async def read() -> int:
        seen = 0
        while not done.is_set():
            _, whole = await ask(boss, f"knowledge/{id_}")
            assert whole["title"] == whole["body"] == whole["versions"][0]["title"]
            assert whole["version"] == whole["versions"][0]["version"]
            seen += 1
        return seen

    _, seen = await asyncio.gather(write(), read())
    assert seen > 1


async def test_an_answer_counts_once_for_each_ticket(boss: ClientSession, li: ClientSession) -> None:
    id_ = await article(boss, "养犬登记")
    for ticket, count in (("A1", 1), ("A1", 1), ("A2", 2), (None, 3)):
        status, after = await ask(li, f"knowledge/{id_}/used", {"ticket": ticket} if ticket else {})
        assert (status, after["used"]) == (200, count)
    answers = await asyncio.gather(*[ask(li, f"knowledge/{id_}/used", {"ticket": "B"}) for _ in range(8)])
    assert {after["used"] for _, after in answers} == {4}


async def test_a_flag_from_the_desk_stands_until_a_supervisor_looked(
    hotline: Scene, boss: ClientSession, li: ClientSession
) -> None:
    id_ = await article(boss, "养犬登记")
    other = await article(boss, "停水")
    assert (await ask(li, f"knowledge/{id_}/outdated", {"note": "搬家了"}))[1]["flag_note"] == "搬家了"
    _, twice = await ask(boss, f"knowledge/{id_}/outdated", {"note": "电话也换了"})
    assert (twice["flagged_by"], twice["flag_note"]) == ("li", "搬家了\nboss: 电话也换了")
    assert await titles(boss, view="flagged") == ["养犬登记"]
    assert await titles(boss, view="flagged", q="停水") == []
    _, looked = await ask(boss, f"knowledge/{id_}", {"version": 1}, method="PATCH")
    assert (looked["flagged_at"], looked["version"]) == (None, 1)
    assert await titles(boss, view="flagged") == []
    await ask(li, f"knowledge/{other}/outdated", {"note": "过期"})
    _, changed = await ask(boss, f"knowledge/{other}", {"version": 1, "body": "新的"}, method="PATCH")
    assert (changed["flagged_at"], changed["version"]) == (None, 2)
    trail = [one[1] for one in await hotline.trail()]
    assert trail.count("article_flagged") == 3
    assert "article_checked" in trail


async def test_views_show_what_ends_and_what_is_not_published_to_those_who_write(
    boss: ClientSession, li: ClientSession
) -> None:
    await article(boss, "快到期", valid_until=str(TODAY + timedelta(days=5)))
    await article(boss, "已到期", valid_until=str(TODAY - timedelta(days=5)))
    await article(boss, "长期")
    draft = await article(boss, "草稿", state="draft")
    await article(boss, "下架", state="withdrawn")
    assert await titles(li, view="expiring") == ["已到期", "快到期"]
    assert set(await titles(li)) == {"快到期", "已到期", "长期"}
    assert await titles(li, q="草稿") == []
    assert await titles(li, view="draft") == []
    assert (await ask(li, f"knowledge/{draft}"))[0] == 404
    assert await titles(boss, view="draft") == ["草稿"]
    assert await titles(boss, view="withdrawn") == ["下架"]
    assert await titles(boss, q="下架", view="withdrawn") == ["下架"]
    assert (await ask(boss, f"knowledge/{draft}"))[1]["state"] == "draft"


async def test_who_may_not_write_is_refused_and_every_wrong_field_is_named(
    hotline: Scene, boss: ClientSession, li: ClientSession
) -> None:
    id_ = await article(boss, "养犬登记")
    unit = await hotline.as_("dian", "unit", unit="power")
    assert (await ask(li, "knowledge", {"title": "a", "body": "b"}))[0] == 403
    assert (await ask(li, f"knowledge/{id_}", {"version": 1, "body": "b"}, method="PATCH"))[0] == 403
    assert (await ask(unit, "knowledge"))[0] == 403
    for body, field in (
        ({"title": "", "body": "b"}, "title"),
        ({"title": "x" * 201, "body": "b"}, "title"),
        ({"title": "a\nb", "body": "b"}, "title"),
        ({"title": "a", "body": ""}, "body"),
        ({"title": "a", "body": "x" * 20_001}, "body"),
        ({"title": "a", "body": "b", "keywords": "x" * 1001}, "keywords"),
        ({"title": "a", "body": "b", "unit": "nobody"}, "unit"),
        ({"title": "a", "body": "b", "valid_from": "2026-02-30"}, "valid_from"),
        ({"title": "a", "body": "b", "valid_from": "2026-02-03", "valid_until": "2026-02-02"}, "valid_until"),
        ({"title": "a", "body": "b", "state": "gone"}, "state"),
        ({"title": "a", "body": "b", "shape": 1}, "shape"),
    ):
        status, answer = await ask(boss, "knowledge", body)
        assert (status, list(answer["fields"])) == (400, [field])
    assert list((await ask(boss, f"knowledge/{id_}", {"version": 1, "title": None}, method="PATCH"))[1]["fields"]) == [
        "title"
    ]
    assert (await ask(boss, "knowledge/999/used", {}))[0] == 404
    assert (await ask(boss, "knowledge/999"))[0] == 404
    assert (await ask(li, f"knowledge/{id_}/outdated", {"note": ""}))[0] == 400
    assert (await ask(li, "knowledge", limit=500))[0] == 400


CSV = "标题,关键词,内容,责任单位,失效日期\n养犬,狗证,去派出所,供电公司,2027/1/5\n停水,,看公告,water,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_a_file_is_taken_over_once_however_often_it_is_read(
    hotline: Scene, li: ClientSession, encoding: str
) -> None:
    for raw, counts in ((CSV, (2, 0, 0)), (CSV, (0, 0, 2)), (CSV.replace("去派出所", "去政务中心"), (0, 1, 1))):
        async with hotline.database.begin() as session:
            done = await take_over(session, Actor("cli", "n"), parsed(raw.encode(encoding)), now=T0)
        assert (done.added, done.changed, done.same) == counts
    assert await titles(li, q="政务中心 狗证") == ["养犬"]
    _, page = await ask(li, "knowledge", q="养犬")
    assert (page["rows"][0]["unit"]["code"], page["rows"][0]["valid_until"]) == ("power", "2027-01-05")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["line 1"]),
        ("标题,关键词\na,b\n", ["line 1"]),
        ("title,body\n,b\na,\n", ["line 2: title", "line 3: body"]),
        (f"title,body\n{'x' * 201},b\n", ["line 2: title"]),
        ("title,body,valid_until\na,b,soon\n", ["line 2: valid_until"]),
        ('title,body\n"a,b\n', ["line 2"]),
        ("title,body,unit\na,b,nobody\n", ["line 2: unit"]),
    ],
)
async def test_a_faulty_file_is_refused_line_by_line_and_nothing_of_it_is_taken(
    hotline: Scene, text: str, faults: list[str]
) -> None:
    with pytest.raises(Faulty) as refused:
        async with hotline.database.begin() as session:
            await take_over(session, Actor("cli", "n"), parsed(text.encode()), now=T0)
    for fault, expected in zip(refused.value.faults, faults, strict=True):
        assert fault.startswith(expected)
    async with hotline.database.read() as session:
        assert (await session.scalars(select(Article))).all() == []


async def test_samples_are_added_to_an_empty_base_only_and_are_found_after_a_rebuild(
    hotline: Scene, li: ClientSession
) -> None:
    for count in (len(knowledge_samples.SAMPLES), 0):
        async with hotline.database.begin() as session:
            assert await knowledge_samples.ensure_samples(session, "n", now=T0, today=TODAY) == count
    before = await titles(li, q="身份证丢失了")
    assert before == ["身份证补办流程"]
    assert await knowledge.rebuild(hotline.database) == len(knowledge_samples.SAMPLES)
    assert await titles(li, q="身份证丢失了") == before
