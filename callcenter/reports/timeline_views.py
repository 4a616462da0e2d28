"""The timeline of a day and an agent's day: their API."""

from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.hotline.listings import CallRow
from callcenter.panel.access import requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.reports import timeline
from callcenter.storage.clock import now

#: The longest stretch of time whose calls are listed at once.
_LONGEST = timedelta(days=1, hours=1)


class TimelineOfDay(ApiView):
    """/api/v1/reports/timeline."""

    @requires("reports.see")
    @answers(timeline.Timeline)
    async def get(self, day: date | None = None) -> web.Response:
        """Show a day in slices of five minutes; today, until now, when left out."""
        zone = self.request.app[SETTINGS].time_zone
        at = now()
        async with self.request.app[DATABASE].read() as session:
            found = await timeline.timeline(session, day or at.astimezone(ZoneInfo(zone)).date(), at, zone)
        return web.json_response(found)


class BehindTimeline(ApiView):
    """/api/v1/reports/timeline/calls."""

    @requires("reports.see")
    @answers(list[CallRow])
    async def get(
        self,
        which: timeline.Which,
        since: AwareDatetime,
        until: AwareDatetime,
        limit: Annotated[int, Field(ge=1, le=2000)] = 500,
    ) -> web.Response:
        """List the calls that a number of the timeline counts, oldest first; a day of them at most."""
        if not since < until <= since + _LONGEST:
            raise Problem(400, N_("Some fields are wrong."), fields={"until": "is not within a day after since"})
        async with self.request.app[DATABASE].read() as session:
            return web.json_response(await timeline.behind(session, which, since, until, limit=limit))


class DayOfAgent(ApiView):
    """/api/v1/reports/agent-day."""

    @requires("reports.see")
    @answers(timeline.AgentDay)
    async def get(
        self, agent: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,20}$")], day: date | None = None
    ) -> web.Response:
        """Show an agent's day: what they did when, their calls and figures; today when left out."""
        zone = self.request.app[SETTINGS].time_zone
        at = now()
        try:
            async with self.request.app[DATABASE].read() as session:
                found = await timeline.agent_day(session, agent, day or at.astimezone(ZoneInfo(zone)).date(), at, zone)
        except LookupError:
            raise Problem(404, N_("There is no such agent.")) from None
        return web.json_response(found)


ROUTES = (
    ("reports/timeline", TimelineOfDay),
    ("reports/timeline/calls", BehindTimeline),
    ("reports/agent-day", DayOfAgent),
)
