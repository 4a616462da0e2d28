"""A wire between the controller and Asterisk's manager port that can be cut, or fall silent, at any instant."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

from callcenter.tasks import cancel, spawn

#: Closing with this sends a reset and drops what is still under way, as a crashed router does.
_RESET = struct.pack("ii", 1, 0)


class AmiProxy:
    """Passes bytes both ways between its own `port` and `asterisk_port`. Enter it to listen."""

    def __init__(self, asterisk_port: int) -> None:
        self.asterisk_port = asterisk_port
        self._server: asyncio.Server | None = None
        self._pairs: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        #: Connections so far that reached Asterisk.
        self.connected = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        self._flows.set()
        self.reset()
        await cancel(*self._pumps)

    @property
    def port(self) -> int:
        """Where the controller connects."""
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def links(self) -> int:
        """Connections that stand now."""
        return len(self._pairs)

    def reset(self) -> None:
        """Reset every connection, on both sides."""
        for pair in list(self._pairs.items()):
            for writer in pair:
                _reset(writer)

    def fall_silent(self) -> None:
        """Pass nothing on and close nothing: a half-open connection looks alive."""
        self._flows.clear()

    def flow(self) -> None:
        """Pass bytes on again: of new connections, for those that hung are reset."""
        self.reset()
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            away_reader, away = await asyncio.open_connection("127.0.0.1", self.asterisk_port)
        except OSError:
            _reset(writer)
            return
        self.connected += 1
        self._pairs[writer] = away
        pumps = [
            spawn(self._pump(reader, away), name="ami proxy to asterisk"),
            spawn(self._pump(away_reader, writer), name="ami proxy to controller"),
        ]
        self._pumps.update(pumps)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(*pumps)
            self._pumps.difference_update(pumps)
            self._pairs.pop(writer, None)
            for each in (writer, away):
                each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
