"""A SIP user agent that says what it is told to, over UDP, TCP or TLS, and can prove a password.

Digests as in RFC 8760 (SHA-256) and RFC 2617 (MD5).
"""

import asyncio
import hashlib
import re
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

#: Seconds that an answer may take.
_PATIENCE = 3.0
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
SDP = (
    "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


@dataclass(frozen=True)
class Answer:
    """A final answer; status 0 is none."""

    status: int
    text: str = ""

    @property
    def challenges(self) -> dict[str, dict[str, str]]:
        """What proofs are asked for: algorithm -> its particulars, in the order in which they are offered."""
        found = {}
        for line in re.findall(r"(?im)^WWW-Authenticate: *Digest (.*?)\r$", self.text):
            parts = dict(re.findall(r'(\w+)="?([^",]*)"?', line))
            found[parts.get("algorithm", "MD5")] = parts
        return found


def proof(parts: dict[str, str], user: str, password: str, method: str, uri: str) -> str:
    """Return the Authorization header that answers a challenge."""
    algorithm = parts.get("algorithm", "MD5")

    def hashed(words: str) -> str:
        return _HASHES[algorithm](words.encode()).hexdigest()

    key = hashed(f"{user}:{parts['realm']}:{password}")
    answer = hashed(f"{key}:{parts['nonce']}:00000001:c:auth:{hashed(f'{method}:{uri}')}")
    return (
        f'Authorization: Digest username="{user}", realm="{parts["realm"]}", nonce="{parts["nonce"]}", uri="{uri}", '
        f'response="{answer}", algorithm={algorithm}, cnonce="c", nc=00000001, qop=auth, opaque="{parts["opaque"]}"\r\n'
    )


class Client:
    """One such user agent; `transport` is `udp`, `tcp` or `tls`."""

    def __init__(self, transport: str, port: int, source: str) -> None:
        self._transport = transport
        self._server = ("127.0.0.1", port)
        self._source = source
        self._socket: socket.socket | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._me = source
        #: The INVITE that was answered, and its answer.
        self._dialog: tuple[str, str] | None = None
        self._sequence = 10

    async def open(self, context: ssl.SSLContext | None) -> None:
        """Connect. Raises OSError, ssl.SSLError among them."""
        if self._transport == "udp":
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)  # noqa: FBT003  # the standard library's
            self._socket.bind((self._source, 0))
            self._socket.connect(self._server)
            name = self._socket.getsockname()
        else:
            name_of_server = "127.0.0.1" if context else None
            self._streams = await asyncio.open_connection(
                *self._server, local_addr=(self._source, 0), ssl=context, server_hostname=name_of_server
            )
            name = self._streams[1].get_extra_info("sockname")
        self._me = f"{name[0]}:{name[1]}"

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        if self._streams:
            self._streams[1].transport.abort()  # else a silent TLS peer is waited for, half a minute

    def request(
        self,
        method: str,
        user: str,
        to: str = "",
        *,
        headers: str = "",
        call: str = "",
        sequence: int = 1,
        offer: str = SDP,
    ) -> str:
        """Return a request; a registration's URI is the server's, and an INVITE carries the `offer`."""
        at = f"127.0.0.1:{self._server[1]}"
        to = to or user
        uri = f"sip:{at}" if method == "REGISTER" else to if to.startswith(("sip:", "tel:")) else f"sip:{to}@{at}"
        body = offer if method == "INVITE" else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self._transport.upper()} {self._me};branch=z9hG4bK{secrets.token_hex(8)};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@127.0.0.1>;tag={secrets.token_hex(4)}\r\n"
            f"To: <{uri if ':' in to else f'sip:{to}@127.0.0.1'}>\r\n"
            f"Call-ID: {call or secrets.token_hex(8)}\r\nCSeq: {sequence} {method}\r\n"
            f"Contact: <sip:{user}@{self._me};transport={self._transport}>\r\n{headers}"
            f"{'Content-Type: application/sdp' + chr(13) + chr(10) if body else ''}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def send(self, request: str) -> None:
        """Send and do not wait."""
        if self._socket:
            with suppress(BlockingIOError):
                self._socket.send(request.encode())
        elif self._streams:
            self._streams[1].write(request.encode())

    async def ask(self, request: str, within: float = _PATIENCE) -> Answer:
        """Send a request and return its final answer."""
        call = re.search(r"(?m)^Call-ID: (.*?)\r$", request)
        self.send(request)
        with suppress(TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            async with asyncio.timeout(within):
                while True:
                    text = await self.receive()
                    found = re.match(r"SIP/2\.0 (\d+)", text)
                    if found and int(found[1]) >= 200 and call and f"Call-ID: {call[1]}\r" in text:
                        if request.startswith("INVITE"):
                            self.send(_ack(request, text))
                            if int(found[1]) < 300:  # a talk has begun
                                self._dialog = request, text
                        return Answer(int(found[1]), text)
        return Answer(0)

    async def receive(self) -> str:
        """Return the next message, whatever it is."""
        if self._socket:
            return (await asyncio.get_running_loop().sock_recv(self._socket, 65_535)).decode(errors="replace")
        assert self._streams
        head = await self._streams[0].readuntil(b"\r\n\r\n")
        length = re.search(rb"(?im)^Content-Length: *(\d+)", head)
        body = await self._streams[0].readexactly(int(length[1]) if length else 0)
        return (head + body).decode(errors="replace")

    async def in_talk(self, method: str, headers: str = "", *, proofs: tuple[str, str] | None = None) -> Answer:
        """Ask `method` within the talk that began last; `proofs` are user and password, should they be asked for."""
        assert self._dialog, "no talk has begun"
        self._sequence += 2
        first = _within(*self._dialog, method, headers, self._sequence)
        answer = await self.ask(first)
        if answer.status != 401 or proofs is None:
            return answer
        uri = first.split(" ", 2)[1]
        proved = headers + proof(next(iter(answer.challenges.values())), *proofs, method, uri)
        return await self.ask(_within(*self._dialog, method, proved, self._sequence + 1))

    async def refuse_a_call(self, status: int, *, headers: tuple[str, ...] = ()) -> None:
        """Wait for a call, and refuse it."""
        while not (call := await self.receive()).startswith("INVITE"):
            pass
        self.answer(call, status, headers=headers)

    async def refuse_calls(self, status: int, *, headers: tuple[str, ...] = ()) -> AsyncIterator[str]:
        """Refuse every call as it comes, and yield its Call-ID; say to whoever asks that the phone is there."""
        while True:
            request = await self.receive()
            if request.startswith("OPTIONS"):
                self.answer(request, 200)
            elif request.startswith("INVITE"):
                self.answer(request, status, headers=headers)
                yield re.findall(r"(?m)^Call-ID: (.*?)\r$", request)[0]

    def answer(self, request: str, status: int, *, headers: tuple[str, ...] = ()) -> None:
        """Answer a request, finally."""
        kept = [line for line in request.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
        kept = [f"{line};tag=refused" if line.startswith("To:") else line for line in kept]
        words = "OK" if status < 300 else "No"
        self.send("\r\n".join((f"SIP/2.0 {status} {words}", *kept, *headers, "Content-Length: 0", "", "")))

    async def signed(
        self,
        method: str,
        user: str,
        password: str | None,
        to: str = "",
        *,
        algorithm: str = "",
        headers: str = "",
        offer: str = SDP,
    ) -> Answer:
        """Make a request and prove the password when asked: with `algorithm`, or the first that is offered."""
        call = secrets.token_hex(8)
        first = self.request(method, user, to, call=call, headers=headers, offer=offer)
        answer = await self.ask(first)
        if answer.status != 401 or password is None:
            return answer
        parts = answer.challenges[algorithm] if algorithm else next(iter(answer.challenges.values()))
        uri = first.split(" ", 2)[1]
        again = headers + proof(parts, user, password, method, uri)
        return await self.ask(self.request(method, user, to, headers=again, call=call, sequence=2, offer=offer))

    async def register(self, user: str, password: str | None, *, expires: int = 60, **more: str) -> Answer:
        """Register, or take a registration back (`expires` 0)."""
        return await self.signed("REGISTER", user, password, headers=f"Expires: {expires}\r\n", **more)


def _ack(request: str, answer: str) -> str:
    head = re.sub(r"^INVITE", "ACK", request.partition("\r\n\r\n")[0])
    head = re.sub(r"(?m)^CSeq: (\d+) .*$", r"CSeq: \1 ACK\r", head)
    head = re.sub(r"(?m)^(To|Content-Type|Content-Length|Authorization): .*\n?", "", head).rstrip("\r\n")
    to = re.search(r"(?m)^To: (.*?)\r$", answer)
    return f"{head}\r\nTo: {to[1] if to else ''}\r\nContent-Length: 0\r\n\r\n"


def _within(request: str, answer: str, method: str, headers: str, sequence: int) -> str:
    """Return a request of the dialog that `request` and its `answer` began."""

    def line(name: str, text: str) -> str:
        found = re.search(rf"(?m)^{name}: .*?(?=\r$)", text)
        return found[0] if found else ""

    contact = re.search(r"(?m)^Contact: <([^>]+)>", answer)
    via = re.sub(r"branch=[^;\r]+", f"branch=z9hG4bK{secrets.token_hex(8)}", line("Via", request))
    kept = [line(name, text) for name, text in (("From", request), ("To", answer), ("Call-ID", request))]
    start = f"{method} {contact[1] if contact else ''} SIP/2.0"
    lines = (start, via, "Max-Forwards: 70", *kept, f"CSeq: {sequence} {method}", line("Contact", request))
    return "\r\n".join(lines) + f"\r\n{headers}Content-Length: 0\r\n\r\n"


@asynccontextmanager
async def client(
    transport: str, port: int, *, source: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> AsyncIterator[Client]:
    """Open a user agent; over TLS it trusts whom `context` trusts. Raises OSError, ssl.SSLError among them."""
    if transport == "tls" and context is None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    one = Client(transport, port, source)
    await one.open(context)
    try:
        yield one
    finally:
        one.close()
