"""A million requests with their history, and people at work on them: over HTTP on the real panel, and at the database.

The database is generated once for each kind (`callcenter generate`; the same requests in both) into a temporary folder,
or TICKETS_IN names a folder in which it stays for the next time. Each question is asked by one person after the other,
warmed up by one asking. Everything runs on the machine's cores together: panel, database, and who asks.
"""

import asyncio
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from database import new_postgresql
from prometheus_client import CollectorRegistry
from sqlalchemy import func, select

from callcenter.demo.requests.loading import Wish, generate
from callcenter.hotline.listings import ZONE
from callcenter.panel import passwords, server, users
from callcenter.panel.sessions import Actor
from callcenter.reports import indicators
from callcenter.reports import views as reports_views
from callcenter.reports.requests import FORMULAS
from callcenter.reports.rollups import Rollups
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.storage.migrate import upgrade
from callcenter.storage.segmenting import warm
from callcenter.tickets import views as tickets_views
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar, load
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.tables import MemberUnit, Ticket, TicketEntry, TouchedMoment

TICKETS_WANTED = int(os.environ.get("TICKETS", "1000000"))
KEPT = os.environ.get("TICKETS_IN", "")
ROUNDS = int(os.environ.get("ROUNDS", "40"))
PASSWORD = "right horse battery"
#: From what few have to what thousands have; names, numbers, places, and words that nobody said.
SEARCHES = (
    "路灯", "噪声很大", "噪声", "拖欠工资", "电梯", "春晖路", "清澜街道", "13800012345", "张先生", "医保报销",
    "影响休息 工地", "停水 锦绣花园", "枫浦镇 土地流转", "养老保险断缴", "公交车 44路", "预付卡", "不存在的词语",
    "来电", "希望有关部门尽快处理", "云栖花园 物业 门禁",
)  # fmt: skip


@dataclass
class Filled:
    """A database full of requests."""

    kind: str
    database: Database
    settings: Settings


@pytest.fixture(scope="module", autouse=True)
def cheap_hashes() -> Iterator[None]:
    before = passwords._hasher
    passwords._hasher = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    yield
    passwords._hasher = before


_filled: dict[str, str] = {}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    kind = request.param
    folder = Path(KEPT) if KEPT else tmp_path_factory.getbasetemp() / "requests"
    folder.mkdir(exist_ok=True)
    settings = Settings(data=folder / "data")
    if kind not in _filled:
        if kind == "sqlite":
            url = f"sqlite:///{folder}/{TICKETS_WANTED}.db"
        else:
            url = await new_postgresql(request.getfixturevalue("postgresql_server"))
        await upgrade(url)
        await fill(kind, url, settings)
        _filled[kind] = url
    database = Database(_filled[kind])
    yield Filled({"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind], database, settings)
    await database.close()


async def fill(kind: str, url: str, settings: Settings) -> None:
    database = Database(url)
    async with database.read() as session:
        there = await session.scalar(select(Ticket.id).limit(1))
    if there is None:
        begin = time.perf_counter()
        steps: dict[str, float] = {}
        wish = Wish(TICKETS_WANTED, 1, 1095, clock.now())
        processes = max(1, (os.cpu_count() or 1) - 1)
        await generate(
            database,
            settings,
            load(settings),
            wish,
            processes=processes,
            told=lambda what, _: steps.setdefault(what, time.perf_counter() - begin),
        )
        took = time.perf_counter() - begin
        async with database.read() as session:
            entries = await session.scalar(select(func.count()).select_from(TicketEntry))
        print(
            f"\n{kind}: {TICKETS_WANTED:,} requests with {entries:,} entries generated in {took:.0f} s"
            f" (rows {steps['indexes']:.0f}, indexes {steps['search'] - steps['indexes']:.0f},"
            f" full text {took - steps['search']:.0f})"
        )
    begin = time.perf_counter()
    days = await Rollups(database, ZONE, indicators.WORKDAY).count()
    print(f"{kind}: indicators of {days} days counted in {time.perf_counter() - begin:.1f} s")
    await database.close()


@dataclass
class People:
    """The panel, served, and who sits before it."""

    url: str
    app: web.Application
    database: Database
    stack: AsyncExitStack

    async def sign_in(self, login: str, role: str, unit: str | None = None) -> ClientSession:
        new = users.NewUser(login, login, role, None, PASSWORD, unit)  # type: ignore[arg-type]
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = await self.stack.enter_async_context(ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)))
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client


@pytest.fixture
async def people(filled: Filled) -> AsyncIterator[People]:
    async with serving(filled) as found:
        yield found


@asynccontextmanager
async def serving(filled: Filled) -> AsyncIterator[People]:
    app = server.build(
        filled.settings,
        filled.database,
        features=[tickets_views.add_routes, reports_views.add_routes],
        registry=CollectorRegistry(),
    )
    app[TICKETS] = TicketDesk(filled.database, Mover(filled.settings, KeptCalendar(filled.settings)))
    async with AsyncExitStack() as stack, server.serving(app, "127.0.0.1", 0) as runner:
        yield People(f"http://127.0.0.1:{runner.addresses[0][1]}", app, filled.database, stack)


class Table:
    """A table of what was asked, and how long it took, in milliseconds."""

    def __init__(self, title: str) -> None:
        print(f"\n{title}")
        print(f"{'':<44}{'p50':>8}{'p95':>8}{'max':>8}")

    def row(self, what: str, took: Sequence[float], limit: float = 0.1) -> None:
        ordered = sorted(took)
        p50, p95 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95))
        missed = f"  over {limit * 1e3:.0f}" if p95 > limit else ""
        print(f"{what:<44}{p50 * 1e3:>8.1f}{p95 * 1e3:>8.1f}{ordered[-1] * 1e3:>8.1f}{missed}")


async def timed(ask: Callable[[int], Awaitable[object]], rounds: int = ROUNDS, *, warm: bool = True) -> list[float]:
    if warm:
        await ask(0)
    took = []
    for n in range(rounds):
        begin = time.perf_counter()
        await ask(n)
        took.append(time.perf_counter() - begin)
    return took


def asked(client: ClientSession, *paths: str) -> Callable[[int], Awaitable[object]]:
    """Ask for one of `paths` after the other."""

    async def ask(n: int) -> object:
        async with client.get(paths[n % len(paths)]) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return body

    return ask


@pytest.mark.bench
async def test_work_lists_tickets_searches_and_indicators(filled: Filled, people: People) -> None:
    await asyncio.to_thread(warm)
    async with filled.database.read() as session:
        busiest = (
            await session.execute(
                select(MemberUnit.code, func.count())
                .join(Ticket, Ticket.unit_id == MemberUnit.id)
                .group_by(MemberUnit.code)
                .order_by(func.count().desc())
                .limit(1)
            )
        ).one()
        rng = random.Random(1)
        some = [rng.randrange(1, TICKETS_WANTED) for _ in range(400)]
        numbers = (
            await session.scalars(select(Ticket.number).where(Ticket.id.in_(some), Ticket.unit_id.is_not(None)))
        ).all()
    login = uuid.uuid4().hex[:8]
    boss = await people.sign_in(f"boss-{login}", "supervisor")
    unit = await people.sign_in(f"unit-{login}", "unit", busiest.code)
    table = Table(f"{filled.kind}, {TICKETS_WANTED:,} requests, over HTTP, in ms")

    find = "/api/v1/tickets/search"
    table.row("work list: newest", await timed(asked(boss, find)))
    lists = [
        f"{find}?state={state}" for state in ("reviewing", "to_dispatch", "returned", "replied", "to_close", "handling")
    ]
    table.row("work lists by state", await timed(asked(boss, *lists)))
    table.row("work list: overdue", await timed(asked(boss, f"{find}?due=overdue&sort=due")))
    table.row("work list: closed complaints", await timed(asked(boss, f"{find}?state=closed&kind=complaint")))
    table.row(f"work list of a unit ({busiest[1]:,} ever)", await timed(asked(unit, find)))
    table.row("its tickets in hand", await timed(asked(unit, f"{find}?state=dispatched&state=handling&sort=due")))
    table.row(
        "a ticket with its history", await timed(asked(boss, *(f"/api/v1/tickets/{n}" for n in numbers)), ROUNDS * 3)
    )
    searches = [f"{find}?q={words}" for words in SEARCHES]
    # What nobody has asked for since the database came up is read from its files.
    table.row(
        "full-text searches, each for the first time", await timed(asked(boss, *searches), len(searches), warm=False)
    )
    table.row("full-text searches, 20 of them", await timed(asked(boss, *searches), len(searches) * 5))
    best = [f"{one}&sort=relevance" for one in searches]
    await timed(asked(boss, *best), len(searches), warm=False)
    table.row("the same by relevance", await timed(asked(boss, *best), len(searches) * 5))
    await timed(asked(unit, *searches), len(searches), warm=False)
    table.row("full-text searches of a unit", await timed(asked(unit, *searches), len(searches) * 5))

    today = clock.now().date()
    year = f"since={today - timedelta(days=365)}&until={today}"
    for number, formula in FORMULAS.items():
        path = f"/api/v1/indicators?number={number}&{year}"
        table.row(f"indicator {number} {formula.name}, a year", await timed(asked(boss, path)))
    table.row("all twelve, a year", await timed(asked(boss, f"/api/v1/indicators?{year}")))
    behind = [f"/api/v1/indicators/{number}/list?part=failing&{year}" for number in FORMULAS]
    table.row("lists behind them, first page", await timed(asked(boss, *behind)))

    print("at the database:")
    first, last = today - timedelta(days=365), today

    async def at_database(number: int) -> None:
        async with filled.database.read() as session:
            await indicators.indicators(session, first, last, only=number)

    for number in FORMULAS:
        table.row(f"indicator {number}, a year", await timed(lambda _, number=number: at_database(number)))  # type: ignore[misc]

    async def figures(_: int) -> None:
        async with filled.database.read() as session:
            await indicators.figures(session, last)

    table.row("the wallboard's figures", await timed(figures))
    async with filled.database.begin() as session:
        # A busy minute, before the sweep: moves touch days all over the last weeks.
        session.add_all(TouchedMoment(at=clock.now() - timedelta(days=n % 30, hours=n % 24)) for n in range(2000))
    for number in FORMULAS:
        table.row(f"indicator {number}, 30 days touched", await timed(lambda _, number=number: at_database(number)))  # type: ignore[misc]
    begin = time.perf_counter()
    days = await Rollups(filled.database, ZONE, indicators.WORKDAY).count()
    print(f"{days} days counted anew in {time.perf_counter() - begin:.2f} s")


@pytest.mark.bench
async def test_fifty_agents_save_drafts_each_second(filled: Filled, people: People) -> None:
    login = uuid.uuid4().hex[:8]
    agents = [await people.sign_in(f"a{n}-{login}", "agent") for n in range(50)]
    seconds = int(os.environ.get("DRAFT_SECONDS", "20"))
    took: list[float] = []
    begin = time.perf_counter() + 0.5

    async def types(n: int, agent: ClientSession) -> None:
        draft = str(uuid.uuid4())
        text = "市民来电反映：路灯不亮，"
        for second in range(seconds):
            await asyncio.sleep(max(0, begin + second + n / 50 - time.perf_counter()))
            text += "希望有关部门尽快来看看。"
            fields = {"kind": "complaint", "title": "路灯不亮", "description": text}
            sent = time.perf_counter()
            async with agent.put(f"/api/v1/drafts/{draft}", json={"version": second + 1, "fields": fields}) as answer:
                assert answer.status == 200, await answer.text()
            took.append(time.perf_counter() - sent)

    await asyncio.gather(*(types(n, agent) for n, agent in enumerate(agents)))
    table = Table(f"{filled.kind}, {TICKETS_WANTED:,} requests, 50 agents for {seconds} s, in ms")
    table.row("a draft is saved", took, limit=0.05)
