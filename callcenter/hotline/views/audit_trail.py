"""The audit trail 审计 for whoever may read it: a page of it, the whole check of its chain, and its export to Excel.

Reading it is a deed too, and stands in it. Citizens' numbers are masked, wherever in a row they stand.
"""

import tempfile
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.hotline import trail_rows
from callcenter.hotline.listings import day_bounds, iso
from callcenter.panel import audit
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, answers
from callcenter.panel.i18n import N_, translate
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.panel.sessions import Identity
from callcenter.panel.trail import deeds, reading
from callcenter.panel.trail.checking import Checker, Standing
from callcenter.panel.trail.reading import Filters
from callcenter.panel.trail.witness import Witness
from callcenter.panel.workbook import CONTENT_TYPE, MOST_ROWS, Sheet, sent
from callcenter.paths import Paths
from callcenter.storage.clock import now

Row = dict[str, Any]
CHECKER = web.AppKey("audit_checker", Checker)
#: No control character is in a login, a deed or a thing.
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
_BATCH = 500


class AuditPage(BaseModel):
    """A page of the trail, newest first."""

    rows: list[trail_rows.AuditRow]
    #: Hand it back as `before` for the next page; null when this was the last.
    next: int | None


class DeedWords(BaseModel):
    """A deed that the trail knows."""

    kind: str
    action: str
    words: str


class ChainNow(BaseModel):
    """Whether the chain holds, as the last check found it."""

    state: Literal["never", "running", "whole", "broken", "failed"]
    #: How far the check is, or went.
    rows: int
    at: str | None
    by: str
    #: What is wrong, the first of it.
    faults: list[str]


class _Trail(ApiView):
    @property
    def _zone(self) -> str:
        return self.request.app[SETTINGS].time_zone

    def _filters(self, who: str, action: str, target: str, since: date | None, until: date | None) -> Filters:
        """Return what is asked for; days are the hotline's, both included. Raises Problem."""
        if action and action not in deeds.DEEDS:
            raise Problem(400, N_("Some fields are wrong."), fields={"action": N_("is not known")})
        if since and until and since > until:
            raise Problem(400, N_("Some fields are wrong."), fields={"until": N_("is before the first day")})
        try:
            begin = day_bounds(since, since, self._zone)[0] if since else None
            end = day_bounds(until, until, self._zone)[1] if until else None
        except OverflowError:
            raise Problem(400, N_("Some fields are wrong."), fields={"until": N_("is not known")}) from None
        return Filters(who.strip() or None, action or None, target.strip() or None, begin, end)


class AuditTrail(_Trail):
    """/api/v1/audit."""

    @requires("audit.see")
    @answers(AuditPage)
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        who: Words = "",
        action: Words = "",
        target: Words = "",
        since: date | None = None,
        until: date | None = None,
        before: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None,
        limit: Annotated[int, Field(ge=1, le=500)] = 50,
    ) -> web.Response:
        """List what was done, newest first; that somebody looked stands in the trail from then on."""
        filters = self._filters(who, action, target, since, until)
        async with self.request.app[DATABASE].begin() as session:
            rows, following = await reading.page(session, filters, before=before, limit=limit)
            shown = await trail_rows.shown(session, current_user(self.request), rows)
            audit.record(session, actor_of(self.request), "audit_seen", at=now(), filters=_said(filters, before))
        return web.json_response({"rows": shown, "next": following})


class AuditDeeds(ApiView):
    """/api/v1/audit/deeds."""

    @requires("audit.see")
    @answers(list[DeedWords])
    async def get(self) -> web.Response:
        """List every deed that the trail knows, in words."""
        return web.json_response(
            [
                {"kind": translate(kind), "action": action, "words": translate(words)}
                for kind, some in deeds.KINDS.items()
                for action, words in some.items()
            ]
        )


class AuditChain(ApiView):
    """/api/v1/audit/chain."""

    @requires("audit.see")
    @answers(ChainNow)
    async def get(self) -> web.Response:
        """Tell how the chain stands."""
        return web.json_response(_standing(await self.request.app[CHECKER].standing()))

    @requires("audit.see")
    @answers(ChainNow, status=202)
    async def post(self) -> web.Response:
        """Check the whole chain, as `callcenter verify-audit` does; ask again how far it is."""
        return web.json_response(_standing(self.request.app[CHECKER].begin(actor_of(self.request))), status=202)


class AuditExport(_Trail):
    """/api/v1/audit/export."""

    @requires("audit.see")
    @answers(bytes, content_type=CONTENT_TYPE)
    async def get(
        self,
        who: Words = "",
        action: Words = "",
        target: Words = "",
        since: date | None = None,
        until: date | None = None,
    ) -> web.StreamResponse:
        """Download what was done as a workbook, the newest 50,000 at most."""
        filters = self._filters(who, action, target, since, until)
        database, zone = self.request.app[DATABASE], ZoneInfo(self._zone)
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder) / "audit.xlsx"
            sheet, count = Sheet(path, translate(N_("Audit trail")), trail_rows.columns()), 0
            try:
                async with database.read() as session:
                    async for rows in _pieces(session, current_user(self.request), filters):
                        sheet.add([trail_rows.cells(row, zone) for row in rows])
                        count += len(rows)
            finally:
                sheet.close()
            async with database.begin() as session:
                said = _said(filters)
                audit.record(session, actor_of(self.request), "audit_exported", at=now(), rows=count, filters=said)
            return await sent(self.request, path, f"audit-{now().astimezone(zone):%Y%m%d-%H%M%S}.xlsx")


async def _pieces(session: AsyncSession, reader: Identity, filters: Filters) -> AsyncIterator[list[Row]]:
    before, left = None, MOST_ROWS
    while left > 0:
        rows, before = await reading.page(session, filters, before=before, limit=min(_BATCH, left))
        yield await trail_rows.shown(session, reader, rows)
        left -= len(rows)
        if before is None:
            return


def _said(filters: Filters, before: int | None = None) -> Row:
    """Return what was asked for, as the trail keeps it."""
    asked: Row = {name: getattr(filters, name) for name in Filters.__slots__}
    asked["before"] = before
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asked.items() if value}


def _standing(standing: Standing) -> Row:
    return {
        "state": standing.state,
        "rows": standing.rows,
        "at": iso(standing.at),
        "by": standing.by,
        "faults": standing.faults,
    }


async def _closing(app: web.Application) -> None:
    await app[CHECKER].close()


def set_up(app: web.Application) -> None:
    """Give `app` its checker, which ends with it."""
    app[CHECKER] = Checker(app[DATABASE], Witness(Paths.of(app[SETTINGS]).witness))
    app.on_cleanup.append(_closing)


ROUTES = (
    ("audit", AuditTrail),
    ("audit/deeds", AuditDeeds),
    ("audit/chain", AuditChain),
    ("audit/export", AuditExport),
)
