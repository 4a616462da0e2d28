"""The indicators on the panel: the API, and today's figures on the wallboard."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from callcenter.hotline.events import HotlineEvent
from callcenter.hotline.masking import shown, texts_shown
from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, MANIFEST, SETTINGS
from callcenter.panel.live import LiveState
from callcenter.panel.pages import add_page
from callcenter.panel.problems import Problem
from callcenter.reports import indicators as formulas
from callcenter.reports import lists, timeline_views
from callcenter.reports.missed import MissedCalls
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.tickets.flows.finding.paging import BadCursor

#: A busy hour's figures are read at most this often, in seconds; well within the 200 ms that a wallboard may lag.
_BREATH = 0.1
#: What another node stores comes without an event.
_AT_LEAST_EVERY = 20.0


class Figures:
    """Keeps today's figures in the live document: read again whenever calls were stored.

    `on_most(waiting)` is told the most callers that waited at once today, at the start and at each midnight.
    """

    def __init__(self, database: Database, live: LiveState, time_zone: str, on_most: Callable[[int], None]) -> None:
        self._database = database
        self._live = live
        self._time_zone = time_zone
        self._on_most = on_most
        self._day: date | None = None
        self._changed = asyncio.Event()
        self._changed.set()

    def changed(self, _events: Sequence[HotlineEvent]) -> None:
        """Calls were stored: the figures are to be read again."""
        self._changed.set()

    def new_day(self) -> None:
        """Midnight: the figures begin again."""
        self._changed.set()

    async def run(self) -> None:
        """Read and show the figures whenever they may have changed, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_LEAST_EVERY):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._show()
            except (SQLAlchemyError, OSError):
                self._changed.set()  # the historian says what is wrong; here it is only tried again
                await asyncio.sleep(1)
            else:
                await asyncio.sleep(_BREATH)

    async def _show(self) -> None:
        day = now().astimezone(ZoneInfo(self._time_zone)).date()
        async with self._database.read() as session:
            figures = await formulas.figures(session, day, self._time_zone)
            if day != self._day:
                self._on_most(await formulas.max_waiting_seen(session, day, day, self._time_zone))
                self._day = day
        self._live.set("figures", figures)


def _days(request: web.Request, since: date | None, until: date | None) -> tuple[date, date]:
    """Return the first and the last day that are asked for; today when left out."""
    today = now().astimezone(ZoneInfo(request.app[SETTINGS].time_zone)).date()
    first, last = since or until or today, until or today
    if last < first:
        raise Problem(400, N_("Some fields are wrong."), fields={"until": "is before since"})
    return first, last


class Indicators(ApiView):
    """/api/v1/indicators."""

    @requires("figures.see")
    @answers(list[formulas.IndicatorRow])
    async def get(
        self,
        since: date | None = None,
        until: date | None = None,
        number: Annotated[int, Field(ge=1, le=12)] | None = None,
    ) -> web.Response:
        """Show the twelve indicators from the day `since` to the day `until`, both included; today when left out.

        With `number` only that one.
        """
        settings = self.request.app[SETTINGS]
        first, last = _days(self.request, since, until)
        async with self.request.app[DATABASE].read() as session:
            rows = await formulas.indicators(
                session, first, last, time_zone=settings.time_zone, workday=formulas.workday_of(settings), only=number
            )
        return web.json_response(rows)


class BehindIndicator(ApiView):
    """/api/v1/indicators/{number}/list."""

    @requires("reports.see")
    @answers(lists.Behind)
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        number: int,
        /,
        since: date | None = None,
        until: date | None = None,
        part: lists.Which = "denominator",
        after: str | None = None,
        limit: Annotated[int, Field(ge=1, le=500)] = 100,
    ) -> web.Response:
        """List the calls or requests that the indicator counts, oldest first: all, the good ones, or the others."""
        if number not in lists.LISTED:
            raise Problem(404, N_("There is no list behind this indicator."))
        settings = self.request.app[SETTINGS]
        first, last = _days(self.request, since, until)
        period = formulas.period_of(first, last, settings.time_zone, workday=formulas.workday_of(settings))
        wanted = lists.Page(part, after, limit, current_user(self.request).has("tickets.see_confidential"))
        try:
            async with self.request.app[DATABASE].read() as session:
                page = await lists.behind(session, number, period, wanted)
        except BadCursor:
            fault = N_("is no cursor that a page gave")
            raise Problem(400, N_("Some fields are wrong."), fields={"after": fault}) from None
        user = current_user(self.request)
        page = shown(user, lists.Behind, page)
        return web.json_response({**page, "rows": texts_shown(user, page["rows"], "title")})


def add_routes(app: web.Application) -> None:
    """Add the reports' API and page."""
    app.router.add_view("/api/v1/indicators", Indicators)
    app.router.add_view("/api/v1/indicators/{number}/list", BehindIndicator)
    app.router.add_view("/api/v1/missed-calls", MissedCalls)
    for path, view in timeline_views.ROUTES:
        app.router.add_view(f"/api/v1/{path}", view)
    if MANIFEST in app:
        add_page(app, "/timeline", "timeline.html", right="reports.see")
        add_page(app, "/agent-day", "agent_day.html", right="reports.see")
        add_page(app, "/indicators", "indicators.html", right="reports.see")
