"""Finding tickets: the search, lists that people keep, and their export to Excel."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field, ValidationError

from callcenter.hotline.masking import shown, texts_shown
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.audit import record
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.panel.workbook import CONTENT_TYPE, sent
from callcenter.storage.clock import now
from callcenter.tickets.flows.finding import export, saved_lists
from callcenter.tickets.flows.finding.filters import Agent, Caller, Code, Due, Filters, Moment, Part, Question, Unknown
from callcenter.tickets.flows.finding.found import FoundPage, FoundRow, rows_of
from callcenter.tickets.flows.finding.paging import BadCursor
from callcenter.tickets.flows.finding.question import MOST_COUNTED
from callcenter.tickets.flows.finding.saved_lists import Choice, SavedRow
from callcenter.tickets.flows.finding.search import Sort, search
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.rules.words import Kind, Source, Urgency

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ListToKeep(Body):
    """A list under a name of one's own."""

    name: Name
    #: As in the search's query, and `sort`.
    filters: dict[str, Any]
    shared: bool = False


class ListChange(Body):
    """What may be changed about it; members left out stay as they are."""

    name: Name | None = None
    filters: dict[str, Any] | None = None
    shared: bool | None = None


class _Finding(ApiView):
    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.request.app[SETTINGS].time_zone)


class Search(_Finding):
    """/api/v1/tickets/search."""

    @requires("tickets.see")
    @answers(FoundPage)
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        q: Question | None = None,
        state: list[str] = [],  # noqa: B006  # read as the type, never changed
        kind: Kind | None = None,
        unit: Code | None = None,
        category: Code | None = None,
        place: Code | None = None,
        urgency: Urgency | None = None,
        source: Source | None = None,
        agent: Agent | None = None,
        caller: Caller | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        due: Due | None = None,
        mine: bool = False,  # noqa: FBT001, FBT002  # a query parameter
        pending: bool = False,  # noqa: FBT001, FBT002
        part: Part | None = None,
        sort: Sort = "newest",
        after: Annotated[str, Field(max_length=200)] | None = None,
        limit: Annotated[int, Field(ge=1, le=200)] = 50,
    ) -> web.Response:
        """Find tickets that the asker may see: all filters hold; several `state` mean any of them."""
        given = dict(locals())
        filters = _filters(Filters, {name: given[name] for name in Filters.model_fields})
        user = current_user(self.request)
        countdown = self.request.app[TICKETS].countdown(now())
        async with self.request.app[DATABASE].read() as session, _told():
            page = await search(
                session,
                filters,
                user,
                countdown=countdown,
                zone=self._zone,
                sort=sort,
                after=after,
                limit=limit,
                counted=not after,
            )
            rows = await rows_of(session, page.ids, user, countdown)
        total = None if after else min(page.total, MOST_COUNTED)
        rows = texts_shown(user, shown(user, FoundRow, rows), "title", "description")
        return web.json_response({"rows": rows, "next": page.next, "total": total, "more": page.total > MOST_COUNTED})


class Export(_Finding):
    """/api/v1/tickets/export."""

    @requires("tickets.export")
    @answers(bytes, content_type=CONTENT_TYPE)
    async def get(  # noqa: PLR0917
        self,
        q: Question | None = None,
        state: list[str] = [],  # noqa: B006
        kind: Kind | None = None,
        unit: Code | None = None,
        category: Code | None = None,
        place: Code | None = None,
        urgency: Urgency | None = None,
        source: Source | None = None,
        agent: Agent | None = None,
        caller: Caller | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        due: Due | None = None,
        mine: bool = False,  # noqa: FBT001, FBT002
        pending: bool = False,  # noqa: FBT001, FBT002
        part: Part | None = None,
        sort: Sort = "newest",
    ) -> web.StreamResponse:
        """Download the tickets as a workbook, 50,000 at most; for supervisors, and for units their own."""
        given = dict(locals())
        filters = _filters(Filters, {name: given[name] for name in Filters.model_fields})
        user = current_user(self.request)
        database = self.request.app[DATABASE]
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / "tickets.xlsx"
            async with database.read() as session, _told():
                countdown = self.request.app[TICKETS].countdown(now())
                count = await export.write(
                    session, path, filters, user, countdown=countdown, zone=self._zone, sort=sort
                )
            async with database.begin() as session:
                asked = filters.model_dump(mode="json", exclude_defaults=True)
                record(session, actor_of(self.request), "tickets_exported", at=now(), rows=count, filters=asked)
            return await sent(self.request, path, f"tickets-{now().astimezone(self._zone):%Y%m%d-%H%M%S}.xlsx")


class SavedLists(_Finding):
    """/api/v1/saved-lists."""

    @requires("tickets.see")
    @answers(list[SavedRow])
    async def get(self) -> web.Response:
        """List one's own kept lists, and those that are shared."""
        async with self.request.app[DATABASE].read() as session:
            return web.json_response(await saved_lists.listing(session, current_user(self.request)))

    @requires("tickets.see")
    @answers(SavedRow, status=201)
    async def post(self, wanted: ListToKeep) -> web.Response:
        """Keep a list; a supervisor may share it."""
        user, choice = current_user(self.request), _filters(Choice, wanted.filters, "filters.")
        async with self.request.app[DATABASE].begin() as session:
            kept = await saved_lists.add(session, user, wanted.name, choice, shared=wanted.shared, now=now())
            return web.json_response(saved_lists.row_of(kept, user), status=201)


class OneSavedList(_Finding):
    """/api/v1/saved-lists/{id}."""

    @requires("tickets.see")
    @answers(SavedRow)
    async def patch(self, kept_list: Id, /, wanted: ListChange) -> web.Response:
        """Rename a list, change what it asks for, or share it."""
        user = current_user(self.request)
        changes = {name: value for name, value in wanted.model_dump().items() if value is not None}
        if wanted.filters is not None:
            changes["filters"] = _filters(Choice, wanted.filters, "filters.")
        async with self.request.app[DATABASE].begin() as session:
            kept = await saved_lists.change(session, user, kept_list, changes)
            return web.json_response(saved_lists.row_of(kept, user))

    @requires("tickets.see")
    @answers(None, status=204)
    async def delete(self, kept_list: Id, /) -> web.Response:
        """Keep it no longer."""
        async with self.request.app[DATABASE].begin() as session:
            await saved_lists.remove(session, current_user(self.request), kept_list)
        return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the search's API; before `/api/v1/tickets/{number}`, which would take its words for numbers."""
    app.router.add_view("/api/v1/tickets/search", Search)
    app.router.add_view("/api/v1/tickets/export", Export)
    app.router.add_view("/api/v1/saved-lists", SavedLists)
    app.router.add_view("/api/v1/saved-lists/{kept_list}", OneSavedList)


def _filters(model: Any, given: dict[str, Any], prefix: str = "") -> Any:  # noqa: ANN401  # one of two models
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        fields = {(prefix + ".".join(str(part) for part in one["loc"]))[:100]: one["msg"] for one in wrong}
        raise Problem(400, N_("Some fields are wrong."), fields=fields) from error


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    """Refuse what the search does not know, naming the field."""
    try:
        yield
    except Unknown as error:
        raise Problem(400, N_("Some fields are wrong."), fields={error.field: N_("is not known")}) from error
    except BadCursor as error:
        raise Problem(400, N_("Some fields are wrong."), fields={"after": N_("is no mark of a page")}) from error
