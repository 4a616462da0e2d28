"""The recordings' API: found by call and ticket, heard with the right to, held and released. Thin."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from aiohttp import hdrs, web
from pydantic import BaseModel, Field

from callcenter.hotline.masking import shown
from callcenter.panel.access import actor_of, current_user, requires
from callcenter.panel.api import ApiView, Body, answers
from callcenter.panel.i18n import N_
from callcenter.panel.keys import DATABASE, SETTINGS
from callcenter.panel.problems import Problem
from callcenter.recordings import listing
from callcenter.recordings.audio import CONTENT_TYPES
from callcenter.recordings.flows import hearing, retention
from callcenter.recordings.flows.hearing import Hearings
from callcenter.recordings.listing import RecordingRow
from callcenter.recordings.rules import Unsatisfiable, byte_range
from callcenter.recordings.sealing import Damaged, Sealed
from callcenter.storage.clock import now

_log = structlog.get_logger()
Limit = Annotated[int, Field(ge=1, le=10_000)]
#: What a database holds as an id.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
#: A player that has enough reads on when that is played: 64 KiB are some twelve seconds.
LONGEST_PIECE_SECONDS = 120
Text = Annotated[str, Field(max_length=64)]


@dataclass(frozen=True)
class Recordings:
    """What these views use of the running hotline."""

    hearings: Hearings
    folder: Path
    keys: Path


RECORDINGS = web.AppKey("recordings", Recordings)


class WaveformShape(BaseModel):
    """What a recording looks like."""

    seconds: float
    #: Loudness of each side over the time, in equal steps, 0 to 255.
    agent: list[int]
    citizen: list[int]


class Reason(Body):
    """Why a recording is held, or released."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class RecordingsList(ApiView):
    """/api/v1/recordings."""

    @requires("recordings.hear")
    @answers(list[RecordingRow])
    async def get(  # noqa: PLR0917  # keyword-only parameters would be read from the headers
        self,
        call: Id | None = None,
        ticket: Text | None = None,
        caller: Text | None = None,
        agent: Text | None = None,
        day: date | None = None,
        held: Literal["yes", "no"] | None = None,
        limit: Limit = 200,
    ) -> web.Response:
        """List recordings, newest first."""
        async with self.request.app[DATABASE].read() as session:
            rows = await listing.recordings(
                session,
                call=call,
                ticket=ticket or None,
                caller=caller,
                agent=agent or None,
                day=day,
                held=None if held is None else held == "yes",
                limit=limit,
                time_zone=self.request.app[SETTINGS].time_zone,
            )
        return web.json_response(shown(current_user(self.request), RecordingRow, rows))


class _OneRecording(ApiView):
    async def _row(self, number: int) -> web.Response:
        async with self.request.app[DATABASE].read() as session:
            zone = self.request.app[SETTINGS].time_zone
            rows = await listing.recordings(session, number=number, limit=1, time_zone=zone)
        if not rows:
            raise Problem(404, N_("There is nothing here."))
        return web.json_response(shown(current_user(self.request), RecordingRow, rows[0]))


class OneRecording(_OneRecording):
    """/api/v1/recordings/{id}."""

    @requires("recordings.hear")
    @answers(RecordingRow)
    async def get(self, id: Id, /) -> web.Response:  # noqa: A002  # its name in the path
        """Show what is kept of one conversation."""
        return await self._row(id)


class Waveform(ApiView):
    """/api/v1/recordings/{id}/waveform."""

    @requires("recordings.hear")
    @answers(WaveformShape)
    async def get(self, id: Id, /) -> web.Response:  # noqa: A002
        """Show what the conversation looks like; made once, when it was sealed."""
        async with self.request.app[DATABASE].read() as session:
            row = await hearing.audible(session, id, seen=True)
        shape = {"seconds": row.seconds, "agent": list(row.waveform[0::2]), "citizen": list(row.waveform[1::2])}
        return web.json_response(shape)


class Hold(_OneRecording):
    """/api/v1/recordings/{id}/hold."""

    @requires("recordings.hold")
    @answers(RecordingRow)
    async def post(self, id: Id, /, wanted: Reason) -> web.Response:  # noqa: A002
        """Keep the recording until it is released, whatever its age 封存."""
        async with self.request.app[DATABASE].begin() as session:
            await retention.hold(session, id, wanted.reason, actor=actor_of(self.request), now=now())
        return await self._row(id)


class Release(_OneRecording):
    """/api/v1/recordings/{id}/release."""

    @requires("recordings.hold")
    @answers(RecordingRow)
    async def post(self, id: Id, /, wanted: Reason) -> web.Response:  # noqa: A002
        """End the hold 解除封存; when its time is over the recording is deleted."""
        async with self.request.app[DATABASE].begin() as session:
            await retention.release(session, id, wanted.reason, actor=actor_of(self.request), now=now())
        return await self._row(id)


class Audio(ApiView):
    """/api/v1/recordings/{id}/audio."""

    #: A player reads as it plays: no time limit but that of each piece ends the answer.
    long_lived = True

    @requires("recordings.hear")
    @answers(bytes, content_type="audio/ogg")
    async def get(
        self,
        id: Id,  # noqa: A002
        /,
        opening: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{0,64}$")] = "",
    ) -> web.StreamResponse:
        """Hand out the sound, or the part of it that `Range` names; agent left, citizen right.

        Each hearing is in the audit trail: `opening` names one, so that its parts count once; without it all that one
        user asks for with no pause of half an hour is one.
        """
        request, parts = self.request, self.request.app[RECORDINGS]
        async with request.app[DATABASE].read() as session:
            row = await hearing.audible(session, id)
        sealed = await asyncio.to_thread(hearing.opened, parts.folder, parts.keys, row)
        try:
            headers: dict[str, str] = {
                hdrs.ACCEPT_RANGES: "bytes",
                hdrs.CACHE_CONTROL: "no-store",
                hdrs.ETAG: f'"{row.sha256}"',
            }
            try:
                part = byte_range(request.headers.get(hdrs.RANGE), sealed.size)
            except Unsatisfiable:
                headers[hdrs.CONTENT_RANGE] = f"bytes */{sealed.size}"
                raise Problem(416, N_("The recording is shorter than that."), headers=headers) from None
            await parts.hearings.hears(row, opening, actor_of(request), now())
            start, stop = part or (0, sealed.size)
            headers[hdrs.CONTENT_TYPE] = CONTENT_TYPES[row.format]
            if part:
                headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{sealed.size}"
            answer = web.StreamResponse(status=206 if part else 200, headers=headers)
            answer.content_length = stop - start
            await answer.prepare(request)
            await _send(answer, sealed, start, stop)
        finally:
            sealed.close()
        return answer


async def _send(answer: web.StreamResponse, sealed: Sealed, start: int, stop: int) -> None:
    pieces: Iterator[bytes] = sealed.read(start, stop)
    following: Callable[[], Any] = lambda: next(pieces, b"")  # noqa: E731  # what a thread is given
    try:
        while piece := await asyncio.to_thread(following):
            async with asyncio.timeout(LONGEST_PIECE_SECONDS):
                await answer.write(piece)
    except (Damaged, OSError) as error:
        # What was sent is right; the rest cannot be trusted, and a cut line is the only way left to say so. Whoever
        # does not read on asks again for what they need.
        if not isinstance(error, ConnectionError | TimeoutError):
            _log.error("recording_damaged", reason=str(error))
        answer.force_close()
        raise ConnectionResetError from error
    await answer.write_eof()


def add_routes(app: web.Application) -> None:
    """Add the recordings' API."""
    for path, view in (
        ("recordings", RecordingsList),
        ("recordings/{id}", OneRecording),
        ("recordings/{id}/audio", Audio),
        ("recordings/{id}/waveform", Waveform),
        ("recordings/{id}/hold", Hold),
        ("recordings/{id}/release", Release),
    ):
        app.router.add_view(f"/api/v1/{path}", view)
