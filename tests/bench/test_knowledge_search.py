"""A knowledge base of 100,000 articles: how long a search takes, at the database and over HTTP, on both databases."""

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry
from sqlalchemy import insert

from callcenter.panel import server
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tickets.flows.knowledge import articles as knowledge
from callcenter.tickets.tables import Article
from callcenter.tickets.views import knowledge as views

COUNT = int(os.environ.get("ARTICLES", "100000"))
ROUNDS = 5
NOW = datetime(2026, 11, 24, tzinfo=UTC)
THINGS = (
    *("路灯", "公积金", "医保", "社保", "身份证", "户口", "驾驶证", "居住证", "营业执照", "低保"),
    *("养老金", "失业金", "生育津贴", "婚姻登记", "不动产", "房产证", "停车", "物业", "供暖", "供水"),
    *("供电", "燃气", "公交", "地铁", "出租车", "垃圾", "噪音", "油烟", "违建", "占道"),
    *("养犬", "绿化", "河道", "秸秆", "学区", "入学", "幼儿园", "培训", "疫苗", "挂号"),
    *("体检", "残疾证", "老年证", "救助", "信访", "举报", "欠薪", "仲裁", "合同", "退费"),
)
DEEDS = (
    *("办理", "补办", "申请", "查询", "投诉", "报修", "缴费", "提取"),
    *("变更", "注销", "登记", "预约", "咨询", "年审", "转移", "退还"),
)
WHERE = (*("南门街道", "北门镇", "城东街道", "开发区", "临江村", "老城区", "新区", "和平路", "建设大街", "幸福小区"),)
ENDS = (
    "请携带身份证原件到窗口办理，一般三个工作日内办结。",
    "可在政务服务网全程网上办理，无需到现场。",
    "受理后派往责任单位，两个工作日内答复来电人。",
    "不符合条件的应当一次性告知理由和补正材料。",
    "材料不齐的，请先联系社区工作人员。",
)
#: From what one article has to what every third one has, and what none has.
QUESTIONS = (
    *("公积金", "公积金提取", "路灯报修", "南门街道停车", "身份证补办材料", "医保", "办理", "窗口办理", "理", "路灯"),
    *(
        "残疾证 年审 临江村",
        "幸福小区燃气缴费",
        "第77777号",
        "火星移民",
        '"政务服务网全程"',
        "三个工作日",
        "社区",
        "wifi",
    ),
)


async def _fill(database: Database) -> float:
    some = random.Random(12345)
    began = time.perf_counter()
    for start in range(0, COUNT, 5000):
        rows = []
        for place in range(start, min(start + 5000, COUNT)):
            thing, deed, where = some.choice(THINGS), some.choice(DEEDS), some.choice(WHERE)
            body = "\n".join(some.sample(ENDS, 3)) + f"{where}{thing}{some.choice(DEEDS)}点第{place}号窗口。"
            rows.append(
                {
                    "title": f"{where}{thing}{deed}第{place}号",
                    "keywords": f"{thing} {some.choice(THINGS)}",
                    "body": body * 2,
                    "state": "published",
                    "version": 1,
                    "changed_at": NOW,
                    "changed_by": "x",
                    "used": 0,
                }
            )
        async with database.begin() as session:
            await (await session.connection()).execute(insert(Article), rows)
    await knowledge.rebuild(database)
    return time.perf_counter() - began


@pytest.mark.bench
async def test_a_search_over_100_000_articles(database: Database, tmp_path: Path) -> None:
    seconds = await _fill(database)
    app = server.build(
        Settings(data=tmp_path / "var"), database, features=[views.add_routes], registry=CollectorRegistry()
    )
    token = (tmp_path / "var" / "secrets" / "cli.token").read_text().strip()
    times: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    async with server.serving(app, "127.0.0.1", 0) as runner:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/knowledge"
        async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as client:
            async with client.get(url, params={"q": "公积金"}) as answer:
                await answer.read()  # the first question loads the dictionary
            for _ in range(ROUNDS):
                for question in QUESTIONS:
                    began = time.perf_counter()
                    async with client.get(url, params={"q": question}) as answer:
                        page = await answer.json()
                    times.setdefault(question, []).append(time.perf_counter() - began)
                    counts[question] = len(page["rows"])
    every = sorted(one for some in times.values() for one in some)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    print(f"\n{kind}: {COUNT} articles stored and indexed in {seconds:.0f} s; search over HTTP, milliseconds")
    for question, some in times.items():
        print(f"  {question:<24} {counts[question]:>3} rows  median {sorted(some)[len(some) // 2] * 1e3:7.1f}")
    p50, p95 = every[len(every) // 2] * 1e3, every[int(len(every) * 0.95)] * 1e3
    print(f"  all: p50 {p50:.1f}  p95 {p95:.1f}  max {every[-1] * 1e3:.1f}")
    assert counts["火星移民"] == counts["wifi"] == 0
    assert counts["公积金提取"] == 20
    if COUNT > 77_777:
        assert counts["第77777号"] == 1
    assert p95 < 100
