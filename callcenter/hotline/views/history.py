"""The history's API: calls."""

from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.hotline import listings
from callcenter.hotline.masking import on_line, shown
from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.keys import DATABASE, SETTINGS

Limit = Annotated[int, Field(ge=1, le=10_000)]


class Calls(ApiView):
    """/api/v1/calls."""

    @requires("calls.see")
    @answers(list[listings.CallRow])
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        day: date | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        outcome: str | None = None,
        agent: str | None = None,
        caller: str | None = None,
        callback: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None,
        limit: Limit = 200,
    ) -> web.Response:
        """List calls, newest first; `callback` asks for all of whom that callback is owed to."""
        async with self.request.app[DATABASE].read() as session:
            rows = await listings.calls(
                session,
                day=day,
                since=since,
                until=until,
                outcome=outcome or None,
                agent=agent or None,
                caller=caller,
                callback=callback,
                limit=limit,
                time_zone=self.request.app[SETTINGS].time_zone,
            )
        user = current_user(self.request)
        return web.json_response(shown(user, listings.CallRow, rows, on_line(user)))
