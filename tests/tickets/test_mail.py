"""Mail to member units through a real SMTP server: one that works, refuses, hangs, or dies in the middle."""

import asyncio
import email
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from notice_scene import CALENDAR, SHANGHAI, at, ticket, unit
from sqlalchemy import select

from callcenter.settings import Settings
from callcenter.settings.requests import Mail
from callcenter.storage.engine import Database
from callcenter.tickets import mail
from callcenter.tickets.flows.telling.digest import AFTER_REFUSAL, Post
from callcenter.tickets.rules import letters
from callcenter.tickets.rules.letters import Letter, Listed
from callcenter.tickets.tables import TicketDigest, TicketNotice, TicketUnit

MORNING = at("2026-11-24T09:00")
#: Before the digest goes out.
DAWN = at("2026-11-24T07:00")


@dataclass
class Mailbox:
    """What the server took, and how it behaves."""

    letters: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    #: Texts after which the line dies before an answer.
    dies: int = 0
    peers: list[Any] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        self.peers.append((session.auth_data, [*envelope.rcpt_tos]))
        if self.dies:
            self.dies -= 1
            server.transport.abort()
        return "250 Message accepted"


@asynccontextmanager
async def smtp(mailbox: Mailbox, **options: Any) -> AsyncIterator[int]:  # noqa: ANN401  # the library's
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, loop=loop, hostname="mail.example", **options), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def raw(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def post(database: Database, port: int, folder: Path, now: datetime = DAWN, **options: Any) -> Post:  # noqa: ANN401
    settings = Settings(
        data=folder, mail=Mail(host="127.0.0.1", port=port, sender="hotline@district.example", **options)
    )
    return Post(database, settings, lambda: CALENDAR, now=lambda: now)


async def told(database: Database, unit_id: int, ticket_id: int, kind: str = "dispatch", at_: datetime = DAWN) -> int:
    async with database.begin() as session:
        notice = TicketNotice(
            ticket_id=ticket_id, kind=kind, audience="unit", unit_id=unit_id, words="秘密", made_at=at_
        )
        session.add(notice)
        await session.flush()
        return notice.id


async def mailed(database: Database) -> list[bool]:
    async with database.read() as session:
        rows = await session.scalars(select(TicketNotice).order_by(TicketNotice.id))
        return [row.mailed_at is not None for row in rows]


async def housing(database: Database) -> int:
    return await unit(database, "housing", email="duty@housing.example")


async def test_a_dispatch_is_mailed_once_with_number_and_title_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    its = await housing(database)
    id_ = await ticket(
        database, "20261124000019", its, title="路灯\r\nBcc: x@y.example", description="电话 13800000001",
        contact_name="张三", due_at=at("2026-11-26T17:30"),
    )  # fmt: skip
    await told(database, its, id_)
    box = Mailbox()
    async with smtp(box) as port:
        sender = post(database, port, tmp_path)
        await sender.sweep()
        await sender.sweep()
    (letter,) = box.letters
    assert letter["Subject"] == "【12345】派单 20261124000019"
    assert (letter["To"], letter["From"]) == ("duty@housing.example", "12345 <hotline@district.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    text = letter.get_content()
    assert "2026 1124 00001 9" in text
    assert "路灯 Bcc: x@y.example" in text
    assert "2026-11-26 17:30" in text
    assert not [word for word in ("13800000001", "张三", "秘密", "电话") if word in text]
    assert box.peers[0][1] == ["duty@housing.example"], "nobody else gets it"
    assert await mailed(database) == [True]


async def test_a_confidential_ticket_is_mailed_as_a_number(database: Database, tmp_path: Path) -> None:
    its = await housing(database)
    await told(database, its, await ticket(database, "20261124000019", its, confidential=True, title="举报某某"))
    box = Mailbox()
    async with smtp(box) as port:
        await post(database, port, tmp_path, MORNING).sweep()
    assert len(box.letters) == 2, "the letter, and the digest"
    for letter in box.letters:
        assert "举报" not in letter.get_content()
        assert "2026 1124 00001 9" in letter.get_content()


async def test_what_is_not_urgent_old_or_nobodys_is_not_mailed(database: Database, tmp_path: Path) -> None:
    its, mute, gone = (
        await housing(database),
        await unit(database, "mute"),
        await unit(database, "gone", email="x@y.example", active=False),
    )
    id_ = await ticket(database, "1", its)
    await told(database, its, id_, "before")
    await told(database, its, id_, at_=DAWN - timedelta(days=2, minutes=1))
    await told(database, mute, id_)
    await told(database, gone, id_)
    box = Mailbox()
    async with smtp(box) as port:
        await post(database, port, tmp_path).sweep()
    assert box.letters == []
    silent = Post(database, Settings(data=tmp_path), lambda: CALENDAR)
    await silent.sweep()
    assert silent.trouble is None, "without a server nothing is tried"


@pytest.mark.parametrize("answer", ["550 no such mailbox", "451 try again later", "421 closing"])
async def test_one_address_that_is_refused_holds_up_no_other_and_is_tried_again(
    database: Database, tmp_path: Path, answer: str
) -> None:
    bad = await unit(database, "bad", email="bad@unit.example")
    its = await housing(database)
    id_ = await ticket(database, "1", its)
    for one in (bad, its, bad):
        await told(database, one, id_)
    box = Mailbox(refuses={"bad@unit.example": answer})
    moment = DAWN
    async with smtp(box) as port:
        settings = Settings(data=tmp_path, mail=Mail(host="127.0.0.1", port=port, sender="h@d.example"))
        sender = Post(database, settings, lambda: CALENDAR, now=lambda: moment)
        await sender.sweep()
        await sender.sweep()
        assert await mailed(database) == [False, True, False], "one sweep more where the server hung up"
        box.refuses.clear()
        await sender.sweep()
        moment += AFTER_REFUSAL + timedelta(seconds=1)
        await sender.sweep()
        await sender.sweep()
    assert await mailed(database) == [True, True, True]
    assert len(box.letters) == 3


async def test_a_server_that_is_away_hangs_or_talks_nonsense_delays_and_loses_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE_SECONDS", 0.3)
    its = await housing(database)
    await told(database, its, await ticket(database, "1", its))
    alarms: list[Any] = []

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\xfe HTTP/1.1 200 OK\r\n\r\n" * 50)
        writer.close()

    async def shut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with asyncio.timeout(20):
        for serve in (hang, nonsense, shut):
            async with raw(serve) as port:
                sender = post(database, port, tmp_path)
                await sender.sweep()
                assert sender.trouble, serve.__name__
                assert await mailed(database) == [False]
    # Nothing listens where `port` was.
    sender = post(database, port, tmp_path)
    sender._on_alarm = lambda kind, figures: alarms.append((kind, figures))
    await sender.sweep()
    assert alarms[-1][0] == "mail_away"
    assert alarms[-1][1]["error"]
    box = Mailbox()
    async with smtp(box) as port:
        sender._settings = post(database, port, tmp_path)._settings
        await sender.sweep()
    assert await mailed(database) == [True]
    assert alarms[-1] == ("mail_away", None)


async def test_a_line_that_dies_before_the_answer_repeats_that_letter_under_its_own_name_and_no_other(
    database: Database, tmp_path: Path
) -> None:
    its, water = await housing(database), await unit(database, "water", email="duty@water.example")
    id_ = await ticket(database, "1", its)
    for one in (its, its, water):
        await told(database, one, id_)
    box = Mailbox(dies=1)
    moment = DAWN
    async with smtp(box) as port:
        settings = Settings(data=tmp_path, mail=Mail(host="127.0.0.1", port=port, sender="h@d.example"))
        sender = Post(database, settings, lambda: CALENDAR, now=lambda: moment)
        await sender.sweep()
        assert sender.trouble
        assert await mailed(database) == [False, False, False]
        await sender.sweep()
        assert await mailed(database) == [False, False, True], "it holds up nobody else"
        assert sender.trouble is None
        moment += AFTER_REFUSAL + timedelta(seconds=1)
        await sender.sweep()
        await sender.sweep()
    names = [letter["Message-ID"] for letter in box.letters]
    assert names[0] == names[2], "a mailbox can tell that it is the same"
    assert len(set(names)) == 3
    assert len(names) == 4


async def test_a_server_that_dies_in_the_middle_of_the_text_gets_it_again(database: Database, tmp_path: Path) -> None:
    its = await housing(database)
    await told(database, its, await ticket(database, "1", its))
    heard: list[bytes] = []

    async def dies_in_data(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            heard.append(line)
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readline()
                writer.transport.abort()
                return
            writer.write(b"250 OK\r\n")

    async with raw(dies_in_data) as port:
        await post(database, port, tmp_path).sweep()
    assert any(line.upper().startswith(b"DATA") for line in heard)
    assert await mailed(database) == [False]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_the_server_is_signed_in_to_and_a_wrong_password_is_a_trouble(database: Database, tmp_path: Path) -> None:
    its = await housing(database)
    await told(database, its, await ticket(database, "1", its))

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(
            success=(data.login, data.password) == (b"hotline", b"secret"), handled=False, auth_data=data.login
        )

    box = Mailbox()
    # The library warns of passwords that go unencrypted; over loopback they may.
    options: dict[str, Any] = {"authenticator": check, "auth_required": True, "auth_require_tls": False}
    async with smtp(box, **options) as port:
        sender = post(database, port, tmp_path, username="hotline", password="wrong")
        await sender.sweep()
        assert "535" in (sender.trouble or "")
        assert "wrong" not in (sender.trouble or "")
        await post(database, port, tmp_path, username="hotline", password="secret").sweep()
    assert box.peers[0][0] == b"hotline"
    assert await mailed(database) == [True]


async def test_a_server_without_the_tls_that_is_asked_for_gets_nothing(database: Database, tmp_path: Path) -> None:
    its = await housing(database)
    await told(database, its, await ticket(database, "1", its))
    box = Mailbox()
    async with smtp(box) as port:
        for security in ("starttls", "tls"):
            sender = post(database, port, tmp_path, security=security)
            await sender.sweep()
            assert sender.trouble
    assert box.letters == []


async def test_the_digest_tells_what_is_over_and_due_today_once_a_day(database: Database, tmp_path: Path) -> None:
    its, idle = await housing(database), await unit(database, "idle", email="idle@unit.example")
    await ticket(database, "1", its, title="超期的", due_at=at("2026-11-23T17:30"))
    await ticket(database, "2", its, title="今日的", due_at=at("2026-11-24T17:30"))
    await ticket(database, "3", its, title="以后的", due_at=at("2026-11-25T17:30"))
    await ticket(database, "4", its, title="待算的", due_at=None)
    await ticket(database, "5", its, title="办完的", state="closed", due_at=at("2026-11-25T17:30"))
    given_back = await ticket(database, "6", its, title="退掉的", due_at=at("2026-11-25T17:30"))
    async with database.begin() as session:
        part = await session.scalar(select(TicketUnit).where(TicketUnit.ticket_id == given_back))
        assert part
        part.until = DAWN
    box = Mailbox()
    async with smtp(box) as port:
        settings = Settings(data=tmp_path, mail=Mail(host="127.0.0.1", port=port, sender="h@d.example"))
        for text, count in (
            ("2026-11-24T08:29", 0),
            ("2026-11-24T08:30", 1),
            ("2026-11-24T18:00", 1),
            ("2026-11-25T09:00", 2),
            # A machine that slept over Thursday and Friday, and a Saturday and Sunday on which nobody works.
            ("2026-11-28T09:00", 2),
            ("2026-11-29T09:00", 2),
            ("2026-11-30T22:00", 3),
        ):
            await Post(database, settings, lambda: CALENDAR, now=partial(at, text)).sweep()
            assert len(box.letters) == count, text
    first = box.letters[0]
    assert first["Subject"] == "【12345】2026-11-24 在办 4 件，超期 1 件，今日到期 1 件"
    text = first.get_content()
    order = [text.index(title) for title in ("超期的", "今日的", "以后的", "待算的")]
    assert order == sorted(order)
    assert "办完的" not in text
    assert "退掉的" not in text
    async with database.read() as session:
        rows = (await session.scalars(select(TicketDigest).where(TicketDigest.unit_id == idle))).all()
    assert {row.tickets for row in rows} == {0}, "whoever has nothing gets nothing"


def test_a_digest_of_hundreds_names_the_most_urgent() -> None:
    its = [Listed(f"{n:014}", f"标题{n}", confidential=False, due_at=MORNING + timedelta(days=n)) for n in range(300)]
    text = letters.digest("a@b.example", "某局", its, MORNING, name="x", zone=SHANGHAI).text
    assert text.count("标题") == letters.MOST_LISTED
    assert "另有 200 件" in text
    assert "在办工单 300 件" in text


LETTER = Letter("duty@housing.example", "派单", "text", "notice-1.node1")


@pytest.mark.parametrize(
    "change",
    [
        {"to": "a@b.example\r\nBcc: c@d.example"},
        {"to": "a@b.example, c@d.example"},
        {"to": '"a b"@c.example'},
        {"to": "Name <a@b.example>"},
        {"to": ""},
        {"to": "邮箱@b.example"},
        {"subject": "派单\r\nBcc: c@d.example"},
        {"subject": "a\nb"},
        {"name": "x>\r\nBcc: c@d.example\r\nX: <"},
    ],
)
def test_a_header_that_would_be_two_is_refused(change: dict[str, str]) -> None:
    values = {"to": LETTER.to, "subject": LETTER.subject, "text": LETTER.text, "name": LETTER.name}
    with pytest.raises(mail.LetterRefused):
        mail.compose(Letter(**values | change), "hotline@district.example")
    with pytest.raises(mail.LetterRefused):
        mail.compose(LETTER, "hotline@district.example\r\nBcc: c@d.example")
