"""GET /api/v1/live: the live document as server-sent events."""

import asyncio

import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse
from sqlalchemy.exc import SQLAlchemyError

from callcenter.panel.access import identity_of, long_lived, requires, still_allowed
from callcenter.panel.api import answers
from callcenter.panel.keys import LIVE
from callcenter.panel.live import Subscriber

_log = structlog.get_logger()

#: A reader that hears nothing for a little longer than this knows that the line is dead.
PING_SECONDS = 5
#: A reader that takes nothing for this long is cut off.
SEND_SECONDS = 30
#: How often a stream makes sure that its reader is still signed in.
CHECK_SECONDS = 15


@long_lived
@requires("floor.see")
@answers(str, content_type="text/event-stream")
async def stream(request: web.Request) -> web.StreamResponse:
    """Send the live document: `event: snapshot` with the whole, then `event: patch` with JSON merge patches (RFC 7396).

    Events of other names are for this reader alone: `message` and `read` of the line between supervisors and desks, for
    an agent `call` and `caller` (who is on the phone at their seat, and what is known of them), and for supervisors
    `listening`.

    Null and absent members mean the same. Comments every 5 seconds show that the line is alive.
    """
    response = EventSourceResponse(sep="\n", ping_interval=PING_SECONDS, send_timeout=SEND_SECONDS)
    with request.app[LIVE].subscribe(identity_of(request)) as subscriber:
        await response.prepare(request)
        try:
            async with response:
                await response.write(b"retry: 1000\n\n")
                await _send(request, response, subscriber)
        except (ConnectionResetError, TimeoutError) as gone:
            _log.debug("live_reader_gone", reason=type(gone).__name__)
    return response


async def _send(request: web.Request, response: EventSourceResponse, subscriber: Subscriber) -> None:
    # No timeout around each write, which would cost as much as the write: the library's pings have one, and cut off a
    # reader that takes nothing.
    loop = asyncio.get_running_loop()
    check_at = loop.time() + CHECK_SECONDS
    waking = loop.call_at(check_at, subscriber.wake)
    try:
        while response.is_connected() and (due := await subscriber.next()) is not None:
            if due:
                await response.write(due)
            if loop.time() >= check_at:
                if not await _may_stay(request):
                    return
                check_at = loop.time() + CHECK_SECONDS
                waking = loop.call_at(check_at, subscriber.wake)
    finally:
        waking.cancel()


async def _may_stay(request: web.Request) -> bool:
    try:
        return await still_allowed(request)
    except (SQLAlchemyError, OSError):
        return True  # a database that is away takes no wallboard down
