"""Opening the database while everything else already works: calls do not wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import text

from callcenter import databases
from callcenter.hotline.board import Board
from callcenter.hotline.flows import people, switches
from callcenter.hotline.flows.answering.answers import Answers
from callcenter.hotline.flows.floor import FloorKeeper
from callcenter.notify import Notifier
from callcenter.panel import users
from callcenter.panel.live import LiveState
from callcenter.panel.trail import sealing
from callcenter.settings import Settings
from callcenter.storage import clock, migrate
from callcenter.storage.engine import Database
from callcenter.tickets.flows.knowledge import samples as knowledge_samples
from callcenter.tickets.flows.reference import samples

_log = structlog.get_logger()
#: Seconds between tries to reach a database that is away.
_AGAIN = 2.0


@dataclass
class Opening:
    """Brings the schema up to date, reads what the floor needs from the database, and lets the rest begin."""

    settings: Settings
    database: Database
    live: LiveState
    board: Board
    keeper: FloorKeeper
    answers: Answers
    notifier: Notifier

    async def then(self, *works: Callable[[], Awaitable[None]]) -> None:
        """Open the database, however long it takes, then run `works` for ever."""
        waited = False
        while True:
            try:
                await self._open()
                break
            except Exception as error:  # noqa: BLE001  # drivers raise their own kinds; the cause is in the log once
                if not waited:
                    _log.error("database_away", error=f"{type(error).__name__}: {error}")
                waited = True
                await asyncio.sleep(_AGAIN)
        self.live.set("database", "up")
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(_run(work))

    async def _open(self) -> None:
        await migrate.upgrade(databases.url(self.settings))
        if password := await users.ensure_administrator(self.database, node=self.settings.node):
            # The supervisor shows a status on the console as it is; it is written nowhere else.
            self.notifier.status(f"first sign-in: user admin, one-time password {password}")
        async with self.database.begin() as session:
            if self.settings.profile == "lab":
                await people.ensure_samples(session)
                await samples.ensure(session, clock.now())
                today = databases.today(self.settings)
                await knowledge_samples.ensure_samples(session, self.settings.node, now=clock.now(), today=today)
            self.board.names = await people.names(session)
            on = await switches.is_on(session, switches.ANNOUNCEMENT)
        await sealing.witnessed(self.database)
        self.board.show_all(self.keeper.floor)
        self._announce(on=on)

    async def switch_announcement(self, on: bool, by: str) -> None:  # noqa: FBT001  # a switch is on or off
        """Switch the announcement 紧急公告; the next caller hears it, or does not."""
        async with self.database.begin() as session:
            await switches.turn(session, switches.ANNOUNCEMENT, on=on, by=by, now=clock.now())
        self._announce(on=on)

    def _announce(self, *, on: bool) -> None:
        self.answers.announcement_on = on
        self.answers.save()
        self.live.set("announcement", {"on": on})

    async def asterisk_trouble(self) -> str | None:
        """Return what is wrong with Asterisk as the controller sees it."""
        return None if self.keeper.floor.connected else "no link to Asterisk"

    async def database_trouble(self) -> str | None:
        """Return what is wrong with the database."""
        if self.live.document.get("database") != "up":
            return "the database does not answer"
        async with self.database.read() as session:
            await session.execute(text("select 1"))
        return None


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
