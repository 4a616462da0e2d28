"""/api/v1/notices: what one is told of tickets. Each sees their own: a unit its unit's, supervisors theirs together."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets.flows.telling import notices as flows

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Seen(Body):
    """Which notices were seen."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]


class Notices(ApiView):
    """/api/v1/notices."""

    @requires("notices.see")
    @answers(list[flows.NoticeRow])
    async def get(self, *, seen: bool | None = None, limit: Annotated[int, Field(ge=1, le=500)] = 100) -> web.Response:
        """List one's own notices of the last 30 days, newest first."""
        async with self.request.app[DATABASE].read() as session:
            rows = await flows.notices(session, current_user(self.request), clock.now(), seen=seen, limit=limit)
        return web.json_response([row | {"label": row["label"] and translate(row["label"])} for row in rows])


class AllSeen(ApiView):
    """/api/v1/notices/seen."""

    @requires("notices.see")
    @answers(None, status=204)
    async def post(self, wanted: Seen) -> web.Response:
        """Note that several were seen; others' are left alone."""
        async with self.request.app[DATABASE].begin() as session:
            await flows.see(session, current_user(self.request), wanted.ids, clock.now())
        return web.Response(status=204)


class OneSeen(ApiView):
    """/api/v1/notices/{id}/seen."""

    @requires("notices.see")
    @answers(None, status=204)
    async def post(self, id: Id, /) -> web.Response:  # noqa: A002  # as the path names it
        """Note that it was seen."""
        async with self.request.app[DATABASE].begin() as session:
            found = await flows.see(session, current_user(self.request), [id], clock.now())
        if not found:
            raise Problem(404, N_("There is no such notice."))
        return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the notices' API."""
    app.router.add_view("/api/v1/notices", Notices)
    app.router.add_view("/api/v1/notices/seen", AllSeen)
    app.router.add_view("/api/v1/notices/{id}/seen", OneSeen)
