"""The API of the bans 封禁: who is refused over SIP, why, and until when."""

from datetime import timedelta
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.hotline.flows.bans import rows
from callcenter.hotline.flows.bans.desk import BanDesk
from callcenter.hotline.flows.bans.rows import BanRow
from callcenter.hotline.rules.agents import Refused
from callcenter.panel.access import actor_of, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import translate
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now

Address = Annotated[str, Field(min_length=1, max_length=64)]
#: Minutes of a ban that a person pronounces: thirty days at most.
Minutes = Annotated[int, Field(ge=1, le=43_200)]
BAN_DESK = web.AppKey("ban_desk", BanDesk)


class NewBan(Body):
    """An address, or a network such as 203.0.113.0/24, that is to be refused."""

    address: Address
    minutes: Minutes = 60
    note: Annotated[str, Field(max_length=500)] = ""


class Lifted(BaseModel):
    """What is let in again."""

    address: str


class Bans(ApiView):
    """/api/v1/bans."""

    @requires("bans.manage")
    @answers(list[BanRow])
    async def get(self, every: bool = False, limit: Annotated[int, Field(ge=1, le=10_000)] = 200) -> web.Response:  # noqa: FBT001, FBT002  # a query's flag
        """List the bans in force, the newest first; with `every` also those that are over."""
        async with self.request.app[DATABASE].read() as session:
            found = await rows.listed(session, now(), every=every, limit=limit)
        return web.json_response([row.model_dump() for row in found])

    @requires("bans.manage")
    @answers(BanRow)
    async def post(self, wanted: NewBan) -> web.Response:
        """Refuse an address for a time."""
        try:
            row = await self.request.app[BAN_DESK].add(
                wanted.address, timedelta(minutes=wanted.minutes), note=wanted.note, actor=actor_of(self.request)
            )
        except Refused as error:
            raise Problem(409, _told(error)) from error
        return web.json_response(row.model_dump())


class OneBan(ApiView):
    """/api/v1/bans/{address}."""

    @requires("bans.manage")
    @answers(Lifted)
    async def delete(self, address: Address, /) -> web.Response:
        """Let an address in again."""
        try:
            lifted = await self.request.app[BAN_DESK].lift(address, actor=actor_of(self.request))
        except Refused as error:
            raise Problem(404, _told(error)) from error
        return web.json_response({"address": lifted})


def _told(refusal: Refused) -> str:
    """Return the reason in the language of whoever asked."""
    return translate(refusal.message) % refusal.values


#: Path below /api/v1/ -> view.
ROUTES = (("bans", Bans), ("bans/{address}", OneBan))
