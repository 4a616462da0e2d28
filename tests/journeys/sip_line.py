"""SIP over WebSocket (RFC 7118) by hand: a REGISTER with a password (RFC 2617), and what is answered."""

import hashlib
import re
import secrets

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

_HOST = "hotline.invalid"


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()


class SipLine:
    """A line that is open to Asterisk."""

    def __init__(self, line: ClientWebSocketResponse) -> None:
        self._line = line

    async def register(self, user: str, password: str) -> int:
        """Register `user`, answering the challenge with `password`; returns the status of the last answer."""
        call, tag = secrets.token_hex(8), secrets.token_hex(4)
        answer = await self._ask(user, call, tag, 1, "")
        challenge = re.search(r"^WWW-Authenticate: Digest (.*)$", answer, re.MULTILINE | re.IGNORECASE)
        if challenge is None:
            return int(answer.split()[1])
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge[1]))
        uri, nonce = f"sip:{_HOST}", given["nonce"]
        secret = _md5(
            _md5(user, given["realm"], password), nonce, "00000001", "0a4f113b", "auth", _md5("REGISTER", uri)
        )
        proof = (
            f'Authorization: Digest algorithm=MD5, username="{user}", realm="{given["realm"]}", nonce="{nonce}", '
            f'uri="{uri}", response="{secret}", opaque="{given.get("opaque", "")}", qop=auth, cnonce="0a4f113b", '
            "nc=00000001\r\n"
        )
        return int((await self._ask(user, call, tag, 2, proof)).split()[1])

    async def _ask(self, user: str, call: str, tag: str, number: int, proof: str) -> str:
        await self._line.send_str(
            f"REGISTER sip:{_HOST} SIP/2.0\r\n"
            f"Via: SIP/2.0/WS {secrets.token_hex(6)}.invalid;branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 69\r\nTo: <sip:{user}@{_HOST}>\r\nFrom: <sip:{user}@{_HOST}>;tag={tag}\r\n"
            f"Call-ID: {call}\r\nCSeq: {number} REGISTER\r\n{proof}"
            f"Contact: <sip:test@{tag}.invalid;transport=ws>;expires=60\r\nExpires: 60\r\nContent-Length: 0\r\n\r\n"
        )
        while True:
            message = await self._line.receive(timeout=5)
            assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
            text = message.data if isinstance(message.data, str) else message.data.decode()
            if text.startswith("SIP/2.0") and f"Call-ID: {call}" in text:
                return text


async def tried(url: str, user: str, password: str) -> int:
    """Return the status that a REGISTER over a line of its own is answered with."""
    async with ClientSession() as client, client.ws_connect(url, protocols=("sip",)) as line:
        return await SipLine(line).register(user, password)
