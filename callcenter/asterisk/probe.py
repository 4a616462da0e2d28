"""Asking Asterisk from outside whether it is well, as a phone and as a manager would.

A process that exists may be deadlocked all the same (asterisk/asterisk issue 2166), so only an answer counts.
"""

import asyncio
import contextlib
import secrets
import socket

#: Every AMI server greets with this, before any sign-in.
_BANNER = b"Asterisk Call Manager/"
_DATAGRAM_BYTES = 65_535


class ProbeError(Exception):
    """Asterisk did not answer as it should; the message says what was missing."""


class PartlyDeafError(ProbeError):
    """Asterisk answers on one of its two sides, and not on the other."""


async def probe_asterisk(bind: str, sip_port: int, ami_port: int, username: str, secret: str) -> None:
    """Ask SIP and AMI at the same time. The caller sets the deadline (`asyncio.timeout`).

    Raises PartlyDeafError when one of them answered, ProbeError when neither did.
    """
    failures = [
        failure
        for failure in await asyncio.gather(
            probe_sip(bind, sip_port), probe_ami("127.0.0.1", ami_port, username, secret), return_exceptions=True
        )
        if failure is not None
    ]
    if failures:
        kind = PartlyDeafError if len(failures) == 1 else ProbeError
        raise kind("; ".join(str(failure) or type(failure).__name__ for failure in failures))


async def probe_sip(bind: str, port: int, *, seconds: float = 1.5) -> None:
    """Send OPTIONS over UDP to where SIP listens; any response will do, a refusal too. Raises ProbeError.

    It is sent three times within `seconds`: UDP may lose a datagram when the machine is busy (RFC 3261, 17.1.2.1).
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as asker:
        call_id = secrets.token_hex(8)
        for _ in range(3):
            try:
                if not asker.getsockname()[1]:
                    # Connected, so that the kernel reports a closed port at once and drops what others send.
                    asker.connect((host, port))
                await loop.sock_sendall(asker, _options(host, port, asker.getsockname(), call_id))
                async with asyncio.timeout(seconds / 3):
                    answer = await loop.sock_recv(asker, _DATAGRAM_BYTES)
            except TimeoutError:
                continue
            except OSError as error:
                raise ProbeError(f"SIP: {error.strerror}") from error
            if not answer.startswith(b"SIP/2.0 "):
                raise ProbeError("SIP: an answer that is none")
            return
    raise ProbeError("SIP: no answer to OPTIONS")


def _options(host: str, port: int, local: tuple[str, int], call_id: str) -> bytes:
    there, here = (f"[{name}]" if ":" in name else name for name in (host, local[0]))
    lines = [
        f"OPTIONS sip:probe@{there}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {here}:{local[1]};branch=z9hG4bK{call_id};rport",
        f"From: <sip:probe@{here}>;tag={call_id}",
        f"To: <sip:probe@{there}>",
        f"Call-ID: {call_id}@probe",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 1",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def probe_ami(host: str, port: int, username: str, secret: str, *, seconds: float = 1.5) -> None:
    """Connect to AMI, sign in, Ping, sign off, all within `seconds`; raises ProbeError."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                if not (await reader.readline()).startswith(_BANNER):
                    raise ProbeError("AMI: no banner")
                await _ask(reader, writer, "Login", Username=username, Secret=secret, Events="off")
                await _ask(reader, writer, "Ping")
                writer.write(b"Action: Logoff\r\n\r\n")
                with contextlib.suppress(OSError):
                    await writer.drain()
            finally:
                writer.close()
    except TimeoutError:
        raise ProbeError("AMI: no answer in time") from None
    except (OSError, ValueError) as error:
        raise ProbeError(f"AMI: {error}") from error


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, action: str, **fields: str) -> None:
    lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
    while line := await reader.readline():
        if line.startswith(b"Response: "):
            if line.strip() != b"Response: Success":
                raise ProbeError(f"AMI: {action} was refused")
            return
    raise ProbeError(f"AMI: closed at {action}")
