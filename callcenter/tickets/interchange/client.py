"""One message to the city platform, and its answer: hostile, as everything from there, until its signature holds."""

import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from pydantic import ValidationError

from callcenter.storage import clock
from callcenter.tickets.interchange import signing
from callcenter.tickets.interchange.messages import FromTheirAnswer

#: Seconds for the whole exchange, and for its first word.
WHOLE, CONNECT = 20.0, 5.0
#: Bytes of an answer that are read.
LARGEST = 64 * 1024


class NotConfirmed(Exception):
    """A message was not confirmed; says why. `refused` by them for good, or for now only."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


@dataclass
class CityClient:
    """The way to the city platform; an asynchronous context."""

    url: str
    parties: signing.Parties
    #: Certificates that are trusted beside the system's.
    ca_file: Path | None = None
    whole_seconds: float = WHOLE

    async def __aenter__(self) -> Self:
        """Open the way; nothing is connected yet."""
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=8),
            timeout=aiohttp.ClientTimeout(total=self.whole_seconds, connect=CONNECT),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._session.close()

    async def send(self, message_id: str, body: bytes) -> FromTheirAnswer:
        """Send a message and return their confirmation. Raises NotConfirmed for everything else."""
        path = urlsplit(self.url).path or "/"
        nonce = secrets.token_urlsafe(24)
        headers = signing.signed(self.parties, "POST", path, body, now=clock.now().timestamp(), nonce=nonce)
        headers |= {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        try:
            async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                said = await _limited(answer)
                status, theirs = answer.status, answer.headers
        except TimeoutError:
            raise NotConfirmed(f"no answer within {self.whole_seconds:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise NotConfirmed(f"their certificate is not trusted: {error.certificate_error}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotConfirmed(f"{type(error).__name__}: {error}"[:300]) from error
        try:
            signing.verify_answer(self.parties, path, nonce, theirs, said, clock.now().timestamp())
        except signing.BadSignature as error:
            raise NotConfirmed(f"HTTP {status}, not signed as it must be: {error}") from error
        return _read(message_id, status, said)


def _read(message_id: str, status: int, said: bytes) -> FromTheirAnswer:
    try:
        confirmed = FromTheirAnswer.model_validate_json(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise NotConfirmed(f"HTTP {status}, an answer that is none: {first['loc']} {first['msg']}"[:300]) from None
    if confirmed.message_id != message_id:
        raise NotConfirmed("their answer is to another message")
    if confirmed.result == "refused":
        raise NotConfirmed(f"refused: {confirmed.error or 'no reason given'}", refused=True)
    if status != 200:  # noqa: PLR2004  # the one that the protocol has
        raise NotConfirmed(f"HTTP {status}")
    return confirmed


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    said = bytearray()
    async for chunk in answer.content.iter_chunked(8192):
        said += chunk
        if len(said) > LARGEST:
            raise NotConfirmed(f"HTTP {answer.status}, an answer of more than {LARGEST} bytes")
    return bytes(said)
