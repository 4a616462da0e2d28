"""SIP outside the lab: seats on TLS and SRTP alone, nobody unknown, nothing dialled outside; old TLS refused.

A production hotline with one line, whose calls come from 127.0.0.1.
"""

import asyncio
import json
import ssl
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from harness import CITIZEN_HZ, SEAT_HZ, Hotline, hears, running_hotline, wait_for
from own_hotline import asterisk
from secure_phone import secure_phone
from sip_client import SDP, client

from callcenter import databases
from callcenter.asterisk import certificate
from callcenter.demo.sipp import free_port
from callcenter.demo.speech import share_of
from callcenter.hotline.tables import Agent
from callcenter.settings import load
from callcenter.tasks import spawn

pytestmark = pytest.mark.asterisk

#: An offer with SRTP keys, as a seat must make it (RFC 4568).
KEYED = SDP.replace("RTP/AVP", "RTP/SAVP") + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "QUJD" * 10 + "\r\n"
#: An address of this machine that is no line's.
STRANGER = "127.0.0.5"
#: Where the telephone network is, as far as the hotline knows.
LINE = free_port()
#: What a seat may try to dial, and must not reach.
OUTSIDE = (
    *("13800000000", "+8613800000000", "008613800000000", "110", "12345", "s", "h", "i", "t", "*98", "*8", "#1", "700"),
    *("bare", "hotline-callback", "13800000000%40trunk-line", "sip:13800000000@192.0.2.10", "tel:+8613800000000"),
)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    folder = tmp_path_factory.mktemp("production")
    trunk = {"name": "line", "host": "127.0.0.1", "port": LINE, "match": ["127.0.0.1"]}

    async def agent() -> None:
        async with databases.opened(load(data=folder / "var")) as database, database.begin() as session:
            session.add(Agent(number="1001", name="话务员01", active=True))

    asyncio.run(agent())
    with running_hotline(folder, PROFILE="production", TRUNKS=json.dumps([trunk]), RATING__ENABLED="false") as running:
        yield running


# ---- Who may come in -------------------------------------------------------------------------------------------------


async def test_a_desk_phone_signs_in_with_sha_256_over_tls_and_takes_a_call_in_srtp(
    production: Hotline, tmp_path: Path
) -> None:
    pytest.importorskip("pjsua2")
    words = tmp_path / "words.wav"
    write_tone(words, SEAT_HZ)
    async with secure_phone(
        transport="tls",
        host="127.0.0.1",
        port=production.settings.sips_port,
        user="8001",
        password=production.passwords["8001"],
        authority=str(production.settings.data_folder / "secrets/certificate.pem"),
        words=str(words),
        heard=str(tmp_path / "heard.wav"),
    ) as phone:
        assert (await phone.until("registration"))["status"] == 200
        assert (await phone.until("proof"))["algorithm"] == "SHA-256"
        await production.post("/agents/1001/sign-in", {"seat": "8001"})
        await production.until_agent("1001", "ready")
        async with production.citizen("13811110001") as citizen:
            await phone.until("media")
            offers = [await phone.until("speech"), await phone.until("speech")]
            assert all(offer["profile"] == "RTP/SAVP" and offer["keyed"] for offer in offers), offers
            await wait_for(lambda: hears(citizen.speech.heard, SEAT_HZ), what="the citizen hears the agent")
            channel = await asterisk(production, "pjsip show channelstats")
            assert "8001" in channel
            await wait_for(lambda: heard_by_phone(tmp_path / "heard.wav"), what="the agent hears the citizen")
            await citizen.hang_up()
        await production.sign_out("1001")
    row = await production.call_of("13811110001")
    assert (row["outcome"], row["seat"]) == ("answered", "8001")


def write_tone(path: Path, hertz: float) -> None:
    import math  # noqa: PLC0415
    import struct  # noqa: PLC0415

    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(
            b"".join(struct.pack("<h", int(9000 * math.sin(math.tau * hertz * at / 8000))) for at in range(16_000))
        )


def heard_by_phone(path: Path) -> bool:
    """Whether the phone has recorded the citizen's tone; a header of 44 bytes, then samples."""
    recorded = path.read_bytes()[44:] if path.exists() else b""
    samples = memoryview(recorded[: len(recorded) // 2 * 2]).cast("h").tolist()[-2000:]
    return len(samples) == 2000 and share_of(samples, CITIZEN_HZ) > 0.2


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
async def test_a_phone_proves_its_password_with_the_digest_that_it_knows(production: Hotline, algorithm: str) -> None:
    async with client("tls", production.settings.sips_port) as phone:
        password = production.passwords["8002"]
        offered = (await phone.register("8002", None)).challenges
        assert list(offered) == ["SHA-256", "MD5"], "the strong one first"
        assert (await phone.register("8002", "wrong", algorithm=algorithm)).status == 401
        assert (await phone.register("8002", password, algorithm=algorithm)).status == 200
        assert (await phone.register("8002", password, algorithm=algorithm, expires=0)).status == 200


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("seat", ["8003", "8003w"])
async def test_a_seat_without_encryption_is_not_let_in(production: Hotline, transport: str, seat: str) -> None:
    password = production.passwords["8003"]
    for source in ("127.0.0.1", STRANGER):
        async with client(transport, production.settings.sip_port, source=source) as phone:
            for algorithm in ("SHA-256", "MD5"):
                assert (await phone.register(seat, password, algorithm=algorithm)).status == 401
            assert (await phone.signed("INVITE", seat, password, "8002")).status == 401
    assert "8003" not in await asterisk(production, "pjsip show contacts")
    async with client("tls", production.settings.sips_port) as phone:
        assert (await phone.register("8003", password)).status == 200, "or this tests nothing"
        assert (await phone.register("8003", password, expires=0)).status == 200


async def test_a_seats_call_without_srtp_is_refused(production: Hotline) -> None:
    async with client("tls", production.settings.sips_port) as phone:
        assert (await phone.signed("INVITE", "8004", production.passwords["8004"], "8002")).status == 488


@pytest.mark.parametrize(("transport", "port"), [("udp", "sip_port"), ("tcp", "sip_port"), ("tls", "sips_port")])
async def test_who_is_unknown_gets_nothing(production: Hotline, transport: str, port: str) -> None:
    for user in ("8001", "8001w", "lab", "trunk-line", "anonymous", "13800000000", "100"):
        async with client(transport, getattr(production.settings, port), source=STRANGER) as stranger:
            for to in ("12345", "8001", "s"):
                answer = await stranger.ask(stranger.request("INVITE", user, to))
                assert answer.status in {400, 401}, (user, to, answer)
            assert (await stranger.register(user, "guess")).status in {400, 401}
    async with client(transport, getattr(production.settings, port), source=STRANGER) as stranger:
        for method in ("SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH", "INFO"):
            assert (await stranger.ask(stranger.request(method, "8001", "8001"), 0.4)).status in {0, 400, 401, 481}
    assert all(row["caller"] == "13811110001" for row in await production.get("/calls")), "but for the call above"


async def test_a_seat_dials_seats_and_nothing_else(production: Hotline) -> None:
    before = len(await production.get("/calls"))
    password = production.passwords["8005"]
    async with client("tls", production.settings.sips_port) as phone:
        await phone.register("8005", password)
        for number in OUTSIDE:
            answer = await phone.signed("INVITE", "8005", password, number, offer=KEYED)
            assert answer.status in {400, 403, 404, 416, 484}, (number, answer.status)
        async with client("tls", production.settings.sips_port) as other, asyncio.timeout(10):
            await other.register("8006", production.passwords["8006"])
            refusing = spawn(other.refuse_a_call(486), name="other seat")
            answer = await phone.signed("INVITE", "8005", password, "8006", offer=KEYED)
            assert answer.status == 486, "a seat's phone rings, or this tests nothing"
            await refusing
        await phone.register("8005", password, expires=0)
    assert "0 active channels" in await asterisk(production, "core show channels")
    rows = await wait_for(lambda: more_calls(production, before), what="what was tried is written down")
    assert {row["direction"] for row in rows if row["caller"] == "8005"} == {"internal"}, "and nothing went outside"


async def more_calls(production: Hotline, before: int) -> list[dict[str, object]] | None:
    rows: list[dict[str, object]] = await production.get("/calls?limit=1000")
    return rows if len(rows) > before else None


# ---- No way out by a transfer ----------------------------------------------------------------------------------------


@asynccontextmanager
async def outside(production: Hotline) -> AsyncIterator[list[str]]:
    """Stand where the line's telephone network is; collect the calls that come out of the hotline."""
    calls: list[str] = []

    class Network(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's
            if data.startswith(b"INVITE"):
                calls.append(data.decode(errors="replace"))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Network,
        local_addr=("127.0.0.1", LINE),
        reuse_port=True,  # one that was here before may not have quite gone
    )
    try:
        yield calls
        async with client("udp", production.settings.sip_port) as sure:  # whatever was begun has gone out by now
            await sure.ask(sure.request("OPTIONS", "13811110009", "12345"))
    finally:
        transport.close()
    assert calls == []


ELSEWHERE = ("sip:13800000000@127.0.0.1", "sip:8001@127.0.0.1", "sip:13800000000@192.0.2.10", "tel:+8613800000000")


async def test_a_seats_transfer_leads_nowhere(production: Hotline) -> None:
    seat, password = "8007", production.passwords["8007"]
    async with outside(production), client("tls", production.settings.sips_port) as phone:
        await phone.register(seat, password)
        assert (await phone.signed("INVITE", seat, password, "*43", offer=KEYED)).status == 200
        for target in ELSEWHERE:
            answer = await phone.in_talk("REFER", f"Refer-To: <{target}>\r\n", proofs=(seat, password))
            assert answer.status == 603, (target, answer)
        assert "1 active channel" in await asterisk(production, "core show channels"), "the talk goes on"
        assert (await phone.in_talk("BYE", proofs=(seat, password))).status == 200
        await phone.register(seat, password, expires=0)


async def test_a_citizens_transfer_leads_nowhere_and_they_are_still_served(production: Hotline) -> None:
    for user in ("13811110002", "anonymous"):
        async with outside(production), client("udp", production.settings.sip_port) as citizen:
            answer = await citizen.ask(citizen.request("INVITE", user, "12345"))
            assert answer.status == 200, "the greeting is played"
            for target in ELSEWHERE:
                refused = await citizen.in_talk("REFER", f"Refer-To: <{target}>\r\n")
                assert refused.status == 603, (target, refused)
            assert "1 active channel" in await asterisk(production, "core show channels"), "the talk goes on"
            assert (await citizen.in_talk("BYE")).status == 200
    rows = await production.get("/calls?limit=1000")
    assert "outbound" not in {row["direction"] for row in rows}


async def test_a_seat_that_answers_with_a_redirection_sends_no_call_elsewhere(production: Hotline) -> None:
    password = production.passwords["8008"]
    port = production.settings.sips_port
    for target in ("sip:13800000000@127.0.0.1", "sip:*43@127.0.0.1"):
        async with outside(production), client("tls", port) as phone, client("tls", port) as other:
            await phone.register("8008", password)
            await other.register("8009", production.passwords["8009"])
            refusing = spawn(other.refuse_a_call(302, headers=(f"Contact: <{target}>",)), name="other seat")
            answer = await phone.signed("INVITE", "8008", password, "8009", offer=KEYED)
            assert answer.status >= 400, (target, answer)
            await refusing
            await phone.register("8008", password, expires=0)
            await other.register("8009", production.passwords["8009"], expires=0)
    assert "0 active channels" in await asterisk(production, "core show channels")


# ---- TLS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_old_versions_of_tls_are_refused(production: Hotline, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = context.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with client("tls", production.settings.sips_port, context=context):
            pass


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_new_versions_of_tls_are_spoken_and_the_certificate_is_ours(
    production: Hotline, version: ssl.TLSVersion
) -> None:
    ours = production.settings.data_folder / "secrets/certificate.pem"
    context = ssl.create_default_context(cafile=str(ours))
    context.minimum_version = context.maximum_version = version
    async with client("tls", production.settings.sips_port, context=context) as phone:
        assert (await phone.register("8001", None)).status == 401


async def test_weak_ciphers_are_refused(production: Hotline) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with client("tls", production.settings.sips_port, context=context):
            pass


async def test_a_phone_that_knows_another_certificate_does_not_talk_to_us(production: Hotline, tmp_path: Path) -> None:
    other, _ = certificate.ensure(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context(cafile=str(other))
    with pytest.raises(ssl.SSLCertVerificationError):
        async with client("tls", production.settings.sips_port, context=context):
            pass
