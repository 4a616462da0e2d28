"""The composition root: the one place that wires the controller together. Read it to see what there is.

Three ways lead out of Asterisk (DESIGN.md): AMI events keep the floor, FastAGI answers questions, and the historian
follows CEL. None waits for another, and a database that is away stops neither of the first two.
"""

import functools
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from callcenter import databases, logs, schedule
from callcenter.asterisk import secrets
from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.fastagi import FastAgiServer
from callcenter.controller import Controller
from callcenter.hotline import events
from callcenter.hotline import views as hotline_views
from callcenter.hotline.board import Board
from callcenter.hotline.flows.agents import AgentDesk
from callcenter.hotline.flows.answers import Answers, heartbeat
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.historian import Handler, Historian
from callcenter.hotline.keys import HOTLINE, Hotline
from callcenter.hotline.rules.callbacks import Policy
from callcenter.hotline.rules.floor import Floor, empty
from callcenter.notify import Notifier
from callcenter.opening import Opening
from callcenter.panel import server
from callcenter.panel.live import LiveState
from callcenter.paths import Paths
from callcenter.reports import views as reports_views
from callcenter.schedule import Job
from callcenter.settings import QUEUE_LIMIT, Settings
from callcenter.storage import clock
from callcenter.storage.engine import Database
from callcenter.tickets import flows as tickets
from callcenter.tickets import views as tickets_views
from callcenter.workforce.recorder import Recorder

#: The queue's name in Asterisk.
QUEUE = "hotline"
#: What happens, and who cares; they run inside the historian's transaction, in this order.
SUBSCRIBERS: Mapping[type[events.HotlineEvent], Sequence[Handler]] = {
    events.CallMissed: [tickets.open_for_missed_calls],
    events.CallbackSettled: [tickets.close_for_settled_callbacks],
}


async def run(settings: Settings) -> int:
    """Run the controller until SIGINT or SIGTERM; returns the exit status."""
    logs.configure()
    return await compose(settings).run()


def compose(settings: Settings) -> Controller:
    """Return the controller with every part wired, nothing of it started."""
    paths = Paths.of(settings)
    paths.make()
    known = secrets.ensure(paths.secrets, settings)
    notifier = Notifier()
    database = Database(databases.url(settings))
    live = LiveState()
    live.update({"database": "down", "announcement": {"on": False}})

    # The floor as it is now.
    floor = empty(settings.seats.numbers, timedelta(seconds=settings.queue.wrap_up_seconds))
    board = Board(live, floor, limit=QUEUE_LIMIT, most=settings.queue.max_waiting)
    activity = Recorder(database, settings.node)

    def floor_changed(before: Floor, after: Floor) -> None:
        board.show(before, after)
        activity.changed(before, after)

    keeper = FloorKeeper(floor, queue=QUEUE, clock=clock.now, on_change=floor_changed)
    ami = keeper.ami = AmiClient(
        "127.0.0.1",
        settings.ami_through or settings.ami_port,
        "controller",
        known.ami,
        on_message=keeper.on_message,
        on_up=keeper.on_up,
        on_down=keeper.on_down,
    )

    # What the dialplan asks.
    answers = Answers(paths.snapshot, lambda caller: tickets.state_for_caller(database, caller))
    fastagi = FastAgiServer("127.0.0.1", settings.fastagi_port, answers.routes)

    # The truth, and the figures made of it.
    figures = reports_views.Figures(database, live, settings.time_zone, on_most=keeper.begin_day)
    historian = Historian(
        database,
        paths.cel,
        node=settings.node,
        subscribers=SUBSCRIBERS,
        on_committed=figures.changed,
        on_trouble=lambda trouble: live.set("database", "down" if trouble else "up"),
        policy=Policy(
            due=timedelta(minutes=settings.callbacks.due_minutes),
            greeting=timedelta(seconds=settings.callbacks.greeting_seconds),
        ),
    )

    # The panel.
    opening = Opening(settings, database, live, board, keeper, answers, notifier)
    panel = server.build(
        settings,
        database,
        live=live,
        features=[hotline_views.add_routes, tickets_views.add_routes, reports_views.add_routes],
        probes={"asterisk": opening.asterisk_trouble, "database": opening.database_trouble},
    )
    panel[HOTLINE] = Hotline(
        keeper=keeper,
        desk=AgentDesk(keeper, lambda: board.names, queue=QUEUE),
        board=board,
        passwords=known.seats,
        most=settings.queue.max_waiting,
        limit=QUEUE_LIMIT,
        switch_announcement=opening.switch_announcement,
    )
    return Controller(
        settings=settings,
        database=database,
        ami=ami,
        fastagi=fastagi,
        panel=panel,
        notifier=notifier,
        timetable=schedule.build(
            settings.time_zone,
            [Job("new-day", figures.new_day), Job("sweep-sessions", schedule.sweep_sessions(database), seconds=3600)],
        ),
        works={
            "ami": ami.run,
            "floor": keeper.run,
            "heartbeat": functools.partial(heartbeat, ami, time.time),
            "database": functools.partial(opening.then, historian.run, figures.run, activity.run),
            "watchdog": notifier.keep_alive,
        },
    )
