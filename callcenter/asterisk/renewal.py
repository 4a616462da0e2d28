"""A renewed certificate is taken up by the panel's HTTPS while it runs: those who are connected stay, the next see it.

Asterisk reads its certificate when it starts, and its transports are not reloaded while calls run over them: whether it
still shows the old one is told by `callcenter doctor`.
"""

import asyncio
import hashlib
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import structlog

from callcenter.asterisk.certificate import CertificateError, context_of, ends

_log = structlog.get_logger()
#: Seconds between two looks at the files.
EVERY = 60.0
_PATIENCE = 3.0

Pair = tuple[Path, Path]


async def kept_fresh(context: ssl.SSLContext, pair: Pair, *, every: float = EVERY) -> None:
    """Let `context` have what stands in `pair` whenever that changes; runs until it is cancelled.

    A pair that cannot be used, as between the writing of one file and the other, is told of and left alone.
    """
    known = await asyncio.to_thread(_stamp, pair)
    while True:
        await asyncio.sleep(every)
        now = await asyncio.to_thread(_stamp, pair)
        if now == known:
            continue
        known = now
        try:
            await asyncio.to_thread(context_of, pair)
            context.load_cert_chain(*pair, password=lambda: "")
            until = ends(pair[0])
        except (CertificateError, OSError, ValueError) as error:  # ssl.SSLError is an OSError
            _log.error("certificate_not_taken", error=str(error), hint="the old one is shown until it is mended")
            continue
        _log.warning(
            "certificate_taken",
            file=str(pair[0]),
            until=until.isoformat(),
            hint="phones see the old one until Asterisk restarts; see callcenter doctor",
        )


def served(host: str, port: int) -> bytes | None:
    """Return the certificate (DER) that whoever listens there shows; None when nobody answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # It is looked at, and nothing is told to it.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        suppress(OSError),
        socket.create_connection((host, port), _PATIENCE) as line,
        context.wrap_socket(line) as safe,
    ):
        return safe.getpeercert(binary_form=True)
    return None


def in_file(path: Path) -> bytes:
    """Return the first certificate (DER) in a file. Raises OSError and ValueError."""
    text = path.read_text(encoding="ascii", errors="replace")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    first = text[text.index(begin) : text.index(end) + len(end)]
    return ssl.PEM_cert_to_DER_cert(first)


def _stamp(pair: Pair) -> tuple[str, ...]:
    """Return what tells the files' content; a file that is gone for a moment is a change too."""
    found = []
    for path in pair:
        try:
            found.append(hashlib.sha256(path.read_bytes()).hexdigest())
        except OSError as error:
            found.append(type(error).__name__)
    return tuple(found)
