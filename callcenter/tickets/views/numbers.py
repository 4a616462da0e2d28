"""Showing a masked number in full 显示号码: each time is asked for by row, with a reason, and kept."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage import clock
from callcenter.tickets.flows.revealing import Of, numbers


class Reveal(Body):
    """Whose number, and why it is needed."""

    of: Of
    #: Id of the call, callback or follow-up; number of the ticket.
    key: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    reason: Annotated[str, Field(min_length=2, max_length=200)]


class Revealed(BaseModel):
    """The row's numbers by the name of their field, such as `caller` and `contact_phone`."""

    numbers: dict[str, str]


class RevealNumbers(ApiView):
    """/api/v1/numbers/reveal."""

    @requires("numbers.reveal")
    @answers(Revealed)
    async def post(self, wanted: Reveal) -> web.Response:
        """Show the numbers of one row in full; who, which row and why go into the audit trail before they are shown."""
        target = f"{wanted.of.replace('_', '-')} {wanted.key}"
        async with self.request.app[DATABASE].begin() as session:
            found = await numbers(session, current_user(self.request), wanted.of, wanted.key)
            if found is None:
                raise Problem(404, N_("There is nothing here."))
            audit.record(
                session, actor_of(self.request), "number_revealed", at=clock.now(), target=target, reason=wanted.reason
            )
        return web.json_response({"numbers": found})


def add_routes(app: web.Application) -> None:
    """Add the API."""
    app.router.add_view("/api/v1/numbers/reveal", RevealNumbers)
