"""The list behind indicator 5 漏接回拨率: every missed call of a period, and what became of its citizen's callback."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline.listings import ZONE, Row, day_bounds, iso
from callcenter.hotline.masking import Phone, shown
from callcenter.hotline.tables import Call, Callback, CallbackCall
from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.reports.calls import CALLED_BACK_STATES, missed
from callcenter.storage.clock import now


class MissedCallRow(BaseModel):
    """A missed call 漏接来电, and how it stands in the indicator."""

    call: int
    caller: Phone
    started_at: str
    outcome: str
    ticket: str | None
    #: What is owed for it; null when the number was withheld, or the caller left too soon to be owed anything.
    callback: int | None
    state: str | None
    settled_by: str | None
    settled_at: str | None
    #: Whether it counts in the denominator, and in the numerator.
    counts: bool
    called_back: bool


async def missed_calls(session: AsyncSession, first: date, last: date, time_zone: str = ZONE) -> list[Row]:
    """Return the missed calls that began from `first` to `last`, both included, oldest first; see MissedCallRow."""
    begin, end = day_bounds(first, last, time_zone)
    query = (
        select(Call, Callback)
        .outerjoin(CallbackCall, CallbackCall.call_id == Call.id)
        .outerjoin(Callback, Callback.id == CallbackCall.callback_id)
        .where(Call.direction == "inbound", Call.started_at >= begin, Call.started_at < end, missed())
        .order_by(Call.started_at, Call.id)
    )
    return [_row(call, callback) for call, callback in await session.execute(query)]


def _row(call: Call, callback: Callback | None) -> Row:
    state = callback.state if callback else None
    settled: datetime | None = callback.settled_at if callback else None
    return {
        "call": call.id,
        "caller": call.caller,
        "started_at": iso(call.started_at),
        "outcome": call.outcome,
        "ticket": call.ticket,
        "callback": callback.id if callback else None,
        "state": state,
        "settled_by": callback.settled_by if callback else None,
        "settled_at": iso(settled),
        "counts": callback is not None,
        "called_back": state in CALLED_BACK_STATES,
    }


class MissedCalls(ApiView):
    """/api/v1/missed-calls."""

    @requires("callbacks.see")
    @answers(list[MissedCallRow])
    async def get(self, since: date | None = None, until: date | None = None) -> web.Response:
        """List the missed calls from the day `since` to the day `until`, both included; today when left out."""
        zone = self.request.app[SETTINGS].time_zone
        today = now().astimezone(ZoneInfo(zone)).date()
        first, last = since or until or today, until or today
        if last < first:
            raise Problem(400, N_("Some fields are wrong."), fields={"until": "is before since"})
        async with self.request.app[DATABASE].read() as session:
            rows = await missed_calls(session, first, last, zone)
        return web.json_response(shown(current_user(self.request), MissedCallRow, rows))
