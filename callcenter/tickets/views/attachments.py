"""Files of requests 附件: sent as they are, and handed out only to be saved."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, Field

from callcenter.panel import audit
from callcenter.panel.access import UPLOAD_TYPE, actor_of, current_user, requires, upload
from callcenter.panel.api import ApiView, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE
from callcenter.panel.problems import Problem
from callcenter.storage.clock import now
from callcenter.tickets.flows.access import may_see
from callcenter.tickets.flows.files.attachments import Attachments
from callcenter.tickets.tables import Attachment

ATTACHMENTS = web.AppKey("attachments", Attachments)

#: What a database holds as an id.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
_PIECE = 64 * 1024


class AttachmentRow(BaseModel):
    """A file as its sender is told of it; the id goes with the request."""

    id: int
    name: str
    type: str
    bytes: int
    by: str
    at: datetime


class NewAttachment(ApiView):
    """/api/v1/attachments."""

    @requires("tickets.move")
    @upload
    @answers(AttachmentRow, status=201)
    async def post(self, name: Annotated[str, Field(min_length=1, max_length=1000)]) -> web.Response:
        """Take a file, 20 MB at most; it belongs to no request until one is sent with its id, and is kept for a day."""
        row = await self.request.app[ATTACHMENTS].take(
            name,
            _pieces(self.request),
            by=current_user(self.request).login,
            announced=self.request.content_length,
        )
        told = AttachmentRow.model_validate({name: getattr(row, name) for name in AttachmentRow.model_fields})
        return web.json_response(told.model_dump(mode="json"), status=201)


class OneAttachment(ApiView):
    """/api/v1/attachments/{id}."""

    @requires("tickets.see")
    @answers(bytes, content_type=UPLOAD_TYPE)
    async def get(self, id: Id, /) -> web.StreamResponse:  # noqa: A002  # its name in the path
        """Hand out a file of a request that one may see, or one's own that is not sent yet; always to be saved."""
        identity = current_user(self.request)
        async with self.request.app[DATABASE].begin() as session:
            row = await session.get(Attachment, id)
            if row is None:
                raise _nothing()
            if row.ticket_id is None:
                if row.by != identity.login:
                    raise _nothing()
            elif not await may_see(session, identity, row.ticket_id):
                raise _nothing()
            audit.record(
                session,
                actor_of(self.request),
                "attachment_opened",
                at=now(),
                target=f"attachment {row.id}",
                ticket=row.ticket_id,
                name=row.name,
            )
        path = self.request.app[ATTACHMENTS].path_of(row.sha256)
        if not path.is_file():
            raise Problem(410, N_("The file has been lost from the disk. Please tell the administrator."))
        return web.FileResponse(path, headers=_headers(row))


def _nothing() -> Problem:
    return Problem(404, N_("There is nothing here."))


def _headers(row: Attachment) -> dict[str, str]:
    """Return what keeps a browser from doing anything with the file but saving it (RFC 6266, RFC 5987)."""
    plain = f"attachment-{row.id}.{row.name.rpartition('.')[2]}"
    return {
        "Content-Type": row.type,
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(row.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes; the application's limit for JSON does not hold here, that of files does."""
    try:
        async for piece in request.content.iter_chunked(_PIECE):
            yield piece
    except (web.RequestPayloadError, ConnectionError):  # cut in the middle: whoever sent it has gone
        raise Problem(400, N_("The file did not arrive whole. Please send it again.")) from None


def add_routes(app: web.Application) -> None:
    """Add the attachments' API."""
    app.router.add_view("/api/v1/attachments", NewAttachment)
    app.router.add_view("/api/v1/attachments/{id}", OneAttachment)
