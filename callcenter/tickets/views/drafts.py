"""Drafts 草稿: what somebody is typing, saved each second; whoever the call is passed on to may read it."""

import json
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, Field, field_validator

from callcenter.hotline.listings import iso
from callcenter.panel.access import current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.tickets.flows.writing.drafts import DraftKeeper, Save
from callcenter.tickets.tables import Draft

DRAFTS = web.AppKey("drafts", DraftKeeper)
#: Bytes of its fields, as JSON in UTF-8.
LARGEST = 64 * 1024

DraftId = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,64}$")]


class DraftToSave(Body):
    """What was typed until now."""

    #: Raised by every save.
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    fields: dict[str, Any]
    linkedid: Annotated[str, Field(max_length=150)] | None = None
    ticket: Annotated[str, Field(max_length=20)] | None = None

    @field_validator("fields")
    @classmethod
    def _is_no_book(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if (size := len(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"))) > LARGEST:
            raise ValueError(f"{size} bytes are too much; {LARGEST} fit")
        return fields


class SavedRow(BaseModel):
    """What is kept: the version that was sent, or a newer one."""

    version: int
    saved_at: str


class DraftRow(SavedRow):
    """A draft as it was saved last."""

    id: str
    linkedid: str | None
    ticket: str | None
    fields: dict[str, Any]


class Drafts(ApiView):
    """/api/v1/drafts."""

    @requires("tickets.move")
    @answers(list[DraftRow])
    async def get(self) -> web.Response:
        """List one's own drafts, the one saved last first."""
        async with self.request.app[DATABASE].read() as session:
            found = await self.request.app[DRAFTS].of(session, current_user(self.request).login)
        return web.json_response([_row(draft) for draft in found])


class OneDraft(ApiView):
    """/api/v1/drafts/{id}."""

    @requires("tickets.move")
    @answers(SavedRow)
    async def put(self, draft: DraftId, /, wanted: DraftToSave) -> web.Response:
        """Save it; answered once it is on disk. A version that is no higher than the stored one changes nothing."""
        who = current_user(self.request).login
        save = Save(draft, who, wanted.version, wanted.fields, wanted.linkedid, wanted.ticket)
        saved = await self.request.app[DRAFTS].save(save)
        return web.json_response({"version": saved.version, "saved_at": iso(saved.saved_at)})

    @requires("tickets.move")
    @answers(None, status=204)
    async def delete(self, draft: DraftId, /) -> web.Response:
        """Discard it; one that is gone already is no fault."""
        await self.request.app[DRAFTS].discard(current_user(self.request).login, draft)
        return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Add the API, and who keeps them."""
    app[DRAFTS] = DraftKeeper(app[DATABASE], app[SETTINGS].node)
    for path, view in ROUTES:
        app.router.add_view(f"/api/v1/{path}", view)


def _row(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "linkedid": draft.linkedid,
        "ticket": draft.ticket,
        "fields": draft.fields,
        "version": draft.version,
        "saved_at": iso(draft.saved_at),
    }


#: Path below /api/v1 and view.
ROUTES = (("drafts", Drafts), ("drafts/{draft}", OneDraft))
