"""Pages and API of tickets. Thin: they read the request, ask a listing, and show it."""

from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.hotline.masking import shown, texts_shown
from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.keys import DATABASE, MANIFEST, SETTINGS
from callcenter.panel.pages import add_page
from callcenter.tickets import listings


class Tickets(ApiView):
    """/api/v1/tickets."""

    @requires("tickets.see_all")
    @answers(list[listings.TicketRow])
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        day: date | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        state: str | None = None,
        caller: str | None = None,
        limit: Annotated[int, Field(ge=1, le=10_000)] = 200,
    ) -> web.Response:
        """List tickets, newest first."""
        async with self.request.app[DATABASE].read() as session:
            rows = await listings.tickets(
                session,
                day=day,
                since=since,
                until=until,
                state=state or None,
                caller=caller,
                limit=limit,
                time_zone=self.request.app[SETTINGS].time_zone,
                identity=current_user(self.request),
            )
        user = current_user(self.request)
        rows = shown(user, listings.TicketRow, rows)
        return web.json_response(texts_shown(user, rows, "title", "description"))


def add_routes(app: web.Application) -> None:
    """Add the page; `requests` adds the API, with which new tickets are sent to the same place."""
    if MANIFEST in app:
        add_page(app, "/tickets", "tickets.html", right="tickets.see_all")
