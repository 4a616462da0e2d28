"""Files sent to a panel that really serves: kept once, handed out only to be saved, nothing left of what was cut."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import files
import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from files import GOOD, JPEG, PDF, office
from prometheus_client import CollectorRegistry
from small_disk import fill, small_disk
from sqlalchemy import func, select, text, update

from callcenter import disk_watch
from callcenter.panel import passwords, server, users
from callcenter.panel.problems import Problem
from callcenter.panel.rights import Role
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.tickets.flows.files import attachments as flows
from callcenter.tickets.flows.files import disk as attachment_disk
from callcenter.tickets.flows.files.attachments import Attachments
from callcenter.tickets.rules import attachments as rules
from callcenter.tickets.tables import Attachment, Draft, MemberUnit, Ticket, TicketUnit
from callcenter.tickets.views import attachments as views

PASSWORD = "right horse battery"
BYTES = {"Content-Type": "application/octet-stream"}


@dataclass
class Api:
    """The served API, and the folder that the files go to."""

    url: str
    database: Database
    attachments: Attachments
    folder: Path
    clients: list[ClientSession] = field(default_factory=list)

    async def as_(self, login: str, role: Role = "agent", unit: str | None = None) -> ClientSession:
        """A browser of a new user, signed in."""
        new = users.NewUser(login, login.title(), role, None, PASSWORD, unit)
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=now())
        async with self.database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        async with client.post("/api/v1/sign-in", json={"user": login, "password": PASSWORD}) as answer:
            assert answer.status == 200
        return client

    async def ticket(self, *units: int, **more: object) -> int:
        """Store a request that those units have."""
        async with self.database.begin() as session:
            given = {"kind": "complaint", "state": "handling", "caller": "", "title": "t", "description": "", **more}
            ticket = Ticket(node="node1", number=f"2026112400{os.urandom(2).hex()}", opened_at=now(), **given)
            session.add(ticket)
            await session.flush()
            for unit in units:
                session.add(TicketUnit(ticket_id=ticket.id, unit_id=unit, part="lead", since=now()))
            return ticket.id

    async def link(self, id_: int, ticket: int) -> None:
        async with self.database.begin() as session:
            await session.execute(update(Attachment).where(Attachment.id == id_).values(ticket_id=ticket))

    async def rows(self) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count(Attachment.id))) or 0

    def kept(self) -> list[Path]:
        """Every file below the folder, what is just coming in too."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


@pytest_asyncio.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    settings = Settings(data=tmp_path / "var")
    folder = tmp_path / "var" / "attachments"
    app = server.build(settings, database, features=[views.add_routes], registry=CollectorRegistry(), front=tmp_path)
    app[views.ATTACHMENTS] = attachments = Attachments(database, folder, node="node1", disk=settings.disk)
    async with database.begin() as session:
        for id_, code in ((1, "housing"), (2, "water")):
            session.add(MemberUnit(id=id_, code=code, name=code))
    async with server.serving(app, "127.0.0.1", 0) as runner:
        api = Api(f"http://127.0.0.1:{runner.addresses[0][1]}", database, attachments, folder)
        yield api
        for client in api.clients:
            await client.close()


async def send(client: ClientSession, name: str, content: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    async with client.post(f"/api/v1/attachments?name={quote(name)}", data=content, headers=BYTES | headers) as answer:
        return answer.status, await answer.json()


async def fetch(client: ClientSession, id_: object) -> int:
    async with client.get(f"/api/v1/attachments/{id_}") as answer:
        await answer.read()
        return answer.status


async def test_every_good_file_comes_back_as_it_was_sent_and_only_to_be_saved(api: Api) -> None:
    li = await api.as_("li")
    for name, content in GOOD.items():
        status, row = await send(li, f"现场 {name}", content)
        assert (status, row["name"], row["bytes"]) == (201, f"现场 {name}", len(content)), row
        async with li.get(f"/api/v1/attachments/{row['id']}") as answer:
            assert await answer.read() == content
            headers = answer.headers
        ending = name.rpartition(".")[2]
        assert headers["Content-Type"] == rules.TYPES[ending]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Content-Disposition"] == (
            f'attachment; filename="attachment-{row["id"]}.{ending}"; '
            f"filename*=UTF-8''%E7%8E%B0%E5%9C%BA%20a.{ending}"
        )


async def test_the_same_content_is_stored_once_under_its_hash_and_never_overwritten(api: Api) -> None:
    li, wang = await api.as_("li"), await api.as_("wang")
    _, first = await send(li, "a.pdf", PDF)
    (path,) = api.kept()
    before = path.stat()
    _, second = await send(wang, "other name.pdf", PDF)
    assert first["id"] != second["id"]
    assert api.kept() == [path]
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parts[-3:-1] == (path.name[:2], path.name[2:4])


@pytest.mark.parametrize(
    ("name", "content", "status", "where"),
    [
        ("a.pdf", JPEG, 400, "file"),
        ("a.exe", b"MZ", 400, "name"),
        ("a.html", b"<script>", 400, "name"),
        ("a.svg", b"<svg/>", 400, "name"),
        ("report\u202efdp.exe", PDF, 400, "name"),
        ("a.gif", b"GIF89a<script>alert(1)</script>", 400, "file"),
        ("a.docx", office(more={"inner.zip": office()}), 400, "file"),
        ("a.txt", b"", 400, "file"),
        ("a.txt", b"a" * (rules.LARGEST + 1), 413, "file"),
    ],
)
async def test_what_may_not_be_sent_is_refused_by_name_and_leaves_nothing(
    api: Api, name: str, content: bytes, status: int, where: str
) -> None:
    li = await api.as_("li")
    told, answer = await send(li, name, content)
    assert (told, list(answer["fields"])) == (status, [where])  # type: ignore[call-overload]
    assert await api.rows() == 0
    assert api.kept() == []


async def test_more_than_is_allowed_is_noticed_without_being_announced(api: Api) -> None:
    li = await api.as_("li")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"a" * 65_536

    try:
        async with li.post("/api/v1/attachments?name=a.txt", data=endless(), headers=BYTES) as answer:
            assert answer.status == 413
    except ConnectionError:
        pass  # refused while it was still sending
    await gone(api)
    assert await api.rows() == 0


async def gone(api: Api) -> None:
    """Wait until nothing is left of an upload."""
    async with asyncio.timeout(5):
        while api.kept():
            await asyncio.sleep(0.01)


async def test_an_upload_cut_in_the_middle_leaves_nothing(api: Api) -> None:
    li = await api.as_("li")
    cookie = "; ".join(f"{one.key}={one.value}" for one in li.cookie_jar)
    host, port = api.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/attachments?name=a.txt HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
    writer.write(f"{head}Content-Type: application/octet-stream\r\nContent-Length: 900000\r\n\r\n".encode())
    writer.write(b"a" * 300_000)
    await writer.drain()
    async with asyncio.timeout(5):
        while not api.kept():
            await asyncio.sleep(0.01)
    writer.close()
    await gone(api)
    assert await api.rows() == 0


async def test_a_sender_that_falls_silent_is_told_and_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "SILENCE_SECONDS", 0.2)
    li = await api.as_("li")
    stop = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        yield b"a" * 1000
        await stop.wait()

    async with li.post("/api/v1/attachments?name=a.txt", data=silent(), headers=BYTES) as answer:
        assert answer.status == 408
    stop.set()
    await gone(api)


async def test_a_sender_that_trickles_for_ever_is_cut_off_and_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LONGEST_UPLOAD_SECONDS", 0.4)
    li = await api.as_("li")
    stop = asyncio.Event()

    async def trickle() -> AsyncIterator[bytes]:
        while not stop.is_set():
            yield b"a"
            await asyncio.sleep(0.02)

    async with li.post("/api/v1/attachments?name=a.txt", data=trickle(), headers=BYTES) as answer:
        assert answer.status == 504
    stop.set()
    await gone(api)


async def test_no_form_of_another_site_can_send_a_file(api: Api) -> None:
    li = await api.as_("li")
    for kind in (
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json",
    ):
        assert (await send(li, "a.pdf", PDF, **{"Content-Type": kind}))[0] == 415
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await send(li, "a.pdf", PDF, **headers))[0] == 403
    async with li.post("/api/v1/sign-out", data=b"{}", headers=BYTES) as answer:
        assert answer.status == 415, "everything else still takes JSON only"
    async with ClientSession(api.url) as stranger:
        assert (await send(stranger, "a.pdf", PDF))[0] == 401


async def test_a_file_is_seen_by_those_who_see_its_request(api: Api) -> None:
    li, wang, boss = await api.as_("li"), await api.as_("wang"), await api.as_("boss", "supervisor")
    housing, water = await api.as_("h", "unit", "housing"), await api.as_("w", "unit", "water")
    id_ = (await send(li, "a.pdf", PDF))[1]["id"]
    assert [await fetch(one, id_) for one in (li, wang, boss, housing)] == [200, 404, 404, 404], "not sent yet"
    await api.link(id_, await api.ticket(1))  # type: ignore[arg-type]
    assert [await fetch(one, id_) for one in (li, wang, boss, housing, water)] == [200, 200, 200, 200, 404]
    secret = await api.ticket(2, confidential=True, accepted_by="li")
    await api.link(id_, secret)  # type: ignore[arg-type]
    assert [await fetch(one, id_) for one in (li, wang, boss, housing, water)] == [200, 404, 200, 404, 200]
    assert await fetch(li, 999_999) == 404
    assert await fetch(li, "../../etc/passwd") == 404
    async with api.database.read() as session:
        opened = [row.who for row in await session.scalars(select(Audit).where(Audit.action == "attachment_opened"))]
    assert opened == ["li", "li", "wang", "boss", "h", "li", "boss", "w"]


async def test_nobody_fills_the_disk_with_files_of_no_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_LOOSE", 2)
    li, wang = await api.as_("li"), await api.as_("wang")
    assert [(await send(li, f"{at}.txt", b"%d" % at))[0] for at in range(3)] == [201, 201, 429]
    assert (await send(wang, "a.txt", b"a"))[0] == 201


async def test_a_full_disk_refuses_files_before_calls_lack_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    li = await api.as_("li")
    monkeypatch.setattr(disk_watch, "look", lambda _folder: disk_watch.Space(100 << 30, 300 << 20))
    status, answer = await send(li, "a.pdf", PDF)
    assert (status, list(answer["fields"])) == (507, ["file"])  # type: ignore[call-overload]
    assert (await api.rows(), api.kept()) == (0, [])


async def test_a_disk_that_fills_up_while_a_file_arrives_refuses_it_and_keeps_nothing(
    database: Database, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", 64) as folder:
        kept = Attachments(database, folder / "attachments", node="node1", disk=Settings().disk)

        async def arriving() -> AsyncIterator[bytes]:
            yield b"a" * 100_000
            fill(folder, 4096)
            for _ in range(20):
                yield b"a" * 100_000

        with pytest.raises(Problem) as refused:
            await kept.take("a.txt", arriving(), by="li", announced=None)
        assert (refused.value.status, list(refused.value.fields)) == (507, ["file"])
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["hog"]
        async with database.read() as session:
            assert await session.scalar(select(func.count(Attachment.id))) == 0
        (folder / "hog").unlink()

        async def small() -> AsyncIterator[bytes]:
            yield b"a"

        assert (await kept.take("a.txt", small(), by="li", announced=1)).bytes == 1


async def test_a_disk_that_fails_while_writing_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    li = await api.as_("li")

    def fails(_file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(attachment_disk, "flush", fails)
    assert (await send(li, "a.pdf", PDF))[0] == 507
    assert (await api.rows(), api.kept()) == (0, [])
    monkeypatch.undo()
    assert (await send(li, "a.pdf", PDF))[0] == 201


async def test_what_nobody_sent_is_swept_after_a_day_and_what_is_being_typed_is_kept(api: Api) -> None:
    li = await api.as_("li")
    ids = [(await send(li, f"{at}.txt", b"%d" % at))[1]["id"] for at in range(4)]
    await api.link(ids[1], await api.ticket())  # type: ignore[arg-type]
    async with api.database.begin() as session:
        await session.execute(update(Attachment).where(Attachment.id != ids[3]).values(at=now() - timedelta(days=2)))
        draft = Draft(node="node1", id="d", who="li", fields={"attachments": [ids[2]]}, version=1, saved_at=now())
        session.add(draft)
    await api.attachments.sweep()
    assert [await fetch(li, id_) for id_ in ids] == [404, 200, 200, 200]
    assert len(api.kept()) == 4, "the file itself is not a day old"
    (api.folder / "incoming" / "cut").write_bytes(b"x")
    for path in api.kept():
        os.utime(path, (0, 0))
    _, again = await send(li, "again.txt", b"0")
    await api.attachments.sweep()
    assert len(api.kept()) == 4, "sent again meanwhile; what was cut is gone"
    assert await fetch(li, again["id"]) == 200


async def test_a_database_that_fails_leaves_a_file_that_the_sweep_finds(api: Api) -> None:
    li = await api.as_("li")
    async with api.database.begin() as session:
        await session.execute(text("ALTER TABLE attachments RENAME TO away"))
        await session.execute(text("CREATE TABLE attachments AS SELECT * FROM away"))
        await session.execute(text("ALTER TABLE attachments DROP COLUMN bytes"))
    assert (await send(li, "a.pdf", PDF))[0] in {500, 503}
    async with api.database.begin() as session:
        await session.execute(text("DROP TABLE attachments"))
        await session.execute(text("ALTER TABLE away RENAME TO attachments"))
    for path in api.kept():
        os.utime(path, (0, 0))
    await api.attachments.sweep()
    assert api.kept() == []


async def test_the_description_of_the_api_says_how_a_file_is_sent(api: Api) -> None:
    li = await api.as_("li")
    async with li.get("/api/v1/openapi.json") as answer:
        described = (await answer.json())["paths"]["/api/v1/attachments"]["post"]
    assert list(described["requestBody"]["content"]) == ["application/octet-stream"]
    assert [one["name"] for one in described["parameters"]] == ["name"]
    assert files.PDF == PDF
