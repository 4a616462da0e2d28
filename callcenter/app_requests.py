"""The composition root's part for requests 工单: the one mover, who hears of its moves, and what goes on by itself.

`app.py` makes it before the hotline's parts, hands over the dialler when there is one, and takes the jobs and works.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from callcenter.hotline import events
from callcenter.hotline.alarms import Alarms
from callcenter.hotline.flows.dialling.dialler import Dialler
from callcenter.hotline.flows.subscribers import Subscribers
from callcenter.panel.live import LiveState
from callcenter.paths import Paths
from callcenter.schedule import Job
from callcenter.settings import Settings
from callcenter.storage import segmenting
from callcenter.storage.clock import now
from callcenter.storage.engine import Database
from callcenter.storage.read_ahead import read_ahead
from callcenter.tickets import reference_listings
from callcenter.tickets.flows.citizens import self_service
from callcenter.tickets.flows.citizens.desk import CitizenDesk
from callcenter.tickets.flows.files.attachments import Attachments
from callcenter.tickets.flows.finding.search_index import index_moved
from callcenter.tickets.flows.follow_ups import visits as follow_ups
from callcenter.tickets.flows.follow_ups.desk import FollowUpDesk
from callcenter.tickets.flows.follow_ups.errand import FollowUpErrand
from callcenter.tickets.flows.follow_ups.keeper import FollowUpKeeper
from callcenter.tickets.flows.follow_ups.links import FollowUpLinks
from callcenter.tickets.flows.follow_ups.merged import MergedFollowUps
from callcenter.tickets.flows.follow_ups.visits import FollowUps
from callcenter.tickets.flows.moving.calls import link_ended_calls
from callcenter.tickets.flows.moving.desk import TicketDesk
from callcenter.tickets.flows.moving.linkage import note_ended_calls
from callcenter.tickets.flows.moving.mover import Mover
from callcenter.tickets.flows.telling.digest import Post
from callcenter.tickets.flows.time import archive
from callcenter.tickets.flows.time.calendar import KeptCalendar
from callcenter.tickets.flows.time.handling_time import HandlingTime
from callcenter.tickets.flows.time.timekeeper import Timekeeper
from callcenter.tickets.flows.writing.popping import ScreenPop
from callcenter.tickets.follow_up_listings import of_ticket
from callcenter.tickets.interchange import setup as interchange_setup
from callcenter.tickets.interchange.inbox import Inbox
from callcenter.tickets.interchange.outbox import Outbox
from callcenter.tickets.interchange.sender import Sender
from callcenter.tickets.interchange.views import INTERCHANGE, Interchange
from callcenter.tickets.keys import TICKETS
from callcenter.tickets.messages import messenger_of
from callcenter.tickets.suggestions import record as suggested
from callcenter.tickets.suggestions.advice import Adviser
from callcenter.tickets.suggestions.keeper import ModelKeeper
from callcenter.tickets.views.attachments import ATTACHMENTS
from callcenter.tickets.views.citizens import CITIZENS
from callcenter.tickets.views.follow_ups import FOLLOW_UP_DESK
from callcenter.tickets.views.rating import RATING, Rating
from callcenter.tickets.views.suggestions import ADVISER


@dataclass
class Requests:
    """Every part that requests are made of, wired to each other; nothing of it started."""

    settings: Settings
    database: Database
    paths: Paths
    live: LiveState
    alarms: Alarms

    def __post_init__(self) -> None:
        settings, database = self.settings, self.database
        visits = follow_ups.policy_of(settings)
        self._followed = FollowUps(settings.node, visits, settings.callbacks.area_code)
        calendar = KeptCalendar(settings)
        outbox = Outbox(settings.interchange, settings.node)
        hear_first = [self._followed.heard, MergedFollowUps(self._followed).heard]
        self.mover = Mover(settings, calendar, [*hear_first, outbox.hears, index_moved, suggested.join])
        self._handling = HandlingTime(database, calendar)
        self.mover.subscribers.append(self._handling.heard)
        self._desk = desk = TicketDesk(database, self.mover, asides={"follow_up": of_ticket})
        #: Tells an agent's desk who calls.
        self.pop = ScreenPop(self.live, database, lambda: desk.countdown(now()), settings.callbacks.area_code)
        #: Says by telephone how far a request is.
        self.tell = functools.partial(self_service.tell, database)
        self.errand = FollowUpErrand(settings.node, visits, settings.follow_ups.mode)
        self.attachments = Attachments(database, self.paths.attachments, node=settings.node, disk=settings.disk)
        self._timekeeper = Timekeeper(database, settings, calendar, self.live, on_alarm=self.alarms.tell)
        self._models = ModelKeeper(database, self.paths.dispatch_help, settings, self.alarms.tell)
        self._post = Post(database, settings, calendar, on_alarm=self.alarms.tell)
        self._parties = interchange_setup.parties(settings.interchange)
        self._to_city: Sender | None = None
        if self._parties and settings.interchange.url:
            self._to_city = Sender(database, settings.interchange, self._parties, self.alarms.tell)

    @property
    def subscribers(self) -> Subscribers:
        """What of the hotline's history concerns requests that are there; those of missed calls stand in `app.py`."""
        return {events.ErrandTried: [self._followed.tried], events.CallEnded: [link_ended_calls, note_ended_calls]}

    def serve(self, panel: web.Application, dialler: Dialler) -> FollowUpKeeper:
        """Put what the views ask into the panel; returns who is to be told that calls were stored."""
        settings, database, desk = self.settings, self.database, self._desk
        visit_desk = FollowUpDesk(database, dialler, self.mover, self._followed)
        links = FollowUpLinks(database, visit_desk, settings.follow_ups.public_url, messenger_of(settings))
        panel[TICKETS] = desk
        panel[ATTACHMENTS] = self.attachments
        panel[CITIZENS] = CitizenDesk(database, desk, settings.citizens)
        panel[FOLLOW_UP_DESK] = visit_desk
        panel[RATING] = Rating(links)
        recorder = suggested.Recorder(database, settings.node)
        panel[ADVISER] = Adviser(database, self._models, recorder, area_code=settings.callbacks.area_code)
        panel[INTERCHANGE] = Interchange(Inbox(database, self.mover), self._parties, self._to_city)
        return FollowUpKeeper(links)

    async def telephones(self) -> set[str]:
        """Return the duty telephones of the member units, as they were written down."""
        async with self.database.read() as session:
            return {
                unit["phone"] for unit in await reference_listings.units(session) if unit["active"] and unit["phone"]
            }

    @property
    def jobs(self) -> list[Job]:
        """What is done by the clock."""
        after = self.settings.tickets.archive_after_days
        return [
            Job("deadlines", self._timekeeper.sweep, seconds=60),
            Job("mail", self._post.sweep, seconds=60),
            Job("archive", archive.sweep(self.database, self.mover, after), seconds=3600),
            Job("handling-times", self._handling.sweep, seconds=3600),
            Job("sweep-attachments", self.attachments.sweep, seconds=3600),
        ]

    @property
    def works(self) -> list[Callable[[], Awaitable[None]]]:
        """What goes on for ever once the database is there."""
        to_city = [self._to_city.run] if self._to_city else []
        return [segmenting.warmed_when_calm, self._read_ahead, self._models.run, *to_city]

    async def _read_ahead(self) -> None:
        await read_ahead(self.database)

    @property
    def known(self) -> Callable[[], Awaitable[Mapping[str, str]]]:
        """Writes down what citizens may ask about by telephone while nobody can look it up."""
        return functools.partial(self_service.write_known, self.database, self.paths.ticket_states)
