"""The queue policy carried out: what the wallboard shows, what the dialplan is told, and the log, on both databases.

That Asterisk does what it is told is shown by the journeys; here a link that takes everything stands for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import text

from callcenter.asterisk import events
from callcenter.asterisk.ami import AmiClient, AmiRefused
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.policy.keeper import NOBODY_AT_WORK, PolicyKeeper, thresholds
from callcenter.hotline.flows.policy.log import PolicyLog, listed
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.panel.live import LiveState
from callcenter.settings import PROMISED_MINUTES, Settings
from callcenter.settings.promises import Policy, Reserve
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn

MEMBER = events.Member(
    interface="PJSIP/8001",
    agent="1001",
    device="not_in_use",
    paused=False,
    reason="",
    paused_since=None,
    in_call=False,
    last_call=None,
)


@dataclass
class Link:
    """Takes every action, or refuses all."""

    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: bool = False

    async def action(self, name: str, /, **fields: Any) -> None:  # noqa: ANN401
        self.actions.append((name, fields))
        if self.refuses:
            raise AmiRefused(name, "no")

    def named(self, name: str) -> list[dict[str, Any]]:
        return [fields for action, fields in self.actions if action == name]

    def told(self, variable: str) -> list[str]:
        return [fields["Value"] for fields in self.named("Setvar") if fields["Variable"] == variable]


class Stage:
    """A floor that the test plays on, with a policy that watches it."""

    def __init__(self, database: Database, **changes: Any) -> None:  # noqa: ANN401
        self.link = Link()
        self.live = LiveState()
        self.names = {"1001": "Wang", "1002": "Li"}
        self.owed = 0
        settings = Settings(**{"reserves": (Reserve(name="banzhang", seat="8002"),)} | changes)
        self.keeper = FloorKeeper(
            empty(["8001", "8002"], timedelta(seconds=60)), queue="hotline", clock=clock.now, on_change=lambda *_: None
        )
        self.keeper.ami = cast("AmiClient", self.link)
        self.policy = PolicyKeeper(
            self.keeper,
            self.live,
            PolicyLog(database, "node1"),
            settings,
            queue="hotline",
            names=lambda: self.names,
            owed=lambda: self.owed,
        )

    def hear(self, *heard: events.AnyEvent) -> None:
        for event in heard:
            self.become(apply(self.keeper.floor, event))

    def become(self, after: Floor) -> None:
        before, self.keeper.floor = self.keeper.floor, after
        self.policy.changed(before, after)
        self.keeper._changed.set()

    def listed(self, *members: events.Member) -> None:
        now = clock.now()
        self.hear(events.FloorListed(now, (), members, {"8001": True, "8002": True}))

    def wait(self, *numbers: int) -> None:
        for number in numbers:
            self.hear(events.CallerJoined(clock.now(), f"c{number}", f"ch{number}", f"1380000000{number}", number))

    def go(self, *numbers: int) -> None:
        for number in numbers:
            self.hear(events.CallerLeft(clock.now(), f"c{number}", f"ch{number}", abandoned=True))

    @property
    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.live.document["policy"]
        return shown

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = spawn(self.policy.run(), name="policy")
        try:
            yield
        finally:
            await cancel(task)


async def until(condition: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def logged(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        return [(row["level"], row["step"]) for row in reversed(await listed(session))]


def on_break(agent: str = "1001", seat: str = "8001") -> events.Member:
    return replace(MEMBER, interface=f"PJSIP/{seat}", agent=agent, paused=True, reason="rest")


def test_the_settings_are_the_thresholds() -> None:
    settings = Settings(policy=Policy(warn_waiting=1, reinforce_waiting=2, offer_waiting=3, hold_seconds=7))
    found = thresholds(settings)
    assert (
        found.max_waiting,
        found.warn_waiting,
        found.reinforce_waiting,
        found.offer_waiting,
        found.hold_seconds,
    ) == (
        4,
        1,
        2,
        3,
        7,
    )


async def test_three_waiting_are_shown_acted_on_and_logged(database: Database) -> None:
    stage = Stage(database)
    stage.listed(on_break())
    async with stage.running():
        await until(lambda: stage.shown["level"] == "calm")
        stage.wait(1, 2, 3)
        await until(lambda: stage.shown["level"] == "reinforce")
        assert stage.shown["called_back"] == ["1001"]
        await until(lambda: stage.link.named("QueueAdd"))
        (added,) = stage.link.named("QueueAdd")
        assert (added["Interface"], added["MemberName"]) == ("PJSIP/8002", "banzhang")
        stage.hear(events.MemberChanged(clock.now(), replace(MEMBER, interface="PJSIP/8002", agent="banzhang")))
        await until(lambda: stage.shown["reserves"] == ["banzhang"])

        async with asyncio.timeout(5):
            while len(await logged(database)) < 4:
                await asyncio.sleep(0.02)
    assert await logged(database) == [
        ("reinforce", "level"),
        ("reinforce", "warn"),
        ("reinforce", "join_reserve"),
        ("reinforce", "call_back_break"),
    ]


async def test_wrap_up_that_is_over_its_time_is_ended_in_asterisk(database: Database) -> None:
    stage = Stage(database, policy=Policy(wrap_up_seconds=0))
    stage.listed(replace(MEMBER, paused=True, reason="wrap_up", paused_since=clock.now()))
    async with stage.running():
        stage.wait(1, 2, 3)
        await until(lambda: stage.link.named("QueuePause"))
        (ended,) = stage.link.named("QueuePause")
        assert (ended["Interface"], ended["Paused"]) == ("PJSIP/8001", "false")


async def test_a_reserve_leaves_when_the_queue_was_short_for_the_hold_time(database: Database) -> None:
    stage = Stage(database, policy=Policy(hold_seconds=0))
    stage.listed(on_break())
    joined = events.MemberChanged(clock.now(), replace(MEMBER, interface="PJSIP/8002", agent="banzhang"))
    async with stage.running():
        stage.wait(1, 2, 3)
        await until(lambda: stage.link.named("QueueAdd"))
        stage.hear(joined)
        stage.go(1, 2, 3)
        await until(lambda: stage.link.named("QueueRemove"))
        assert stage.link.named("QueueRemove") == [{"Queue": "hotline", "Interface": "PJSIP/8002"}]


async def test_a_reserve_who_signed_in_as_an_agent_is_never_sent_home(database: Database) -> None:
    stage = Stage(database, reserves=(Reserve(name="1002", seat="8002"),), policy=Policy(hold_seconds=0))
    stage.listed(replace(MEMBER, interface="PJSIP/8002", agent="1002"))
    async with stage.running():
        stage.wait(1, 2, 3)
        await until(lambda: stage.shown["level"] == "reinforce")
        stage.go(1, 2, 3)
        await until(lambda: stage.shown["level"] == "calm")
        await until(lambda: stage.link.told("HOTLINE_WITHIN"))
    assert not stage.link.named("QueueAdd")
    assert not stage.link.named("QueueRemove")


async def test_reserves_of_a_life_before_are_found_by_the_log_and_sent_home(database: Database) -> None:
    reserves = (Reserve(name="1002", seat="8002"),)
    before = Stage(database, reserves=reserves)
    before.listed()
    async with before.running():
        before.wait(1, 2, 3)
        await until(lambda: before.link.named("QueueAdd"))
        before.hear(events.MemberChanged(clock.now(), replace(MEMBER, interface="PJSIP/8002", agent="1002")))
        async with asyncio.timeout(5):
            while ("reinforce", "join_reserve") not in await logged(database):
                await asyncio.sleep(0.02)
    after = Stage(database, reserves=reserves, policy=Policy(hold_seconds=0))
    after.listed(replace(MEMBER, interface="PJSIP/8002", agent="1002"))
    async with after.running():
        await until(lambda: after.link.named("QueueRemove"))
    again = Stage(database, reserves=reserves, policy=Policy(hold_seconds=0))
    again.listed(replace(MEMBER, interface="PJSIP/8002", agent="1002"))
    async with again.running():
        await until(lambda: again.link.told("HOTLINE_WITHIN"))
        again.wait(1)
        await until(lambda: not again.shown["called_back"])
    assert not again.link.named("QueueRemove"), "the log says that they had left: now they are an agent like any other"


async def test_a_refused_step_is_logged_with_the_reason_and_the_policy_goes_on(database: Database) -> None:
    stage = Stage(database)
    stage.link.refuses = True
    stage.listed(on_break())
    async with stage.running():
        stage.wait(1, 2, 3)
        await until(lambda: stage.shown["called_back"] == ["1001"])
        async with asyncio.timeout(5):
            while len(await logged(database)) < 4:
                await asyncio.sleep(0.02)
    async with database.read() as session:
        failed = [row for row in await listed(session) if row["step"] == "join_reserve"]
    assert "no" in failed[0]["detail"]["failed"]


async def test_the_dialplan_is_told_what_it_may_promise_when_that_changes_and_anew_after_a_reconnect(
    database: Database,
) -> None:
    stage = Stage(database)
    stage.listed(MEMBER)
    async with stage.running():
        await until(lambda: stage.link.told("HOTLINE_WITHIN") == ["5"])
        assert stage.link.told("HOTLINE_WAIT") == ["0"]
        stage.owed = 5
        stage.wait(1, 2)
        await until(lambda: len(stage.link.told("HOTLINE_WITHIN")) == 2)
        assert int(stage.link.told("HOTLINE_WITHIN")[1]) in PROMISED_MINUTES[1:], "five are owed before"
        assert stage.link.told("HOTLINE_WAIT") == ["0", "300"]
        stage.hear(events.Disconnected(clock.now()))
        stage.listed(MEMBER)
        await until(lambda: len(stage.link.told("HOTLINE_WITHIN")) == 3)


async def test_with_everybody_on_break_the_wait_is_longer_than_any_promise(database: Database) -> None:
    stage = Stage(database)
    stage.listed(on_break())
    async with stage.running():
        await until(lambda: stage.link.told("HOTLINE_WAIT") == [str(NOBODY_AT_WORK)])
    assert stage.shown["predicted_wait"] is None


async def test_many_changes_within_a_second_tell_the_dialplan_once(database: Database) -> None:
    stage = Stage(database)
    stage.listed(MEMBER)
    async with stage.running():
        await until(lambda: stage.link.told("HOTLINE_WAIT"))
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            stage.wait(1, 2)
            await asyncio.sleep(0.01)
            stage.go(1, 2)
            await asyncio.sleep(0.01)
        took = asyncio.get_running_loop().time() - began
    assert len(stage.link.told("HOTLINE_WAIT")) <= 2 + took


async def test_nothing_is_decided_on_a_floor_that_is_old(database: Database) -> None:
    stage = Stage(database)
    stage.listed(on_break())
    stage.hear(events.Disconnected(clock.now()))
    stage.wait(1, 2, 3)
    async with stage.running():
        await asyncio.sleep(0)
        stage.listed(on_break())
        await until(lambda: stage.link.told("HOTLINE_WITHIN"))
    assert stage.shown["level"] == "calm"


async def test_steps_that_cannot_be_written_are_kept_in_order_and_written_later(database: Database) -> None:
    log = PolicyLog(database, "node1")
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    read = asyncio.Event()
    writing = spawn(log.run(lambda _: read.set()), name="log")
    await asyncio.wait_for(read.wait(), 5)
    async with database.begin() as session:
        await session.execute(text("ALTER TABLE policy_steps RENAME TO away"))
    for step in range(5):
        log.note(now + timedelta(seconds=step), "warning", f"step{step}", {"waiting": step})
    await until(lambda: log._away)
    async with database.begin() as session:
        await session.execute(text("ALTER TABLE away RENAME TO policy_steps"))
    async with asyncio.timeout(10):
        while len(await logged(database)) < 5:
            await asyncio.sleep(0.05)
    await cancel(writing)
    assert [step for _, step in await logged(database)] == [f"step{step}" for step in range(5)]


async def test_the_log_of_a_day_is_the_floors_day(database: Database) -> None:
    log = PolicyLog(database, "node1")
    writing = spawn(log.run(lambda _: None), name="log")
    for hour in (15, 17):  # 23:00 and, a day later, 01:00 in Shanghai
        log.note(datetime(2026, 11, 23, hour, tzinfo=UTC), "calm", f"at{hour}", {})
    async with asyncio.timeout(10):
        while len(await logged(database)) < 2:
            await asyncio.sleep(0.02)
    await cancel(writing)
    async with database.read() as session:
        found = await listed(session, day=date(2026, 11, 24), time_zone="Asia/Shanghai")
    assert [row["step"] for row in found] == ["at17"]


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_policy_that_is_switched_off_does_nothing(database: Database, enabled: bool) -> None:  # noqa: FBT001
    stage = Stage(database, policy=Policy(enabled=enabled))
    stage.listed(on_break())
    async with stage.running():
        stage.wait(1, 2, 3)
        await until(lambda: stage.link.told("HOTLINE_WITHIN"))
    assert (stage.shown["level"] == "reinforce") is enabled
