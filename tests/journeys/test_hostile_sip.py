"""Hostile SIP over bare sockets, against a lab that takes citizens from loopback and a production that takes none.

A seat's name without its password, a wrong password, names of our own endpoints, headers made to do harm, numbers that
do not exist, registrations of strangers, garbage. Nobody gets in who may not, nothing of it is carried out, and after
each of them both programs are the same processes as before, the floor is right, and a citizen is heard.
"""

import asyncio
import hashlib
import random
import re
import secrets
import socket
import string
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from harness import SEAT_HZ, Hotline, hears, running_hotline, wait_for

from callcenter.asterisk import install
from callcenter.paths import ROOT, Paths

pytestmark = pytest.mark.asterisk

HARMLESS = set(string.ascii_letters + string.digits + "+*#_.,")
TRUNKS = '[{"name": "x", "host": "192.0.2.10", "username": "user", "password": "word"}]'
SDP = (
    b"v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class Stranger:
    """A SIP user agent that says exactly what it is told to, over UDP."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003  # the standard library's
        self._socket.bind(("127.0.0.1", 0))

    def close(self) -> None:
        self._socket.close()

    async def send(self, message: bytes) -> None:
        await asyncio.get_running_loop().sock_sendto(self._socket, message, self._server)

    def request(  # a request is made of so much
        self,
        method: bytes,
        *,
        user: bytes,
        to: bytes = b"12345",
        name: bytes = b"",
        headers: bytes = b"",
        call: bytes = b"",
        sequence: int = 1,
    ) -> bytes:
        """Return a request; `user` and `name` stand in From byte for byte, `headers` end with a line end."""
        at = b"127.0.0.1:%d" % self._server[1]
        me = b"127.0.0.1:%d" % self._socket.getsockname()[1]
        body = SDP if method == b"INVITE" else b""
        return (
            b"%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"
            b"From: %s<sip:%s@%s>;tag=%s\r\nTo: <sip:%s@%s>\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:x@%s>\r\n"
            b"%s%sContent-Length: %d\r\n\r\n%s"
        ) % (
            *(method, to, at, me, secrets.token_hex(8).encode(), name, user, at, b"t", to, at),
            *(call or secrets.token_hex(8).encode(), sequence, method, me, headers),
            *(b"Content-Type: application/sdp\r\n" if body else b"", len(body), body),
        )

    async def ask(self, request: bytes, within: float = 3.0) -> tuple[int, bytes]:
        """Send a request; return status and text of its final answer, (0, b"") when there is none."""
        await self.send(request)
        call = _header(request, b"Call-ID")
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while True:
                    answer = await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
                    status = int(answer[8:11]) if answer.startswith(b"SIP/2.0 ") else 0
                    if status >= 200 and _header(answer, b"Call-ID") == call:
                        return status, answer
        return 0, b""

    async def invite(self, within: float = 3.0, **parts: Any) -> int:  # noqa: ANN401  # as request() takes them
        """Try a call and hang up at once if it is taken; return the status of the answer, 0 for none."""
        request = self.request(b"INVITE", **parts)
        status, answer = await self.ask(request, within)
        if status:
            await self.send(_follow(request, answer, b"ACK", 1))
        if status == 200:
            assert (await self.ask(_follow(request, answer, b"BYE", 2)))[0] == 200
        return status


def _header(message: bytes, name: bytes) -> bytes:
    found = re.search(rb"^" + name + rb": *([^\r\n]*)", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else b""


def _follow(request: bytes, answer: bytes, method: bytes, sequence: int) -> bytes:
    """Return the request that follows `answer` within the dialog: an ACK, or a BYE."""
    head = request.partition(b"\r\n\r\n")[0]
    head = re.sub(rb"^INVITE", method, head)
    head = re.sub(rb"(?m)^CSeq: .*$", b"CSeq: %d %s\r" % (sequence, method), head)
    head = re.sub(rb"(?m)^(To|Content-Type|Content-Length): .*\n?", b"", head).rstrip(b"\r\n")
    if method == b"BYE":
        head = head.replace(b"branch=z9hG4bK", b"branch=z9hG4bKbye")
    return head + b"\r\nTo: " + _header(answer, b"To") + b"\r\nContent-Length: 0\r\n\r\n"


def digest(challenge: bytes, user: bytes, password: bytes, method: bytes, uri: bytes) -> bytes:
    """Return an Authorization header for a challenge."""
    field = _header(challenge, b"WWW-Authenticate")
    realm, nonce = (re.search(name + rb'="([^"]*)"', field)[1] for name in (rb"realm", rb"nonce"))  # type: ignore[index]

    def md5(words: bytes) -> bytes:
        return hashlib.md5(words).hexdigest().encode()  # noqa: S324  # SIP's digest

    key = md5(user + b":" + realm + b":" + password)
    answer = md5(key + b":" + nonce + b":00000001:c:auth:" + md5(method + b":" + uri))
    return (
        b'Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", '
        b'algorithm=MD5, cnonce="c", nc=00000001, qop=auth\r\n'
    ) % (user, realm, nonce, uri, answer)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A production hotline whose one trunk is far away: everyone here is a stranger."""
    folder = tmp_path_factory.mktemp("closed")
    with running_hotline(folder, PROFILE="production", TRUNKS=TRUNKS) as running:
        yield running


@asynccontextmanager
async def unharmed(hotline: Hotline) -> AsyncIterator[Stranger]:
    """Give a stranger to the block; afterwards the hotline must be as it was."""
    pids = [hotline.program(name).pid for name in ("asterisk.conf", "controller")]
    stranger = Stranger(hotline.settings.sip_port)
    try:
        yield stranger
    finally:
        stranger.close()
    assert [hotline.program(name).pid for name in ("asterisk.conf", "controller")] == pids
    assert "fully booted" in await command(hotline, "core waitfullybooted")
    await wait_for(lambda: idle(hotline), 15, what="nobody is left in the queue or on a channel")


async def idle(hotline: Hotline) -> bool:
    return await hotline.waiting() == [] and "0 active channels" in await command(hotline, "core show channels")


async def command(hotline: Hotline, words: str) -> str:
    """Ask Asterisk itself."""
    program = install.find(ROOT)
    assert program is not None
    asked = await asyncio.create_subprocess_exec(
        *(*program.argv, "-C", str(Paths.of(hotline.settings).etc / "asterisk.conf"), "-rx", words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    return (await asked.communicate())[0].decode(errors="replace")


async def still_heard(hotline: Hotline, caller: str) -> None:
    """Check that a citizen reaches an agent and is heard."""
    async with hotline.seated("1001", "8001") as seat, hotline.citizen(caller) as citizen:
        await seat.until("answered", within=15)
        await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
        await citizen.hang_up()
    assert (await hotline.call_of(caller))["outcome"] == "answered"


# ---- Who may not come in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [b"8001", b"8001w", b"8010"])
async def test_seat_without_its_password_is_challenged_even_on_loopback(hotline: Hotline, user: bytes) -> None:
    before = await hotline.get("/calls")
    async with unharmed(hotline) as stranger:
        for to in (b"12345", b"8002", b"13800000000"):
            assert await stranger.invite(user=user, to=to) == 401
        for password in (b"", user, b"12345", b"x" * 1000):
            uri = b"sip:12345@127.0.0.1:%d" % hotline.settings.sip_port
            call = secrets.token_hex(8).encode()
            status, challenge = await stranger.ask(stranger.request(b"INVITE", user=user, call=call))
            assert status == 401
            proof = digest(challenge, user, password, b"INVITE", uri)
            again = stranger.request(b"INVITE", user=user, headers=proof, call=call, sequence=2)
            assert (await stranger.ask(again))[0] in {401, 403}
    assert await hotline.get("/calls") == before


async def test_right_password_is_let_in_so_the_wrong_one_was_the_reason(hotline: Hotline) -> None:
    words = await hotline.cli("seats")
    (password,) = (row["sip_password"].encode() for row in words if row["seat"] == "8009")
    uri = b"sip:127.0.0.1:%d" % hotline.settings.sip_port
    async with unharmed(hotline) as stranger:
        call = secrets.token_hex(8).encode()
        status, challenge = await stranger.ask(stranger.request(b"REGISTER", user=b"8009", to=b"8009", call=call))
        assert status == 401
        proof = digest(challenge, b"8009", password, b"REGISTER", uri) + b"Expires: 0\r\n"
        again = stranger.request(b"REGISTER", user=b"8009", to=b"8009", headers=proof, call=call, sequence=2)
        assert (await stranger.ask(again))[0] == 200


@pytest.mark.parametrize(
    "user", [b"lab", b"trunk-x", b"8001", b"12345", b"user", b"13800000000", b"asterisk", b"x" * 500]
)
async def test_production_takes_nobody_but_its_trunks(closed: Hotline, user: bytes) -> None:
    async with unharmed(closed) as stranger:
        for to in (b"12345", b"s", b"8001", b"bare"):
            assert await stranger.invite(user=user, to=to) == 401, to
    assert await closed.get("/calls") == []


async def test_production_offers_no_way_around_its_password(closed: Hotline) -> None:
    async with unharmed(closed) as stranger:
        for headers in (
            b"P-Asserted-Identity: <sip:8001@127.0.0.1>\r\n",
            b"Remote-Party-ID: <sip:trunk-x@127.0.0.1>\r\n",
            b"X-Forwarded-For: 192.0.2.10\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKx\r\n",
            b"Route: <sip:192.0.2.10;lr>\r\n",
            b'Authorization: Digest username="user"\r\n',
            b"Authorization: Basic dXNlcjp3b3Jk\r\n",
        ):
            assert await stranger.invite(user=b"trunk-x", headers=headers) in {0, 400, 401, 403}
        for method in (b"REFER", b"SUBSCRIBE", b"MESSAGE", b"NOTIFY", b"PUBLISH", b"INFO", b"UPDATE", b"BYE", b"PRACK"):
            status, _ = await stranger.ask(stranger.request(method, user=b"8001", to=b"8001"), within=0.5)
            assert not 200 <= status < 300, method
    assert await closed.get("/calls") == []
    assert all(agent["state"] == "signed_out" for agent in await closed.get("/agents"))


@pytest.mark.parametrize("user", [b"13800000001", b"lab", b"trunk-x", b"8001", b"8001w", b"nobody"])
async def test_stranger_registers_nowhere(hotline: Hotline, user: bytes) -> None:
    async with unharmed(hotline) as stranger:
        for to in {user, b"8002"}:
            status, challenge = await stranger.ask(stranger.request(b"REGISTER", user=user, to=to))
            assert status >= 400, (to, status)
            if status == 401:
                proof = digest(challenge, user, b"guess", b"REGISTER", b"sip:127.0.0.1")
                again = stranger.request(b"REGISTER", user=user, to=to, headers=proof, sequence=2)
                assert (await stranger.ask(again))[0] >= 400
        assert "No objects found" in await command(hotline, "pjsip show contacts")


# ---- What a citizen may not do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        b"110",
        b"8001",
        b"8001w",
        b"s",
        b"h",
        b"i",
        b"t",
        b"key-1",
        b"hotline-inbound",
        b"13800000000",
        b"1234",
        b"123456",
        b"",
    ],
)
async def test_citizen_reaches_the_hotline_and_nothing_else(hotline: Hotline, to: bytes) -> None:
    before = await hotline.get("/calls")
    async with unharmed(hotline) as stranger:
        for user in (b"13853000101", b"lab", b"trunk-x"):
            assert await stranger.invite(user=user, to=to) in {0, 400, 404, 416, 484}
    assert await hotline.get("/calls") == before


#: What it is -> user and name of the From header, byte for byte.
HOSTILE = {
    "our own endpoints' names": (b"lab", b"trunk-x"),
    "quotes": (b"139%22%27", b'"a\\"b\'c`d"'),
    "an expression": (b"%24%7bSHELL(touch%20PROOF)%7d", b'"${SHELL(touch PROOF)}"'),
    "an expression as it is": (b"${SHELL(touch PROOF)}", b'"$[1/0]"'),
    "a manager's action": (
        b"139%0d%0aAction: Command%0d%0aCommand: core stop now%0d%0a%0d%0a",
        b'"%0d%0aAction: Logoff"',
    ),
    "an escaped manager's action": (b"139%0d%0aAction:%20Logoff%0d%0a%0d%0a", b'"x%0d%0a%0d%0aAction: Logoff"'),
    "an answer to an AGI script": (b"139%0a200%20result=1", b'"\\"\\n200 result=1"'),
    "a shell's words": (b"139%3Btouch%20PROOF%7C%60touch%20PROOF%60", b'"`touch PROOF`;$(touch PROOF)"'),
    "arguments of an application": (b"139%2CSystem(touch%20PROOF)", b'"a,b|c&d^e"'),
    "a path": (b"..%2F..%2F..%2Fetc%2Fpasswd", b'"../../x"'),
    "emoji": (b"139%F0%9F%98%80", '"张三😀"'.encode()),
    "emoji as they are": ("139😀".encode(), "😀".encode()),
    "invalid UTF-8": (b"139%ff%fe", b'"\xff\xfe\xc3"'),
    "invalid UTF-8 as it is": (b"139\xff\xfe", b'"\xc3("'),
    "a zero byte": (b"139%00139", b'"a%00b"'),
    "a zero byte as it is": (b"139\x00139", b'"a\x00b"'),
    "markup": (b"%3Cscript%3Ealert(1)%3C%2Fscript%3E", b'"<script>alert(1)</script>"'),
    "SQL": (b"139'%3B%20drop%20table%20calls%3B--", b'"\' or 1=1 --"'),
    "a thousand characters": (b"7" * 1000, b'"' + b"n" * 1000 + b'"'),
    "ten thousand characters": (b"7" * 10_000, b""),
    "a name of ten thousand characters": (b"139", b'"' + b"n" * 10_000 + b'"'),
    "nothing": (b"", b""),
    "a display name that does not end": (b"139", b'"'),
}


async def test_hostile_callers_are_citizens_with_harmless_numbers_or_nothing(hotline: Hotline, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    known = {row["id"] for row in await hotline.get("/calls")}
    taken = 0
    async with unharmed(hotline) as stranger:
        for what, (user, name) in HOSTILE.items():
            user, name = (part.replace(b"PROOF", str(proof).encode()) for part in (user, name))  # noqa: PLW2901
            status = await stranger.invite(user=user, name=name, within=0.7)
            assert status in {0, 200, 400, 401, 413, 513}, what
            taken += status == 200

    async def listed() -> list[dict[str, Any]]:
        rows = [row for row in await hotline.get("/calls?limit=1000") if row["id"] not in known]
        return rows if len(rows) >= taken and all(row["ended_at"] for row in rows) else []

    rows = await wait_for(listed)
    assert taken >= 10, "or this tests nothing"
    assert len(rows) == taken
    callers = {row["caller"] for row in rows}
    assert all(set(caller) <= HARMLESS and len(caller) <= 32 for caller in callers), callers
    assert {"lab", "139"} <= callers
    assert not proof.exists(), "what a caller says was carried out"
    await still_heard(hotline, "13850000010")


async def test_hostile_caller_who_waits_is_shown_as_a_harmless_number(hotline: Hotline) -> None:
    evil = b"139%22%3E%3Cb%3E%0d%0aX%3A%20y"
    async with hotline.seated("1002", "8002"):
        await hotline.post("/agents/1002/break", {"reason": "rest"})
        async with hotline.citizen(evil, name=b'"<b>%0d%0aCallerIDNum: 1"') as citizen:
            await wait_for(hotline.waiting, 15)
            assert await hotline.waiting() == ["139bXy"]
            await citizen.hang_up()
    assert (await hotline.call_of("139bXy"))["outcome"] == "abandoned_queue"


# ---- Garbage ---------------------------------------------------------------------------------------------------------


async def test_garbage_datagrams_are_nothing(hotline: Hotline) -> None:
    chance = random.Random(12345)
    before = await hotline.get("/calls")
    async with unharmed(hotline) as stranger:
        whole = stranger.request(b"INVITE", user=b"13853000102")
        for garbage in (
            b"",
            b"\0",
            b"\r\n\r\n",
            b"\xff" * 1400,
            b"INVITE",
            b"INVITE sip:12345 SIP/2.0\r\n\r\n",
            b"SIP/2.0 200 OK\r\n\r\n",
            whole.replace(b"SIP/2.0\r\n", b"SIP/9.9\r\n", 1),
            whole.replace(b"Content-Length: ", b"Content-Length: -"),
            whole.replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999999999999 INVITE"),
            whole.replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
            whole.replace(b"Via: ", b"Vla: "),
            whole.replace(b"Call-ID: ", b"Call-ID: \r\nX: "),
            whole.replace(b"Max-Forwards: 70\r\n", b"X: y\r\n" * 3000),
            *(bytes(chance.randbytes(chance.randrange(1, 1200))) for _ in range(300)),
            *(whole[: chance.randrange(len(whole))] for _ in range(200)),
        ):
            await stranger.send(garbage)
        for _ in range(300):
            broken = bytearray(whole)
            for _ in range(5):
                broken[chance.randrange(20, len(whole))] = chance.randrange(256)
            # The method is broken too: whatever else parses must not begin a call of this test's.
            await stranger.send(bytes(broken).replace(b"INVITE", b"INVENT"))
    assert await hotline.get("/calls") == before
    await still_heard(hotline, "13850000011")


async def test_bodies_that_are_no_offer_begin_no_talk(hotline: Hotline) -> None:
    async with unharmed(hotline) as stranger:
        for body in (b"", b"v=0\r\n", b"\xff" * 500, SDP.replace(b"audio 40000", b"audio 99999999"), SDP * 200):
            request = stranger.request(b"INVITE", user=b"13853000103").replace(SDP, body)
            request = request.replace(b"Content-Length: %d" % len(SDP), b"Content-Length: %d" % len(body))
            status, answer = await stranger.ask(request, within=0.7)
            if status:
                await stranger.send(_follow(request, answer, b"ACK", 1))
            if status == 200:  # no body at all is an invitation to make the offer
                await stranger.ask(_follow(request, answer, b"BYE", 2))


async def test_connections_that_say_nothing_or_nonsense_keep_nobody_out(hotline: Hotline) -> None:
    async with unharmed(hotline):
        writers = []
        for words in (
            b"",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01" * 100,
            b"INVITE sip:12345@x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        ):
            for _ in range(10):
                _, writer = await asyncio.open_connection("127.0.0.1", hotline.settings.sip_port)
                writer.write(words + b"A" * 20_000 * bool(words))
                writers.append(writer)
        await still_heard(hotline, "13850000012")
        async with hotline.citizen("13850000013", transport="t1") as citizen:
            await citizen.until("answered")
            await citizen.until("ended", within=20)
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    assert (await hotline.call_of("13850000013"))["outcome"] == "unanswered"
