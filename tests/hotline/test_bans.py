"""Bans as they are kept: enforced before they are written down, over a restart, by people, and with a database away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from callcenter.asterisk import security
from callcenter.asterisk.ami import AmiDown, AmiRefused
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.ban_tables import SipBan
from callcenter.hotline.flows.bans import rows
from callcenter.hotline.flows.bans.desk import BanDesk
from callcenter.hotline.flows.bans.keeper import BanKeeper
from callcenter.hotline.rules.agents import Refused
from callcenter.panel.live import LiveState
from callcenter.panel.sessions import Actor
from callcenter.panel.tables import Audit
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BOSS = Actor("boss", "node1", "192.0.2.1")
GUESSER = "198.51.100.9"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Asterisk:
    """Reads the file when it is told to, as the real one does."""

    def __init__(self, path: Path) -> None:
        self.path, self.refused, self.away = path, set[str](), False
        self.contacts: list[dict[str, Any]] = []

    async def action(self, name: str, /, *, timeout: float = 5.0, **fields: str) -> object:  # noqa: ARG002, ASYNC109
        if self.away:
            raise AmiDown("no link")
        assert (name, fields) == ("Reload", {"Module": "acl"})
        self.refused = set(security.read_bans(self.path))
        return None

    async def list(self, name: str, /) -> list[dict[str, Any]]:
        assert name == "PJSIPShowContacts"
        if not self.contacts:
            raise AmiRefused(name, "No Contacts found")
        return self.contacts


class Scene:
    def __init__(self, database: Database, folder: Path, **bans: Any) -> None:  # noqa: ANN401
        self.settings = Settings(data=folder / "var", bans=bans)
        self.path = folder / "bans.conf"
        self.live, self.clock = LiveState(), Clock()
        self.alarms = Alarms(self.live, now=self.clock)
        self.database = database
        self.asterisk = Asterisk(self.path)
        self.keeper = self.new()

    def new(self) -> BanKeeper:
        keeper = BanKeeper(self.database, self.settings, self.path, self.alarms, now=self.clock)
        keeper.ami = self.asterisk
        return keeper

    @property
    def desk(self) -> BanDesk:
        return BanDesk(self.database, self.keeper, now=self.clock)

    def guess(self, address: str = GUESSER, times: int = 6, event: str = "InvalidAccountID") -> None:
        for at in range(times):
            self.keeper.on_message(message(event, f"x{at}", address, self.clock.now))

    async def rows(self) -> list[SipBan]:
        async with self.database.read() as session:
            return list(await session.scalars(select(SipBan).order_by(SipBan.id)))


def message(event: str, account: str, address: str, at: datetime, transport: str = "TLS") -> dict[str, Any]:
    return {
        "Event": event,
        "Service": "PJSIP",
        "AccountID": account,
        "RemoteAddress": f"IPV4/{transport}/{address}/5061",
        "Timestamp": str(at.timestamp()),
    }


@asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[None]:
    task = spawn(scene.keeper.run(), name="bans")
    try:
        yield
    finally:
        await cancel(task)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    return Scene(database, tmp_path)


async def test_a_guesser_is_refused_by_asterisk_and_written_down(scene: Scene) -> None:
    async with running(scene):
        scene.guess()
        await until(lambda: scene.asterisk.refused == {f"{GUESSER}/32"})
        await until(lambda: not scene.keeper._unwritten)
    (row,) = await scene.rows()
    assert (row.network, row.reason, row.by) == (f"{GUESSER}/32", "names", "")
    assert row.until - row.since == timedelta(minutes=10)
    assert scene.path.read_text() == f"deny = {GUESSER}/32 ; until {row.until.isoformat()}\n"


async def test_a_ban_ends_by_itself_and_the_next_one_is_longer(scene: Scene) -> None:
    async with running(scene):
        scene.guess()
        await until(lambda: scene.asterisk.refused)
        scene.clock.now += timedelta(minutes=11)
        scene.keeper._changed.set()  # the clock of the test has leapt; the real one comes to it by itself
        await until(lambda: not scene.asterisk.refused)
        scene.guess()
        await until(lambda: scene.asterisk.refused)
        await until(lambda: not scene.keeper._unwritten)
    assert [row.until - row.since for row in await scene.rows()] == [timedelta(minutes=10), timedelta(minutes=40)]


async def test_a_short_ban_ends_without_anybody_looking(database: Database, tmp_path: Path) -> None:
    scene = Scene(database, tmp_path, first_seconds=1)
    scene.keeper._now = lambda: datetime.now(UTC)
    scene.clock.now = datetime.now(UTC)
    async with running(scene):
        scene.guess()
        await until(lambda: scene.asterisk.refused)
        await until(lambda: not scene.asterisk.refused)


async def test_bans_outlive_a_restart_and_are_in_force_before_the_database_is_there(scene: Scene) -> None:
    async with running(scene):
        scene.guess()
        await until(lambda: scene.asterisk.refused)
        await until(lambda: not scene.keeper._unwritten)
    async with scene.database.begin() as session:
        await session.execute(text("ALTER TABLE sip_bans RENAME TO away"))
    scene.asterisk.refused.clear()
    scene.keeper = scene.new()
    assert list(scene.keeper.bans) == [f"{GUESSER}/32"]
    async with running(scene):
        await until(lambda: scene.asterisk.refused == {f"{GUESSER}/32"})
        scene.guess("198.51.100.10")
        await until(lambda: scene.asterisk.refused == {f"{GUESSER}/32", "198.51.100.10/32"})
        async with scene.database.begin() as session:
            await session.execute(text("ALTER TABLE away RENAME TO sip_bans"))
        await until(lambda: not scene.keeper._unwritten)
        assert scene.asterisk.refused == {f"{GUESSER}/32", "198.51.100.10/32"}
    assert len(await scene.rows()) == 2


async def test_what_asterisk_could_not_be_told_it_is_told_when_the_link_is_up(scene: Scene) -> None:
    scene.asterisk.away = True
    async with running(scene):
        scene.guess()
        await until(lambda: security.read_bans(scene.path))
        assert not scene.asterisk.refused
        scene.asterisk.away = False
        await scene.keeper.on_up()
        await until(lambda: scene.asterisk.refused == {f"{GUESSER}/32"})


async def test_phones_that_asterisk_lists_are_believed_after_a_restart(scene: Scene) -> None:
    scene.asterisk.contacts = [
        {"Uri": f"sip:8001@{GUESSER}:5062;transport=TLS;x-ast-orig-host=10.0.0.1:0", "Endpoint": "8001"},
        {"Uri": "sip:8002@[2001:db8::7]:5060", "Endpoint": "8002"},
        {"Uri": "nonsense"},
    ]
    async with running(scene):
        await scene.keeper.on_up()
        scene.guess(times=200, event="ChallengeResponseFailed")
        scene.guess("203.0.113.3")
        await until(lambda: scene.asterisk.refused == {"203.0.113.3/32"})
        with pytest.raises(Refused, match="8001"):
            await scene.desk.add(GUESSER, timedelta(hours=1), note="", actor=BOSS)
        with pytest.raises(Refused, match="8002"):
            await scene.desk.add("2001:db8::/48", timedelta(hours=1), note="", actor=BOSS)


async def test_people_ban_and_lift_and_it_is_audited(scene: Scene) -> None:
    async with running(scene):
        row = await scene.desk.add("203.0.113.9/24", timedelta(hours=2), note="scanner", actor=BOSS)
        assert (row.address, row.reason, row.by, row.active) == ("203.0.113.0/24", "manual", "boss", True)
        await until(lambda: scene.asterisk.refused == {"203.0.113.0/24"})
        await scene.desk.add("203.0.113.0/24", timedelta(hours=1), note="shorter", actor=BOSS)
        assert await scene.desk.lift("203.0.113.0/24", actor=BOSS) == "203.0.113.0/24"
        await until(lambda: not scene.asterisk.refused)
        with pytest.raises(Refused, match="not banned"):
            await scene.desk.lift("203.0.113.0/24", actor=BOSS)
        scene.guess()
        await until(lambda: not scene.keeper._unwritten)
        assert await scene.desk.lift(GUESSER, actor=BOSS) == GUESSER
        await until(lambda: not scene.asterisk.refused)
    async with scene.database.read() as session:
        trail = list(await session.scalars(select(Audit).order_by(Audit.id)))
        assert await rows.in_force(session, scene.clock.now) == {}
        listed = await rows.listed(session, scene.clock.now, every=True, limit=10)
        assert await rows.listed(session, scene.clock.now, every=False, limit=10) == []
    assert [(one.action, one.target, one.who) for one in trail] == [
        ("address_banned", "203.0.113.0/24", "boss"),
        ("address_banned", "203.0.113.0/24", "boss"),
        ("ban_lifted", "203.0.113.0/24", "boss"),
        ("ban_lifted", GUESSER, "boss"),
    ]
    assert not any(row.active for row in listed)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.66", "::1", "192.0.2.0/24", "nonsense", "10.0.0.0/8", ""])
async def test_nobody_bans_the_hotlines_own(database: Database, tmp_path: Path, address: str) -> None:
    scene = Scene(database, tmp_path, allow=["192.0.2.5"])
    with pytest.raises(Refused):
        await scene.desk.add(address, timedelta(hours=1), note="", actor=BOSS)
    scene.guess("127.0.0.1", 1000)
    scene.guess("192.0.2.5", 1000)
    assert scene.keeper.bans == {}


async def test_what_the_settings_have_come_to_allow_is_let_in_at_once(scene: Scene, tmp_path: Path) -> None:
    async with running(scene):
        scene.guess()
        await until(lambda: scene.asterisk.refused)
        await until(lambda: not scene.keeper._unwritten)
    scene.settings = Settings(data=tmp_path / "var", bans={"allow": [GUESSER]})
    scene.keeper = scene.new()
    async with running(scene):
        await until(lambda: not scene.asterisk.refused)


async def test_bans_that_are_switched_off_are_not_pronounced(database: Database, tmp_path: Path) -> None:
    scene = Scene(database, tmp_path, enabled=False)
    scene.guess(times=1000)
    assert scene.keeper.bans == {}


async def test_a_flood_raises_the_alarm_even_where_nobody_can_be_banned(scene: Scene) -> None:
    async with running(scene):
        for at in range(400):
            scene.keeper.on_message(message("ChallengeSent", "<unknown>", f"198.51.{at % 100}.1", NOW, "UDP"))
        await until(lambda: "sip_flood" in scene.alarms.raised)
        assert scene.alarms.raised["sip_flood"]["requests"] == 400
        scene.clock.now += timedelta(minutes=5)
        scene.keeper._changed.set()
        await until(lambda: "sip_flood" not in scene.alarms.raised)
    assert await scene.rows() == []


@pytest.mark.parametrize(
    "hostile",
    [
        {},
        {"Event": "InvalidAccountID"},
        {"Event": ["InvalidAccountID"], "Service": "PJSIP"},
        {"Event": "InvalidAccountID", "Service": "AMI", "RemoteAddress": "IPV4/TCP/198.51.100.9/1"},
        {"Event": "InvalidAccountID", "Service": "PJSIP", "RemoteAddress": "IPV4/UDP/198.51.100.9\n/1"},
        {"Event": "InvalidAccountID", "Service": "PJSIP", "RemoteAddress": "IPV4/UDP/1.2.3.4/32 ; x/1"},
        {"Event": "InvalidAccountID", "Service": "PJSIP", "RemoteAddress": ["a", "b"]},
    ],
)
def test_messages_without_sense_are_nothing(hostile: dict[str, Any]) -> None:
    assert security.read(hostile, NOW) is None


def test_an_account_is_shown_without_what_a_terminal_might_obey() -> None:
    event = security.read(message("InvalidAccountID", "\x1b[2J" + "号" * 500 + "@evil", GUESSER, NOW), NOW)
    assert event
    assert event.account.isprintable()
    assert len(event.account) == 64
    assert security.read(message("FailedACL", "8001@clear.invalid", GUESSER, NOW), NOW).account == "8001"  # type: ignore[union-attr]


def test_a_damaged_file_of_bans_is_no_ban_and_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "bans.conf"
    assert security.read_bans(path) == {}
    path.write_bytes(b"deny = x ; until y\n\xff\n")
    assert security.read_bans(path) == {}
    path.write_text("deny = 192.0.2.1/32 ; until 2026-11-24T09:00:00\n[evil]\ndeny = 192.0.2.2/32 ; until never\n")
    assert security.read_bans(path) == {}
