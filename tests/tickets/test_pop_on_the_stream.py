"""Who calls is told to the desk of the seat before the floor shows it, then what is known; and to nobody else."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcenter.asterisk import events
from callcenter.hotline.board import Board
from callcenter.hotline.rules.floor import apply, empty
from callcenter.panel.live import LiveState, Subscriber
from callcenter.panel.sessions import Identity
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.flows.writing.callers import CallerCard
from callcenter.tickets.flows.writing.popping import ScreenPop
from callcenter.tickets.tables import Ticket

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "13800000001"
SEAT = "PJSIP/8001"
MEMBER = events.Member(
    SEAT, "1001", "not_in_use", paused=False, reason="", paused_since=None, in_call=False, last_call=None
)
RANG = events.AgentRang(T0 + timedelta(seconds=1), "7.7", SEAT, "1001", NUMBER)
ANSWERED = events.AgentConnected(T0 + timedelta(seconds=2), "7.7", SEAT, "1001", NUMBER, 2, 2)
LI = Identity("li", "李敏", "agent", agent="1001")
#: None of them sits at that seat, or takes calls.
OTHERS = (
    Identity("wang", "王芳", "agent", agent="1002"),
    Identity("boss", "周敏", "supervisor"),
    Identity("cli", "cli", "administrator", local=True),
    Identity("unit", "城管局", "unit", agent="1001", unit="u1"),
)


class Scene:
    """A floor, the live document, and its readers."""

    def __init__(self, database: Database, folder: Path) -> None:
        settings = Settings(data=folder)
        desk = TicketDesk(database, Mover(settings, KeptCalendar(settings), []))
        self.live = LiveState()
        self.floor = empty(("8001", "8002"), timedelta(0))
        self.board = Board(self.live, self.floor, limit=5, most=4)
        self.pop = ScreenPop(self.live, database, lambda: desk.countdown(clock.now()))
        self.happens(events.MemberChanged(T0, MEMBER))

    def happens(self, *all_: events.AnyEvent) -> None:
        for event in all_:
            before, self.floor = self.floor, apply(self.floor, event)
            self.pop.floor_changed(before, self.floor)
            self.board.show(before, self.floor)

    @contextmanager
    def reader(self, who: Identity) -> Iterator[Subscriber]:
        with self.live.subscribe(who) as reader:
            yield reader


async def heard(reader: Subscriber, event: str = "") -> list[tuple[str, Any]]:
    """What comes next: everything that is due, or until `event` is among it."""
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(5):
        while not found or (event and event not in [name for name, _ in found]):
            for block in ((await reader.next()) or b"").decode().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in block.splitlines())
                if fields:
                    found.append((fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    return Scene(database, tmp_path)


async def test_the_desk_is_told_before_the_floor_shows_it_and_then_what_is_known(scene: Scene) -> None:
    ticket = {"kind": "help", "state": "handling", "caller": NUMBER, "title": "路灯", "description": "d"}
    async with scene.pop.database.begin() as session:
        session.add(Ticket(node="node1", number="1", opened_at=T0, contact_name="王女士", **ticket))
    with scene.reader(LI) as desk:
        await heard(desk, "snapshot")
        scene.happens(RANG)
        (first, call), (second, patch), *rest = await heard(desk, "caller")
    assert (first, second) == ("call", "patch")
    assert {name: call[name] for name in ("linkedid", "caller", "state")} == {
        "linkedid": "7.7",
        "caller": NUMBER,
        "state": "ringing",
    }
    seat = patch["seats"]["8001"]
    assert (seat["state"], seat["since"], seat["caller"]) == ("ringing", call["since"], "138****0001"), (
        "a page pairs them"
    )
    ((_, known),) = rest
    assert known["caller"] == NUMBER
    CallerCard.model_validate(known["card"], strict=True)
    assert (known["card"]["name"], [row["title"] for row in known["card"]["tickets"]["open"]]) == ("王女士", ["路灯"])


async def test_nobody_else_hears_of_it(scene: Scene) -> None:
    with scene.reader(LI) as desk:
        await heard(desk, "snapshot")
        for who in OTHERS:
            with scene.reader(who) as other:
                await heard(other, "snapshot")
                scene.happens(RANG)
                await heard(desk, "caller")
                scene.happens(ANSWERED, events.AgentCompleted(T0, "7.7", SEAT, "1001", 5, "caller"))
                told = await heard(other)
                assert {name for name, _ in told} == {"patch"}, who
                assert NUMBER not in str(told), who
                await heard(desk)


async def test_a_talk_is_told_and_what_is_known_of_them_only_once(scene: Scene) -> None:
    with scene.reader(LI) as desk:
        await heard(desk, "snapshot")
        scene.happens(RANG)
        await heard(desk, "caller")
        scene.happens(ANSWERED)
        told = await heard(desk)
        assert [name for name, _ in told] == ["call", "patch"]
        assert told[0][1]["state"] == "talking"
        scene.happens(events.PhoneChanged(T0, "8001", reachable=True))
        assert [name for name, _ in await heard(desk)] == ["patch"], "the same call"
        scene.happens(events.AgentCompleted(T0, "7.7", SEAT, "1001", 5, "caller"))
        scene.happens(events.AgentRang(T0 + timedelta(seconds=9), "7.8", SEAT, "1001", ""))
        told = await heard(desk)
        assert [(name, told_of["caller"]) for name, told_of in told if name == "call"] == [("call", "")]
        assert "caller" not in [name for name, _ in told], "nothing is known of who withholds their number"


async def test_a_database_that_is_away_keeps_back_what_is_known_but_not_who_calls(scene: Scene, tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path}/no-such-folder/panel.db")
    scene.pop = ScreenPop(scene.live, away, scene.pop.countdown)
    with scene.reader(LI) as desk:
        await heard(desk, "snapshot")
        scene.happens(RANG)
        assert [name for name, _ in await heard(desk)] == ["call", "patch"]
        scene.happens(ANSWERED)
        assert [name for name, _ in await heard(desk)] == ["call", "patch"]
    await away.close()
