"""A way for a browser's speech that loses packets: a relay of UDP between Chromium and Asterisk.

Both are told, in the SDP that passes the test on the WebSocket, that the other is to be found at the relay. So their
ICE checks, the DTLS handshake, RTP and RTCP go through it; only RTP is lost, every n-th packet in each direction. The
network of the machine stays as it is: others use it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

_CANDIDATE = re.compile(
    r"a=candidate:(?P<head>\S+ 1 udp \d+) (?P<address>\S+) (?P<port>\d+) typ host[^\r\n]*\r\n", re.IGNORECASE
)
_ANY_CANDIDATE = re.compile(r"a=candidate:[^\r\n]*\r\n")


class _End(asyncio.DatagramProtocol):
    """One side of the relay: what arrives here leaves at the other."""

    def __init__(self, way: "Way") -> None:
        self._way = way
        self.other: _End | None = None
        #: Where whoever speaks here is to be found.
        self.peer: tuple[str, int] | None = None
        self._counted = 0
        self.lost = 0
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        assert self._transport
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.peer = addr
        if _is_speech(data):
            self._counted += 1
            if self._way.loses_one_in and self._counted % self._way.loses_one_in == 0:
                self.lost += 1
                return
        if self.other:
            self.other.send(data)

    def send(self, data: bytes) -> None:
        if self.peer and self._transport:
            self._transport.sendto(data, self.peer)

    def close(self) -> None:
        if self._transport:
            self._transport.close()


def _is_speech(data: bytes) -> bool:
    """Whether it is RTP: STUN begins with 0 to 3, DTLS with 20 to 63 (RFC 7983); RTCP is of kinds 192 to 223 (5761)."""
    return len(data) > 12 and 128 <= data[0] <= 191 and not 192 <= data[1] <= 223


class Way:
    """The relay between one browser and Asterisk, for one call at a time."""

    def __init__(self) -> None:
        #: Of so many packets one is lost; 0 loses none.
        self.loses_one_in = 0
        self.of_browser, self.of_asterisk = _End(self), _End(self)
        self.of_browser.other, self.of_asterisk.other = self.of_asterisk, self.of_browser

    def named_to_browser(self, words: str | bytes) -> str | bytes:
        """Return a SIP message of Asterisk's in which it is to be found at the relay."""
        return self._renamed(words, self.of_asterisk, self.of_browser.port)

    def named_to_asterisk(self, words: str | bytes) -> str | bytes:
        """Return a SIP message of the browser's in which it is to be found at the relay."""
        return self._renamed(words, self.of_browser, self.of_asterisk.port)

    @staticmethod
    def _renamed(words: str | bytes, end: _End, port: int) -> str | bytes:
        """Leave one candidate, the relay's `port`; where the message wants speech to be sent is the peer of `end`."""
        found = list(_CANDIDATE.finditer(words)) if isinstance(words, str) else []
        if not isinstance(words, str) or not found:
            return words
        # A browser has a port for each of its addresses. Asterisk has one for all, and may not name the loopback.
        real = next((one for one in found if one["address"] == "127.0.0.1"), found[0])
        end.peer = ("127.0.0.1", int(real["port"]))
        head, _, body = words.partition("\r\n\r\n")
        one = f"a=candidate:{real['head']} 127.0.0.1 {port} typ host\r\n"
        place = _ANY_CANDIDATE.search(body)
        assert place
        body = body[: place.start()] + one + _ANY_CANDIDATE.sub("", body[place.start() :])
        head = re.sub(r"(?im)^(Content-Length|l): *\d+", f"Content-Length: {len(body.encode())}", head)
        return f"{head}\r\n\r\n{body}"


@asynccontextmanager
async def speech_way() -> AsyncIterator[Way]:
    """Open a relay on free ports of the loopback network."""
    way = Way()
    loop = asyncio.get_running_loop()
    try:
        for end in (way.of_browser, way.of_asterisk):
            await loop.create_datagram_endpoint(lambda end=end: end, local_addr=("127.0.0.1", 0))  # type: ignore[misc]
        yield way
    finally:
        way.of_browser.close()
        way.of_asterisk.close()
