"""The real panel and the real requests behind it, as a program that a test may kill; its floor is moved by hand.

`python desk_server.py FOLDER PORT`: the database stays in FOLDER. POST /test/floor {"event": "ring" | "answer" | "end",
"caller", "linkedid"} moves agent 1001's seat and answers when the live stream was told, in milliseconds since 1970.
"""

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from callcenter.asterisk import events
from callcenter.hotline import views as hotline_views
from callcenter.hotline.board import Board
from callcenter.hotline.keys import HOTLINE
from callcenter.hotline.rules.floor import Floor, apply, empty
from callcenter.panel import passwords, server, users
from callcenter.panel.access import public
from callcenter.panel.live import LiveState
from callcenter.panel.sessions import Actor
from callcenter.settings import Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.storage.migrate import upgrade
from callcenter.tickets import views as tickets_views
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.flows.writing.popping import ScreenPop
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.tables import Category, Place

PASSWORD = "right horse battery"
SEAT = "PJSIP/8001"
MEMBER = events.Member(
    SEAT, "1001", "not_in_use", paused=False, reason="", paused_since=None, in_call=False, last_call=None
)


async def furnish(url: str, database: Database) -> None:
    """Make the schema, two agents, and something to choose from."""
    await upgrade(url)
    now = clock.now()
    async with database.begin() as session:
        if await users.user_by_login(session, "li"):
            return
        for rank, (code, parent, name) in enumerate(
            (("cs", None, "城市管理"), ("cs01", "cs", "路灯照明"), ("cs02", "cs", "占道经营"), ("ms", None, "民生服务"))
        ):
            session.add(Category(code=code, version=1, parent=parent, name=name, rank=rank, since=now))
        session.add(Place(code="p1", name="河西街道", active=True))
        session.add(Place(code="p2", parent="p1", name="长虹社区", active=True))
    for login, agent in (("li", "1001"), ("wang", "1002")):
        new = users.NewUser(login, login.title(), "agent", agent, PASSWORD)
        await users.add(database, new, actor=Actor("cli", "node1"), now=now)
        async with database.begin() as session:
            user = await users.user_by_login(session, login)
            assert user
            user.must_change_password = False


class Hand:
    """Moves the floor."""

    def __init__(self, live: LiveState, pop: ScreenPop) -> None:
        self.pop = pop
        self.floor: Floor = empty(("8001", "8002"), timedelta(seconds=30))
        self.board = Board(live, self.floor, limit=5, most=4)
        self.board.names = {"1001": "李敏", "1002": "王芳"}
        now = clock.now()
        listed = events.FloorListed(now, waiting=(), members=(MEMBER,), phones={"8001": True, "8002": True})
        self.move(listed)

    def move(self, event: events.AnyEvent) -> float:
        before, self.floor = self.floor, apply(self.floor, event)
        self.pop.floor_changed(before, self.floor)
        self.board.show(before, self.floor)
        return time.time() * 1000

    @public
    async def asked(self, request: web.Request) -> web.Response:
        wanted: dict[str, Any] = await request.json()
        now, call, caller = clock.now(), wanted.get("linkedid", ""), wanted.get("caller", "")
        event: events.AnyEvent
        match wanted["event"]:
            case "ring":
                event = events.AgentRang(now, call, SEAT, "1001", caller)
            case "answer":
                event = events.AgentConnected(now, call, SEAT, "1001", caller, 1, 1)
            case "unanswered":
                event = events.AgentDidNotAnswer(now, call, SEAT, "1001", 5)
            case _:
                event = events.AgentCompleted(now, call, SEAT, "1001", 5, "caller")
        return web.json_response({"at": self.move(event)})


async def main(folder: Path, port: int) -> None:
    passwords._hasher = passwords.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    url = f"sqlite:///{folder}/panel.db"
    database = Database(url)
    await furnish(url, database)
    settings = Settings(data=folder / "var")
    live = LiveState()
    live.update({"database": "up", "announcement": {"on": False}})
    desk = TicketDesk(database, Mover(settings, KeptCalendar(settings), []))
    hand = Hand(live, ScreenPop(live, database, lambda: desk.countdown(clock.now())))

    def hotline(app: web.Application) -> None:
        app[HOTLINE] = SimpleNamespace(keeper=hand, board=hand.board)  # type: ignore[misc]
        app[TICKETS] = desk
        app.router.add_post("/test/floor", hand.asked)

    features = [hotline_views.add_routes, tickets_views.add_routes, hotline]
    app = server.build(settings, database, live=live, features=features, registry=CollectorRegistry())
    async with server.serving(app, "127.0.0.1", port):
        print("serving", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
