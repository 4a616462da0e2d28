"""Sessions that end with the shift: never in a talk, and whatever the machine's clock does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from callcenter.app import compose
from callcenter.asterisk.events import Member
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.rules.seats import Seat, State
from callcenter.panel import users
from callcenter.panel.auth.rules.shifts import LONGEST_TALK
from callcenter.panel.auth.terms import KIOSK_RIGHTS, Terms
from callcenter.panel.keys import SESSIONS
from callcenter.panel.sessions import PATIENCE, Actor, Sessions, open_session, user_by_login
from callcenter.panel.tables import Session
from callcenter.settings import Settings
from callcenter.storage.engine import Database

#: 09:00 in Shanghai.
BEGAN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
#: 16:10 there.
END = datetime(2026, 11, 23, 8, 10, tzinfo=UTC)
TERMS = Terms(
    shifts=(time(8), time(16), time(0)),
    zone=ZoneInfo("Asia/Shanghai"),
    least=timedelta(hours=2),
    grace=timedelta(minutes=10),
    shift_roles=frozenset({"agent"}),
    kiosks=frozenset({"wall1"}),
)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """SQLite, then PostgreSQL, as the migrations make them."""
    database = Database(database_url)
    yield database
    await database.close()


class Scene:
    """A process with a clock on its wall and one that nobody can set."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.steady = 0.0
        self.talking: set[str] = set()
        self.now = BEGAN
        self.start()

    def start(self) -> None:
        """Start the process anew."""
        self.sessions = Sessions(
            self.database, TERMS, busy=lambda agent: agent in self.talking, monotonic=lambda: self.steady
        )

    def passes(self, time: timedelta) -> None:
        self.now += time
        self.steady += time.total_seconds()

    async def sign_in(self, login: str = "wang", agent: str | None = "1001") -> str:
        new = users.NewUser(login, login, "agent", agent, "right horse battery")
        await users.add(self.database, new, actor=Actor("cli", "node1"), now=self.now)
        async with self.database.begin() as session:
            user = await user_by_login(session, login)
            assert user
            return open_session(session, user, "node1", self.now)

    async def until(self, moment: datetime, token: str) -> bool:
        """Work until `moment`, heard of every four minutes; whether the session lasts that long."""
        while self.now < moment:
            if not await self.sessions.identify(token, self.now):
                return False
            self.passes(min(timedelta(minutes=4), moment - self.now))
        return await self.sessions.identify(token, self.now) is not None

    async def rows(self) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(Session)) or 0


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


async def test_it_ends_with_the_shift_and_for_good(scene: Scene) -> None:
    token = await scene.sign_in()
    identity = await scene.sessions.identify(token, scene.now)
    assert identity
    assert identity.ends
    assert identity.ends.at == END
    assert await scene.until(END - timedelta(seconds=1), token)
    assert not await scene.until(END, token)
    assert await scene.rows() == 0
    scene.talking = {"1001"}  # the desk phone rings all the same: that opens nothing
    assert not await scene.sessions.identify(token, scene.now)


async def test_a_talk_and_its_wrap_up_are_finished_first(scene: Scene) -> None:
    token = await scene.sign_in()
    scene.talking = {"1001"}
    assert await scene.until(END + timedelta(minutes=55), token)
    scene.talking = set()
    assert not await scene.sessions.identify(token, scene.now)


async def test_another_agents_talk_is_no_reason(scene: Scene) -> None:
    token = await scene.sign_in()
    scene.talking = {"1002"}
    assert not await scene.until(END, token)


async def test_a_talk_that_never_ends_is_a_fault_and_no_talk(scene: Scene) -> None:
    token = await scene.sign_in()
    scene.talking = {"1001"}
    assert not await scene.until(END + LONGEST_TALK, token)


async def test_a_screen_on_the_wall_goes_on_and_can_do_nothing_else(scene: Scene) -> None:
    token = await scene.sign_in("wall1", None)
    assert await scene.until(BEGAN + timedelta(days=3), token)
    identity = await scene.sessions.identify(token, scene.now)
    assert identity
    assert identity.all_rights == KIOSK_RIGHTS
    assert not identity.has("calls.take")


async def test_a_start_in_between_changes_nothing(scene: Scene) -> None:
    token = await scene.sign_in()
    assert await scene.until(END - timedelta(minutes=1), token)
    scene.start()
    assert await scene.sessions.identify(token, scene.now)
    scene.passes(timedelta(minutes=1))
    assert not await scene.sessions.identify(token, scene.now)


async def test_a_clock_set_forward_throws_nobody_out_without_a_word(scene: Scene) -> None:
    token = await scene.sign_in()
    assert await scene.until(BEGAN + timedelta(hours=1), token)
    scene.now += timedelta(hours=13)  # over the end, and over what an idle session lasts
    assert await scene.sessions.identify(token, scene.now)
    scene.passes(PATIENCE - timedelta(seconds=1))
    assert await scene.sessions.identify(token, scene.now)
    scene.passes(timedelta(seconds=2))
    assert not await scene.sessions.identify(token, scene.now)


async def test_a_clock_set_back_lets_no_session_live_for_ever(scene: Scene) -> None:
    scene.now += timedelta(days=300)
    token = await scene.sign_in()
    scene.now = BEGAN + timedelta(hours=1)
    scene.start()
    identity = await scene.sessions.identify(token, scene.now)
    assert identity
    assert identity.ends
    assert identity.ends.at == END
    assert not await scene.until(END, token)


def test_the_hotline_knows_who_is_in_a_talk(tmp_path: Path) -> None:
    app = compose(Settings(data=tmp_path / "var")).panel
    keeper = app[HOTLINE].keeper
    states: tuple[State, ...] = ("ready", "ringing", "talking", "wrap_up", "break")
    member = Member("PJSIP/8001", "1001", "in_use", False, "", None, True, None)  # noqa: FBT003  # as Asterisk tells it
    for state in states:
        keeper.floor = replace(keeper.floor, seats={"8001": Seat("8001", state, member=member)})
        assert app[SESSIONS].busy("1001") is (state in {"ringing", "talking", "wrap_up"})
        assert not app[SESSIONS].busy("1002")
