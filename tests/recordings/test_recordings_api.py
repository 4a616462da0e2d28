"""The recordings' API: who may hear, what part, what is written down, and what no path leads to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from prometheus_client import CollectorRegistry
from sqlalchemy import select, update
from talks import AGENT_HZ, CITIZEN_HZ, Kept, sides
from yarl import URL

from callcenter.hotline.tables import Call
from callcenter.panel import server, users
from callcenter.panel.rights import Role, may
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.recordings import key_file, views
from callcenter.recordings.flows.hearing import Hearings
from callcenter.recordings.flows.retention import Retention, deleted_recordings
from callcenter.recordings.tables import Recording
from callcenter.storage import clock
from callcenter.tickets.tables import MemberUnit

PASSWORD = "right horse battery"


@dataclass
class Api:
    """The served API with one recording of 20 s, and its users."""

    url: str
    kept: Kept
    clients: list[ClientSession] = field(default_factory=list)

    async def as_(self, role: Role, login: str = "") -> ClientSession:
        unit = "housing" if role == "unit" else None
        new = users.NewUser(login or role, role.title(), role, None, PASSWORD, unit)
        async with self.kept.database.begin() as session:
            if unit:
                session.add(MemberUnit(code=unit, name=unit))
        await users.add(self.kept.database, new, actor=Actor("cli", "node1"), now=clock.now())
        async with self.kept.database.begin() as session:
            user = await users.user_by_login(session, new.login)
            assert user
            user.must_change_password = False
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        async with client.post("/api/v1/sign-in", json={"user": new.login, "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
        return client

    async def trail(self) -> list[tuple[str, str, str]]:
        async with self.kept.database.read() as session:
            rows = await session.scalars(select(Audit).where(Audit.action.like("recording%")).order_by(Audit.id))
            return [(row.who, row.action, row.target) for row in rows]


@pytest_asyncio.fixture
async def api(kept: Kept) -> AsyncIterator[Api]:
    await kept.talk(seconds=20)
    await kept.sealer().sweep()

    def routes(app: Any) -> None:  # noqa: ANN401  # aiohttp's application
        views.add_routes(app)
        app[views.RECORDINGS] = views.Recordings(Hearings(kept.database), kept.folder, kept.settings.recordings.keys)

    app = server.build(
        kept.settings, kept.database, features=[routes], registry=CollectorRegistry(), front=Path("/nowhere")
    )
    async with server.serving(app, "127.0.0.1", 0) as runner:
        api = Api(f"http://127.0.0.1:{runner.addresses[0][1]}", kept)
        yield api
        for client in api.clients:
            await client.close()


async def got(client: ClientSession, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    async with client.get(f"/api/v1/recordings{path}", headers=headers) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_a_supervisor_hears_the_whole_and_nothing_of_it_is_kept_by_the_browser(api: Api) -> None:
    client = await api.as_("supervisor")
    status, sound, headers = await got(client, "/1/audio")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "audio/ogg", "no-store")
    assert (headers["Accept-Ranges"], headers["X-Content-Type-Options"]) == ("bytes", "nosniff")
    assert sides(sound) == (AGENT_HZ, CITIZEN_HZ)


async def test_any_range_of_it_is_the_same_bytes(api: Api) -> None:
    client = await api.as_("inspector")
    (row,) = await api.kept.rows()
    whole = api.kept.heard(row)
    for header, part in (
        ("bytes=0-0", whole[:1]),
        ("bytes=65530-65545", whole[65530:65546]),
        ("bytes=1000-", whole[1000:]),
        ("bytes=-77", whole[-77:]),
        (f"bytes={len(whole) - 1}-999999999", whole[-1:]),
    ):
        status, sound, headers = await got(client, "/1/audio?opening=a", Range=header)
        start = len(whole) - len(part) if header.startswith("bytes=-") else int(header[6:].split("-")[0])
        assert (status, sound) == (206, part)
        assert headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(whole)}"
    status, _, headers = await got(client, "/1/audio?opening=a", Range=f"bytes={len(whole)}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(whole)}")
    assert (await got(client, "/1/audio?opening=a", Range="bytes=9-2"))[0] == 200
    assert await api.trail() == [("inspector", "recording_heard", "recording 1")], "one opening, however many parts"


async def test_each_opening_of_the_player_is_in_the_audit_trail(api: Api) -> None:
    client, other = await api.as_("supervisor"), await api.as_("inspector")
    for who, opening in ((client, "a"), (client, "a"), (client, "b"), (other, "a"), (client, ""), (client, "")):
        assert (await got(who, f"/1/audio?opening={opening}", Range="bytes=0-9"))[0] == 206
    assert [who for who, _, _ in await api.trail()] == ["supervisor", "supervisor", "inspector", "supervisor"]
    assert (await got(client, "/1/audio?opening=%0d%0a"))[0] == 400


async def test_parts_that_a_player_asks_for_at_once_are_one_hearing(api: Api) -> None:
    client = await api.as_("supervisor")
    parts = (got(client, "/1/audio?opening=a", Range=f"bytes={start}-") for start in range(0, 2000, 100))
    assert {status for status, _, _ in await asyncio.gather(*parts)} == {206}
    assert await api.trail() == [("supervisor", "recording_heard", "recording 1")]


@pytest.mark.parametrize("role", ["unit", "agent", "supervisor", "inspector", "manager", "administrator"])
async def test_only_those_with_the_right_hear_see_or_hold(api: Api, role: Role) -> None:
    client = await api.as_(role)
    hears, holds = may(role, "recordings.hear"), may(role, "recordings.hold")
    for path in ("", "/1", "/1/audio", "/1/waveform"):
        assert (await got(client, path))[0] == (200 if hears else 403), path
    async with client.post("/api/v1/recordings/1/hold", json={"reason": "court"}) as answer:
        assert answer.status == (200 if holds else 403)
    if not hears:
        assert await api.trail() == []


async def test_nobody_who_is_not_signed_in_hears(api: Api) -> None:
    async with ClientSession(api.url) as nobody:
        for path in ("", "/1", "/1/audio", "/1/waveform"):
            assert (await got(nobody, path))[0] == 401


@pytest.mark.parametrize(
    "number",
    [
        "..%2f..%2fsecrets%2fcli.token",
        "../../../etc/passwd",
        "%2e%2e%2f1",
        "1%00",
        "0",
        "-1",
        "99999999999999999999",
        "1.5",
        "2026%2F11%2F23%2Fnode1-1.1.sealed",
        "1%20or%201=1",
    ],
)
async def test_no_path_leads_out(api: Api, number: str) -> None:
    client = await api.as_("administrator")
    for what in ("", "/audio", "/waveform"):
        async with client.get(URL(f"{api.url}/api/v1/recordings/{number}{what}", encoded=True)) as answer:
            assert answer.status in {400, 404}, await answer.text()
            assert b"root:" not in await answer.read()
    assert await api.trail() == []


async def test_a_path_in_the_database_that_leads_out_opens_nothing(api: Api) -> None:
    client = await api.as_("supervisor")
    async with api.kept.database.begin() as session:
        await session.execute(update(Recording).values(path="../../keys.json"))
    status, sound, _ = await got(client, "/1/audio")
    assert status == 500
    assert b"keys" not in sound


async def test_what_was_changed_or_lost_on_the_disk_says_so(api: Api) -> None:
    client = await api.as_("supervisor")
    (row,) = await api.kept.rows()
    file = api.kept.folder / row.path
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert (await got(client, "/1/audio"))[0] == 500
    file.unlink()
    assert (await got(client, "/1/audio"))[0] == 410
    assert await api.trail() == [], "nothing was heard"


async def test_without_the_key_nothing_is_heard(api: Api, tmp_path: Path) -> None:
    client = await api.as_("supervisor")
    keys = api.kept.settings.recordings.keys
    keys.rename(tmp_path / "elsewhere.json")
    assert (await got(client, "/1/audio"))[0] == 503
    key_file.ensure(keys, clock.now())
    assert (await got(client, "/1/audio"))[0] == 503


async def test_recordings_are_found_by_call_ticket_caller_and_agent(api: Api) -> None:
    client = await api.as_("supervisor")
    async with api.kept.database.begin() as session:
        await session.execute(update(Call).values(ticket="20261123000001"))
    for query in ("call=1", "ticket=20261123000001", "caller=13800000001", "agent=1001", "held=no"):
        async with client.get(f"/api/v1/recordings?{query}") as answer:
            (row,) = await answer.json()
            assert (row["id"], row["call"], row["ticket"], row["hold"]) == (1, 1, "20261123000001", None)
            assert (row["seconds"], row["caller"]) == (20.0, "138****0001"), "numbers are masked"
    for query in ("call=2", "ticket=20261123000002", "caller=1", "agent=1002", "held=yes"):
        async with client.get(f"/api/v1/recordings?{query}") as answer:
            assert await answer.json() == []
    async with client.get("/api/v1/recordings/1/waveform") as answer:
        shape = await answer.json()
        assert (len(shape["agent"]), len(shape["citizen"]), shape["seconds"]) == (1000, 1000, 20.0)


async def held(client: ClientSession, deed: str, reason: str = "court case 7", status: int = 200) -> dict[str, Any]:
    async with client.post(f"/api/v1/recordings/1/{deed}", json={"reason": reason}) as answer:
        row: dict[str, Any] = await answer.json()
        assert answer.status == status, row
        return row


async def test_a_legal_hold_keeps_a_recording_and_its_release_lets_it_go(api: Api) -> None:
    client = await api.as_("supervisor")
    alarms: dict[str, Any] = {}
    retention = Retention(api.kept.database, "node1", api.kept.folder, alarms.__setitem__)
    (row,) = await api.kept.rows()
    file = api.kept.folder / row.path
    async with api.kept.database.begin() as session:
        await session.execute(update(Recording).values(delete_after=clock.now() - timedelta(days=1)))

    shown = await held(client, "hold")
    assert (shown["hold"]["reason"], shown["hold"]["by"]) == ("court case 7", "supervisor")
    await held(client, "hold", status=409)
    await retention.delete_due()
    assert file.is_file()

    assert (await held(client, "release", "case closed"))["hold"] is None
    await held(client, "release", status=409)
    await retention.delete_due()
    assert not file.exists()
    async with client.get("/api/v1/recordings/1") as answer:
        shown = await answer.json()
        assert (shown["state"], shown["gone_at"] is not None) == ("deleted", True)
    assert (await got(client, "/1/audio"))[0] == 410
    await held(client, "hold", status=410)
    assert await api.trail() == [
        ("supervisor", "recording_held", "recording 1"),
        ("supervisor", "recording_released", "recording 1"),
        ("retention", "recording_deleted", "recording 1"),
    ]
    async with api.kept.database.read() as session:
        assert await deleted_recordings(session, "node1") == {"node1-1.1"}
    await retention.look_for_missing()
    assert alarms["recording_missing"] is None, "what was deleted in time is not missing"


async def test_an_answered_call_without_its_recording_is_an_alarm(api: Api) -> None:
    alarms: dict[str, Any] = {}
    retention = Retention(api.kept.database, "node1", api.kept.folder, alarms.__setitem__)
    await retention.look_for_missing()
    assert alarms["recording_missing"] is None

    (await api.kept.talk("node1-1.2", ago=300)).unlink()
    (await api.kept.talk("node1-1.3", ago=10)).unlink()
    (await api.kept.talk("node1-1.4", seconds=1, ago=300)).unlink()
    (await api.kept.talk("node1-1.5", seconds=5, ago=300, cut=True)).unlink()
    (await api.kept.talk("node1-1.6", ago=300, direction="internal")).unlink()
    await retention.look_for_missing()
    assert alarms["recording_missing"] == {"calls": 1, "linkedid": "node1-1.2"}, "the others need none, or not yet"

    (row,) = await api.kept.rows()
    aside = (api.kept.folder / row.path).rename(api.kept.folder / "aside")
    async with api.kept.database.begin() as session:
        long_ago = {"answered_at": clock.now() - timedelta(minutes=11), "ended_at": clock.now() - timedelta(minutes=10)}
        await session.execute(update(Call).where(Call.linkedid == "node1-1.1").values(long_ago))
    await retention.look_for_missing()
    assert alarms["recording_missing"]["calls"] == 2
    (row,) = await api.kept.rows()
    assert (row.state, row.gone_at is not None) == ("lost", True)
    aside.rename(api.kept.folder / row.path)
    await retention.look_for_missing()
    (row,) = await api.kept.rows()
    assert (row.state, row.gone_at, alarms["recording_missing"]["calls"]) == ("kept", None, 1), "it was put back"


async def test_a_reader_who_goes_away_in_the_middle_harms_nobody(api: Api) -> None:
    client = await api.as_("supervisor")
    for _ in range(5):
        answer = await client.get("/api/v1/recordings/1/audio?opening=a")
        await answer.content.readexactly(10)
        answer.close()
    async with asyncio.timeout(10):
        assert (await got(client, "/1/audio?opening=a"))[0] == 200
