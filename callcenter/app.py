"""The composition root: the one place that wires the controller together. Read it to see what there is.

Three ways lead out of Asterisk (DESIGN.md): AMI events keep the floor, FastAGI answers questions, and the historian
follows CEL. None waits for another, and a database that is away stops neither of the first two.
"""

import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcenter import databases, logs, schedule
from callcenter.app_recordings import Recorder as ConversationRecorder
from callcenter.app_requests import Requests
from callcenter.asterisk import certificate, secrets
from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.fastagi import FastAgiServer
from callcenter.asterisk.log_rotation import LogRotation
from callcenter.controller import Controller
from callcenter.disk_watch import DiskWatch
from callcenter.hotline import events
from callcenter.hotline import views as hotline_views
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.board import Board
from callcenter.hotline.flows.agents import AgentDesk
from callcenter.hotline.flows.answering.answers import Answers, heartbeat
from callcenter.hotline.flows.answering.blocked import BlockedCallers
from callcenter.hotline.flows.answering.snapshot import Snapshot
from callcenter.hotline.flows.bans.desk import BanDesk
from callcenter.hotline.flows.bans.keeper import BanKeeper
from callcenter.hotline.flows.callbacks.desk import CallbackDesk
from callcenter.hotline.flows.callbacks.obligations import policy_of
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.dialling.free import FreeDialler
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.hotline.flows.phones import Phones
from callcenter.hotline.flows.policy.keeper import PolicyKeeper
from callcenter.hotline.flows.policy.log import PolicyLog
from callcenter.hotline.flows.proof.replay import stored_to
from callcenter.hotline.flows.supervising.agents import AgentDeeds
from callcenter.hotline.flows.supervising.desk_messages import supervises
from callcenter.hotline.flows.supervising.listening import Listening
from callcenter.hotline.flows.supervising.moving import Moving
from callcenter.hotline.flows.supervising.reserves import Reserves
from callcenter.hotline.flows.talks import TalkDesk
from callcenter.hotline.flows.test_calls.dials import TestDials
from callcenter.hotline.historian import Handler, Historian
from callcenter.hotline.keys import HOTLINE, Hotline
from callcenter.hotline.rules.desks import Desk
from callcenter.hotline.rules.floor import Floor, empty, in_a_talk
from callcenter.hotline.views.bans import BAN_DESK
from callcenter.hotline.views.callbacks import CALLBACK_DESK
from callcenter.hotline.views.free_dial import FREE_DIALLER
from callcenter.hotline.views.phones import PHONES
from callcenter.hotline.views.supervising import HANDS, Hands
from callcenter.hotline.views.supervision import SUPERVISION, Supervision
from callcenter.hotline.views.talks import TALK_DESK
from callcenter.notify import Notifier
from callcenter.opening import Opening
from callcenter.panel import server
from callcenter.panel.keys import ACCOUNTS, SESSIONS
from callcenter.panel.live import LiveState
from callcenter.paths import Paths
from callcenter.reports import views as reports_views
from callcenter.reports.indicators import workday_of
from callcenter.reports.rollups import Rollups
from callcenter.schedule import Job
from callcenter.settings import QUEUE_LIMIT, Settings
from callcenter.storage import clock
from callcenter.tickets import views as tickets_views
from callcenter.tickets.flows.moving import missed as tickets
from callcenter.tickets.interchange import views as interchange_views
from callcenter.tickets.views.drafts import DRAFTS
from callcenter.workforce.recorder import Recorder

#: The queue's name in Asterisk.
QUEUE = "hotline"
#: What happens, and who cares; they run inside the historian's transaction, in this order.
SUBSCRIBERS: Mapping[type[events.HotlineEvent], Sequence[Handler]] = {
    events.CallMissed: [tickets.open_for_missed_calls],
    events.CallbackSettled: [tickets.close_for_settled_callbacks],
    events.CallbackUnreachable: [tickets.close_for_unreachable_citizens],
    events.CallbackReopened: [tickets.reopen_for_reopened_callbacks],
}


def _each(*hearers: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """Return what hands a message to all of `hearers`."""

    def heard(message: dict[str, Any]) -> None:
        for hearer in hearers:
            hearer(message)

    return heard


def _in_turn(*works: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return what does all of `works`, one after the other."""

    async def done() -> None:
        for work in works:
            await work()

    return done


async def run(settings: Settings) -> int:
    """Run the controller until SIGINT or SIGTERM; returns the exit status."""
    logs.configure()
    return await compose(settings).run()


def compose(settings: Settings) -> Controller:  # noqa: PLR0915  # the one place that wires everything
    """Return the controller with every part wired, nothing of it started."""
    paths = Paths.of(settings)
    paths.make()
    known = secrets.ensure(paths.secrets, settings)
    notifier = Notifier()
    database = databases.of(settings)
    live = LiveState()
    live.update({"database": "down", "announcement": {"on": False}})
    alarms = Alarms(live)

    # The floor as it is now, and who hears of its changes.
    floor = empty(settings.seats.numbers, timedelta(seconds=settings.queue.wrap_up_seconds))
    desks = [Desk(desk.name, desk.label, desk.agents, desk.seats) for desk in settings.desks]
    board = Board(live, floor, limit=QUEUE_LIMIT, most=settings.queue.max_waiting, desks=desks)
    activity = Recorder(database, settings.node)

    def floor_changed(before: Floor, after: Floor) -> None:
        requests.pop.floor_changed(before, after)
        board.show(before, after)
        activity.changed(before, after)
        policy.changed(before, after)
        dialler.floor_changed(before, after)
        test_dials.floor_changed(before, after)
        phones.floor_changed(before, after)
        listening.floor_changed(before, after)

    bans = BanKeeper(database, settings, paths.bans, alarms)
    keeper = FloorKeeper(floor, queue=QUEUE, clock=clock.now, on_change=floor_changed, desks=desks)
    ami = keeper.ami = bans.ami = AmiClient(
        "127.0.0.1",
        settings.ami_through or settings.ami_port,
        "controller",
        known.ami,
        on_message=_each(keeper.on_message, bans.on_message),
        on_up=_in_turn(keeper.on_up, bans.on_up),
        on_down=keeper.on_down,
    )

    phones = Phones(keeper, database, live, clock.now)

    # Requests, recordings, and what of the history concerns them.
    requests = Requests(settings, database, paths, live, alarms)
    talks = TalkDesk(keeper, settings.talk.police_number, requests.telephones)
    listening = Listening(
        keeper, settings, clock.now, lambda rows: live.tell("listening", rows, supervises), talks.gather
    )
    recorder = ConversationRecorder(settings, database, paths, ami, alarms)

    # The truth, and who hears what it holds once it is stored.
    def committed(stored: Sequence[events.HotlineEvent]) -> None:
        figures.changed(stored)
        dialler.heard(stored)
        test_dials.history_changed(stored)
        visit_keeper.look(stored)
        recorder.heard(stored)
        if any(type(event) in SUBSCRIBERS for event in stored):
            snapshot.tickets_changed()

    owed = policy_of(settings)
    figures = reports_views.Figures(database, live, settings.time_zone, on_most=keeper.begin_day)
    historian = Historian(
        database,
        paths.cel,
        node=settings.node,
        policy=owed,
        subscribers={**SUBSCRIBERS, **requests.subscribers},
        on_committed=committed,
        on_trouble=lambda trouble: live.set("database", "down" if trouble else "up"),
        on_alarm=alarms.tell,
    )
    rotation = LogRotation(
        cel=paths.cel,
        logs=[paths.log / "queue_log", paths.log / "messages.log", paths.journal],
        ami=ami,
        keep=timedelta(days=settings.disk.keep_days),
        position=functools.partial(stored_to, database, settings.node),
        clock=lambda: clock.now().astimezone(ZoneInfo(settings.time_zone)),
        bounded=[paths.log / "messages.log"],
    )

    # What the dialplan asks, and from what Asterisk answers it alone.
    snapshot = Snapshot(paths.snapshot, requests.known)
    requests.mover.subscribers.append(snapshot.about_to_change)
    blocked = BlockedCallers(
        database, settings, known=snapshot.blocked, on_change=lambda levels: snapshot.save(blocked=levels)
    )
    answers = Answers(snapshot, requests.tell, blocked.verdict)
    fastagi = FastAgiServer("127.0.0.1", settings.fastagi_port, answers.routes)

    # The promises: callbacks, follow-up visits, the queue rule, test dials.
    dialler = Dialler(
        database,
        keeper,
        settings,
        live,
        alarms,
        lambda: historian.current,
        on_shown=board.show_errands,
        lesser=[requests.errand],
    )
    policy = PolicyKeeper(
        keeper,
        live,
        PolicyLog(database, settings.node),
        settings,
        queue=QUEUE,
        names=lambda: board.names,
        owed=lambda: int(live.document["callbacks"]["open"]),
    )
    test_dials = TestDials(database, keeper, settings, alarms, current=lambda: historian.current)

    # The panel.
    opening = Opening(settings, database, live, board, keeper, answers, notifier)
    panel = server.build(
        settings,
        database,
        live=live,
        features=[
            hotline_views.add_routes,
            tickets_views.add_routes,
            interchange_views.add_routes,
            recorder.add_routes,
            reports_views.add_routes,
        ],
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
    panel[BAN_DESK] = BanDesk(database, bans)
    panel[TALK_DESK] = talks
    panel[FREE_DIALLER] = FreeDialler(keeper, dialler, settings)
    panel[SESSIONS].busy = lambda agent: in_a_talk(keeper.floor, agent)
    panel[CALLBACK_DESK] = CallbackDesk(database, dialler, owed, SUBSCRIBERS, lambda: board.names, committed)
    visit_keeper = requests.serve(panel, dialler)
    panel[PHONES] = phones
    panel[HANDS] = Hands(
        listening,
        Moving(
            keeper,
            lambda: board.names,
            clock.now,
            queue=QUEUE,
            node=settings.node,
            ring_seconds=settings.queue.ring_seconds,
        ),
        AgentDeeds(keeper, panel[HOTLINE].desk),
        Reserves(keeper, policy),
    )
    panel[SUPERVISION] = Supervision(blocked, test_dials)
    return Controller(
        settings=settings,
        database=database,
        ami=ami,
        fastagi=fastagi,
        panel=panel,
        notifier=notifier,
        certificate=certificate.of_settings(settings, paths.secrets),
        timetable=schedule.build(
            settings.time_zone,
            [
                Job("new-day", figures.new_day),
                Job("new-logs", rotation.at_midnight),
                Job("large-logs", rotation.when_large, seconds=60),
                Job("sweep-sessions", schedule.sweep_sessions(database), seconds=3600),
                Job("sweep-guesses", schedule.sweep_guesses(panel[ACCOUNTS].guesses), seconds=3600),
                *requests.jobs,
                *recorder.jobs,
                Job("sweep-drafts", panel[DRAFTS].sweep, seconds=3600),
                Job(
                    "indicator-days",
                    Rollups(database, settings.time_zone, workday_of(settings)).sweep,
                    seconds=60,
                ),
                *(
                    [Job("test-dial", test_dials.scheduled, seconds=60 * settings.test_dials.every_minutes)]
                    if settings.test_dials.every_minutes
                    else []
                ),
            ],
        ),
        works={
            "ami": ami.run,
            "floor": keeper.run,
            "bans": bans.run,
            "heartbeat": functools.partial(heartbeat, ami, time.time),
            "disk": DiskWatch(paths.data, settings.disk, alarms.tell).run,
            "queue policy": policy.run,
            "room for recordings": recorder.watch,
            "phones": phones.run,
            "listening": listening.run,
            "database": functools.partial(
                opening.then,
                *(historian.run, figures.run, activity.run, blocked.run, snapshot.run, dialler.run, test_dials.run),
                visit_keeper.run,
                *requests.works,
                *recorder.works,
            ),
            "watchdog": notifier.keep_alive,
        },
    )
