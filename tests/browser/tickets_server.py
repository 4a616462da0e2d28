"""A real panel with requests in it: the real rules, database, search and files, and browsers of each role before it."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, CookieJar, web
from aiohttp.typedefs import Handler
from database import migrated_sqlite
from panel_server import floor
from playwright.async_api import Browser, Page
from prometheus_client import CollectorRegistry
from screen import DESK, Screen, Screens, ViewportSize
from sqlalchemy import select, update

from callcenter.hotline.views import desk_messages
from callcenter.panel import server, users
from callcenter.panel.live import LiveState
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor, Identity
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.files.attachments import Attachments
from callcenter.tickets.flows.finding.search_index import index_moved
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.facts import Order
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.moving.opening import New
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.rules.decisions import Doer
from callcenter.tickets.tables import Category, MemberUnit, Place, Ticket, TicketNotice
from callcenter.tickets.views import attachments, drafts, listing, notices, pages, reference, requests, search

PASSWORD = "right horse battery"
UNITS = {"housing": "住建局", "roads": "城管执法局", "water": "水务局", "education": "教育局", "health": "卫健局"}
CATEGORIES = {
    "city": ("城市管理", None),
    "city-lamp": ("路灯照明", "city"),
    "city-noise": ("施工噪声", "city"),
    "water": ("供水排水", None),
}
PLACES = {"north": ("北湖镇", None), "north-1": ("柳荫村", "north"), "south": ("南山街道", None)}
#: Login -> role, unit.
PEOPLE: dict[str, tuple[Role, str | None]] = {
    "li": ("agent", None),
    "wang": ("agent", None),
    "boss": ("supervisor", None),
    "root": ("administrator", None),
    "roads": ("unit", "roads"),
    "water": ("unit", "water"),
}
NAMES = {"li": "李敏", "wang": "王芳", "boss": "赵班长", "root": "管理员", "roads": "城管值班员", "water": "水务值班员"}


def desk_line(app: web.Application) -> None:
    """Add the line between desks and supervisors, which every page listens to."""
    for path, view in desk_messages.ROUTES:
        app.router.add_view(f"/api/v1/{path}", view)


FEATURES = [
    desk_line,
    listing.add_routes,
    requests.add_routes,
    search.add_routes,
    drafts.add_routes,
    attachments.add_routes,
    notices.add_routes,
    reference.add_routes,
    pages.add_routes,
]


@dataclass
class TicketPanel:
    """The served panel, its database, and who moves requests behind the browsers' backs."""

    folder: Path
    url: str = ""
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Paths that the server answers with 503, as if its database were away.
    broken: set[str] = field(default_factory=set)
    #: Routes that a test adds.
    more: list[server.Feature] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Build the database by the migrations and listen on a free port."""
        settings = Settings(data=self.folder / "var")
        self.database = Database(await migrated_sqlite(self.folder / "panel.db"))
        self.mover = Mover(settings, KeptCalendar(settings), [index_moved])
        live = LiveState()
        live.update(floor())
        app = server.build(
            settings, self.database, features=[*FEATURES, *self.more], live=live, registry=CollectorRegistry()
        )
        app.middlewares.append(self._breaking)
        app[TICKETS] = self.desk = TicketDesk(self.database, self.mover)
        app[attachments.ATTACHMENTS] = Attachments(
            self.database, self.folder / "files", node="node1", disk=settings.disk
        )
        await self._people()
        self._serving = server.serving(app, "127.0.0.1", 0)
        runner = await self._serving.__aenter__()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and close the database."""
        await self._serving.__aexit__(None, None, None)
        await self.database.close()

    async def _people(self) -> None:
        now = clock.now()
        async with self.database.begin() as session:
            session.add_all(MemberUnit(code=code, name=name) for code, name in UNITS.items())
            session.add_all(
                Category(code=code, version=1, name=name, parent=above, rank=at, since=now - timedelta(days=900))
                for at, (code, (name, above)) in enumerate(CATEGORIES.items())
            )
            session.add_all(Place(code=code, name=name, parent=above) for code, (name, above) in PLACES.items())
        for login, (role, unit) in PEOPLE.items():
            agent = {"li": "1001", "wang": "1002"}.get(login)
            new = users.NewUser(login, NAMES[login], role, agent, PASSWORD, unit)
            await users.add(self.database, new, actor=Actor("cli", "node1"), now=now)
            async with self.database.begin() as session:
                user = await users.user_by_login(session, login)
                assert user
                user.must_change_password = False

    async def cookie(self, login: str) -> dict[str, str]:
        """What a browser of theirs carries."""
        if login not in self.cookies:
            async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True)) as client:
                async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
                    assert answer.status == 200, await answer.text()
                (self.cookies[login],) = [
                    {"name": one.key, "value": one.value} for one in client.cookie_jar if one["path"] == "/"
                ]
        return {**self.cookies[login], "url": self.url}

    @web.middleware
    async def _breaking(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in self.broken:
            return web.json_response({"error": "数据库暂不可用"}, status=503)
        return await handler(request)

    def doer(self, login: str) -> Identity:
        """Whoever that is, as the panel knows them."""
        role, unit = PEOPLE[login]
        agent = {"li": "1001", "wang": "1002"}.get(login)
        return Identity(login, NAMES[login], role, agent, unit)

    async def open(
        self,
        title: str = "路灯不亮",
        *steps: tuple[Any, ...],
        who: str = "li",
        **fields: Any,  # noqa: ANN401  # of New
    ) -> str:
        """Open a request and make `steps`, each (move, who, order); return its number."""
        wanted = {
            "request_id": str(uuid.uuid4()),
            "kind": "complaint",
            "description": "柳荫村口东侧第三盏路灯已连续三天不亮，夜间老人出行不便，请尽快维修。",
            "category": "city-lamp",
            "place": "north-1",
            "address": "柳荫村 12 号门前",
            "caller": "13800000001",
            "contact_name": "周女士",
            "agent": "1001",
        }
        number, _ = await self.desk.open(New(title=title, **(wanted | fields)), Doer(who, PEOPLE[who][0]))
        await self.go(number, *steps)
        return number

    async def go(self, number: str, *steps: tuple[Any, ...]) -> None:
        """Make steps (move, who, order) behind everybody's back."""
        for move, who, *order in steps:
            await self.desk.move_as(number, move, self.doer(who), Order(**(order[0] if order else {})))

    async def shown(self, number: str, login: str = "root") -> dict[str, Any]:
        """The request as the API tells it."""
        async with self.database.read() as session:
            return await self.desk.show_in(session, number, self.doer(login))

    async def due(self, number: str, moment: datetime) -> None:
        """Move its deadline."""
        async with self.database.begin() as session:
            await session.execute(update(Ticket).where(Ticket.number == number).values(due_at=moment))

    async def notice(self, number: str, kind: str, **fields: Any) -> None:  # noqa: ANN401  # columns
        """Tell somebody something about a request."""
        async with self.database.begin() as session:
            ticket = await session.scalar(select(Ticket.id).where(Ticket.number == number))
            session.add(TicketNotice(ticket_id=ticket, kind=kind, made_at=clock.now(), **fields))


class Desks(Screens):
    """Opens pages for whoever is signed in."""

    def __init__(self, browser: Browser, panel: TicketPanel, artefacts: Path) -> None:
        super().__init__(browser, panel.url, artefacts)
        self.panel = panel

    async def as_(
        self, login: str, path: str, *, size: ViewportSize = DESK, theme: str = "dark", beside: Screen | None = None
    ) -> Screen:
        """Open `path` as `login`; `beside` another page, in the same browser."""
        if beside:
            context = beside.page.context
        else:
            context = await self._browser.new_context(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
            await context.add_cookies([await self.panel.cookie(login)])  # type: ignore[list-item]
            self._contexts.append(context)
        page: Page = await context.new_page()
        page.on("console", self._complaint)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.set_default_timeout(5000)
        await page.goto(f"{self.panel.url}{path}")
        return Screen(page, self._artefacts)


async def barriers(screen: Screen) -> list[str]:
    """What a person who does not see the page, or has no mouse, would stumble over."""
    found: list[str] = await screen.page.evaluate((Path(__file__).parent / "barriers.js").read_text())
    return found
