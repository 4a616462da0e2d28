"""The life of the controller: what `app.py` has wired is started, kept going until a signal, and stopped in order."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from callcenter.asterisk import certificate, renewal
from callcenter.asterisk.ami import AmiClient
from callcenter.asterisk.fastagi import FastAgiServer
from callcenter.notify import Notifier
from callcenter.panel import server
from callcenter.settings import Settings
from callcenter.storage.engine import Database
from callcenter.tasks import cancel, spawn


@dataclass(frozen=True)
class Controller:
    """Everything that the controller is made of."""

    settings: Settings
    database: Database
    ami: AmiClient
    fastagi: FastAgiServer
    panel: web.Application
    timetable: AsyncIOScheduler
    notifier: Notifier
    #: Paths of the certificate and its key, for HTTPS.
    certificate: tuple[Path, Path]
    #: What goes on for ever, by name; one that ends has failed.
    works: Mapping[str, Callable[[], Awaitable[None]]]

    async def run(self) -> int:
        """Run until SIGINT or SIGTERM; returns the exit status."""
        stopping = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        # What is there now stays for good: the collector need not look at it again with every burst of calls.
        gc.collect()
        gc.freeze()
        await self.fastagi.start()
        self.timetable.start()
        try:
            https = self.settings.https_panel_port, certificate.context_of(self.certificate)
            async with server.serving(self.panel, self.settings.bind, self.settings.panel_port, secure=https):
                running = [spawn(_run(work), name=name) for name, work in self.works.items()]
                running.append(spawn(renewal.kept_fresh(https[1], self.certificate), name="certificate"))
                self.notifier.ready()
                # None of them ends by itself: one that does has failed, and a fresh start is the mend.
                asked = spawn(stopping.wait(), name="stop")
                await asyncio.wait([asked, *running], return_when=asyncio.FIRST_COMPLETED)
                self.notifier.stopping()
                # No new questions, no more events, then the panel: each is quick, for 2 s later all of it is killed.
                await asyncio.gather(self.fastagi.stop(), self.ami.stop(), cancel(asked, *running))
        finally:
            self.timetable.shutdown(wait=False)
            with contextlib.suppress(Exception):
                await self.database.close()
        return 0 if stopping.is_set() else 1


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
