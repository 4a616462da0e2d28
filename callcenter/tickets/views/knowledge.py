"""The knowledge base's API 知识库: agents search, read, count and flag; supervisors write."""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter.hotline.listings import Row
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, MANIFEST, SETTINGS
from callcenter.panel.pages import add_page
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding.filters import Code
from callcenter.tickets.flows.knowledge import articles as knowledge
from callcenter.tickets.flows.knowledge import search as knowledge_search
from callcenter.tickets.flows.knowledge.search import ArticleDetail, ArticlePage, Asked, View

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Keywords = Annotated[str, Field(max_length=1000)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
State = Literal["draft", "published", "withdrawn"]
#: As JSON writes it.
Day = Annotated[date, Field(strict=False)]


class NewArticle(Body):
    """An article."""

    title: Title
    #: What citizens ask, and other words that it shall be found by.
    keywords: Keywords = ""
    body: Text
    #: Code of the unit that answers for it.
    unit: Code | None = None
    #: First and last day on which it holds.
    valid_from: Day | None = None
    valid_until: Day | None = None
    state: State = "published"


class ArticleChange(Body):
    """What may be changed about an article, as it was at `version`; members left out stay as they are.

    A change without any says that the article still holds, and takes its flag away.
    """

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    title: Title | None = None
    keywords: Keywords | None = None
    body: Text | None = None
    unit: Code | None = None
    valid_from: Day | None = None
    valid_until: Day | None = None
    state: State | None = None


class Used(Body):
    """Where it was used: the ticket's number, or the name of the form that becomes one."""

    ticket: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None = None


class OutOfDate(Body):
    """What is out of date about it."""

    note: Annotated[str, Field(min_length=2, max_length=300)]


class _Knowledge(ApiView):
    @property
    def _database(self) -> Database:
        return self.request.app[DATABASE]

    @property
    def _today(self) -> date:
        return now().astimezone(ZoneInfo(self.request.app[SETTINGS].time_zone)).date()

    @property
    def _writes(self) -> bool:
        return current_user(self.request).has("knowledge.write")

    async def _shown(self, id_: int, status: int = 200) -> web.Response:
        async with self._database.read() as session:
            row = await knowledge_search.detail(session, id_, today=self._today, everything=self._writes)
        if row is None:
            raise Problem(404, N_("There is no such article."))
        return web.json_response(row, status=status)


class Articles(_Knowledge):
    """/api/v1/knowledge."""

    @requires("knowledge.see")
    @answers(ArticlePage)
    async def get(
        self,
        q: Annotated[str, Field(max_length=200)] = "",
        unit: Code | None = None,
        view: View = "all",
        limit: Annotated[int, Field(ge=1, le=200)] = 20,
    ) -> web.Response:
        """Find articles, the best answers first and what has expired last; without words the last changed first."""
        asked = Asked(q, unit, view, everything=self._writes)
        async with self._database.read() as session:
            rows, more = await knowledge_search.found(session, asked, today=self._today, limit=limit)
        return web.json_response({"rows": rows, "more": more})

    @requires("knowledge.write")
    @answers(ArticleDetail, status=201)
    async def post(self, new: NewArticle) -> web.Response:
        """Add an article."""
        async with self._database.begin() as session:
            article = await knowledge.add(session, actor_of(self.request), new.model_dump(), now=now())
        return await self._shown(article.id, 201)


class OneArticle(_Knowledge):
    """/api/v1/knowledge/{id}."""

    @requires("knowledge.see")
    @answers(ArticleDetail)
    async def get(self, article: Id, /) -> web.Response:
        """Return an article with its history."""
        return await self._shown(article)

    @requires("knowledge.write")
    @answers(ArticleDetail)
    async def patch(self, article: Id, /, wanted: ArticleChange) -> web.Response:
        """Change an article; earlier versions stay readable, and what was said of it at the desk is answered."""
        changes: Row = wanted.model_dump(exclude_unset=True, exclude={"version"})
        needed = ("title", "keywords", "body", "state")
        if nothing := [name for name in needed if name in changes and changes[name] is None]:
            raise Problem(400, N_("Some fields are wrong."), fields=dict.fromkeys(nothing, N_("may not be empty")))
        async with self._database.begin() as session:
            actor = actor_of(self.request)
            await knowledge.change(session, actor, article, changes, version=wanted.version, now=now())
        return await self._shown(article)


class Use(_Knowledge):
    """/api/v1/knowledge/{id}/used."""

    @requires("knowledge.see")
    @answers(ArticleDetail)
    async def post(self, article: Id, /, wanted: Used) -> web.Response:
        """Count an answer that came from it, once for each ticket."""
        async with self._database.begin() as session:
            await knowledge.use(session, actor_of(self.request), article, wanted.ticket, now=now())
        return await self._shown(article)


class Outdated(_Knowledge):
    """/api/v1/knowledge/{id}/outdated."""

    @requires("knowledge.see")
    @answers(ArticleDetail)
    async def post(self, article: Id, /, wanted: OutOfDate) -> web.Response:
        """Say that it is out of date; supervisors find it in their list."""
        async with self._database.begin() as session:
            await knowledge.flag(session, actor_of(self.request), article, wanted.note, now=now())
        return await self._shown(article)


def add_routes(app: web.Application) -> None:
    """Add the knowledge base's API and page."""
    app.router.add_view("/api/v1/knowledge", Articles)
    app.router.add_view("/api/v1/knowledge/{article}", OneArticle)
    app.router.add_view("/api/v1/knowledge/{article}/used", Use)
    app.router.add_view("/api/v1/knowledge/{article}/outdated", Outdated)
    if MANIFEST in app:
        add_page(app, "/knowledge", "knowledge.html", right="knowledge.see")
