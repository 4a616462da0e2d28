"""The supervisor's API: the queue policy's log, the list of abusive callers, test dials."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, Field

from callcenter.hotline.flows.answering import blocked
from callcenter.hotline.flows.answering.blocked import BlockedCallers
from callcenter.hotline.flows.policy import log as policy_log
from callcenter.hotline.flows.policy.log import PolicyLogRow
from callcenter.hotline.flows.test_calls import rows as test_dial_rows
from callcenter.hotline.flows.test_calls.dials import TestDials
from callcenter.hotline.flows.test_calls.rows import TestDialRow
from callcenter.hotline.listings import iso
from callcenter.hotline.rules.agents import Refused
from callcenter.hotline.tables import BlockedCaller
from callcenter.panel import audit
from callcenter.panel.access import actor_of, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import translate
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

Limit = Annotated[int, Field(ge=1, le=10_000)]
Number = Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True)
class Supervision:
    """What these views use of the running hotline."""

    blocked: BlockedCallers
    test_dials: TestDials


SUPERVISION = web.AppKey("supervision", Supervision)


class BlockedCallerRow(BaseModel):
    """An abusive caller 骚扰电话."""

    #: In its one spelling.
    number: str
    level: Literal["announce", "limit", "block"]
    #: Calls that get through in an hour, for `limit`.
    per_hour: int | None
    note: str
    by: str
    since: str
    until: str | None
    #: False once its time is over.
    active: bool


class NewBlockedCaller(Body):
    """A number to list, or one that is listed to be changed."""

    number: Number
    level: Literal["announce", "limit", "block"]
    per_hour: Annotated[int | None, Field(ge=1, le=1000)] = None
    note: Annotated[str, Field(max_length=500)] = ""
    #: It ends by itself then; left out it does not.
    until: Annotated[AwareDatetime | None, Field(strict=False)] = None


class Removed(BaseModel):
    """What is on the list no longer."""

    number: str


class Nothing(Body):
    """An empty object."""


class PolicyLog(ApiView):
    """/api/v1/policy-log."""

    @requires("policy.see")
    @answers(list[PolicyLogRow])
    async def get(self, day: date | None = None, limit: Limit = 200) -> web.Response:
        """List the steps of the queue policy, newest first."""
        async with self.request.app[DATABASE].read() as session:
            zone = self.request.app[SETTINGS].time_zone
            return web.json_response(await policy_log.listed(session, day=day, limit=limit, time_zone=zone))


class BlockedCallersList(ApiView):
    """/api/v1/blocked-callers."""

    @requires("callers.block")
    @answers(list[BlockedCallerRow])
    async def get(self, limit: Limit = 1000) -> web.Response:
        """List the abusive callers, the newest first."""
        async with self.request.app[DATABASE].read() as session:
            rows = (await blocked.listed(session))[:limit]
        return web.json_response([_row(row).model_dump() for row in rows])

    @requires("callers.block")
    @answers(BlockedCallerRow)
    async def post(self, wanted: NewBlockedCaller) -> web.Response:
        """List a number, or change its entry; from the next call on."""
        try:
            row = await self.request.app[SUPERVISION].blocked.add(
                wanted.number,
                wanted.level,
                actor=actor_of(self.request),
                per_hour=wanted.per_hour,
                note=wanted.note,
                until=wanted.until,
            )
        except Refused as error:
            raise Problem(409, _told(error)) from error
        return web.json_response(_row(row).model_dump())


class OneBlockedCaller(ApiView):
    """/api/v1/blocked-callers/{number}."""

    @requires("callers.block")
    @answers(Removed)
    async def delete(self, number: Number, /) -> web.Response:
        """Take a number off the list."""
        try:
            spelled = await self.request.app[SUPERVISION].blocked.remove(number, actor=actor_of(self.request))
        except Refused as error:
            raise Problem(404, _told(error)) from error
        return web.json_response({"number": spelled})


class TestDialsList(ApiView):
    """/api/v1/test-dials."""

    __test__ = False  # pytest takes a class of this name for a test

    @requires("test_dials.see")
    @answers(list[TestDialRow])
    async def get(self, day: date | None = None, limit: Limit = 200) -> web.Response:
        """List the test dials, newest first."""
        async with self.request.app[DATABASE].read() as session:
            zone = self.request.app[SETTINGS].time_zone
            return web.json_response(await test_dial_rows.listed(session, day=day, limit=limit, time_zone=zone))

    @requires("test_dials.make")
    @answers(TestDialRow)
    async def post(self, nothing: Nothing) -> web.Response:  # noqa: ARG002  # an empty body is still JSON
        """Dial now; the row tells later what was found."""
        try:
            row = await self.request.app[SUPERVISION].test_dials.dial()
        except Refused as error:
            raise Problem(409, _told(error)) from error
        async with self.request.app[DATABASE].begin() as session:
            audit.record(session, actor_of(self.request), "test_dialled", at=now(), target=f"test dial {row.id}")
        return web.json_response(row.model_dump())


def _told(refusal: Refused) -> str:
    """Return the reason in the language of whoever asked; words among its values are translated too."""
    values = {name: translate(value) if isinstance(value, str) else value for name, value in refusal.values.items()}
    return translate(refusal.message) % values


def _row(row: BlockedCaller) -> BlockedCallerRow:
    return BlockedCallerRow(
        number=row.number,
        level=row.level,
        per_hour=row.per_hour,
        note=row.note,
        by=row.by,
        since=iso(row.since) or "",
        until=iso(row.until),
        active=row.until is None or now() < row.until,
    )
