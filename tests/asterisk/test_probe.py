"""Asking Asterisk from outside: a well one answers, and every way of not answering is told apart."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from trial import trial

from callcenter.asterisk.probe import PartlyDeafError, ProbeError, probe_ami, probe_asterisk, probe_sip

AMI_PORT, SIP_PORT = 7158, 7180


@pytest.mark.asterisk
async def test_a_well_asterisk_answers_and_a_stopped_one_does_not(tmp_path: Path) -> None:
    """A stopped process keeps its sockets open, as a deadlocked one does."""
    async with trial(tmp_path, "exten => s,1,Hangup()", ami_port=AMI_PORT, sip_port=SIP_PORT) as asterisk:
        began = time.monotonic()
        await probe_asterisk("127.0.0.1", SIP_PORT, AMI_PORT, "probe", "throw-away")
        assert time.monotonic() - began < 1
        with pytest.raises(PartlyDeafError, match="SIP: Connection refused"):
            await probe_asterisk("127.0.0.1", SIP_PORT + 1, AMI_PORT, "probe", "throw-away")
        with pytest.raises(ProbeError, match="AMI: Login was refused"):
            await probe_ami("127.0.0.1", AMI_PORT, "probe", "wrong")
        os.kill(asterisk.process.pid, signal.SIGSTOP)
        await until_stopped(asterisk.process.pid)
        with pytest.raises(ProbeError, match="SIP: no answer to OPTIONS; AMI: no answer in time"):
            await probe_asterisk("127.0.0.1", SIP_PORT, AMI_PORT, "probe", "throw-away")


async def until_stopped(pid: int) -> None:
    """Wait until each of a process's threads stands still: one that runs for a moment longer may answer yet."""
    deadline = time.monotonic() + 5

    def goes_on() -> bool:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return any((one / "stat").read_text().rpartition(")")[2].split()[0] != "T" for one in threads)

    while goes_on():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_port_that_nobody_listens_on_is_known_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(ProbeError, match=r"SIP: Connection refused; AMI: .*Connect call failed"):
        await probe_asterisk("127.0.0.1", SIP_PORT + 1, AMI_PORT + 1, "probe", "x")
    assert time.monotonic() - began < 1


async def test_sip_is_asked_again_when_a_datagram_is_lost() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as phone:
        phone.bind(("127.0.0.1", 0))
        probing = loop.create_task(probe_sip("127.0.0.1", phone.getsockname()[1], seconds=3), name="probe")
        async with asyncio.timeout(5):
            first, _ = await loop.sock_recvfrom(phone, 2000)
            second, asker = await loop.sock_recvfrom(phone, 2000)
            await loop.sock_sendto(phone, b"SIP/2.0 404 Not Found\r\n\r\n", asker)
            await probing
    assert first == second
    assert first.startswith(b"OPTIONS sip:probe@127.0.0.1")


@asynccontextmanager
async def ami_peer(*says: bytes) -> AsyncIterator[int]:
    """Listen as AMI does and say one thing after each line heard, the first at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for word in says:
            writer.write(word)
            await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ([b"SSH-2.0-OpenSSH\r\n"], "no banner"),
        ([b"x" * 1_000_000], "AMI: "),
        ([b"Asterisk Call Manager/9\r\n"], "closed at Login"),
        (
            [b"Asterisk Call Manager/9\r\n", b"Response: Success\r\n\r\n", b"Response: Error\r\n\r\n"],
            "Ping was refused",
        ),
    ],
    ids=["ssh", "endless-line", "closed", "error"],
)
async def test_an_ami_that_is_none_is_a_failure(says: list[bytes], reason: str) -> None:
    async with ami_peer(*says) as port:
        with pytest.raises(ProbeError, match=reason):
            await probe_ami("127.0.0.1", port, "probe", "x", seconds=1)
