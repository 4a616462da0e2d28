"""The FastAGI server: the dialplan's questions to the controller, none of which can hold up another.

Asterisk never gives up on a FastAGI server that says nothing, so each limit here is a limit on a caller's silence.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import structlog

from callcenter.asterisk.agi import LINE_BYTES, AgiError, AgiHangup, AgiRequest, read_header
from callcenter.tasks import cancel, spawn

__all__ = ["AgiError", "AgiHangup", "AgiRequest", "FastAgiServer", "Route"]

Route = Callable[[AgiRequest], Awaitable[None]]

_log = structlog.get_logger()


class FastAgiServer:
    """Answers `agi://host:port/<route>` with the coroutine of that route; the route's end ends the question.

    All times in seconds: `header_seconds` for the whole header, `answer_seconds` for the answer to a quick command,
    `think_seconds` that a route may take between two commands (a database that hangs costs a caller no more),
    `drain_seconds` for what is in progress at `stop()`. Over `max_connections` a connection is closed at once, and the
    dialplan goes on with its default.
    """

    def __init__(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Route],
        *,
        header_seconds: float = 2.0,
        answer_seconds: float = 2.0,
        think_seconds: float = 2.0,
        drain_seconds: float = 1.0,
        max_connections: int = 500,
    ) -> None:
        self._host = host
        self._port = port
        self._routes = routes
        self._header_seconds = header_seconds
        self._answer_seconds = answer_seconds
        self._think_seconds = think_seconds
        self._drain_seconds = drain_seconds
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._numbered = 0
        self._full = False

    @property
    def active(self) -> int:
        """Connections open now."""
        return len(self._connections)

    @property
    def port(self) -> int:
        """The port in use, which differs from the one asked for when that was 0."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    async def start(self) -> None:
        """Listen; raises OSError when the port cannot be had."""
        self._server = await asyncio.start_server(
            self._connected, self._host, self._port, limit=LINE_BYTES, backlog=512
        )

    async def stop(self) -> None:
        """Take no more questions, let those in progress end for `drain_seconds`, then end them."""
        if self._server is None:
            return
        self._server.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=self._drain_seconds)
        if self._connections:
            _log.warning("agi_requests_cut_at_stop", requests=len(self._connections))
        await cancel(*self._connections)
        await self._server.wait_closed()
        self._server = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._max_connections:
            if not self._full:
                _log.error("agi_full", connections=len(self._connections))
            self._full = True
            writer.transport.abort()
            return
        self._full = False
        self._numbered += 1
        task = spawn(self._converse(reader, writer), name=f"agi-{self._numbered}")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await self._request(reader, writer)
            if request is not None:
                await self._answer(request, reader)
        finally:
            writer.close()
            # A peer that takes nothing must not keep the connection open for ever.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._answer_seconds):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AgiRequest | None:
        peer = writer.get_extra_info("peername")
        try:
            async with asyncio.timeout(self._header_seconds):
                header = await read_header(reader)
            return AgiRequest(header, writer, answer_seconds=self._answer_seconds, think_seconds=self._think_seconds)
        except TimeoutError:
            _log.warning("agi_peer_dropped", peer=peer, reason="no whole header in time")
        except (AgiError, OSError, ValueError) as error:
            _log.warning("agi_peer_dropped", peer=peer, reason=str(error))
        return None

    async def _answer(self, request: AgiRequest, reader: asyncio.StreamReader) -> None:
        log = _log.bind(route=request.route, channel=request.variables["agi_channel"])
        route = self._routes.get(request.route)
        if route is None:
            log.error("agi_route_unknown")
            return
        listener = spawn(request.listen(reader), name=f"agi-listen-{request.variables['agi_channel']}")
        # The listener goes first: what came in before the first command is no answer to it.
        await asyncio.sleep(0)
        try:
            async with request.silence:
                await route(request)
        except AgiHangup as hangup:
            log.debug("agi_hangup", reason=str(hangup))
        except AgiError as error:
            log.warning("agi_failed", reason=str(error))
        except Exception:  # the route's fault is the route's alone
            if request.silence.expired():
                log.error("agi_route_too_slow", seconds=self._think_seconds)  # noqa: TRY400  # where it hung is the route
            else:
                log.exception("agi_route_failed")
        finally:
            await cancel(listener)
